/* stdlib_list.c -- Lua's own functions for tables, for lists that are still read.
 *
 * The rows of a list of base.list come when they are asked for, and whoever asks may wait. A
 * function in C cannot wait in the middle of its work. So `next` and the functions of `table`
 * first read such a list to its end, and then call Lua's own; `ipairs` walks it as `pairs` does,
 * which reads row by row. */

#include "api/libs.h"

#include <lauxlib.h>

/* Call Lua's own function, upvalue 1, in our place: messages name the same function. */
static int plain(lua_State *L) {
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* Push a field of the metatable of the value at `index`, if that is a table. [-0, +(0|1), m] */
static int pushmeta(lua_State *L, int index, const char *name) {
    if (lua_type(L, index) != LUA_TTABLE || !lua_getmetatable(L, index))
        return 0;
    lua_pushstring(L, name);
    int type = lua_rawget(L, -2);
    lua_remove(L, -2);
    if (type == LUA_TNIL)
        lua_pop(L, 1);
    return type != LUA_TNIL;
}

/* Read the list at `index` to its end, if it is one that is still read; then the one at 5, which
 * table.move fills; then call Lua's own function. */
static int make_whole(lua_State *L, int status, lua_KContext index) {
    (void)status;
    for (; index <= lua_gettop(L) && index <= 5; index += 4)
        if (pushmeta(L, (int)index, "__whole")) {
            lua_pushvalue(L, (int)index);
            lua_callk(L, 1, 0, index + 4, make_whole);
        }
    return plain(L);
}

/* next(table [, key]), table.concat, .insert, .move, .remove, .sort, .unpack */
static int l_of_whole(lua_State *L) {
    return make_whole(L, LUA_OK, 1);
}

/* ipairs(table) -> iterator, table, 0 */
static int l_ipairs(lua_State *L) {
    if (!pushmeta(L, 1, "__list") || !pushmeta(L, 1, "__pairs")) {
        lua_settop(L, 1);
        luaL_checkany(L, 1);
        return plain(L);
    }
    lua_pushvalue(L, 1);
    lua_call(L, 1, 3);
    return 3;
}

/* Replace the function on top of the stack in the table below it. [-1, +0, m] */
static void replace(lua_State *L, const char *name, lua_CFunction function) {
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
}

void api_openlist(lua_State *L) {
    static const char *const of_table[] = {"concat", "insert", "move", "remove",
                                           "sort",   "unpack", NULL};
    lua_getglobal(L, "_G");
    replace(L, "next", l_of_whole);
    replace(L, "ipairs", l_ipairs);
    lua_getfield(L, -1, "table");
    for (const char *const *name = of_table; *name != NULL; name++)
        replace(L, *name, l_of_whole);
    lua_pop(L, 2);
}
