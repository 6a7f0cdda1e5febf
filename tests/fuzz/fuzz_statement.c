/* A statement, whatever the warehouse answers: it ends, it asks only for paths of its own or for
 * links over https, it gives out rows that are JSON and as many as were told, and it is cancelled
 * if it may still run. The input is answers with a 0 between; one that begins with "!" is the
 * refusal with the status that follows. */

#include "dbx/statement.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* ---- a clock without time, and a workspace that answers from the input ---- */

struct workspace_call {
    workspace_done *done;
    void *ud;
};

static struct {
    struct fuzz_input in;
    int64_t now;
    struct timer *timers[4];
    struct workspace_call call;
    int asked, submitted, cancels, holds;
    char host[32];
    char range[64]; /* Content-Range of the answer */
} world;

int64_t loop_now(void) {
    return world.now;
}

void loop_clear_timer(struct loop *l, struct timer *t) {
    (void)l;
    for (size_t i = 0; i < 4; i++)
        if (world.timers[i] == t)
            world.timers[i] = NULL;
}

bool loop_set_timer(struct loop *l, struct timer *t, int64_t due) {
    size_t place = 0;
    loop_clear_timer(l, t);
    while (world.timers[place] != NULL)
        place++;
    t->due = due;
    world.timers[place] = t;
    return true;
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

const struct config *credentials_config(const struct credentials *c) {
    static struct config config;
    (void)c;
    config.attr[CONFIG_HOST].value = world.host;
    return &config;
}

/* What may be asked for: paths of the API, whole in one line, and links as they are. */
static void check_request(const struct workspace_request *r) {
    if (r->external) {
        FUZZ_CHECK(strncmp(r->path, "https://", 8) == 0);
        for (size_t i = 0; r->headers != NULL && r->headers[i] != NULL; i++)
            FUZZ_CHECK(strpbrk(r->headers[i], "\r\n") == NULL);
    } else {
        FUZZ_CHECK(strncmp(r->path, "/api/", 5) == 0);
        FUZZ_CHECK(strpbrk(r->path, " \t\r\n#\\") == NULL);
        FUZZ_CHECK(r->headers == NULL);
    }
    bool submit = strcmp(r->method, "POST") == 0;
    FUZZ_CHECK(world.asked > 0 || submit);
    FUZZ_CHECK(submit || strcmp(r->method, "GET") == 0);
    world.submitted += submit;
    FUZZ_CHECK(world.submitted <= 2); /* the second one asks for links */
}

struct workspace_call *workspace_start(struct workspace *ws,
                                       const struct workspace_request *r,
                                       workspace_done *done, void *ud, struct fault *f) {
    (void)ws;
    (void)f;
    FUZZ_CHECK(world.call.done == NULL);
    check_request(r);
    world.asked++;
    world.call = (struct workspace_call){done, ud};
    return &world.call;
}

void workspace_cancel(struct workspace_call *c) {
    FUZZ_CHECK(c->done != NULL);
    c->done = NULL;
}

bool workspace_start_detached(struct workspace *ws, const char *method, const char *path,
                              const void *body, size_t body_size) {
    (void)ws;
    (void)body;
    FUZZ_CHECK(strcmp(method, "POST") == 0 && body_size == 0);
    FUZZ_CHECK(strncmp(path, "/api/2.0/sql/statements/", 24) == 0);
    FUZZ_CHECK(strpbrk(path, " \t\r\n#\\?%") == NULL);
    world.cancels++;
    return true;
}

bool workspace_header(const struct workspace_response *r, const char *name, char *value,
                      size_t room) {
    (void)r;
    (void)name;
    snprintf(value, room, "%s", world.range);
    return world.range[0] != '\0';
}

/* A part "@bytes 0-3/9|text" is an answer with a range of a file. */
static void take_range(struct workspace_response *r) {
    char *bar = memchr(r->body.bytes, '|', r->body.size);
    world.range[0] = '\0';
    if (r->body.size == 0 || r->body.bytes[0] != '@' || bar == NULL)
        return;
    size_t head = (size_t)(bar + 1 - r->body.bytes);
    snprintf(world.range, sizeof world.range, "%.*s", (int)head - 2, r->body.bytes + 1);
    memmove(r->body.bytes, bar + 1, r->body.size -= head);
    r->body.bytes[r->body.size] = '\0';
    r->status = 206;
}

static void answer(void) {
    struct workspace_call c = world.call;
    struct workspace_response r = {.status = 200, .tries = 1};
    struct fault f;
    bool over = world.in.size == 0;
    r.body.bytes = fuzz_part(&world.in, &r.body.size);
    world.call.done = NULL;
    if (over || r.body.bytes[0] == '!') {
        r.status = over ? 0 : (int)(strtol(r.body.bytes + 1, NULL, 10) % 1000);
        fault_set(&f, r.status == 0 ? FAULT_NETWORK : FAULT_HTTP, "a refusal");
        f.status = r.status;
        f.ambiguous = r.status == 0;
        c.done(c.ud, &r, &f);
    } else {
        take_range(&r);
        c.done(c.ud, &r, NULL);
    }
    buf_free(&r.body);
}

static void fire(void) {
    struct timer *first = NULL;
    for (size_t i = 0; i < 4; i++)
        if (world.timers[i] != NULL &&
            (first == NULL || world.timers[i]->due < first->due))
            first = world.timers[i];
    FUZZ_CHECK(first != NULL); /* else it would wait for ever */
    world.now = first->due;
    loop_clear_timer(NULL, first);
    first->fire(first->ud);
}

/* ---- what is looked at ---- */

static void ready(void *ud) {
    (void)ud;
}

static int64_t take_rows(struct statement *s) {
    struct json row;
    int64_t rows = 0;
    while ((row = statement_row(s)).text != NULL) {
        FUZZ_CHECK(json_type(json_root(row.text, row.size)) != 0);
        rows++;
    }
    return rows;
}

static void check_end(struct statement *s, int64_t rows) {
    FUZZ_CHECK(world.call.done == NULL);
    if (statement_phase(s) == STATEMENT_FAILED) {
        fuzz_check_fault(statement_fault(s));
    } else if (statement_total_rows(s) >= 0 && !statement_truncated(s)) {
        FUZZ_CHECK(rows >= statement_total_rows(s));
    }
    FUZZ_CHECK(statement_columns(s).text == NULL || json_type(statement_columns(s)) != 0);
    FUZZ_CHECK(strlen(statement_id(s)) < 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct statement_request r = {
        .text = "SELECT 1", .text_size = 8, .warehouse_id = "w"};
    struct fault f;
    int64_t rows = 0;
    memset(&world, 0, sizeof world);
    world.in = (struct fuzz_input){data, size};
    memcpy(world.host, "https://h", sizeof "https://h");
    int left = fuzz_byte(&world.in); /* after so many steps nobody wants it any more */
    struct statement *s = statement_start(NULL, NULL, &r, ready, NULL, &f);
    FUZZ_CHECK(s != NULL && world.holds == 1);
    while (left-- > 0 && statement_phase(s) != STATEMENT_END &&
           statement_phase(s) != STATEMENT_FAILED) {
        if (statement_phase(s) == STATEMENT_CHUNK) {
            rows += take_rows(s);
            statement_next(s);
        } else if (world.call.done != NULL) {
            answer();
        } else {
            fire();
        }
    }
    if (statement_phase(s) == STATEMENT_END ||
        (statement_phase(s) == STATEMENT_FAILED && world.call.done == NULL))
        check_end(s, rows);
    statement_drop(s);
    if (world.call.done != NULL) /* the answer to the submit, which brings the id */
        answer();
    FUZZ_CHECK(world.holds == 0 && world.cancels <= 1 && world.call.done == NULL);
    return 0;
}
