/* intake.c -- reads the heads and bodies of requests. */

#include "net/connection.h"

#include "net/refusal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define HEAD_ROOM ((size_t)4 << 10)
#define BODY_ROOM ((size_t)64 << 10)

/* ---- bytes come in ---- */

/* Like recv; also clears `readable` if nothing more has come. */
static ssize_t receive(struct connection *c, void *bytes, size_t room) {
    ssize_t n =
        c->tls != NULL ? tls_recv(c->tls, bytes, room) : recv(c->fd, bytes, room, 0);
    if (n == 0)
        c->ended = true;
    /* a short read means that the socket is empty, unless the end follows */
    if (n <= 0 || (c->tls == NULL && (size_t)n < room && !c->hung_up))
        c->readable = false;
    return n;
}

static ssize_t receive_into(struct connection *c, struct buf *b, size_t room) {
    if (!buf_grow(b, room)) {
        errno = ENOMEM;
        return -1;
    }
    ssize_t n = receive(c, b->bytes + b->size, room);
    if (n > 0) {
        b->size += (size_t)n;
        b->bytes[b->size] = '\0';
    }
    return n;
}

static bool is_over(ssize_t n) {
    return n < 0 && errno != EAGAIN && errno != EWOULDBLOCK;
}

/* ---- heads ---- */

/* The first byte of a request has come, or a part of the TLS record that holds it. */
static void begin_request(struct connection *c) {
    c->idle = false;
    connection_set_deadline(c, c->server->header_ms);
}

static bool more_of_head(struct connection *c) {
    if (!c->readable)
        return false;
    ssize_t n = receive_into(c, &c->in, HEAD_ROOM);
    if (is_over(n) || (n == 0 && c->in.size == 0)) {
        connection_close(c);
        return false;
    }
    if (n == 0)
        intake_refuse(c, &refusal_cut_off);
    else if (c->idle &&
             (n > 0 || (c->tls != NULL && tls_received(c->tls) != c->received)))
        begin_request(c);
    return n >= 0;
}

static void request_complete(struct connection *c) {
    c->stage = STAGE_ANSWER;
    c->deadline = DEADLINE_NEVER;
    server_enqueue(c->exchange);
}

static void start_body(struct connection *c) {
    const struct server *s = c->server;
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    c->stage = STAGE_BODY;
    c->left = c->head.length;
    c->chunks = (struct chunked){0};
    connection_set_deadline(c, s->request_ms > 0 ? s->request_ms : s->idle_ms);
    if (c->head.expects && c->head.minor > 0 && c->in.size == c->head.read) {
        if (!sending_add(&c->out, go_on, sizeof go_on - 1))
            connection_close(c);
        else
            connection_send(c);
    }
}

/* True if the request shows the token, or the server has none. The connection is then not
 * counted by address any more. */
static bool authenticate(struct connection *c) {
    struct server *s = c->server;
    struct exchange *x = c->exchange;
    if (s->token == NULL)
        return true;
    exchange_fields(c);
    const struct server_request r = {
        .query = x->query, .fields = c->fields, .field_count = c->head.field_count};
    x->access = accesstoken_check(s->token, &r);
    if (!accesstoken_opens(x->access))
        return false;
    peers_leave(s->anonymous, &c->peer);
    return true;
}

/* The head is complete. Without the token the body is not read. */
static void start_request(struct connection *c) {
    const struct server *s = c->server;
    const struct httphead *h = &c->head;
    bool has_body = h->chunked || h->length > 0;
    c->closes = h->closes || (h->minor == 0 && !h->keeps) || s->listener == -1;
    c->exchange = exchange_new(c);
    if (c->exchange == NULL) {
        connection_close(c);
    } else if (!authenticate(c)) {
        c->closes = c->refused = c->closes || has_body;
        request_complete(c);
    } else if (h->length > s->max_body) {
        intake_refuse(c, &refusal_body_too_large);
    } else if (has_body) {
        start_body(c);
    } else {
        request_complete(c);
    }
}

bool intake_head(struct connection *c) {
    const struct refusal *wrong =
        httphead_read(&c->head, c->in.bytes, c->in.size, c->server->max_header);
    if (wrong != NULL)
        intake_refuse(c, wrong);
    else if (c->head.whole)
        start_request(c);
    else
        return more_of_head(c);
    return true;
}

/* ---- bodies ---- */

/* Remove the first `size` bytes behind the head. */
static void remove_body_bytes(struct connection *c, size_t size) {
    c->in.size -= size;
    memmove(c->in.bytes + c->head.read, c->in.bytes + c->head.read + size,
            c->in.size - c->head.read);
}

static bool more_of_body(struct connection *c, struct buf *into, size_t room) {
    if (!c->readable)
        return false;
    ssize_t n = receive_into(c, into, room);
    if (is_over(n)) {
        connection_close(c);
        return false;
    }
    if (n == 0)
        intake_refuse(c, &refusal_cut_off);
    else if (n > 0 && c->server->request_ms == 0)
        connection_set_deadline(c, c->server->idle_ms);
    return n >= 0;
}

static bool intake_chunks(struct connection *c) {
    size_t used;
    const struct refusal *wrong =
        chunked_read(&c->chunks, c->in.bytes + c->head.read, c->in.size - c->head.read,
                     &used, &c->exchange->body, c->server->max_body);
    remove_body_bytes(c, used);
    if (wrong != NULL)
        intake_refuse(c, wrong);
    else if (c->chunks.place == CHUNKED_WHOLE)
        request_complete(c);
    else
        return more_of_body(c, &c->in, BODY_ROOM);
    return true;
}

bool intake_body(struct connection *c) {
    struct buf *body = &c->exchange->body;
    if (sending_size(&c->out) > 0)
        connection_send(c);
    if (c->head.chunked)
        return intake_chunks(c);
    size_t there = c->in.size - c->head.read;
    size_t piece = there < c->left ? there : (size_t)c->left;
    if (!buf_add(body, c->in.bytes + c->head.read, piece)) {
        connection_close(c);
        return false;
    }
    remove_body_bytes(c, piece);
    c->left -= piece;
    if (c->left == 0) {
        request_complete(c);
        return true;
    }
    size_t before = body->size;
    size_t room = c->left < BODY_ROOM ? (size_t)c->left : BODY_ROOM;
    bool more = more_of_body(c, body, room);
    if (c->stage == STAGE_BODY)
        c->left -= body->size - before;
    return more;
}

/* ---- errors ---- */

bool intake_discard(struct connection *c) {
    char bytes[16384];
    if (!c->readable)
        return false;
    ssize_t n = receive(c, bytes, sizeof bytes);
    if (n == 0 || is_over(n))
        connection_close(c);
    return n > 0;
}

void intake_refuse(struct connection *c, const struct refusal *r) {
    if (c->exchange != NULL)
        exchange_leave(c->exchange);
    c->closes = c->refused = true;
    c->server->refused++;
    c->stage = STAGE_ANSWER;
    c->deadline = DEADLINE_NEVER;
    if (!refusal_write(&c->out.text, r, c->head.is_head, c->tls != NULL))
        connection_close(c);
}
