#include "net/http.h"

#include "base/mask.h"
#include "base/url.h"
#include "net/http_transfer.h"
#include "net/record.h"
#include "net/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPARES    64 /* calls kept for their easy handle */
#define LINGER_MS 3000

struct http {
    struct loop *loop;
    struct budget *memory; /* NULL: none */
    CURLSH *share;         /* TLS sessions, which libcurl would keep for each handle */
    struct http_call *active, *spare;
    int spares;
    struct http_linger *lingers;
    int trace;
    bool read_only;
    FILE *record;             /* NULL: none */
    struct secretset secrets; /* that were sent, or may be */
};

struct http_call {
    struct http_transfer t; /* first: the loop hands it back */
    struct http *http;
    struct http_call *next, **link;
    http_done *done;
    void *ud;
    const void *sent_body; /* for the record, while the call is under way */
    size_t sent_body_size;
    bool secret_url;
    struct timer quiet;
};

/* ---- the life of a call ---- */

static void finished(struct transfer *t, CURLcode result);
static void quiet_too_long(void *ud);

static void destroy(struct http_call *c) {
    http_transfer_free(&c->t);
    free(c);
}

static struct http_call *take_call(struct http *h) {
    struct http_call *c = h->spare;
    if (c != NULL) {
        h->spare = c->next;
        h->spares--;
        return c;
    }
    c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->http = h;
    c->t.base.done = finished;
    c->quiet = (struct timer){.fire = quiet_too_long, .ud = c};
    c->t.memory = h->memory;
    if (!http_transfer_open(&c->t, h->share)) {
        destroy(c);
        return NULL;
    }
    return c;
}

/* Make the call a spare one, which keeps its handle, connection and small buffers. */
static void put_back(struct http_call *c) {
    struct http *h = c->http;
    http_transfer_wipe(&c->t);
    if (h->spares == SPARES) {
        destroy(c);
        return;
    }
    c->next = h->spare;
    h->spare = c;
    h->spares++;
}

static void unlink_call(struct http_call *c) {
    loop_clear_timer(c->http->loop, &c->quiet);
    *c->link = c->next;
    if (c->next != NULL)
        c->next->link = c->link;
}

/* ---- the secrets of requests ---- */

static void learn(struct http *h, const char *text) {
    secretset_add(&h->secrets, text, strlen(text));
}

/* Learn the value of a header, which is behind the last blank, without "Bearer". */
static void learn_header(struct http *h, const char *header) {
    const char *last = strrchr(header, ' ');
    learn(h, last != NULL ? last + 1 : header);
}

/* Learn the values in a form whose names are secret. */
static void learn_form(struct http *h, const char *form, size_t size) {
    const char *end = form + size;
    while (form < end) {
        const char *amp = memchr(form, '&', (size_t)(end - form));
        const char *stop = amp != NULL ? amp : end;
        const char *eq = memchr(form, '=', (size_t)(stop - form));
        struct buf value = {0};
        if (eq != NULL && mask_secret_name(form, (size_t)(eq - form)) &&
            url_unescape(&value, eq + 1, (size_t)(stop - eq - 1), true) && value.size > 0)
            learn(h, value.bytes);
        buf_wipe(&value);
        form = amp != NULL ? amp + 1 : end;
    }
}

/* Learn "user:password". */
static void learn_pair(struct http *h, const char *pair, size_t size) {
    const char *colon = memchr(pair, ':', size);
    secretset_add(&h->secrets, pair, size);
    if (colon != NULL)
        secretset_add(&h->secrets, colon + 1, size - (size_t)(colon + 1 - pair));
}

static void learn_request(struct http *h, const struct http_request *r) {
    if (r->secret_header != NULL)
        learn_header(h, r->secret_header);
    for (const char *const *more = r->more_secrets; more != NULL && *more != NULL; more++)
        learn_header(h, *more);
    if (r->basic_auth != NULL)
        learn_pair(h, r->basic_auth, strlen(r->basic_auth));
    if (r->secret_body && r->body_size > 0)
        learn_form(h, r->body, r->body_size);
}

/* Learn the passwords of the proxies: a message about a proxy may repeat the variable
 * that names it. A password may hold an @ that is not escaped, so the last one ends
 * it. */
