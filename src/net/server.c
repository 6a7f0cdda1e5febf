#define _DEFAULT_SOURCE /* EPOLLRDHUP's header */
#include "net/server.h"

#include "base/buf.h"
#include "net/gzip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 511

/* A client that closed its side may still read: what is answered in this time reaches it. */
#define HALF_CLOSED_MS 250

#define GZIP_FROM 1024

/* A writer waits when more than HIGH is unsent, until no more than LOW is. */
#define HIGH ((size_t)256 << 10)
#define LOW  ((size_t)64 << 10)

#define BLOCK ((size_t)32 << 10)

struct server {
    struct loop *loop;
    struct MHD_Daemon *daemon;
    struct gzip *gzip; /* made at its first use */
    struct exchange *exchanges;
    struct exchange *first, **last; /* those that wait to be taken */
    void (*ready)(void *ud);
    void *ud;
    size_t max_body;
    int port;
    bool again;        /* the daemon wants another run at once */
    struct watch work; /* the daemon's epoll descriptor */
    struct timer timer;
    struct watch hangups; /* an epoll descriptor that hears of clients that hang up */
};

/* One connection of a client. */
struct peer {
    struct server *server;
    struct exchange *exchange; /* the one in hand */
    bool hung_up;
    struct timer grace;
};

/* Owned by libmicrohttpd while `connection` is not NULL, and by its taker while `taken`;
 * freed when neither is left. */
struct exchange {
    struct server *server; /* NULL after server_close */
    struct exchange *next, **link;
    struct exchange *behind; /* in the queue of the ready */
    struct MHD_Connection *connection;
    struct peer *peer;
    const char *method; /* libmicrohttpd's */
    char *query;        /* into uri */
    struct buf body;
    struct server_field *fields;
    size_t field_count, field_room;
    char remote[INET6_ADDRSTRLEN];
    void (*changed)(void *ud);
    void *ud;
    bool begun, queued, suspended, taken, answered, hang_up, gone;
    bool streaming, ended, waited; /* waited: the writer was told to wait */
    struct buf out;                /* bytes on their way to a slow client */
    size_t sent;
    size_t truncate_at, drip_bytes;
    int64_t drip_ms;
    bool dripped;
    struct timer drip;
    char uri[];
};

/* ---- the life of an exchange ---- */

static void free_if_unowned(struct exchange *x) {
    if (x->connection != NULL || x->taken || !x->gone)
        return;
    if (x->server != NULL) {
        *x->link = x->next;
        if (x->next != NULL)
            x->next->link = x->link;
    }
    buf_free(&x->body);
    buf_free(&x->out);
    free(x->fields);
    free(x);
}

static void tell(struct exchange *x) {
    if (x->taken && x->changed != NULL)
        x->changed(x->ud);
}

static void suspend(struct exchange *x) {
    x->suspended = true;
    MHD_suspend_connection(x->connection);
}

/* Once for all that are resumed before the loop's next turn, which makes the daemon look. */
static void resume(struct exchange *x) {
    struct server *s = x->server;
    if (!x->suspended || x->connection == NULL)
        return;
    x->suspended = false;
    MHD_resume_connection(x->connection);
    if (s->timer.place == 0 || s->timer.due != 0)
        loop_set_timer(s->loop, &s->timer, 0);
}

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
        resume(x);
    }
    tell(x);
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
    }
}

