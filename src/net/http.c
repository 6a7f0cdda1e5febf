#define _DEFAULT_SOURCE /* explicit_bzero */
#include "net/http.h"

#include "base/base64.h"
#include "base/url.h"
#include "net/cause.h"
#include "net/trace.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SPARES          64 /* calls kept for their easy handle */
#define HEADERS_AT_MOST ((size_t)256 << 10)
#define GUESTS_MS       3000

struct http {
    struct loop *loop;
    CURLSH *share; /* TLS sessions, which libcurl keeps by handle otherwise */
    struct http_call *active, *spare;
    int spares;
    struct http_guest *guests;
    int trace;
};

struct http_call {
    struct transfer transfer; /* first: the loop hands it back */
    struct http *http;
    struct http_call *next, **link;
    CURL *easy;
    char error[CURL_ERROR_SIZE];

    /* the request */
    http_done *done;
    void *ud;
    struct buf text; /* method, URL, headers, each with its 0; wiped */
    struct curl_slist *nodes;
    size_t nodes_room;
    const char *method, *url, *secret;
    struct buf body; /* a copy, if one was made */
    bool secret_body, secret_url, idempotent;
    int quiet_ms, connect_ms, total_ms;
    size_t max_body;

    /* what is seen of the answer */
    struct http_response r;
    struct timer quiet;
    int64_t last;   /* when something moved */
    curl_off_t up;  /* how much of the body had gone by then */
    long before;    /* bytes of requests written before ours: a CONNECT to a proxy */
    bool connected; /* it was our turn to write */
    bool cut;       /* a second try over a new connection was not allowed */
    bool no_memory;
};

/* ---- what libcurl calls ---- */

/* Make room in a buffer of secrets without leaving a copy behind, as realloc would. */
static bool grow_secret(struct buf *b, size_t more) {
    if (b->size + more < b->room)
        return true;
    struct buf bigger = {0};
    if (!buf_grow(&bigger, (b->size + more) * 2) || !buf_add(&bigger, b->bytes, b->size))
        return false;
    buf_wipe(b);
    *b = bigger;
    return true;
}

static size_t on_body(char *bytes, size_t one, size_t size, void *ud) {
    struct http_call *c = ud;
    (void)one; /* is 1 */
    c->last = loop_now();
    if (size > c->max_body - c->r.body.size)
        return 0;
    if (c->r.body.bytes == NULL) {
        curl_off_t length = -1;
        curl_easy_getinfo(c->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        if (length > (curl_off_t)size && (size_t)length <= c->max_body && !c->secret_body)
            buf_grow(&c->r.body, (size_t)length); /* else it grows as it comes */
    }
    if ((c->secret_body && !grow_secret(&c->r.body, size)) ||
        !buf_add(&c->r.body, bytes, size)) {
        c->no_memory = true;
        return 0;
    }
    return size;
}

static size_t on_header(char *line, size_t one, size_t size, void *ud) {
    struct http_call *c = ud;
    (void)one;
    c->last = loop_now();
    if (size >= 5 && strncmp(line, "HTTP/", 5) == 0) {
        c->r.headers.size = 0; /* what came before was a 1xx */
        return size;
    }
    if (size <= 2)
        return size;
    if (size > HEADERS_AT_MOST - c->r.headers.size)
        return 0;
    if (!buf_add(&c->r.headers, line, size)) {
        c->no_memory = true;
        return 0;
    }
    return size;
}

static bool anything_written(const struct http_call *c) {
    long bytes = 0;
    curl_easy_getinfo(c->easy, CURLINFO_REQUEST_SIZE, &bytes);
    return c->connected && bytes > c->before;
}

/* The connection stands and the request goes next. When a kept connection dies without an
 * answer libcurl comes here again, to send the request over a new one. It may have been
 * taken up by then, so that only an idempotent one may go. */
static int on_turn(void *ud, char *ip, char *local_ip, int port, int local_port) {
    struct http_call *c = ud;
    (void)ip, (void)local_ip, (void)port, (void)local_port;
    if (anything_written(c) && !c->idempotent) {
        c->cut = true;
        return CURL_PREREQFUNC_ABORT;
    }
    c->connected = true;
    c->last = loop_now();
    curl_easy_getinfo(c->easy, CURLINFO_REQUEST_SIZE, &c->before);
    return CURL_PREREQFUNC_OK;
}

/* ---- the life of a call ---- */

static void finished(struct transfer *t, CURLcode result);
static void quiet_too_long(void *ud);

/* What is the same for all requests is set once for each handle. */
static bool set_up(struct http_call *c) {
    CURL *e = c->easy;
    /* as the curl program does; libcurl itself does not look at them */
    const char *file = getenv("CURL_CA_BUNDLE"), *dir = getenv("SSL_CERT_DIR");
    if (file == NULL || *file == '\0')
        file = getenv("SSL_CERT_FILE");
    bool ok = curl_easy_setopt(e, CURLOPT_PRIVATE, &c->transfer) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "") == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_USERAGENT, "tarn/" TARN_VERSION) == CURLE_OK;
    if (ok && file != NULL && *file != '\0')
        ok = curl_easy_setopt(e, CURLOPT_CAINFO, file) == CURLE_OK;
    if (ok && dir != NULL && *dir != '\0')
        ok = curl_easy_setopt(e, CURLOPT_CAPATH, dir) == CURLE_OK;
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, c->error);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, c);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, c);
    curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_turn);
    curl_easy_setopt(e, CURLOPT_PREREQDATA, c);
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 32768L);
    curl_easy_setopt(e, CURLOPT_SHARE, c->http->share);
    return ok;
}

