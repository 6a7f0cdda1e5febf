#include "dbx/workspace_queue.h"

static void leave(struct workspace_call *c) {
    struct workspace_list *l = c->in;
    *(c->prev != NULL ? &c->prev->next : &l->first) = c->next;
    *(c->next != NULL ? &c->next->prev : &l->last) = c->prev;
    l->count--;
    c->in = NULL;
}

void workspace_queue_enter(struct workspace_call *c, struct workspace_list *l) {
    if (c->in != NULL)
        leave(c);
    c->in = l;
    c->next = NULL;
    c->prev = l->last;
    *(l->last != NULL ? &l->last->next : &l->first) = c;
    l->last = c;
    l->count++;
}

void workspace_queue_withdraw(struct workspace_call *c) {
    struct workspace *ws = c->ws;
    if (c->wait != NULL)
        credentials_cancel(c->wait);
    if (c->http != NULL)
        http_cancel(c->http);
    c->wait = NULL;
    c->http = NULL;
    loop_clear_timer(ws->loop, &c->timer);
    if (c->in == &ws->flying)
        window_ended(&ws->window);
    leave(c);
}
