/* l_guard.c -- `native.guard`: what scripts may not do, and how much they may use. */

#include "api/api.h"
#include "api/libs.h"
#include "engine.h"

/* guard.set_read_only() */
static int l_guard_set_read_only(lua_State *L) {
    if (!engine_set_read_only(engine_of(L)))
        return engine_no_memory(L);
    return 0;
}

/* guard.is_read_only() -> boolean */
static int l_guard_is_read_only(lua_State *L) {
    lua_pushboolean(L, engine_of(L)->read_only);
    return 1;
}

/* guard.limit{cpu = seconds, memory = bytes} */
static int l_guard_limit(lua_State *L) {
    static const char *const names[] = {"cpu", "memory", NULL};
    struct engine *e = engine_of(L);
    luaL_checktype(L, 1, LUA_TTABLE);
    api_checkopts(L, 1, names);
    lua_settop(L, 1);
    lua_getfield(L, 1, "cpu");
    lua_getfield(L, 1, "memory");
    lua_Number cpu = luaL_optnumber(L, 2, (lua_Number)e->cpu_limit / ENGINE_TICKS);
    luaL_argcheck(L, 0 <= cpu && cpu <= 1e8, 1, "'cpu' is not a number of seconds");
    lua_Integer memory = luaL_optinteger(L, 3, (lua_Integer)e->memory.limit);
    luaL_argcheck(L, 0 <= memory, 1, "'memory' is not a number of bytes");
    e->cpu_limit = (int)(cpu * ENGINE_TICKS + 0.999);
    e->memory.limit = (size_t)memory;
    e->reserve = 0;
    return 0;
}

/* guard.memory() -> { used, limit, refused_at } */
static int l_guard_memory(lua_State *L) {
    struct engine *e = engine_of(L);
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, (lua_Integer)e->memory.used);
    lua_setfield(L, -2, "used");
    lua_pushinteger(L, (lua_Integer)(e->memory.limit - e->reserve));
    lua_setfield(L, -2, "limit");
    if (e->refused_at[0] != '\0') {
        lua_pushstring(L, e->refused_at);
        lua_setfield(L, -2, "refused_at");
    }
    return 1;
}

static const luaL_Reg guard_functions[] = {
    {"set_read_only", l_guard_set_read_only},
    {"is_read_only", l_guard_is_read_only},
    {"limit", l_guard_limit},
    {"memory", l_guard_memory},
    {NULL, NULL},
};

int luaopen_native_guard(lua_State *L) {
    luaL_newlib(L, guard_functions);
    return 1;
}
