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

/* What all chunks start with: a client of bytes, in the same engine as the server. */
static const char prelude[] =
    "server = require 'native.server'\n"
    "task = require 'native.task'\n"
    /* Send `bytes` and read until `enough(seen)`, or to the end; at most 5 seconds.
     * Returns what came, and why it ended, if it did. */
    "function talk(fd, bytes, enough)\n"
    "  local seen, due, done = '', task.now() + 5, 0\n"
    "  repeat\n"
    "    if done < #bytes then\n"
    "      local n, e = raw.send(fd, bytes:sub(done + 1))\n"
    "      if not n then bytes, send_error = '', e else done = done + n end\n"
    "    end\n"
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
    "function ask(port, bytes, enough)\n"
    "  local fd = raw.connect(port)\n"
    "  local seen, ended = talk(fd, bytes, enough)\n"
    "  raw.close(fd)\n"
    "  return seen, ended\n"
    "end\n"
    "function get(port, path, fields)\n"
    "  return ask(port, 'GET ' .. path .. ' HTTP/1.1\\r\\nHost: x\\r\\n' .. (fields or "
    "'') ..\n"
    "             'Connection: close\\r\\n\\r\\n')\n"
    "end\n"
    "function parts(answer)\n"
    "  local head, body = answer:match '^(.-\\r\\n)\\r\\n(.*)$'\n"
    "  return tonumber(head:match '^HTTP/1.1 (%d+)'), body, head\n"
    "end\n"
    "function until_true(f)\n"
    "  local due = task.now() + 5\n"
    "  while not f() do\n"
    "    assert(task.now() < due, 'it never came true')\n"
    "    task.sleep(0.001)\n"
    "  end\n"
    "end\n"
    "function says(text, f, ...)\n"
    "  local ok, e = pcall(f, ...)\n"
    "  assert(not ok, 'no error')\n"
    "  assert(type(e) == 'string' and e:find(text, 1, true), tostring(e))\n"
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

/* Let what comes on stderr go into a file, until stderr_back. */
/* What `chunk` prints on stderr. The caller frees it. */
static char *stderr_of(void **state, const char *chunk) {
    FILE *file = tmpfile();
    int saved = stderr_into(file);
    must_run(state, chunk);
    stderr_back(saved);
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = calloc(1, (size_t)size + 1);
    size_t n = fread(text, 1, (size_t)size, file);
    text[n] = '\0';
    fclose(file);
    return text;
}

/* ---- requests ---- */

static void a_request_arrives_as_it_was_sent(void **state) {
    must_run(
        state,
        "local seen\n"
        "local s <close> = server.listen({}, function(r) seen = r return {} end)\n"
        "assert(s.port > 0 and s.nothing == nil)\n"
        "local answer = ask(s.port, 'PATCH /a%20b/%2F?q=1%26&x=+ HTTP/1.1\\r\\n' ..\n"
        "  'Host: example\\r\\nX-One: 1\\r\\nx-ONE: 2\\r\\nX-Empty:\\r\\n' ..\n"
        "  ('Long-Name-'):rep(10) .. ': v\\r\\n' ..\n"
        "  'Content-Length: 5\\r\\nConnection: close\\r\\n\\r\\na\\0b\\r\\n')\n"
        "assert(parts(answer) == 200)\n"
        "assert(seen.method == 'PATCH')\n"
        "assert(seen.path == '/a%20b/%2F', seen.path)\n"
        "assert(seen.query == 'q=1%26&x=+', seen.query)\n"
        "assert(seen.body == 'a\\0b\\r\\n')\n"
        "assert(seen.remote == '127.0.0.1')\n"
        "assert(seen.headers.host == 'example')\n"
        "assert(seen.headers['x-one'] == '1, 2', seen.headers['x-one'])\n"
        "assert(seen.headers['x-empty'] == '')\n"
        "assert(seen.headers[('long-name-'):rep(10)] == 'v')\n"
        "get(s.port, '/')\n"
        "assert(seen.query == '' and seen.body == '')\n"
        "get(s.port, '/?')\n"
        "assert(seen.path == '/' and seen.query == '')\n"
        "ask(s.port, 'GET / HTTP/9.9\\r\\n\\r\\n')\n"
        "local handled, active, refused = s:stats()\n"
        "assert(handled == 3 and active == 0 and refused == 1)\n"
        "s:close()\n"
        "assert(select(3, s:stats()) == 0)\n");
}