static void learn_proxies(struct http *h) {
    static const char *const names[] = {"http_proxy",  "HTTP_PROXY", "https_proxy",
                                        "HTTPS_PROXY", "all_proxy",  "ALL_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        const char *scheme = value != NULL ? strstr(value, "://") : NULL;
        const char *user = scheme != NULL ? scheme + 3 : value;
        const char *at = user != NULL ? strrchr(user, '@') : NULL;
        struct buf plain = {0};
        if (at == NULL)
            continue;
        learn_pair(h, user, (size_t)(at - user));
        if (url_unescape(&plain, user, (size_t)(at - user), false) && plain.size > 0)
            learn_pair(h, plain.bytes, plain.size);
        buf_wipe(&plain);
    }
}

void http_learn(struct http *h, const char *secret) {
    learn(h, secret);
}

void http_blank(const struct http *h, struct fault *f) {
    secretset_blank(&h->secrets, f->message);
    secretset_blank(&h->secrets, f->hint);
    secretset_blank(&h->secrets, f->code);
    secretset_blank(&h->secrets, f->request_id);
    mask_tokens(f->message);
    mask_tokens(f->hint);
}

void http_blank_text(const struct http *h, struct buf *text) {
    secretset_blank_buf(h != NULL ? &h->secrets : NULL, text, 0);
    size_t out = 0;
    for (size_t at = 0, size; at < text->size;
         at += size + 1) { /* from one 0 to the next */
        char *part = text->bytes + at;
        size = strlen(part);
        mask_tokens(part);
        size_t left = strlen(part);
        bool last = at + size == text->size;
        memmove(text->bytes + out, part, left + 1);
        out += left + (last ? 0 : 1);
    }
    text->size = out;
    if (text->bytes != NULL)
        text->bytes[out] = '\0';
}

/* ---- the end of a call ---- */

void http_set_memory(struct http *h, struct budget *memory) {
    h->memory = memory;
}

struct budget *http_memory(const struct http *h) {
    return h->memory;
}

void http_record(struct http *h, FILE *out) {
    if (h->record != NULL)
        fclose(h->record);
    h->record = out;
}

static void trace_view(const struct http_call *c, struct trace_call *t) {
    *t = (struct trace_call){.method = c->t.request.method,
                             .url = c->t.request.url,
                             .known = &c->http->secrets,
                             .authorized = c->t.request.secret != NULL,
                             .secret_body = c->t.request.secret_body,
                             .secret_url = c->secret_url};
}

static void trace_start(const struct http_call *c, const struct http_request *r) {
    static const char *const none[] = {NULL};
    struct trace_call t;
    trace_view(c, &t);
    t.headers = r->headers != NULL ? r->headers : none;
    t.body = r->body;
    t.body_size = r->body_size;
    loop_about_to_print(c->http->loop);
    trace_request(c->http->trace, &t);
}

static void report(struct http_call *c, struct fault *f) {
    if (f != NULL) {
        f->status = c->t.r.status;
        f->retryable = !c->t.r.lasting;
        f->ambiguous = c->t.r.sent && !c->t.idempotent;
        http_blank(c->http, f);
    }
    c->t.r.known = &c->http->secrets;
    if (c->http->trace > 0) {
        struct trace_call t;
        long version = 0;
        trace_view(c, &t);
        curl_easy_getinfo(c->t.easy, CURLINFO_HTTP_VERSION, &version);
        loop_about_to_print(c->http->loop);
        trace_answer(c->http->trace, &t, &c->t.r, f, version);
    }
    if (c->http->record != NULL) {
        struct trace_call t;
        trace_view(c, &t);
        t.body = c->sent_body;
        t.body_size = c->sent_body_size;
        if (!record_exchange(c->http->record, &t, &c->t.r))
            http_record(c->http, NULL); /* half a record is of no use */
    }
    unlink_call(c);
    c->done(c->ud, &c->t.r, f);
    put_back(c);
}

static void finished(struct transfer *t, CURLcode result) {
    struct http_call *c = (struct http_call *)t;
    struct fault f;
    http_transfer_measure(&c->t);
    if (result != CURLE_OK)
        http_transfer_explain(&c->t, result, &f);
    report(c, result != CURLE_OK ? &f : NULL);
}

