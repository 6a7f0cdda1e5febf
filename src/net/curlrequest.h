/* curlrequest.h -- a request as libcurl takes it: method, URL, headers and body, set on an easy
 * handle. All texts are in one block, which can be wiped. */

#ifndef TARN_CURLREQUEST_H
#define TARN_CURLREQUEST_H

#include "base/url.h"
#include "net/http.h"
#include "net/route.h"

/* A zeroed one owns nothing. The memory is kept from one request to the next. */
struct curlrequest {
    struct buf text; /* method, URL and headers, each ended by a 0 */
    struct curl_slist *nodes;
    size_t room;        /* of the nodes */
    const char *method; /* these point into the text */
    const char *url;
    const char *secret; /* the secret header, or NULL */
    struct buf body;    /* a copy, if one was made */
    bool secret_body;
    struct route route; /* its texts are the environment's */
};

/* Set method, URL, headers and body of `r` on `easy`, which may use them until
 * curlrequest_wipe. False with `*f` filled if a header or the method is malformed, if the request
 * has no way that is allowed (net/route.h), and when memory runs out. */
bool curlrequest_set(struct curlrequest *o, CURL *easy, const struct http_request *r,
                     const struct url_parts *u, struct fault *f);

void curlrequest_wipe(struct curlrequest *o); /* forget the request, keep the memory */
void curlrequest_free(struct curlrequest *o);

#endif
