/* exchange_answer.c -- the functions by which a taker answers and releases an exchange. */

#include "net/connection.h"

#include "net/gzip.h"
#include "net/httptext.h"
#include "net/reply.h"
#include "net/sharedbody.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define GZIP_FROM 1024

/* A writer has to wait when more than this many bytes are unsent. */
#define HIGH ((size_t)256 << 10)

/* ---- answers in one piece ---- */

/* A body as it will be sent. */
struct content {
    const char *bytes;
    size_t size;
    char *owned;
    bool packed;
};

static bool accepts_gzip(struct connection *c) {
    const struct httphead *h = &c->head;
    for (size_t i = 0; i < h->field_count; i++) {
        char *value = c->in.bytes + h->values[i].at;
        if (!httphead_is_named(h, c->in.bytes, i, "Accept-Encoding"))
            continue;
        value[h->values[i].size] =
            '\0'; /* overwrites the CR or a blank, which nobody needs any more */
        return gzip_accepted(value);
    }
    return false;
}

/* True if `size` bytes are worth compressing, and the client and the reply allow it. */
static bool may_pack(struct exchange *x, const struct server_reply *r, size_t size) {
    struct server *s = x->server;
    if (size <= GZIP_FROM || r->truncate || r->drip_bytes > 0 ||
        !accepts_gzip(x->connection))
        return false;
    for (size_t i = 0; i < r->field_count; i++)
        if (httptext_equal(r->fields[i].name, r->fields[i].name_size, "Content-Encoding"))
            return false;
    return s->gzip != NULL || (s->gzip = gzip_new()) != NULL;
}

static struct content content_of(struct exchange *x, const struct server_reply *r) {
    struct content c = {.bytes = r->body, .size = r->body_size};
    size_t size;
    if (r->shared != NULL) {
        c.bytes = sharedbody_plain(r->shared);
        c.size = sharedbody_size(r->shared);
    }
    if (!may_pack(x, r, c.size))
        return c;
    const void *packed =
        r->shared != NULL
            ? sharedbody_packed(r->shared, x->server->gzip, &size)
            : (c.owned = gzip_pack(x->server->gzip, c.bytes, c.size, &size));
    if (packed != NULL) {
        c.bytes = packed;
        c.size = size;
        c.packed = true;
    }
    return c;
}

static bool has_no_body(int status) {
    return status == 204 || status == 304;
}

static bool write_head(struct exchange *x, const struct server_reply *r,
                       enum reply_framing framing, const struct content *body) {
    struct connection *c = x->connection;
    const struct reply_head head = {.status = r->status,
                                    .fields = r->fields,
                                    .field_count = r->field_count,
                                    .framing = framing,
                                    .body_size = body->size,
                                    .packed = body->packed,
                                    .closes = c->closes,
                                    .keeps = !c->closes && c->head.minor == 0,
                                    .tls = c->tls != NULL};
    size_t before = c->out.text.size;
    if (reply_write_head(&c->out.text, &head, &x->server->date))
        return true;
    c->out.text.size = before;
    return false;
}

/* Put the body behind the head, without a copy. */
static void hand_over(struct connection *c, const struct server_reply *r,
                      const struct content *body) {
    struct sending *o = &c->out;
    size_t size = body->size;
    if (r->truncate && r->truncate_at < size) {
        size = r->truncate_at;
        c->cut = true;
    }
    o->body = body->bytes;
    o->body_size = size;
    o->owned = body->owned;
    o->shared = r->shared;
    if (o->shared != NULL)
        sharedbody_keep(o->shared);
    o->drip_bytes = o->drip_left = r->drip_bytes;
    o->drip_ms = r->drip_ms;
}

bool exchange_answer(struct exchange *x, const struct server_reply *r, struct fault *f) {
    struct connection *c = x->connection;
    if (c == NULL)
        return true;
    if (x->answered)
        return fault_set(f, FAULT_IO, "the request has been answered");
    bool bare = has_no_body(r->status);
    struct content body = bare ? (struct content){0} : content_of(x, r);
    if (!write_head(x, r, bare ? REPLY_BARE : REPLY_SIZED, &body)) {
        free(body.owned);
        return fault_memory(f, "an answer");
    }
    x->answered = true;
    if (bare || x->is_head)
        free(body.owned);
    else
        hand_over(c, r, &body);
    connection_answer(c);
    if (x->connection != NULL && !sending_keep(&c->out)) {
        c->broken = true;
        connection_later(c);
    }
    return true;
}

/* ---- answers that come piece by piece ---- */

bool exchange_stream(struct exchange *x, const struct server_reply *r, struct fault *f) {
    struct connection *c = x->connection;
    const struct content none = {0};
    if (c == NULL)
        return true;
    if (x->answered)
        return fault_set(f, FAULT_IO, "the request has been answered");
    x->chunked = c->head.minor > 0;
    c->closes = c->closes || !x->chunked;
    if (!write_head(x, r, x->chunked ? REPLY_CHUNKED : REPLY_TO_END, &none))
        return fault_memory(f, "an answer");
    x->answered = x->streaming = true;
    x->ended = x->is_head;
    connection_later(c);
    return true;
}

enum exchange_flow exchange_flow(const struct exchange *x) {
    if (x->connection == NULL)
        return FLOW_GONE;
    return x->waited ? FLOW_WAIT : FLOW_ON;
}

static bool add_chunk(struct exchange *x, const void *bytes, size_t size) {
    struct sending *o = &x->connection->out;
    char head[24];
    int n = snprintf(head, sizeof head, "%zx\r\n", size);
    if (!x->chunked)
        return sending_add(o, bytes, size);
    return sending_add(o, head, (size_t)n) && sending_add(o, bytes, size) &&
           sending_add(o, "\r\n", 2);
}

enum exchange_flow exchange_write(struct exchange *x, const void *bytes, size_t size) {
    if (x->connection == NULL || !x->streaming || x->ended)
        return FLOW_GONE;
    if (size > 0 && !add_chunk(x, bytes, size)) {
        x->connection->broken = true; /* a part of the chunk may be in the buffer */
        connection_later(x->connection);
        return FLOW_GONE;
    }
    x->waited = sending_size(&x->connection->out) > HIGH;
    connection_later(x->connection);
    return exchange_flow(x);
}

void exchange_end(struct exchange *x) {
    struct connection *c = x->connection;
    if (c == NULL || x->ended)
        return;
    if (x->chunked && !sending_add(&c->out, "0\r\n\r\n", 5))
        c->broken = true;
    x->ended = true;
    connection_later(c);
}

/* ---- and the end ---- */

/* Close the connection without calling `changed`: the taker itself asked for it. */
static void hang_up(struct exchange *x) {
    struct connection *c = x->connection;
    exchange_leave(x);
    connection_close(c);
}

void exchange_reset(struct exchange *x) {
    static const struct linger now = {1, 0};
    if (x->connection == NULL)
        return;
    setsockopt(x->connection->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    hang_up(x);
}

void exchange_release(struct exchange *x) {
    struct connection *c = x->connection;
    x->taken = false;
    if (c != NULL && !x->answered) {
        hang_up(x);
        return;
    }
    if (c != NULL && x->streaming && !x->ended) {
        c->cut = x->ended = true; /* what was written is still sent */
        connection_later(c);
    }
    exchange_free(x);
}
