/* box.h -- types of userdata that hold something of C's: boxes.
 *
 * A script never gets at the metatable of a box, whose functions C relies on: without its __gc,
 * what a box holds would outlive the box. */

#ifndef TARN_API_BOX_H
#define TARN_API_BOX_H

#include <lauxlib.h>
#include <lua.h>

/* Push the metatable of the boxes called `name`. The first call makes it: of the functions
 * `meta`, and of `methods` behind __index, each of which may be NULL. What getmetatable gives is
 * another table, with the same __index, __name and, as a mark, __close. [-0, +1, m] */
void api_pushtype(lua_State *L, const char *name, const luaL_Reg *meta,
                  const luaL_Reg *methods);

/* The same for a type that has an end: `close` is its __close and its __gc. [-0, +0, m] */
void api_newtype(lua_State *L, const char *name, lua_CFunction close,
                 const luaL_Reg *methods);

#endif
