#include "engine.h"
#include "harness.h"
#include "quiet.h"
#include "raw.h"
#include "torture.h"

#include <lauxlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A server whose token is in a file, and one request after the other. */
static const char prelude[] =
    "server = require 'native.server'\n"
    "task = require 'native.task'\n"
    "fs = require 'native.fs'\n"
    "TOKEN = 'a-token-of-the-test-123'\n"
    "dir = fs.mktemp()\n"
    "fs.write(dir .. '/token', TOKEN, {mode = 384})\n"
    "token = server.token {file = dir .. '/token'}\n"
    "fs.remove(dir, {recursive = true})\n"
    "function listen(handler, more)\n"
    "  local opts = {token = token, secrets = {'dest_token', 'other'}}\n"
    "  for k, v in pairs(more or {}) do opts[k] = v end\n"
    "  return server.listen(opts, handler)\n"
    "end\n"
    "function ask(port, head, body)\n"
    "  local fd <close> = raw.connect(port)\n"
    "  local bytes = head .. ' HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n' ..\n"
    "    (body and 'Content-Length: ' .. #body .. '\\r\\n' or '') .. '\\r\\n' .. (body "
    "or "
    "'')\n"
    "  bytes = bytes:gsub('^(%S+ %S+)\\n([^\\n]*) HTTP/1.1', '%1 HTTP/1.1\\r\\n%2')\n"
    "  local seen, due = '', task.now() + 5\n"
    "  repeat\n"
    "    if bytes ~= '' then bytes = bytes:sub(1 + (raw.send(fd, bytes) or #bytes)) end\n"
    "    local got = raw.recv(fd)\n"
    "    seen = seen .. (got or '')\n"
    "    if got == '' then task.sleep(0.001) end\n"
    "  until not got or task.now() > due\n"
    "  return seen\n"
    "end\n";

static int open_with_token(void **state) {
    if (harness_open(state) != 0)
        return -1;
    struct engine *e = *state;
    luaL_requiref(e->L, "raw", luaopen_raw, 1);
    lua_pop(e->L, 1);
    must_run(state, prelude);
    return 0;
}

static void a_handler_learns_how_the_token_is_shown_and_never_sees_it(void **state) {
    must_run(
        state,
        "local seen\n"
        "local s <close> = listen(function(r) seen = r; return {body = 'ok'} end)\n"
        "local function access(head, body) ask(s.port, head, body); return seen.access "
        "end\n"
        "assert(access 'GET /' == 'none')\n"
        "assert(access('GET /\\nAuthorization: Bearer ' .. TOKEN) == 'bearer')\n"
        "assert(not seen.headers.authorization)\n"
        "assert(access('GET /\\nAuthorization: Bearer x' .. TOKEN) == 'wrong')\n"
        "assert(not seen.headers.authorization)\n"
        "assert(access('GET /?a=1&token=' .. TOKEN) == 'link')\n"
        "assert(seen.query == 'a=1&token=***', seen.query)\n"
        "assert(access('GET /?%74oken=' .. TOKEN) == 'none')\n"
        "assert(seen.query == '%74oken=***', seen.query)\n"
        "assert(access('GET /\\nCookie: a=b') == 'none' and not seen.headers.cookie)\n"
        "assert(seen.headers.host == 'x')\n"
        "assert(not tostring(token):find(TOKEN, 1, true))\n"
        "assert(getmetatable(token).__gc == nil)\n");
}

static void a_body_is_shown_to_those_with_the_token_alone(void **state) {
    must_run(state,
             "local seen\n"
             "local s <close> = listen(function(r) seen = r; return {body = 'ok'} end)\n"
             "ask(s.port, 'POST /', '{\"a\":1}')\n"
             "assert(seen.body == '' and not seen.secrets)\n"
             "ask(s.port, 'POST /\\nAuthorization: Bearer ' .. TOKEN, '{\"a\":1}')\n"
             "assert(seen.body == '{\"a\":1}' and next(seen.secrets) == nil)\n");
}

