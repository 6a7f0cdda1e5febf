#include "harness.h"
#include "torture.h"

#include <lauxlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "local task = require 'native.task'\n"

static void tasks_take_turns_by_time(void **state) {
    must_run(state, HEAD
             "local log, start = {}, task.now()\n"
             "local function add(s) log[#log + 1] = s end\n"
             "task.spawn(function() add 'a0'; task.sleep(0.03); add 'a30' end)\n"
             "task.sleep(0)\n"
             "add 'b0'; task.sleep(0.05); add 'b50'\n"
             "assert(table.concat(log, ' ') == 'a0 b0 a30 b50', table.concat(log, ' '))\n"
             "local took = task.now() - start\n"
             "assert(took >= 0.05 and took < 0.5, took)\n");
}

static void a_sleep_is_never_too_short(void **state) {
    must_run(state, HEAD "for i = 1, 40 do\n"
                         "  local seconds, start = 0.0009 + i * 0.00013, task.now()\n"
                         "  task.sleep(seconds)\n"
                         "  local took = task.now() - start\n"
                         "  assert(took >= seconds, took .. ' for ' .. seconds)\n"
                         "end\n");
}

static void arguments_and_the_result_travel(void **state) {
    struct engine *e = *state;
    assert_int_equal(LUA_OK,
                     luaL_loadstring(e->L, "local a, b = ...; return a .. b, 'more'"));
    lua_pushliteral(e->L, "x");
    lua_pushliteral(e->L, "y");
    assert_int_equal(LUA_OK, engine_run(e, 2));
    assert_string_equal("xy", lua_tostring(e->L, -1));
    assert_int_equal(1, lua_gettop(e->L));
    lua_settop(e->L, 0);
}

static void the_error_of_the_first_task_is_left_for_the_caller(void **state) {
    struct engine *e = *state;
    assert_int_equal(LUA_OK, luaL_loadstring(e->L, "error({kind = 'x'})"));
    assert_int_equal(LUA_ERRRUN, engine_run(e, 0));
    assert_int_equal(LUA_TTABLE, lua_type(e->L, -1));
    lua_settop(e->L, 0);
}

static void park_waits_for_wake_and_keeps_an_early_one(void **state) {
    must_run(state, HEAD "local me = task.current()\n"
                         "task.spawn(function() task.sleep(0.01); task.wake(me) end)\n"
                         "assert(task.park(5) == true)\n"
                         "assert(task.park(0.01) == false)\n"
                         "task.wake(me)\n"
                         "assert(task.park() == true)\n");
}

static void cancel_raises_in_every_wait_and_closes(void **state) {
    must_run(state, HEAD "local seen, closed\n"
                         "local t = task.spawn(function()\n"
                         "  local held <close> = setmetatable({}, {__close = function() "
                         "closed = true end})\n"
                         "  local ok, e = pcall(task.sleep, 10)\n"
                         "  seen = e\n"
                         "  task.sleep(10)\n" /* asked once is asked for good */
                         "end)\n"
                         "task.sleep(0.01)\n"
                         "task.cancel(t); task.cancel(t)\n"
                         "task.sleep(0.01)\n"
                         "assert(seen.kind == 'cancelled' and seen.op == 'task.sleep')\n"
                         "assert(closed and not task.alive(t))\n"
                         "task.cancel(t); task.wake(t)\n");
}

static void a_wait_inside_sort_says_why(void **state) {
    must_run(state, HEAD
             "local ok, e = pcall(table.sort, {2, 1}, function() task.sleep(1) end)\n"
             "assert(not ok and e:find('task.sleep: cannot wait here', 1, true), e)\n");
}

static void a_wait_in_a_coroutine_inside_sort_says_why(void **state) {
    must_run(state, HEAD
             "local wait = coroutine.wrap(function() task.sleep(1) end)\n"
             "local ok, e = pcall(table.sort, {2, 1}, wait)\n"
             "assert(not ok and e:find('task.sleep: cannot wait here', 1, true), e)\n"
             "task.sleep(0.01)\n");
}

