/* statement_submit.h -- the body of the request that submits a statement. Pure. */

#ifndef TARN_STATEMENT_SUBMIT_H
#define TARN_STATEMENT_SUBMIT_H

#include "base/buf.h"
#include "dbx/statement.h"

/* Append the JSON text. False when memory runs out. */
bool statement_submit_add(struct buf *b, const struct statement_request *r);

#endif
