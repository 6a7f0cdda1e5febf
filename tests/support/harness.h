/* harness.h -- an engine for one test. */

#ifndef TARN_HARNESS_H
#define TARN_HARNESS_H

#include "engine.h"

/* CMocka fixtures: *state is a struct engine. */
int harness_open(void **state);
int harness_close(void **state);

/* Run Lua code as a task; the test fails with the error if it raises. All of
 * `require "native.<lib>"` works. */
void must_run(void **state, const char *chunk);

/* Lua, to go before a chunk: says(text, f, ...) wants f(...) to raise a message that holds the
 * text, and no fault. */
#define SAYS                                                                             \
    "local function says(text, f, ...)\n"                                                \
    "  local ok, e = pcall(f, ...)\n"                                                    \
    "  if ok or type(e) ~= 'string' or not e:find(text, 1, true) then\n"                 \
    "    error(('want %s, got %s'):format(text, e), 2)\n"                                \
    "  end\n"                                                                            \
    "end\n"

/* Lua, to go before a chunk: eventually(f) waits until f() is true. A test that waits for a fixed
 * time fails where the machine is slow; this one fails only for what never comes. */
#define EVENTUALLY                                                                       \
    "local function eventually(f)\n"                                                     \
    "  local task = require 'native.task'\n"                                             \
    "  local due = task.now() + 60\n"                                                    \
    "  while not f() do\n"                                                               \
    "    if task.now() > due then error('it never came', 2) end\n"                       \
    "    task.sleep(0.001)\n"                                                            \
    "  end\n"                                                                            \
    "end\n"

/* A test with an engine as its state. */
#define LUA_TEST(f) cmocka_unit_test_setup_teardown(f, harness_open, harness_close)

#endif
