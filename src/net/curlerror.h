/* curlerror.h -- in words, why a transfer failed and what to do about it. Pure. */

#ifndef TARN_CURLERROR_H
#define TARN_CURLERROR_H

#include "base/fault.h"
#include "net/route.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

/* What is known of a transfer that failed. */
struct curlerror {
    CURLcode result;
    const char *url; /* only its host is shown */
    const struct route *route;
    const char *detail; /* libcurl's message */
    long os_error;      /* errno, or 0 */
    long proxy_status;  /* of a proxy's answer to CONNECT, or 0 */
    bool connected;     /* the connection stood, and the request was to be sent */
    bool no_memory;     /* a write error means that memory ran out here */
    int status;         /* of the answer that began, or 0 */
    size_t got;         /* bytes of the answer's body */
    size_t max_body;
    bool headers_full; /* more than we keep */
    int connect_ms, total_ms;
};

/* Fill `*f` with kind, message and hint. True if trying again will not help. */
bool curlerror_explain(const struct curlerror *c, struct fault *f);

#endif
