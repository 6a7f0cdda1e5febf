/* statement_links.h -- results that lie outside of the workspace, behind links that expire. */

#ifndef TARN_STATEMENT_LINKS_H
#define TARN_STATEMENT_LINKS_H

#include "dbx/statement_run.h"

/* Get what the link at hand leads to. */
void statement_links_fetch(struct statement *s);

/* It answered with `status` (0: not at all) and `f`: ask once for a fresh link, else fail. */
void statement_links_failed(struct statement *s, int status, const struct fault *f);

#endif
