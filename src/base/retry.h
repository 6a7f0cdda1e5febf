/* retry.h -- whether to send a request again, and how long to wait first.
 *
 * Pure: no clock, no random source, no I/O. An observation goes in and a decision comes
 * out, so that the whole policy can be tested as a table. */

#ifndef TARN_RETRY_H
#define TARN_RETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RETRY_GIVE_UP (-1)

struct retry_policy {
    int max_tries;  /* the first one included */
    int base_ms;    /* wait before the second try; doubles from there */
    int ceiling_ms; /* the longest wait that we choose */
    int after_ms;   /* the longest wait that a server may ask for */
};

/* 10 tries; 0.5 s, doubling up to 10 s; up to 2 minutes if the server asks for it. */
extern const struct retry_policy retry_default;

/* What is known after one try. */
struct retry_outcome {
    int tries;           /* tries so far, with this one; at least 1 */
    int status;          /* HTTP status; 0 if no response came */
    int after_ms;        /* Retry-After; -1 if the server sent none */
    bool idempotent;     /* sending it twice does no more than sending it once */
    bool unsent;         /* no byte of the request can have reached the server */
    bool lasting;        /* the cause will not go away by itself: a bad certificate */
    const char *code;    /* error_code of the answer, "" or NULL if none */
    const char *message; /* its message, likewise */
};

/* True if the server said that it did not act upon the request. Then any request may be
 * sent again. */
bool retry_refused(int status, const char *code);

/* True if the request may have taken effect although it failed. */
bool retry_ambiguous(const struct retry_outcome *o);

/* True if the same request may well succeed later, and may be sent again. */
bool retry_worthwhile(const struct retry_outcome *o);

/* Milliseconds to wait before the next try, or RETRY_GIVE_UP. `jitter` is in [0, 1). It
 * shortens our own wait by up to a half, and lengthens a wait that the server asked for
 * by up to a tenth, so that its clients do not all come back at once. */
int retry_delay_ms(const struct retry_policy *p, const struct retry_outcome *o,
                   double jitter);

/* Milliseconds in a Retry-After value: seconds, or an HTTP date seen from `now` (seconds
 * since 1970). -1 if it is neither; 0 for a date that has passed. */
int retry_after_ms(const char *value, int64_t now);

/* GET and HEAD: what HTTP calls safe. They have no effect. */
bool retry_safe(const char *method);

/* GET, HEAD, PUT, DELETE, OPTIONS: what HTTP itself calls idempotent. */
bool retry_idempotent(const char *method);

#endif
