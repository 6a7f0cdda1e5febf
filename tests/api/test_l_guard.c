#include "harness.h"
#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Each chunk has: refused(f, ...), which calls and expects the fault. */
#define WITH_REFUSED                                                                     \
    "local guard, fault = require 'native.guard', require 'native.fault'\n"              \
    "local function refused(f, ...)\n"                                                   \
    "  local ok, e = pcall(f, ...)\n"                                                    \
    "  assert(not ok and getmetatable(e) == fault.metatable, tostring(e))\n"             \
    "  assert(e.kind == 'usage' and e.code == 'READ_ONLY', tostring(e))\n"               \
    "end\n"

static void read_only_cannot_be_taken_back(void **state) {
    must_run(state, WITH_REFUSED "assert(guard.is_read_only() == false)\n"
                                 "guard.set_read_only()\n"
                                 "guard.set_read_only(false)\n"
                                 "assert(guard.is_read_only() == true)\n"
                                 "package.loaded['native.guard'] = nil\n"
                                 "guard = require 'native.guard'\n"
                                 "assert(guard.is_read_only() == true)\n");
}

static void no_program_is_started_when_read_only(void **state) {
    must_run(state, WITH_REFUSED
             "local process = require 'native.process'\n"
             "local popen, execute, run = io.popen, os.execute, process.run\n"
             "assert(run({'true'}).status == 0)\n"
             "guard.set_read_only()\n"
             "refused(run, {'true'})\n"
             "refused(popen, 'true')\n"
             "refused(execute, 'true')\n"
             "refused(execute)\n"
             "refused(coroutine.wrap(run), {'true'})\n"
             "assert(package.loadlib == nil)\n");
}

static void a_webhook_is_not_told_anything_when_read_only(void **state) {
    must_run(
        state, WITH_REFUSED
        "local http = require 'native.http'\n"
        "guard.set_read_only()\n"
        "for _, method in ipairs {'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'X'} do\n"
        "  refused(http.request, method, 'http://127.0.0.1:1/')\n"
        "end\n"
        "refused(http.request, 'GET', 'http://127.0.0.1:1/',\n"
        "  {headers = {['x-http-method-override'] = 'POST'}})\n"
        "local ok, e = pcall(http.request, 'GET', 'http://127.0.0.1:1/',\n"
        "  {retry = false})\n"
        "assert(not ok and e.kind == 'network', tostring(e))\n");
}

static void an_open_connection_becomes_read_only_too(void **state) {
    must_run(state, WITH_REFUSED
             "local databricks = require 'native.databricks'\n"
             "local ws <close> = databricks.connect {host = 'http://127.0.0.1:1',\n"
             "  credential = databricks.credential {token = 'x'}}\n"
             "guard.set_read_only()\n"
             "refused(ws.request, ws, 'POST', '/api/2.0/pipelines', {body = {}})\n"
             "refused(ws.request, ws, 'DELETE', '/api/2.0/pipelines/p')\n"
             "refused(ws.pipeline_create, ws, {name = 'x'})\n"
             "refused(ws.pipeline_edit, ws, 'p', {name = 'x'})\n"
             "refused(ws.pipeline_delete, ws, 'p')\n"
             "refused(ws.update_start, ws, 'p', {})\n"
             "refused(ws.stop, ws, 'p')\n"
             "refused(ws.workspace_mkdirs, ws, '/x')\n"
             "refused(coroutine.wrap(ws.stop), ws, 'p')\n");
}

static void programs_run_otherwise(void **state) {
    must_run(state, "local f = io.popen('echo hello', 'r')\n"
                    "assert(f:read 'l' == 'hello')\n"
                    "local ok, how, code = f:close()\n"
                    "assert(ok == true and how == 'exit' and code == 0)\n"
                    "assert(select(3, os.execute 'exit 3') == 3 and os.execute())\n"
                    "assert(not pcall(io.popen, 'true', 'x'))\n"
                    "local w <close> = io.popen('cat >/dev/null', 'w')\n"
                    "w:write 'x'\n");
}

static void code_is_text(void **state) {
    must_run(state,
             "local dumped = string.dump(function() end)\n"
             "assert(load(dumped) == nil)\n"
             "assert(not pcall(load, dumped, 'x', 'b'))\n"
             "assert(load('return ...')(7) == 7)\n"
             "assert(load('return x', 'x', 't', {x = 5})() == 5)\n"
             "local parts = {'return', ' 4', ''}\n"
             "local i = 0\n"
             "assert(load(function() i = i + 1 return parts[i] end)() == 4)\n"
             "local f, why = load('x x', '=name')\n"
             "assert(f == nil and why:find('name:1:', 1, true))\n"
             "assert(not pcall(load, function() return {} end))\n"
             "local path = os.tmpname()\n"
             "local file = io.open(path, 'w') file:write('return 1, ...') file:close()\n"
             "assert(loadfile(path)() == 1 and dofile(path) == 1)\n"
             "file = io.open(path, 'w') file:write(dumped) file:close()\n"
             "assert(loadfile(path) == nil and not pcall(dofile, path))\n"
             "os.remove(path)\n");
}

static void limits_are_set_and_told(void **state) {
    must_run(
        state,
        "local guard = require 'native.guard'\n"
        "assert(guard.memory().limit == 1 << 30)\n"
        "assert(guard.memory().used > 10000)\n"
        "guard.limit {cpu = 2.5, memory = 1 << 25}\n"
        "guard.limit {}\n"
        "assert(guard.memory().limit == 1 << 25)\n"
        "assert(not pcall(string.rep, 'x', 1 << 25))\n"
        "assert(guard.memory().refused_at == nil or\n"
        "  guard.memory().refused_at:find ':')\n"
        "assert(#('x'):rep(1 << 20) == 1 << 20)\n"
        "guard.limit {memory = 0}\n"
        "assert(#('x'):rep(1 << 26) == 1 << 26)\n"
        "for _, bad in ipairs {{cpu = -1}, {cpu = 'x'}, {memory = -1}, {memory = 0.5},\n"
        "  {other = 1}, {cpu = 0/0}} do\n"
        "  assert(not pcall(guard.limit, bad))\n"
        "end\n"
        "assert(not pcall(guard.limit))\n");
}

