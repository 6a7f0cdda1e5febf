#include "dbx/statement.h"

#include "base/sqlreadonly.h"
#include "dbx/statement_chunks.h"
#include "dbx/statement_links.h"
#include "dbx/statement_submit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_TIMEOUT 600000
#define FIRST_POLL_MS   200
#define MOST_POLL_MS    5000

/* ---- requests ---- */

static void poll_now(void *ud) {
    struct statement *s = ud;
    char path[sizeof STATEMENTS + sizeof s->id];
    snprintf(path, sizeof path, STATEMENTS "/%s", s->id);
    statement_run_get(s, POLLING, path);
    if (s->phase != STATEMENT_BUSY)
        s->ready(s->ud);
}

static void poll_later(struct statement *s) {
    if (!loop_set_timer(s->loop, &s->poll, loop_now() + s->poll_ms)) {
        statement_run_fail_memory(s);
        return;
    }
    s->poll_ms += s->poll_ms / 2;
    if (s->poll_ms > MOST_POLL_MS)
        s->poll_ms = MOST_POLL_MS;
}

/* The deadline has passed. A submit that is under way goes on, since only its answer has
 * the id by which the statement can be cancelled. */
static void too_late(void *ud) {
    struct statement *s = ud;
    if (s->call != NULL && s->step != SUBMITTING) {
        workspace_cancel(s->call);
        s->call = NULL;
    }
    fault_set(&s->fault, FAULT_TIMEOUT,
              "no result within %g seconds; the statement was %s and is being cancelled",
              s->timeout_ms / 1000.0,
              s->state[0] != '\0' ? s->state : "not accepted yet");
    fault_hint(&s->fault, "give a longer timeout, or see whether the warehouse starts");
    statement_run_fail(s);
    s->ready(s->ud);
}

static void submit(struct statement *s, const struct buf *body) {
    statement_run_ask(s, SUBMITTING,
                      &(struct workspace_request){.method = "POST",
                                                  .path = STATEMENTS,
                                                  .body = body->bytes,
                                                  .body_size = body->size});
}

/* ---- results that are too large for an answer ---- */

/* Send the statement again, which only reads, and ask for links to files of rows. */
static void ask_again(struct statement *s) {
    struct buf body = s->again;
    s->again = (struct buf){0};
    s->asked_again = true;
    s->truncated = s->unfinished = false;
    s->id[0] = s->state[0] = '\0';
    s->poll_ms = FIRST_POLL_MS;
    buf_free(&s->columns);
    submit(s, &body);
    buf_free(&body);
}

/* True for the message of a result that is larger than the API puts into an answer. It
 * advises the other disposition. */
static bool too_large(const char *message) {
    return strstr(message, "Inline byte limit") != NULL ||
           strstr(message, "EXTERNAL_LINKS") != NULL;
}

/* The rows were cut off, and not by the limit of rows that was asked for. */
static bool cut_by_size(const struct statement *s) {
    return s->truncated && (s->row_limit == 0 || s->total_rows < s->row_limit);
}

/* ---- states ---- */

static void take_success(struct statement *s, struct json root) {
    struct json manifest = json_at(root, "manifest");
    struct json columns = json_at(manifest, "schema.columns");
    int64_t chunks = 0;
    char format[32];
    s->unfinished = false;
    s->truncated = json_type(json_at(manifest, "truncated")) == 't';
    if (!json_int(json_at(manifest, "total_row_count"), &s->total_rows))
        s->total_rows = -1;
    json_int(json_at(manifest, "total_chunk_count"), &chunks);
    if (s->again.size > 0 && cut_by_size(s)) {
        ask_again(s);
        return;
    }
    buf_free(&s->again);
    loop_clear_timer(s->loop, &s->deadline);
    if (columns.text != NULL && !buf_add(&s->columns, columns.text, columns.size)) {
        statement_run_fail_memory(s);
        return;
    }
    if (json_text(json_at(manifest, "format"), format, sizeof format) &&
        strcmp(format, "JSON_ARRAY") != 0) {
        statement_run_fail_parse(s, "the result is not in the format that was asked for");
        return;
    }
    struct json result = json_at(root, "result");
    bool here = json_at(result, "data_array").text != NULL ||
                json_at(result, "external_links.0").text != NULL;
    if (!here && chunks > 0)
        statement_run_get_chunk(s, 0);
    else
        statement_chunks_take(s, result);
}

