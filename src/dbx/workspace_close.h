/* workspace_close.h -- the end of a workspace, whose references and posts may keep it. */

#ifndef TARN_WORKSPACE_CLOSE_H
#define TARN_WORKSPACE_CLOSE_H

#include "dbx/workspace_queue.h"

/* The end of http_guest: cancel the posts, and free the workspace. */
void workspace_close_posts(struct http_guest *g);

#endif
