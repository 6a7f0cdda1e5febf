/* readonly.h -- which requests to a workspace change nothing there. Pure: looks at a
 * request and sends nothing. The one table of POST requests that only read is in
 * readonly.c. */

#ifndef TARN_READONLY_H
#define TARN_READONLY_H

#include "base/fault.h"
#include "dbx/workspace.h"

#include <stdbool.h>

#define READONLY_CODE "READ_ONLY" /* the code of the fault */

/* True if the request only reads. Else `*f` says that it was refused, and why. */
bool readonly_allows(const struct workspace_request *r, struct fault *f);

/* True for a header that asks a server to take one method for another. `line` is
 * "Name: value". */
bool readonly_disguises(const char *line);

/* Fill the fault for anything else that is refused. `what` is a whole clause. Returns
 * false. */
bool readonly_refuse(struct fault *f, const char *what);

#endif