/* The timer `quiet` has fired. If a byte has moved since it was set, set it again. */
static void quiet_too_long(void *ud) {
    struct http_call *c = ud;
    int64_t now = loop_now(), due = http_transfer_last(&c->t, now) + c->t.quiet_ms;
    if (now < due && loop_set_timer(c->http->loop, &c->quiet, due))
        return;
    struct url_parts a = {.host = ""};
    struct fault f;
    url_read(c->t.request.url, &a);
    fault_set(&f, FAULT_TIMEOUT, "not a byte from %.*s for %.3g s", a.host_size, a.host,
              c->t.quiet_ms / 1000.0);
    http_transfer_measure(&c->t);
    loop_remove_transfer(c->http->loop, c->t.easy);
    report(c, &f);
}

/* ---- public ---- */

struct http *http_new(struct loop *l) {
    struct http *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    h->loop = l;
    learn_proxies(h);
    h->share = curl_share_init();
    if (h->share == NULL || curl_share_setopt(h->share, CURLSHOPT_SHARE,
                                              CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK) {
        curl_share_cleanup(h->share);
        secretset_free(&h->secrets);
        free(h);
        return NULL;
    }
    return h;
}

void http_free(struct http *h) {
    if (h == NULL)
        return;
    for (int64_t left, due = loop_now() + LINGER_MS;
         h->lingers != NULL && (left = due - loop_now()) > 0;)
        loop_turn(h->loop, left);
    while (h->lingers != NULL) {
        struct http_linger *l = h->lingers;
        http_linger_remove(l);
        l->end(l);
    }
    while (h->active != NULL) {
        struct http_call *c = h->active;
        h->active = c->next;
        http_cancel(c);
    }
    while (h->spare != NULL) {
        struct http_call *c = h->spare;
        h->spare = c->next;
        destroy(c);
    }
    curl_share_cleanup(h->share);
    http_record(h, NULL);
    secretset_free(&h->secrets);
    free(h);
}

struct http_call *http_start(struct http *h, const struct http_request *r,
                             http_done *done, void *ud, struct fault *f) {
    struct url_parts a;
    if (!url_read(r->url, &a)) {
        fault_set(f, FAULT_PARSE, "not a URL that can be asked for");
        fault_hint(f,
                   "it begins with https:// or http://, and has no blanks or passwords");
        return NULL;
    }
    struct http_call *c = take_call(h);
    if (c == NULL) {
        fault_memory(f, "a request");
        return NULL;
    }
    learn_request(h, r);
    if (!http_transfer_set(&c->t, r, &a, f)) {
        put_back(c);
        return NULL;
    }
    c->done = done;
    c->ud = ud;
    c->sent_body = r->keeps_body ? r->body : c->t.request.body.bytes;
    c->sent_body_size = r->body_size;
    c->secret_url = r->secret_url;
    c->t.last = loop_now();
    if ((c->t.quiet_ms < c->t.total_ms &&
         !loop_set_timer(h->loop, &c->quiet, c->t.last + c->t.quiet_ms)) ||
        !loop_add_transfer(h->loop, c->t.easy)) {
        loop_clear_timer(h->loop, &c->quiet);
        put_back(c);
        fault_memory(f, "a request");
        return NULL;
    }
    c->next = h->active;
    c->link = &h->active;
    if (c->next != NULL)
        c->next->link = &c->next;
    h->active = c;
    if (h->trace > 0)
        trace_start(c, r);
    return c;
}

void http_cancel(struct http_call *c) {
    loop_remove_transfer(c->http->loop, c->t.easy);
    unlink_call(c);
    put_back(c);
}

void http_linger_add(struct http *h, struct http_linger *l) {
    l->next = h->lingers;
    l->link = &h->lingers;
    if (l->next != NULL)
        l->next->link = &l->next;
    h->lingers = l;
}

void http_linger_remove(struct http_linger *l) {
    if (l->link == NULL)
        return;
    *l->link = l->next;
    if (l->next != NULL)
        l->next->link = l->link;
    l->link = NULL;
}

void http_trace(struct http *h, int level) {
    h->trace = level;
}

void http_set_read_only(struct http *h) {
    h->read_only = true;
}

bool http_is_read_only(const struct http *h) {
    return h->read_only;
}
