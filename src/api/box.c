#include "api/box.h"

/* Push what is shown in the place of the metatable on top. [-0, +1, m] */
static void pushshown(lua_State *L, const char *name) {
    int real = lua_gettop(L);
    lua_createtable(L, 0, 3);
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_getfield(L, real, "__index");
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, lua_getfield(L, real, "__close") != LUA_TNIL);
    lua_remove(L, -2);
    if (lua_toboolean(L, -1))
        lua_setfield(L, -2, "__close");
    else
        lua_pop(L, 1);
}

void api_pushtype(lua_State *L, const char *name, const luaL_Reg *meta,
                  const luaL_Reg *methods) {
    if (luaL_getmetatable(L, name) != LUA_TNIL)
        return;
    lua_pop(L, 1);
    lua_createtable(L, 0, 6);
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    if (meta != NULL)
        luaL_setfuncs(L, meta, 0);
    if (methods != NULL) {
        lua_newtable(L);
        luaL_setfuncs(L, methods, 0);
        lua_setfield(L, -2, "__index");
    }
    pushshown(L, name);
    lua_setfield(L, -2, "__metatable");
    lua_pushvalue(L, -1); /* only what is complete can be found */
    lua_setfield(L, LUA_REGISTRYINDEX, name);
}

void api_newtype(lua_State *L, const char *name, lua_CFunction close,
                 const luaL_Reg *methods) {
    const luaL_Reg meta[] = {{"__gc", close}, {"__close", close}, {NULL, NULL}};
    api_pushtype(L, name, meta, methods);
    lua_pop(L, 1);
}
