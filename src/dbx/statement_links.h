/* statement_links.h -- results outside of the workspace, behind links that expire. */

#ifndef TARN_STATEMENT_LINKS_H
#define TARN_STATEMENT_LINKS_H

#include "dbx/statement_run.h"

/* Begin the file behind the present link. */
void statement_links_begin(struct statement *s);

/* Get the next piece of the present file. A file may be much larger than what we want to
 * hold; the storage gives ranges of it. */
void statement_links_fetch(struct statement *s);

/* Take a piece that has come, or the whole file from a storage that gives no ranges. */
void statement_links_answer(struct statement *s, struct workspace_response *r);

/* The link failed with `status` (0: no answer) and `f`. Ask for a fresh link; if that was
 * done since the last piece, the statement fails. */
void statement_links_failed(struct statement *s, int status, const struct fault *f);

#endif
