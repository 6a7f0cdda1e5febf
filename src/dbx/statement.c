#include "dbx/statement.h"

#include "base/buf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATEMENTS      "/api/2.0/sql/statements"
#define DEFAULT_TIMEOUT 600000
#define FIRST_POLL_MS   200
#define MOST_POLL_MS    5000

/* What is asked for now. */
enum step { SUBMITTING, POLLING, FETCHING_CHUNK, FETCHING_LINK };

struct statement {
    struct loop *loop;
    struct workspace *ws;
    statement_ready *ready;
    void *ud;
    enum statement_phase phase;
    struct fault fault;

    enum step step;
    struct workspace_call *call; /* NULL: none under way */
    struct timer poll, deadline;
    int timeout_ms, poll_ms;
    bool unfinished; /* may run at the warehouse */
    bool
        dropped; /* only the answer to the submit is waited for, to cancel what it made */

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

/* ---- the body of the submit ---- */

/* A JSON string. Bytes over 0x7f pass as they are. */
static bool add_quoted(struct buf *b, const char *text, size_t size) {
    bool ok = buf_add(b, "\"", 1);
    size_t from = 0;
    for (size_t i = 0; ok && i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= ' ' && c != '"' && c != '\\')
            continue;
        ok = buf_add(b, text + from, i - from) && buf_fmt(b, "\\u%04x", c);
        from = i + 1;
    }
    return ok && buf_add(b, text + from, size - from) && buf_add(b, "\"", 1);
}

/* ,"name":"text", or nothing if `text` is NULL. */
static bool add_member(struct buf *b, const char *name, const char *text) {
    return text == NULL ||
           (buf_fmt(b, ",\"%s\":", name) && add_quoted(b, text, strlen(text)));
}

static bool add_parameter(struct buf *b, const struct statement_parameter *p) {
    bool ok = buf_str(b, "{\"name\":") && add_quoted(b, p->name, strlen(p->name)) &&
              buf_str(b, ",\"value\":");
    if (p->value == NULL)
        ok = ok && buf_str(b, "null");
    else
        ok = ok && add_quoted(b, p->value, p->size);
    return ok && add_member(b, "type", p->type) && buf_str(b, "}");
}

/* wait_timeout is 0s: the submit is the one request that is never sent again, so it is kept
 * short, and a statement whose id is known at once can always be cancelled. */
static bool add_submit(struct buf *b, const struct statement_request *r) {
    bool ok = buf_str(b, "{\"statement\":") && add_quoted(b, r->text, r->text_size) &&
              add_member(b, "warehouse_id", r->warehouse_id) &&
              add_member(b, "catalog", r->catalog) &&
              add_member(b, "schema", r->schema) &&
              add_member(b, "disposition", r->disposition) &&
              buf_str(b, ",\"format\":\"JSON_ARRAY\",\"wait_timeout\":\"0s\"");
    if (r->row_limit > 0)
        ok = ok && buf_fmt(b, ",\"row_limit\":%" PRId64, r->row_limit);
    if (r->parameter_count > 0)
        ok = ok && buf_str(b, ",\"parameters\":[");
    for (size_t i = 0; i < r->parameter_count; i++)
        ok = ok && (i == 0 || buf_str(b, ",")) && add_parameter(b, &r->parameters[i]);
    if (r->parameter_count > 0)
        ok = ok && buf_str(b, "]");
    return ok && buf_str(b, "}");
}

/* ---- ends ---- */

static void stop_waiting(struct statement *s) {
    loop_clear_timer(s->loop, &s->poll);
    loop_clear_timer(s->loop, &s->deadline);
}

static void free_statement(struct statement *s) {
    stop_waiting(s);
    buf_free(&s->columns);
    buf_free(&s->answer);
    buf_free(&s->file);
    free(s->next);
    workspace_release(s->ws);
    free(s);
}

/* Tell the warehouse to stop. Best effort, as the API's own cancel is. */
static void cancel_there(struct statement *s) {
    char path[sizeof STATEMENTS + sizeof s->id + 16];
    if (!s->unfinished || s->id[0] == '\0')
        return;
    s->unfinished = false;
    snprintf(path, sizeof path, STATEMENTS "/%s/cancel", s->id);
    workspace_post(s->ws, "POST", path, NULL, 0);
}

