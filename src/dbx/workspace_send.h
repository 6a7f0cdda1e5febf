/* workspace_send.h -- send the calls of a workspace: through the window, with a token. */

#ifndef TARN_WORKSPACE_SEND_H
#define TARN_WORKSPACE_SEND_H

#include "dbx/workspace_queue.h"

/* Send as many calls as the window lets through: those that were tried before,
 * then the others in order. */
void workspace_send_next(struct workspace *ws);
void workspace_send_gate(void *ud); /* the same, for the timer of the workspace `ud` */

/* Send this call. */
void workspace_send(struct workspace_call *c);

/* Report a fault from the loop, wherever it was found. */
void workspace_send_fail(struct workspace_call *c, const struct fault *f);

/* The host as it is shown in messages. */
const char *workspace_send_host(const struct workspace_call *c);

#endif
