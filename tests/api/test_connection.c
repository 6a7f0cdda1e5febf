#include "engine.h"
#include "harness.h"
#include "raw.h"

#include <lauxlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A client of bytes, in the same engine as the server. Times are long enough for a machine
 * that is busy. */
static const char prelude[] =
    "server = require 'native.server'\n"
    "task = require 'native.task'\n"
    "json = require 'native.json'\n"
    "HOST = 'Host: x\\r\\n'\n"
    "GOOD = 'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'\n"
    /* Send and read, until the other side ends it, or `enough(seen)`. */
    "function talk(fd, bytes, enough)\n"
    "  local seen, due = '', task.now() + 20\n"
    "  repeat\n"
    "    if bytes ~= '' then bytes = bytes:sub(1 + (raw.send(fd, bytes) or #bytes)) end\n"
    "    local got, e = raw.recv(fd)\n"
    "    if not got then return seen, e end\n"
    "    seen = seen .. got\n"
    "    if enough and enough(seen) then return seen end\n"
    "    if got == '' then task.sleep(0.001) end\n"
    "  until task.now() > due\n"
    "  error('the server says no more than: ' .. seen)\n"
    "end\n"
    "function whole(seen)\n"
    "  local head, size = seen:match('^(.-\\r\\n\\r\\n)'), seen:match('Content%-Length: "
    "(%d+)')\n"
    "  return head and size and #seen >= #head + tonumber(size)\n"
    "end\n"
    "function ask(port, bytes, from)\n"
    "  local fd <close> = raw.connect(port, 0, from)\n"
    "  return talk(fd, bytes)\n"
    "end\n"
    /* The status of the one answer that an end follows; its body tells the same. */
    "function refused(seen)\n"
    "  local _, answers = seen:gsub('HTTP/1%.1 %d%d%d', '')\n"
    "  assert(answers == 1, seen)\n"
    "  local status, head, body = seen:match '^HTTP/1%.1 (%d+) [%a -]+\\r\\n(.-)\\r\\n"
    "\\r\\n(.*)$'\n"
    "  head = head .. '\\r\\n'\n"
    "  assert(head:find('Connection: close\\r\\n', 1, true), head)\n"
    "  assert(head:find('Content-Type: application/json\\r\\n', 1, true), head)\n"
    "  assert(head:match 'Content%-Length: (%d+)' == tostring(#body), seen)\n"
    "  local e = json.decode(body).error\n"
    "  assert(e.kind == 'usage' and e.op == 'serve' and e.status == tonumber(status), "
    "body)\n"
    "  assert(e.code:find '^[A-Z_]+$' and #e.message > 10, body)\n"
    "  assert(head:find('X-Request-Id: ' .. e.request_id, 1, true), seen)\n"
    "  return e.status, e.code\n"
    "end\n"
    "function until_true(f)\n"
    "  local due = task.now() + 20\n"
    "  while not f() do\n"
    "    assert(task.now() < due, 'it never came true')\n"
    "    task.sleep(0.001)\n"
    "  end\n"
    "end\n";

static int open_with_client(void **state) {
    if (harness_open(state) != 0)
        return -1;
    struct engine *e = *state;
    luaL_requiref(e->L, "raw", luaopen_raw, 1);
    lua_pop(e->L, 1);
    must_run(state, prelude);
    return 0;
}

/* ---- what is no request ---- */

