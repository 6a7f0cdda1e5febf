/* statement_run.h -- a statement under way: its state, how it asks and how it fails. What the
 * files of a statement share (statement.c, statement_links.c, statement_chunks.c); for nobody
 * else. */

#ifndef TARN_STATEMENT_RUN_H
#define TARN_STATEMENT_RUN_H

#include "base/buf.h"
#include "dbx/statement.h"

#define STATEMENTS "/api/2.0/sql/statements"

/* What is asked for now. */
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
    bool dropped; /* waits for the answer to the submit alone, to cancel what it made */

    char id[64];
    char state[32];
    struct buf columns;
    bool truncated;
    int64_t total_rows, rows;

    struct buf answer;       /* JSON of the chunk at hand, or of the links to it */
    struct buf file;         /* what the external link at hand led to */
    struct json list, at;    /* rows of the chunk at hand, and the last one given out */
    struct json links, link; /* external links in `answer`, and the one at hand */
    int64_t chunk;           /* index of the chunk at hand, -1 before the first */
    int64_t chunk_rows;      /* that it should have; -1: not told */
    int64_t chunk_given;     /* that were given out */
    char *next;              /* path of the next chunk, or NULL */
    bool relinked;           /* the link at hand is the second for its chunk */
};

void statement_run_become(struct statement *s, enum statement_phase phase);
void statement_run_stop(struct statement *s); /* its timers */
void statement_run_free(struct statement *s);

/* Tell the warehouse to stop. Best effort, as the API's own cancel is. */
void statement_run_cancel(struct statement *s);

/* The statement has failed: s->fault is filled; memory ran out; or an answer cannot be what
 * it claims to be. */
void statement_run_fail(struct statement *s);
void statement_run_fail_memory(struct statement *s);
void statement_run_fail_parse(struct statement *s, const char *what);

/* Send a request, whose answer goes to s->answered. */
void statement_run_ask(struct statement *s, enum statement_step step,
                       const struct workspace_request *r);
void statement_run_get(struct statement *s, enum statement_step step, const char *path);
void statement_run_get_chunk(struct statement *s, int64_t index);

#endif
