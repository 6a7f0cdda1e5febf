/* record.h -- write each request with its answer as a line of JSON, for tests
 * that play them back. What trace.h would hide is hidden; requests that are
 * secret as a whole are left out. */

#ifndef TARN_RECORD_H
#define TARN_RECORD_H

#include "net/trace.h"

#include <stdio.h>

/* {"method", "path", "request", "status", "type", "body"}: the path with its query, bodies as
 * texts. False if it could not be written. */
bool record_exchange(FILE *out, const struct trace_call *c,
                     const struct http_response *r);

#endif
