#include "net/trace.h"

#include "base/mask.h"
#include "base/text.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#define SHOWN 4096 /* bytes of a body */

/* Write all lines at once, so that the lines of two programs do not mix. A trace that
 * cannot be written is no failure. */
static void show(struct buf *b, bool complete) {
    if (complete)
        fwrite(b->bytes, 1, b->size, stderr);
    buf_wipe(b);
}

static bool add_url(struct buf *b, const struct trace_call *c) {
    size_t from = b->size;
    bool ok =
        c->secret_url ? mask_link(b, c->url, strlen(c->url)) : mask_url(b, c->url, false);
    secretset_blank_buf(c->known, b, from);
    return ok;
}

static bool add_body(struct buf *b, char mark, const struct trace_call *c,
                     const void *bytes, size_t size) {
    if (size == 0)
        return true;
    if (c->secret_body)
        return buf_fmt(b, "%c   *** (%zu bytes)\n", mark, size);
    return buf_fmt(b, "%c   ", mark) && mask_body(b, bytes, size, SHOWN, c->known) &&
           buf_str(b, "\n");
}

static bool add_headers(struct buf *b, const struct trace_call *c, const char *lines,
                        size_t size) {
    if (size == 0)
        return true;
    const char *end = lines + size;
    while (lines < end) {
        const char *nl = memchr(lines, '\n', (size_t)(end - lines));
        const char *stop = nl != NULL ? nl : end;
        size_t n = (size_t)(stop - lines);
        if (n > 0 && lines[n - 1] == '\r')
            n--;
        if (n > 0 &&
            !(buf_str(b, "<   ") && mask_header(b, lines, n, c->secret_url, c->known) &&
              buf_str(b, "\n")))
            return false;
        lines = nl != NULL ? nl + 1 : end;
    }
    return true;
}

void trace_request(int level, const struct trace_call *c) {
    struct buf b = {0};
    bool ok = buf_fmt(&b, "> %s ", c->method) && add_url(&b, c) && buf_str(&b, "\n");
    if (level > 1) {
        for (const char *const *h = c->headers; ok && *h != NULL; h++)
            ok = buf_str(&b, ">   ") &&
                 mask_header(&b, *h, strlen(*h), c->secret_url, c->known) &&
                 buf_str(&b, "\n");
        if (c->authorized)
            ok = ok && buf_str(&b, ">   Authorization: ***\n");
        ok = ok && add_body(&b, '>', c, c->body, c->body_size);
    }
    show(&b, ok);
}

static const char *version_name(long version) {
    switch (version) {
    case CURL_HTTP_VERSION_1_0:
        return "HTTP/1.0";
    case CURL_HTTP_VERSION_2_0:
        return "HTTP/2";
    case CURL_HTTP_VERSION_3:
        return "HTTP/3";
    default:
        return "HTTP/1.1";
    }
}

void trace_answer(int level, const struct trace_call *c, const struct http_response *r,
                  const struct fault *f, long http_version) {
    struct buf b = {0};
    bool ok;
    if (r->status > 0)
        ok = buf_fmt(&b, "< %d %s ", r->status, c->method);
    else
        ok = buf_fmt(&b, "< failed %s ", c->method);
    ok = ok && add_url(&b, c);
    if (r->status > 0)
        ok = ok && buf_fmt(&b, ", %zu bytes, %lld ms, %s", r->body.size,
                           (long long)r->elapsed_ms, version_name(http_version));
    if (f != NULL)
        ok = ok && buf_str(&b, ": ") &&
             text_clean(&b, f->message, strlen(f->message), false);
    ok = ok && buf_str(&b, "\n");
    if (level > 1)
        ok = ok && add_headers(&b, c, r->headers.bytes, r->headers.size) &&
             add_body(&b, '<', c, r->body.bytes, r->body.size);
    show(&b, ok);
}
