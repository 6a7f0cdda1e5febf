/* torture.h -- run Lua code again and again, each time out of memory one
 * allocation later, until it gets through. Finds what leaks when a call raises. */

#ifndef TARN_TORTURE_H
#define TARN_TORTURE_H

#include <lua.h>

/* Run `chunk` as a task in an engine of its own (so that it may wait), with every native
 * library as `native.<lib>` through require. Fails the test if a run leaves memory or a file
 * descriptor behind, or fails for any reason but memory. */
void torture(const char *chunk);

/* The same, with one more library as a global of that name. */
void torture_with(const char *name, lua_CFunction open, const char *chunk);

#endif
