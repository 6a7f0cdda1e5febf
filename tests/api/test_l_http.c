#include "harness.h"
#include "server.h"
#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct server server;

static void handle(struct server_request *r) {
    if (strncmp(r->path, "/busy", 5) == 0 && r->number % 3 != 0) {
        server_reply(r, 503, "Retry-After: 0\r\n", "busy");
    } else if (strncmp(r->path, "/hangup", 7) == 0) {
        r->close = true;
    } else if (strncmp(r->path, "/sleep", 6) == 0) {
        server_sleep(server_number(r, "ms", 100));
        server_reply(r, 200, "", "slept");
    } else if (strncmp(r->path, "/echo", 5) == 0) {
        server_reply(r, 200, "X-Twice: a\r\nx-twice:  b \r\nX-Empty:\r\n", r->body);
    } else if (strncmp(r->path, "/headers", 8) == 0) {
        server_reply(r, 200, "", r->headers);
    } else {
        server_reply(r, server_number(r, "status", 200), "", "{}");
    }
}

static int open_all(void **state) {
    server_start(&server, handle);
    return harness_open(state);
}

static int close_all(void **state) {
    int status = harness_close(state);
    server_stop(&server);
    return status;
}

/* The chunk, with `http` and `base` (the server's URL) in front. */
static const char *with_base(const char *chunk) {
    static char text[8192];
    snprintf(text, sizeof text,
             "local http, base = require 'native.http', 'http://127.0.0.1:%d'\n%s",
             server.port, chunk);
    return text;
}

static void a_response_has_status_headers_and_body(void **state) {
    must_run(
        state,
        with_base("local r = http.request('POST', base .. '/echo', {body = 'a\\0b'})\n"
                  "assert(r.status == 200 and r.headers['x-twice'] == 'a, b')\n"
                  "assert(r.headers['x-empty'] == '')\n"
                  "assert(r.headers['content-length'] == '1')\n"
                  "assert(r.body == 'a')\n" /* the test's server stops at a zero */
                  "r = http.request('GET', base .. '/?status=404')\n"
                  "assert(r.status == 404 and r.body == '{}')\n"
                  "r = http.request('HEAD', base .. '/')\n"
                  "assert(r.status == 200 and r.body == '')\n"));
}

static void headers_are_sent_as_given(void **state) {
    must_run(state,
             with_base("local r = http.request('GET', base .. '/headers', {headers = "
                       "{['X-One'] = '1', Accept = 'text/x', ['X-None'] = ''}})\n"
                       "assert(r.body:find('X-One: 1\\r\\n', 1, true))\n"
                       "assert(r.body:find('Accept: text/x\\r\\n', 1, true))\n"
                       "assert(r.body:find('X-None:', 1, true))\n"
                       "assert(r.body:find('User-Agent: tarn/', 1, true))\n"
                       "assert(not r.body:find('Authorization', 1, true))\n"));
}

static void no_response_is_a_fault(void **state) {
    must_run(
        state,
        with_base(
            "local function fails(kind, says, ...)\n"
            "  local ok, e = pcall(http.request, ...)\n"
            "  assert(not ok and type(e) == 'table', e)\n"
            "  assert(e.kind == kind and e.op == 'http.request', tostring(e))\n"
            "  assert(e.message:find(says, 1, true), e.message)\n"
            "  assert(not tostring(e):find('secret', 1, true))\n"
            "  return e\n"
            "end\n"
            "local e = fails('network', 'without an answer', 'POST', base .. "
            "'/hangup?secret')\n"
            "assert(e.ambiguous and e.retryable)\n"
            "fails('timeout', 'no complete answer', 'GET', base .. '/sleep?ms=3000', "
            "{timeout = 0.1})\n"
            "fails('io', 'larger than 1 bytes', 'GET', base, {max_bytes = 1})\n"
            "fails('parse', 'not a URL', 'GET', 'ftp://x/secret')\n"
            "fails('parse', 'not a URL', 'GET', 'https://me:secret@x/')\n"
            "fails('network', 'no such host', 'GET', 'http://nowhere.invalid/secret', "
            "{retry = false})\n"));
}

static void retries_follow_the_method_and_the_option(void **state) {
    must_run(state,
             with_base("assert(http.request('GET', base .. '/busy').status == 200)\n"));
    assert_int_equal(server.tally->requests, 3);
    must_run(state,
             with_base("assert(http.request('POST', base .. '/busy').status == 503)\n"));
    assert_int_equal(server.tally->requests, 4);
    must_run(
        state,
        with_base("assert(http.request('GET', base .. '/busy', {retry = false}).status"
                  " == 503)\n"));
    assert_int_equal(server.tally->requests, 5);
    must_run(state, with_base("http.request('POST', base .. '/busy', {retry = true})\n"));
    assert_int_equal(server.tally->requests, 6);
    must_run(
        state,
        with_base("pcall(http.request, 'POST', base .. '/hangup', {retry = true})\n"));
    assert_int_equal(server.tally->requests, 7); /* it may have happened */
    must_run(state, with_base("pcall(http.request, 'PUT', base .. '/hangup')\n"));
    assert_int_equal(server.tally->requests, 11);
}

static void many_tasks_wait_at_once(void **state) {
    must_run(
        state,
        with_base(
            "local task = require 'native.task'\n"
            "local done, start = 0, task.now()\n"
            "for i = 1, 20 do\n"
            "  task.spawn(function()\n"
            "    assert(http.request('GET', base .. '/sleep?ms=100').body == 'slept')\n"
            "    done = done + 1\n"
            "  end)\n"
            "end\n"
            "while done < 20 do task.sleep(0.01) end\n"
            "assert(task.now() - start < 1.9, task.now() - start)\n"));
}

