/* libs.h -- the openers of all native libraries. */

#ifndef TARN_LIBS_H
#define TARN_LIBS_H

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
int luaopen_native_yaml(lua_State *L);

#endif
