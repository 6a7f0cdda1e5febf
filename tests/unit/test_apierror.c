#include "dbx/apierror.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct http_response answer(int status, const char *headers, const char *body) {
    struct http_response r = {.status = status};
    assert_true(buf_str(&r.headers, headers) && buf_str(&r.body, body));
    return r;
}

static void discard(struct http_response *r) {
    buf_free(&r->headers);
    buf_free(&r->body);
}

#define D "\"@type\":\"type.googleapis.com/google.rpc."

static void every_shape_becomes_a_fault(void **state) {
    (void)state;
    static const struct {
        const char *why;
        int status;
        const char *headers, *body;
        enum fault_kind kind;
        const char *code, *message, *request_id;
        const char *hint; /* a part of it */
        bool retryable;
    } cases[] = {
        {"the standard shape", 404, "X-Request-Id: r-1\r\n",
         "{\"error_code\":\"RESOURCE_DOES_NOT_EXIST\",\"message\":\"no pipeline 6d1f\"}",
         FAULT_HTTP, "RESOURCE_DOES_NOT_EXIST", "no pipeline 6d1f", "r-1", "check the id",
         false},
        {"code as a number", 400, "", "{\"error_code\":17,\"message\":\"m\"}", FAULT_HTTP,
         "17", "m", "", "", false},
        {"code without a message", 400, "", "{\"error_code\":\"INVALID_STATE\"}",
         FAULT_HTTP, "INVALID_STATE", "bad request", "", "", false},
        {"message only", 404, "", "{\"message\":\"gone\"}", FAULT_HTTP, "", "gone", "",
         "check the id", false},
        {"API 1.2", 400, "", "{\"error\":\"ExecutionContext not found\"}", FAULT_HTTP, "",
         "ExecutionContext not found", "", "", false},
        {"SCIM", 404, "",
         "{\"schemas\":[\"urn:x\"],\"detail\":\"User not found\",\"status\":\"404\"}",
         FAULT_HTTP, "SCIM_404", "User not found", "", "", false},
        {"SCIM without a status", 409, "",
         "{\"detail\":\"exists\",\"scimType\":\"uniqueness\"}", FAULT_HTTP, "SCIM_409",
         "exists", "", "", false},
        {"OAuth", 401, "",
         "{\"error\":\"invalid_client\",\"error_description\":\"no such client\"}",
         FAULT_AUTH, "invalid_client", "no such client", "", "tarn auth describe", false},
        {"OAuth, the other words", 400, "",
         "{\"errorCode\":\"E1\",\"errorSummary\":\"sum\"}", FAULT_HTTP, "E1", "sum", "",
         "", false},
        {"Azure", 404, "",
         "{\"error\":{\"code\":\"NotFound\",\"message\":\"no workspace\"}}", FAULT_HTTP,
         "NotFound", "no workspace", "", "", false},
        {"text with a code", 400, "", "MALFORMED_REQUEST: not JSON", FAULT_HTTP,
         "MALFORMED_REQUEST", "not JSON", "", "", false},
        {"HTML with a message", 503, "Content-Type: text/html\r\n",
         "<html><body><pre>overloaded</pre></body></html>", FAULT_HTTP, "", "overloaded",
         "", "try again later", true},
        {"HTML with a title", 502, "", "<!DOCTYPE html><title>Bad\nGateway</title>",
         FAULT_HTTP, "", "Bad Gateway", "", "try again later", true},
        {"HTML with nothing", 504, "", "<html></html>", FAULT_HTTP, "",
         "the server ran out of time", "", "try again later", true},
        {"nothing at all", 403, "", "", FAULT_AUTH, "", "permission denied", "",
         "lack a permission", false},
        {"a status that is none", 599, "", "", FAULT_HTTP, "", "unexpected status", "",
         "", true},
        {"anything else", 500, "", "  went\twrong\n", FAULT_HTTP, "UNKNOWN",
         "went    wrong", "", "", true},
        {"JSON that says nothing", 400, "", "{\"a\":1}", FAULT_HTTP, "UNKNOWN",
         "{\"a\":1}", "", "", false},
        {"JSON that is cut off", 400, "", "{\"message\":\"x", FAULT_HTTP, "UNKNOWN",
         "{\"message\":\"x", "", "", false},
        {"a list", 400, "", "[1]", FAULT_HTTP, "UNKNOWN", "[1]", "", "", false},
        {"null fields", 400, "", "{\"error_code\":null,\"message\":null,\"error\":\"e\"}",
         FAULT_HTTP, "", "e", "", "", false},
        {"request id in the details", 400, "",
         "{\"message\":\"m\",\"details\":[{" D "ErrorInfo\"},{" D
         "RequestInfo\",\"request_id\":\"r-2\"}]}",
         FAULT_HTTP, "", "m", "r-2", "", false},
        {"details instead of a message", 400, "",
         "{\"error_code\":\"X\",\"details\":[{" D
         "BadRequest\",\"field_violations\":[{\"field\":\"name\",\"description\":\"too "
         "long\"}]}]}",
         FAULT_HTTP, "X", "too long", "", "", false},
        {"a quota", 400, "",
         "{\"details\":[{" D "QuotaFailure\",\"violations\":[{\"subject\":\"s\","
         "\"description\":\"full\"}]}]}",
         FAULT_HTTP, "", "full", "", "", false},
        {"an expired token", 401, "", "{\"error_code\":\"401\",\"message\":\"expired\"}",
         FAULT_AUTH, "401", "expired", "", "tarn auth describe", false},
        {"403 that means 401", 403, "", "{\"message\":\"Invalid access token.\"}",
         FAULT_AUTH, "", "Invalid access token.", "", "tarn auth describe", false},
        {"the code wins over the status", 400, "",
         "{\"error_code\":\"PERMISSION_DENIED\",\"message\":\"m\"}", FAULT_AUTH,
         "PERMISSION_DENIED", "m", "", "lack a permission", false},
        {"the code wins over the status: not found", 400, "",
         "{\"error_code\":\"RESOURCE_DOES_NOT_EXIST\",\"message\":\"m\"}", FAULT_HTTP,
         "RESOURCE_DOES_NOT_EXIST", "m", "", "check the id", false},
        {"the code wins over the status: limits", 403, "",
         "{\"error_code\":\"REQUEST_LIMIT_EXCEEDED\",\"message\":\"m\"}", FAULT_HTTP,
         "REQUEST_LIMIT_EXCEEDED", "m", "", "--jobs", true},
        {"no such API", 404, "",
         "{\"error_code\":\"ENDPOINT_NOT_FOUND\",\"message\":\"m\"}", FAULT_HTTP,
         "ENDPOINT_NOT_FOUND", "m", "", "workspace's URL", false},
        {"an echoed token", 400, "",
         "{\"message\":\"bad dapi0123456789abcdef0123456789\"}", FAULT_HTTP, "",
         "bad dapi***", "", "", false},
        {"an echoed token, elsewhere", 400, "X-Request-Id: dapi0123456789abcdef0123\r\n",
         "{\"message\":\"m\",\"error_code\":\"dapi0123456789abcdef0123456789\"}",
         FAULT_HTTP, "dapi***", "m", "dapi***", "", false},
        {"an echoed token in a redirect", 307,
         "Location: https://other/dapi0123456789abcdef0123\r\n", "", FAULT_HTTP, "",
         "h.example redirects to https://other/dapi***", "", "not followed", false},
        {"a web page with status 200", 200, "Content-Type: text/html\r\n", "<html>",
         FAULT_HTTP, "", "h.example answered with a web page, not with data", "",
         "check the host", false},
        {"the same without a type", 200, "", "\n<!doctype HTML><p>", FAULT_HTTP, "",
         "h.example answered with a web page, not with data", "", "check the host",
         false},
        {"a log-in page", 302, "Location: https://h/login.html?x=1\r\n", "", FAULT_HTTP,
         "", "h.example redirects to a log-in page", "", "check the host", false},
        {"private link", 302,
         "Location: https://h/login.html?error=private-link-validation-error:1\r\n", "",
         FAULT_AUTH, "", "h.example only takes connections through its private link", "",
         "VPN", false},
        {"elsewhere", 308, "Location: https://other/x?secret=1\r\n", "", FAULT_HTTP, "",
         "h.example redirects to https://other/x", "", "not followed", false},
        {"nowhere", 301, "", "", FAULT_HTTP, "", "h.example redirects to nowhere", "", "",
         false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_response r = answer(cases[i].status, cases[i].headers, cases[i].body);
        struct fault f;
        bool good = apierror_check(&r, "h.example", false, &f);
        if (good || f.kind != cases[i].kind || f.status != cases[i].status ||
            strcmp(f.code, cases[i].code) != 0 ||
            strcmp(f.message, cases[i].message) != 0 ||
            strcmp(f.request_id, cases[i].request_id) != 0 ||
            strstr(f.hint, cases[i].hint) == NULL || f.retryable != cases[i].retryable)
            fail_msg("%s: %s %d '%s' '%s' '%s' '%s' %d", cases[i].why,
                     fault_kind_name(f.kind), f.status, f.code, f.message, f.request_id,
                     f.hint, f.retryable);
        discard(&r);
    }
}

static void good_answers_are_good(void **state) {
    (void)state;
    static const struct {
        int status;
        const char *headers, *body;
        bool external;
    } cases[] = {
        {200, "Content-Type: application/json\r\n", "{}", false},
        {200, "", "", false},
        {204, "", "", false},
        {201, "Content-Type: application/octet-stream\r\n", "<html>", false},
        {200, "Content-Type: text/html\r\n", "<html>", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_response r = answer(cases[i].status, cases[i].headers, cases[i].body);
        struct fault f;
        assert_true(apierror_check(&r, "h", cases[i].external, &f));
        discard(&r);
    }
}

static void a_link_that_expired_is_told_from_a_permission(void **state) {
    (void)state;
    struct http_response r = answer(
        403, "Content-Type: application/xml\r\n",
        "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>Request has "
        "expired"
        "</Message><Signed>secret</Signed></Error>");
    struct fault f;
    assert_false(apierror_check(&r, "h", true, &f));
    assert_int_equal(f.kind, FAULT_HTTP);
    assert_string_equal(f.code, "AccessDenied");
    assert_string_equal(f.message, "Request has expired");
    assert_non_null(strstr(f.hint, "ask for a new one"));
    discard(&r);
}

static void a_long_message_is_cut_between_characters(void **state) {
    (void)state;
    char body[2000] = "{\"message\":\"x", *at = body + strlen(body);
    for (int i = 0; i < 400; i++, at += 2)
        memcpy(at, "\xc3\xa9", 2);
    memcpy(at, "\"}", 3);
    struct http_response r = answer(400, "", body);
    struct fault f;
    assert_false(apierror_check(&r, "h", false, &f));
    size_t size = strlen(f.message);
    assert_in_range(size, sizeof f.message - 3, sizeof f.message - 1);
    assert_int_equal(size % 2, 1); /* x and whole pairs */
    discard(&r);
}

static void delays_come_from_the_header_or_the_details(void **state) {
    (void)state;
    static const struct {
        const char *why, *headers, *body;
        int expected;
    } cases[] = {
        {"header", "Retry-After: 2\r\n", "", 2000},
        {"details", "", "{\"details\":[{" D "RetryInfo\",\"retry_delay\":\"3s\"}]}",
         3000},
        {"fractions", "", "{\"details\":[{" D "RetryInfo\",\"retry_delay\":\"0.25s\"}]}",
         250},
        {"the header wins", "Retry-After: 2\r\n",
         "{\"details\":[{" D "RetryInfo\",\"retry_delay\":\"3s\"}]}", 2000},
        {"neither", "", "{\"details\":[{}]}", -1},
        {"no JSON", "", "busy", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_response r = answer(429, cases[i].headers, cases[i].body);
        int got = apierror_after_ms(&r, 0);
        if (got != cases[i].expected)
            fail_msg("%s: want %d, got %d", cases[i].why, cases[i].expected, got);
        discard(&r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_becomes_a_fault),
        cmocka_unit_test(good_answers_are_good),
        cmocka_unit_test(a_link_that_expired_is_told_from_a_permission),
        cmocka_unit_test(a_long_message_is_cut_between_characters),
        cmocka_unit_test(delays_come_from_the_header_or_the_details),
    };
    return cmocka_run_group_tests_name("apierror", tests, NULL, NULL);
}
