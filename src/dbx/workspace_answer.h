/* workspace_answer.h -- what an answer to a call means: an outcome, or another try. */

#ifndef TARN_WORKSPACE_ANSWER_H
#define TARN_WORKSPACE_ANSWER_H

#include "dbx/workspace_queue.h"

/* An http_done: `ud` is a call that was sent. */
void workspace_answer_came(void *ud, struct http_response *r, const struct fault *f);

/* The timer of the call `ud` has fired: it is to be sent again, to be reported, or out of
 * time. */
void workspace_answer_timer(void *ud);

#endif