static void destroy(struct http_call *c) {
    curl_easy_cleanup(c->easy);
    buf_wipe(&c->text);
    free(c->nodes);
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
    c->transfer.done = finished;
    c->quiet = (struct timer){.fire = quiet_too_long, .ud = c};
    c->easy = curl_easy_init();
    if (c->easy == NULL || !set_up(c)) {
        destroy(c);
        return NULL;
    }
    return c;
}

/* Forget all of one request; the handle, its connection and the small buffers stay. */
static void put_back(struct http_call *c) {
    struct http *h = c->http;
    (c->secret_body ? buf_wipe : buf_free)(&c->body);
    (c->secret_body ? buf_wipe : buf_free)(&c->r.body);
    if (c->text.bytes != NULL)
        explicit_bzero(c->text.bytes, c->text.room);
    c->text.size = 0;
    c->r.headers.size = 0;
    if (h->spares == SPARES) {
        buf_free(&c->r.headers);
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

/* ---- from a request to options ---- */

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

/* Add a header to the list. libcurl only reads it, so that the nodes are one array. */
static void add_node(struct http_call *c, size_t *n, char *line) {
    c->nodes[*n] = (struct curl_slist){.data = line};
    if (*n > 0)
        c->nodes[*n - 1].next = &c->nodes[*n];
    ++*n;
}

static char *keep(struct http_call *c, const char *text) {
    char *at = c->text.bytes + c->text.size;
    memcpy(at, text, strlen(text) + 1);
    c->text.size += strlen(text) + 1;
    return at;
}

/* Copy method, URL and headers into one block, which must not move while they are added. */
static bool copy_texts(struct http_call *c, const struct http_request *r,
                       const struct header_plan *p) {
    static char no_expect[] = "Expect:", no_type[] = "Content-Type:";
    size_t need = length(r->method) + length(r->url) + p->bytes, n = 0;
    if (p->count + 2 > c->nodes_room) {
        struct curl_slist *nodes = realloc(c->nodes, (p->count + 2) * sizeof *nodes);
        if (nodes == NULL)
            return false;
        c->nodes = nodes;
        c->nodes_room = p->count + 2;
    }
    c->text.size = 0;
    if (!buf_grow(&c->text, need))
        return false;
    c->method = keep(c, r->method);
    c->url = keep(c, r->url);
    c->secret = NULL;
    for (const char *const *h = r->headers; h != NULL && *h != NULL; h++)
        add_node(c, &n, keep(c, *h));
    if (r->secret_header != NULL) {
        c->secret = keep(c, r->secret_header);
        add_node(c, &n, c->text.bytes + (c->secret - c->text.bytes));
    }
    for (const char *const *h = r->more_secrets; h != NULL && *h != NULL; h++)
        add_node(c, &n, keep(c, *h));
    if (r->basic_auth != NULL) {
        char *at = c->text.bytes + c->text.size;
        if (!add_basic(&c->text, r->basic_auth))
            return false;
        add_node(c, &n, at);
    }
    if (r->body_size > 0) {
        add_node(c, &n, no_expect); /* waiting for a 100 costs a round trip */
        if (!p->typed)
            add_node(c, &n, no_type); /* libcurl would call it a form */
    }
    return curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, n > 0 ? c->nodes : NULL) ==
           CURLE_OK;
}

static bool set_method(struct http_call *c, const struct http_request *r) {
    CURL *e = c->easy;
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
            if (!buf_add(&c->body, r->body, r->body_size))
                return false;
            body = c->body.bytes;
        }
        curl_easy_setopt(e, CURLOPT_POST, 1L);
        curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_size);
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, r->body_size > 0 ? body : "");
    }
    bool plain = head || (get && !bodied) || post;
    return curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, plain ? NULL : c->method) ==
           CURLE_OK;
}

