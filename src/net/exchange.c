#include "net/connection.h"

#include "net/gzip.h"
#include "net/httptext.h"
#include "net/reply.h"
#include "net/sharedbody.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define GZIP_FROM 1024

/* A writer waits when more than this is unsent. */
#define HIGH ((size_t)256 << 10)

/* ---- its life ---- */

/* Of the target in the form of a URL only what follows the host is left. */
static void copy_target(struct exchange *x, const char *target, size_t size) {
    size_t lead = size == 0 || *target == '?' ? 1 : 0;
    x->uri[0] = '/';
    memcpy(x->uri + lead, target, size);
    x->uri[lead + size] = '\0';
    char *mark = strchr(x->uri, '?');
    if (mark != NULL)
        *mark = '\0';
    x->query = mark != NULL ? mark + 1 : x->uri + lead + size;
}

struct exchange *exchange_new(struct connection *c) {
    struct server *s = c->server;
    const struct httphead *h = &c->head;
    struct exchange *x = calloc(1, sizeof *x + h->target.size + 2);
    if (x == NULL)
        return NULL;
    copy_target(x, c->in.bytes + h->target.at, h->target.size);
    snprintf(x->method, sizeof x->method, "%.*s", (int)h->method.size,
             c->in.bytes + h->method.at);
    x->is_head = h->is_head;
    x->server = s;
    x->connection = c;
    x->next = s->exchanges;
    x->link = &s->exchanges;
    if (x->next != NULL)
        x->next->link = &x->next;
    s->exchanges = x;
    return x;
}

void exchange_free(struct exchange *x) {
    if (x->connection != NULL || x->taken)
        return;
    if (x->server != NULL) {
        *x->link = x->next;
        if (x->next != NULL)
            x->next->link = x->link;
    }
    buf_free(&x->body);
    free(x);
}

static void detach(struct exchange *x) {
    server_unqueue(x);
    x->connection->exchange = NULL;
    x->connection = NULL;
    x->gone = true;
}

void exchange_leave(struct exchange *x) {
    detach(x);
    exchange_free(x);
}

void exchange_lose(struct exchange *x) {
    detach(x);
    exchange_tell(x);
    exchange_free(x);
}

void exchange_tell(struct exchange *x) {
    if (x->taken && x->changed != NULL)
        x->changed(x->ud);
}

/* ---- the request ---- */

void exchange_fields(struct connection *c) {
    const struct httphead *h = &c->head;
    for (size_t i = 0; i < h->field_count; i++)
        c->fields[i] = (struct server_field){c->in.bytes + h->names[i].at,
                                             c->in.bytes + h->values[i].at,
                                             h->names[i].size, h->values[i].size};
}

bool exchange_request(struct exchange *x, struct server_request *r) {
    struct connection *c = x->connection;
    if (c == NULL)
        return false;
    exchange_fields(c);
    *r = (struct server_request){.method = x->method,
                                 .path = x->uri,
                                 .query = x->query,
                                 .remote = c->remote,
                                 .body = x->body.size > 0 ? x->body.bytes : x->no_body,
                                 .body_size = x->body.size,
                                 .fields = c->fields,
                                 .field_count = c->head.field_count,
                                 .access = x->access};
    return true;
}

bool exchange_gone(const struct exchange *x) {
    return x->gone;
}

bool exchange_answered(const struct exchange *x) {
    return x->answered;
}

/* ---- answers ---- */

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
        value[h->values[i].size] = '\0'; /* over the line's end, which has been read */
        return gzip_accepted(value);
    }
    return false;
}

/* True if so many bytes are worth it, and the client and the reply let us. */
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

/* Let `o` send the body, from where it lies. */
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
        return fault_set(f, FAULT_IO, "not enough memory");
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
        return fault_set(f, FAULT_IO, "not enough memory");
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
        x->connection->broken = true; /* half a chunk may be there */
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

/* The connection ends in the loop's next turn: the taker is not told of what it did. */
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
        c->cut = x->ended = true; /* what was written is sent */
        connection_later(c);
    }
    exchange_free(x);
}
