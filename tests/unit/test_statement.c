#include "dbx/statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- a clock, and a workspace that answers from a list ---- */

#define ID     "01ef-aa"
#define SUBMIT "POST /api/2.0/sql/statements"
#define POLL   "GET /api/2.0/sql/statements/" ID
#define CHUNK  POLL "/result/chunks/"
#define CANCEL "POST /api/2.0/sql/statements/" ID "/cancel"

struct step {
    const char *expect; /* "GET /path"; NULL ends the list */
    const char *body;   /* or a fault: "!http 404", "!network 0 ambiguous"; or a part of a
                           file: "@bytes 0-3/9|its text" */
};

struct workspace_call {
    workspace_done *done;
    void *ud;
    bool pending;
};

static struct {
    int64_t now;
    struct timer *timers[4];
    const struct step *next;
    struct workspace_call call;
    int64_t asked_at[32];
    int asked, posted, holds, forgotten;
    char last_post[128], submitted[4096], headers[256];
    char range[32];
    bool external, idempotent, closed;
    const char *host;
} world;

int64_t loop_now(void) {
    return world.now;
}

bool loop_set_timer(struct loop *l, struct timer *t, int64_t due) {
    size_t place = 0;
    (void)l;
    loop_clear_timer(l, t);
    while (world.timers[place] != NULL)
        place++;
    t->due = due;
    world.timers[place] = t;
    return true;
}

void loop_clear_timer(struct loop *l, struct timer *t) {
    (void)l;
    for (size_t i = 0; i < 4; i++)
        if (world.timers[i] == t)
            world.timers[i] = NULL;
}

void workspace_hold(struct workspace *ws) {
    (void)ws;
    world.holds++;
}

void workspace_release(struct workspace *ws) {
    (void)ws;
    world.holds--;
}

struct credentials *workspace_credentials(struct workspace *ws) {
    return (struct credentials *)ws;
}

const struct config *credentials_config(const struct credentials *cr) {
    static struct config config;
    (void)cr;
    config.attr[CONFIG_HOST].value = (char *)world.host;
    return &config;
}

struct workspace_call *workspace_start(struct workspace *ws,
                                       const struct workspace_request *r,
                                       workspace_done *done, void *ud, struct fault *f) {
    char asked[256];
    (void)ws;
    if (world.closed) {
        fault_set(f, FAULT_CANCELLED, "the workspace is closed");
        return NULL;
    }
    assert_false(world.call.pending); /* one call at a time */
    snprintf(asked, sizeof asked, "%s %s", r->method, r->path);
    if (world.next->expect == NULL)
        fail_msg("not expected: %s", asked);
    assert_string_equal(world.next->expect, asked);
    world.asked++;
    if (r->body_size > 0)
        snprintf(world.submitted, sizeof world.submitted, "%.*s", (int)r->body_size,
                 (const char *)r->body);
    world.asked_at[world.asked - 1] = world.now;
    world.external = r->external;
    world.idempotent = r->idempotent;
    world.headers[0] = '\0';
    for (size_t i = 0; r->headers != NULL && r->headers[i] != NULL; i++)
        snprintf(world.headers + strlen(world.headers),
                 sizeof world.headers - strlen(world.headers), "%s|", r->headers[i]);
    world.call = (struct workspace_call){.done = done, .ud = ud, .pending = true};
    return &world.call;
}

void workspace_cancel(struct workspace_call *c) {
    assert_true(c->pending);
    c->pending = false;
    world.forgotten++;
}

bool workspace_start_detached(struct workspace *ws, const char *method, const char *path,
                              const void *body, size_t body_size) {
    (void)ws;
    (void)body;
    assert_int_equal(0, body_size);
    snprintf(world.last_post, sizeof world.last_post, "%s %s", method, path);
    world.posted++;
    return true;
}

bool workspace_header(const struct workspace_response *r, const char *name, char *value,
                      size_t room) {
    (void)r;
    assert_string_equal("Content-Range", name);
    snprintf(value, room, "%s", world.range);
    return world.range[0] != '\0';
}

/* "!network 0 ambiguous" */
static struct fault read_fault(const char *text) {
    enum fault_kind kind = FAULT_NETWORK;
    struct fault f;
    while (strncmp(text + 1, fault_kind_name(kind), strcspn(text + 1, " ")) != 0)
        kind++;
    fault_set(&f, kind, "a fault of the test");
    f.status = (int)strtol(strchr(text, ' '), NULL, 10);
    f.ambiguous = strstr(text, "ambiguous") != NULL;
    return f;
}

static void answer(void) {
    const char *body = world.next++->body;
    struct workspace_response r = {.status = body[0] == '@' ? 206 : 200, .tries = 1};
    world.range[0] = '\0';
    if (r.status == 206) {
        size_t size = strcspn(body, "|");
        snprintf(world.range, sizeof world.range, "%.*s", (int)size - 1, body + 1);
        body += size + 1;
    }
    world.call.pending = false;
    if (body[0] == '!') {
        struct fault f = read_fault(body);
        r.status = f.status;
        world.call.done(world.call.ud, &r, &f);
    } else {
        assert_true(buf_str(&r.body, body));
        world.call.done(world.call.ud, &r, NULL);
    }
    buf_free(&r.body);
}

