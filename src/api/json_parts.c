#include "api/json_parts.h"

#include "api/box.h"
#include "api/limits.h"
#include "base/jsonnumber.h"

#include <lauxlib.h>
#include <locale.h>
#include <lua-cjson.h>
#include <stdlib.h>
#include <string.h>

#define SCRATCH_MT "tarn.json.scratch"

/* Scratch memory larger than this is not kept from call to call. */
#define KEEP_MAX (1 << 16)

static const char parts_key; /* its address is the key in the registry */

/* tostring(number) */
static int l_number_tostring(lua_State *L) {
    const char *text = luaL_checkudata(L, 1, JSON_NUMBER_MT);
    lua_pushlstring(L, text, lua_rawlen(L, 1));
    return 1;
}

/* number == number: the same text */
static int l_number_eq(lua_State *L) {
    const char *a = luaL_testudata(L, 1, JSON_NUMBER_MT);
    const char *b = luaL_testudata(L, 2, JSON_NUMBER_MT);
    size_t size = a != NULL ? lua_rawlen(L, 1) : 0;
    lua_pushboolean(L, a != NULL && b != NULL && size == lua_rawlen(L, 2) &&
                           memcmp(a, b, size) == 0);
    return 1;
}

void json_parts_pushwritten(lua_State *L, const char *text, size_t size, int number_mt) {
    memcpy(lua_newuserdatauv(L, size, 0), text, size);
    lua_pushvalue(L, number_mt);
    lua_setmetatable(L, -2);
}

void json_parts_pushnumber(lua_State *L, const char *text, size_t size, int number_mt) {
    int64_t i;
    double d;
    switch (jsonnumber_read(text, size, &i, &d)) {
    case JSONNUMBER_INTEGER:
        lua_pushinteger(L, i);
        break;
    case JSONNUMBER_DOUBLE:
        lua_pushnumber(L, d);
        break;
    case JSONNUMBER_OTHER:
        json_parts_pushwritten(L, text, size, number_mt);
        break;
    }
}

/* scratch.__gc */
static int l_scratch_free(lua_State *L) {
    struct json_scratch *s = luaL_checkudata(L, 1, SCRATCH_MT);
    jsonscan_free(&s->scan);
    buf_free(&s->out);
    buf_free(&s->members);
    return 0;
}

int json_parts_call(lua_State *L, int nargs) {
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale_t old = uselocale(c);
    int status = lua_pcall(L, nargs, 1, 0);
    uselocale(old);
    freelocale(c);
    return status;
}

/* Open our own instance of lua-cjson, and push its decode. [-0, +1, m] */
static int opencjson(lua_State *L) {
    lua_settop(L, 0);
    luaopen_cjson(L);
    lua_getfield(L, 1, "decode_max_depth");
    lua_pushinteger(L, JSONSCAN_DEPTH_MAX);
    lua_call(L, 1, 0);
    lua_getfield(L, 1, "decode");
    return 1;
}

static const luaL_Reg number_meta[] = {
    {"__tostring", l_number_tostring},
    {"__eq", l_number_eq},
    {NULL, NULL},
};

static const luaL_Reg scratch_meta[] = {
    {"__gc", l_scratch_free},
    {NULL, NULL},
};

void json_parts_push(lua_State *L) {
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &parts_key) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    lua_createtable(L, JSON_PARTS_SCRATCH, 0);
    lua_pushcfunction(L, opencjson);
    if (json_parts_call(L, 0) != LUA_OK)
        lua_error(L);
    lua_rawseti(L, -2, JSON_PARTS_DECODE);
    luaL_newmetatable(L, JSON_ARRAY_MT);
    lua_rawseti(L, -2, JSON_PARTS_ARRAY_MT);
    api_pushtype(L, JSON_NUMBER_MT, number_meta, NULL);
    lua_rawseti(L, -2, JSON_PARTS_NUMBER_MT);
    api_pushtype(L, SCRATCH_MT, scratch_meta, NULL);
    lua_rawseti(L, -2, JSON_PARTS_SCRATCH_MT);
    lua_pushboolean(L, 0);
    lua_rawseti(L, -2, JSON_PARTS_SCRATCH);
    /* now that the table is complete, it may be found */
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &parts_key);
}

struct json_scratch *json_parts_take(lua_State *L, int parts) {
    if (lua_rawgeti(L, parts, JSON_PARTS_SCRATCH) == LUA_TUSERDATA) {
        lua_pushboolean(L, 0);
        lua_rawseti(L, parts, JSON_PARTS_SCRATCH);
        return lua_touserdata(L, -1);
    }
    lua_pop(L, 1);
    struct json_scratch *s = lua_newuserdatauv(L, sizeof *s, 0);
    *s = (struct json_scratch){
        .scan.marks = api_buf(L), .out = api_buf(L), .members = api_buf(L)};
    lua_rawgeti(L, parts, JSON_PARTS_SCRATCH_MT);
    lua_setmetatable(L, -2);
    return s;
}

static void trim(struct buf *b) {
    if (b->room > KEEP_MAX)
        buf_free(b);
}

void json_parts_give(lua_State *L, int parts) {
    struct json_scratch *s = lua_touserdata(L, -1);
    trim(&s->scan.marks);
    trim(&s->out);
    trim(&s->members);
    lua_rawseti(L, parts, JSON_PARTS_SCRATCH);
}

/* Push a field of the metatable of the table at `index`; false, without a push, if it is nil.
 * [-0, +(0|1), m] */
static bool pushmeta(lua_State *L, int index, const char *name) {
    if (!lua_getmetatable(L, index))
        return false;
    lua_pushstring(L, name);
    bool found = lua_rawget(L, -2) != LUA_TNIL;
    lua_remove(L, -2);
    if (!found)
        lua_pop(L, 1);
    return found;
}

bool json_parts_marked(lua_State *L, int index, int array_mt) {
    if (!lua_getmetatable(L, index))
        return false;
    bool marked = lua_rawequal(L, -1, array_mt);
    lua_pop(L, 1);
    if (!marked && pushmeta(L, index, "__list")) {
        lua_pop(L, 1);
        marked = true;
    }
    return marked;
}

bool json_parts_pushread(lua_State *L, int index) {
    return pushmeta(L, index, "__whole");
}

bool json_parts_sequence(lua_State *L, int index, size_t *n) {
    lua_Integer largest = 0;
    *n = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        lua_Integer key = lua_isinteger(L, -2) ? lua_tointeger(L, -2) : 0;
        if (key < 1) {
            lua_pop(L, 2);
            return false;
        }
        largest = key > largest ? key : largest;
        ++*n;
    }
    return (size_t)largest == *n;
}
