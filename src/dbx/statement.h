/* statement.h -- the life of one SQL statement at a warehouse: submit, poll, fetch, cancel.
 *
 * Knows the API's states, chunks and links (reference D). What a row means, and Lua, it does
 * not know. Holds one chunk of the result at a time. */

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

#define STATEMENT_MAX_TEXT (16u << 20) /* bytes of a statement that the API takes */

struct statement_request {
    const char *text;
    size_t text_size;
    const char *warehouse_id;
    const char *catalog, *schema; /* may be NULL */
    const char *disposition; /* "INLINE", "EXTERNAL_LINKS"; NULL: the server's default */
    int64_t row_limit;       /* 0: none */
    const struct statement_parameter *parameters;
    size_t parameter_count;
    int timeout_ms; /* until the result is there; 0: 600 s */
};

enum statement_phase {
    STATEMENT_BUSY,   /* `ready` will be called */
    STATEMENT_CHUNK,  /* statement_row has rows */
    STATEMENT_END,    /* all rows were had */
    STATEMENT_FAILED, /* statement_fault says how */
};

/* The phase is no longer STATEMENT_BUSY. Called from loop_turn or workspace_close, never from
 * inside a function of this header. It may drop the statement. */
typedef void statement_ready(void *ud);

/* Submit; all of `*r` is copied. NULL with `*f` filled if not even that can begin. Never
 * submitted twice: an ambiguous failure is the caller's to think about. The statement holds a
 * reference to `ws`. */
struct statement *statement_start(struct loop *l, struct workspace *ws,
                                  const struct statement_request *r,
                                  statement_ready *ready, void *ud, struct fault *f);

enum statement_phase statement_phase(const struct statement *s);
const struct fault *
statement_fault(const struct statement *s); /* STATEMENT_FAILED only */

/* The next row of the chunk at hand, valid until statement_next; text NULL after the last. */
struct json statement_row(struct statement *s);

/* Forget the chunk at hand and go for the next one: BUSY, END or FAILED afterwards. For
 * STATEMENT_CHUNK, after its last row. */
void statement_next(struct statement *s);

/* Known once the phase is no longer BUSY for the first time. */
const char *statement_id(const struct statement *s);
struct json statement_columns(const struct statement *s); /* an array, or text NULL */
bool statement_truncated(const struct statement *s);
int64_t statement_total_rows(const struct statement *s); /* -1: not told */

/* Free it. If it may still run at the warehouse, its cancellation is posted. Never waits. */
void statement_drop(struct statement *s);

#endif
