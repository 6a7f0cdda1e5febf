/* trace.h -- the lines that -v shows about HTTP. Everything in them is masked by
 * base/mask.h. */

#ifndef TARN_TRACE_H
#define TARN_TRACE_H

#include "base/fault.h"
#include "base/secretset.h"
#include "net/response.h"

/* What is shown of a call. The secrets of `known` are blanked wherever they are. */
struct trace_call {
    const char *method, *url;
    const struct secretset *known;
    const char *const *headers; /* NULL-terminated, none of them secret ones */
    const void *body;
    size_t body_size;
    bool authorized; /* it carries a secret header */
    bool secret_body, secret_url;
};

/* "> GET https://host/path?a=1"; with level 2 headers and body too. */
void trace_request(int level, const struct trace_call *c);

/* "< 200 GET https://host/path, 1234 bytes, 56 ms, HTTP/2", or "< failed ...: message". */
void trace_answer(int level, const struct trace_call *c, const struct http_response *r,
                  const struct fault *f, long http_version);

#endif
