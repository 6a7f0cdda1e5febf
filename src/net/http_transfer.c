#include "net/http_transfer.h"

#include "base/retry.h"
#include "net/address.h"
#include "net/curlerror.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADERS_AT_MOST ((size_t)256 << 10)

/* ---- what libcurl calls ---- */

/* Make room in a buffer of secrets. realloc would leave a copy behind. */
static bool grow_secret(struct buf *b, size_t more) {
    if (b->size + more < b->room)
        return true;
    struct buf bigger = {.budget = b->budget};
    if (!buf_grow(&bigger, (b->size + more) * 2) || !buf_add(&bigger, b->bytes, b->size))
        return false;
    buf_wipe(b);
    *b = bigger;
    return true;
}

static size_t on_body(char *bytes, size_t one, size_t size, void *ud) {
    struct http_transfer *t = ud;
    (void)one; /* is 1 */
    t->last = loop_now();
    if (size > t->max_body - t->r.body.size)
        return 0;
    if (t->r.body.bytes == NULL) {
        curl_off_t length = -1;
        curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        if (length > (curl_off_t)size && (size_t)length <= t->max_body &&
            !t->request.secret_body)
            buf_grow(&t->r.body, (size_t)length); /* otherwise it grows piece by piece */
    }
    if ((t->request.secret_body && !grow_secret(&t->r.body, size)) ||
        !buf_add(&t->r.body, bytes, size)) {
        t->no_memory = true;
        return 0;
    }
    return size;
}

static size_t on_header(char *line, size_t one, size_t size, void *ud) {
    struct http_transfer *t = ud;
    (void)one;
    t->last = loop_now();
    if (size >= 5 && strncmp(line, "HTTP/", 5) == 0) {
        t->r.headers.size = 0; /* the answer before was a 1xx */
        return size;
    }
    if (size <= 2)
        return size;
    if (size > HEADERS_AT_MOST - t->r.headers.size) {
        t->headers_full = true;
        return 0;
    }
    if (!buf_add(&t->r.headers, line, size)) {
        t->no_memory = true;
        return 0;
    }
    return size;
}

static bool anything_written(const struct http_transfer *t) {
    long bytes = 0;
    curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &bytes);
    return t->connected && bytes > t->before;
}

/* CURLOPT_PREREQFUNCTION: the connection stands, and the request is sent next. When a
 * kept connection dies without an answer, libcurl comes here again to send the request
 * over a new one. The server may have acted upon it by then, so only an idempotent
 * request may be sent again. */
static int on_turn(void *ud, char *ip, char *local_ip, int port, int local_port) {
    struct http_transfer *t = ud;
    (void)ip, (void)local_ip, (void)port, (void)local_port;
    if (anything_written(t) && !t->idempotent) {
        t->cut = true;
        return CURL_PREREQFUNC_ABORT;
    }
    t->connected = true;
    t->last = loop_now();
    curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &t->before);
    return CURL_PREREQFUNC_OK;
}

/* CURLOPT_OPENSOCKETFUNCTION: here the address is known. */
static curl_socket_t on_socket(void *ud, curlsocktype purpose, struct curl_sockaddr *a) {
    struct http_transfer *t = ud;
    (void)purpose;
    if (t->public_only && !address_is_public(&a->addr)) {
        t->kept_in = true;
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* ---- settings ---- */

/* Set the options that are the same for all requests. */
static bool set_up(struct http_transfer *t, CURLSH *share) {
    CURL *e = t->easy;
    /* the curl program reads these variables, but libcurl does not */
    const char *file = getenv("CURL_CA_BUNDLE"), *dir = getenv("SSL_CERT_DIR");
    if (file == NULL || *file == '\0')
        file = getenv("SSL_CERT_FILE");
    bool ok = curl_easy_setopt(e, CURLOPT_PRIVATE, &t->base) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "") == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_USERAGENT, "tarn/" TARN_VERSION) == CURLE_OK;
    if (ok && file != NULL && *file != '\0')
        ok = curl_easy_setopt(e, CURLOPT_CAINFO, file) == CURLE_OK;
    if (ok && dir != NULL && *dir != '\0')
        ok = curl_easy_setopt(e, CURLOPT_CAPATH, dir) == CURLE_OK;
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_turn);
    curl_easy_setopt(e, CURLOPT_PREREQDATA, t);
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 32768L);
    curl_easy_setopt(e, CURLOPT_SHARE, share);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t);
    return ok;
}