static void become(struct statement *s, enum statement_phase phase) {
    s->phase = phase;
    stop_waiting(s);
}

/* s->fault is filled. */
static void fail(struct statement *s) {
    become(s, STATEMENT_FAILED);
    cancel_there(s);
}

static void fail_memory(struct statement *s) {
    fault_set(&s->fault, FAULT_IO, "out of memory");
    fail(s);
}

/* An answer that cannot be what it claims to be. */
static void fail_parse(struct statement *s, const char *what) {
    fault_set(&s->fault, FAULT_PARSE, "statement %s: %s", s->id[0] != '\0' ? s->id : "?",
              what);
    fault_hint(&s->fault, "the answer is not one of the SQL statement API; is a proxy "
                          "between here and the workspace?");
    fail(s);
}

/* ---- requests ---- */

static void answered(void *ud, struct workspace_response *r, const struct fault *f);

static void ask(struct statement *s, enum step step, const struct workspace_request *r) {
    s->step = step;
    s->phase = STATEMENT_BUSY;
    s->call = workspace_start(s->ws, r, answered, s, &s->fault);
    if (s->call == NULL)
        fail(s);
}

static void get(struct statement *s, enum step step, const char *path) {
    ask(s, step,
        &(struct workspace_request){.method = "GET", .path = path, .idempotent = true});
}

static void get_chunk(struct statement *s, int64_t index) {
    char path[sizeof STATEMENTS + sizeof s->id + 48];
    snprintf(path, sizeof path, STATEMENTS "/%s/result/chunks/%" PRId64, s->id, index);
    get(s, FETCHING_CHUNK, path);
}

static void poll_now(void *ud) {
    struct statement *s = ud;
    char path[sizeof STATEMENTS + sizeof s->id];
    snprintf(path, sizeof path, STATEMENTS "/%s", s->id);
    get(s, POLLING, path);
    if (s->phase != STATEMENT_BUSY)
        s->ready(s->ud);
}

static void poll_later(struct statement *s) {
    if (!loop_set_timer(s->loop, &s->poll, loop_now() + s->poll_ms)) {
        fail_memory(s);
        return;
    }
    s->poll_ms += s->poll_ms / 2;
    if (s->poll_ms > MOST_POLL_MS)
        s->poll_ms = MOST_POLL_MS;
}

/* The submit goes on alone: without its answer there is no id to cancel. */
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
    fail(s);
    s->ready(s->ud);
}

/* ---- external links ---- */

/* "Name: value" for each member of http_headers, into one block; NULL without memory. The
 * list points into `text`. A header that would break the request is left out. */
static bool add_headers(struct json object, struct buf *text, size_t *count) {
    struct json it = {0}, key, value;
    char name[128], content[2048];
    while ((value = json_pair(object, &it, &key)).text != NULL) {
        if (!json_text(key, name, sizeof name) ||
            !json_text(value, content, sizeof content) ||
            strpbrk(name, "\r\n: ") != NULL || strpbrk(content, "\r\n") != NULL)
            continue;
        if (!buf_fmt(text, "%s: %s", name, content) || !buf_add(text, "", 1))
            return false;
        ++*count;
    }
    return true;
}

/* Plain HTTP is for a workspace that is itself reached so, which is one on this machine. */
static bool link_allowed(const struct statement *s, const char *url) {
    const struct config *c = credentials_config(workspace_credentials(s->ws));
    const char *host = c->attr[CONFIG_HOST].value;
    if (strncmp(url, "https://", 8) == 0)
        return true;
    return strncmp(url, "http://", 7) == 0 && host != NULL &&
           strncmp(host, "http://", 7) == 0;
}

static void ask_link(struct statement *s, const char *url, char *header_text,
                     size_t header_count) {
    const char **headers = calloc(header_count + 1, sizeof *headers);
    if (headers == NULL) {
        fail_memory(s);
        return;
    }
    for (size_t i = 0; i < header_count; i++) {
        headers[i] = header_text;
        header_text += strlen(header_text) + 1;
    }
    ask(s, FETCHING_LINK,
        &(struct workspace_request){.method = "GET",
                                    .path = url,
                                    .headers = headers,
                                    .idempotent = true,
                                    .external = true});
    free(headers);
}

