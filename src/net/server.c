#define _GNU_SOURCE /* accept4 */
#include "net/server.h"

#include "net/connection.h"
#include "net/gzip.h"
#include "net/listener.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define AT_ONCE 64 /* connections to accept, and events to handle, in one turn */

/* Pause before the next accept if there are no descriptors and no connection can be
 * closed. */
#define NO_ROOM_MS 100

/* ---- closing connections for new ones ---- */

/* Close the oldest evictable connection of one address, except `not`. */
static bool evict_oldest(struct peers_entry *oldest, const struct connection * not ) {
    for (struct peers_entry *at = oldest; at != NULL; at = at->newer) {
        struct connection *c = at->owner;
        if (c == not || !connection_evictable(c))
            continue;
        connection_close(c);
        return true;
    }
    return false;
}

/* Close an evictable connection: of the address with the most unauthenticated ones, or
 * else the one whose deadline comes first. */
static bool evict_any(struct server *s) {
    struct connection *chosen = NULL;
    if (evict_oldest(peers_most(s->anonymous), NULL))
        return true;
    for (struct connection *c = s->connections; c != NULL; c = c->next)
        if (connection_evictable(c) && (chosen == NULL || c->deadline < chosen->deadline))
            chosen = c;
    if (chosen != NULL)
        connection_close(chosen);
    return chosen != NULL;
}

static void enforce_address_limit(struct server *s, struct connection *c) {
    if (s->max_per_address == 0 || peers_count(&c->peer) <= s->max_per_address)
        return;
    if (!evict_oldest(peers_oldest(&c->peer), c))
        connection_close(c);
}

/* ---- connections come in ---- */

static void on_again(void *ud) {
    server_has_room(ud);
}

static bool client_waits(const struct server *s) {
    struct pollfd p = {.fd = s->listener, .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

/* True if another connection can be accepted. If all connections are busy, the listener
 * is not watched until one of them is idle or closed. */
static bool has_room(struct server *s) {
    if (s->connected < s->max_connections)
        return true;
    if (!client_waits(s))
        return false;
    if (evict_any(s))
        return true;
    server_pause_listening(s);
    return false;
}

/* Handle a failed accept; true if it should be tried again. */
static bool accept_failed(struct server *s) {
    switch (errno) {
    case ECONNABORTED:
    case EINTR:
    case EPROTO:
        return true;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        if (evict_any(s))
            return true;
        server_pause_listening(s);
        loop_set_timer(s->loop, &s->again, loop_now() + NO_ROOM_MS);
    }
    return false;
}

static void accept_some(struct server *s) {
    for (int i = 0; i < AT_ONCE && s->listener != -1 && has_room(s); i++) {
        struct sockaddr_storage a;
        socklen_t size = sizeof a;
        int fd = accept4(s->listener, (struct sockaddr *)&a, &size,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd == -1) {
            if (!accept_failed(s))
                return;
            continue;
        }
        struct connection *c = connection_open(s, fd, (struct sockaddr *)&a);
        if (c != NULL)
            enforce_address_limit(s, c);
    }
}

static void on_events(void *ud, short revents) {
    struct server *s = ud;
    struct epoll_event events[AT_ONCE];
    (void)revents;
    int n = epoll_wait(s->events.fd, events, AT_ONCE, 0);
    for (int i = 0; i < n; i++)
        if (events[i].data.ptr == NULL)
            accept_some(s);
        else
            connection_event(events[i].data.ptr, events[i].events);
    if (s->turn.place == 0) /* setting the timer has failed */
        connection_run_due(s);
}

static void on_turn(void *ud) {
    connection_run_due(ud);
}

/* ---- the server ---- */

static void take_options(struct server *s, const struct server_options *o) {
    s->token = o->token;
    s->max_body = o->max_body;
    s->max_header = o->max_header;
    s->max_connections = o->max_connections;
    s->max_per_address = o->max_per_address;
    s->idle_ms = o->idle_ms;
    s->header_ms = o->header_ms < o->idle_ms ? o->header_ms : o->idle_ms;
    s->request_ms = o->request_ms;
}

static bool open_server(struct server *s, const struct server_options *o,
                        struct fault *f) {
    s->anonymous = peers_new();
    if (s->anonymous == NULL)
        return fault_memory(f, "a server");
    if (o->certificate != NULL && (s->tls = tls_new(o->certificate, o->key, f)) == NULL)
        return false;
    s->listener = listener_open(o->host, o->port, &s->port, f);
    if (s->listener == -1)
        return false;
    s->events.fd = epoll_create1(EPOLL_CLOEXEC);
    if (s->events.fd == -1 || !server_watch_listener(s, true))
        return fault_set(f, FAULT_IO, "epoll: %s", strerror(errno));
    return true;
}

static void free_server(struct server *s) {
    if (s->listener != -1)
        close(s->listener);
    if (s->events.fd != -1)
        close(s->events.fd);
    tls_free(s->tls);
    peers_free(s->anonymous);
    gzip_free(s->gzip);
    free(s);
}

struct server *server_new(struct loop *l, const struct server_options *o,
                          void (*ready)(void *ud), void *ud, struct fault *f) {
    struct server *s = calloc(1, sizeof *s);
    if (s == NULL) {
        fault_memory(f, "a server");
        return NULL;
    }
    *s = (struct server){
        .loop = l, .ready = ready, .ud = ud, .memory = o->memory, .listener = -1};
    s->last = &s->first;
    s->again = (struct timer){.fire = on_again, .ud = s};
    s->turn = (struct timer){.fire = on_turn, .ud = s};
    s->events = (struct watch){.fd = -1, .events = POLLIN, .ready = on_events, .ud = s};
    take_options(s, o);
    if (!open_server(s, o, f)) {
        free_server(s);
        return NULL;
    }
    loop_watch(l, &s->events);
    return s;
}

int server_port(const struct server *s) {
    return s->port;
}

uint64_t server_refused(const struct server *s) {
    return s->refused;
}

void server_drain(struct server *s) {
    if (s->listener != -1)
        close(s->listener);
    s->listener = -1;
}

void server_close(struct server *s) {
    if (s == NULL)
        return;
    server_drain(s);
    while (s->connections != NULL) {
        connection_send(s->connections); /* send answers that are ready */
        connection_close(s->connections);
    }
    connection_run_due(s); /* frees them */
    for (struct exchange *x = s->exchanges; x != NULL; x = x->next)
        x->server = NULL;
    loop_unwatch(s->loop, &s->events);
    loop_clear_timer(s->loop, &s->again);
    loop_clear_timer(s->loop, &s->turn);
    free_server(s);
}
