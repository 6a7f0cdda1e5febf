/* null.c -- JSON's null has a name: tostring is "null", and what cannot be done with it says so.
 *
 * null is the light userdata NULL. All light userdata have one metatable, and scripts meet no
 * other one. */

#include "api/libs.h"

#include <lauxlib.h>

/* tostring(null) */
static int l_null_tostring(lua_State *L) {
    lua_pushliteral(L, "null");
    return 1;
}

/* null[name] */
static int l_null_index(lua_State *L) {
    return luaL_error(L, "null (JSON): it has no field '%s'", luaL_tolstring(L, 2, NULL));
}

/* null[name] = value */
static int l_null_newindex(lua_State *L) {
    return luaL_error(L, "null (JSON): its field '%s' cannot be set",
                      luaL_tolstring(L, 2, NULL));
}

/* What else was tried, upvalue 1. */
static int l_null_refuse(lua_State *L) {
    return luaL_error(L, "null (JSON): it cannot be %s",
                      lua_tostring(L, lua_upvalueindex(1)));
}

void api_opennull(lua_State *L) {
    static const char *const refused[][2] = {
        {"__call", "called"},
        {"__len", "counted"},
        {"__concat", "joined to a text"},
        {"__lt", "compared"},
        {"__le", "compared"},
        {"__add", "calculated with"},
        {"__sub", "calculated with"},
        {"__mul", "calculated with"},
        {"__div", "calculated with"},
        {"__idiv", "calculated with"},
        {"__mod", "calculated with"},
        {"__pow", "calculated with"},
        {"__unm", "calculated with"},
    };
    lua_pushlightuserdata(L, NULL);
    lua_newtable(L);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        lua_pushstring(L, refused[i][1]);
        lua_pushcclosure(L, l_null_refuse, 1);
        lua_setfield(L, -2, refused[i][0]);
    }
    lua_pushcfunction(L, l_null_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushcfunction(L, l_null_index);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, l_null_newindex);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(
        L, 0); /* getmetatable(null) is false: null is no iterator and no object */
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}