static int or_else(int value, int otherwise) {
    return value > 0 ? value : otherwise;
}

static bool configure(struct http_call *c, const struct http_request *r,
                      const struct url_parts *a, const struct header_plan *p) {
    CURL *e = c->easy;
    c->secret_body = r->secret_body;
    c->secret_url = r->secret_url;
    c->idempotent =
        r->idempotent || strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0;
    c->connect_ms = or_else(r->connect_ms, 10000);
    c->quiet_ms = or_else(r->first_byte_ms, 60000);
    c->total_ms = or_else(r->total_ms, 300000);
    c->max_body = r->max_body > 0 ? r->max_body : (size_t)256 << 20;
    struct buf headers = c->r.headers; /* its memory is used again */
    c->r = (struct http_response){.headers = headers};
    c->error[0] = '\0';
    c->up = 0;
    c->before = 0;
    c->connected = c->cut = c->no_memory = false;
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)c->connect_ms);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)c->total_ms);
    curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, r->insecure ? 0L : 1L);
    curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, r->insecure ? 0L : 2L);
    /* a first connection that turns out to speak HTTP/2 carries all; plain http never does */
    curl_easy_setopt(e, CURLOPT_PIPEWAIT, a->https ? 1L : 0L);
    return copy_texts(c, r, p) && set_method(c, r) &&
           curl_easy_setopt(e, CURLOPT_URL, c->url) == CURLE_OK &&
           /* a proxy cannot reach this machine's own servers */
           curl_easy_setopt(e, CURLOPT_NOPROXY, a->local ? "*" : NULL) == CURLE_OK;
}

/* ---- the end of a call ---- */

static void trace_view(const struct http_call *c, struct trace_call *t) {
    *t = (struct trace_call){.method = c->method,
                             .url = c->url,
                             .secret_body = c->secret_body,
                             .secret_url = c->secret_url};
    if (c->secret != NULL) {
        const char *last = strrchr(c->secret, ' ');
        t->echo = last != NULL ? last + 1 : c->secret;
    }
}

static void report(struct http_call *c, struct fault *f) {
    if (f != NULL) {
        f->status = c->r.status;
        f->retryable = !c->r.lasting;
        f->ambiguous = c->r.sent && !c->idempotent;
    }
    if (c->http->trace > 0) {
        struct trace_call t;
        long version = 0;
        trace_view(c, &t);
        curl_easy_getinfo(c->easy, CURLINFO_HTTP_VERSION, &version);
        trace_answer(c->http->trace, &t, &c->r, f, version);
    }
    unlink_call(c);
    c->done(c->ud, &c->r, f);
    put_back(c);
}

static void measure(struct http_call *c) {
    long status = 0;
    curl_off_t us = 0;
    curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(c->easy, CURLINFO_TOTAL_TIME_T, &us);
    c->r.status = (int)status;
    c->r.elapsed_ms = us / 1000;
    c->r.sent = c->cut || anything_written(c);
}

static void finished(struct transfer *t, CURLcode result) {
    struct http_call *c = (struct http_call *)t;
    struct fault f;
    measure(c);
    if (result != CURLE_OK) {
        struct cause cause = {
            .result = result,
            .url = c->url,
            .detail = c->error[0] != '\0' ? c->error : curl_easy_strerror(result),
            .connected = c->connected,
            .no_memory = c->no_memory,
            .status = c->r.status,
            .got = c->r.body.size,
            .max_body = c->max_body,
            .connect_ms = c->connect_ms,
            .total_ms = c->total_ms,
        };
        curl_easy_getinfo(c->easy, CURLINFO_OS_ERRNO, &cause.os_error);
        curl_easy_getinfo(c->easy, CURLINFO_HTTP_CONNECTCODE, &cause.proxy_status);
        c->r.lasting = cause_explain(&cause, &f);
    }
    report(c, result != CURLE_OK ? &f : NULL);
}

/* Nothing moved for a while, or only something small did: look again when it is due. */
static void quiet_too_long(void *ud) {
    struct http_call *c = ud;
    int64_t now = loop_now();
    curl_off_t up = 0;
    curl_easy_getinfo(c->easy, CURLINFO_SIZE_UPLOAD_T, &up);
    if (up > c->up || !c->connected) /* connecting has a limit of its own */
        c->last = now;
    c->up = up;
    if (now - c->last < c->quiet_ms &&
        loop_set_timer(c->http->loop, &c->quiet, c->last + c->quiet_ms))
        return;
    struct url_parts a = {.host = ""};
    struct fault f;
    url_read(c->url, &a);
    fault_set(&f, FAULT_TIMEOUT, "not a byte from %.*s for %.3g s", a.host_size, a.host,
              c->quiet_ms / 1000.0);
    measure(c);
    loop_remove_transfer(c->http->loop, c->easy);
    report(c, &f);
}

