/* connection_state.c -- sets the deadline of a connection, gives it a turn, and closes it.
 * All parts of the server call these functions. */

#include "net/connection.h"

#include <unistd.h>

void connection_arm_timer(struct connection *c) {
    if (c->timer.place != 0 && c->timer.due <= c->deadline)
        return;
    if (!loop_set_timer(c->server->loop, &c->timer, c->deadline))
        connection_close(c);
}

/* If the deadline moves to a later time the timer is left alone; on_deadline sets it
 * again. Each request moves the deadline. */
void connection_set_deadline(struct connection *c, int64_t ms) {
    c->deadline = ms > 0 ? loop_now() + ms : DEADLINE_NEVER;
    if (ms > 0 && c->stage != STAGE_CLOSED)
        connection_arm_timer(c);
}

void connection_later(struct connection *c) {
    struct server *s = c->server;
    if (c->due)
        return;
    c->due = true;
    c->next_due = s->due;
    s->due = c;
    if (s->turn.place == 0)
        loop_set_timer(s->loop, &s->turn, 0); /* if this fails, on_events runs them */
}

void connection_close(struct connection *c) {
    struct server *s = c->server;
    if (c->stage == STAGE_CLOSED)
        return;
    c->stage = STAGE_CLOSED;
    if (c->exchange != NULL)
        exchange_lose(c->exchange);
    tls_close(c->tls);
    close(c->fd);
    loop_clear_timer(s->loop, &c->timer);
    loop_clear_timer(s->loop, &c->grace);
    peers_leave(s->anonymous, &c->peer);
    *c->link = c->next;
    if (c->next != NULL)
        c->next->link = c->link;
    s->connected--;
    sending_free(&c->out, s->loop);
    buf_free(&c->in);
    connection_later(c);
    server_has_room(s);
}

bool connection_evictable(const struct connection *c) {
    const struct exchange *x = c->exchange;
    return c->stage != STAGE_CLOSED &&
           (c->stage != STAGE_ANSWER || x == NULL || (x->answered && !x->streaming));
}
