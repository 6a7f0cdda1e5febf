#include "harness.h"
#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* One of each kind of function in C that keeps something in upvalues. */
#define CLOSURES                                                                         \
    "local db = require('native.sqlite').open(':memory:')\n"                             \
    "local closures = {\n"                                                               \
    "  string.find, string.gmatch('abc', '%w'), require('native.term').width,\n"         \
    "  coroutine.wrap(function() end), db:prepare('select 1'):rows(),\n"                 \
    "  io.lines('/dev/null'), debug.getinfo, require}\n"

static void what_is_left_is_known(void **state) {
    must_run(state,
             "local left = {}\n"
             "for name in pairs(debug) do left[#left + 1] = name end\n"
             "table.sort(left)\n"
             "left = table.concat(left, ' ')\n"
             "assert(left == 'gethook getinfo getlocal getmetatable getupvalue '\n"
             "  .. 'setlocal setupvalue traceback upvalueid upvaluejoin', left)\n");
}

static void functions_in_c_show_no_upvalues(void **state) {
    must_run(state, CLOSURES
             "for _, f in ipairs(closures) do\n"
             "  for n = -1, 5 do\n"
             "    assert(debug.getupvalue(f, n) == nil)\n"
             "    assert(debug.setupvalue(f, n, 'x') == nil)\n"
             "    assert(debug.upvalueid(f, n) == nil)\n"
             "    assert(not pcall(debug.upvaluejoin, f, n, function() end, 1))\n"
             "    assert(not pcall(debug.upvaluejoin, function() end, 1, f, n))\n"
             "  end\n"
             "end\n"
             "assert(closures[2]() == 'a' and closures[5]()[1] == 1)\n");
}

static void functions_of_scripts_show_theirs(void **state) {
    must_run(state,
             "local a, b = 1, 2\n"
             "local function f() return a end\n"
             "local function g() return b end\n"
             "local name, value = debug.getupvalue(f, 1)\n"
             "assert(name == 'a' and value == 1)\n"
             "assert(debug.setupvalue(f, 1, 7) == 'a' and f() == 7)\n"
             "assert(debug.upvalueid(f, 1) ~= debug.upvalueid(g, 1))\n"
             "debug.upvaluejoin(f, 1, g, 1)\n"
             "assert(f() == 2 and debug.upvalueid(f, 1) == debug.upvalueid(g, 1))\n"
             "assert(debug.getupvalue(f, 2) == nil)\n"
             "assert(not pcall(debug.getupvalue, f, 'x'))\n"
             "assert(not pcall(debug.getupvalue, {}, 1))\n"
             "assert(not pcall(debug.setupvalue, f, 1))\n");
}

static void a_box_gives_no_metatable_away(void **state) {
    must_run(state, CLOSURES
             "local native = {require('native.server').body('abc'),\n"
             "  require('native.server').token(), require('native.task').current(),\n"
             "  require('native.json').number('1e999'), db, db:prepare('select 1'),\n"
             "  (select(4, db:prepare('select 1'):rows())),\n"
             "  require('native.server').listen({}, print)}\n"
             "for i, box in ipairs(native) do\n"
             "  local shown = getmetatable(box)\n"
             "  assert(rawequal(shown, debug.getmetatable(box)) and shown.__name)\n"
             "  assert(shown.__gc == nil and type(shown.__close) ~= 'function', i)\n"
             "  shown.__gc, shown.__index, shown.__close, shown.__len = nil\n"
             "  assert(not pcall(setmetatable, box, {}))\n"
             "  assert(not pcall(function() return box.__gc() end))\n"
             "end\n"
             "assert(#native[1] == 3 and native[5]:query('select 1')[1])\n"
             "assert(native[8].port > 0)\n"
             "native[8]:close()\n"
             "native = nil\n"
             "collectgarbage()\n");
}

static void other_metatables_are_given(void **state) {
    must_run(state,
             "local mt = {__metatable = 'hidden'}\n"
             "local t = setmetatable({}, mt)\n"
             "assert(getmetatable(t) == 'hidden' and debug.getmetatable(t) == mt)\n"
             "assert(debug.getmetatable('').__index == string)\n"
             "assert(debug.getmetatable(io.stdout).__name == 'FILE*')\n"
             "assert(debug.getmetatable(1) == nil)\n"
             "assert(not pcall(debug.getmetatable))\n");
}

static void what_functions_in_c_hold_is_not_shown(void **state) {
    must_run(state, EVENTUALLY
             "local task = require 'native.task'\n"
             "local co\n"
             "local sleeper = task.spawn(function()\n"
             "  local mine <const>, other = 1, 2\n"
             "  co = coroutine.running()\n"
             "  require('native.process').run({'sleep', '60'})\n"
             "end)\n"
             "eventually(function()\n"
             "  return co and coroutine.status(co) == 'suspended'\n"
             "end)\n"
             "local seen = 0\n"
             "for level = 0, 5 do\n"
             "  if not debug.getinfo(co, level) then break end\n"
             "  local what = debug.getinfo(co, level, 'S').what\n"
             "  for i = -5, 20 do\n"
             "    local name, value = debug.getlocal(co, level, i)\n"
             "    seen = seen + (name == 'other' and value or 0)\n"
             "    assert(name ~= '(C temporary)' or value == nil)\n"
             "    assert(name ~= '(temporary)' or value == nil)\n"
             "    if what == 'C' and name then\n"
             "      assert(not pcall(debug.setlocal, co, level, i, 'x'), name)\n"
             "    end\n"
             "  end\n"
             "  assert(what ~= 'C' or debug.getinfo(co, level, 'f').func == nil)\n"
             "end\n"
             "assert(seen == 2)\n"
             "task.cancel(sleeper)\n"
             "eventually(function() return not task.alive(sleeper) end)\n");
}

