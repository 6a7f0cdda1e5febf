#include "harness.h"
#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HEAD "local process, task = require 'native.process', require 'native.task'\n"

static void a_program_runs_and_says_what_it_has_to(void **state) {
    must_run(
        state, HEAD
        "local r = process.run({'sh', '-c', 'cat; echo $X-$HOME >&2; pwd; exit 3'},\n"
        "  {stdin = 'a\\0b', env = {X = 'y', HOME = false}, cwd = '/', timeout = 5})\n"
        "assert(r.status == 3, r.status)\n"
        "assert(r.stdout == 'a\\0b/\\n', r.stdout)\n"
        "assert(r.stderr == 'y-\\n', r.stderr)\n"
        "assert(process.run({'true'}).stdout == '')\n"
        "assert(process.pid() > 1)\n");
}

static void others_go_on_meanwhile(void **state) {
    must_run(state, HEAD "local ticks, running = 0, true\n"
                         "task.spawn(function()\n"
                         "  while running do task.sleep(0.01); ticks = ticks + 1 end\n"
                         "end)\n"
                         "process.run {'sleep', '0.1'}\n"
                         "running = false\n"
                         "assert(ticks > 3, ticks)\n");
}

static void the_world_is_a_fault(void **state) {
    must_run(
        state, HEAD
        "local function fault(kind, text, ...)\n"
        "  local ok, e = pcall(process.run, ...)\n"
        "  assert(not ok and type(e) == 'table', e)\n"
        "  assert(e.kind == kind and e.op == 'process.run', tostring(e))\n"
        "  assert(e.message:find(text, 1, true), e.message)\n"
        "end\n"
        "fault('io', 'cannot run tarn-none: No such file', {'tarn-none'})\n"
        "fault('io', 'in /nowhere', {'true'}, {cwd = '/nowhere'})\n"
        "fault('timeout', 'did not end', {'sleep', '9'}, {timeout = 0.05})\n"
        "fault('io', 'more than 10 bytes', {'cat', '/dev/zero'}, {max_bytes = 10})\n");
}

static void a_wrong_call_is_a_message(void **state) {
    must_run(
        state, HEAD
        "local function says(text, ...)\n"
        "  local ok, e = pcall(process.run, ...)\n"
        "  assert(not ok and type(e) == 'string' and e:find(text, 1, true), e)\n"
        "end\n"
        "says('table expected')\n"
        "says('table expected', 'ls -l')\n"
        "says('empty or endless list', {})\n"
        "says('name of the program is empty', {''})\n"
        "says('part of the command is not a string', {'ls', 1})\n"
        "says('part of the command is not a string', {'ls', {}})\n"
        "says('part of the command holds a zero byte', {'ls', 'a\\0b'})\n"
        "says(\"unknown option 'time'\", {'ls'}, {time = 1})\n"
        "says(\"'timeout' must be a number\", {'ls'}, {timeout = 0})\n"
        "says(\"'timeout' must be a number\", {'ls'}, {timeout = 'soon'})\n"
        "says(\"'timeout' must be a number\", {'ls'}, {timeout = 0/0})\n"
        "says(\"'env' is not a table\", {'ls'}, {env = 'A=1'})\n"
        "says(\"a value in 'env' is not a string\", {'ls'}, {env = {A = 1}})\n"
        "says(\"a value in 'env' is not a string\", {'ls'}, {env = {A = true}})\n"
        "says(\"a name in 'env' is not a string\", {'ls'}, {env = {'A=1'}})\n"
        "says(\"empty or holds '='\", {'ls'}, {env = {['A=B'] = 'x'}})\n"
        "says(\"empty or holds '='\", {'ls'}, {env = {[''] = 'x'}})\n"
        "says(\"'cwd' is not a string\", {'ls'}, {cwd = 1})\n"
        "says(\"'max_bytes' must be\", {'ls'}, {max_bytes = 0})\n"
        "says(\"'max_bytes' must be\", {'ls'}, {max_bytes = 1.5})\n"
        "says(\"'inherit' must be\", {'ls'}, {inherit = 1})\n"
        "says(\"'stdin' is not a string\", {'ls'}, {stdin = 1})\n"
        "says(\"'stdin' beside 'inherit'\", {'ls'}, {stdin = '', inherit = true})\n");
}

static void a_cancelled_task_takes_its_process_along(void **state) {
    must_run(state,
             HEAD "local name = os.tmpname(); os.remove(name)\n"
                  "local e\n"
                  "local t = task.spawn(function()\n"
                  "  local ok\n"
                  "  ok, e = pcall(process.run, {'sh', '-c', 'sleep 0.2; : >' .. name})\n"
                  "end)\n"
                  "task.sleep(0.05); task.cancel(t); task.sleep(0.3)\n"
                  "assert(e.kind == 'cancelled', tostring(e))\n"
                  "assert(not io.open(name), 'it ran on')\n");
}

static void waiting_inside_sort_says_why_and_leaves_nothing(void **state) {
    must_run(state, HEAD
             "local ok, e = pcall(table.sort, {2, 1}, function()\n"
             "  process.run {'sleep', '9'}\n"
             "end)\n"
             "assert(not ok and e:find('process.run: cannot wait here', 1, true), e)\n");
}

static void leaks_nothing_when_memory_runs_out(void **state) {
    (void)state;
    torture(HEAD "local r = process.run({'echo', 'a'}, {env = {A = 'b', C = false},\n"
                 "  stdin = 'x', cwd = '/', timeout = 9})\n"
                 "assert(r.stdout == 'a\\n')\n"
                 "pcall(process.run, {'tarn-none'})\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LUA_TEST(a_program_runs_and_says_what_it_has_to),
        LUA_TEST(others_go_on_meanwhile),
        LUA_TEST(the_world_is_a_fault),
        LUA_TEST(a_wrong_call_is_a_message),
        LUA_TEST(a_cancelled_task_takes_its_process_along),
        LUA_TEST(waiting_inside_sort_says_why_and_leaves_nothing),
        cmocka_unit_test(leaks_nothing_when_memory_runs_out),
    };
    return cmocka_run_group_tests_name("l_process", tests, NULL, NULL);
}
