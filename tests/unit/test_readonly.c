#include "dbx/readonly.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define STATEMENTS "/api/2.0/sql/statements"
#define PIPELINES  "/api/2.0/pipelines"

static const struct {
    const char *method, *path, *body, *header;
    bool allowed;
    const char *why;
} cases[] = {
    {"GET", "/api/2.0/pipelines/p", NULL, NULL, true, "a GET"},
    {"HEAD", "/anything", NULL, NULL, true, "a HEAD"},
    {"POST", PIPELINES, "{\"name\":\"x\",\"dry_run\":true}", NULL, true, "a dry run"},
    {"POST", STATEMENTS, "{\"statement\":\"SELECT 1\"}", NULL, true, "a query"},
    {"POST", STATEMENTS, "{\"statement\":\"SELECT 1\"}", "Accept: x", true, "a header"},
    {"POST", PIPELINES, "{\"name\":\"x\"}", NULL, false, "a create"},
    {"POST", PIPELINES, "{\"dry_run\":false}", NULL, false, "no dry run"},
    {"POST", PIPELINES, "{\"dry_run\":\"true\"}", NULL, false, "a text is not true"},
    {"POST", PIPELINES, "{\"dry_run\":1}", NULL, false, "a number is not true"},
    {"POST", PIPELINES, "{\"a\":{\"dry_run\":true}}", NULL, false, "further inside"},
    {"POST", PIPELINES, "[{\"dry_run\":true}]", NULL, false, "in a list"},
    {"POST", PIPELINES, "{\"dry_run\":true,\"dry_run\":false}", NULL, false, "twice"},
    {"POST", PIPELINES, "{\"dry_run\":true,\"dry\\u005frun\":false}", NULL, false,
     "escaped"},
    {"POST", PIPELINES, "{\"dry_run\":true,\"dryRun\":false}", NULL, false,
     "another case"},
    {"POST", PIPELINES, "{\"dryRun\":true}", NULL, false, "another name"},
    {"POST", PIPELINES, "{\"dry_run\":true} x", NULL, false, "not JSON"},
    {"POST", PIPELINES, NULL, NULL, false, "no body"},
    {"POST", PIPELINES, "{\"dry_run\":true}", "content-type: multipart/form-data", false,
     "a body of another type"},
    {"POST", PIPELINES, "{\"dry_run\":true}", "Content-Encoding: gzip", false, "packed"},
    {"POST", PIPELINES "?dry_run=false", "{\"dry_run\":true}", NULL, false, "a query"},
    {"POST", PIPELINES "/", "{\"dry_run\":true}", NULL, false, "a slash more"},
    {"POST", "/" PIPELINES, "{\"dry_run\":true}", NULL, false, "two slashes"},
    {"POST", "/api/2.0/./pipelines", "{\"dry_run\":true}", NULL, false, "a dot"},
    {"POST", "/api/2.0/x/../pipelines", "{\"dry_run\":true}", NULL, false, "two dots"},
    {"POST", "/api/2.0/pipeline%73", "{\"dry_run\":true}", NULL, false, "an escape"},
    {"POST", PIPELINES "/p/updates", "{\"validate_only\":true}", NULL, false,
     "an update that validates starts compute and is an update"},
    {"POST", STATEMENTS "/s/cancel", "", NULL, false, "somebody else's statement"},
    {"POST", STATEMENTS, "{\"statement\":\"DROP TABLE x\"}", NULL, false, "a writer"},
    {"POST", STATEMENTS, "{\"statement\":\"SELECT 1\",\"statement\":\"DROP TABLE x\"}",
     NULL, false, "two statements"},
    {"POST", STATEMENTS, "{\"statement\":[\"SELECT 1\"]}", NULL, false, "a list"},
    {"PUT", PIPELINES "/p", "{\"dry_run\":true}", NULL, false, "an edit has no dry run"},
    {"PATCH", "/api/2.0/permissions/pipelines/p", "{}", NULL, false, "a PATCH"},
    {"DELETE", PIPELINES "/p", NULL, NULL, false, "a DELETE"},
    {"get", PIPELINES, NULL, NULL, false, "not a method that is known"},
    {"GET", PIPELINES "/p", NULL, "X-HTTP-Method-Override: DELETE", false, "a disguise"},
    {"GET", PIPELINES "/p", NULL, "x-http-method: DELETE", false, "a disguise"},
    {"GET", PIPELINES "/p", NULL, "X-Method-Override:DELETE", false, "a disguise"},
};

static void only_requests_that_read_are_let_through(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *headers[] = {cases[i].header, NULL};
        struct workspace_request r = {.method = cases[i].method,
                                      .path = cases[i].path,
                                      .headers = headers,
                                      .body = cases[i].body};
        struct fault f;
        r.body_size = cases[i].body != NULL ? strlen(cases[i].body) : 0;
        if (readonly_allows(&r, &f) != cases[i].allowed)
            fail_msg("%s: %s %s", cases[i].why, r.method, r.path);
        if (!cases[i].allowed) {
            assert_int_equal(f.kind, FAULT_USAGE);
            assert_string_equal(f.code, READONLY_CODE);
            assert_null(strchr(f.message, '?')); /* never a query */
        }
    }
}

static void what_is_somebody_elses_is_only_fetched(void **state) {
    struct workspace_request r = {
        .method = "PUT", .path = "https://bucket/x", .external = true};
    struct fault f;
    (void)state;
    assert_false(readonly_allows(&r, &f));
    r.method = "GET";
    assert_true(readonly_allows(&r, &f));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_requests_that_read_are_let_through),
        cmocka_unit_test(what_is_somebody_elses_is_only_fetched),
    };
    return cmocka_run_group_tests_name("readonly", tests, NULL, NULL);
}
