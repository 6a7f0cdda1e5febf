/* statement_chunks.h -- the rows of a result, chunk by chunk. statement_row and statement_next
 * are here too. */

#ifndef TARN_STATEMENT_CHUNKS_H
#define TARN_STATEMENT_CHUNKS_H

#include "dbx/statement_run.h"

/* Go on with a ResultData, which is inside s->answer. */
void statement_chunks_take(struct statement *s, struct json result);

/* Go on with the answer to a request for a chunk, in s->answer. */
void statement_chunks_answer(struct statement *s);

#endif
