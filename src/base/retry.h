/* retry.h -- whether to send a request again, and how long to wait first.
 *
 * Pure: no clock, no random source, no I/O. What was observed goes in, the
 * decision comes out, so that the whole policy is testable as a table. */

#ifndef TARN_RETRY_H
#define TARN_RETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RETRY_GIVE_UP (-1)

struct retry_policy {
    int max_tries;  /* the first one included */
    int base_ms;    /* wait before the second try; doubles from there */
    int ceiling_ms; /* no wait of our own choice is longer */
    int after_ms; /* nor one that the server asks for: a longer one is not worth waiting */
};

/* 10 tries, 0.5 s doubling to 10 s, a server's word up to 2 minutes. */
extern const struct retry_policy retry_default;

/* What is known after one try. */
struct retry_outcome {
    int tries;           /* made so far, this one included; at least 1 */
    int status;          /* HTTP status; 0 if no response came */
    int after_ms;        /* Retry-After; -1 if the server sent none */
    bool idempotent;     /* sending it twice does no more than sending it once */
    bool unsent;         /* no byte of the request can have reached the server */
    bool lasting;        /* the cause will not go away by itself: a bad certificate */
    const char *code;    /* error_code of the answer, "" or NULL if none */
    const char *message; /* its message, likewise */
};

/* The server said that it did not take the request up: any request may go again. */
bool retry_refused(int status, const char *code);

/* The request may have taken effect although it failed. */
bool retry_ambiguous(const struct retry_outcome *o);

/* The same request may well succeed later, and may be sent again. */
bool retry_worthwhile(const struct retry_outcome *o);

/* Milliseconds to wait before the next try, or RETRY_GIVE_UP.
 * `jitter` is in [0, 1) and shortens a wait of ours by up to a half; one that the server
 * asked for gets up to a tenth longer, so that not all who heard it come back at once. */
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
