#include "net/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What has happened is noted in lists, of watches and of timers, before anybody is told, and
 * told from the front of them. Who is taken out of the loop meanwhile is taken out of these
 * lists as well, so nobody is called who was taken out, whatever a callee does; and a turn
 * within a turn goes on with the same lists. */
struct loop {
    CURLM *multi;
    struct transfer *transfers;
    struct watch *watches;
    int watched;
    struct watch *seen,
        **last_seen;         /* those with events that they have not been told of */
    struct curl_waitfd *fds; /* for one wait */
    int room;
    struct timer **heap; /* earliest first */
    size_t timers, heap_room;
    struct timer *due,
        **last_due; /* those whose moment has come; no longer in the heap */
    int poke[2];    /* a byte in this pipe ends the wait */
    struct watch poked;
    struct poked *listeners;
    unsigned pokes; /* rounds of telling the listeners */
    void (*about_to_print)(void *ud);
    void *printing_ud;
};

int64_t loop_now(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- timers: a binary heap that knows where each of its members is ---- */

#define DUE SIZE_MAX /* the place of a timer that is in the list of those that are due */

static void place(struct loop *l, struct timer *t, size_t i) {
    l->heap[i] = t;
    t->place = i + 1;
}

static void sift_up(struct loop *l, struct timer *t, size_t i) {
    while (i > 0 && l->heap[(i - 1) / 2]->due > t->due) {
        place(l, l->heap[(i - 1) / 2], i);
        i = (i - 1) / 2;
    }
    place(l, t, i);
}

static void sift_down(struct loop *l, struct timer *t, size_t i) {
    for (;;) {
        size_t child = 2 * i + 1;
        if (child + 1 < l->timers && l->heap[child + 1]->due < l->heap[child]->due)
            child++;
        if (child >= l->timers || l->heap[child]->due >= t->due)
            break;
        place(l, l->heap[child], i);
        i = child;
    }
    place(l, t, i);
}

static void leave_heap(struct loop *l, struct timer *t) {
    size_t i = t->place - 1;
    struct timer *last = l->heap[--l->timers];
    t->place = 0;
    if (last == t)
        return;
    if (i > 0 && l->heap[(i - 1) / 2]->due > last->due)
        sift_up(l, last, i);
    else
        sift_down(l, last, i);
}

static void enter_due(struct loop *l, struct timer *t) {
    t->place = DUE;
    t->next = NULL;
    t->link = l->last_due;
    *l->last_due = t;
    l->last_due = &t->next;
}

static void leave_due(struct loop *l, struct timer *t) {
    *t->link = t->next;
    *(t->next != NULL ? &t->next->link : &l->last_due) = t->link;
    t->place = 0;
}

void loop_clear_timer(struct loop *l, struct timer *t) {
    if (t->place == DUE)
        leave_due(l, t);
    else if (t->place != 0)
        leave_heap(l, t);
}

bool loop_set_timer(struct loop *l, struct timer *t, int64_t due) {
    loop_clear_timer(l, t);
    if (l->timers == l->heap_room) {
        size_t room = l->heap_room == 0 ? 64 : l->heap_room * 2;
        struct timer **heap = realloc(l->heap, room * sizeof *heap);
        if (heap == NULL)
            return false;
        l->heap = heap;
        l->heap_room = room;
    }
    t->due = due;
    sift_up(l, t, l->timers++);
    return true;
}

/* One that is set while these fire, though it be due, waits for the next turn: else a timer
 * that sets itself again would keep all others from their turn. */
static void fire_timers(struct loop *l) {
    int64_t now = loop_now();
    while (l->timers > 0 && l->heap[0]->due <= now) {
        struct timer *t = l->heap[0];
        leave_heap(l, t);
        enter_due(l, t);
    }
    while (l->due != NULL) {
        struct timer *t = l->due;
        leave_due(l, t);
        t->fire(t->ud);
    }
}

/* ---- descriptors ---- */

void loop_watch(struct loop *l, struct watch *w) {
    if (w->watching)
        return;
    w->watching = true;
    w->next = l->watches;
    w->link = &l->watches;
    if (w->next != NULL)
        w->next->link = &w->next;
    l->watches = w;
    l->watched++;
}

static void leave_seen(struct loop *l, struct watch *w) {
    *w->link_seen = w->next_seen;
    *(w->next_seen != NULL ? &w->next_seen->link_seen : &l->last_seen) = w->link_seen;
    w->revents = 0;
}

/* Note events of the watch, beside those that it has not been told of yet. */
static void note(struct loop *l, struct watch *w, short revents) {
    if (w->revents == 0) {
        w->next_seen = NULL;
        w->link_seen = l->last_seen;
        *l->last_seen = w;
        l->last_seen = &w->next_seen;
    }
    w->revents = (short)(w->revents | revents);
}

void loop_unwatch(struct loop *l, struct watch *w) {
    if (!w->watching)
        return;
    w->watching = false;
    *w->link = w->next;
    if (w->next != NULL)
        w->next->link = w->link;
    l->watched--;
    if (w->revents != 0)
        leave_seen(l, w);
}

/* Fill l->fds, in the order of the watches; the number of them, or 0 if memory ran out (then
 * only libcurl is waited for, and the next turn tries again). */
static unsigned gather(struct loop *l) {
    if (l->watched > l->room) {
        int room = l->watched + 16;
        struct curl_waitfd *fds = realloc(l->fds, (size_t)room * sizeof *fds);
        if (fds == NULL)
            return 0;
        l->fds = fds;
        l->room = room;
    }
    unsigned n = 0;
    for (struct watch *w = l->watches; w != NULL; w = w->next, n++) {
        short events = 0;
        if (w->events & POLLIN)
            events |= CURL_WAIT_POLLIN;
        if (w->events & POLLOUT)
            events |= CURL_WAIT_POLLOUT;
        l->fds[n] = (struct curl_waitfd){.fd = w->fd, .events = events};
    }
    return n;
}

/* Directly after the wait: the watches are those of `gather`. */
static void note_events(struct loop *l, unsigned n) {
    struct watch *w = l->watches;
    for (unsigned i = 0; i < n; i++, w = w->next) {
        short seen = l->fds[i].revents, revents = 0;
        if (seen == 0)
            continue;
        if (seen & CURL_WAIT_POLLIN)
            revents = POLLIN;
        if (seen & CURL_WAIT_POLLOUT)
            revents = (short)(revents | POLLOUT);
        note(l, w, (short)(revents != 0 ? revents : POLLHUP));
    }
}

static void call_watches(struct loop *l) {
    while (l->seen != NULL) {
        struct watch *w = l->seen;
        short revents = w->revents;
        leave_seen(l, w);
        w->ready(w->ud, revents);
    }
}

/* The first listener that has not heard of this round yet. */
static struct poked *next_listener(const struct loop *l) {
    struct poked *p = l->listeners;
    while (p != NULL && p->heard == l->pokes)
        p = p->next;
    return p;
}

static void drain_poke(void *ud, short revents) {
    struct loop *l = ud;
    char bytes[64];
    (void)revents;
    while (read(l->poke[0], bytes, sizeof bytes) > 0)
        ;
    l->pokes++;
    for (struct poked *p; (p = next_listener(l)) != NULL;) {
        p->heard = l->pokes;
        p->fire(p->ud);
    }
}

void loop_listen(struct loop *l, struct poked *p) {
    if (p->link != NULL)
        return;
    p->heard = l->pokes; /* it hears of the next one */
    p->next = l->listeners;
    p->link = &l->listeners;
    if (p->next != NULL)
        p->next->link = &p->next;
    l->listeners = p;
}

void loop_unlisten(struct poked *p) {
    if (p->link == NULL)
        return;
    *p->link = p->next;
    if (p->next != NULL)
        p->next->link = p->link;
    p->link = NULL;
}

void loop_set_printing(struct loop *l, void (*about)(void *ud), void *ud) {
    l->about_to_print = about;
    l->printing_ud = ud;
}

void loop_about_to_print(struct loop *l) {
    if (l->about_to_print != NULL)
        l->about_to_print(l->printing_ud);
}

void loop_poke(struct loop *l) {
    int error = errno;                    /* of what a signal has interrupted */
    ssize_t n = write(l->poke[1], "", 1); /* a full pipe wakes just as well */
    (void)n;
    errno = error;
}

/* ---- transfers ---- */

static struct transfer *owner_of(CURL *easy) {
    struct transfer *t = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
    return t;
}

bool loop_add_transfer(struct loop *l, CURL *easy) {
    struct transfer *t = owner_of(easy);
    if (curl_multi_add_handle(l->multi, easy) != CURLM_OK)
        return false;
    t->easy = easy;
    t->next = l->transfers;
    t->link = &l->transfers;
    if (t->next != NULL)
        t->next->link = &t->next;
    l->transfers = t;
    return true;
}

/* Harmless if it is not under way. */
static void abandon(struct loop *l, struct transfer *t) {
    if (t->link == NULL)
        return;
    curl_multi_remove_handle(l->multi, t->easy);
    *t->link = t->next;
    if (t->next != NULL)
        t->next->link = t->link;
    t->link = NULL;
}

void loop_remove_transfer(struct loop *l, CURL *easy) {
    abandon(l, owner_of(easy));
}

static void finish_transfers(struct loop *l) {
    int running, left;
    CURLMsg *msg;
    curl_multi_perform(l->multi, &running);
    while ((msg = curl_multi_info_read(l->multi, &left)) != NULL) {
        if (msg->msg != CURLMSG_DONE)
            continue;
        CURLcode result = msg->data.result; /* gone with the removal */
        struct transfer *t = owner_of(msg->easy_handle);
        abandon(l, t);
        t->done(t, result);
    }
}

/* ---- the loop ---- */

void loop_turn(struct loop *l, int64_t wait_ms) {
    if (l->timers > 0) {
        int64_t left = l->heap[0]->due - loop_now();
        left = left < 0 ? 0 : left;
        if (wait_ms < 0 || left < wait_ms)
            wait_ms = left;
    }
    if (wait_ms < 0 || wait_ms > 60000)
        wait_ms = 60000; /* an int for libcurl; the caller comes back anyway */
    if (l->seen != NULL || l->due != NULL)
        wait_ms = 0; /* a turn within a turn that has still to tell them */
    unsigned n = gather(l);
    int ready;
    curl_multi_poll(l->multi, l->fds, n, (int)wait_ms, &ready);
    note_events(l, n);
    if (l->transfers != NULL)
        finish_transfers(l);
    call_watches(l);
    fire_timers(l);
}

bool loop_idle(const struct loop *l) {
    return l->transfers == NULL && l->timers == 0 && l->due == NULL &&
           l->watched <= 1; /* the poke pipe */
}

static bool open_pipe(int fds[2]) {
    if (pipe(fds) == -1)
        return false;
    for (int i = 0; i < 2; i++) {
        fcntl(fds[i], F_SETFD, FD_CLOEXEC);
        fcntl(fds[i], F_SETFL, O_NONBLOCK);
    }
    return true;
}

struct loop *loop_new(void) {
    struct loop *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    l->last_seen = &l->seen;
    l->last_due = &l->due;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(l);
        return NULL;
    }
    l->multi = curl_multi_init();
    if (l->multi == NULL || !open_pipe(l->poke)) {
        curl_multi_cleanup(l->multi);
        curl_global_cleanup();
        free(l);
        return NULL;
    }
    /* else idle connections are closed as soon as fewer calls than usual are in flight */
    curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS, 256L);
    l->poked =
        (struct watch){.fd = l->poke[0], .events = POLLIN, .ready = drain_poke, .ud = l};
    loop_watch(l, &l->poked);
    return l;
}

void loop_free(struct loop *l) {
    if (l == NULL)
        return;
    while (l->transfers != NULL)
        abandon(l, l->transfers);
    while (l->watches != NULL)
        loop_unwatch(l, l->watches);
    while (l->listeners != NULL)
        loop_unlisten(l->listeners);
    while (l->due != NULL)
        leave_due(l, l->due);
    while (l->timers > 0)
        leave_heap(l, l->heap[l->timers - 1]);
    curl_multi_cleanup(l->multi);
    curl_global_cleanup();
    close(l->poke[0]);
    close(l->poke[1]);
    free(l->heap);
    free(l->fds);
    free(l);
}
