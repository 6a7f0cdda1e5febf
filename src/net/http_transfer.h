/* http_transfer.h -- one request and its answer as libcurl carries them: an easy handle, its
 * settings, and what libcurl calls while it works. For http.c alone. */

#ifndef TARN_HTTP_TRANSFER_H
#define TARN_HTTP_TRANSFER_H

#include "net/curlrequest.h"
#include "net/http.h"

/* All zero but `memory` owns nothing, and is what http_transfer_open takes. */
struct http_transfer {
    struct transfer base;  /* first, since the loop gives a pointer to it */
    struct budget *memory; /* for bodies; NULL: none */
    CURL *easy;
    char error[CURL_ERROR_SIZE];

    struct curlrequest request;
    bool idempotent, public_only;
    int quiet_ms, connect_ms, total_ms;
    size_t max_body;

    /* the answer, as far as it has come */
    struct http_response r;
    int64_t last;   /* when a byte last moved */
    curl_off_t up;  /* bytes of the request's body sent by then */
    long before;    /* bytes written before the request: a CONNECT to a proxy */
    bool connected; /* the request was to be sent next */
    bool cut;       /* a second try over a new connection was not allowed */
    bool no_memory;
    bool headers_full; /* there were more of them than we keep */
    bool kept_in;      /* an address was refused that is not in the open */
};

/* Make the handle. False when memory runs out; http_transfer_free all the same. */
bool http_transfer_open(struct http_transfer *t, CURLSH *share);

/* Set the request `r`, whose URL is `u`. False with `*f` filled if it cannot be sent,
 * or when memory runs out. */
bool http_transfer_set(struct http_transfer *t, const struct http_request *r,
                       const struct url_parts *u, struct fault *f);

/* The time, as loop_now counts, when a byte last moved. Until the connection stands, and
 * if bytes of the request's body have been sent since the last call, that is `now`. */
int64_t http_transfer_last(struct http_transfer *t, int64_t now);

/* Fill in the response's status and time, and whether anything was sent. */
void http_transfer_measure(struct http_transfer *t);

/* Fill `*f`: why a transfer that ended with `result` failed. */
void http_transfer_explain(struct http_transfer *t, CURLcode result, struct fault *f);

/* Forget the request and its answer. The handle, its connection and the small buffers stay. */
void http_transfer_wipe(struct http_transfer *t);

void http_transfer_free(struct http_transfer *t);

#endif