static void a_reply_has_what_the_handler_gave_it(void **state) {
    must_run(
        state,
        "local s <close> = server.listen({}, function(r)\n"
        "  return {status = 404, headers = {['X-A'] = 'b c', ['X-B'] = '\\27[31m\\155', "
        "['Content-Type'] = 'x/y'},\n"
        "          body = 'a\\0b'}\n"
        "end)\n"
        "local status, body, head = parts(get(s.port, '/'))\n"
        "assert(status == 404 and body == 'a\\0b')\n"
        "assert(head:find('X-B: \\27[31m\\155\\r\\n', 1, true), 'as a hostile workspace "
        "sends')\n"
        "assert(head:find('X-A: b c\\r\\n', 1, true) and head:find('Content-Type: x/y', "
        "1, true))\n"
        "assert(head:find('Content-Length: 3\\r\\n', 1, true), head)\n");
}

static void requests_follow_each_other_on_one_connection(void **state) {
    must_run(state,
             "local s <close> = server.listen({}, function(r)\n"
             "  if r.path == '/1' then task.sleep(0.02) end\n"
             "  return {body = r.path .. r.body}\n"
             "end)\n"
             "local fd = raw.connect(s.port)\n"
             "for i = 1, 3 do\n"
             "  local _, body = parts(talk(fd, 'GET /' .. i .. ' HTTP/1.1\\r\\nHost: "
             "x\\r\\n\\r\\n', whole))\n"
             "  assert(body == '/' .. i, body)\n"
             "end\n"
             "raw.close(fd)\n"
             /* pipelined: all at once, answered in order */
             "local seen = ask(s.port, 'GET /1 HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' ..\n"
             "  'POST /2 HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 2\\r\\n\\r\\nab' ..\n"
             "  'GET /3 HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n')\n"
             "local bodies = {}\n"
             "for body in seen:gmatch '\\r\\n\\r\\n(/%d%l*)' do bodies[#bodies + 1] = "
             "body end\n"
             "assert(table.concat(bodies, ' ') == '/1 /2ab /3', seen)\n");
}

static void a_request_may_come_byte_by_byte(void **state) {
    must_run(
        state,
        "local s <close> = server.listen({}, function(r) return {body = r.body} end)\n"
        "local fd = raw.connect(s.port)\n"
        "for c in ('POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: "
        "5\\r\\n\\r\\nhel'):gmatch '.' do\n"
        "  assert(raw.send(fd, c) == 1)\n"
        "  task.sleep(0)\n"
        "end\n"
        "assert(s:stats() == 0, 'half a request is none')\n"
        "local _, body = parts(talk(fd, 'lo', whole))\n"
        "assert(body == 'hello')\n"
        "raw.close(fd)\n"
        "local chunked = ask(s.port, 'POST / HTTP/1.1\\r\\nHost: x\\r\\n' ..\n"
        "  'Transfer-Encoding: chunked\\r\\nConnection: close\\r\\n\\r\\n' ..\n"
        "  '3\\r\\nabc\\r\\nA\\r\\n0123456789\\r\\n0\\r\\n\\r\\n')\n"
        "assert(select(2, parts(chunked)) == 'abc0123456789')\n"
        "local expecting = raw.connect(s.port)\n"
        "assert(talk(expecting, 'POST / HTTP/1.1\\r\\nHost: x\\r\\nExpect: "
        "100-continue\\r\\n' ..\n"
        "  'Content-Length: 2\\r\\n\\r\\n', function(seen) return seen:find "
        "'\\r\\n\\r\\n' end)\n"
        "  :find 'HTTP/1.1 100')\n"
        "assert(select(2, parts(talk(expecting, 'ok', whole))) == 'ok')\n"
        "raw.close(expecting)\n");
}