static void fetch_link(struct statement *s) {
    struct buf headers = {0};
    size_t header_count = 0, size;
    char *url = json_string(json_at(s->link, "external_link"), &size);
    if (url == NULL || strlen(url) != size || !link_allowed(s, url))
        fail_parse(s, "an external link that is no https:// URL");
    else if (!add_headers(json_at(s->link, "http_headers"), &headers, &header_count))
        fail_memory(s);
    else
        ask_link(s, url, headers.bytes, header_count);
    buf_wipe(&headers);
    free(url);
}

/* ---- chunks ---- */

static bool out_of_order(struct statement *s, struct json chunk) {
    int64_t index, offset;
    if (!json_int(json_at(chunk, "chunk_index"), &index))
        index = s->chunk + 1;
    bool wrong = index != s->chunk + 1;
    if (json_int(json_at(chunk, "row_offset"), &offset))
        wrong = wrong || offset != s->rows;
    s->chunk = index;
    return wrong;
}

/* Remember where the chunk after this one is. The link is used as it is, but only within
 * the workspace: it carries our credentials. */
static bool keep_next(struct statement *s, struct json chunk) {
    struct json link = json_at(chunk, "next_chunk_internal_link");
    int64_t index;
    size_t size;
    free(s->next);
    s->next = NULL;
    if (json_type(link) == '"') {
        s->next = json_string(link, &size);
        if (s->next == NULL)
            return fault_set(&s->fault, FAULT_IO, "out of memory");
        if (strncmp(s->next, "/api/", 5) != 0 || strlen(s->next) != size ||
            strpbrk(s->next, " \t\r\n#\\") != NULL)
            return fault_set(&s->fault, FAULT_PARSE,
                             "statement %s: the link to the next chunk leads elsewhere",
                             s->id);
        return true;
    }
    if (!json_int(json_at(chunk, "next_chunk_index"), &index))
        return true;
    if (index != s->chunk + 1)
        return fault_set(&s->fault, FAULT_PARSE, "statement %s: chunks out of order",
                         s->id);
    struct buf path = {0};
    if (!buf_fmt(&path, STATEMENTS "/%s/result/chunks/%" PRId64, s->id, index)) {
        buf_free(&path);
        return fault_set(&s->fault, FAULT_IO, "out of memory");
    }
    s->next = path.bytes;
    return true;
}

/* `chunk` describes rows that are at hand, or will be. */
static bool enter_chunk(struct statement *s, struct json chunk) {
    if (out_of_order(s, chunk)) {
        fail_parse(s, "chunks out of order");
        return false;
    }
    if (!keep_next(s, chunk)) {
        fail(s);
        return false;
    }
    if (!json_int(json_at(chunk, "row_count"), &s->chunk_rows))
        s->chunk_rows = -1;
    s->chunk_given = 0;
    return true;
}

static void give_rows(struct statement *s, struct json rows) {
    s->list = rows;
    s->at = (struct json){0};
    become(s, STATEMENT_CHUNK);
}

static void end(struct statement *s) {
    if (s->total_rows >= 0 && !s->truncated && s->rows < s->total_rows)
        fail_parse(s, "the result ends before its last row");
    else
        become(s, STATEMENT_END);
}

static void next_link(struct statement *s) {
    s->link = json_next(s->links, &s->link);
    if (enter_chunk(s, s->link))
        fetch_link(s);
}

/* A ResultData; it lies in s->answer. */
static void take_result(struct statement *s, struct json result) {
    struct json rows = json_at(result, "data_array");
    s->links = json_at(result, "external_links");
    s->link = (struct json){0};
    if (json_type(s->links) == '[' && json_at(s->links, "0").text != NULL) {
        next_link(s);
    } else if (json_type(rows) == '[') {
        if (enter_chunk(s, result))
            give_rows(s, rows);
    } else if (s->chunk >= 0 || rows.text != NULL) {
        fail_parse(s, "a chunk without rows");
    } else {
        end(s); /* no result at all: a statement that has none, or no rows */
    }
}

