/* http.h -- one HTTP request and its answer, over libcurl, inside the loop.
 *
 * Knows nothing of Databricks: no retries, no credentials, no meaning of a status. Never
 * follows a redirect. The client keeps connections alive and speaks HTTP/2 where offered. */

#ifndef TARN_HTTP_H
#define TARN_HTTP_H

#include "base/buf.h"
#include "base/fault.h"
#include "net/loop.h"

#include <stdint.h>

struct http; /* the client: pooled connections and easy handles */
struct http_call;

struct http_request {
    const char *method;         /* "GET"; copied */
    const char *url;            /* http:// or https://; copied */
    const char *const *headers; /* "Name: value", NULL-terminated, may be NULL; copied */
    const char *
        secret_header; /* one more that no trace shows, or NULL; copied, wiped after use */
    const char *basic_auth; /* "user:password" for HTTP Basic, or NULL; likewise */
    const void *body;       /* copied */
    size_t body_size;
    bool secret_body;  /* body and answer hold secrets: never traced, wiped after use */
    int connect_ms;    /* 0: 10 s */
    int first_byte_ms; /* 0: 60 s without a byte of the answer */
    int total_ms;      /* 0: 300 s in all */
    size_t max_body;   /* of the answer, decompressed; 0: 256 MiB */
};

struct http_response {
    int status;
    struct buf headers; /* raw lines of the final answer, "Name: value\r\n" */
    struct buf body;
    bool sent; /* on failure: the request may have reached the server */
    int64_t elapsed_ms;
};

/* Called once, from loop_turn, never from http_start. `r` is NULL only if `f` is not; with a
 * fault `r` holds what had arrived. Both belong to the client and are gone afterwards, unless
 * the callee takes r->body over by copying the struct and zeroing it. */
typedef void http_done(void *ud, struct http_response *r, const struct fault *f);

struct http *http_new(struct loop *l);
void http_free(struct http *h); /* cancels what is in flight, without calling back */

/* Start; NULL with `*f` filled when it cannot even begin (memory, a malformed URL). */
struct http_call *http_start(struct http *h, const struct http_request *r,
                             http_done *done, void *ud, struct fault *f);

/* Forget a call that has not called back yet. It will not. */
void http_cancel(struct http_call *c);

/* The value of a header in r->headers, trimmed, into `value`; false if it is not there.
 * Case-insensitive; the last one wins. */
bool http_header(const struct http_response *r, const char *name, char *value,
                 size_t room);

/* Trace on stderr: 0 nothing, 1 a line for each request and answer, 2 bodies too. Secrets are
 * masked: Authorization, secret_header, secret bodies, fields named as secrets in JSON. */
void http_trace(struct http *h, int level);

#endif