static void variables_of_scripts_are_shown_and_set(void **state) {
    must_run(
        state,
        "local function walk(level)\n"
        "  local names = {}\n"
        "  for i = 1, 100 do\n"
        "    local name, value = debug.getlocal(level + 1, i)\n"
        "    if not name then break end\n"
        "    names[name] = value or false\n"
        "  end\n"
        "  return names\n"
        "end\n"
        "local function f(a, ...)\n"
        "  local b = 2\n"
        "  for i, v in ipairs {5} do\n"
        "    local names = walk(1)\n"
        "    assert(names.a == 1 and names.b == 2 and names.i == 1 and names.v == 5)\n"
        "    assert(names['(for state)'] == false)\n"
        "    assert(select(2, debug.getlocal(1, -2)) == 9)\n"
        "    assert(debug.setlocal(1, -2, 10) == '(vararg)')\n"
        "    assert(debug.setlocal(1, 2, 3) == 'b' and b == 3)\n"
        "    for n = 3, 6 do assert(not pcall(debug.setlocal, 2, n, 'x'), n) end\n"
        "  end\n"
        "  assert(select(2, ...) == 10)\n"
        "end\n"
        "f(1, 8, 9)\n"
        "assert(debug.getlocal(f, 1) == 'a' and debug.getlocal(f, 2) == nil)\n"
        "assert(debug.setlocal(1, 99, 1) == nil)\n"
        "assert(not pcall(debug.setlocal, 99, 1, 1))\n"
        "assert(not pcall(debug.getlocal, 99, 1))\n"
        "assert(not pcall(debug.setlocal, 'x', 1, 1))\n"
        "local co = coroutine.create(function() local c = 3 coroutine.yield(c)\n"
        "  return c end)\n"
        "coroutine.resume(co)\n"
        "assert(select(2, debug.getlocal(co, 1, 1)) == 3)\n"
        "assert(debug.setlocal(co, 1, 1, 4) == 'c')\n"
        "assert(select(2, coroutine.resume(co)) == 4)\n");
}

/* The table that is being filled lies in a temporary. */
static void what_the_virtual_machine_trusts_is_not_set(void **state) {
    must_run(state, "local function spoil(level)\n"
                    "  for n = 1, 30 do\n"
                    "    local name = debug.getlocal(level + 1, n)\n"
                    "    if name and name:sub(1, 1) == '(' then\n"
                    "      assert(not pcall(debug.setlocal, level + 2, n, 'x'))\n"
                    "    end\n"
                    "  end\n"
                    "end\n"
                    "local function f()\n"
                    "  local t = {1, 2, 3, (function() spoil(2) return 4 end)()}\n"
                    "  return t\n"
                    "end\n"
                    "assert(#f() == 4)\n"
                    "for i = 1, 3 do spoil(1) end\n"
                    "for _ in pairs {1, 2} do spoil(1) end\n");
}

static void what_a_level_is_about_is_told(void **state) {
    must_run(state,
             "local here = debug.getinfo(1, 'Slf')\n"
             "assert(here.currentline == 1 and here.func and here.what == 'main')\n"
             "local function f() return debug.getinfo(1, 'nf') end\n"
             "local info = (f())\n"
             "assert(info.func == f)\n"
             "assert(debug.getinfo(f, 'f').func == f)\n"
             "assert(debug.getinfo(print, 'f').func == print)\n"
             "assert(debug.getinfo(0).func == nil and debug.getinfo(0).what == 'C')\n"
             "assert(debug.getinfo(99) == nil)\n"
             "local _, e = pcall(debug.getinfo, 1, '>')\n"
             "assert(e:find(\"getinfo' (invalid option\", 1, true), e)\n"
             "table.sort({1, 2}, function()\n"
             "  assert(debug.getinfo(2, 'f').func == nil)\n"
             "  assert(debug.traceback():find('table.sort', 1, true))\n"
             "end)\n");
}

static void out_of_memory_leaves_nothing(void **state) {
    (void)state;
    torture("local f = function() local x <const> = f end\n"
            "debug.getinfo(1) debug.getlocal(1, 1) debug.setlocal(1, 1, 2)\n"
            "debug.getupvalue(print, 1)\n"
            "debug.getmetatable(require('native.json').number('1e999'))\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LUA_TEST(what_is_left_is_known),
        LUA_TEST(functions_in_c_show_no_upvalues),
        LUA_TEST(functions_of_scripts_show_theirs),
        LUA_TEST(a_box_gives_no_metatable_away),
        LUA_TEST(other_metatables_are_given),
        LUA_TEST(what_functions_in_c_hold_is_not_shown),
        LUA_TEST(variables_of_scripts_are_shown_and_set),
        LUA_TEST(what_the_virtual_machine_trusts_is_not_set),
        LUA_TEST(what_a_level_is_about_is_told),
        cmocka_unit_test(out_of_memory_leaves_nothing),
    };
    return cmocka_run_group_tests_name("stdlib_debug", tests, NULL, NULL);
}