/* The same, for a chunk whose link was no longer good. */
static void take_fresh_link(struct statement *s, struct json result) {
    int64_t index;
    s->links = json_at(result, "external_links");
    s->link = (struct json){0};
    while ((s->link = json_next(s->links, &s->link)).text != NULL)
        if (!json_int(json_at(s->link, "chunk_index"), &index) || index == s->chunk)
            break;
    bool leads_on = json_at(s->link, "next_chunk_internal_link").text != NULL ||
                    json_at(s->link, "next_chunk_index").text != NULL;
    if (s->link.text == NULL)
        fail_parse(s, "no fresh link for an expired one");
    else if (leads_on && !keep_next(s, s->link)) /* the list that it was in is gone */
        fail(s);
    else
        fetch_link(s);
}

static void take_chunk(struct statement *s) {
    struct json root = json_root(s->answer.bytes, s->answer.size);
    if (json_type(root) != '{')
        fail_parse(s, "a chunk that is not JSON");
    else if (s->relinked)
        take_fresh_link(s, root);
    else
        take_result(s, root);
}

static void take_file(struct statement *s) {
    struct json root = json_root(s->file.bytes, s->file.size);
    if (json_type(root) != '[')
        fail_parse(s, "an external link to something that is no JSON array");
    else
        give_rows(s, root);
}

/* ---- states ---- */

static void take_success(struct statement *s, struct json root) {
    struct json manifest = json_at(root, "manifest");
    struct json columns = json_at(manifest, "schema.columns");
    int64_t chunks = 0;
    char format[32];
    s->unfinished = false;
    loop_clear_timer(s->loop, &s->deadline);
    s->truncated = json_type(json_at(manifest, "truncated")) == 't';
    if (!json_int(json_at(manifest, "total_row_count"), &s->total_rows))
        s->total_rows = -1;
    json_int(json_at(manifest, "total_chunk_count"), &chunks);
    if (columns.text != NULL && !buf_add(&s->columns, columns.text, columns.size)) {
        fail_memory(s);
        return;
    }
    if (json_text(json_at(manifest, "format"), format, sizeof format) &&
        strcmp(format, "JSON_ARRAY") != 0) {
        fail_parse(s, "the result is not in the format that was asked for");
        return;
    }
    struct json result = json_at(root, "result");
    bool here = json_at(result, "data_array").text != NULL ||
                json_at(result, "external_links.0").text != NULL;
    if (!here && chunks > 0)
        get_chunk(s, 0);
    else
        take_result(s, result);
}

/* Codes that say that the same statement may well succeed later. */
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
    json_text(json_at(status, "error.error_code"), code, sizeof code);
    if (json_text(json_at(status, "sql_state"), sql_state, sizeof sql_state) &&
        strstr(message, sql_state) == NULL)
        fault_set(&s->fault, FAULT_SQL, "[%s] %s", sql_state, message);
    else
        fault_set(&s->fault, FAULT_SQL, "%s", message);
    snprintf(s->fault.code, sizeof s->fault.code, "%s", code);
    s->fault.retryable = transient(code);
    fail(s);
}

/* Ended without rows, which is not the same as with no rows. */
static void take_end(struct statement *s, const char *what, const char *hint) {
    s->unfinished = false;
    fault_set(&s->fault, FAULT_SQL, "statement %s %s", s->id, what);
    fault_hint(&s->fault, "%s", hint);
    snprintf(s->fault.code, sizeof s->fault.code, "%s", s->state);
    fail(s);
}

/* The id becomes part of paths. */
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

