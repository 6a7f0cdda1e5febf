#include "api/options.h"

#include <lauxlib.h>
#include <limits.h>
#include <string.h>

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
    for (lua_pushnil(L); lua_next(L, arg); lua_pop(L, 1)) {
        /* lua_tostring would change a numeric key under lua_next: look first */
        if (lua_type(L, -2) != LUA_TSTRING || !known(lua_tostring(L, -2), names))
            luaL_argerror(
                L, arg,
                lua_pushfstring(L, "unknown option '%s'", luaL_tolstring(L, -2, NULL)));
    }
}

int api_rawfield(lua_State *L, int index, const char *name) {
    index = lua_absindex(L, index);
    lua_pushstring(L, name);
    return lua_rawget(L, index);
}

const char *api_optstring(lua_State *L, int arg, const char *name) {
    const char *text = NULL;
    if (!lua_istable(L, arg))
        return NULL;
    int type = api_rawfield(L, arg, name);
    if (type == LUA_TSTRING)
        text = lua_tostring(L, -1);
    else if (type != LUA_TNIL)
        luaL_argerror(L, arg, lua_pushfstring(L, "'%s' is not a string", name));
    lua_pop(L, 1);
    return text;
}

int api_optms(lua_State *L, int arg, const char *name) {
    lua_Number seconds = 0;
    if (!lua_istable(L, arg))
        return 0;
    int type = api_rawfield(L, arg, name);
    if (type != LUA_TNIL) {
        seconds = lua_tonumber(L, -1);
        if (type != LUA_TNUMBER || !(0 < seconds && seconds <= INT_MAX / 1000))
            luaL_argerror(L, arg,
                          lua_pushfstring(L, "'%s' is not a number of seconds", name));
    }
    lua_pop(L, 1);
    int ms = (int)(seconds * 1000);
    return ms < seconds * 1000 ? ms + 1 : ms; /* 0 would mean the default */
}

lua_Number api_optnumber(lua_State *L, int arg, const char *name, lua_Number most,
                         bool whole) {
    lua_Number n = 0;
    if (!lua_istable(L, arg))
        return 0;
    int type = api_rawfield(L, arg, name);
    if (type != LUA_TNIL) {
        n = lua_tonumber(L, -1);
        if (type != LUA_TNUMBER || !(0 < n && n <= most) ||
            (whole && !lua_isinteger(L, -1)))
            luaL_argerror(L, arg, lua_pushfstring(L, "'%s' is out of range", name));
    }
    lua_pop(L, 1);
    return n;
}

bool api_optflag(lua_State *L, int arg, const char *name, bool otherwise) {
    bool yes = otherwise;
    if (!lua_istable(L, arg))
        return otherwise;
    int type = api_rawfield(L, arg, name);
    if (type == LUA_TBOOLEAN)
        yes = lua_toboolean(L, -1);
    else if (type != LUA_TNIL)
        luaL_argerror(L, arg, lua_pushfstring(L, "'%s' is not a boolean", name));
    lua_pop(L, 1);
    return yes;
}
