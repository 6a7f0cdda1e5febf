/* http.h -- one HTTP request and its answer, over libcurl, inside the loop.
 *
 * Knows nothing of Databricks: no retries, no credentials, no meaning of a status. Never
 * follows a redirect. The client keeps connections alive and speaks HTTP/2 where offered. */

#ifndef TARN_HTTP_H
#define TARN_HTTP_H

#include "base/fault.h"
#include "net/loop.h"
#include "net/response.h"

#include <stdint.h>
#include <stdio.h>

struct http; /* the client: pooled connections and easy handles */
struct http_call;

/* Zero is a good value for all but the first two. Times are in milliseconds. */
struct http_request {
    const char *method;         /* copied, as all the rest */
    const char *url;            /* http:// or https:// */
    const char *const *headers; /* "Name: value", or "Name;" for an empty one;
                                   NULL-terminated, may be NULL */

    /* Secrets, which no trace shows, and which are wiped after use: a header, further ones
     * (NULL-terminated), and "user:password" for HTTP Basic. Each may be NULL. They are
     * refused over plain http, but to this machine. */
    const char *secret_header;
    const char *const *more_secrets;
    const char *basic_auth;

    const void *body;
    size_t body_size;
    bool
        keeps_body; /* do not copy the body: it stays where it is until the call has ended */
    bool secret_body; /* body and answer hold secrets: never traced, wiped after use */
    bool secret_url;  /* a link that is itself a secret: only its host is ever shown */

    /* It may be sent again over a new connection when a kept one turns out to be dead: as
     * libcurl does unasked. GET and HEAD always. */
    bool idempotent;
    bool insecure; /* do not verify the server's certificate */

    /* Only to addresses in the open, whatever a name resolves to at that moment; past any
     * proxy, which would resolve it for itself. */
    bool public_only;

    int connect_ms;    /* 0: 10 s */
    int first_byte_ms; /* 0: 60 s without a byte either way */
    int total_ms;      /* 0: 300 s in all */
    size_t max_body;   /* of the answer, decompressed; 0: 256 MiB */
};

/* Called once, from loop_turn, never from http_start. `f` is NULL if a whole answer
 * came; with a fault `r` holds what had arrived. `r` is never NULL. Both belong to the client and are gone afterwards, unless
 * the callee takes r->body over by copying the struct and zeroing it. */
typedef void http_done(void *ud, struct http_response *r, const struct fault *f);

struct http *http_new(struct loop *l);

/* Gives those that linger (below) 3 seconds, then cancels what is in flight, without calling back. */
void http_free(struct http *h);

/* Start; NULL with `*f` filled when it cannot even begin (memory, a malformed URL). */
struct http_call *http_start(struct http *h, const struct http_request *r,
                             http_done *done, void *ud, struct fault *f);

/* Forget a call that has not called back yet. It will not. */
void http_cancel(struct http_call *c);

/* For an owner of calls that lives on until they have been sent, although nobody holds the owner
 * any more. http_free waits for it, and calls `end` when it does not wait any longer: cancel the
 * calls, and free the owner. Memory of the owner. */
struct http_linger {
    void (*end)(struct http_linger *g);
    struct http_linger *next, **link; /* the client's */
};
void http_linger_add(struct http *h, struct http_linger *l);
void http_linger_remove(struct http_linger *l); /* harmless if not added */

/* The client knows the secrets that it has sent, and those of the proxies that the environment
 * names. `http_learn` tells it one more; `http_blank` blanks all of them, and what looks like a
 * token, in the texts of a fault, or in a text, which gets no longer. Traces and records are without them. */
void http_learn(struct http *h, const char *secret);
void http_blank(const struct http *h, struct fault *f);
void http_blank_text(const struct http *h, struct buf *text); /* `h` may be NULL */

/* For those who make requests: whether they are to make only requests that read. The client
 * itself sends what it is told: a login is a POST too. Once set it stays set. */
void http_set_read_only(struct http *h);
bool http_is_read_only(const struct http *h);

/* Write each request and its answer to this file too (net/record.h), which the client takes
 * over; NULL: no longer. */
void http_record(struct http *h, FILE *out);

/* Trace on stderr: 0 nothing, 1 a line for each request and answer, 2 bodies too. Secrets are
 * masked: Authorization, secret_header, secret bodies, fields named as secrets in JSON. */
void http_trace(struct http *h, int level);

#endif