static void secrets_of_a_body_go_into_boxes(void **state) {
    must_run(
        state,
        "local seen\n"
        "local s = listen(function(r) seen = r; return {body = 'ok'} end)\n"
        "local function post(body)\n"
        "  ask(s.port, 'POST /\\nAuthorization: Bearer ' .. TOKEN, body)\n"
        "  return seen.secrets or {}\n"
        "end\n"
        "local got = post "
        "'{\"dest_token\":\"dapi-1234\",\"b\":{\"other\":\"dapi-5678\"}}'\n"
        "assert(tostring(got.dest_token) == 'credential (request dest_token)')\n"
        "assert(got.other == nil)\n"
        "assert(not seen.body:find 'dapi', seen.body)\n"
        "assert(post('{\"dest_token\":\"has a blank\"}').dest_token == nil)\n"
        "assert(not seen.body:find 'blank', seen.body)\n"
        "assert(post('{\"dest_token\":17}').dest_token == nil)\n"
        "post '{\"dest_token\":\"dapi-1234\"'\n"
        "assert(seen.malformed and seen.body == '')\n"
        "s:close()\n"
        "s = listen(function(r) seen = r; return {body = 'ok'} end, {max_depth = 3})\n"
        "assert(post '[[{\"dest_token\":\"[[[dapi\"}]]' and not seen.malformed)\n"
        "assert(seen.body == '[[{\"dest_token\":\"***\"    }]]', seen.body)\n"
        "post '[[[{\"dest_token\":\"dapi\"}]]]'\n"
        "assert(seen.malformed and seen.body == '' and not seen.secrets)\n"
        "post ''\n"
        "assert(not seen.malformed and seen.body == '')\n");
}

static void a_login_sets_the_cookie_and_says_secure_where_asked(void **state) {
    must_run(state, "local how\n"
                    "local s <close> = listen(function(r)\n"
                    "  return {body = r.access, login = how}\n"
                    "end)\n"
                    "how = true\n"
                    "local cookie, rest = ask(s.port, 'GET /?token=' .. TOKEN):match "
                    "'Set%-Cookie: ([^;]+)(.-)\\r'\n"
                    "assert(rest == '; Path=/; HttpOnly; SameSite=Strict', rest)\n"
                    "how = 'secure'\n"
                    "assert(ask(s.port, 'GET /'):find 'SameSite=Strict; Secure')\n"
                    "how = nil\n"
                    "assert(ask(s.port, 'GET /\\nCookie: ' .. cookie):find 'cookie$')\n");
}

static void a_server_that_drains_answers_what_it_has_and_takes_no_more(void **state) {
    must_run(state, "local go\n"
                    "local s = server.listen({}, function()\n"
                    "  while not go do task.sleep(0.001) end\n"
                    "  return {body = 'done'}\n"
                    "end)\n"
                    "local answer\n"
                    "task.spawn(function() answer = ask(s.port, 'GET /') end)\n"
                    "while select(2, s:stats()) == 0 do task.sleep(0.001) end\n"
                    "s:drain()\n"
                    "s:drain()\n"
                    "assert(not raw.connect(s.port))\n"
                    "go = true\n"
                    "while not answer do task.sleep(0.001) end\n"
                    "assert(answer:find 'done$')\n"
                    "s:close()\n"
                    "assert(not pcall(s.drain, s))\n");
}

static void a_request_that_comes_too_slowly_is_cut_off(void **state) {
    must_run(state,
             "local s <close> = server.listen({header_timeout = 0.5}, print)\n"
             "local fd <close> = raw.connect(s.port)\n"
             "local began, seen = task.now(), nil\n"
             "raw.send(fd, 'GET / HTTP/1.1\\r\\n')\n"
             "repeat\n"
             "  task.sleep(0.05)\n"
             "  raw.send(fd, 'A')\n" /* each one is something, and never a request */
             "  seen = raw.recv(fd)\n"
             "until not seen or task.now() > began + 20\n"
             "assert(not seen)\n");
}

