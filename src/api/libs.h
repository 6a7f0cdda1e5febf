/* libs.h -- the functions that open libraries. */

#ifndef TARN_LIBS_H
#define TARN_LIBS_H

#include <lauxlib.h>
#include <lua.h>

int luaopen_native_bundle(lua_State *L);
int luaopen_native_coroutine(lua_State *L);
int luaopen_native_databricks(lua_State *L);
int luaopen_native_editor(lua_State *L);
int luaopen_native_fault(lua_State *L);
int luaopen_native_fs(lua_State *L);
int luaopen_native_guard(lua_State *L);
int luaopen_native_http(lua_State *L);
int luaopen_native_json(lua_State *L);
int luaopen_native_process(lua_State *L);
int luaopen_native_server(lua_State *L);
int luaopen_native_sqlite(lua_State *L);
int luaopen_native_task(lua_State *L);
int luaopen_native_term(lua_State *L);
int luaopen_native_text(lua_State *L);
int luaopen_native_yaml(lua_State *L);

/* The index of all native libraries; ends with name NULL. */
extern const luaL_Reg api_libs[];

/* Replace Lua's own functions that reach outside or take bytecode. [-0, +0, m] */
void api_openstdlib(lua_State *L);

/* Replace the functions of `debug` that reach into C. [-0, +0, m] */
void api_opendebug(lua_State *L);

/* Replace string.find, match, gmatch and gsub by functions with a bound on their work.
 * [-0, +0, m] */
void api_openstring(lua_State *L);

/* Replace `ipairs`, `next` and the functions of `table` by functions that know lists which
 * are still read. [-0, +0, m] */
void api_openlist(lua_State *L);

/* Give null of JSON its metatable. [-0, +0, m] */
void api_opennull(lua_State *L);

/* The function that opens the library of that name. */
lua_CFunction api_lib(const char *name);

#endif