static void what_is_no_request_gets_one_answer_in_json(void **state) {
    must_run(
        state,
        "local calls = 0\n"
        "local s <close> = server.listen({max_body = 1000, max_header = 8192}, "
        "function()\n"
        "  calls = calls + 1 return {} end)\n"
        "local POST = 'POST / HTTP/1.1\\r\\n' .. HOST\n"
        "local CHUNKED = POST .. 'Transfer-Encoding: chunked\\r\\n\\r\\n'\n"
        "local cases = {\n"
        "  {400, 'nothing\\r\\n\\r\\n'}, {400, 'GET /\\r\\n'}, {400, "
        "'\\0\\r\\n\\r\\n'},\n"
        "  {400, 'GET / HTTP/1.1\\r\\n\\r\\n'}, {400, 'GET / HTTP/1.1\\r\\n' .. HOST .. "
        "HOST},\n"
        "  {400, 'GET /\\0 HTTP/1.1\\r\\n'}, {400, 'GET / HTTP/1.1\\nHost: x\\n\\n'},\n"
        "  {400, POST .. 'Content-Length: +31\\r\\n\\r\\n'},\n"
        "  {400, POST .. 'Content-Length: 5\\r\\nContent-Length: 5\\r\\n\\r\\nhello'},\n"
        "  {400, POST .. 'Content-Length: 5\\r\\nTransfer-Encoding: "
        "chunked\\r\\n\\r\\n'},\n"
        "  {400, POST .. 'bad line\\r\\n\\r\\n'}, {400, POST .. ' folded\\r\\n\\r\\n'},\n"
        "  {400, CHUNKED .. 'zz\\r\\n'}, {400, CHUNKED .. '1\\r\\nabc'},\n"
        "  {400, CHUNKED .. '1\\r\\na\\r\\n0\\r\\nx\\r\\n\\r\\n'},\n"
        "  {413, POST .. 'Content-Length: 1001\\r\\n\\r\\n'},\n"
        "  {413, POST .. 'Content-Length: 99999999999999999999\\r\\n\\r\\n'},\n"
        "  {413, CHUNKED .. '3e9\\r\\nx'},\n"
        "  {414, 'GET /' .. ('a'):rep(100000) .. ' HTTP/1.1\\r\\n'},\n"
        "  {417, POST .. 'Expect: nothing\\r\\n\\r\\n'},\n"
        "  {431, 'GET / HTTP/1.1\\r\\nA: ' .. ('x'):rep(100000)},\n"
        "  {431, 'GET / HTTP/1.1\\r\\n' .. ('A: x\\r\\n'):rep(101)},\n"
        "  {501, 'FOO / HTTP/1.1\\r\\n'}, {505, 'GET / HTTP/2.0\\r\\n'},\n"
        "  {501, POST .. 'Transfer-Encoding: gzip\\r\\n\\r\\n'},\n"
        "}\n"
        "for _, case in ipairs(cases) do\n"
        "  local begun = task.now()\n"
        "  local status = refused(ask(s.port, case[2]))\n"
        "  assert(status == case[1], case[2]:sub(1, 60) .. ': ' .. status)\n"
        "  assert(task.now() - begun < 5, 'at once: nothing else is waited for')\n"
        "end\n"
        "assert(calls == 0)\n");
}

static void one_that_is_refused_comes_behind_those_before_it(void **state) {
    must_run(state, "local s <close> = server.listen({}, function(r)\n"
                    "  task.sleep(0.01) return {body = r.path} end)\n"
                    "local seen = ask(s.port, GOOD .. GOOD .. 'GET x\\r\\n' .. GOOD)\n"
                    "local first, second, last = seen:match "
                    "'^(HTTP/1.1 200.-\\r\\n\\r\\n/)(HTTP/1.1 200.-\\r\\n\\r\\n/)(.*)$'\n"
                    "assert(first and second and refused(last) == 400, seen)\n");
}

static void a_head_request_is_refused_without_a_body(void **state) {
    must_run(state,
             "local s <close> = server.listen({}, print)\n"
             "local seen = ask(s.port, 'HEAD / HTTP/1.1\\r\\nno field\\r\\n\\r\\n')\n"
             "assert(seen:find '^HTTP/1.1 400 ' and seen:find '\\r\\n\\r\\n$', seen)\n");
}

static void thousands_of_parameters_arrive(void **state) {
    must_run(
        state,
        "local s <close> = server.listen({}, function(r) return {body = r.query} end)\n"
        "local query = ('a=1&'):rep(4000)\n"
        "local seen = ask(s.port, 'GET /?' .. query .. ' HTTP/1.1\\r\\n' .. HOST ..\n"
        "  'Connection: close\\r\\n\\r\\n')\n"
        "assert(seen:sub(-#query) == query, seen:sub(1, 100))\n");
}

static void a_refusal_reaches_who_is_still_sending(void **state) {
    must_run(state, "local s <close> = server.listen({max_body = 1000}, print)\n"
                    "local body = ('x'):rep(8 << 20)\n"
                    "local seen = ask(s.port, 'POST / HTTP/1.1\\r\\n' .. HOST ..\n"
                    "  'Content-Length: ' .. #body .. '\\r\\n\\r\\n' .. body)\n"
                    "assert(refused(seen) == 413)\n");
}

static void a_request_that_is_cut_off_is_told_so(void **state) {
    must_run(state,
             "local s <close> = server.listen({}, print)\n"
             "for _, half in ipairs {'GET / HT', 'POST / HTTP/1.1\\r\\n' .. HOST ..\n"
             "    'Content-Length: 9\\r\\n\\r\\nhalf'} do\n"
             "  local fd <close> = raw.connect(s.port)\n"
             "  raw.send(fd, half)\n"
             "  raw.finish(fd)\n"
             "  assert(refused(talk(fd, '')) == 400)\n"
             "end\n"
             "local fd <close> = raw.connect(s.port)\n"
             "raw.finish(fd)\n"
             "assert(talk(fd, '') == '', 'who says nothing is told nothing')\n");
}

