/* connection_state.c -- what each part of the server does to a connection: it gives it a
 * deadline or a turn, or ends it. */

#include "net/connection.h"

#include <unistd.h>

void connection_look_again(struct connection *c) {
    if (c->late.place != 0 && c->late.due <= c->deadline)
        return;
    if (!loop_set_timer(c->server->loop, &c->late, c->deadline))
        connection_close(c);
}

/* The timer stays where it is when the deadline moves on, which it does with each request. */
void connection_limit(struct connection *c, int64_t ms) {
    c->deadline = ms > 0 ? loop_now() + ms : DEADLINE_NEVER;
    if (ms > 0 && c->stage != STAGE_CLOSED)
        connection_look_again(c);
}

void connection_later(struct connection *c) {
    struct server *s = c->server;
    if (c->due)
        return;
    c->due = true;
    c->next_due = s->due;
    s->due = c;
    if (s->turn.place == 0)
        loop_set_timer(s->loop, &s->turn, 0); /* if not: with the next event */
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
    loop_clear_timer(s->loop, &c->late);
    loop_clear_timer(s->loop, &c->grace);
    peers_leave(s->strangers, &c->place);
    *c->link = c->next;
    if (c->next != NULL)
        c->next->link = c->link;
    s->connected--;
    sending_free(&c->out, s->loop);
    buf_free(&c->in);
    connection_later(c);
    server_has_room(s);
}

bool connection_may_go(const struct connection *c) {
    const struct exchange *x = c->exchange;
    return c->stage != STAGE_CLOSED &&
           (c->stage != STAGE_ANSWER || x == NULL || (x->answered && !x->streaming));
}
