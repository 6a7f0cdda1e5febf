#include "dbx/window.h"

/* how far the rate may catch up, since timers are a little late */
#define SLACK_MS 50

void window_init(struct window *w, int jobs, double rate) {
    *w = (struct window){.jobs = jobs > 0 ? jobs : WINDOW_JOBS};
    w->size = w->jobs < WINDOW_START ? w->jobs : WINDOW_START;
    w->gap_ms = rate > 0 ? 1000 / rate : 0;
}

int64_t window_wait(const struct window *w, int64_t now) {
    if (w->in_flight >= w->size)
        return WINDOW_FULL;
    int64_t held = w->held_until - now;
    double early = w->gap_ms > 0 ? w->next - (double)now : 0;
    int64_t paced = early > 0 ? (int64_t)early + 1 : 0;
    int64_t wait = held > paced ? held : paced;
    return wait > 0 ? wait : 0;
}

unsigned window_sent(struct window *w, int64_t now) {
    w->in_flight++;
    double from = (double)now - SLACK_MS;
    w->next = (w->next > from ? w->next : from) + w->gap_ms;
    return w->epoch;
}

void window_ended(struct window *w) {
    w->in_flight--;
}

/* After good answers for half a window, the window grows by one. From 32 to 64 it takes
 * some 800. */
void window_answered(struct window *w) {
    if (w->size >= w->jobs || ++w->answered < (w->size + 1) / 2)
        return;
    w->size++;
    w->answered = 0;
}

void window_throttled(struct window *w, unsigned epoch, int64_t now, int after_ms) {
    if (after_ms > 0 && now + after_ms > w->held_until)
        w->held_until = now + after_ms;
    if (epoch != w->epoch)
        return; /* the call was sent before the burst that caused the last halving */
    w->size = w->size > 1 ? w->size / 2 : 1;
    w->answered = 0;
    w->epoch++;
}
