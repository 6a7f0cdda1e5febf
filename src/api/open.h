/* open.h -- put everything that a script may use into a new Lua state. */

#ifndef TARN_OPEN_H
#define TARN_OPEN_H

#include <lua.h>

/* For engine_open: Lua's libraries, the native ones as package.preload["native.*"], and the
 * searcher for the bundle. [-0, +0, m] */
int api_open(lua_State *L);

#endif
