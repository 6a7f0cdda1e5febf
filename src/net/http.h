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

/* All fields but the first two may be zero. Times are in milliseconds. */
struct http_request {
    const char *method;         /* copied, like all other fields */
    const char *url;            /* http:// or https:// */
    const char *const *headers; /* "Name: value", or "Name;" for an empty one;
                                   NULL-terminated, may be NULL */

    /* Secrets: no trace shows them, and they are wiped after use. A header, further
     * headers (NULL-terminated), and "user:password" for HTTP Basic; each may be NULL.
     * Over plain http they are only sent to this machine. */
    const char *secret_header;
    const char *const *more_secrets;
    const char *basic_auth;

    const void *body;
    size_t body_size;
    bool keeps_body;  /* the body is not copied, and must stay until the call has ended */
    bool secret_body; /* body and answer hold secrets: never traced, wiped after use */
    bool secret_url;  /* a link that is itself a secret: only its host is ever shown */

    /* The request may be sent again over a new connection when a kept one turns out to be
     * dead. libcurl does so unasked. GET and HEAD always may be. */
    bool idempotent;
    bool insecure; /* do not verify the server's certificate */

    /* Send only to a public address, whatever the name resolves to at that moment. No
     * proxy is used, since it would resolve the name itself. */
    bool public_only;

    int connect_ms;    /* 0: 10 s */
    int first_byte_ms; /* 0: 60 s without a byte either way */
    int total_ms;      /* 0: 300 s in all */
    size_t max_body;   /* of the answer, decompressed; 0: 256 MiB */
};

/* Called once, from loop_turn, never from http_start. `f` is NULL if a whole answer
 * came; otherwise `r`, which is never NULL, holds what had arrived. Both belong to
 * the client and are gone afterwards. The callee may take r->body over by copying
 * the struct and zeroing it. */
typedef void http_done(void *ud, struct http_response *r, const struct fault *f);

struct http *http_new(struct loop *l);

/* Wait up to 3 seconds for those that linger (below), and then cancel what is in
 * flight, without calling back. */
void http_free(struct http *h);

/* Start a call. NULL with `*f` filled if it cannot begin (memory, a malformed URL). */
struct http_call *http_start(struct http *h, const struct http_request *r,
                             http_done *done, void *ud, struct fault *f);

/* Forget a call that has not called back yet. It will not call back. */
void http_cancel(struct http_call *c);

/* For an object that owns calls, and that lives until they are sent even if nobody else
 * holds it. http_free waits for it. When it does not wait any longer it calls `end`,
 * which cancels the calls and frees the object. Memory of that object. */
struct http_linger {
    void (*end)(struct http_linger *g);
    struct http_linger *next, **link; /* the client's */
};
void http_linger_add(struct http *h, struct http_linger *l);
void http_linger_remove(struct http_linger *l); /* harmless if not added */

/* The client knows the secrets that it has sent, and those of the proxies in the
 * environment. http_learn adds one. http_blank blanks all of them, and what looks like a
 * token, in the texts of a fault, and http_blank_text in a text, which does not get
 * longer. Traces and records hold no secrets. */
void http_learn(struct http *h, const char *secret);
void http_blank(const struct http *h, struct fault *f);
void http_blank_text(const struct http *h, struct buf *text); /* `h` may be NULL */

/* A note for the code that makes requests: it is to make none but those that
 * read. The client itself sends whatever it is told, since a login is a POST
 * too. Once set it stays set. */
void http_set_read_only(struct http *h);
bool http_is_read_only(const struct http *h);

/* Count the bodies of requests and answers in this budget. It must outlive the client, and
 * whoever takes a body over. */
void http_set_memory(struct http *h, struct budget *memory);
struct budget *http_memory(const struct http *h);

/* Also write each request and its answer to this file (net/record.h), which the client
 * takes over. NULL: stop writing. */
void http_record(struct http *h, FILE *out);

/* Trace on stderr. Level 0 shows nothing, 1 a line for each request and answer, 2 bodies
 * too. Secrets are masked: Authorization, secret_header, secret bodies, and fields in
 * JSON whose names say that they are secret. */
void http_trace(struct http *h, int level);

#endif
