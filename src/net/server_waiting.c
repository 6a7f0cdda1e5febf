/* server_waiting.c -- the queue of requests that wait to be taken, and the listener, where
 * clients wait to be accepted. */

#include "net/connection.h"

#include <sys/epoll.h>

/* ---- requests that wait to be taken ---- */

void server_unqueue(struct exchange *x) {
    struct server *s = x->server;
    struct exchange **at = &s->first;
    if (!x->queued)
        return;
    x->queued = false;
    while (*at != x)
        at = &(*at)->behind;
    *at = x->behind;
    if (s->last == &x->behind)
        s->last = at;
}

void server_enqueue(struct exchange *x) {
    struct server *s = x->server;
    bool first = s->first == NULL;
    x->queued = true;
    x->behind = NULL;
    *s->last = x;
    s->last = &x->behind;
    if (first)
        s->ready(s->ud);
}

bool server_pending(const struct server *s) {
    return s->first != NULL;
}

struct exchange *server_take(struct server *s, void (*changed)(void *ud), void *ud) {
    struct exchange *x = s->first;
    if (x == NULL)
        return NULL;
    server_unqueue(x);
    x->taken = true;
    x->changed = changed;
    x->ud = ud;
    return x;
}

/* ---- clients that wait to be accepted ---- */

bool server_watch_listener(struct server *s, bool watch) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    return epoll_ctl(s->events.fd, watch ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, s->listener,
                     &event) == 0;
}

void server_pause_listening(struct server *s) {
    s->paused = server_watch_listener(s, false);
}

void server_has_room(struct server *s) {
    if (s->paused && s->listener != -1)
        s->paused = !server_watch_listener(s, true);
}
