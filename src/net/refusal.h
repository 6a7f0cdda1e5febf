/* refusal.h -- requests that are none, and those that ask for too much: what is wrong, and the
 * one answer to that. Knows nothing of connections. */

#ifndef TARN_REFUSAL_H
#define TARN_REFUSAL_H

#include "base/buf.h"

/* Each reason is a constant beside the code that finds it. */
struct refusal {
    int status;
    const char *code, *message; /* plain text that JSON takes as it is */
};

extern const struct refusal refusal_body_too_large, refusal_too_late, refusal_cut_off;

/* Append the whole answer: status line, header, and a body in the shape of all errors,
 * {"error":{...}}, which is left out if the request was a HEAD. False when memory runs out. */
bool refusal_write(struct buf *out, const struct refusal *r, bool is_head, bool tls);

#endif
