/* loop.h -- the one place where the program waits: libcurl's transfers, descriptors,
 * and timers. Knows nothing of Lua, and nothing of what it waits for.
 *
 * Watches, timers, listeners and transfers are memory of their owner, who removes them before
 * that memory goes away; from then on nobody is called for them, in the same turn either. All
 * callbacks run inside loop_turn, and none of them may call Lua. They may add, remove and free
 * any of the four, their own as well, and turn the loop; but not free the loop. */

#ifndef TARN_LOOP_H
#define TARN_LOOP_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

/* A descriptor to wait for. `events` are poll's POLLIN and POLLOUT. Zero `watching` before
 * the first use. */
struct watch {
    int fd;
    short events;
    void (*ready)(void *ud, short revents);
    void *ud;
    bool watching;
    short revents; /* the loop's, as what follows: events that it has not been told of */
    struct watch *next, **link;
    struct watch *next_seen, **link_seen;
};

/* A moment to wait for. Zero it before the first use; it fires once for each setting. */
struct timer {
    int64_t due; /* ms, as loop_now counts */
    void (*fire)(void *ud);
    void *ud;
    size_t place; /* the loop's, as what follows; 0 if not set */
    struct timer *next, **link;
};

/* A transfer's owner: CURLOPT_PRIVATE of each easy handle points to one of these, which is
 * zeroed before its first use. `done` is called after the handle has been taken out of the
 * multi handle. */
struct transfer {
    void (*done)(struct transfer *t, CURLcode result);
    CURL *easy; /* the loop's, as what follows; `link` NULL: not under way */
    struct transfer *next, **link;
};

/* NULL when memory runs out. Initialises libcurl. */
struct loop *loop_new(void);

/* What is still in it is taken out first. Never from a callback. */
void loop_free(struct loop *l);

/* Milliseconds on a clock that never goes back. */
int64_t loop_now(void);

void loop_watch(struct loop *l, struct watch *w);
void loop_unwatch(struct loop *l, struct watch *w); /* harmless if not watched */

/* Set or move a timer; false when memory runs out. One that is set by a timer's `fire` fires in
 * the next turn at the earliest. */
bool loop_set_timer(struct loop *l, struct timer *t, int64_t due);
void loop_clear_timer(struct loop *l, struct timer *t); /* harmless if not set */

/* Start, and abandon, a transfer. The handle stays the caller's. */
bool loop_add_transfer(struct loop *l, CURL *easy);
void loop_remove_transfer(struct loop *l, CURL *easy); /* harmless if not under way */

/* Wait until something happens, at most `wait_ms` (-1: no limit of the caller's), and
 * call back for all that has. */
void loop_turn(struct loop *l, int64_t wait_ms);

/* True if nothing is watched, timed or transferred: to wait now would be for ever. */
bool loop_idle(const struct loop *l);

/* End the wait of loop_turn, from a signal handler too: errno stays what it is. */
void loop_poke(struct loop *l);

/* Who wants to hear of each poke: memory of its owner, as a watch is. */
struct poked {
    void (*fire)(void *ud);
    void *ud;
    unsigned heard;             /* the loop's, as what follows */
    struct poked *next, **link; /* `link` NULL: not listening */
};

void loop_listen(struct loop *l, struct poked *p);
void loop_unlisten(struct poked *p); /* harmless if not listening */

/* Who draws on the terminal hears before others print there: a line that is being edited
 * must be out of the way. One at a time; NULL: nobody. */
void loop_set_printing(struct loop *l, void (*about)(void *ud), void *ud);
void loop_about_to_print(struct loop *l);

#endif