static int or_else(int value, int otherwise) {
    return value > 0 ? value : otherwise;
}

static void configure(struct http_transfer *t, const struct http_request *r, bool https) {
    CURL *e = t->easy;
    t->idempotent = r->idempotent || retry_safe(r->method);
    t->connect_ms = or_else(r->connect_ms, 10000);
    t->quiet_ms = or_else(r->first_byte_ms, 60000);
    t->total_ms = or_else(r->total_ms, 300000);
    t->max_body = r->max_body > 0 ? r->max_body : (size_t)256 << 20;
    struct buf headers = t->r.headers; /* its memory is used again */
    t->r = (struct http_response){.headers = headers, .body.budget = t->memory};
    t->error[0] = '\0';
    t->up = 0;
    t->before = 0;
    t->connected = t->cut = t->no_memory = t->kept_in = t->headers_full = false;
    t->public_only = r->public_only;
    /* This setting of TLS means the same as the default, but libcurl takes it for another
     * one. So it uses no kept connection to an address that was not looked at. */
    curl_easy_setopt(e, CURLOPT_SSLVERSION,
                     r->public_only ? (long)CURL_SSLVERSION_TLSv1_2 |
                                          (long)CURL_SSLVERSION_MAX_TLSv1_3
                                    : (long)CURL_SSLVERSION_DEFAULT);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)t->connect_ms);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)t->total_ms);
    curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, r->insecure ? 0L : 1L);
    curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, r->insecure ? 0L : 2L);
    /* If the first connection turns out to speak HTTP/2, it carries all requests. Over
     * plain http it never does. */
    curl_easy_setopt(e, CURLOPT_PIPEWAIT, https ? 1L : 0L);
}

static void explain_kept_in(struct http_transfer *t, struct fault *f) {
    fault_set(f, FAULT_NETWORK, "the host is at an address that is not in the open");
    fault_hint(f, "this connection is kept to public addresses");
    fault_code(f, "PRIVATE_HOST");
    t->r.lasting = true;
}

/* ---- public ---- */

bool http_transfer_open(struct http_transfer *t, CURLSH *share) {
    t->request.body.budget = t->memory;
    t->easy = curl_easy_init();
    return t->easy != NULL && set_up(t, share);
}

bool http_transfer_set(struct http_transfer *t, const struct http_request *r,
                       const struct url_parts *u, struct fault *f) {
    if (!curlrequest_set(&t->request, t->easy, r, u, f))
        return false;
    configure(t, r, u->https);
    return true;
}

int64_t http_transfer_last(struct http_transfer *t, int64_t now) {
    curl_off_t up = 0;
    curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &up);
    if (up > t->up || !t->connected) /* connecting has a limit of its own */
        t->last = now;
    t->up = up;
    return t->last;
}

void http_transfer_measure(struct http_transfer *t) {
    long status = 0;
    curl_off_t us = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &us);
    t->r.status = (int)status;
    t->r.elapsed_ms = us / 1000;
    t->r.sent = t->cut || anything_written(t);
}

void http_transfer_explain(struct http_transfer *t, CURLcode result, struct fault *f) {
    struct curlerror e = {
        .result = result,
        .url = t->request.url,
        .route = &t->request.route,
        .detail = t->error[0] != '\0' ? t->error : curl_easy_strerror(result),
        .connected = t->connected,
        .no_memory = t->no_memory,
        .status = t->r.status,
        .got = t->r.body.size,
        .max_body = t->max_body,
        .headers_full = t->headers_full,
        .connect_ms = t->connect_ms,
        .total_ms = t->total_ms,
    };
    curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &e.os_error);
    curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &e.proxy_status);
    t->r.lasting = curlerror_explain(&e, f);
    if (t->kept_in && !t->connected)
        explain_kept_in(t, f);
}

void http_transfer_wipe(struct http_transfer *t) {
    if (t->request.secret_body)
        buf_wipe(&t->r.body);
    else
        buf_free(&t->r.body);
    curlrequest_wipe(&t->request);
    t->r.headers.size = 0;
}

void http_transfer_free(struct http_transfer *t) {
    curl_easy_cleanup(t->easy);
    curlrequest_free(&t->request);
    buf_free(&t->r.headers);
}