static void what_is_no_request_never_reaches_the_handler(void **state) {
    must_run(
        state,
        "local calls = 0\n"
        "local s <close> = server.listen({}, function() calls = calls + 1 return {} "
        "end)\n"
        "local function refused(bytes, why)\n"
        "  local answer = ask(s.port, bytes)\n"
        "  assert(answer:find '^HTTP/1.1 4%d%d', why .. ': ' .. answer)\n"
        "  assert(calls == 0, why)\n"
        "end\n"
        "refused('nothing\\r\\n\\r\\n', 'junk')\n"
        "refused('GET / HTTP/1.1\\r\\n\\r\\n', 'no Host')\n"
        "refused('GET / HTTP/1.1\\r\\nHost: x\\r\\nbad line\\r\\n\\r\\n', 'a field "
        "without a colon')\n"
        "refused('POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: abc\\r\\n\\r\\n', "
        "'no length')\n"
        "refused('POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: -1\\r\\n\\r\\n', "
        "'negative')\n"
        "refused('POST / HTTP/1.1\\r\\nHost: x\\r\\nTransfer-Encoding: "
        "chunked\\r\\n\\r\\n' ..\n"
        "        'zz\\r\\n', 'a chunk without a size')\n"
        "refused('GET / HTTP/1.1\\r\\nHost: x\\r\\nX: ' .. ('a'):rep(100000) .. "
        "'\\r\\n\\r\\n', 'huge header')\n"
        "refused('GET /' .. ('a'):rep(100000) .. ' HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n', "
        "'huge URI')\n"
        "local fd = raw.connect(s.port)\n"
        "raw.send(fd, 'POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: "
        "10\\r\\n\\r\\nhalf')\n"
        "task.sleep(0.01)\n"
        "raw.close(fd)\n"
        "task.sleep(0.01)\n"
        "assert(calls == 0, 'a body cut off')\n");
}

static void a_body_too_large_is_refused_before_it_is_read(void **state) {
    must_run(
        state,
        "local calls = 0\n"
        "local s <close> = server.listen({max_body = 1000}, function(r)\n"
        "  calls = calls + 1 return {body = tostring(#r.body)} end)\n"
        "local function post(size, bytes)\n"
        "  return ask(s.port, 'POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: ' .. "
        "size ..\n"
        "             '\\r\\nConnection: close\\r\\n\\r\\n' .. bytes)\n"
        "end\n"
        "assert(select(2, parts(post(1000, ('x'):rep(1000)))) == '1000')\n"
        "assert(parts(post(1001, '')) == 413, 'without waiting for the body')\n"
        "assert(parts(post(99999999999999, '')) == 413)\n"
        "assert(parts(post(5000, ('x'):rep(5000))) == 413)\n"
        "local endless = 'POST / HTTP/1.1\\r\\nHost: x\\r\\nTransfer-Encoding: "
        "chunked\\r\\n\\r\\n' ..\n"
        "  ('100\\r\\n' .. ('x'):rep(256) .. '\\r\\n'):rep(4)\n"
        "assert(parts(ask(s.port, endless)) == 413, 'a size that was never announced')\n"
        "assert(calls == 1)\n"
        "assert(parts(get(s.port, '/')) == 200, 'the server lives on')\n");
}

/* ---- replies ---- */

static void head_is_get_without_a_body(void **state) {
    must_run(
        state,
        "local s <close> = server.listen({}, function(r)\n"
        "  return {headers = {['X-Method'] = r.method}, body = ('x'):rep(5000)}\n"
        "end)\n"
        "local answer = ask(s.port, 'HEAD / HTTP/1.1\\r\\nHost: x\\r\\nConnection: "
        "close\\r\\n\\r\\n')\n"
        "local status, body, head = parts(answer)\n"
        "assert(status == 200 and body == '')\n"
        "assert(head:find 'X%-Method: HEAD' and head:find 'Content%-Length: 5000')\n");
}

