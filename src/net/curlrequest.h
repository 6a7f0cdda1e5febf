/* curlrequest.h -- a request as libcurl takes it: texts in one block that can be wiped, headers,
 * method and body set on an easy handle. */

#ifndef TARN_OUTGOING_H
#define TARN_OUTGOING_H

#include "base/url.h"
#include "net/http.h"

/* All zero owns nothing. Its memory is kept from one request to the next. */
struct outgoing {
    struct buf text; /* method, URL, headers, each with its 0 */
    struct curl_slist *nodes;
    size_t room;        /* of the nodes */
    const char *method; /* these are in the text */
    const char *url;
    const char *secret; /* the secret header, or NULL */
    struct buf body;    /* a copy, if one was made */
    bool secret_body;
};

/* Set method, URL, headers and body of `r` on `easy`, which may use them until outgoing_wipe.
 * False with `*f` filled for what is no request, for secrets on their way over plain http, and
 * when memory runs out. */
bool outgoing_set(struct outgoing *o, CURL *easy, const struct http_request *r,
                  const struct url_parts *u, struct fault *f);

void outgoing_wipe(struct outgoing *o); /* forget the request, keep the memory */
void outgoing_free(struct outgoing *o);

#endif