static bool fire_next_timer(void) {
    struct timer *first = NULL;
    for (size_t i = 0; i < 4; i++)
        if (world.timers[i] != NULL &&
            (first == NULL || world.timers[i]->due < first->due))
            first = world.timers[i];
    if (first == NULL)
        return false;
    world.now = first->due;
    loop_clear_timer(NULL, first);
    first->fire(first->ud);
    return true;
}

static void note(void *ud) {
    ++*(int *)ud;
}

static int notes;

static struct statement *start_request(const struct statement_request *r,
                                       const struct step *steps) {
    struct fault f;
    world.next = steps;
    struct statement *s =
        statement_start(NULL, (struct workspace *)&world, r, note, &notes, &f);
    if (s == NULL)
        fail_msg("%s", f.message);
    return s;
}

static struct statement *start(const struct step *steps) {
    static const struct statement_request plain = {
        .text = "SELECT 1", .text_size = 8, .warehouse_id = "w1"};
    return start_request(&plain, steps);
}

/* Let things happen until the statement has something to say. */
static enum statement_phase settle(struct statement *s) {
    while (statement_phase(s) == STATEMENT_BUSY) {
        if (world.call.pending)
            answer();
        else if (!fire_next_timer())
            fail_msg("it waits for nothing");
    }
    return statement_phase(s);
}

/* All rows that are left, as "[..][..]"; what ends them is in the phase. */
static const char *rows(struct statement *s) {
    static char all[1024];
    struct json row;
    all[0] = '\0';
    while (settle(s) == STATEMENT_CHUNK) {
        while ((row = statement_row(s)).text != NULL)
            snprintf(all + strlen(all), sizeof all - strlen(all), "%.*s", (int)row.size,
                     row.text);
        statement_next(s);
    }
    return all;
}

static int setup(void **state) {
    (void)state;
    memset(&world, 0, sizeof world);
    world.host = "https://w.example";
    notes = 0;
    return 0;
}

static int nothing_is_left(void **state) {
    (void)state;
    for (size_t i = 0; i < 4; i++)
        if (world.timers[i] != NULL)
            return -1;
    return world.holds == 0 && !world.call.pending ? 0 : -1;
}

static void must_fail(struct statement *s, enum fault_kind kind, const char *text) {
    if (settle(s) != STATEMENT_FAILED)
        fail_msg("no fault: %s", text);
    const struct fault *f = statement_fault(s);
    if (f->kind != kind || strstr(f->message, text) == NULL)
        fail_msg("%s: %s, and not: %s", fault_kind_name(f->kind), f->message, text);
}

#define STATUS(state) "{\"statement_id\":\"" ID "\",\"status\":{\"state\":\"" state "\"}}"
#define SUCCEEDED(more)                                                                  \
    "{\"statement_id\":\"" ID "\",\"status\":{\"state\":\"SUCCEEDED\"}" more "}"
#define COLUMNS "\"schema\":{\"columns\":[{\"name\":\"a\"}]}"
#define ONE_ROW                                                                          \
    SUCCEEDED(",\"manifest\":{" COLUMNS                                                  \
              ",\"total_chunk_count\":1,\"total_row_count\":1},"                         \
              "\"result\":{\"chunk_index\":0,\"row_offset\":0,\"row_count\":1,"          \
              "\"data_array\":[[\"1\"]]}")

/* ---- the way to a result ---- */

static void the_body_holds_everything_bound_as_strings(void **state) {
    static const struct statement_parameter parameters[] = {
        {.name = "n", .value = "7", .size = 1, .type = "INT"},
        {.name = "s", .value = "a\"b\\\n\0z", .size = 7},
        {.name = "none", .type = "DATE"},
    };
    static const struct statement_request request = {.text = "SELECT :n, '\xc3\xa9'",
                                                     .text_size = 15,
                                                     .warehouse_id = "w1",
                                                     .catalog = "main",
                                                     .schema = "x",
                                                     .disposition = "INLINE",
                                                     .row_limit = 12345678901234567,
                                                     .parameters = parameters,
                                                     .parameter_count = 3};
    static const struct step steps[] = {{SUBMIT, ONE_ROW}, {NULL, NULL}};
    (void)state;
    struct statement *s = start_request(&request, steps);
    assert_false(world.idempotent);
    assert_string_equal(
        "{\"statement\":\"SELECT :n, "
        "'\xc3\xa9'\",\"warehouse_id\":\"w1\",\"catalog\":\"main\","
        "\"schema\":\"x\",\"disposition\":\"INLINE\",\"format\":\"JSON_ARRAY\","
        "\"wait_timeout\":\"0s\",\"row_limit\":12345678901234567,\"parameters\":["
        "{\"name\":\"n\",\"value\":\"7\",\"type\":\"INT\"},"
        "{\"name\":\"s\",\"value\":\"a\\\"b\\\\\\n\\u0000z\"},"
        "{\"name\":\"none\",\"value\":null,\"type\":\"DATE\"}]}",
        world.submitted);
    assert_int_equal(STATEMENT_CHUNK, settle(s));
    statement_drop(s);
}