static void who_stops_sending_gets_all_that_was_asked_before(void **state) {
    must_run(state, "local s <close> = server.listen({}, function(r)\n"
                    "  task.sleep(0.06) return {body = 'x'} end)\n"
                    "local fd <close> = raw.connect(s.port)\n"
                    "raw.send(fd, GOOD:rep(6))\n"
                    "raw.finish(fd)\n"
                    "local _, answers = talk(fd, ''):gsub('HTTP/1%.1 200', '')\n"
                    "assert(answers == 6, answers)\n");
}

/* ---- time ---- */

static void half_a_header_is_answered_when_its_time_is_over(void **state) {
    must_run(
        state,
        "local s <close> = server.listen({header_timeout = 0.3}, function() return {} "
        "end)\n"
        "local begun = task.now()\n"
        "local silent <close> = raw.connect(s.port)\n"
        "local half <close> = raw.connect(s.port)\n"
        "raw.send(half, 'GET / HTTP/1.1\\r\\n')\n"
        "task.spawn(function() for _ = 1, 10 do task.sleep(0.1) raw.send(half, 'A') end "
        "end)\n"
        "local status, code = refused(talk(half, ''))\n"
        "assert(status == 408 and code == 'REQUEST_TIMEOUT')\n"
        "assert(talk(silent, '') == '')\n"
        "assert(task.now() - begun >= 0.29)\n"
        /* the time begins again with each request, and not before */
        "local fd <close> = raw.connect(s.port)\n"
        "assert(whole(talk(fd, GOOD, whole)))\n"
        "task.sleep(0.5)\n"
        "assert(whole(talk(fd, GOOD, whole)))\n"
        "assert(refused(talk(fd, 'GET /')) == 408)\n");
}

static void half_a_body_is_answered_when_its_time_is_over(void **state) {
    must_run(state,
             "local half = 'POST / HTTP/1.1\\r\\n' .. HOST .. 'Content-Length: "
             "9\\r\\n\\r\\nhalf'\n"
             "for _, opts in ipairs {{request_timeout = 0.3}, {timeout = 0.3}} do\n"
             "  local s <close> = server.listen(opts, print)\n"
             "  local begun = task.now()\n"
             "  assert(refused(ask(s.port, half)) == 408)\n"
             "  assert(task.now() - begun >= 0.29)\n"
             "end\n");
}

static void an_answer_that_nobody_reads_does_not_keep_its_connection(void **state) {
    must_run(state, "local s <close> = server.listen({timeout = 0.3}, function()\n"
                    "  return {body = ('x'):rep(8 << 20)} end)\n"
                    "local fd <close> = raw.connect(s.port, 4096)\n"
                    "raw.send(fd, GOOD .. GOOD)\n"
                    "until_true(function() return s:stats() == 1 end)\n"
                    "task.sleep(1)\n"
                    "local seen = talk(fd, '')\n"
                    "assert(#seen < 8 << 20 and s:stats() == 1)\n");
}

/* ---- who is connected ---- */

static void the_oldest_of_an_address_makes_room_for_a_newer_one(void **state) {
    must_run(
        state,
        "local s <close> = server.listen({max_per_address = 3}, function() return {} "
        "end)\n"
        "local held = {}\n"
        "local other = raw.connect(s.port, 0, '127.0.0.2')\n"
        "raw.send(other, 'GET /')\n"
        "for i = 1, 50 do\n"
        "  held[i] = raw.connect(s.port)\n"
        "  raw.send(held[i], 'POST / HTTP/1.1\\r\\n' .. HOST .. 'Content-Length: "
        "5\\r\\n\\r\\nab')\n"
        "end\n"
        "assert(talk(other, ' HTTP/1.1\\r\\n' .. HOST .. '\\r\\n', whole):find '200')\n"
        "local good <close> = raw.connect(s.port)\n"
        "assert(talk(good, GOOD, whole):find '^HTTP/1.1 200')\n"
        "for i = 1, 48 do assert(talk(held[i], '') == '') end\n"
        /* the two newest are there still */
        "for i = 49, 50 do assert(talk(held[i], 'cde', whole):find '^HTTP/1.1 200') end\n"
        "for _, fd in ipairs(held) do raw.close(fd) end\n"
        "raw.close(other)\n");
}