static void memory_in_use_is_counted_to_the_byte(void **state) {
    struct engine *e = *state;
    lua_gc(e->L, LUA_GCCOLLECT);
    size_t counted =
        (size_t)lua_gc(e->L, LUA_GCCOUNT) * 1024 + (size_t)lua_gc(e->L, LUA_GCCOUNTB);
    assert_int_equal(e->memory.used, counted);
}

/* Each is refused, with the place; and what it had is free again at once. */
static void what_c_holds_counts_and_is_free_again(void **state) {
    must_run(state,
             "local guard, json = require 'native.guard', require 'native.json'\n"
             "local yaml, fs = require 'native.yaml', require 'native.fs'\n"
             "local sqlite, server = require 'native.sqlite', require 'native.server'\n"
             "local process, fault = require 'native.process', require 'native.fault'\n"
             "local bomb = {} for _ = 1, 60 do bomb = {bomb, bomb} end\n"
             "local db = sqlite.open ':memory:'\n"
             "local long = ('x'):rep(1 << 20)\n"
             "local cases = {\n"
             "  {json.encode, bomb}, {yaml.encode, bomb}, {fs.read, '/dev/zero'},\n"
             "  {json.decode, '[' .. ('1e1,'):rep(1 << 19) .. '1]'},\n"
             "  {yaml.decode, '\"' .. ('x'):rep(5 << 20) .. '\"'},\n"
             "  {server.body, ('x'):rep(9 << 20)},\n"
             "  {process.run, {'head', '-c', '99999999', '/dev/zero'},\n"
             "    {max_bytes = 1 << 40}},\n"
             "  {db.query, db, 'select zeroblob(99999999)'},\n"
             "  {db.query, db, 'select randomblob(99999999)'}}\n"
             "for i, case in ipairs(cases) do\n"
             "  collectgarbage() collectgarbage()\n"
             "  local before = guard.memory().used\n"
             "  guard.limit {memory = before + (8 << 20)}\n"
             "  local ok, e = pcall(table.unpack(case))\n"
             "  guard.limit {memory = 0}\n"
             "  local more = guard.memory().used - before\n"
             "  assert(not ok, i)\n"
             "  if type(e) == 'table' then\n"
             "    assert(e.code == 'OUT_OF_MEMORY', tostring(e))\n"
             "    assert(e.message:find 'test:%d+: not enough memory for', e.message)\n"
             "  else\n"
             "    assert(e == 'not enough memory', e)\n"
             "    assert(guard.memory().refused_at:find 'test:%d+', i)\n"
             "  end\n"
             "  assert(more < 3 << 20, i .. ' keeps ' .. more)\n"
             "end\n");
}

/* over(): the time of this task is up, and no instruction of Lua has noticed. */
static int over(lua_State *L) {
    engine_of(L)->alarms = ENGINE_TICKS;
    return 0;
}

static void an_encoder_and_a_query_stop_when_the_time_is_up(void **state) {
    struct engine *e = *state;
    lua_register(e->L, "over", over);
    must_run(state,
             "local guard, json = require 'native.guard', require 'native.json'\n"
             "local yaml, sqlite = require 'native.yaml', require 'native.sqlite'\n"
             "local task = require 'native.task'\n"
             "local bomb = {} for _ = 1, 60 do bomb = {bomb, bomb} end\n"
             "local db = sqlite.open ':memory:'\n"
             "local endless = 'with recursive c(x) as (select 1 union all '\n"
             "  .. 'select x + 1 from c) select count(*) from c'\n"
             "guard.limit {memory = 0, cpu = 0.2}\n"
             "for i, case in ipairs {{json.encode, bomb}, {yaml.encode, bomb},\n"
             "    {db.query, db, endless}, {db.exec, db, endless}} do\n"
             "  task.sleep(0)\n"
             "  over()\n"
             "  local ok, e = pcall(table.unpack(case))\n"
             "  assert(not ok and e.kind == 'timeout', i .. tostring(e))\n"
             "  assert(e.message:find 'test:%d+: computed for 0.2 s', e.message)\n"
             "end\n");
}

static void out_of_memory_leaves_nothing(void **state) {
    (void)state;
    torture("local guard = require 'native.guard'\n"
            "guard.set_read_only()\n"
            "assert(guard.is_read_only())\n"
            "local f = load(function() return nil end)\n"
            "assert(f)\n");
    torture("local f = io.popen('true')\n"
            "f:close()\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LUA_TEST(read_only_cannot_be_taken_back),
        LUA_TEST(no_program_is_started_when_read_only),
        LUA_TEST(a_webhook_is_not_told_anything_when_read_only),
        LUA_TEST(an_open_connection_becomes_read_only_too),
        LUA_TEST(programs_run_otherwise),
        LUA_TEST(code_is_text),
        LUA_TEST(limits_are_set_and_told),
        LUA_TEST(memory_in_use_is_counted_to_the_byte),
        LUA_TEST(what_c_holds_counts_and_is_free_again),
        LUA_TEST(an_encoder_and_a_query_stop_when_the_time_is_up),
        cmocka_unit_test(out_of_memory_leaves_nothing),
    };
    return cmocka_run_group_tests_name("l_guard", tests, NULL, NULL);
}