static void a_generator_may_wait(void **state) {
    must_run(state,
             HEAD "local pages = coroutine.wrap(function()\n"
                  "  for i = 1, 2 do task.sleep(0.01); coroutine.yield(i, 'p') end\n"
                  "  error('boom', 0)\n"
                  "end)\n"
                  "local a, b = pages()\n"
                  "assert(a == 1 and b == 'p')\n"
                  "assert(pages() == 2)\n"
                  "local ok, e = pcall(pages)\n"
                  "assert(not ok and e:find('boom', 1, true), e)\n"
                  "ok, e = pcall(pages)\n"
                  "assert(not ok and e:find('dead coroutine', 1, true), e)\n");
}

static void resume_passes_waits_through_two_levels(void **state) {
    must_run(state,
             HEAD "local inner = coroutine.create(function(x)\n"
                  "  task.sleep(0.01)\n"
                  "  local y = coroutine.yield(x + 1)\n"
                  "  task.sleep(0.01)\n"
                  "  return y * 2\n"
                  "end)\n"
                  "local outer = coroutine.wrap(function()\n"
                  "  local ok, v = coroutine.resume(inner, 1); assert(ok and v == 2)\n"
                  "  coroutine.yield 'middle'\n"
                  "  ok, v = coroutine.resume(inner, 21); assert(ok and v == 42)\n"
                  "  return 'end'\n"
                  "end)\n"
                  "assert(outer() == 'middle' and outer() == 'end')\n"
                  "assert(coroutine.status(inner) == 'dead')\n"
                  "local ok, e = coroutine.resume(inner)\n"
                  "assert(not ok and e == 'cannot resume dead coroutine')\n");
}

static void a_coroutine_that_waits_is_not_resumed_by_another_task(void **state) {
    must_run(
        state, HEAD
        "local co = coroutine.create(function() task.sleep(0.05); return 'done' end)\n"
        "local result\n"
        "task.spawn(function() result = select(2, coroutine.resume(co)) end)\n"
        "task.sleep(0.01)\n"
        "local ok, e = coroutine.resume(co)\n"
        "assert(not ok and e == 'cannot resume a coroutine that waits in another task')\n"
        "task.sleep(0.1)\n"
        "assert(result == 'done')\n");
}

static void a_bare_yield_is_an_error(void **state) {
    struct engine *e = *state;
    assert_int_equal(LUA_OK, luaL_loadstring(e->L, "coroutine.yield(1)"));
    assert_int_equal(LUA_ERRRUN, engine_run(e, 0));
    assert_string_equal("coroutine.yield outside of a coroutine", lua_tostring(e->L, -1));
    lua_settop(e->L, 0);
}

static void wrong_arguments_say_so(void **state) {
    must_run(state, HEAD SAYS "says('not a duration', task.sleep, -1)\n"
                              "says('not a duration', task.sleep, 0/0)\n"
                              "says('number expected', task.sleep)\n"
                              "says('function expected', task.spawn, 1)\n"
                              "says('tarn.task expected', task.cancel, {})\n"
                              "says('tarn.task expected', task.wake)\n"
                              "says('tarn.task expected', task.alive, 1)\n"
                              "says('not a duration', task.park, 1e300)\n");
}

static void what_is_left_is_cancelled_at_the_end(void **state) {
    must_run(state,
             HEAD "closed = 0\n"
                  "for i = 1, 3 do task.spawn(function()\n"
                  "  local held <close> =\n"
                  "    setmetatable({}, {__close = function() closed = closed + 1 end})\n"
                  "  task.sleep(1000)\n"
                  "end) end\n"
                  "task.sleep(0.01)\n");
    must_run(state, "assert(closed == 3)\n");
}

