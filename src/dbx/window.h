/* window.h -- how many calls a workspace can take at once, found out by trying.
 *
 * Pure: no clock, no I/O. The window starts at 32 calls. "Too many requests" halves it,
 * once for all calls that were under way together, and a Retry-After holds all calls
 * back. Good answers let it grow again. Times are milliseconds on any one clock. */

#ifndef TARN_WINDOW_H
#define TARN_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define WINDOW_START 32
#define WINDOW_JOBS  64

struct window {
    int size; /* calls that may be in flight now */
    int jobs; /* the most that the window grows to */
    int in_flight;
    int answered;       /* good answers since the size changed */
    unsigned epoch;     /* counts the halvings */
    int64_t held_until; /* nothing is sent before this time */
    double gap_ms;      /* between two calls; 0: no bound */
    double next;        /* when the rate allows the next call */
};

/* `jobs` 0: WINDOW_JOBS. `rate` in calls a second, 0: no bound. */
void window_init(struct window *w, int jobs, double rate);

/* How long to wait before a call may be sent: 0 not at all, WINDOW_FULL until a call in
 * flight has ended, else milliseconds. */
#define WINDOW_FULL (-1)
int64_t window_wait(const struct window *w, int64_t now);

/* A call is sent. Returns the epoch for window_throttled. */
unsigned window_sent(struct window *w, int64_t now);

/* A call has ended, for whatever reason. Before that, one of the other two says if it was
 * answered well, or throttled. */
void window_ended(struct window *w);
void window_answered(struct window *w);
void window_throttled(struct window *w, unsigned epoch, int64_t now, int after_ms);

#endif
