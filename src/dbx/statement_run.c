#include "dbx/statement_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void statement_run_stop(struct statement *s) {
    loop_clear_timer(s->loop, &s->poll);
    loop_clear_timer(s->loop, &s->deadline);
}

void statement_run_free(struct statement *s) {
    statement_run_stop(s);
    buf_free(&s->columns);
    buf_free(&s->answer);
    buf_free(&s->file);
    buf_free(&s->again);
    free(s->next);
    workspace_release(s->ws);
    free(s);
}

void statement_run_cancel(struct statement *s) {
    char path[sizeof STATEMENTS + sizeof s->id + 16];
    if (!s->unfinished || s->id[0] == '\0')
        return;
    s->unfinished = false;
    snprintf(path, sizeof path, STATEMENTS "/%s/cancel", s->id);
    workspace_start_detached(s->ws, "POST", path, NULL, 0);
}

void statement_run_become(struct statement *s, enum statement_phase phase) {
    s->phase = phase;
    statement_run_stop(s);
}

void statement_run_fail(struct statement *s) {
    statement_run_become(s, STATEMENT_FAILED);
    statement_run_cancel(s);
}

void statement_run_fail_memory(struct statement *s) {
    fault_memory(&s->fault, "a statement");
    statement_run_fail(s);
}

void statement_run_fail_parse(struct statement *s, const char *what) {
    fault_set(&s->fault, FAULT_PARSE, "statement %s: %s", s->id[0] != '\0' ? s->id : "?",
              what);
    fault_hint(&s->fault, "the answer is not one of the SQL statement API; is a proxy "
                          "between here and the workspace?");
    statement_run_fail(s);
}

void statement_run_ask(struct statement *s, enum statement_step step,
                       const struct workspace_request *r) {
    s->step = step;
    s->phase = STATEMENT_BUSY;
    s->call = workspace_start(s->ws, r, s->answered, s, &s->fault);
    if (s->call == NULL)
        statement_run_fail(s);
}

void statement_run_get(struct statement *s, enum statement_step step, const char *path) {
    statement_run_ask(
        s, step,
        &(struct workspace_request){.method = "GET", .path = path, .idempotent = true});
}

void statement_run_get_chunk(struct statement *s, int64_t index) {
    char path[sizeof STATEMENTS + sizeof s->id + 48];
    snprintf(path, sizeof path, STATEMENTS "/%s/result/chunks/%" PRId64, s->id, index);
    statement_run_get(s, FETCHING_CHUNK, path);
}