static void ten_thousand_tasks_wait_side_by_side(void **state) {
    must_run(state,
             HEAD "local n = 0\n"
                  "for i = 1, 10000 do\n"
                  "  task.spawn(function() task.sleep(i % 7 / 1000); n = n + 1 end)\n"
                  "end\n"
                  "while n < 10000 do task.sleep(0.005) end\n");
}

static void an_interrupt_cancels_a_task_that_waits(void **state) {
    struct engine *e = *state;
    assert_int_equal(LUA_OK, luaL_loadstring(e->L, "require('native.task').sleep(1000)"));
    engine_interrupt(e);
    assert_int_equal(LUA_ERRRUN, engine_run(e, 0));
    lua_getfield(e->L, -1, "kind");
    assert_string_equal("cancelled", lua_tostring(e->L, -1));
    lua_settop(e->L, 0);
}

/* tick(...) -> ...: a function in C during which the time of its task runs out. */
static int tick(lua_State *L) {
    for (int i = 0; i < 1000; i++)
        engine_alarm(engine_of(L));
    return lua_gettop(L);
}

static void a_task_put_off_loses_no_call_and_no_result(void **state) {
    struct engine *e = *state;
    lua_register(e->L, "tick", tick);
    e->cpu_limit = 0; /* the ticks here are not those of a clock */
    must_run(state, HEAD "local other = 0\n"
                         "task.spawn(function() other = other + 1 end)\n"
                         "local a, b, c = tick(1, 2, 3)\n"
                         "assert(a == 1 and b == 2 and c == 3)\n"
                         "assert(select('#', tick(), tick(1, 2)) == 3)\n"
                         "assert(math.max(tick(7), tick(8, 9)) == 9)\n"
                         "for i = 1, 10 do assert(other == 1) end\n");
}

static void tasks_that_wait_for_each_other_end(void **state) {
    struct engine *e = *state;
    assert_int_equal(LUA_OK, luaL_loadstring(e->L, "require('native.task').park()"));
    assert_int_equal(LUA_ERRRUN, engine_run(e, 0));
    lua_settop(e->L, 0);
}

static void leaks_nothing_when_memory_runs_out(void **state) {
    (void)state;
    torture(
        HEAD
        "local me = task.current()\n"
        "local t = task.spawn(function() task.sleep(0.001); task.wake(me) end)\n"
        "assert(task.park(0.02))\n"
        "local gen = coroutine.wrap(function() task.sleep(0); coroutine.yield(1) end)\n"
        "assert(gen() == 1)\n"
        "task.cancel(t)\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LUA_TEST(tasks_take_turns_by_time),
        LUA_TEST(a_sleep_is_never_too_short),
        LUA_TEST(arguments_and_the_result_travel),
        LUA_TEST(the_error_of_the_first_task_is_left_for_the_caller),
        LUA_TEST(park_waits_for_wake_and_keeps_an_early_one),
        LUA_TEST(cancel_raises_in_every_wait_and_closes),
        LUA_TEST(a_wait_inside_sort_says_why),
        LUA_TEST(a_wait_in_a_coroutine_inside_sort_says_why),
        LUA_TEST(a_generator_may_wait),
        LUA_TEST(resume_passes_waits_through_two_levels),
        LUA_TEST(a_coroutine_that_waits_is_not_resumed_by_another_task),
        LUA_TEST(a_bare_yield_is_an_error),
        LUA_TEST(wrong_arguments_say_so),
        LUA_TEST(what_is_left_is_cancelled_at_the_end),
        LUA_TEST(ten_thousand_tasks_wait_side_by_side),
        LUA_TEST(an_interrupt_cancels_a_task_that_waits),
        LUA_TEST(a_task_put_off_loses_no_call_and_no_result),
        LUA_TEST(tasks_that_wait_for_each_other_end),
        cmocka_unit_test(leaks_nothing_when_memory_runs_out),
    };
    return cmocka_run_group_tests_name("l_task", tests, NULL, NULL);
}