static void a_header_beyond_the_limit_is_refused(void **state) {
    must_run(state, "local s <close> = server.listen({max_header = 4096}, print)\n"
                    "local a = ask(s.port, 'GET /\\nA: ' .. ('x'):rep(8000))\n"
                    "assert(a:find '^HTTP/1.1 431' or a:find '^HTTP/1.1 413', a)\n"
                    "local b = ask(s.port, 'GET /' .. ('x'):rep(8000))\n"
                    "assert(b:find '^HTTP/1.1 414', b)\n");
}

static void a_certificate_that_is_none_is_a_fault(void **state) {
    must_run(
        state,
        "local ok, e = pcall(server.listen, {certificate = '/none', key = '/none'}, "
        "print)\n"
        "assert(not ok and e.kind == 'io', tostring(e))\n"
        "local dir = fs.mktemp()\n"
        "fs.write(dir .. '/x', 'no certificate')\n"
        "ok, e = pcall(server.listen, {certificate = dir .. '/x', key = dir .. '/x'}, "
        "print)\n"
        "fs.remove(dir, {recursive = true})\n"
        "assert(not ok and e.message:find 'certificate', tostring(e))\n"
        "ok, e = pcall(server.listen, {certificate = '/none'}, print)\n"
        "assert(not ok and e:find 'go together', tostring(e))\n");
}

static void a_body_for_many_is_sent_whole_plain_and_compressed(void **state) {
    must_run(
        state,
        "local text = ('0123456789abcdef'):rep(40000)\n"
        "local body = server.body(text)\n"
        "assert(#body == #text and getmetatable(body).__index == nil)\n"
        "local small = server.body 'small'\n"
        "local s <close> = server.listen({}, function(r)\n"
        "  return {body = r.path == '/small' and small or body, headers = {A = r.path}}\n"
        "end)\n"
        "local seen = ask(s.port, 'GET /')\n"
        "assert(seen:sub(-#text) == text and seen:find 'Content%-Length: 640000\\r\\n')\n"
        "for _ = 1, 3 do\n"
        "  local packed = ask(s.port, 'GET /\\nAccept-Encoding: gzip')\n"
        "  assert(packed:find 'Content%-Encoding: gzip\\r\\n' and #packed < 10000)\n"
        "end\n"
        "local tiny = ask(s.port, 'GET /small\\nAccept-Encoding: gzip')\n"
        "assert(tiny:find '\\r\\n\\r\\nsmall$' and not tiny:find 'gzip')\n"
        "assert(ask(s.port, 'HEAD /'):find 'Content%-Length: 640000\\r\\n')\n"
        "body, small = nil, nil\n"
        "collectgarbage()\n"
        "assert(not pcall(server.body, nil))\n");
}

static void a_body_that_is_dropped_is_sent_to_its_end(void **state) {
    must_run(state, "local text = ('x'):rep(4 << 20)\n"
                    "local s <close> = server.listen({}, function()\n"
                    "  return {body = server.body(text)}\n" /* nobody else holds it */
                    "end)\n"
                    "local fd <close> = raw.connect(s.port, 4096)\n"
                    "raw.send(fd, 'GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: "
                    "close\\r\\n\\r\\n')\n"
                    "local size, due = 0, task.now() + 20\n"
                    "repeat\n"
                    "  local got = raw.recv(fd)\n"
                    "  size = size + #(got or '')\n"
                    "  if got == '' then collectgarbage(); task.sleep(0.001) end\n"
                    "until not got or task.now() > due\n"
                    "assert(size > #text, size)\n");
}

static void a_digest_tells_bytes_apart(void **state) {
    must_run(state, "assert(server.digest 'abc' == 'ba7816bf8f01cfea414140de5dae2223')\n"
                    "assert(server.digest '' == 'e3b0c44298fc1c149afbf4c8996fb924')\n"
                    "assert(server.digest 'a\\0b' ~= server.digest 'a')\n");
}

