/* workspace_queue.h -- the calls of a workspace, and the lists that they are in. What
 * workspace.c, workspace_send.c, workspace_answer.c and workspace_close.c share; for
 * nobody else. */

#ifndef TARN_WORKSPACE_QUEUE_H
#define TARN_WORKSPACE_QUEUE_H

#include "dbx/window.h"
#include "dbx/workspace.h"

/* At any time a call is in one list. Each list is in order of arrival. */
struct workspace_list {
    struct workspace_call *first, *last;
    int count;
};

struct workspace {
    struct loop *loop;
    struct http *http;
    struct credentials *credentials;
    int refs;
    bool closed, answered;
    struct workspace_list fresh;    /* not sent yet */
    struct workspace_list again;    /* to be sent again, before the fresh ones */
    struct workspace_list paused;   /* waiting to be sent again, or to report a failure */
    struct workspace_list flying;   /* sent, or waiting for a token before that */
    struct workspace_list detached; /* detached calls, which the window does not count */
    struct window window;
    struct timer gate;    /* when the window lets the next call through */
    http_done *on_answer; /* of each call */
    struct http_linger linger;
    struct workspace_stats stats;
    uint64_t random;
    int timeout_ms, first_byte_ms;
    bool insecure;
    bool public_only;
    char org_id[32];
    char date[40]; /* the Date header of the newest answer; "" before there was one */
    int64_t date_at;
    char agent[128], workspace_id[96]; /* header lines; the second may be "" */
};

struct workspace_call {
    struct workspace *ws;
    struct workspace_list *in;
    struct workspace_call *next, *prev;
    workspace_done *done; /* NULL: a detached call */
    void *ud;
    const char *method, *path, *body; /* at the end of this block, like the headers */
    size_t body_size, max_body;
    bool idempotent, external;
    int first_byte_ms;
    int64_t began, due;
    struct timer timer; /* always set, so that setting it again cannot fail */

    int tries, throttled;
    bool renewed; /* a new token was got after a 401 */
    bool maybe;   /* some try may have taken effect */
    bool failed;  /* it is in `paused`, and `fault` is to be reported */
    unsigned generation, epoch;
    struct credentials_wait *wait;
    struct http_call *http;
    struct fault fault;
    const char *headers[]; /* NULL-terminated */
};

/* Move a call to the end of a list. */
void workspace_queue_enter(struct workspace_call *c, struct workspace_list *l);

/* Take a call out of its list, and cancel what is under way for it. */
void workspace_queue_withdraw(struct workspace_call *c);

#endif
