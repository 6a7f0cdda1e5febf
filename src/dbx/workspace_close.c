#include "dbx/workspace_close.h"

#include "base/retry.h"

#include <stddef.h>
#include <stdlib.h>

static void destroy(struct workspace *ws) {
    loop_clear_timer(ws->loop, &ws->gate);
    credentials_free(ws->credentials);
    free(ws);
}

void workspace_close_detached(struct http_linger *l) {
    struct workspace *ws =
        (struct workspace *)((char *)l - offsetof(struct workspace, linger));
    for (struct workspace_call *c, *next = ws->detached.first; (c = next) != NULL;) {
        next = c->next;
        workspace_queue_withdraw(c);
        budget_free(c);
    }
    destroy(ws);
}

void workspace_hold(struct workspace *ws) {
    ws->refs++;
}

/* When nobody holds the workspace any more, it is freed, at once or after its last
 * detached call. */
void workspace_release(struct workspace *ws) {
    if (ws->refs > 1) {
        ws->refs--;
        return;
    }
    workspace_close(ws); /* before the last reference is gone */
    ws->refs = 0;
    if (ws->detached.count == 0) {
        http_linger_remove(&ws->linger);
        destroy(ws);
    } else if (ws->linger.link == NULL) {
        http_linger_add(ws->http, &ws->linger);
    }
}

void workspace_close(struct workspace *ws) {
    struct workspace_list *const lists[] = {&ws->flying, &ws->again, &ws->paused,
                                            &ws->fresh};
    if (ws->closed)
        return;
    ws->closed = true;
    workspace_hold(ws);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        /* a callee may cancel others, so always take the first call */
        struct workspace_call *c;
        while ((c = lists[i]->first) != NULL) {
            lists[i]->first = c->next;
            struct workspace_response r = {.tries = c->tries};
            struct fault f;
            fault_set(&f, FAULT_CANCELLED, "the connection to the workspace was closed");
            f.ambiguous = c->maybe || (c->http != NULL && !retry_safe(c->method));
            workspace_queue_withdraw(c);
            c->done(c->ud, &r, &f);
            budget_free(c);
        }
    }
    loop_clear_timer(ws->loop, &ws->gate);
    workspace_release(ws);
}
