/* refusal.h -- error responses to malformed and oversized requests. Knows nothing of
 * connections. */

#ifndef TARN_REFUSAL_H
#define TARN_REFUSAL_H

#include "base/buf.h"

/* Each is a constant in the file that detects the error. */
struct refusal {
    int status;
    const char *code, *message; /* without quotes, backslashes and control characters */
};

extern const struct refusal refusal_body_too_large, refusal_too_late, refusal_cut_off;

/* Append the complete response. Its body has the form of all errors, {"error":{...}}; it
 * is left out for a HEAD request. False when memory runs out. */
bool refusal_write(struct buf *out, const struct refusal *r, bool is_head, bool tls);

#endif
