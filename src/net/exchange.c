/* exchange.c -- the life of an exchange, and the request in it. */

#include "net/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