/* A state that we do not know is taken for one on the way: the deadline ends it. */
static void take_status(struct statement *s) {
    struct json root = json_root(s->answer.bytes, s->answer.size);
    struct json status = json_at(root, "status");
    if (json_type(root) != '{')
        fail_parse(s, "an answer that is not JSON");
    else if (!take_id(s, root))
        fail_parse(s, "an answer without a statement id");
    else if (!json_text(json_at(status, "state"), s->state, sizeof s->state))
        fail_parse(s, "an answer without a state");
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

/* The storage's own words are left out: they may repeat parts of a signed URL. */
static void link_failed(struct statement *s, int status, const struct fault *f) {
    if (status < 400 || status >= 500) {
        s->fault = *f;
        if (status != 0)
            fault_set(&s->fault, FAULT_HTTP,
                      "the external link to chunk %" PRId64 " answers %d", s->chunk,
                      status);
    } else if (!s->relinked) {
        s->relinked = true;
        get_chunk(s, s->chunk);
        return;
    } else {
        fault_set(&s->fault, FAULT_HTTP,
                  "the external link to chunk %" PRId64
                  " is refused with %d, and so is a "
                  "fresh one",
                  s->chunk, status);
        fault_hint(&s->fault, "is the storage reachable from here? A firewall or another "
                              "network may need a rule; or use disposition INLINE");
    }
    s->fault.status = status;
    s->fault.retryable = f->retryable;
    fail(s);
}

static void request_failed(struct statement *s, struct workspace_response *r,
                           const struct fault *f) {
    if (s->step == FETCHING_LINK && f->kind != FAULT_CANCELLED) {
        link_failed(s, r->status, f);
        return;
    }
    s->fault = *f;
    if (s->step == SUBMITTING && f->ambiguous)
        fault_hint(&s->fault, "the statement may be running all the same: look into the "
                              "warehouse's query history before it is sent again");
    if (r->status == 404)
        s->unfinished = false;
    fail(s);
}

static void take_body(struct buf *to, struct buf *from) {
    buf_free(to);
    *to = *from;
    *from = (struct buf){0};
}

static void take_answer(struct statement *s, struct buf *body) {
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
        take_chunk(s);
        break;
    case FETCHING_LINK:
        take_body(&s->file, body);
        take_file(s);
        break;
    }
}

/* Nobody waits for the result any more: learn the id, and cancel. */
static void take_orphan(struct statement *s, struct buf *body, const struct fault *f) {
    struct json root = json_root(body->bytes, body->size);
    if (f == NULL && take_id(s, root)) {
        s->unfinished = true;
        cancel_there(s);
    }
    if (s->dropped)
        free_statement(s);
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
        take_answer(s, &r->body);
    if (s->phase != STATEMENT_BUSY)
        s->ready(s->ud);
}

/* ---- public ---- */

struct statement *statement_start(struct loop *l, struct workspace *ws,
                                  const struct statement_request *r,
                                  statement_ready *ready, void *ud, struct fault *f) {
    struct statement *s = malloc(sizeof *s);
    struct buf body = {0};
    if (s == NULL) {
        fault_set(f, FAULT_IO, "out of memory");
        return NULL;
    }
    *s = (struct statement){.loop = l,
                            .ws = ws,
                            .ready = ready,
                            .ud = ud,
                            .total_rows = -1,
                            .chunk = -1,
                            .poll_ms = FIRST_POLL_MS};
    s->timeout_ms = r->timeout_ms > 0 ? r->timeout_ms : DEFAULT_TIMEOUT;
    s->poll = (struct timer){.fire = poll_now, .ud = s};
    s->deadline = (struct timer){.fire = too_late, .ud = s};
    workspace_hold(ws);
    if (!add_submit(&body, r) ||
        !loop_set_timer(l, &s->deadline, loop_now() + s->timeout_ms))
        fail_memory(s);
    else
        ask(s, SUBMITTING,
            &(struct workspace_request){.method = "POST",
                                        .path = STATEMENTS,
                                        .body = body.bytes,
                                        .body_size = body.size});
    buf_free(&body);
    if (s->phase == STATEMENT_FAILED) {
        *f = s->fault;
        free_statement(s);
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

struct json statement_row(struct statement *s) {
    if (s->phase != STATEMENT_CHUNK || s->list.text == NULL)
        return (struct json){0};
    s->at = json_next(s->list, &s->at);
    if (s->at.text == NULL) {
        s->list = (struct json){0};
    } else {
        s->rows++;
        s->chunk_given++;
    }
    return s->at;
}

void statement_next(struct statement *s) {
    struct json after = s->link;
    buf_free(&s->file);
    s->relinked = false;
    if (s->chunk_rows >= 0 && s->chunk_given != s->chunk_rows)
        fail_parse(s, "a chunk has not the rows that it claims");
    else if (s->link.text != NULL && json_next(s->links, &after).text != NULL)
        next_link(s);
    else if (s->next != NULL)
        get(s, FETCHING_CHUNK, s->next);
    else
        end(s);
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
        stop_waiting(s);
        return;
    }
    if (s->call != NULL)
        workspace_cancel(s->call);
    cancel_there(s);
    free_statement(s);
}