static void polls_ever_more_slowly_until_it_succeeds(void **state) {
    static struct step steps[20] = {{SUBMIT, STATUS("PENDING")}};
    (void)state;
    for (int i = 1; i < 12; i++)
        steps[i] = (struct step){POLL, STATUS("RUNNING")};
    steps[12] = (struct step){POLL, ONE_ROW};
    struct statement *s = start(steps);
    assert_string_equal("[\"1\"]", rows(s));
    assert_int_equal(STATEMENT_END, statement_phase(s));
    assert_int_equal(200, world.asked_at[1] - world.asked_at[0]);
    for (int i = 2; i <= 12; i++) {
        int64_t gap = world.asked_at[i] - world.asked_at[i - 1];
        assert_true(gap >= world.asked_at[i - 1] - world.asked_at[i - 2]);
        assert_true(gap <= 5000);
    }
    assert_int_equal(5000, world.asked_at[12] - world.asked_at[11]);
    assert_string_equal(ID, statement_id(s));
    assert_int_equal(1, statement_total_rows(s));
    assert_false(statement_truncated(s));
    assert_int_equal('[', json_type(statement_columns(s)));
    assert_int_equal(1, notes);
    statement_drop(s);
    assert_int_equal(0, world.posted); /* it has ended: nothing to cancel */
}

static void an_unknown_state_is_on_its_way(void **state) {
    static const struct step steps[] = {
        {SUBMIT, STATUS("WARMING_UP")}, {POLL, ONE_ROW}, {NULL, NULL}};
    (void)state;
    struct statement *s = start(steps);
    assert_string_equal("[\"1\"]", rows(s));
    statement_drop(s);
}