static void a_cancelled_task_ends_its_request(void **state) {
    must_run(
        state,
        with_base("local task = require 'native.task'\n"
                  "local said\n"
                  "local t = task.spawn(function()\n"
                  "  local ok, e = pcall(http.request, 'GET', base .. '/sleep?ms=5000')\n"
                  "  said = e.kind\n"
                  "end)\n"
                  "task.sleep(0.05)\n"
                  "task.cancel(t)\n"
                  "while task.alive(t) do task.sleep(0.01) end\n"
                  "assert(said == 'cancelled', said)\n"));
}

static void a_wrong_call_is_a_message(void **state) {
    must_run(
        state,
        with_base(
            "local function says(text, ...)\n"
            "  local ok, e = pcall(http.request, ...)\n"
            "  assert(not ok and type(e) == 'string' and e:find(text, 1, true), e)\n"
            "end\n"
            "says('not an HTTP method', 'get', base)\n"
            "says('not an HTTP method', '', base)\n"
            "says('not an HTTP method', 'GET /', base)\n"
            "says('string expected', {}, base)\n"
            "says('string expected', 'GET')\n"
            "says('table expected', 'GET', base, 1)\n"
            "says(\"unknown option 'header'\", 'GET', base, {header = {}})\n"
            "says(\"'headers' must be a table\", 'GET', base, {headers = 'x'})\n"
            "says(\"'headers' must map names\", 'GET', base, {headers = {'x'}})\n"
            "says(\"'headers' must map names\", 'GET', base, {headers = {x = 1}})\n"
            "says('not a header', 'GET', base, {headers = {['x: y'] = 'z'}})\n"
            "says('not a header', 'GET', base, {headers = {x = 'a\\r\\nb: c'}})\n"
            "says(\"'body' is no string\", 'GET', base, {body = 1})\n"
            "says(\"'timeout' must be a number of\", 'GET', base, {timeout = 0})\n"
            "says(\"'timeout' must be a number of\", 'GET', base, {timeout = 0/0})\n"
            "says(\"'connect_timeout' must be\", 'GET', base, {connect_timeout = {}})\n"
            "says(\"'max_bytes' must be a whole\", 'GET', base, {max_bytes = 1.5})\n"
            "says(\"'max_bytes' must be a whole\", 'GET', base, {max_bytes = -1})\n"
            "says(\"'retry' must be true or\", 'GET', base, {retry = 1})\n"));
    assert_int_equal(server.tally->requests, 0);
}

static void texts_are_escaped_and_come_back(void **state) {
    must_run(state,
             with_base(
                 "assert(http.escape('a b/\\0\\xff') == 'a%20b%2F%00%FF')\n"
                 "assert(http.unescape('a%20b%2F%00+') == 'a b/\\0+')\n"
                 "assert(http.unescape('a+b', true) == 'a b')\n"
                 "assert(http.escape('') == '' and http.unescape('') == '')\n"
                 "assert(http.base64_encode('\\0\\255x') == 'AP94')\n"
                 "assert(http.base64_decode('AP94') == '\\0\\255x')\n"
                 "assert(http.base64_decode('') == '')\n"
                 "local ok, e = pcall(http.base64_decode, 'no!')\n"
                 "assert(not ok and e.kind == 'parse' and e.op == 'http.base64_decode')\n"
                 "assert(not pcall(http.escape, {}))\n"));
}

static void a_url_in_a_credential_is_used_and_never_shown(void **state) {
    must_run(
        state,
        with_base(
            "local dbx = require 'native.databricks'\n"
            "local box = dbx.credential{token = base .. '/echo/T0P-S3CRET'}\n"
            "assert(http.request('POST', box, {body = 'x'}).body == 'x')\n"
            "assert(not tostring(box):find('S3CRET'))\n"
            "for _, url in ipairs{'http://127.0.0.1:1/T0P-S3CRET', 'T0P-S3CRET'} do\n"
            "  local ok, e = pcall(http.request, 'GET', dbx.credential{token = url},\n"
            "    {retry = false})\n"
            "  assert(not ok and not tostring(e):find('S3CRET'), tostring(e))\n"
            "end\n"));
}

static void leaks_nothing_when_memory_runs_out(void **state) {
    (void)state;
    server_start(&server, handle);
    torture(with_base("local r = http.request('POST', base .. '/echo', {body = 'x', "
                      "headers = {a = 'b', c = 'd'}})\n"
                      "assert(r.status == 200)\n"
                      "local ok, e = pcall(http.request, 'POST', base .. '/hangup')\n"
                      "if not ok and type(e) == 'string' then error(e) end\n"
                      "local dbx = require 'native.databricks'\n"
                      "local box = dbx.credential{token = base .. '/echo'}\n"
                      "assert(http.request('POST', box, {body = 'x'}).body == 'x')\n"
                      "http.escape('a b')  http.unescape('%20')\n"
                      "http.base64_decode(http.base64_encode('abc'))\n"));
    server_stop(&server);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_all, close_all)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_response_has_status_headers_and_body),
        TEST(headers_are_sent_as_given),
        TEST(no_response_is_a_fault),
        TEST(retries_follow_the_method_and_the_option),
        TEST(many_tasks_wait_at_once),
        TEST(a_cancelled_task_ends_its_request),
        TEST(a_wrong_call_is_a_message),
        TEST(texts_are_escaped_and_come_back),
        TEST(a_url_in_a_credential_is_used_and_never_shown),
        cmocka_unit_test(leaks_nothing_when_memory_runs_out),
    };
    return cmocka_run_group_tests_name("l_http", tests, NULL, NULL);
}
