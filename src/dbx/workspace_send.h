/* workspace_send.h -- calls of a workspace on their way out: through the window, with a token. */

#ifndef TARN_WORKSPACE_SEND_H
#define TARN_WORKSPACE_SEND_H

#include "dbx/workspace_queue.h"

/* Send what the window lets through: what was tried before first, then in order. */
void workspace_send_next(struct workspace *ws);
void workspace_send_gate(void *ud); /* the same, for the timer of the workspace `ud` */

/* Send this one. */
void workspace_send(struct workspace_call *c);

/* Report a fault from the loop, whoever found it. */
void workspace_send_fail(struct workspace_call *c, const struct fault *f);

/* The host as messages show it. */
const char *workspace_send_host(const struct workspace_call *c);

#endif