static void no_rows_are_no_fault(void **state) {
    static const struct {
        const char *body, *why;
    } cases[] = {
        {SUCCEEDED(""), "DDL: neither manifest nor result"},
        {SUCCEEDED(
             ",\"manifest\":{\"format\":\"JSON_ARRAY\",\"schema\":{\"column_count\":0},"
             "\"total_chunk_count\":0},\"result\":{}"),
         "DDL with an empty manifest"},
        {SUCCEEDED(",\"manifest\":{" COLUMNS
                   ",\"total_chunk_count\":0,\"total_row_count\":0},"
                   "\"result\":{}"),
         "a SELECT without rows"},
        {SUCCEEDED(
             ",\"manifest\":{" COLUMNS ",\"total_row_count\":0},\"result\":"
             "{\"chunk_index\":0,\"row_offset\":0,\"row_count\":0,\"data_array\":[]}"),
         "an empty data_array"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct step steps[] = {{SUBMIT, cases[i].body}, {NULL, NULL}};
        struct statement *s = start(steps);
        assert_string_equal("", rows(s));
        if (statement_phase(s) != STATEMENT_END)
            fail_msg("%s: %s", cases[i].why, statement_fault(s)->message);
        statement_drop(s);
    }
}

/* ---- chunks ---- */

#define MANIFEST(chunks, count)                                                          \
    ",\"manifest\":{" COLUMNS ",\"total_chunk_count\":" chunks                           \
    ",\"total_row_count\":" count "}"
#define RESULT(index, offset, count, more)                                               \
    "{\"chunk_index\":" index ",\"row_offset\":" offset ",\"row_count\":" count "," more \
    "}"
#define LINK2 "/api/2.0/sql/statements/" ID "/result/chunks/2?row_offset=3"
#define FIRST3                                                                           \
    SUCCEEDED(MANIFEST("3", "4") ",\"result\":" RESULT(                                  \
        "0", "0", "2", "\"next_chunk_index\":1,\"data_array\":[[\"1\"],[\"2\"]]"))

static void chunks_come_in_order_by_index_and_by_link(void **state) {
    static const struct step steps[] = {
        {SUBMIT, FIRST3},
        {CHUNK "1", RESULT("1", "2", "1",
                           "\"next_chunk_index\":2,\"next_chunk_internal_link\":\"" LINK2
                           "\",\"data_array\":[[\"3\"]]")},
        {"GET " LINK2, RESULT("2", "3", "1", "\"data_array\":[[null]]")},
        {NULL, NULL}};
    (void)state;
    struct statement *s = start(steps);
    assert_int_equal(STATEMENT_CHUNK, settle(s));
    assert_int_equal(1, world.asked); /* the others are fetched when they are needed */
    assert_string_equal("[\"1\"][\"2\"][\"3\"][null]", rows(s));
    assert_int_equal(STATEMENT_END, statement_phase(s));
    assert_int_equal(3, world.asked);
    statement_drop(s);
}

static void a_first_chunk_that_is_not_in_the_answer_is_fetched(void **state) {
    static const struct step steps[] = {
        {SUBMIT, SUCCEEDED(MANIFEST("1", "1"))},
        {CHUNK "0", RESULT("0", "0", "1", "\"data_array\":[[\"x\"]]")},
        {NULL, NULL}};
    (void)state;
    struct statement *s = start(steps);
    assert_string_equal("[\"x\"]", rows(s));
    statement_drop(s);
}

static void a_chunk_that_cannot_be_right_is_a_fault(void **state) {
    static const struct {
        const char *body, *text, *why;
    } cases[] = {
        {RESULT("2", "2", "1", "\"data_array\":[[\"3\"]]"), "out of order",
         "one is left out"},
        {RESULT("0", "0", "2", "\"data_array\":[[\"1\"],[\"2\"]]"), "out of order",
         "the same again"},
        {RESULT("1", "3", "1", "\"data_array\":[[\"3\"]]"), "out of order",
         "a row is left out"},
        {RESULT("1", "2", "2", "\"data_array\":[[\"3\"]]"), "not the rows", "cut off"},
        {RESULT("1", "2", "2", "\"data_array\":[[\"3\"],[\"4\"]],\"next_chunk_index\":1"),
         "out of order", "its next is itself"},
        {RESULT("1", "2", "1", "\"data_array\":[[\"3\"]]"), "before its last row",
         "3 of 4 rows, and no next"},
        {"{}", "without rows", "nothing"},
        {"[]", "not JSON", "no object"},
        {"<html>", "not JSON", "a web page"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct step steps[] = {
            {SUBMIT, FIRST3}, {CHUNK "1", cases[i].body}, {NULL, NULL}};
        struct statement *s = start(steps);
        rows(s);
        must_fail(s, FAULT_PARSE, cases[i].text);
        statement_drop(s);
    }
}

static void a_next_link_never_leaves_the_workspace(void **state) {
    static const char *const links[] = {"https://evil.example/api/2.0/x",
                                        "//evil.example/api/",
                                        "/apix",
                                        "api/2.0/x",
                                        "",
                                        "/api/2.0/x y",
                                        "/api/\\r\\nX: y",
                                        "/api/a\\u0000b"};
    (void)state;
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        char body[512];
        snprintf(body, sizeof body,
                 SUCCEEDED(MANIFEST("2", "2") ",\"result\":{\"data_array\":[[\"1\"]],"
                                              "\"next_chunk_internal_link\":\"%s\"}"),
                 links[i]);
        const struct step steps[] = {{SUBMIT, body}, {NULL, NULL}};
        struct statement *s = start(steps);
        must_fail(s, FAULT_PARSE, "leads elsewhere");
        statement_drop(s);
    }
}

/* ---- external links ---- */

#define EXTERNAL(index, offset, more)                                                    \
    "{\"external_link\":\"https://s3.example/" index                                     \
    "?sig=secret\",\"chunk_index\":" index ",\"row_offset\":" offset                     \
    ",\"row_count\":1" more "}"
#define TWO_LINKS                                                                        \
    SUCCEEDED(MANIFEST("3", "3") ",\"result\":{\"external_links\":[" EXTERNAL(           \
        "0", "0",                                                                        \
        ",\"http_headers\":{\"x-key\":\"v\",\"bad\":\"a\\r\\nb\"}") "," EXTERNAL("1",    \
                                                                                 "1",    \
                                                                                 ",\"ne" \
                                                                                 "xt_"   \
                                                                                 "chunk" \
                                                                                 "_inde" \
                                                                                 "x\":"  \
                                                                                 "2") "]}")

static void external_links_are_fetched_in_order_without_credentials(void **state) {
    static const struct step steps[] = {
        {SUBMIT, TWO_LINKS},
        {"GET https://s3.example/0?sig=secret", "[[\"1\"]]"},
        {"GET https://s3.example/1?sig=secret", "[[\"2\"]]"},
        {CHUNK "2", "{\"external_links\":[" EXTERNAL("2", "2", "") "]}"},
        {"GET https://s3.example/2?sig=secret", "[[\"3\"]]"},
        {NULL, NULL}};
    (void)state;
    struct statement *s = start(steps);
    answer();
    assert_true(world.external);
    assert_true(world.idempotent);
    assert_string_equal("x-key: v|Accept-Encoding: identity|Range: bytes=0-2097151|",
                        world.headers);
    assert_string_equal("[\"1\"][\"2\"][\"3\"]", rows(s));
    assert_int_equal(STATEMENT_END, statement_phase(s));
    assert_int_equal('[', json_type(statement_columns(s)));
    statement_drop(s);
}

#define ONE_LINK                                                                         \
    SUCCEEDED(MANIFEST("1", "3") ",\"result\":{\"external_links\":[{\"external_link\":"  \
                                 "\"https://s3.example/0\",\"chunk_index\":0,"           \
                                 "\"row_offset\":0,\"row_count\":3}]}")
#define FRESH                                                                            \
    "{\"external_links\":[{\"external_link\":\"https://s3.example/"                      \
    "new\",\"chunk_index\":0,"                                                           \
    "\"row_offset\":0,\"row_count\":3}]}"

static void a_file_is_fetched_in_pieces_and_goes_on_behind_a_fresh_link(void **state) {
    static const struct step steps[] = {{SUBMIT, ONE_LINK},
                                        {"GET https://s3.example/0", "@bytes 0-8/21|"
                                                                     "[[\"1\"],[\""},
                                        {"GET https://s3.example/0", "!auth 403"},
                                        {CHUNK "0", FRESH},
                                        {"GET https://s3.example/new", "@bytes 9-13/21|"
                                                                       "2\"],["},
                                        {"GET https://s3.example/new", "!auth 403"},
                                        {CHUNK "0", FRESH},
                                        {"GET https://s3.example/new", "@bytes 14-20/21|"
                                                                       "\"3\"]]  "},
                                        {NULL, NULL}};
    (void)state;
    struct statement *s = start(steps);
    assert_string_equal("[\"1\"][\"2\"][\"3\"]", rows(s));
    assert_int_equal(STATEMENT_END, statement_phase(s));
    assert_string_equal("Accept-Encoding: identity|Range: bytes=14-2097165|",
                        world.headers);
    statement_drop(s);
}

static void a_storage_may_send_the_whole_file_or_more_of_it(void **state) {
    static const struct step steps[] = {
        {SUBMIT, ONE_LINK},
        {"GET https://s3.example/0", "@bytes 0-8/19|"
                                     "[[\"1\"],[\""},
        {"GET https://s3.example/0", "[[\"1\"],[\"2\"],[\"3\"]]"},
        {NULL, NULL}};
    (void)state;
    struct statement *s = start(steps);
    assert_string_equal("[\"1\"][\"2\"][\"3\"]", rows(s));
    assert_int_equal(STATEMENT_END, statement_phase(s));
    statement_drop(s);
}

static void a_piece_that_cannot_be_right_is_a_fault(void **state) {
    static const struct {
        const char *body, *text;
    } cases[] = {
        {"@|[[\"1\"],", "without its place"},
        {"@bytes 9-20/30|[[\"1\"],", "another part"},
        {"@bytes 0-0/30|", "another part"},
        {"[[\"1\"],", "cut off"},
        {"<html>", "no JSON array"},
        {"[1]", "no JSON array"},
        {"[[\"1\"],[\"2\"]]", "not the rows"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct step steps[] = {{SUBMIT, ONE_LINK},
                                     {"GET https://s3.example/0", cases[i].body},
                                     {NULL, NULL}};
        struct statement *s = start(steps);
        rows(s);
        must_fail(s, FAULT_PARSE, cases[i].text);
        statement_drop(s);
    }
}

#define TOO_LARGE                                                                        \
    "{\"statement_id\":\"" ID "\",\"status\":{\"state\":\"FAILED\",\"error\":{"          \
    "\"error_code\":\"BAD_REQUEST\",\"message\":\"Inline byte limit exceeded. "          \
    "Statements "                                                                        \
    "executed with disposition=INLINE can have a result size of at most 26214400 "       \
    "bytes.\"}}}"
#define CUT(rows)                                                                        \
    SUCCEEDED(",\"manifest\":{" COLUMNS ",\"total_chunk_count\":1,\"truncated\":true,"   \
              "\"total_row_count\":" rows "},\"result\":{\"data_array\":[[\"1\"]]}")

static void a_reading_statement_with_a_large_result_asks_for_links(void **state) {
    static const struct step failed[] = {
        {SUBMIT, STATUS("RUNNING")},
        {POLL, TOO_LARGE},
        {SUBMIT, ONE_LINK},
        {"GET https://s3.example/0", "[[\"1\"],[\"2\"],[\"3\"]]"},
        {NULL, NULL}};
    static const struct step cut[] = {
        {SUBMIT, CUT("1")}, {SUBMIT, STATUS("RUNNING")}, {POLL, CUT("1")}, {NULL, NULL}};
    (void)state;
    struct statement *s = start(failed);
    assert_null(strstr(world.submitted, "disposition"));
    assert_string_equal("[\"1\"][\"2\"][\"3\"]", rows(s));
    assert_non_null(strstr(world.submitted, "\"disposition\":\"EXTERNAL_LINKS\""));
    assert_false(statement_truncated(s));
    assert_int_equal(1, notes);
    statement_drop(s);
    s = start(cut);
    assert_string_equal("[\"1\"]", rows(s)); /* a third time would be no different */
    assert_true(statement_truncated(s));
    statement_drop(s);
    assert_int_equal(0, world.posted);
}

static void no_other_statement_is_sent_again(void **state) {
    static const struct step failed[] = {{SUBMIT, TOO_LARGE}, {NULL, NULL}};
    static const struct step cut[] = {{SUBMIT, CUT("1")}, {NULL, NULL}};
    static const struct statement_request cases[] = {
        {.text = "INSERT INTO t SELECT 1", .text_size = 22, .warehouse_id = "w1"},
        {.text = "SELECT 1",
         .text_size = 8,
         .warehouse_id = "w1",
         .disposition = "INLINE"},
    };
    static const struct statement_request limited = {
        .text = "SELECT 1", .text_size = 8, .warehouse_id = "w1", .row_limit = 1};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct statement *s = start_request(&cases[i], failed);
        must_fail(s, FAULT_SQL, "Inline byte limit exceeded");
        assert_non_null(strstr(statement_fault(s)->hint, "--external-links"));
        statement_drop(s);
        s = start_request(&cases[i], cut);
        assert_string_equal("[\"1\"]", rows(s));
        assert_true(statement_truncated(s));
        statement_drop(s);
    }
    struct statement *s = start_request(&limited, cut);
    assert_string_equal("[\"1\"]", rows(s)); /* cut by its own limit */
    statement_drop(s);
}

static void a_second_submit_is_cancelled_like_the_first(void **state) {
    static const struct step steps[] = {
        {SUBMIT, TOO_LARGE}, {SUBMIT, STATUS("PENDING")}, {NULL, NULL}};
    (void)state;
    struct statement *s = start(steps);
    answer(); /* the second submit is under way */
    statement_drop(s);
    assert_int_equal(0, world.posted);
    answer();
    assert_int_equal(1, world.posted);
    assert_string_equal(CANCEL, world.last_post);
}

static void an_expired_link_is_asked_for_again_once(void **state) {
    static const struct step good[] = {
        {SUBMIT, TWO_LINKS},
        {"GET https://s3.example/0?sig=secret", "!auth 403"},
        {CHUNK "0",
         "{\"external_links\":[{\"external_link\":\"https://s3.example/fresh\","
         "\"chunk_index\":0,\"next_chunk_index\":1}]}"},
        {"GET https://s3.example/fresh", "[[\"1\"]]"},
        {CHUNK "1",
         "{\"external_links\":[" EXTERNAL("1", "1", ",\"next_chunk_index\":2") "]}"},
        {"GET https://s3.example/1?sig=secret", "!http 400"},
        {CHUNK "1", "{\"external_links\":[" EXTERNAL("1", "1", "") "]}"},
        {"GET https://s3.example/1?sig=secret", "[[\"2\"]]"},
        {CHUNK "2", "{\"external_links\":[" EXTERNAL("2", "2", "") "]}"},
        {"GET https://s3.example/2?sig=secret", "[[\"3\"]]"},
        {NULL, NULL}};
    static const struct step bad[] = {
        {SUBMIT, TWO_LINKS},
        {"GET https://s3.example/0?sig=secret", "!auth 403"},
        {CHUNK "0", "{\"external_links\":[" EXTERNAL("0", "0", "") "]}"},
        {"GET https://s3.example/0?sig=secret", "!auth 403"},
        {NULL, NULL}};
    (void)state;
    struct statement *s = start(good);
    assert_string_equal("[\"1\"][\"2\"][\"3\"]", rows(s));
    assert_int_equal(STATEMENT_END, statement_phase(s));
    statement_drop(s);
    s = start(bad);
    must_fail(s, FAULT_HTTP, "refused with 403");
    assert_null(strstr(statement_fault(s)->message, "sig"));
    assert_int_equal(403, statement_fault(s)->status);
    statement_drop(s);
}

static void a_storage_that_is_down_is_not_an_expired_link(void **state) {
    static const struct step steps[] = {
        {SUBMIT, TWO_LINKS},
        {"GET https://s3.example/0?sig=secret", "!http 500"},
        {NULL, NULL}};
    (void)state;
    struct statement *s = start(steps);
    must_fail(s, FAULT_HTTP, "answers 500");
    statement_drop(s);
}

static void an_external_link_is_https_or_as_local_as_the_workspace(void **state) {
    static const struct {
        const char *host, *link;
        bool good;
    } cases[] = {
        {"https://w.example", "http://s3.example/0", false},
        {"https://w.example", "file:///etc/passwd", false},
        {"https://w.example", "/api/2.0/x", false},
        {"http://127.0.0.1:1", "http://127.0.0.1:2/0", true},
        {"http://127.0.0.1:1", "https://s3.example/0", true},
        {"http://127.0.0.1:1", "ftp://127.0.0.1/0", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[512], get[64];
        snprintf(
            body, sizeof body,
            SUCCEEDED(MANIFEST("1", "1") ",\"result\":{\"external_links\":[{\"external_"
                                         "link\":\"%s\"}]}"),
            cases[i].link);
        snprintf(get, sizeof get, "GET %s", cases[i].link);
        const struct step steps[] = {{SUBMIT, body}, {get, "[[\"1\"]]"}, {NULL, NULL}};
        world.host = cases[i].host;
        struct statement *s = start(steps);
        if (cases[i].good)
            assert_string_equal("[\"1\"]", rows(s));
        else
            must_fail(s, FAULT_PARSE, "no https:// URL");
        statement_drop(s);
    }
}

/* ---- ends without a result ---- */

static void a_failed_statement_is_a_fault_with_all_that_is_known(void **state) {
    static const struct {
        const char *status, *message, *code;
        bool retryable;
    } cases[] = {
        {"\"sql_state\":\"42P01\",\"error\":{\"error_code\":\"BAD_REQUEST\","
         "\"message\":\"[TABLE_OR_VIEW_NOT_FOUND] no x\"}",
         "[42P01] [TABLE_OR_VIEW_NOT_FOUND] no x", "BAD_REQUEST", false},
        {"\"sql_state\":\"42P01\",\"error\":{\"message\":\"no x. SQLSTATE: 42P01\"}",
         "no x. SQLSTATE: 42P01", "", false},
        {"\"error\":{\"error_code\":\"RESOURCE_EXHAUSTED\",\"message\":\"busy\"}", "busy",
         "RESOURCE_EXHAUSTED", true},
        {"\"error\":{}", "the warehouse does not say why", "", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[512];
        snprintf(body, sizeof body,
                 "{\"statement_id\":\"" ID "\",\"status\":{\"state\":\"FAILED\",%s}}",
                 cases[i].status);
        const struct step steps[] = {
            {SUBMIT, STATUS("RUNNING")}, {POLL, body}, {NULL, NULL}};
        struct statement *s = start(steps);
        must_fail(s, FAULT_SQL, cases[i].message);
        assert_string_equal(cases[i].message, statement_fault(s)->message);
        assert_string_equal(cases[i].code, statement_fault(s)->code);
        assert_int_equal(cases[i].retryable, statement_fault(s)->retryable);
        statement_drop(s);
    }
    assert_int_equal(0, world.posted);
}

static void cancelled_and_closed_are_not_no_rows(void **state) {
    static const struct step cancelled[] = {
        {SUBMIT, STATUS("PENDING")}, {POLL, STATUS("CANCELED")}, {NULL, NULL}};
    static const struct step closed[] = {{SUBMIT, STATUS("CLOSED")}, {NULL, NULL}};
    (void)state;
    struct statement *s = start(cancelled);
    must_fail(s, FAULT_SQL, "was cancelled at the warehouse");
    assert_string_equal("CANCELED", statement_fault(s)->code);
    statement_drop(s);
    s = start(closed);
    must_fail(s, FAULT_SQL, "no longer there");
    assert_string_equal("CLOSED", statement_fault(s)->code);
    statement_drop(s);
    assert_int_equal(0, world.posted);
}

static void an_answer_that_cannot_be_one_is_a_fault(void **state) {
    static const struct {
        const char *body, *text;
    } cases[] = {
        {"", "not JSON"},
        {"<html>", "not JSON"},
        {"[]", "not JSON"},
        {"{\"status\":{\"state\":\"PENDING\"}}", "without a statement id"},
        {"{\"statement_id\":\"../x\",\"status\":{\"state\":\"PENDING\"}}",
         "without a statement id"},
        {"{\"statement_id\":\"" ID "\"}", "without a state"},
        {SUCCEEDED(",\"manifest\":{\"format\":\"ARROW_STREAM\"}"), "not in the format"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct step steps[] = {{SUBMIT, cases[i].body}, {NULL, NULL}};
        struct statement *s = start(steps);
        must_fail(s, FAULT_PARSE, cases[i].text);
        statement_drop(s);
    }
}

static void an_ambiguous_submit_is_not_sent_again(void **state) {
    static const struct step steps[] = {{SUBMIT, "!network 0 ambiguous"}, {NULL, NULL}};
    (void)state;
    struct statement *s = start(steps);
    must_fail(s, FAULT_NETWORK, "a fault of the test");
    assert_true(statement_fault(s)->ambiguous);
    assert_non_null(strstr(statement_fault(s)->hint, "query history"));
    assert_int_equal(1, world.asked);
    statement_drop(s);
    assert_int_equal(0, world.posted);
}

static void a_statement_that_is_lost_sight_of_is_cancelled(void **state) {
    static const struct step lost[] = {
        {SUBMIT, STATUS("RUNNING")}, {POLL, "!network 0"}, {NULL, NULL}};
    static const struct step gone[] = {
        {SUBMIT, STATUS("RUNNING")}, {POLL, "!http 404"}, {NULL, NULL}};
    (void)state;
    struct statement *s = start(lost);
    must_fail(s, FAULT_NETWORK, "");
    statement_drop(s);
    assert_int_equal(1, world.posted);
    assert_string_equal(CANCEL, world.last_post);
    s = start(gone);
    must_fail(s, FAULT_HTTP, "");
    statement_drop(s);
    assert_int_equal(1, world.posted);
}

/* ---- cancelling ---- */

static void the_deadline_cancels_at_the_warehouse(void **state) {
    static const struct statement_request request = {
        .text = "x", .text_size = 1, .warehouse_id = "w", .timeout_ms = 450};
    static const struct step steps[] = {
        {SUBMIT, STATUS("PENDING")}, {POLL, STATUS("RUNNING")}, {NULL, NULL}};
    (void)state;
    struct statement *s = start_request(&request, steps);
    must_fail(s, FAULT_TIMEOUT,
              "no result within 0.45 seconds; the statement was RUNNING");
    assert_int_equal(1, world.posted);
    assert_string_equal(CANCEL, world.last_post);
    assert_int_equal(450, world.now);
    statement_drop(s);
    assert_int_equal(1, world.posted);
}

static void the_deadline_forgets_a_poll_under_way(void **state) {
    static const struct step steps[] = {
        {SUBMIT, STATUS("PENDING")}, {POLL, ONE_ROW}, {NULL, NULL}};
    (void)state;
    struct statement *s = start(steps);
    answer();
    fire_next_timer(); /* the poll goes out, and hangs */
    fire_next_timer();
    must_fail(s, FAULT_TIMEOUT, "within 600 seconds; the statement was PENDING");
    assert_int_equal(1, world.forgotten);
    assert_int_equal(1, world.posted);
    statement_drop(s);
}

static void a_submit_that_is_too_late_is_cancelled_when_its_id_is_known(void **state) {
    static const struct step steps[] = {{SUBMIT, STATUS("PENDING")}, {NULL, NULL}};
    (void)state;
    struct statement *s = start(steps);
    fire_next_timer();
    must_fail(s, FAULT_TIMEOUT, "the statement was not accepted yet");
    assert_int_equal(0, world.posted);
    answer();
    assert_int_equal(1, world.posted);
    assert_string_equal(CANCEL, world.last_post);
    statement_drop(s);
    assert_int_equal(1, world.posted);
}

static void a_dropped_statement_is_cancelled_wherever_it_was(void **state) {
    static const struct step steps[] = {
        {SUBMIT, STATUS("PENDING")}, {POLL, ONE_ROW}, {NULL, NULL}};
    (void)state;
    struct statement *s = start(steps); /* the submit is under way */
    statement_drop(s);
    assert_int_equal(0, world.posted);
    answer();
    assert_int_equal(1, world.posted);

    s = start(steps); /* between two polls */
    answer();
    statement_drop(s);
    assert_int_equal(2, world.posted);

    s = start(steps); /* a poll is under way */
    answer();
    fire_next_timer();
    statement_drop(s);
    assert_int_equal(3, world.posted);
    assert_int_equal(1, world.forgotten);
    assert_int_equal(0, notes);
}

static void a_dropped_submit_that_fails_leaves_nothing(void **state) {
    static const struct step steps[] = {{SUBMIT, "!cancelled 0"}, {NULL, NULL}};
    (void)state;
    statement_drop(start(steps));
    answer();
    assert_int_equal(0, world.posted);
}

static void a_closed_workspace_ends_a_statement(void **state) {
    static const struct step steps[] = {{SUBMIT, STATUS("PENDING")}, {NULL, NULL}};
    (void)state;
    struct statement *s = start(steps);
    answer();
    world.closed = true;
    must_fail(s, FAULT_CANCELLED, "the workspace is closed");
    assert_int_equal(1, notes);
    statement_drop(s);
    assert_int_equal(1, world.posted); /* detached calls still go out */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, nothing_is_left)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_body_holds_everything_bound_as_strings),
        TEST(polls_ever_more_slowly_until_it_succeeds),
        TEST(an_unknown_state_is_on_its_way),
        TEST(no_rows_are_no_fault),
        TEST(chunks_come_in_order_by_index_and_by_link),
        TEST(a_first_chunk_that_is_not_in_the_answer_is_fetched),
        TEST(a_chunk_that_cannot_be_right_is_a_fault),
        TEST(a_next_link_never_leaves_the_workspace),
        TEST(external_links_are_fetched_in_order_without_credentials),
        TEST(a_file_is_fetched_in_pieces_and_goes_on_behind_a_fresh_link),
        TEST(a_storage_may_send_the_whole_file_or_more_of_it),
        TEST(a_piece_that_cannot_be_right_is_a_fault),
        TEST(a_reading_statement_with_a_large_result_asks_for_links),
        TEST(no_other_statement_is_sent_again),
        TEST(a_second_submit_is_cancelled_like_the_first),
        TEST(an_expired_link_is_asked_for_again_once),
        TEST(a_storage_that_is_down_is_not_an_expired_link),
        TEST(an_external_link_is_https_or_as_local_as_the_workspace),
        TEST(a_failed_statement_is_a_fault_with_all_that_is_known),
        TEST(cancelled_and_closed_are_not_no_rows),
        TEST(an_answer_that_cannot_be_one_is_a_fault),
        TEST(an_ambiguous_submit_is_not_sent_again),
        TEST(a_statement_that_is_lost_sight_of_is_cancelled),
        TEST(the_deadline_cancels_at_the_warehouse),
        TEST(the_deadline_forgets_a_poll_under_way),
        TEST(a_submit_that_is_too_late_is_cancelled_when_its_id_is_known),
        TEST(a_dropped_statement_is_cancelled_wherever_it_was),
        TEST(a_dropped_submit_that_fails_leaves_nothing),
        TEST(a_closed_workspace_ends_a_statement),
    };
    return cmocka_run_group_tests_name("statement", tests, NULL, NULL);
}
