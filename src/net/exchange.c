/* exchange.c -- makes and frees exchanges, and gives the taker the request. */

#include "net/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- its life ---- */

/* If the target was a URL, only the part behind the host is left, and its path may be
 * empty. */
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
    x->body.budget = s->memory;
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
    buf_wipe(&x->texts); /* the client's token is in it */
    free(x->fields);
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

static bool keep_text(struct exchange *x, const char *text, size_t size) {
    return buf_add(&x->texts, text, size) && buf_add(&x->texts, "", 1);
}

/* Copy the parts of the request that belong to the connection. The taker may close the
 * server while it uses the request, and that frees the connection. The pointers are set
 * when all texts are copied, because the buffer moves while it grows. */
static bool keep_head(struct exchange *x, struct connection *c) {
    size_t count = c->head.field_count;
    if (x->fields != NULL)
        return true;
    exchange_fields(c);
    x->texts.size = 0;
    bool ok = keep_text(x, c->remote, strlen(c->remote));
    for (size_t i = 0; ok && i < count; i++)
        ok = keep_text(x, c->fields[i].name, c->fields[i].name_size) &&
             keep_text(x, c->fields[i].value, c->fields[i].value_size);
    if (!ok || (x->fields = malloc((count + 1) * sizeof *x->fields)) == NULL)
        return false;
    const char *at = x->texts.bytes + strlen(c->remote) + 1;
    for (size_t i = 0; i < count; i++) {
        struct server_field *f = &x->fields[i];
        *f = c->fields[i];
        f->name = at;
        f->value = at + f->name_size + 1;
        at = f->value + f->value_size + 1;
    }
    x->field_count = count;
    return true;
}

bool exchange_request(struct exchange *x, struct server_request *r) {
    struct connection *c = x->connection;
    if (c == NULL || !keep_head(x, c))
        return false;
    *r = (struct server_request){.method = x->method,
                                 .path = x->uri,
                                 .query = x->query,
                                 .remote = x->texts.bytes,
                                 .body = x->body.size > 0 ? x->body.bytes : x->no_body,
                                 .body_size = x->body.size,
                                 .fields = x->fields,
                                 .field_count = x->field_count,
                                 .access = x->access};
    return true;
}

bool exchange_gone(const struct exchange *x) {
    return x->gone;
}

bool exchange_answered(const struct exchange *x) {
    return x->answered;
}
