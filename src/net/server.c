#define _DEFAULT_SOURCE /* EPOLLRDHUP's header */
#include "net/server.h"

#include "net/exchange.h"
#include "net/gzip.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 511

/* A client that closed its side may still read: what is answered in this time reaches it. */
#define HALF_CLOSED_MS 250

/* ---- requests that wait to be taken ---- */

static void unqueue(struct exchange *x) {
    struct server *s = x->server;
    struct exchange **at = &s->first;
    if (!x->queued)
        return;
    x->queued = false;
    while (*at != x)
        at = &(*at)->behind;
    *at = x->behind;
    if (s->last == &x->behind)
        s->last = at;
}

static void enqueue(struct exchange *x) {
    struct server *s = x->server;
    bool first = s->first == NULL;
    x->queued = true;
    x->behind = NULL;
    *s->last = x;
    s->last = &x->behind;
    if (first)
        s->ready(s->ud);
}

/* The client will not read the answer. */
static void lose(struct exchange *x) {
    if (x->gone)
        return;
    x->gone = true;
    if (x->queued) { /* nobody has seen it */
        unqueue(x);
        x->hang_up = true;
        exchange_resume(x);
    }
    exchange_tell(x);
}

/* ---- clients that hang up ---- */

static void grace_ended(void *ud) {
    struct peer *p = ud;
    if (p->exchange != NULL && p->exchange->suspended)
        lose(p->exchange);
}

static void start_grace(struct peer *p) {
    if (p->grace.place == 0 &&
        !loop_set_timer(p->server->loop, &p->grace, loop_now() + HALF_CLOSED_MS))
        grace_ended(p);
}

/* libmicrohttpd waits for an edge that never comes if the end arrived together with half a
 * request: it would keep that connection until its timeout. This makes one more edge. */
static void nudge(const struct peer *p) {
    shutdown(p->fd, SHUT_RD);
}

static void on_hangup(void *ud, short revents) {
    struct server *s = ud;
    struct epoll_event events[64];
    (void)revents;
    int n = epoll_wait(s->hangups.fd, events, 64, 0);
    for (int i = 0; i < n; i++) {
        struct peer *p = events[i].data.ptr;
        p->hung_up = true;
        if (events[i].events & (EPOLLHUP | EPOLLERR))
            grace_ended(p);
        else if (p->exchange != NULL)
            start_grace(p);
        else
            nudge(p);
    }
}

/* A request that comes in drop by drop does not keep its connection for ever. What was
 * answered already is sent. */
static void too_late(void *ud) {
    struct peer *p = ud;
    shutdown(p->fd, SHUT_RDWR);
}

static void start_late(struct peer *p) {
    int64_t ms = p->server->request_ms;
    if (ms > 0 && !loop_set_timer(p->server->loop, &p->late, loop_now() + ms))
        too_late(p);
}

static struct peer *peer_of(struct MHD_Connection *c) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

/* MHD_NotifyConnectionCallback. While a connection is suspended libmicrohttpd does not look
 * at it; so each has a second entry, for hang-ups only, for as long as it lives. */
static void on_connection(void *ud, struct MHD_Connection *c, void **context,
                          enum MHD_ConnectionNotificationCode what) {
    struct server *s = ud;
    struct peer *p = *context;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        p = calloc(1, sizeof *p);
        *context = p;
        if (p == NULL)
            return;
        *p = (struct peer){.server = s,
                           .fd = exchange_socket(c),
                           .grace = {.fire = grace_ended, .ud = p},
                           .late = {.fire = too_late, .ud = p}};
        struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET, .data.ptr = p};
        epoll_ctl(s->hangups.fd, EPOLL_CTL_ADD, p->fd, &event);
        start_late(p);
    } else if (p != NULL) {
        epoll_ctl(s->hangups.fd, EPOLL_CTL_DEL, p->fd, NULL);
        loop_clear_timer(s->loop, &p->grace);
        loop_clear_timer(s->loop, &p->late);
        free(p);
        *context = NULL;
        s->again = true; /* one that waits beyond the limit may come in now */
    }
}

