/* workspace_answer.h -- what follows from an answer to a call: its outcome, or another
 * try. */

#ifndef TARN_WORKSPACE_ANSWER_H
#define TARN_WORKSPACE_ANSWER_H

#include "dbx/workspace_queue.h"

/* An http_done: `ud` is a call that was sent. */
void workspace_answer_came(void *ud, struct http_response *r, const struct fault *f);

/* The timer of the call `ud` has fired: the call is to be sent again or
 * reported, or its time is over. */
void workspace_answer_timer(void *ud);

#endif