static void large_bodies_are_compressed_for_those_who_accept_it(void **state) {
    must_run(state, "local size, extra = 5000, nil\n"
                    "local s <close> = server.listen({}, function()\n"
                    "  return {body = ('hello '):rep(size // 6), headers = extra} end)\n"
                    "local function packed(accept)\n"
                    "  local _, body, head = parts(get(s.port, '/', 'Accept-Encoding: ' "
                    ".. accept .. '\\r\\n'))\n"
                    "  local yes = head:find('Content-Encoding: gzip', 1, true) ~= nil\n"
                    "  assert(tonumber(head:match 'Content%-Length: (%d+)') == #body)\n"
                    "  assert(yes == (body:sub(1, 2) == '\\x1f\\x8b'))\n"
                    "  assert(not yes or head:find 'Vary: Accept%-Encoding')\n"
                    "  return yes\n"
                    "end\n"
                    "for _, accept in ipairs {'gzip', 'deflate, gzip', 'GZIP;q=0.5', "
                    "'*', 'br;q=1, gzip; q=0.1'} do\n"
                    "  assert(packed(accept), accept)\n"
                    "end\n"
                    "for _, accept in ipairs {'', 'identity', 'gzip;q=0', 'gzip; q=0.0, "
                    "*', 'gzipped', '*;q=0'} do\n"
                    "  assert(not packed(accept), accept)\n"
                    "end\n"
                    "extra = {['content-encoding'] = 'br'}\n"
                    "assert(not packed 'gzip', 'it has an encoding already')\n"
                    "extra, size = nil, 1000\n"
                    "assert(not packed 'gzip', 'small bodies stay as they are')\n");
}