static void who_is_being_answered_is_not_sent_away(void **state) {
    must_run(state, "local s <close> = server.listen({max_per_address = 2}, function(r)\n"
                    "  if r.path == '/stream' then\n"
                    "    return {stream = function(write) write 'x' task.sleep(0.5) "
                    "write 'end' end}\n"
                    "  end\n"
                    "  task.sleep(0.5) return {body = 'slow'} end)\n"
                    "local slow, stream = raw.connect(s.port), raw.connect(s.port)\n"
                    "raw.send(slow, GOOD)\n"
                    "raw.send(stream, 'GET /stream HTTP/1.1\\r\\n' .. HOST .. '\\r\\n')\n"
                    "until_true(function() return select(2, s:stats()) == 2 end)\n"
                    "assert(ask(s.port, '') == '', 'there is nobody who could go')\n"
                    "assert(talk(slow, '', whole):find 'slow$')\n"
                    "talk(stream, '', function(seen) return seen:find "
                    "'end\\r\\n0\\r\\n\\r\\n$' end)\n"
                    "raw.close(slow) raw.close(stream)\n");
}

static void who_shows_the_token_is_not_counted(void **state) {
    must_run(
        state,
        "local token = server.token()\n"
        "local cookie\n"
        "local s <close> = server.listen({token = token, max_per_address = 4}, "
        "function(r)\n"
        "  if r.path == '/login' then return {login = true} end\n"
        "  return {body = r.access} end)\n"
        "cookie = ask(s.port, 'GET /login HTTP/1.1\\r\\n' .. HOST ..\n"
        "  'Connection: close\\r\\n\\r\\n'):match 'Set%-Cookie: ([^;]+)'\n"
        "local known = 'GET / HTTP/1.1\\r\\n' .. HOST .. 'Cookie: ' .. cookie .. "
        "'\\r\\n\\r\\n'\n"
        "local held = {}\n"
        "for i = 1, 40 do\n"
        "  held[i] = raw.connect(s.port)\n"
        "  assert(talk(held[i], known, whole):find 'cookie$')\n"
        "end\n"
        "for i = 41, 60 do held[i] = raw.connect(s.port) raw.send(held[i], 'GET') end\n"
        "for i = 1, 40 do assert(talk(held[i], known, whole):find 'cookie$', i) end\n"
        "for _, fd in ipairs(held) do raw.close(fd) end\n");
}

static void what_a_stranger_sends_behind_its_header_is_not_read(void **state) {
    must_run(
        state,
        "local seen\n"
        "local s <close> = server.listen({token = server.token(), max_body = 1000},\n"
        "  function(r) seen = r return {status = 401} end)\n"
        "for _, fields in ipairs {'Content-Length: 900', 'Content-Length: 999999',\n"
        "    'Transfer-Encoding: chunked', 'Content-Length: 9\\r\\nExpect: "
        "100-continue'} do\n"
        "  local answer = ask(s.port, 'POST / HTTP/1.1\\r\\n' .. HOST .. fields .. "
        "'\\r\\n\\r\\n')\n"
        "  assert(answer:find '^HTTP/1.1 401' and answer:find 'Connection: close', "
        "answer)\n"
        "  assert(seen.access == 'none' and seen.body == '')\n"
        "end\n");
}

static void idle_connections_make_room_and_those_at_work_do_not(void **state) {
    must_run(state,
             "local go = false\n"
             "local s <close> = server.listen({max_connections = 2}, function(r)\n"
             "  while r.path == '/wait' and not go do task.sleep(0.001) end\n"
             "  return {body = r.path} end)\n"
             "local WAIT = 'GET /wait HTTP/1.1\\r\\n' .. HOST .. '\\r\\n'\n"
             "local a, b = raw.connect(s.port), raw.connect(s.port, 0, '127.0.0.2')\n"
             "assert(talk(a, GOOD, whole) and talk(b, GOOD, whole))\n"
             "raw.send(b, WAIT)\n"
             "until_true(function() return select(2, s:stats()) == 1 end)\n"
             "local c = raw.connect(s.port)\n"
             "assert(talk(c, GOOD, whole):find '200')\n"
             "assert(talk(a, '') == '', 'the idle one has gone')\n"
             "raw.send(c, WAIT)\n"
             "until_true(function() return select(2, s:stats()) == 2 end)\n"
             "local d = raw.connect(s.port)\n"
             "raw.send(d, GOOD)\n"
             "task.sleep(0.05)\n"
             "assert(raw.recv(d) == '', 'both are at work')\n"
             "go = true\n"
             "assert(talk(d, '', whole):find '200')\n"
             "for _, fd in ipairs {a, b, c, d} do raw.close(fd) end\n");
}