static int socket_of(struct MHD_Connection *c) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == NULL ? -1 : info->connect_fd;
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
        *p = (struct peer){.server = s, .grace = {.fire = grace_ended, .ud = p}};
        struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET, .data.ptr = p};
        epoll_ctl(s->hangups.fd, EPOLL_CTL_ADD, socket_of(c), &event);
    } else if (p != NULL) {
        epoll_ctl(s->hangups.fd, EPOLL_CTL_DEL, socket_of(c), NULL);
        loop_clear_timer(s->loop, &p->grace);
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

static enum MHD_Result refuse_body(struct exchange *x) {
    static const char text[] = "The request's body is too large.\n";
    struct MHD_Response *r = MHD_create_response_from_buffer(
        sizeof text - 1, (void *)text, MHD_RESPMEM_PERSISTENT);
    if (r == NULL)
        return MHD_NO;
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
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
    static const char text[] = "HTTP/1.1 413 Content Too Large\r\n"
                               "Connection: close\r\nContent-Length: 33\r\n"
                               "Content-Type: text/plain\r\n\r\n"
                               "The request's body is too large.\n";
    ssize_t n = send(socket_of(x->connection), text, sizeof text - 1, MSG_NOSIGNAL);
    (void)n;
    return MHD_NO;
}

static enum MHD_Result begin(struct exchange *x, const char *method) {
    x->begun = true;
    x->method = method;
    x->peer = peer_of(x->connection);
    return announces_too_much(x) ? refuse_body(x) : MHD_YES;
}

static enum MHD_Result take_in(struct exchange *x, const char *bytes, size_t *size) {
    if (x->body.size + *size > x->server->max_body)
        return refuse_rest(x);
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
    suspend(x);
    if (x->peer != NULL) {
        x->peer->exchange = x;
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
    }
    loop_clear_timer(x->server->loop, &x->drip);
    if (!was_gone && why != MHD_REQUEST_TERMINATED_COMPLETED_OK)
        tell(x);
    free_if_unowned(x);
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

static enum MHD_Result add_field(void *ud, enum MHD_ValueKind kind, const char *name,
                                 size_t name_size, const char *value, size_t value_size) {
    struct exchange *x = ud;
    (void)kind;
    if (x->field_count == x->field_room) {
        size_t room = x->field_room == 0 ? 16 : x->field_room * 2;
        struct server_field *fields = realloc(x->fields, room * sizeof *fields);
        if (fields == NULL)
            return MHD_NO;
        x->fields = fields;
        x->field_room = room;
    }
    x->fields[x->field_count++] = (struct server_field){
        name, value == NULL ? "" : value, name_size, value == NULL ? 0 : value_size};
    return MHD_YES;
}

static void find_remote(struct exchange *x) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *a = info == NULL ? NULL : info->client_addr;
    if (a == NULL)
        return;
    const void *address = a->sa_family == AF_INET6
                              ? (const void *)&((const struct sockaddr_in6 *)a)->sin6_addr
                              : (const void *)&((const struct sockaddr_in *)a)->sin_addr;
    inet_ntop(a->sa_family, address, x->remote, sizeof x->remote);
}

bool exchange_request(struct exchange *x, struct server_request *r) {
    if (x->gone)
        return false;
    x->field_count = 0;
    int n = MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, add_field, x);
    if (n < 0 || (size_t)n != x->field_count)
        return false;
    find_remote(x);
    *r = (struct server_request){.method = x->method,
                                 .path = x->uri,
                                 .query = x->query,
                                 .remote = x->remote,
                                 .body = x->body.size > 0 ? x->body.bytes : "",
                                 .body_size = x->body.size,
                                 .fields = x->fields,
                                 .field_count = x->field_count};
    return true;
}

bool exchange_gone(const struct exchange *x) {
    return x->gone;
}

bool exchange_answered(const struct exchange *x) {
    return x->answered;
}

/* ---- bodies that are not sent at once ---- */

static void drip_on(void *ud) {
    resume(ud);
}

/* Let the connection rest after a piece; true if it does. */
static bool rest(struct exchange *x) {
    x->dripped = !x->dripped;
    if (x->dripped || x->drip_bytes == 0 || x->sent == 0)
        return false;
    if (!loop_set_timer(x->server->loop, &x->drip, loop_now() + x->drip_ms))
        return false;
    suspend(x);
    return true;
}

/* MHD_ContentReaderCallback for truncate and drip. */
static ssize_t read_slowly(void *ud, uint64_t at, char *bytes, size_t room) {
    struct exchange *x = ud;
    size_t left = x->out.size - (size_t)at;
    x->sent = (size_t)at;
    if (x->sent >= x->truncate_at)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (left > x->truncate_at - x->sent)
        left = x->truncate_at - x->sent;
    if (left > room)
        left = room;
    if (x->drip_bytes != 0 && left > x->drip_bytes)
        left = x->drip_bytes;
    if (rest(x))
        return 0;
    memcpy(bytes, x->out.bytes + at, left);
    return (ssize_t)left;
}