/* ---- requests come in ---- */

/* MHD_OPTION_URI_LOG_CALLBACK: the only one that sees the URI as it was sent. What it
 * returns is the request's context. */
static void *on_uri(void *ud, const char *uri, struct MHD_Connection *c) {
    struct server *s = ud;
    size_t size = strlen(uri) + 1;
    struct exchange *x = calloc(1, sizeof *x + size);
    if (x == NULL)
        return NULL;
    memcpy(x->uri, uri, size);
    char *mark = strchr(x->uri, '?');
    if (mark != NULL)
        *mark = '\0';
    x->query = mark != NULL ? mark + 1 : x->uri + size - 1;
    x->server = s;
    x->body.budget = x->out.budget = s->memory;
    x->connection = c;
    x->next = s->exchanges;
    x->link = &s->exchanges;
    if (x->next != NULL)
        x->next->link = &x->next;
    s->exchanges = x;
    return x;
}

static size_t keep_escapes(void *ud, struct MHD_Connection *c, char *text) {
    (void)ud;
    (void)c;
    return strlen(text);
}

static bool announces_too_much(const struct exchange *x) {
    const char *length = MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND,
                                                     MHD_HTTP_HEADER_CONTENT_LENGTH);
    return length != NULL && strtoull(length, NULL, 10) > x->server->max_body;
}

/* What who sends too much is told. */
static const char *refusal(const struct server *s, const char **type) {
    *type = s->too_large != NULL ? "application/json" : "text/plain";
    return s->too_large != NULL ? s->too_large : "The request's body is too large.\n";
}

static enum MHD_Result refuse_body(struct exchange *x) {
    const char *type, *text = refusal(x->server, &type);
    struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), (void *)text,
                                                             MHD_RESPMEM_MUST_COPY);
    if (r == NULL)
        return MHD_NO;
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result result =
        MHD_queue_response(x->connection, MHD_HTTP_CONTENT_TOO_LARGE, r);
    MHD_destroy_response(r);
    x->answered = true;
    return result;
}

/* libmicrohttpd takes no answer in the middle of a body whose size was not announced. So
 * this one is written past it, and the connection ends. */
static enum MHD_Result refuse_rest(struct exchange *x) {
    const char *type, *text = refusal(x->server, &type);
    char answer[1024];
    int size = snprintf(answer, sizeof answer,
                        "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n"
                        "Content-Length: %zu\r\nContent-Type: %s\r\n\r\n%s",
                        strlen(text), type, text);
    if (size > 0 && (size_t)size < sizeof answer) {
        ssize_t n =
            send(exchange_socket(x->connection), answer, (size_t)size, MSG_NOSIGNAL);
        (void)n;
    }
    return MHD_NO;
}

static enum MHD_Result begin(struct exchange *x, const char *method) {
    x->begun = true;
    x->method = method;
    x->peer = peer_of(x->connection);
    return announces_too_much(x) ? refuse_body(x) : MHD_YES;
}

static enum MHD_Result take_in(struct exchange *x, const char *bytes, size_t *size) {
    if (x->too_large || x->body.size + *size > x->server->max_body) {
        if (!x->server->tls)
            return refuse_rest(x);
        x->too_large =
            true; /* nothing can be written past TLS: it is read, and forgotten */
        *size = 0;
        return MHD_YES;
    }
    if (!buf_add(&x->body, bytes, *size))
        return MHD_NO;
    *size = 0;
    return MHD_YES;
}

/* MHD_AccessHandlerCallback: once when the header is there, then for each piece of the
 * body, then at its end, and again when the connection was resumed without an answer. */