/* ---- answers ---- */

static void an_old_client_keeps_its_connection_if_it_asks_for_that(void **state) {
    must_run(state,
             "local s <close> = server.listen({}, function(r)\n"
             "  if r.path == '/stream' then return {stream = function(write) write 'abc' "
             "end} end\n"
             "  return {body = 'x'} end)\n"
             "local fd <close> = raw.connect(s.port)\n"
             "local keep = 'GET / HTTP/1.0\\r\\nConnection: Keep-Alive\\r\\n\\r\\n'\n"
             "for _ = 1, 2 do\n"
             "  assert(talk(fd, keep, whole):find 'Connection: keep%-alive')\n"
             "end\n"
             "assert(talk(fd, 'GET / HTTP/1.0\\r\\n\\r\\n'):find 'Connection: close')\n"
             "local seen = ask(s.port, 'GET /stream HTTP/1.0\\r\\nConnection: "
             "Keep-Alive\\r\\n\\r\\n')\n"
             "assert(seen:find '\\r\\n\\r\\nabc$' and not seen:find 'chunked', seen)\n");
}

static void an_answer_without_a_body_has_no_length(void **state) {
    must_run(state,
             "local s <close> = server.listen({}, function(r)\n"
             "  return {status = tonumber(r.path:sub(2)), body = 'x'} end)\n"
             "for _, status in ipairs {'204', '304'} do\n"
             "  local fd <close> = raw.connect(s.port)\n"
             "  local ask = 'GET /' .. status .. ' HTTP/1.1\\r\\n' .. HOST .. "
             "'\\r\\n'\n"
             "  local seen = talk(fd, ask .. 'GET /200 HTTP/1.1\\r\\n' .. HOST ..\n"
             "    'Connection: close\\r\\n\\r\\n')\n"
             "  local first = seen:match '^(.-\\r\\n\\r\\n)HTTP/1.1 200'\n"
             "  assert(first and not first:find 'Content%-Length', seen)\n"
             "end\n");
}

static void a_url_in_place_of_a_path_is_understood(void **state) {
    must_run(state,
             "local s <close> = server.listen({}, function(r)\n"
             "  return {body = r.path .. ' ' .. r.query .. ' ' .. r.headers.host} "
             "end)\n"
             "for target, expected in pairs {['http://a:1/b?c'] = '/b c a:1',\n"
             "    ['HTTP://a'] = '/  a', ['http://a?c'] = '/ c a', ['/?c'] = '/ c "
             "x'} do\n"
             "  local seen = ask(s.port, 'GET ' .. target .. ' HTTP/1.1\\r\\n' .. "
             "HOST ..\n"
             "    'Connection: close\\r\\n\\r\\n')\n"
             "  assert(seen:sub(-#expected - 4) == '\\r\\n\\r\\n' .. expected, seen)\n"
             "end\n");
}

#define CONNECTION_TEST(f)                                                               \
    cmocka_unit_test_setup_teardown(f, open_with_client, harness_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        CONNECTION_TEST(what_is_no_request_gets_one_answer_in_json),
        CONNECTION_TEST(one_that_is_refused_comes_behind_those_before_it),
        CONNECTION_TEST(a_head_request_is_refused_without_a_body),
        CONNECTION_TEST(thousands_of_parameters_arrive),
        CONNECTION_TEST(a_refusal_reaches_who_is_still_sending),
        CONNECTION_TEST(a_request_that_is_cut_off_is_told_so),
        CONNECTION_TEST(who_stops_sending_gets_all_that_was_asked_before),
        CONNECTION_TEST(half_a_header_is_answered_when_its_time_is_over),
        CONNECTION_TEST(half_a_body_is_answered_when_its_time_is_over),
        CONNECTION_TEST(an_answer_that_nobody_reads_does_not_keep_its_connection),
        CONNECTION_TEST(the_oldest_of_an_address_makes_room_for_a_newer_one),
        CONNECTION_TEST(who_is_being_answered_is_not_sent_away),
        CONNECTION_TEST(who_shows_the_token_is_not_counted),
        CONNECTION_TEST(what_a_stranger_sends_behind_its_header_is_not_read),
        CONNECTION_TEST(idle_connections_make_room_and_those_at_work_do_not),
        CONNECTION_TEST(an_old_client_keeps_its_connection_if_it_asks_for_that),
        CONNECTION_TEST(an_answer_without_a_body_has_no_length),
        CONNECTION_TEST(a_url_in_place_of_a_path_is_understood),
    };
    return cmocka_run_group_tests_name("connection", tests, NULL, NULL);
}
