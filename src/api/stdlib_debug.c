/* stdlib_debug.c -- what scripts may reach through `debug`: all of Lua's own, and nothing of C's.
 *
 * A function in C trusts what lies in its upvalues and on its stack, and a box what its
 * metatable does. So none of them is given out or changed: such a function shows no upvalues,
 * its locals have no values, and which it is cannot be asked by its level; a box gives the
 * metatable that getmetatable gives. What has no name in the source of a script, such as the
 * state of a `for` or a table that is being filled, is the virtual machine's, which trusts it as
 * well. */

#include "api/libs.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

/* Our functions look first, and then call Lua's own, upvalue 1, in their place: so levels are
 * counted as ever, and messages name the same function. */
static int plain(lua_State *L) {
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* Many functions of `debug` begin with an optional thread. Where the argument behind it is. */
static int first(lua_State *L) {
    return lua_isthread(L, 1) ? 2 : 1;
}

/* debug.getinfo([thread,] f or level [, what]) -> table */
static int l_debug_getinfo(lua_State *L) {
    bool by_level = !lua_isfunction(L, first(L));
    int n = plain(L);
    if (by_level && lua_istable(L, -1)) {
        lua_getfield(L, -1, "func");
        if (lua_iscfunction(L, -1)) {
            lua_pushnil(L);
            lua_setfield(L, -3, "func");
        }
        lua_pop(L, 1);
    }
    return n;
}

/* True if that is the name of a variable in a script, its further arguments included. */
static bool is_own(const char *name) {
    return name[0] != '(' || strcmp(name, "(vararg)") == 0;
}

/* debug.getlocal([thread,] f or level, n) -> name, value */
static int l_debug_getlocal(lua_State *L) {
    int n = plain(L);
    if (n == 2 && !is_own(lua_tostring(L, -2))) {
        lua_pop(L, 1);
        lua_pushnil(L);
    }
    return n;
}

/* debug.setlocal([thread,] level, n, value) -> name */
static int l_debug_setlocal(lua_State *L) {
    lua_State *of = lua_isthread(L, 1) ? lua_tothread(L, 1) : L;
    int level = (int)luaL_checkinteger(L, first(L));
    int n = (int)luaL_checkinteger(L, first(L) + 1);
    lua_Debug ar;
    if (lua_getstack(of, level, &ar) && lua_checkstack(of, 1)) {
        const char *name = lua_getlocal(of, &ar, n);
        if (name != NULL)
            lua_pop(of, 1);
        if (name != NULL && !is_own(name))
            return luaL_error(L, "'%s' is no variable of a script", name);
    }
    return plain(L);
}

/* debug.getmetatable(value) -> table */
static int l_debug_getmetatable(lua_State *L) {
    if (lua_type(L, 1) == LUA_TUSERDATA && luaL_getmetafield(L, 1, "__metatable"))
        return 1;
    return plain(L);
}

/* debug.getupvalue(f, n), setupvalue(f, n, value), upvalueid(f, n): as if it had none. */
static int l_debug_upvalue(lua_State *L) {
    luaL_checkinteger(L, 2);
    luaL_checktype(L, 1, LUA_TFUNCTION);
    if (!lua_iscfunction(L, 1))
        return plain(L);
    luaL_pushfail(L);
    return 1;
}

static const luaL_Reg debug_functions[] = {
    {"getinfo", l_debug_getinfo},    {"getlocal", l_debug_getlocal},
    {"setlocal", l_debug_setlocal},  {"getmetatable", l_debug_getmetatable},
    {"getupvalue", l_debug_upvalue}, {"setupvalue", l_debug_upvalue},
    {"upvalueid", l_debug_upvalue},  {NULL, NULL},
};

void api_opendebug(lua_State *L) {
    static const char *const removed[] = {
        "debug", /* a prompt of its own, which would hold the loop */
        "getregistry", "getuservalue", "setuservalue", "setmetatable", "setcstacklimit",
        "sethook", /* the hook is the host's: it ends what computes for too long */
        NULL};
    lua_getglobal(L, "debug");
    for (const luaL_Reg *f = debug_functions; f->name != NULL; f++) {
        lua_getfield(L, -1, f->name);
        lua_pushcclosure(L, f->func, 1);
        lua_setfield(L, -2, f->name);
    }
    for (const char *const *name = removed; *name != NULL; name++) {
        lua_pushnil(L);
        lua_setfield(L, -2, *name);
    }
    lua_pop(L, 1);
}
