#include "harness.h"
#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HEAD                                                                             \
    EVENTUALLY                                                                           \
    "local task, process = require 'native.task', require 'native.process'\n"            \
    "local function refused(text, ok, e)\n"                                              \
    "  assert(not ok and tostring(e):find(text, 1, true), e)\n"                          \
    "end\n"

static void the_coroutine_of_a_task_is_the_schedulers(void **state) {
    must_run(state, HEAD "local co, result\n"
                         "local waits = task.spawn(function()\n"
                         "  co = coroutine.running()\n"
                         "  result = process.run({'cat'}, {stdin = 'abc'}).status\n"
                         "end)\n"
                         "task.sleep(0)\n"
                         "assert(coroutine.status(co) == 'suspended')\n"
                         "refused('a task', coroutine.resume(co))\n"
                         "refused('a task', pcall(coroutine.close, co))\n"
                         "collectgarbage()\n"
                         "eventually(function() return not task.alive(waits) end)\n"
                         "assert(result == 0)\n"
                         "assert(coroutine.close(co))\n"
                         "refused('dead', coroutine.resume(co))\n");
}

static void a_task_that_has_not_begun_is_not_resumed(void **state) {
    must_run(state, HEAD "local info\n"
                         "local me = coroutine.running()\n"
                         "refused('non-suspended', coroutine.resume(me))\n"
                         "local called = 0\n"
                         "task.spawn(function()\n"
                         "  refused('a task', coroutine.resume(me))\n"
                         "  refused('a task', pcall(coroutine.close, me))\n"
                         "  called = called + 1\n"
                         "end)\n"
                         "eventually(function() return called == 1 end)\n");
}

static void a_coroutine_that_waits_is_not_closed(void **state) {
    must_run(state,
             HEAD "local co = coroutine.create(function()\n"
                  "  return process.run({'cat'}, {stdin = 'abc'}).status\n"
                  "end)\n"
                  "local result\n"
                  "local t = task.spawn(function()\n"
                  "  result = select(2, coroutine.resume(co))\n"
                  "end)\n"
                  "task.sleep(0)\n"
                  "refused('waits', pcall(coroutine.close, co))\n"
                  "collectgarbage()\n"
                  "eventually(function() return result end)\n"
                  "assert(result == 0 and coroutine.close(co))\n"
                  "co = coroutine.create(function() process.run {'sleep', '5'} end)\n"
                  "t = task.spawn(function() result = {coroutine.resume(co)} end)\n"
                  "task.sleep(0)\n"
                  "refused('waits', pcall(coroutine.close, co))\n"
                  "co = nil\n"
                  "task.cancel(t)\n"
                  "collectgarbage()\n"
                  "eventually(function() return not task.alive(t) end)\n"
                  "assert(result[2].kind == 'cancelled')\n");
}

static void one_that_cannot_wait_where_it_is_ends_there(void **state) {
    must_run(state,
             HEAD "local closed\n"
                  "local co = coroutine.create(function()\n"
                  "  local held <close> = setmetatable({}, {__close = function()\n"
                  "    closed = true\n"
                  "  end})\n"
                  "  process.run {'sleep', '5'}\n"
                  "end)\n"
                  "refused('cannot wait here', pcall(table.sort, {2, 1}, function()\n"
                  "  coroutine.resume(co)\n"
                  "end))\n"
                  "assert(closed and coroutine.status(co) == 'dead')\n"
                  "refused('dead', coroutine.resume(co))\n"
                  "assert(coroutine.close(co))\n"
                  "task.sleep(0.01)\n");
}

static void close_is_as_it_was_otherwise(void **state) {
    must_run(state,
             HEAD "local co = coroutine.create(function()\n"
                  "  local held <close> = setmetatable({}, {__close = function()\n"
                  "    error 'in close'\n"
                  "  end})\n"
                  "  coroutine.yield(1)\n"
                  "end)\n"
                  "assert(coroutine.close(coroutine.create(print)))\n"
                  "assert(select(2, coroutine.resume(co)) == 1)\n"
                  "refused('in close', coroutine.close(co))\n"
                  "assert(coroutine.close(co))\n"
                  "refused('running', pcall(coroutine.close, coroutine.running()))\n"
                  "coroutine.wrap(function()\n"
                  "  local outer = coroutine.running()\n"
                  "  coroutine.wrap(function()\n"
                  "    refused('normal', pcall(coroutine.close, outer))\n"
                  "  end)()\n"
                  "end)()\n"
                  "refused('thread expected', pcall(coroutine.close, 1))\n"
                  "refused('boom', coroutine.close((function()\n"
                  "  local bad = coroutine.create(error)\n"
                  "  coroutine.resume(bad, 'boom')\n"
                  "  return bad\n"
                  "end)()))\n");
}

static void out_of_memory_leaves_nothing(void **state) {
    (void)state;
    torture("local co = coroutine.create(function() coroutine.yield(1) end)\n"
            "coroutine.resume(co)\n"
            "coroutine.close(co)\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LUA_TEST(the_coroutine_of_a_task_is_the_schedulers),
        LUA_TEST(a_task_that_has_not_begun_is_not_resumed),
        LUA_TEST(a_coroutine_that_waits_is_not_closed),
        LUA_TEST(one_that_cannot_wait_where_it_is_ends_there),
        LUA_TEST(close_is_as_it_was_otherwise),
        cmocka_unit_test(out_of_memory_leaves_nothing),
    };
    return cmocka_run_group_tests_name("l_coroutine", tests, NULL, NULL);
}
