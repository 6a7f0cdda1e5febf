/* statement_links.h -- results outside of the workspace, behind links that expire. */

#ifndef TARN_STATEMENT_LINKS_H
#define TARN_STATEMENT_LINKS_H

#include "dbx/statement_run.h"

/* Get the chunk behind the present link. */
void statement_links_fetch(struct statement *s);

/* The link failed with `status` (0: no answer) and `f`. Ask once for a fresh link; if
 * that was done, the statement fails. */
void statement_links_failed(struct statement *s, int status, const struct fault *f);

#endif