static void a_handler_that_fails_is_a_500_and_a_message(void **state) {
    char *text = stderr_of(
        state,
        "local replies = {\n"
        "  error = function() local x = nil; return x.field end,\n"
        "  fault = function() error(setmetatable({kind = 'io'}, {__tostring = "
        "function()\n"
        "    return 'fs.read: gone (io)' end})) end,\n"
        "  none = function() end,\n"
        "  status = function() return {status = 99} end,\n"
        "  misspelt = function() return {bodyy = 'x'} end,\n"
        "  number = function() return {body = 5} end,\n"
        "  split = function() return {headers = {X = 'a\\r\\nSet-Cookie: b'}} end,\n"
        "  split_name = function() return {headers = {['X: a\\r\\nY'] = 'b'}} end,\n"
        "  zero = function() return {headers = {X = 'a\\0b'}} end,\n"
        "  length = function() return {headers = {['Content-Length'] = '5'}} end,\n"
        "}\n"
        "local s <close> = server.listen({}, function(r) return replies[r.path:sub(2)]() "
        "end)\n"
        "for name in pairs(replies) do\n"
        "  local status, body, head = parts(get(s.port, '/' .. name))\n"
        "  assert(status == 500, name)\n"
        "  assert(not head:find 'Set%-Cookie' and not body:find 'field')\n"
        "end\n"
        "assert(parts(get(s.port, '/none')) == 500, 'the server lives on')\n");
    const char *const expected[] = {
        "attempt to index a nil value (local 'x')\nstack traceback:",
        "server: GET /fault: fs.read: gone (io)\n",
        "GET /none: the handler returned a nil, not a reply",
        "GET /status: the handler's reply: 'status' is not from 200 to 599",
        "GET /misspelt: the handler's reply: unknown field 'bodyy'",
        "GET /number: the handler's reply: 'body' is not a string",
        "GET /split: the handler's reply: not a header field that can be sent:",
        "GET /split_name: the handler's reply: not a header field that can be",
        "GET /zero: the handler's reply: not a header field that can be sent:",
        "GET /length: the handler's reply: not a header field that can be sent:",
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        if (strstr(text, expected[i]) == NULL)
            fail_msg("not on stderr: %s\n%s", expected[i], text);
    free(text);
}

static void a_stream_arrives_piece_by_piece(void **state) {
    must_run(
        state,
        "local go, ended\n"
        "local s <close> = server.listen({}, function(r)\n"
        "  return {headers = {['Content-Type'] = 'text/event-stream'}, stream = "
        "function(write)\n"
        "    write 'one '\n"
        "    while not go do task.sleep(0.001) end\n"
        "    write ''; write 'two'\n"
        "    ended = write\n"
        "  end}\n"
        "end)\n"
        "local fd = raw.connect(s.port)\n"
        "local first = talk(fd, 'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n',\n"
        "                   function(seen) return seen:find 'one ' end)\n"
        "assert(first:find 'Transfer%-Encoding: chunked' and not first:find 'two')\n"
        "go = true\n"
        "talk(fd, '', function(seen) return seen:find 'two\\r\\n0\\r\\n\\r\\n$' end)\n"
        "until_true(function() return select(2, s:stats()) == 0 end)\n"
        "says('the reply has ended', ended, 'x')\n"
        "assert(talk(fd, 'GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: "
        "close\\r\\n\\r\\n'):find 'two')\n"
        "raw.close(fd)\n");
}

static void a_slow_reader_makes_the_writer_wait(void **state) {
    must_run(state,
             "local written, total = 0, 8 << 20\n"
             "local s <close> = server.listen({}, function(r)\n"
             "  return {stream = function(write)\n"
             "    local piece = ('x'):rep(1 << 16)\n"
             "    while written < total do write(piece); written = written + #piece end\n"
             "  end}\n"
             "end)\n"
             "local fd = raw.connect(s.port, 4096)\n"
             "raw.send(fd, 'GET / HTTP/1.0\\r\\n\\r\\n')\n"
             "local last = -1\n"
             "repeat\n"
             "  last = written\n"
             "  task.sleep(0.05)\n"
             "until written == last and last > 0\n"
             "assert(written < total, 'it all fitted somewhere')\n"
             "local seen = 0\n"
             "until_true(function()\n"
             "  local got, e\n"
             "  repeat\n"
             "    got, e = raw.recv(fd)\n"
             "    seen = seen + #(got or '')\n"
             "  until not got or got == ''\n"
             "  return e == 'eof'\n"
             "end)\n"
             "raw.close(fd)\n"
             "assert(written == total and seen > total, 'nothing was lost')\n");
}

static void a_stream_that_fails_ends_cut_off(void **state) {
    char *text = stderr_of(
        state,
        "local s <close> = server.listen({}, function(r)\n"
        "  return {stream = function(write) write 'half'; error('broken', 0) end}\n"
        "end)\n"
        "local answer = get(s.port, '/')\n"
        "assert(answer:find 'half' and not answer:find '0\\r\\n\\r\\n$', answer)\n");
    assert_non_null(strstr(text, "GET /: broken"));
    free(text);
}

static void answers_can_go_wrong_on_purpose(void **state) {
    must_run(
        state,
        "local reply\n"
        "local s <close> = server.listen({}, function() return reply end)\n"
        "reply = {body = ('x'):rep(5000), truncate = 1234}\n"
        "local answer, ended = get(s.port, '/', 'Accept-Encoding: gzip\\r\\n')\n"
        "local status, body, head = parts(answer)\n"
        "assert(status == 200 and #body == 1234 and head:find 'Content%-Length: 5000')\n"
        "assert(ended == 'eof')\n"
        "reply = {body = 'hello', truncate = 0}\n"
        "assert(select(2, parts(get(s.port, '/'))) == '')\n"
        "reply = {reset = true}\n"
        "answer, ended = get(s.port, '/')\n"
        "assert(answer == '' and ended == 'reset', ended)\n"
        "reply = {body = 'abcdefgh', drip = {bytes = 3, seconds = 0.03}}\n"
        "local start, pieces = task.now(), {}\n"
        "answer = ask(s.port, 'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n', function(seen)\n"
        "  local _, body = seen:match '^(.-\\r\\n)\\r\\n(.*)$'\n"
        "  if body and body ~= pieces[#pieces] then pieces[#pieces + 1] = body end\n"
        "  return whole(seen)\n"
        "end)\n"
        "assert(task.now() - start >= 0.055, task.now() - start)\n"
        "assert(pieces[#pieces] == 'abcdefgh' and #pieces >= 3, table.concat(pieces, ' "
        "'))\n");
}

/* ---- clients that go away, servers that close ---- */

static void a_client_that_goes_away_cancels_its_task(void **state) {
    must_run(state,
             "local started, closed = 0, 0\n"
             "local counts <const> = {__close = function() closed = closed + 1 end}\n"
             "local s <close> = server.listen({}, function(r)\n"
             "  local held <close> = setmetatable({}, counts)\n"
             "  started = started + 1\n"
             "  if r.path == '/stream' then\n"
             "    return {stream = function(write)\n"
             "      local inner <close> = setmetatable({}, counts)\n"
             "      while true do write('x'); task.sleep(0.005) end\n"
             "    end}\n"
             "  end\n"
             "  task.sleep(100)\n"
             "  return {}\n"
             "end)\n"
             "for _, leave in ipairs {raw.close, raw.abort} do\n"
             "  for path, closes in pairs {['/wait'] = 1, ['/stream'] = 2} do\n"
             "    started, closed = 0, 0\n"
             "    local fd = raw.connect(s.port)\n"
             "    raw.send(fd, 'GET ' .. path .. ' HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\n"
             "    until_true(function() return started == 1 end)\n"
             "    leave(fd)\n"
             "    until_true(function() return closed == closes end)\n"
             "    until_true(function() return select(2, s:stats()) == 0 end)\n"
             "  end\n"
             "end\n");
}

static void a_writer_that_waits_learns_that_the_client_is_gone(void **state) {
    must_run(
        state,
        "local e\n"
        "local s <close> = server.listen({}, function(r)\n"
        "  return {stream = function(write)\n"
        "    local ok\n"
        "    ok, e = pcall(function() while true do write(('x'):rep(100000)) end end)\n"
        "    error(e, 0)\n"
        "  end}\n"
        "end)\n"
        "local fd = raw.connect(s.port, 4096)\n"
        "raw.send(fd, 'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\n"
        "task.sleep(0.05)\n"
        "raw.abort(fd)\n"
        "until_true(function() return e end)\n"
        "assert(e.kind == 'cancelled' or e.kind == 'network', tostring(e))\n");
}

static void a_client_that_only_stops_sending_gets_its_answer(void **state) {
    must_run(state, "local s <close> = server.listen({}, function(r)\n"
                    "  task.sleep(0.05)\n"
                    "  return {body = 'here'}\n"
                    "end)\n"
                    "local fd = raw.connect(s.port)\n"
                    "raw.send(fd, 'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\n"
                    "raw.finish(fd)\n"
                    "local _, body = parts(talk(fd, '', whole))\n"
                    "assert(body == 'here')\n"
                    "raw.close(fd)\n");
}

static void closing_drops_connections_and_frees_the_port(void **state) {
    must_run(
        state,
        "local closed = 0\n"
        "local s = server.listen({}, function(r)\n"
        "  local held <close> = setmetatable({}, {__close = function() closed = closed + "
        "1 end})\n"
        "  if r.path == '/stream' then\n"
        "    return {stream = function(write) write 'x'; task.sleep(100) end}\n"
        "  end\n"
        "  task.sleep(100)\n"
        "end)\n"
        "local port, fds = s.port, {}\n"
        "for i, path in ipairs {'/wait', '/stream', '/wait'} do\n"
        "  fds[i] = raw.connect(port)\n"
        "  raw.send(fds[i], 'GET ' .. path .. ' HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\n"
        "end\n"
        "fds[4] = raw.connect(port) -- says nothing\n"
        "until_true(function() return select(2, s:stats()) == 3 end)\n"
        "s:close(); s:close()\n"
        "says('server is closed', function() return s.port end)\n"
        "for _, fd in ipairs(fds) do\n"
        "  local _, ended = talk(fd, '')\n"
        "  assert(ended == 'eof' or ended == 'reset')\n"
        "  raw.close(fd)\n"
        "end\n"
        "until_true(function() return closed == 3 end)\n"
        "until_true(function() return select(2, s:stats()) == 0 end)\n"
        "assert(not raw.connect(port), 'nobody listens')\n"
        "server.listen({port = port}, print):close()\n");
}

static void a_handler_may_close_its_own_server(void **state) {
    must_run(state, "local s\n"
                    "s = server.listen({}, function() s:close() return {} end)\n"
                    "local answer, ended = get(s.port, '/')\n"
                    "assert(answer == '' and ended)\n");
}

static void a_server_that_is_not_closed_ends_with_the_program(void **state) {
    must_run(state, "server.listen({}, print)\n"
                    "local s = server.listen({}, function() task.sleep(100) end)\n"
                    "held = raw.connect(s.port)\n"
                    "raw.send(held, 'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\n"
                    "until_true(function() return select(2, s:stats()) == 1 end)\n");
    must_run(state, "local _, ended = talk(held, '')\n"
                    "assert(ended)\n"
                    "raw.close(held)\n");
}

static void an_idle_connection_is_dropped_in_time(void **state) {
    must_run(state, "local s <close> = server.listen({timeout = 0.5}, print)\n"
                    "local fd = raw.connect(s.port)\n"
                    "local start = task.now()\n"
                    "local _, ended = talk(fd, 'GET / HT')\n"
                    "assert(ended and task.now() - start > 0.4)\n"
                    "raw.close(fd)\n");
}

static void half_a_request_does_not_keep_its_connection(void **state) {
    must_run(state, "local s <close> = server.listen({max_connections = 1}, function() "
                    "return {} end)\n"
                    "for _, leave in ipairs {raw.close, raw.finish, raw.abort} do\n"
                    "  local fd = raw.connect(s.port)\n"
                    "  raw.send(fd, 'POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: "
                    "9\\r\\n\\r\\nhalf')\n"
                    "  leave(fd)\n"
                    "  assert(parts(get(s.port, '/')) == 200)\n"
                    "end\n");
}

static void many_clients_at_once_each_get_their_own_answer(void **state) {
    must_run(state, "local s <close> = server.listen({}, function(r)\n"
                    "  task.sleep(math.random() / 100)\n"
                    "  return {body = r.path}\n"
                    "end)\n"
                    "local left = 200\n"
                    "for i = 1, left do\n"
                    "  task.spawn(function()\n"
                    "    local _, body = parts(get(s.port, '/' .. i))\n"
                    "    assert(body == '/' .. i)\n"
                    "    left = left - 1\n"
                    "  end)\n"
                    "end\n"
                    "until_true(function() return left == 0 end)\n"
                    "assert(s:stats() == 200)\n");
}

static void a_wrong_call_is_a_message(void **state) {
    must_run(state,
             "says('table expected', server.listen)\n"
             "says('function expected', server.listen, {})\n"
             "says(\"unknown option 'prot'\", server.listen, {prot = 1}, print)\n"
             "says(\"'port' out of range\", server.listen, {port = 70000}, print)\n"
             "says(\"'port' out of range\", server.listen, {port = '80'}, print)\n"
             "says(\"'max_body' out of range\", server.listen, {max_body = -1}, print)\n"
             "says(\"'timeout' out of range\", server.listen, {timeout = 0}, print)\n"
             "says('string expected', server.listen, {host = {}}, print)\n"
             "local s <close> = server.listen({}, print)\n"
             "local ok, e = pcall(server.listen, {port = s.port}, print)\n"
             "assert(not ok and e.kind == 'io' and e.op == 'server.listen')\n"
             "assert(e.message == 'port ' .. s.port .. ': Address already in use', "
             "e.message)\n"
             "ok, e = pcall(server.listen, {host = '256.1.1.1'}, print)\n"
             "assert(not ok and e.kind == 'io', tostring(e))\n");
}

static void leaks_nothing_when_memory_runs_out(void **state) {
    (void)state;
    torture_with(
        "raw", luaopen_raw,
        "local server = require 'native.server'\n"
        "local task = require 'native.task'\n"
        "local s <close> = server.listen({}, function(r)\n"
        "  if r.path == '/stream' then\n"
        "    return {stream = function(write) write 'x'; task.sleep(0); write 'y' end}\n"
        "  end\n"
        "  return {body = ('x'):rep(2000) .. 'y', headers = {A = 'b'}}\n"
        "end)\n"
        "for _, path in ipairs {'/stream', '/body'} do\n"
        "  local fd <close> = raw.connect(s.port)\n"
        "  raw.send(fd, 'POST ' .. path .. ' HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: "
        "3' ..\n"
        "    '\\r\\nConnection: close\\r\\n' .. ('L'):rep(70) .. ': v\\r\\n\\r\\nabc')\n"
        "  local seen, due = '', task.now() + 0.1\n"
        "  repeat\n"
        "    task.sleep(0.0005)\n"
        "    local got, e = raw.recv(fd)\n"
        "    seen = seen .. (got or '')\n"
        "    assert(task.now() < due, 'no answer: no memory for a task')\n"
        "  until not got\n"
        "  assert(seen:find 'y', 'not enough memory for an answer')\n"
        "end\n"
        "local handled, active = s:stats()\n"
        "assert(handled == 2 and active == 0)\n");
}

#define SERVER_TEST(f) cmocka_unit_test_setup_teardown(f, open_with_client, harness_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        SERVER_TEST(a_request_arrives_as_it_was_sent),
        SERVER_TEST(a_reply_has_what_the_handler_gave_it),
        SERVER_TEST(requests_follow_each_other_on_one_connection),
        SERVER_TEST(a_request_may_come_byte_by_byte),
        SERVER_TEST(what_is_no_request_never_reaches_the_handler),
        SERVER_TEST(a_body_too_large_is_refused_before_it_is_read),
        SERVER_TEST(head_is_get_without_a_body),
        SERVER_TEST(large_bodies_are_compressed_for_those_who_accept_it),
        SERVER_TEST(a_handler_that_fails_is_a_500_and_a_message),
        SERVER_TEST(a_stream_arrives_piece_by_piece),
        SERVER_TEST(a_slow_reader_makes_the_writer_wait),
        SERVER_TEST(a_stream_that_fails_ends_cut_off),
        SERVER_TEST(answers_can_go_wrong_on_purpose),
        SERVER_TEST(a_client_that_goes_away_cancels_its_task),
        SERVER_TEST(a_writer_that_waits_learns_that_the_client_is_gone),
        SERVER_TEST(a_client_that_only_stops_sending_gets_its_answer),
        SERVER_TEST(closing_drops_connections_and_frees_the_port),
        SERVER_TEST(a_handler_may_close_its_own_server),
        SERVER_TEST(a_server_that_is_not_closed_ends_with_the_program),
        SERVER_TEST(an_idle_connection_is_dropped_in_time),
        SERVER_TEST(half_a_request_does_not_keep_its_connection),
        SERVER_TEST(many_clients_at_once_each_get_their_own_answer),
        SERVER_TEST(a_wrong_call_is_a_message),
        cmocka_unit_test_setup_teardown(leaks_nothing_when_memory_runs_out, be_quiet,
                                        be_loud),
    };
    return cmocka_run_group_tests_name("l_server", tests, NULL, NULL);
}
