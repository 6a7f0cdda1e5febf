/* signin_page.h -- the page that a browser shows when a log-in has come back to this machine.
 * Pure. */

#ifndef TARN_SIGNIN_PAGE_H
#define TARN_SIGNIN_PAGE_H

#include "base/buf.h"

/* The policy that goes with it: the page loads nothing and runs nothing. */
#define SIGNIN_POLICY                                                                    \
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; "            \
    "base-uri 'none'; form-action 'none'"

/* Append the page. The texts are escaped; `more` may be "". */
bool signin_page(struct buf *out, bool good, const char *title, const char *text,
                 const char *more);

#endif
