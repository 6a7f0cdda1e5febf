#include "net/connection.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* A client that closed its side may still read. An answer that is ready within this time
 * is sent to it. */
#define HALF_CLOSED_MS 250

/* The client gets this much time to read an error response. If the socket were closed
 * while the client still sends, the response would be lost. */
#define LINGER_MS 5000

/* Steps that one connection may make before other connections get their turn. */
#define MOST_STEPS 16

static const struct refusal speaks_tls = {400, "TLS_REQUIRED",
                                          "this port speaks TLS; use https://"};

/* ---- time ---- */

static void deadline_passed(struct connection *c) {
    bool half = (c->stage == STAGE_HEAD && c->in.size > 0) || c->stage == STAGE_BODY;
    if (half)
        intake_refuse(c, &refusal_too_late);
    else
        connection_close(c);
    connection_run(c);
}

static void on_deadline(void *ud) {
    struct connection *c = ud;
    if (c->deadline <= loop_now())
        deadline_passed(c);
    else if (c->deadline != DEADLINE_NEVER)
        connection_arm_timer(c);
}

/* The connection is kept while there is something to send. */
static void grace_ended(void *ud) {
    struct connection *c = ud;
    if (c->exchange != NULL && sending_size(&c->out) == 0)
        connection_close(c);
}

static void start_grace(struct connection *c) {
    if (c->grace.place == 0 &&
        !loop_set_timer(c->server->loop, &c->grace, loop_now() + HALF_CLOSED_MS))
        grace_ended(c);
}

/* The pause after a piece of a slow answer is over. */
static void on_drip(void *ud) {
    struct connection *c = ud;
    c->out.resting = false;
    c->out.drip_left = c->out.drip_bytes;
    connection_run(c);
}

/* ---- its life ---- */

static bool watch(struct connection *c) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = c};
    return epoll_ctl(c->server->events.fd, EPOLL_CTL_ADD, c->fd, &event) == 0;
}

static bool start(struct connection *c, const struct sockaddr *a) {
    struct server *s = c->server;
    int on = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const void *address = a->sa_family == AF_INET6
                              ? (const void *)&((const struct sockaddr_in6 *)a)->sin6_addr
                              : (const void *)&((const struct sockaddr_in *)a)->sin_addr;
    inet_ntop(a->sa_family, address, c->remote, sizeof c->remote);
    if (s->tls != NULL && (c->tls = tls_open(s->tls, c->fd)) == NULL)
        return false;
    return peers_join(s->anonymous, &c->peer, a, c) && watch(c);
}

struct connection *connection_open(struct server *s, int fd, const struct sockaddr *a) {
    struct connection *c = calloc(1, sizeof *c);
    if (c == NULL) {
        close(fd);
        return NULL;
    }
    c->server = s;
    c->fd = fd;
    c->stage = s->tls != NULL ? STAGE_HANDSHAKE : STAGE_HEAD;
    c->writable = true;
    c->timer = (struct timer){.fire = on_deadline, .ud = c};
    c->grace = (struct timer){.fire = grace_ended, .ud = c};
    c->out.text.budget = s->memory;
    c->out.drip = (struct timer){.fire = on_drip, .ud = c};
    c->next = s->connections;
    c->link = &s->connections;
    if (c->next != NULL)
        c->next->link = &c->next;
    s->connections = c;
    s->connected++;
    if (!start(c, a)) {
        connection_close(c);
        return NULL;
    }
    connection_set_deadline(c, s->header_ms);
    return c;
}

void connection_run_due(struct server *s) {
    struct connection *list = s->due;
    s->due = NULL;
    while (list != NULL) {
        struct connection *c = list;
        list = c->next_due;
        c->due = false;
        if (c->stage == STAGE_CLOSED)
            free(c);
        else
            connection_run(c);
    }
}

/* ---- what it does ---- */

/* True if the first byte is that of an HTTP method, not of a TLS record. The client then
 * gets an error response without TLS. */
