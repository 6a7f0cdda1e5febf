/* statement_run.h -- a statement under way: its state, how it sends requests, and how it
 * fails. What statement.c, statement_links.c and statement_chunks.c share; for nobody
 * else. */

#ifndef TARN_STATEMENT_RUN_H
#define TARN_STATEMENT_RUN_H

#include "base/buf.h"
#include "base/jsonrows.h"
#include "dbx/statement.h"

#define STATEMENTS "/api/2.0/sql/statements"

/* What the present request is for. */
enum statement_step { SUBMITTING, POLLING, FETCHING_CHUNK, FETCHING_LINK };

struct statement {
    struct loop *loop;
    struct workspace *ws;
    statement_ready *ready;
    void *ud;
    enum statement_phase phase;
    struct fault fault;

    enum statement_step step;
    struct workspace_call *call; /* NULL: none under way */
    workspace_done *answered;    /* of each call */
    struct timer poll, deadline;
    int timeout_ms, poll_ms;
    bool unfinished; /* may run at the warehouse */
    bool dropped; /* only waits for the answer to the submit, to cancel the statement */
    struct buf
        again; /* the body that asks for links instead of rows; empty: not allowed */
    bool asked_again;  /* it was sent, since the rows are too many for an answer */
    int64_t row_limit; /* 0: none */

    char id[64];
    char state[32];
    struct buf columns;
    bool truncated;
    int64_t total_rows, rows;

    struct buf answer;    /* the JSON of the present chunk, or of the links to it */
    struct json list, at; /* the rows of the present chunk, and the last one given out */
    struct json links, link; /* the external links in `answer`, and the present one */
    int64_t chunk;           /* index of the present chunk; -1 before the first */
    int64_t chunk_rows;      /* the rows that it should have; -1: not told */
    int64_t chunk_given;     /* the rows that were given out */
    char *next;              /* path of the next chunk, or NULL */
    bool relinked;           /* the present link is the second one for its chunk */

    /* the file that the present link leads to, which is fetched in pieces */
    struct buf file;         /* the bytes that were not given out yet */
    struct jsonrows rows_at; /* where in them the next row begins */
    enum jsonrows_step file_step;
    int64_t file_read, file_size; /* bytes that have come, and all; -1: not known yet */
};

void statement_run_become(struct statement *s, enum statement_phase phase);
void statement_run_stop(struct statement *s); /* its timers */
void statement_run_free(struct statement *s);

/* Tell the warehouse to stop. Best effort, as the API's own cancel is. */
void statement_run_cancel(struct statement *s);

/* The statement has failed: s->fault says why, memory ran out, or an answer is not as it
 * should be. */
void statement_run_fail(struct statement *s);
void statement_run_fail_memory(struct statement *s);
void statement_run_fail_parse(struct statement *s, const char *what);

/* Send a request, whose answer goes to s->answered. */
void statement_run_ask(struct statement *s, enum statement_step step,
                       const struct workspace_request *r);
void statement_run_get(struct statement *s, enum statement_step step, const char *path);
void statement_run_get_chunk(struct statement *s, int64_t index);

#endif
