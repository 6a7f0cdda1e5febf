/* apierror.h -- read the error in a workspace's answer, in any of the forms that errors
 * have (reference G.1, G.2). Pure: an answer goes in, a fault comes out. */

#ifndef TARN_APIERROR_H
#define TARN_APIERROR_H

#include "base/fault.h"
#include "net/response.h"

#include <stdbool.h>
#include <stdint.h>

/* True for a 2xx answer of the kind that an API sends. Otherwise false, with
 * kind, status, code, message, request id and hint in `*f`; `host` is for
 * messages. A web page with status 200 and a redirect are faults too, since they
 * come from a wrong host or a proxy. With `external` (another party's link) any
 * 2xx answer is good, of whatever type. */
bool apierror_check(const struct http_response *r, const char *host, bool external,
                    struct fault *f);

/* How long the server asks us to wait, from Retry-After or the error's details, in
 * milliseconds; -1 if it does not say. `now` is in seconds since 1970. */
int apierror_after_ms(const struct http_response *r, int64_t now);

#endif