static bool speaks_plain_http(struct connection *c) {
    char first;
    return tls_received(c->tls) == 0 && recv(c->fd, &first, 1, MSG_PEEK) == 1 &&
           'A' <= first && first <= 'Z';
}

static bool handshake(struct connection *c) {
    if (speaks_plain_http(c)) {
        tls_close(c->tls);
        c->tls = NULL;
        intake_refuse(c, &speaks_tls);
        return true;
    }
    switch (tls_handshake(c->tls)) {
    case TLS_DONE:
        c->stage = STAGE_HEAD;
        connection_set_deadline(c, c->server->header_ms);
        return true;
    case TLS_WAITING:
        return false;
    case TLS_FAILED:
        break;
    }
    connection_close(c);
    return false;
}

static void next_request(struct connection *c) {
    size_t rest = c->in.size - c->head.read;
    if (rest > 0)
        memmove(c->in.bytes, c->in.bytes + c->head.read, rest);
    else if (c->in.room > (size_t)8 << 10)
        buf_free(&c->in);
    c->in.size = rest;
    httphead_reset(&c->head);
    c->stage = STAGE_HEAD;
    c->idle = rest == 0;
    c->received = c->tls != NULL ? tls_received(c->tls) : 0;
    connection_set_deadline(c, c->idle ? c->server->idle_ms : c->server->header_ms);
    loop_clear_timer(c->server->loop, &c->grace);
    peers_renew(&c->peer);
    server_has_room(c->server);
}

static void end(struct connection *c) {
    bool unread =
        c->refused || c->in.size > c->head.read || (c->readable && c->tls == NULL);
    if (c->cut || c->ended || !unread) {
        connection_close(c);
        return;
    }
    tls_close(c->tls);
    c->tls = NULL;
    shutdown(c->fd, SHUT_WR);
    c->stage = STAGE_LINGER;
    c->readable = true;
    connection_set_deadline(c, LINGER_MS);
}

/* Send the answer. When all is sent, begin the next request or close the connection. */
static bool answer(struct connection *c) {
    struct exchange *x = c->exchange;
    if (!connection_send(c))
        return false;
    if (x != NULL && !(x->answered && (!x->streaming || x->ended))) {
        c->deadline = DEADLINE_NEVER;
        if (c->hung_up)
            start_grace(c);
        return false;
    }
    if (x != NULL)
        exchange_leave(x);
    sending_done(&c->out, c->server->loop);
    if (c->closes || c->cut)
        end(c);
    else
        next_request(c);
    return true;
}

static bool do_nothing(struct connection *c) {
    (void)c;
    return false;
}

void connection_run(struct connection *c) {
    static bool (*const steps[])(struct connection *) = {
        [STAGE_HANDSHAKE] = handshake,   [STAGE_HEAD] = intake_head,
        [STAGE_BODY] = intake_body,      [STAGE_ANSWER] = answer,
        [STAGE_LINGER] = intake_discard, [STAGE_CLOSED] = do_nothing,
    };
    int left = MOST_STEPS;
    while (steps[c->stage](c))
        if (--left == 0) {
            connection_later(c);
            break;
        }
    if (c->broken)
        connection_close(c);
}

void connection_answer(struct connection *c) {
    if (!answer(c)) {
        if (c->broken)
            connection_later(c);
    } else if (c->stage != STAGE_CLOSED && (c->readable || c->in.size > 0)) {
        connection_later(c);
    }
}

void connection_event(struct connection *c, uint32_t events) {
    if (c->stage == STAGE_CLOSED)
        return;
    if (events & (EPOLLHUP | EPOLLERR)) {
        connection_close(c);
        return;
    }
    if (events & (EPOLLIN | EPOLLRDHUP))
        c->readable = true;
    if (events & EPOLLOUT)
        c->writable = true;
    if (events & EPOLLRDHUP)
        c->hung_up = true;
    connection_run(c);
}