/* True for a code that says that the same statement may well succeed later. */
static bool transient(const char *code) {
    static const char *const codes[] = {
        "TEMPORARILY_UNAVAILABLE", "WORKSPACE_TEMPORARILY_UNAVAILABLE",
        "SERVICE_UNDER_MAINTENANCE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(code, codes[i]) == 0)
            return true;
    return false;
}

static void take_failure(struct statement *s, struct json status) {
    char message[sizeof s->fault.message], code[sizeof s->fault.code], sql_state[16];
    s->unfinished = false;
    if (!json_text(json_at(status, "error.message"), message, sizeof message))
        snprintf(message, sizeof message, "the warehouse does not say why");
    if (s->again.size > 0 && too_large(message)) {
        ask_again(s);
        return;
    }
    json_text(json_at(status, "error.error_code"), code, sizeof code);
    if (json_text(json_at(status, "sql_state"), sql_state, sizeof sql_state) &&
        strstr(message, sql_state) == NULL)
        fault_set(&s->fault, FAULT_SQL, "[%s] %s", sql_state, message);
    else
        fault_set(&s->fault, FAULT_SQL, "%s", message);
    if (s->asked_again)
        fault_hint(&s->fault,
                   "the result is too large for an answer, so it was asked for "
                   "again with disposition EXTERNAL_LINKS");
    else if (too_large(message))
        fault_hint(&s->fault, "ask for disposition EXTERNAL_LINKS (tarn sql "
                              "--external-links): this statement may do more than read, "
                              "so it is not sent again by itself");
    fault_code(&s->fault, code);
    s->fault.retryable = transient(code);
    statement_run_fail(s);
}

/* The statement has ended without a result. */
static void take_end(struct statement *s, const char *what, const char *hint) {
    s->unfinished = false;
    fault_set(&s->fault, FAULT_SQL, "statement %s %s", s->id, what);
    fault_hint(&s->fault, "%s", hint);
    fault_code(&s->fault, s->state);
    statement_run_fail(s);
}

/* Take the statement's id, checked because it becomes part of paths. */
static bool take_id(struct statement *s, struct json root) {
    char id[sizeof s->id];
    if (!json_text(json_at(root, "statement_id"), id, sizeof id))
        return s->id[0] != '\0';
    if (id[0] == '\0' || strspn(id, "0123456789abcdefghijklmnopqrstuvwxyz"
                                    "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_") != strlen(id))
        return false;
    memcpy(s->id, id, sizeof id);
    return true;
}

/* Act upon the statement's state. An unknown state counts as one that will change; if it
 * does not, the deadline ends the statement. */
static void take_status(struct statement *s) {
    struct json root = json_root(s->answer.bytes, s->answer.size);
    struct json status = json_at(root, "status");
    if (json_type(root) != '{')
        statement_run_fail_parse(s, "an answer that is not JSON");
    else if (!take_id(s, root))
        statement_run_fail_parse(s, "an answer without a statement id");
    else if (!json_text(json_at(status, "state"), s->state, sizeof s->state))
        statement_run_fail_parse(s, "an answer without a state");
    else if (strcmp(s->state, "SUCCEEDED") == 0)
        take_success(s, root);
    else if (strcmp(s->state, "FAILED") == 0)
        take_failure(s, status);
    else if (strcmp(s->state, "CANCELED") == 0)
        take_end(s, "was cancelled at the warehouse",
                 "somebody, or a limit of the warehouse, cancelled it");
    else if (strcmp(s->state, "CLOSED") == 0)
        take_end(s, "succeeded, but its result is no longer there",
                 "results are kept for a while only; run it again");
    else
        poll_later(s);
}

/* ---- answers ---- */

static void request_failed(struct statement *s, struct workspace_response *r,
                           const struct fault *f) {
    if (s->step == FETCHING_LINK && f->kind != FAULT_CANCELLED) {
        statement_links_failed(s, r->status, f);
        return;
    }
    s->fault = *f;
    if (s->step == SUBMITTING && f->ambiguous)
        fault_hint(&s->fault, "the statement may be running all the same: look into the "
                              "warehouse's query history before it is sent again");
    if (r->status == 404)
        s->unfinished = false;
    statement_run_fail(s);
}

static void take_body(struct buf *to, struct buf *from) {
    buf_free(to);
    *to = *from;
    *from = (struct buf){0};
}

static void take_answer(struct statement *s, struct workspace_response *r) {
    struct buf *body = &r->body;
    switch (s->step) {
    case SUBMITTING:
        s->unfinished = true;
        take_body(&s->answer, body);
        take_status(s);
        break;
    case POLLING:
        take_body(&s->answer, body);
        take_status(s);
        break;
    case FETCHING_CHUNK:
        take_body(&s->answer, body);
        statement_chunks_answer(s);
        break;
    case FETCHING_LINK:
        statement_links_answer(s, r);
        break;
    }
}

/* Nobody waits for the result any more: take the id, and cancel the statement. */
static void take_orphan(struct statement *s, struct buf *body, const struct fault *f) {
    struct json root = json_root(body->bytes, body->size);
    if (f == NULL && take_id(s, root)) {
        s->unfinished = true;
        statement_run_cancel(s);
    }
    if (s->dropped)
        statement_run_free(s);
}

static void answered(void *ud, struct workspace_response *r, const struct fault *f) {
    struct statement *s = ud;
    s->call = NULL;
    if (s->dropped || s->phase == STATEMENT_FAILED) {
        take_orphan(s, &r->body, f);
        return;
    }
    if (f != NULL)
        request_failed(s, r, f);
    else
        take_answer(s, r);
    if (s->phase != STATEMENT_BUSY)
        s->ready(s->ud);
}

/* Append the body that asks for links, if the statement may be sent a second time. */
static bool add_again(struct buf *again, const struct statement_request *r) {
    char why[128];
    struct statement_request links = *r;
    links.disposition = "EXTERNAL_LINKS";
    return r->disposition != NULL ||
           !sqlreadonly_check(r->text, r->text_size, why, sizeof why) ||
           statement_submit_add(again, &links);
}

/* ---- public ---- */

struct statement *statement_start(struct loop *l, struct workspace *ws,
                                  const struct statement_request *r,
                                  statement_ready *ready, void *ud, struct fault *f) {
    struct statement *s = malloc(sizeof *s);
    struct buf body = {0};
    if (s == NULL) {
        fault_memory(f, "a statement");
        return NULL;
    }
    *s = (struct statement){.loop = l,
                            .ws = ws,
                            .ready = ready,
                            .ud = ud,
                            .answered = answered,
                            .total_rows = -1,
                            .chunk = -1,
                            .row_limit = r->row_limit,
                            .poll_ms = FIRST_POLL_MS};
    s->timeout_ms = r->timeout_ms > 0 ? r->timeout_ms : DEFAULT_TIMEOUT;
    s->poll = (struct timer){.fire = poll_now, .ud = s};
    s->deadline = (struct timer){.fire = too_late, .ud = s};
    workspace_hold(ws);
    if (!statement_submit_add(&body, r) || !add_again(&s->again, r) ||
        !loop_set_timer(l, &s->deadline, loop_now() + s->timeout_ms))
        statement_run_fail_memory(s);
    else
        submit(s, &body);
    buf_free(&body);
    if (s->phase == STATEMENT_FAILED) {
        *f = s->fault;
        statement_run_free(s);
        return NULL;
    }
    return s;
}

enum statement_phase statement_phase(const struct statement *s) {
    return s->phase;
}

const struct fault *statement_fault(const struct statement *s) {
    return &s->fault;
}

const char *statement_id(const struct statement *s) {
    return s->id;
}

struct json statement_columns(const struct statement *s) {
    return json_root(s->columns.bytes, s->columns.size);
}

bool statement_truncated(const struct statement *s) {
    return s->truncated;
}

int64_t statement_total_rows(const struct statement *s) {
    return s->total_rows;
}

void statement_drop(struct statement *s) {
    if (s == NULL)
        return;
    if (s->call != NULL && s->step == SUBMITTING) {
        s->dropped = true;
        statement_run_stop(s);
        return;
    }
    if (s->call != NULL)
        workspace_cancel(s->call);
    statement_run_cancel(s);
    statement_run_free(s);
}
