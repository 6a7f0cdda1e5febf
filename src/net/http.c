#include "net/http.h"

#include "base/url.h"
#include "net/address.h"
#include "net/curlerror.h"
#include "net/curlrequest.h"
#include "net/record.h"
#include "net/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    bool read_only;
    FILE *record; /* NULL: none */
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
    struct curlrequest out;
    const void *sent_body; /* while it is under way, for the record */
    size_t sent_body_size;
    bool secret_url, idempotent, public_only;
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
    bool kept_in; /* an address was refused that is not in the open */
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
        if (length > (curl_off_t)size && (size_t)length <= c->max_body &&
            !c->out.secret_body)
            buf_grow(&c->r.body, (size_t)length); /* else it grows as it comes */
    }
    if ((c->out.secret_body && !grow_secret(&c->r.body, size)) ||
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

/* CURLOPT_OPENSOCKETFUNCTION: here the address is known that will be connected to. */
static curl_socket_t on_socket(void *ud, curlsocktype purpose, struct curl_sockaddr *a) {
    struct http_call *c = ud;
    (void)purpose;
    if (c->public_only && !address_is_public(&a->addr)) {
        c->kept_in = true;
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
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
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, c);
    return ok;
}

static void destroy(struct http_call *c) {
    curl_easy_cleanup(c->easy);
    curlrequest_free(&c->out);
    buf_free(&c->r.headers);
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
    if (c->out.secret_body)
        buf_wipe(&c->r.body);
    else
        buf_free(&c->r.body);
    curlrequest_wipe(&c->out);
    c->r.headers.size = 0;
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

/* ---- the beginning of a call ---- */

static int or_else(int value, int otherwise) {
    return value > 0 ? value : otherwise;
}

static void configure(struct http_call *c, const struct http_request *r, bool https) {
    CURL *e = c->easy;
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
    c->connected = c->cut = c->no_memory = c->kept_in = false;
    c->public_only = r->public_only;
    curl_easy_setopt(e, CURLOPT_NOPROXY, r->public_only ? "*" : NULL);
    /* Another setting of TLS, though it means the same: so that no connection is taken that
     * was made for others, to an address that was not looked at. */
    curl_easy_setopt(e, CURLOPT_SSLVERSION,
                     r->public_only ? (long)CURL_SSLVERSION_TLSv1_2 |
                                          (long)CURL_SSLVERSION_MAX_TLSv1_3
                                    : (long)CURL_SSLVERSION_DEFAULT);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)c->connect_ms);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)c->total_ms);
    curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, r->insecure ? 0L : 1L);
    curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, r->insecure ? 0L : 2L);
    /* a first connection that turns out to speak HTTP/2 carries all; plain http never does */
    curl_easy_setopt(e, CURLOPT_PIPEWAIT, https ? 1L : 0L);
}

/* ---- the end of a call ---- */

void http_record(struct http *h, FILE *out) {
    if (h->record != NULL)
        fclose(h->record);
    h->record = out;
}

static void trace_view(const struct http_call *c, struct trace_call *t) {
    *t = (struct trace_call){.method = c->out.method,
                             .url = c->out.url,
                             .secret_body = c->out.secret_body,
                             .secret_url = c->secret_url};
    if (c->out.secret != NULL) {
        const char *last = strrchr(c->out.secret, ' ');
        t->echo = last != NULL ? last + 1 : c->out.secret;
    }
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
        f->status = c->r.status;
        f->retryable = !c->r.lasting;
        f->ambiguous = c->r.sent && !c->idempotent;
    }
    if (c->http->trace > 0) {
        struct trace_call t;
        long version = 0;
        trace_view(c, &t);
        curl_easy_getinfo(c->easy, CURLINFO_HTTP_VERSION, &version);
        loop_about_to_print(c->http->loop);
        trace_answer(c->http->trace, &t, &c->r, f, version);
    }
    if (c->http->record != NULL) {
        struct trace_call t;
        trace_view(c, &t);
        t.body = c->sent_body;
        t.body_size = c->sent_body_size;
        if (!record_exchange(c->http->record, &t, &c->r))
            http_record(c->http, NULL); /* a full disk: half a record is worth nothing */
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

static void explain_kept_in(struct http_call *c, struct fault *f) {
    fault_set(f, FAULT_NETWORK, "the host is at an address that is not in the open");
    fault_hint(f, "this connection is kept to public addresses");
    snprintf(f->code, sizeof f->code, "PRIVATE_HOST");
    c->r.lasting = true;
}

static void finished(struct transfer *t, CURLcode result) {
    struct http_call *c = (struct http_call *)t;
    struct fault f;
    measure(c);
    if (result != CURLE_OK) {
        struct curlerror e = {
            .result = result,
            .url = c->out.url,
            .detail = c->error[0] != '\0' ? c->error : curl_easy_strerror(result),
            .connected = c->connected,
            .no_memory = c->no_memory,
            .status = c->r.status,
            .got = c->r.body.size,
            .max_body = c->max_body,
            .connect_ms = c->connect_ms,
            .total_ms = c->total_ms,
        };
        curl_easy_getinfo(c->easy, CURLINFO_OS_ERRNO, &e.os_error);
        curl_easy_getinfo(c->easy, CURLINFO_HTTP_CONNECTCODE, &e.proxy_status);
        c->r.lasting = curlerror_explain(&e, &f);
        if (c->kept_in && !c->connected)
            explain_kept_in(c, &f);
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
    url_read(c->out.url, &a);
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
        destroy(c);
    }
    curl_share_cleanup(h->share);
    http_record(h, NULL);
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
        fault_set(f, FAULT_IO, "not enough memory for a request");
        return NULL;
    }
    if (!curlrequest_set(&c->out, c->easy, r, &a, f)) {
        put_back(c);
        return NULL;
    }
    configure(c, r, a.https);
    c->done = done;
    c->ud = ud;
    c->sent_body = r->keeps_body ? r->body : c->out.body.bytes;
    c->sent_body_size = r->body_size;
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
    if (h->trace > 0)
        trace_start(c, r);
    return c;
}

void http_cancel(struct http_call *c) {
    loop_remove_transfer(c->http->loop, c->easy);
    unlink_call(c);
    put_back(c);
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

void http_set_read_only(struct http *h) {
    h->read_only = true;
}

bool http_is_read_only(const struct http *h) {
    return h->read_only;
}