static enum MHD_Result on_request(void *ud, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version,
                                  const char *bytes, size_t *size, void **context) {
    struct exchange *x = *context;
    (void)ud;
    (void)c;
    (void)url;
    (void)version;
    if (x == NULL || x->hang_up)
        return MHD_NO;
    if (!x->begun)
        return begin(x, method);
    if (*size > 0)
        return take_in(x, bytes, size);
    if (x->answered)
        return MHD_YES;
    if (x->too_large)
        return refuse_body(x);
    exchange_suspend(x);
    if (x->peer != NULL) {
        x->peer->exchange = x;
        loop_clear_timer(x->server->loop, &x->peer->late);
        if (x->peer->hung_up)
            start_grace(x->peer);
    }
    enqueue(x);
    return MHD_YES;
}

/* MHD_RequestCompletedCallback: all is sent, or it will never be. */
static void on_completed(void *ud, struct MHD_Connection *c, void **context,
                         enum MHD_RequestTerminationCode why) {
    struct exchange *x = *context;
    (void)ud;
    (void)c;
    *context = NULL;
    if (x == NULL)
        return;
    bool was_gone = x->gone;
    unqueue(x);
    x->connection = NULL;
    x->suspended = false;
    x->gone = true;
    if (x->peer != NULL) {
        x->peer->exchange = NULL;
        loop_clear_timer(x->server->loop, &x->peer->grace);
        start_late(x->peer);
    }
    loop_clear_timer(x->server->loop, &x->drip);
    if (!was_gone && why != MHD_REQUEST_TERMINATED_COMPLETED_OK)
        exchange_tell(x);
    exchange_free(x);
}

/* ---- what the taker does ---- */

bool server_pending(const struct server *s) {
    return s->first != NULL;
}

struct exchange *server_take(struct server *s, void (*changed)(void *ud), void *ud) {
    struct exchange *x = s->first;
    if (x == NULL)
        return NULL;
    unqueue(x);
    x->taken = true;
    x->changed = changed;
    x->ud = ud;
    return x;
}

/* ---- the server ---- */

static void work(struct server *s) {
    MHD_UNSIGNED_LONG_LONG ms;
    s->again = false;
    MHD_run(s->daemon);
    if (s->again)
        loop_set_timer(s->loop, &s->timer, 0);
    else if (MHD_get_timeout(s->daemon, &ms) == MHD_YES)
        loop_set_timer(s->loop, &s->timer, loop_now() + (int64_t)ms);
    else
        loop_clear_timer(s->loop, &s->timer);
}

static void on_work(void *ud, short revents) {
    (void)revents;
    work(ud);
}

static void on_timer(void *ud) {
    work(ud);
}

/* A socket that listens there, or -1. */
static int listen_on(const struct server_options *o, int *port, struct fault *f) {
    struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM}, *found;
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    char service[8], bound_port[8];
    int on = 1;

    snprintf(service, sizeof service, "%d", o->port);
    int error = getaddrinfo(o->host, service, &hints, &found);
    if (error != 0) {
        fault_set(f, FAULT_IO, "%s: %s", o->host, gai_strerror(error));
        return -1;
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        bind(fd, found->ai_addr, found->ai_addrlen) == -1 || listen(fd, BACKLOG) == -1 ||
        getsockname(fd, (struct sockaddr *)&bound, &size) == -1 ||
        getnameinfo((struct sockaddr *)&bound, size, NULL, 0, bound_port,
                    sizeof bound_port, NI_NUMERICSERV) != 0) {
        fault_set(f, FAULT_IO, "port %d: %s", o->port, strerror(errno));
        if (fd != -1)
            close(fd);
        fd = -1;
    } else {
        *port = (int)strtol(bound_port, NULL, 10);
    }
    freeaddrinfo(found);
    return fd;
}

/* MHD_OPTION_EXTERNAL_LOGGER: what clients do wrong is no news; its format holds their
 * bytes. */
