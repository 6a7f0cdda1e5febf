#include "api/headers.h"

#include "api/api.h"
#include "net/response.h"

#include <string.h>
#include <strings.h>

/* Push the line for the name at -2 and the value at -1. [-0, +1, v] */
static void pushline(lua_State *L, int arg, const char *forbidden) {
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
        luaL_argerror(L, arg, "'headers' must map names to strings");
    size_t name_size, value_size;
    const char *name = lua_tolstring(L, -2, &name_size);
    const char *value = lua_tolstring(L, -1, &value_size);
    if (name_size == 0 || strcspn(name, ": \t\r\n") != name_size ||
        strcspn(value, "\r\n") != value_size)
        luaL_argerror(L, arg, lua_pushfstring(L, "not a header: '%s'", name));
    if (forbidden != NULL && strcasecmp(name, forbidden) == 0)
        luaL_argerror(L, arg,
                      lua_pushfstring(L, "the header %s is the connection's", forbidden));
    /* with "Name:" libcurl would leave the header out */
    lua_pushfstring(L, value_size > 0 ? "%s: %s" : "%s;", name, value);
}

const char *const *api_pushheaderlines(lua_State *L, int arg, const char *forbidden) {
    lua_newtable(L);
    int lines = lua_gettop(L);
    lua_Integer count = 0;
    if (lua_istable(L, arg) && api_rawfield(L, arg, "headers") != LUA_TNIL) {
        luaL_argcheck(L, lua_istable(L, -1), arg, "'headers' must be a table");
        for (lua_pushnil(L); lua_next(L, lines + 1); lua_pop(L, 1)) {
            pushline(L, arg, forbidden);
            lua_rawseti(L, lines, ++count);
        }
    }
    lua_settop(L, lines);
    return api_pushlist(L, lines, count);
}

/* Push the name in lower case. [-0, +1, m] */
static void pushlower(lua_State *L, const char *name, size_t size) {
    char small[64];
    luaL_Buffer buffer;
    char *to = size <= sizeof small ? small : luaL_buffinitsize(L, &buffer, size);
    for (size_t i = 0; i < size; i++)
        to[i] =
            (char)('A' <= name[i] && name[i] <= 'Z' ? name[i] + ('a' - 'A') : name[i]);
    if (to == small)
        lua_pushlstring(L, small, size);
    else
        luaL_pushresultsize(&buffer, size);
}

void api_addheader(lua_State *L, const char *name, size_t name_size, const char *value,
                   size_t value_size) {
    pushlower(L, name, name_size); /* headers, name */
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_pushlstring(L, value, value_size);
    } else {
        lua_pushliteral(L, ", ");
        lua_pushlstring(L, value, value_size);
        lua_concat(L, 3);
    }
    lua_rawset(L, -3);
}

void api_pushheaders(lua_State *L, const struct buf *lines) {
    struct response_field f = {0};
    lua_newtable(L);
    while (response_next(lines, &f))
        api_addheader(L, f.name, f.name_size, f.value, f.value_size);
}
