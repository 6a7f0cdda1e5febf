#define _DEFAULT_SOURCE /* getentropy */
#include "api/open.h"

#include "api/libs.h"
#include "bundle/bundle.h"

#include <lauxlib.h>
#include <lualib.h>
#include <unistd.h>

/* package.searchers[2]: "tarn.clone" is lua/tarn/clone.lua of the bundle. engine.find
 * replaces this by its own searcher, which also looks into the user's directories. */
static int bundle_searcher(lua_State *L) {
    const char *module = luaL_checkstring(L, 1);
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    luaL_addstring(&b, "lua/");
    luaL_addgsub(&b, module, ".", "/");
    luaL_addstring(&b, ".lua");
    luaL_pushresult(&b);
    const struct bundle_file *f = bundle_find(lua_tostring(L, -1));
    if (f == NULL) {
        lua_pushfstring(L, "no file '%s' in the bundle", lua_tostring(L, -1));
        return 1;
    }
    lua_pushfstring(L, "@bundle/%s", f->name);
    if (luaL_loadbufferx(L, (const char *)f->bytes, f->size, lua_tostring(L, -1), "t") !=
        LUA_OK)
        return lua_error(L);
    return 1;
}

/* Let `package` find nothing but what its searchers find: no LUA_PATH, no shared
 * libraries, nothing in the working directory. */
static void open_package(lua_State *L) {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    for (const luaL_Reg *lib = api_libs; lib->name != NULL; lib++) {
        lua_pushcfunction(L, lib->func);
        lua_setfield(L, -2, lib->name);
    }
    lua_pop(L, 1);
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "searchers");
    lua_createtable(L, 2, 0);
    lua_rawgeti(L, -2, 1);
    lua_rawseti(L, -2, 1);
    lua_pushcfunction(L, bundle_searcher);
    lua_rawseti(L, -2, 2);
    lua_setfield(L, -3, "searchers");
    lua_pushliteral(L, "");
    lua_setfield(L, -3, "path");
    lua_pushliteral(L, "");
    lua_setfield(L, -3, "cpath");
    lua_pop(L, 2);
}

/* Replace coroutine.resume, wrap and close by functions that know of waits. */
static void open_coroutine(lua_State *L) {
    static const char *const names[] = {"resume", "wrap", "close"};
    lua_getglobal(L, "coroutine");
    luaL_requiref(L, "native.coroutine", api_lib("native.coroutine"), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        lua_getfield(L, -1, names[i]);
        lua_setfield(L, -3, names[i]);
    }
    lua_pop(L, 2);
}

/* Seed math.random, from which ids are made. Lua's own seed is the second and addresses,
 * which two processes may share. */
static void seed_random(lua_State *L) {
    lua_Integer seed[2];
    if (getentropy(seed, sizeof seed) == -1)
        return; /* an old kernel: keep Lua's own seed */
    lua_getglobal(L, "math");
    lua_getfield(L, -1, "randomseed");
    lua_pushinteger(L, seed[0]);
    lua_pushinteger(L, seed[1]);
    lua_call(L, 2, 0);
    lua_pop(L, 1);
}

int api_open(lua_State *L) {
    luaL_openlibs(L);
    seed_random(L);
    open_package(L);
    luaL_requiref(L, "native.task", api_lib("native.task"), 0); /* for its metatable */
    lua_pop(L, 1);
    open_coroutine(L);
    api_openstdlib(L);
    api_opendebug(L);
    api_openstring(L);
    api_openlist(L);
    api_opennull(L);
    return 0;
}