/* MHD_ContentReaderCallback for streams. */
static ssize_t read_stream(void *ud, uint64_t at, char *bytes, size_t room) {
    struct exchange *x = ud;
    size_t left = x->out.size - x->sent;
    (void)at;
    if (left == 0) {
        if (x->hang_up)
            return MHD_CONTENT_READER_END_WITH_ERROR;
        if (x->ended)
            return MHD_CONTENT_READER_END_OF_STREAM;
        suspend(x);
        return 0;
    }
    if (left > room)
        left = room;
    memcpy(bytes, x->out.bytes + x->sent, left);
    x->sent += left;
    if (x->sent == x->out.size)
        x->sent = x->out.size = 0;
    if (x->waited && x->out.size - x->sent <= LOW) {
        x->waited = false;
        tell(x);
    }
    return (ssize_t)left;
}

/* ---- answers ---- */

/* Send bytes compressed if the client and the reply let us; NULL if not. */
static struct MHD_Response *packed_response(struct exchange *x,
                                            const struct server_reply *r) {
    struct server *s = x->server;
    size_t size;
    if (r->body_size <= GZIP_FROM)
        return NULL;
    const char *accept = MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND,
                                                     MHD_HTTP_HEADER_ACCEPT_ENCODING);
    if (accept == NULL || !gzip_accepted(accept))
        return NULL;
    for (size_t i = 0; i < r->field_count; i++)
        if (strcasecmp(r->fields[i].name, MHD_HTTP_HEADER_CONTENT_ENCODING) == 0)
            return NULL;
    if (s->gzip == NULL && (s->gzip = gzip_new()) == NULL)
        return NULL;
    void *bytes = gzip_pack(s->gzip, r->body, r->body_size, &size);
    if (bytes == NULL)
        return NULL;
    struct MHD_Response *m =
        MHD_create_response_from_buffer(size, bytes, MHD_RESPMEM_MUST_FREE);
    if (m == NULL) {
        free(bytes);
        return NULL;
    }
    MHD_add_response_header(m, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    MHD_add_response_header(m, MHD_HTTP_HEADER_VARY, "Accept-Encoding");
    return m;
}

static struct MHD_Response *slow_response(struct exchange *x,
                                          const struct server_reply *r) {
    x->out.size = 0;
    if (!buf_add(&x->out, r->body, r->body_size))
        return NULL;
    x->sent = 0;
    x->truncate_at = r->truncate ? r->truncate_at : SIZE_MAX;
    x->drip_bytes = r->drip_bytes;
    x->drip_ms = r->drip_ms;
    x->drip.fire = drip_on;
    x->drip.ud = x;
    return MHD_create_response_from_callback(r->body_size, BLOCK, read_slowly, x, NULL);
}

static struct MHD_Response *response_for(struct exchange *x,
                                         const struct server_reply *r) {
    if (r->truncate || r->drip_bytes != 0)
        return slow_response(x, r);
    struct MHD_Response *m = packed_response(x, r);
    if (m == NULL)
        m = MHD_create_response_from_buffer(r->body_size, (void *)r->body,
                                            MHD_RESPMEM_MUST_COPY);
    return m;
}

/* Add the reply's fields and send; takes `m` over. */
static bool send_response(struct exchange *x, struct MHD_Response *m,
                          const struct server_reply *r, struct fault *f) {
    if (m == NULL)
        return fault_set(f, FAULT_IO, "not enough memory");
    for (size_t i = 0; i < r->field_count; i++) {
        if (MHD_add_response_header(m, r->fields[i].name, r->fields[i].value) == MHD_YES)
            continue;
        MHD_destroy_response(m);
        return fault_set(f, FAULT_IO, "not a header field that can be sent: '%s'",
                         r->fields[i].name);
    }
    bool sent = MHD_queue_response(x->connection, (unsigned)r->status, m) == MHD_YES;
    MHD_destroy_response(m);
    if (!sent)
        return fault_set(f, FAULT_IO, "the reply was refused by the server");
    x->answered = true;
    resume(x);
    return true;
}