/* ---- public ---- */

struct http *http_new(struct loop *l) {
    struct http *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    h->loop = l;
    h->share = curl_share_init();
    if (h->share == NULL || curl_share_setopt(h->share, CURLSHOPT_SHARE,
                                              CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK) {
        curl_share_cleanup(h->share);
        free(h);
        return NULL;
    }
    return h;
}

void http_free(struct http *h) {
    if (h == NULL)
        return;
    for (int64_t left, due = loop_now() + GUESTS_MS;
         h->guests != NULL && (left = due - loop_now()) > 0;)
        loop_turn(h->loop, left);
    while (h->guests != NULL) {
        struct http_guest *g = h->guests;
        http_leave(g);
        g->end(g);
    }
    while (h->active != NULL) {
        struct http_call *c = h->active;
        h->active = c->next;
        http_cancel(c);
    }
    while (h->spare != NULL) {
        struct http_call *c = h->spare;
        h->spare = c->next;
        buf_free(&c->r.headers);
        destroy(c);
    }
    curl_share_cleanup(h->share);
    free(h);
}

static bool acceptable(const struct http_request *r, const struct url_parts *a,
                       const struct header_plan *p, struct fault *f) {
    if (!p->sound || *r->method == '\0' || strpbrk(r->method, " \r\n\t:") != NULL)
        return fault_set(f, FAULT_PARSE, "a header or the method is malformed");
    if (p->secrets && !a->https && !a->local) {
        fault_set(f, FAULT_AUTH, "credentials are not sent over plain http to %.*s",
                  a->host_size, a->host);
        return fault_hint(f, "use https://");
    }
    return true;
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
    struct header_plan p = plan_headers(r);
    if (!acceptable(r, &a, &p, f))
        return NULL;
    struct http_call *c = take_call(h);
    if (c == NULL || !configure(c, r, &a, &p)) {
        if (c != NULL)
            put_back(c);
        fault_set(f, FAULT_IO, "not enough memory for a request");
        return NULL;
    }
    c->done = done;
    c->ud = ud;
    c->last = loop_now();
    if ((c->quiet_ms < c->total_ms &&
         !loop_set_timer(h->loop, &c->quiet, c->last + c->quiet_ms)) ||
        !loop_add_transfer(h->loop, c->easy)) {
        loop_clear_timer(h->loop, &c->quiet);
        put_back(c);
        fault_set(f, FAULT_IO, "not enough memory for a request");
        return NULL;
    }
    c->next = h->active;
    c->link = &h->active;
    if (c->next != NULL)
        c->next->link = &c->next;
    h->active = c;
    if (h->trace > 0) {
        static const char *const none[] = {NULL};
        struct trace_call t;
        trace_view(c, &t);
        t.headers = r->headers != NULL ? r->headers : none;
        t.body = r->body;
        t.body_size = r->body_size;
        trace_request(h->trace, &t);
    }
    return c;
}

void http_cancel(struct http_call *c) {
    loop_remove_transfer(c->http->loop, c->easy);
    unlink_call(c);
    put_back(c);
}

bool http_header(const struct http_response *r, const char *name, char *value,
                 size_t room) {
    const char *at = r->headers.bytes, *end = at + r->headers.size;
    size_t n = strlen(name);
    bool found = false;
    value[0] = '\0';
    while (r->headers.size > 0 && at < end) {
        const char *nl = memchr(at, '\n', (size_t)(end - at));
        const char *stop = nl != NULL ? nl : end, *next = nl != NULL ? nl + 1 : end;
        if ((size_t)(stop - at) > n && at[n] == ':' && strncasecmp(at, name, n) == 0) {
            at += n + 1;
            while (at < stop && isspace((unsigned char)*at))
                at++;
            while (stop > at && isspace((unsigned char)stop[-1]))
                stop--;
            snprintf(value, room, "%.*s", (int)(stop - at), at);
            found = true;
        }
        at = next;
    }
    return found;
}

void http_host(struct http *h, struct http_guest *g) {
    g->next = h->guests;
    g->link = &h->guests;
    if (g->next != NULL)
        g->next->link = &g->next;
    h->guests = g;
}

void http_leave(struct http_guest *g) {
    if (g->link == NULL)
        return;
    *g->link = g->next;
    if (g->next != NULL)
        g->next->link = g->link;
    g->link = NULL;
}

void http_trace(struct http *h, int level) {
    h->trace = level;
}