static void who_waits_for_the_end_ends_the_program_in_order(void **state) {
    struct engine *e = *state;
    static const char program[] =
        "local task = require 'native.task'\n"
        "local other = task.spawn(function() task.sleep(9) end)\n"
        "assert(task.wait_for_stop(0.01) == false)\n"
        "task.spawn(interrupt)\n"
        "assert(task.wait_for_stop(60) == true)\n"
        "task.sleep(0.01)\n"
        "return task.alive(other)\n";
    assert_int_equal(LUA_OK, luaL_loadstring(e->L, program));
    assert_int_equal(LUA_OK, engine_run(e, 0));
    assert_true(lua_toboolean(e->L, -1));
    lua_settop(e->L, 0);
}

static int interrupt(lua_State *L) {
    engine_interrupt(engine_of(L));
    return 0;
}

static int open_with_interrupt(void **state) {
    if (harness_open(state) != 0)
        return -1;
    struct engine *e = *state;
    lua_pushcfunction(e->L, interrupt);
    lua_setglobal(e->L, "interrupt");
    return 0;
}

/* Let what comes on stderr go into a file, until stderr_back. */
static void leaks_nothing_when_memory_runs_out(void **state) {
    (void)state;
    torture_with(
        "raw", luaopen_raw,
        "local server = require 'native.server'\n"
        "local task = require 'native.task'\n"
        "local fs = require 'native.fs'\n"
        "local path = os.tmpname()\n"
        "local _ <close> = setmetatable({}, {__close = function() os.remove(path) end})\n"
        "fs.write(path, 'a-token-of-the-test-123', {mode = 384})\n"
        "local s <close> = server.listen({token = server.token {file = path}, secrets = "
        "{'t'}},\n"
        "  function(r)\n"
        "  local text = r.access .. #r.body .. tostring(r.secrets and r.secrets.t)\n"
        "  return {login = true, body = server.body(text)}\n"
        "end)\n"
        "local fd <close> = raw.connect(s.port)\n"
        "raw.send(fd, 'POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 14\\r\\n' ..\n"
        "  'Connection: close\\r\\nAuthorization: Bearer a-token-of-the-test-123' ..\n"
        "  '\\r\\n\\r\\n{\"t\":\"secret\"}')\n"
        "local seen, due = '', task.now() + 0.1\n"
        "repeat\n"
        "  task.sleep(0.0005)\n"
        "  local got = raw.recv(fd)\n"
        "  seen = seen .. (got or '')\n"
        "  assert(task.now() < due, 'no answer: no memory for a task')\n"
        "until not got\n"
        "assert(seen:find 'bearer14credential', 'not enough memory for an answer')\n");
}

#define TOKEN_TEST(f) cmocka_unit_test_setup_teardown(f, open_with_token, harness_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        TOKEN_TEST(a_handler_learns_how_the_token_is_shown_and_never_sees_it),
        TOKEN_TEST(a_body_is_shown_to_those_with_the_token_alone),
        TOKEN_TEST(secrets_of_a_body_go_into_boxes),
        TOKEN_TEST(a_login_sets_the_cookie_and_says_secure_where_asked),
        TOKEN_TEST(a_server_that_drains_answers_what_it_has_and_takes_no_more),
        TOKEN_TEST(a_request_that_comes_too_slowly_is_cut_off),
        TOKEN_TEST(a_header_beyond_the_limit_is_refused),
        TOKEN_TEST(a_certificate_that_is_none_is_a_fault),
        TOKEN_TEST(a_body_for_many_is_sent_whole_plain_and_compressed),
        TOKEN_TEST(a_body_that_is_dropped_is_sent_to_its_end),
        TOKEN_TEST(a_digest_tells_bytes_apart),
        cmocka_unit_test_setup_teardown(who_waits_for_the_end_ends_the_program_in_order,
                                        open_with_interrupt, harness_close),
        cmocka_unit_test_setup_teardown(leaks_nothing_when_memory_runs_out, be_quiet,
                                        be_loud),
    };
    return cmocka_run_group_tests_name("server_token", tests, NULL, NULL);
}
