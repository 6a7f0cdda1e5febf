/* l_json.c -- `native.json`: the library, with the values that stand for arrays and
 * numbers. */

#include "api/api.h"
#include "api/json.h"
#include "api/json_parts.h"
#include "api/libs.h"
#include "base/jsonnumber.h"

#define TEXT_DEFAULT (1 << 30)

/* json.decode(text [, {max_depth = n, max_bytes = n, nulls = flag}]) -> value */
static int l_json_decode(lua_State *L) {
    static const char *const options[] = {"max_depth", "max_bytes", "nulls", NULL};
    struct fault f;
    luaL_checktype(L, 1, LUA_TSTRING);
    lua_settop(L, 2);
    api_checkopts(L, 2, options);
    lua_Integer depth =
        api_optinteger(L, 2, "max_depth", 1, JSONSCAN_DEPTH_MAX, JSON_DEPTH);
    lua_Integer bytes = api_optinteger(L, 2, "max_bytes", 0, JSON_TEXT_MAX, TEXT_DEFAULT);
    struct json_nulls nulls = {.drop = !api_optflag(L, 2, "nulls", true)};
    if (lua_rawlen(L, 1) > (size_t)bytes) {
        fault_set(&f, FAULT_PARSE, "a text of %zu bytes is longer than %lld",
                  (size_t)lua_rawlen(L, 1), (long long)bytes);
        return api_fault(L, "json.decode", &f);
    }
    lua_settop(L, 1);
    json_decode(L, "json.decode", 1, (size_t)depth, nulls);
    return 1;
}

/* value: of a list that was read, all rows are there now */
static int encode(lua_State *L, int status, lua_KContext indent) {
    (void)status;
    json_encode(L, "json.encode", 1, (int)indent);
    return 1;
}

/* json.encode(value [, {indent = n}]) -> string */
static int l_json_encode(lua_State *L) {
    static const char *const options[] = {"indent", NULL};
    luaL_checkany(L, 1);
    lua_settop(L, 2);
    api_checkopts(L, 2, options);
    lua_Integer indent = api_optinteger(L, 2, "indent", 0, 16, -1);
    lua_settop(L, 1);
    if (lua_istable(L, 1) && json_parts_pushread(L, 1)) {
        lua_pushvalue(L, 1);
        lua_callk(L, 1, 0, indent, encode);
    }
    return encode(L, LUA_OK, indent);
}

/* json.array([list]) -> list */
static int l_json_array(lua_State *L) {
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    luaL_getmetatable(L, JSON_ARRAY_MT);
    if (lua_getmetatable(L, 1)) {
        luaL_argcheck(L, lua_rawequal(L, -1, 2), 1, "has another metatable");
        lua_pop(L, 1);
    }
    lua_setmetatable(L, 1);
    return 1;
}

/* json.is_array(value) -> boolean */
static int l_json_is_array(lua_State *L) {
    size_t n;
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    luaL_getmetatable(L, JSON_ARRAY_MT);
    lua_pushboolean(L, lua_istable(L, 1) && (json_parts_marked(L, 1, 2) ||
                                             (json_parts_sequence(L, 1, &n) && n > 0)));
    return 1;
}

/* json.number(text) -> number */
static int l_json_number(lua_State *L) {
    struct jsonnumber_shape shape;
    const char *wrong;
    luaL_checktype(L, 1, LUA_TSTRING);
    size_t size;
    const char *text = lua_tolstring(L, 1, &size);
    const char *end = jsonnumber_scan(text, &shape, &wrong);
    luaL_argcheck(L, end == text + size, 1, "not a number in JSON");
    luaL_getmetatable(L, JSON_NUMBER_MT);
    json_parts_pushwritten(L, text, size, lua_gettop(L));
    return 1;
}

static const luaL_Reg json_functions[] = {
    {"decode", l_json_decode},     {"encode", l_json_encode}, {"array", l_json_array},
    {"is_array", l_json_is_array}, {"number", l_json_number}, {NULL, NULL},
};

int luaopen_native_json(lua_State *L) {
    json_parts_push(L); /* makes the metatables that the functions use */
    luaL_newlib(L, json_functions);
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    return 1;
}
