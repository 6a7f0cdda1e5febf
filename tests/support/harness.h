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

/* A test with an engine as its state. */
#define LUA_TEST(f) cmocka_unit_test_setup_teardown(f, harness_open, harness_close)

#endif
