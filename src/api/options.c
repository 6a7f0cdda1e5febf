#include "api/options.h"

#include <lauxlib.h>
#include <limits.h>
#include <string.h>

#define MOST_SECONDS (INT_MAX / 1000) /* as milliseconds they fit an int */

static int known(const char *name, const char *const names[]) {
    for (; *names != NULL; names++)
        if (strcmp(name, *names) == 0)
            return 1;
    return 0;
}

void api_checkopts(lua_State *L, int arg, const char *const names[]) {
    if (lua_isnoneornil(L, arg))
        return;
    luaL_checktype(L, arg, LUA_TTABLE);
    lua_newtable(L);
    int copy = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, arg);) {
        /* look at the type first: lua_tostring would change a numeric key under
         * lua_next */
        if (lua_type(L, -2) != LUA_TSTRING || !known(lua_tostring(L, -2), names))
            luaL_argerror(
                L, arg,
                lua_pushfstring(L, "unknown option '%s'", luaL_tolstring(L, -2, NULL)));
        lua_pushvalue(L, -2);
        lua_insert(L, -2); /* key, key, value */
        lua_rawset(L, copy);
    }
    lua_replace(L, arg);
}

int api_rawfield(lua_State *L, int index, const char *name) {
    index = lua_absindex(L, index);
    lua_pushstring(L, name);
    return lua_rawget(L, index);
}

/* Push the option of that name; false, with nothing pushed, if it is not there. */
static bool pushoption(lua_State *L, int arg, const char *name) {
    if (!lua_istable(L, arg))
        return false;
    if (api_rawfield(L, arg, name) != LUA_TNIL)
        return true;
    lua_pop(L, 1);
    return false;
}

const char *api_optstring(lua_State *L, int arg, const char *name) {
    if (!pushoption(L, arg, name))
        return NULL;
    const char *text = lua_tostring(L, -1);
    if (lua_type(L, -1) != LUA_TSTRING)
        luaL_argerror(L, arg, lua_pushfstring(L, "'%s' must be a string", name));
    lua_pop(L, 1);
    return text;
}

bool api_optflag(lua_State *L, int arg, const char *name, bool otherwise) {
    if (!pushoption(L, arg, name))
        return otherwise;
    bool yes = lua_toboolean(L, -1);
    if (!lua_isboolean(L, -1))
        luaL_argerror(L, arg, lua_pushfstring(L, "'%s' must be true or false", name));
    lua_pop(L, 1);
    return yes;
}

lua_Integer api_optinteger(lua_State *L, int arg, const char *name, lua_Integer least,
                           lua_Integer most, lua_Integer otherwise) {
    int whole;
    if (!pushoption(L, arg, name))
        return otherwise;
    lua_Integer n = lua_tointegerx(L, -1, &whole);
    if (lua_type(L, -1) != LUA_TNUMBER || !whole || n < least || n > most)
        luaL_argerror(L, arg,
                      most == LUA_MAXINTEGER
                          ? lua_pushfstring(L, "'%s' must be a whole number, %I or more",
                                            name, least)
                          : lua_pushfstring(L,
                                            "'%s' must be a whole number from %I to %I",
                                            name, least, most));
    lua_pop(L, 1);
    return n;
}

lua_Number api_optnumber(lua_State *L, int arg, const char *name, lua_Number most) {
    if (!pushoption(L, arg, name))
        return 0;
    lua_Number n = lua_tonumber(L, -1);
    if (lua_type(L, -1) != LUA_TNUMBER || !(0 < n && n <= most))
        luaL_argerror(
            L, arg,
            lua_pushfstring(L, "'%s' must be a number over 0, at most %f", name, most));
    lua_pop(L, 1);
    return n;
}

int api_optms(lua_State *L, int arg, const char *name, int otherwise) {
    if (!pushoption(L, arg, name))
        return otherwise;
    lua_Number seconds = lua_tonumber(L, -1);
    if (!lua_isnumber(L, -1) || !(0 < seconds && seconds <= MOST_SECONDS))
        luaL_argerror(
            L, arg,
            lua_pushfstring(L, "'%s' must be a number of seconds, over 0 and at most %d",
                            name, MOST_SECONDS));
    lua_pop(L, 1);
    int ms = (int)(seconds * 1000);
    return ms < seconds * 1000 ? ms + 1 : ms; /* 0 would mean the default */
}
