#define _DEFAULT_SOURCE /* explicit_bzero */
#include "net/curlrequest.h"

#include "base/base64.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static size_t length(const char *text) {
    return text == NULL ? 0 : strlen(text) + 1;
}

#define BASIC "Authorization: Basic "

static bool add_basic(struct buf *b, const char *auth) {
    size_t size = strlen(auth), room = base64_encoded_size(size);
    if (!buf_add(b, BASIC, sizeof BASIC - 1) || !buf_grow(b, room + 1))
        return false;
    base64_encode(auth, size, b->bytes + b->size);
    b->size += room;
    return buf_add(b, "", 1);
}

/* A header with a line break would be two headers. */
static bool one_line(const char *header) {
    return strpbrk(header, "\r\n") == NULL && strpbrk(header, ":;") != NULL;
}

struct header_plan {
    size_t count, bytes;
    bool secrets, sound, typed;
};

static void plan_list(struct header_plan *p, const char *const *list) {
    for (; list != NULL && *list != NULL; list++) {
        p->count++;
        p->bytes += length(*list);
        p->sound = p->sound && one_line(*list);
        p->typed = p->typed || strncasecmp(*list, "Content-Type:", 13) == 0;
    }
}

static struct header_plan plan_headers(const struct http_request *r) {
    struct header_plan p = {.sound = true};
    plan_list(&p, r->headers);
    size_t plain = p.count;
    const char *const one[] = {r->secret_header, NULL};
    plan_list(&p, one);
    plan_list(&p, r->more_secrets);
    if (r->basic_auth != NULL) {
        p.count++;
        p.bytes += sizeof BASIC + base64_encoded_size(strlen(r->basic_auth));
    }
    p.secrets = p.count > plain;
    return p;
}

/* Add a header to the list. libcurl only reads the list, so its nodes may be one
 * array. */
static void add_node(struct curlrequest *o, size_t *n, char *line) {
    o->nodes[*n] = (struct curl_slist){.data = line};
    if (*n > 0)
        o->nodes[*n - 1].next = &o->nodes[*n];
    ++*n;
}

static char *keep(struct curlrequest *o, const char *text) {
    char *at = o->text.bytes + o->text.size;
    memcpy(at, text, strlen(text) + 1);
    o->text.size += strlen(text) + 1;
    return at;
}

/* Copy method, URL and headers into one block. It must not move while they are added. */
static bool copy_texts(struct curlrequest *o, CURL *easy, const struct http_request *r,
                       const struct header_plan *p) {
    static char no_expect[] = "Expect:", no_type[] = "Content-Type:";
    size_t need = length(r->method) + length(r->url) + p->bytes, n = 0;
    if (p->count + 2 > o->room) {
        struct curl_slist *nodes = realloc(o->nodes, (p->count + 2) * sizeof *nodes);
        if (nodes == NULL)
            return false;
        o->nodes = nodes;
        o->room = p->count + 2;
    }
    o->text.size = 0;
    if (!buf_grow(&o->text, need))
        return false;
    o->method = keep(o, r->method);
    o->url = keep(o, r->url);
    o->secret = NULL;
    for (const char *const *h = r->headers; h != NULL && *h != NULL; h++)
        add_node(o, &n, keep(o, *h));
    if (r->secret_header != NULL) {
        o->secret = keep(o, r->secret_header);
        add_node(o, &n, o->text.bytes + (o->secret - o->text.bytes));
    }
    for (const char *const *h = r->more_secrets; h != NULL && *h != NULL; h++)
        add_node(o, &n, keep(o, *h));
    if (r->basic_auth != NULL) {
        char *at = o->text.bytes + o->text.size;
        if (!add_basic(&o->text, r->basic_auth))
            return false;
        add_node(o, &n, at);
    }
    if (r->body_size > 0) {
        add_node(o, &n, no_expect); /* to wait for a 100 costs a round trip */
        if (!p->typed)
            add_node(o, &n, no_type); /* libcurl would say that the body is a form */
    }
    return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, n > 0 ? o->nodes : NULL) ==
           CURLE_OK;
}

static bool set_method(struct curlrequest *o, CURL *e, const struct http_request *r) {
    bool post = strcmp(r->method, "POST") == 0, get = strcmp(r->method, "GET") == 0;
    bool head = strcmp(r->method, "HEAD") == 0;
    bool bodied = r->body_size > 0 || post || strcmp(r->method, "PUT") == 0 ||
                  strcmp(r->method, "PATCH") == 0;
    curl_easy_setopt(e, CURLOPT_HTTPGET, 1L); /* undoes NOBODY and POST */
    if (head)
        curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
    if (bodied) {
        const void *body = r->body;
        if (!r->keeps_body && r->body_size > 0) {
            if (!buf_add(&o->body, r->body, r->body_size))
                return false;
            body = o->body.bytes;
        }
        curl_easy_setopt(e, CURLOPT_POST, 1L);
        curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_size);
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, r->body_size > 0 ? body : "");
    }
    bool plain = head || (get && !bodied) || post;
    return curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, plain ? NULL : o->method) ==
           CURLE_OK;
}

static bool is_sound(const struct http_request *r, const struct header_plan *p,
                     struct fault *f) {
    if (p->sound && *r->method != '\0' && strpbrk(r->method, " \r\n\t:") == NULL)
        return true;
    return fault_set(f, FAULT_PARSE, "a header or the method is malformed");
}

static const char *from_environment(const char *name) {
    return getenv(name);
}

/* Give libcurl the proxy, or none, so that it does not look for one itself. */
static bool set_route(struct curlrequest *o, CURL *easy) {
    const char *proxy = o->route.proxy;
    return curl_easy_setopt(easy, CURLOPT_PROXY, proxy != NULL ? proxy : "") ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOPROXY, proxy != NULL ? "" : "*") == CURLE_OK;
}

bool curlrequest_set(struct curlrequest *o, CURL *easy, const struct http_request *r,
                     const struct url_parts *u, struct fault *f) {
    struct header_plan p = plan_headers(r);
    if (!is_sound(r, &p, f) ||
        !route_decide(u, p.secrets || r->secret_body, r->public_only, from_environment,
                      &o->route, f))
        return false;
    o->secret_body = r->secret_body;
    if (copy_texts(o, easy, r, &p) && set_method(o, easy, r) && set_route(o, easy) &&
        curl_easy_setopt(easy, CURLOPT_URL, o->url) == CURLE_OK)
        return true;
    return fault_memory(f, "a request");
}

void curlrequest_wipe(struct curlrequest *o) {
    if (o->text.bytes != NULL)
        explicit_bzero(o->text.bytes, o->text.room);
    o->text.size = 0;
    if (o->secret_body)
        buf_wipe(&o->body);
    else
        buf_free(&o->body);
}

void curlrequest_free(struct curlrequest *o) {
    curlrequest_wipe(o);
    buf_free(&o->text);
    free(o->nodes);
    *o = (struct curlrequest){0};
}