static void say_nothing(void *ud, const char *format, va_list args) {
    (void)ud;
    (void)format;
    (void)args;
}

/* Options that are there only if they are wanted. */
static void optional(const struct server_options *o, struct MHD_OptionItem *out) {
    if (o->max_per_address > 0)
        *out++ = (struct MHD_OptionItem){MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                                         (intptr_t)o->max_per_address, NULL};
    if (o->max_header > 0)
        *out++ = (struct MHD_OptionItem){MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                                         (intptr_t)o->max_header, NULL};
    if (o->certificate != NULL) {
        *out++ =
            (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)o->certificate};
        *out++ = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)o->key};
    }
    *out = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
}

static bool start_daemon(struct server *s, const struct server_options *o,
                         struct fault *f) {
    int fd = listen_on(o, &s->port, f);
    if (fd == -1)
        return false;
    struct MHD_OptionItem more[5];
    s->tls = o->certificate != NULL;
    optional(o, more);
    s->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (s->tls ? MHD_USE_TLS : 0), 0, NULL,
        NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        o->max_connections, MHD_OPTION_CONNECTION_TIMEOUT, o->timeout_s,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, on_uri, s,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
        MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL, MHD_OPTION_ARRAY, more,
        MHD_OPTION_END);
    if (s->daemon != NULL)
        return true;
    close(fd);
    return fault_set(f, FAULT_IO, "port %d: the server does not start%s", o->port,
                     s->tls ? ": is the key the certificate's?" : "");
}

struct server *server_new(struct loop *l, const struct server_options *o,
                          void (*ready)(void *ud), void *ud, struct fault *f) {
    struct server *s = calloc(1, sizeof *s);
    if (s == NULL) {
        fault_memory(f, "a server");
        return NULL;
    }
    *s = (struct server){.loop = l,
                         .ready = ready,
                         .ud = ud,
                         .memory = o->memory,
                         .max_body = o->max_body,
                         .request_ms = o->request_ms};
    s->last = &s->first;
    s->too_large = o->too_large != NULL ? strdup(o->too_large) : NULL;
    s->timer = (struct timer){.fire = on_timer, .ud = s};
    s->hangups = (struct watch){.fd = epoll_create1(EPOLL_CLOEXEC),
                                .events = POLLIN,
                                .ready = on_hangup,
                                .ud = s};
    if (s->hangups.fd == -1) {
        fault_set(f, FAULT_IO, "epoll: %s", strerror(errno));
        free(s->too_large);
        free(s);
        return NULL;
    }
    if (!start_daemon(s, o, f)) {
        close(s->hangups.fd);
        free(s->too_large);
        free(s);
        return NULL;
    }
    s->work = (struct watch){
        .fd = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
        .events = POLLIN,
        .ready = on_work,
        .ud = s};
    loop_watch(l, &s->work);
    loop_watch(l, &s->hangups);
    work(s);
    return s;
}

int server_port(const struct server *s) {
    return s->port;
}

void server_drain(struct server *s) {
    MHD_socket fd = s->drained ? MHD_INVALID_SOCKET : MHD_quiesce_daemon(s->daemon);
    s->drained = true;
    if (fd != MHD_INVALID_SOCKET)
        close(fd);
}

void server_close(struct server *s) {
    if (s == NULL)
        return;
    MHD_run(s->daemon); /* what is answered already is sent */
    for (struct exchange *x = s->exchanges; x != NULL; x = x->next) {
        x->hang_up = true;
        exchange_resume(x);
    }
    MHD_stop_daemon(s->daemon);
    for (struct exchange *x = s->exchanges; x != NULL; x = x->next)
        x->server = NULL;
    loop_unwatch(s->loop, &s->work);
    loop_unwatch(s->loop, &s->hangups);
    loop_clear_timer(s->loop, &s->timer);
    close(s->hangups.fd);
    gzip_free(s->gzip);
    free(s->too_large);
    free(s);
}
