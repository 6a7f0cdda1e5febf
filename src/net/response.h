/* response.h -- the answer to an HTTP request, and its headers. Pure. */

#ifndef TARN_RESPONSE_H
#define TARN_RESPONSE_H

#include "base/buf.h"
#include "base/secretset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_response {
    int status;         /* 0 if no answer came */
    struct buf headers; /* raw lines of the final answer, "Name: value\r\n" */
    struct buf body;
    bool sent;    /* on failure: the request may have reached the server */
    bool lasting; /* on failure: trying again will not help (a bad certificate) */
    int64_t elapsed_ms;
    const struct secretset *known; /* to be blanked in what is told of it; may be NULL */
};

/* A header field of an answer. The value is trimmed; neither text ends with a 0. */
struct response_field {
    const char *name, *value;
    size_t name_size, value_size;
    size_t next; /* where the next line begins */
};

/* Step to the next field of raw lines; false after the last. Zero `*f` before the first. */
bool response_next(const struct buf *headers, struct response_field *f);

/* The value of a header in r->headers, trimmed, into `value`; false if it is not there.
 * Case-insensitive; the last one wins. */
bool response_header(const struct http_response *r, const char *name, char *value,
                     size_t room);

#endif
