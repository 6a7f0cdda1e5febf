/* workspace_close.h -- the end of a workspace. References and detached calls may delay
 * it. */

#ifndef TARN_WORKSPACE_CLOSE_H
#define TARN_WORKSPACE_CLOSE_H

#include "dbx/workspace_queue.h"

/* The `end` of http_linger: cancel the detached calls, and free the workspace. */
void workspace_close_detached(struct http_linger *l);

#endif