bool exchange_answer(struct exchange *x, const struct server_reply *r, struct fault *f) {
    if (x->connection == NULL || x->gone)
        return true;
    return send_response(x, response_for(x, r), r, f);
}

bool exchange_stream(struct exchange *x, const struct server_reply *r, struct fault *f) {
    if (x->connection == NULL || x->gone)
        return true;
    x->streaming = true;
    x->out.size = x->sent = 0;
    struct MHD_Response *m =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_stream, x, NULL);
    return send_response(x, m, r, f);
}

enum exchange_flow exchange_flow(const struct exchange *x) {
    if (x->gone || x->connection == NULL)
        return FLOW_GONE;
    return x->waited ? FLOW_WAIT : FLOW_ON;
}

enum exchange_flow exchange_write(struct exchange *x, const void *bytes, size_t size) {
    if (x->gone || x->connection == NULL || !x->streaming)
        return FLOW_GONE;
    if (x->sent > 0) { /* no more than LOW, unless the writer did not wait */
        memmove(x->out.bytes, x->out.bytes + x->sent, x->out.size - x->sent);
        x->out.size -= x->sent;
        x->sent = 0;
    }
    if (!buf_add(&x->out, bytes, size)) {
        x->hang_up = true;
        return FLOW_GONE;
    }
    x->waited = x->out.size > HIGH;
    resume(x);
    return exchange_flow(x);
}

void exchange_end(struct exchange *x) {
    x->ended = true;
    resume(x);
}

void exchange_reset(struct exchange *x) {
    static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    if (x->connection == NULL)
        return;
    /* On Linux this drops the connection at once, with a RST to the other side. */
    (void)connect(socket_of(x->connection), &nobody, sizeof nobody);
    x->hang_up = true;
    resume(x);
}

void exchange_release(struct exchange *x) {
    x->taken = false;
    if (x->connection != NULL && (!x->answered || (x->streaming && !x->ended))) {
        x->hang_up = true;
        resume(x);
    }
    free_if_unowned(x);
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

static bool start_daemon(struct server *s, const struct server_options *o,
                         struct fault *f) {
    int fd = listen_on(o, &s->port, f);
    if (fd == -1)
        return false;
    s->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, s,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, o->max_connections,
        MHD_OPTION_CONNECTION_TIMEOUT, o->timeout_s, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_URI_LOG_CALLBACK, on_uri, s, MHD_OPTION_UNESCAPE_CALLBACK,
        keep_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_END);
    if (s->daemon != NULL)
        return true;
    close(fd);
    return fault_set(f, FAULT_IO, "port %d: the server does not start", o->port);
}

struct server *server_new(struct loop *l, const struct server_options *o,
                          void (*ready)(void *ud), void *ud, struct fault *f) {
    struct server *s = calloc(1, sizeof *s);
    if (s == NULL) {
        fault_set(f, FAULT_IO, "not enough memory");
        return NULL;
    }
    *s = (struct server){.loop = l, .ready = ready, .ud = ud, .max_body = o->max_body};
    s->last = &s->first;
    s->timer = (struct timer){.fire = on_timer, .ud = s};
    s->hangups = (struct watch){.fd = epoll_create1(EPOLL_CLOEXEC),
                                .events = POLLIN,
                                .ready = on_hangup,
                                .ud = s};
    if (s->hangups.fd == -1) {
        fault_set(f, FAULT_IO, "epoll: %s", strerror(errno));
        free(s);
        return NULL;
    }
    if (!start_daemon(s, o, f)) {
        close(s->hangups.fd);
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

void server_close(struct server *s) {
    if (s == NULL)
        return;
    MHD_run(s->daemon); /* what is answered already is sent */
    for (struct exchange *x = s->exchanges; x != NULL; x = x->next) {
        x->hang_up = true;
        resume(x);
    }
    MHD_stop_daemon(s->daemon);
    for (struct exchange *x = s->exchanges; x != NULL; x = x->next)
        x->server = NULL;
    loop_unwatch(s->loop, &s->work);
    loop_unwatch(s->loop, &s->hangups);
    loop_clear_timer(s->loop, &s->timer);
    close(s->hangups.fd);
    gzip_free(s->gzip);
    free(s);
}
