/* statement.h -- one SQL statement at a warehouse: submit, poll, fetch, cancel.
 *
 * Knows the API's states, chunks and links (reference D), but not what a row means, and
 * nothing of Lua. Holds one chunk of the result at a time, or a piece of the file of one. */

#ifndef TARN_STATEMENT_H
#define TARN_STATEMENT_H

#include "base/fault.h"
#include "base/json.h"
#include "dbx/workspace.h"
#include "net/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct statement;

/* A value bound to a marker `:name`. */
struct statement_parameter {
    const char *name;
    const char *value; /* as text, whatever its type; NULL binds NULL */
    size_t size;
    const char *type; /* "INT", "DECIMAL(10,2)"; NULL: the server's default, STRING */
};

#define STATEMENT_MAX_TEXT (16u << 20) /* bytes; the API takes no more */

struct statement_request {
    const char *text;
    size_t text_size;
    const char *warehouse_id;
    const char *catalog, *schema; /* may be NULL */
    const char
        *disposition;  /* "INLINE", "EXTERNAL_LINKS"; NULL: INLINE, and EXTERNAL_LINKS
                                if the statement only reads and its result is too large */
    int64_t row_limit; /* 0: none */
    const struct statement_parameter *parameters;
    size_t parameter_count;
    int timeout_ms; /* until the result is there; 0: 600 s */
};

enum statement_phase {
    STATEMENT_BUSY,   /* `ready` will be called */
    STATEMENT_CHUNK,  /* statement_row has rows */
    STATEMENT_END,    /* all rows have been given out */
    STATEMENT_FAILED, /* statement_fault says why */
};

/* Called when the phase is not STATEMENT_BUSY any more: from loop_turn or
 * workspace_close, never from a function of this header. The callee may drop the
 * statement. */
typedef void statement_ready(void *ud);

/* Submit a statement; all of `*r` is copied. NULL with `*f` filled if the submit cannot
 * even begin. A statement is submitted a second time only if it reads, has ended, and its
 * result is too large for an answer; after an ambiguous failure the caller decides. The
 * statement holds a reference to `ws`. */
struct statement *statement_start(struct loop *l, struct workspace *ws,
                                  const struct statement_request *r,
                                  statement_ready *ready, void *ud, struct fault *f);

enum statement_phase statement_phase(const struct statement *s);
const struct fault *
statement_fault(const struct statement *s); /* STATEMENT_FAILED only */

/* The next row of the present chunk, valid until statement_next. `text` NULL after the
 * last one. */
struct json statement_row(struct statement *s);

/* Forget the present chunk and get the next one; the phase is then BUSY, END or FAILED.
 * To be called in phase STATEMENT_CHUNK, after the last row. */
void statement_next(struct statement *s);

/* Known as soon as the phase has once not been BUSY. */
const char *statement_id(const struct statement *s);
struct json statement_columns(const struct statement *s); /* an array, or text NULL */
bool statement_truncated(const struct statement *s);
int64_t statement_total_rows(const struct statement *s); /* -1: not told */

/* Free the statement. If it may still run at the warehouse, it is cancelled there,
 * without waiting for the answer. */
void statement_drop(struct statement *s);

#endif
