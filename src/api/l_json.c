/* l_json.c -- `native.json`: decoding, by lua-cjson between two passes of our own, and the
 * library's table.
 *
 * lua-cjson makes a double of every number and a table of every array, and takes some texts
 * that are no JSON. So a scan checks the text first and lists what cjson would lose; those
 * places are replaced, in the text that cjson gets, by whole numbers from MARK_FIRST up,
 * which no number left in the text can be; and a walk over what cjson made puts the right
 * values in their place, turns whole doubles into integers, and marks the arrays. */

#include "api/libs.h"

#include "api/api.h"
#include "api/json.h"
#include "base/numtext.h"

#include <limits.h>
#include <locale.h>
#include <lua-cjson.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_MT  "tarn.json.array"
#define NUMBER_MT "tarn.json.number"

#define MARK_FIRST  9000000000000000 /* plus one for each mark; below 2^53, so exact */
#define MARK_DIGITS 16

/* lua-cjson counts bytes in ints. */
#define TEXT_MAX     (INT_MAX - 1024)
#define TEXT_DEFAULT (1 << 30)

/* Scratch beyond this is not kept from call to call. */
#define KEEP_MAX (1 << 16)

static const char parts_key; /* its address is the key in the registry */

/* ---- the parts ---- */

/* tostring(number) */
static int l_number_tostring(lua_State *L) {
    const char *text = luaL_checkudata(L, 1, NUMBER_MT);
    lua_pushlstring(L, text, lua_rawlen(L, 1));
    return 1;
}

/* number == number: the same text */
static int l_number_eq(lua_State *L) {
    const char *a = luaL_testudata(L, 1, NUMBER_MT);
    const char *b = luaL_testudata(L, 2, NUMBER_MT);
    size_t size = a != NULL ? lua_rawlen(L, 1) : 0;
    lua_pushboolean(L, a != NULL && b != NULL && size == lua_rawlen(L, 2) &&
                           memcmp(a, b, size) == 0);
    return 1;
}

static void pushnumber(lua_State *L, const char *text, size_t size, int number_mt) {
    memcpy(lua_newuserdatauv(L, size, 0), text, size);
    lua_pushvalue(L, number_mt);
    lua_setmetatable(L, -2);
}

/* scratch.__gc */
static int l_scratch_free(lua_State *L) {
    struct json_scratch *s = lua_touserdata(L, 1);
    jsonscan_free(&s->scan);
    buf_free(&s->out);
    buf_free(&s->members);
    return 0;
}

/* Call a function of cjson's, for one result, in the C locale: strtod minds the locale that
 * a script has set. Returns the status. [-(nargs + 1), +1, -] */
static int call_in_c(lua_State *L, int nargs) {
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale_t old = uselocale(c);
    int status = lua_pcall(L, nargs, 1, 0);
    uselocale(old);
    freelocale(c);
    return status;
}

/* Open an instance of lua-cjson for us alone, and push its decode. [-0, +1, m] */
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

void json_pushparts(lua_State *L) {
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &parts_key) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    lua_createtable(L, JSON_SCRATCH, 0);
    lua_pushcfunction(L, opencjson);
    if (call_in_c(L, 0) != LUA_OK)
        lua_error(L);
    lua_rawseti(L, -2, JSON_DECODE);
    luaL_newmetatable(L, ARRAY_MT);
    lua_rawseti(L, -2, JSON_ARRAY_MT);
    luaL_newmetatable(L, NUMBER_MT);
    luaL_setfuncs(L, number_meta, 0);
    lua_rawseti(L, -2, JSON_NUMBER_MT);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, l_scratch_free);
    lua_setfield(L, -2, "__gc");
    lua_rawseti(L, -2, JSON_SCRATCH_MT);
    lua_pushboolean(L, 0);
    lua_rawseti(L, -2, JSON_SCRATCH);
    /* only what is complete can be found */
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &parts_key);
}

struct json_scratch *json_take(lua_State *L, int parts) {
    if (lua_rawgeti(L, parts, JSON_SCRATCH) == LUA_TUSERDATA) {
        lua_pushboolean(L, 0);
        lua_rawseti(L, parts, JSON_SCRATCH);
        return lua_touserdata(L, -1);
    }
    lua_pop(L, 1);
    struct json_scratch *s = lua_newuserdatauv(L, sizeof *s, 0);
    *s = (struct json_scratch){0};
    lua_rawgeti(L, parts, JSON_SCRATCH_MT);
    lua_setmetatable(L, -2);
    return s;
}

static void trim(struct buf *b) {
    if (b->room > KEEP_MAX)
        buf_free(b);
}

void json_give(lua_State *L, int parts) {
    struct json_scratch *s = lua_touserdata(L, -1);
    trim(&s->scan.marks);
    trim(&s->out);
    trim(&s->members);
    lua_rawseti(L, parts, JSON_SCRATCH);
}

bool json_marked(lua_State *L, int index, int array_mt) {
    if (!lua_getmetatable(L, index))
        return false;
    bool marked = lua_rawequal(L, -1, array_mt);
    lua_pop(L, 1);
    return marked;
}

bool json_sequence(lua_State *L, int index, size_t *n) {
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

/* ---- before cjson ---- */

static unsigned hex_digit(char c) {
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

/* The escape of a surrogate becomes its bytes in UTF-8's manner, which cjson lets pass. */
static void put_surrogate(const char *escape, char *out) {
    unsigned code = 0;
    for (int i = 2; i < 6; i++)
        code = code << 4 | hex_digit(escape[i]);
    out[0] = (char)(0xe0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 0x3f));
    out[2] = (char)(0x80 | (code & 0x3f));
}

static size_t size_marked(const char *text, size_t size, const struct jsonscan *scan) {
    const struct jsonscan_mark *marks = jsonscan_marks(scan);
    for (size_t i = 0; i < jsonscan_count(scan); i++)
        size += (text[marks[i].at] == '\\' ? 3 : MARK_DIGITS) - marks[i].size;
    return size;
}

/* Push the text with its marked places replaced. [-0, +1, m] */
static void pushmarked(lua_State *L, const char *text, size_t size,
                       const struct jsonscan *scan) {
    const struct jsonscan_mark *marks = jsonscan_marks(scan);
    luaL_Buffer b;
    size_t all = size_marked(text, size, scan), at = 0;
    char *out = luaL_buffinitsize(L, &b, all);
    for (size_t i = 0; i < jsonscan_count(scan); i++) {
        char digits[NUMTEXT_ROOM];
        memcpy(out, text + at, marks[i].at - at);
        out += marks[i].at - at;
        at = marks[i].at + marks[i].size;
        if (text[marks[i].at] == '\\') {
            put_surrogate(text + marks[i].at, out);
            out += 3;
        } else {
            numtext_put_integer(MARK_FIRST + (int64_t)i, digits);
            memcpy(out, digits, MARK_DIGITS);
            out += MARK_DIGITS;
        }
    }
    memcpy(out, text + at, size - at);
    luaL_pushresultsize(&b, all);
}

/* ---- after cjson ---- */

struct walk {
    lua_State *L;
    const char *text;
    const struct jsonscan_mark *marks;
    int array_mt, number_mt; /* where they are on the stack */
};

/* Push what the text says at a marked place. [-0, +1, m] */
static void pushmark(const struct walk *w, const struct jsonscan_mark *m) {
    int64_t i;
    double d;
    if (w->text[m->at] == '[') {
        lua_newtable(w->L);
        lua_pushvalue(w->L, w->array_mt);
        lua_setmetatable(w->L, -2);
        return;
    }
    switch (numtext_read(w->text + m->at, m->size, &i, &d)) {
    case NUMTEXT_INTEGER:
        lua_pushinteger(w->L, i);
        break;
    case NUMTEXT_DOUBLE:
        lua_pushnumber(w->L, d);
        break;
    case NUMTEXT_OTHER:
        pushnumber(w->L, w->text + m->at, m->size, w->number_mt);
        break;
    }
}

/* Put the right value in the place of the number on top of the stack; false if it is
 * right already. [-0, +0, m] */
static bool settle_number(const struct walk *w) {
    lua_Number d = lua_tonumber(w->L, -1);
    lua_Integer i = (lua_Integer)d;
    if (d >= MARK_FIRST) {
        lua_pop(w->L, 1);
        pushmark(w, &w->marks[i - MARK_FIRST]);
        return true;
    }
    if ((lua_Number)i != d)
        return false;
    lua_pop(w->L, 1);
    lua_pushinteger(w->L, i);
    return true;
}

static void settle_table(const struct walk *w);

/* The same for any value. [-0, +0, m] */
static bool settle(const struct walk *w) {
    switch (lua_type(w->L, -1)) {
    case LUA_TNUMBER:
        return settle_number(w);
    case LUA_TTABLE:
        settle_table(w);
        return false;
    default:
        return false;
    }
}

/* Settle all that is in the table on top of the stack. Its size is not changed, so
 * lua_next may go on. [-0, +0, m] */
static void settle_table(const struct walk *w) {
    lua_State *L = w->L;
    int table = lua_gettop(L);
    lua_Integer n = (lua_Integer)lua_rawlen(L, table); /* keys of objects are strings */
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, table, i);
        if (settle(w))
            lua_rawseti(L, table, i);
        else
            lua_pop(L, 1);
    }
    if (n > 0) {
        lua_pushvalue(L, w->array_mt);
        lua_setmetatable(L, table);
        return;
    }
    for (lua_pushnil(L); lua_next(L, table);) {
        if (settle(w)) {
            lua_pushvalue(L, -2); /* key, value, key */
            lua_insert(L, -2);
            lua_rawset(L, table);
        } else {
            lua_pop(L, 1);
        }
    }
}

/* lua-cjson ends the process if it cannot have a buffer as long as the text: ask first. */
static bool has_memory(size_t size) {
    void *volatile probe = malloc(size);
    bool got = probe != NULL;
    free(probe);
    return got;
}

/* Call cjson's decode, below its text on the stack. [-2, +1, v] */
static void callcjson(lua_State *L, const char *op) {
    int status = call_in_c(L, 1);
    if (status == LUA_ERRRUN) { /* a text that only one of the two takes */
        struct fault f;
        fault_set(&f, FAULT_PARSE, "%s", lua_tostring(L, -1));
        api_fault(L, op, &f);
    }
    if (status != LUA_OK)
        lua_error(L);
}

/* Decode the string at `index`. [-0, +1, v] */
static void decode(lua_State *L, const char *op, int index, size_t max_depth) {
    struct fault f;
    size_t size;
    const char *text = lua_tolstring(L, index, &size);
    int top = lua_gettop(L);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    json_pushparts(L);
    struct json_scratch *s = json_take(L, top + 1);
    if (!jsonscan_run(&s->scan, text, size, max_depth, &f)) {
        json_give(L, top + 1);
        api_fault(L, op, &f);
    }
    size_t all = size_marked(text, size, &s->scan);
    if (all > TEXT_MAX || !has_memory(all + 1)) {
        fault_set(&f, FAULT_IO, "out of memory for a text of %zu bytes", size);
        api_fault(L, op, &f);
    }
    lua_rawgeti(L, top + 1, JSON_ARRAY_MT);
    lua_rawgeti(L, top + 1, JSON_NUMBER_MT);
    lua_rawgeti(L, top + 1, JSON_DECODE);
    if (jsonscan_count(&s->scan) > 0)
        pushmarked(L, text, size, &s->scan);
    else
        lua_pushvalue(L, index);
    callcjson(L, op);
    luaL_checkstack(L, (int)(4 * s->scan.depth) + LUA_MINSTACK, "json nested too deep");
    struct walk w = {L, text, jsonscan_marks(&s->scan), top + 3, top + 4};
    settle(&w);
    lua_replace(L, top + 3); /* parts, scratch, value, ... */
    lua_settop(L, top + 3);
    lua_insert(L, top + 1); /* value, parts, scratch */
    json_give(L, top + 2);
    lua_settop(L, top + 1);
}

void api_json_decode(lua_State *L, const char *op, const char *text, size_t size) {
    struct fault f;
    if (size > TEXT_MAX) {
        fault_set(&f, FAULT_PARSE, "a text of %zu bytes is too long", size);
        api_fault(L, op, &f);
    }
    lua_pushlstring(L, text, size);
    decode(L, op, lua_gettop(L), JSON_DEPTH);
    lua_remove(L, -2);
}

void api_json_encode(lua_State *L, const char *op, int index) {
    json_encode(L, op, lua_absindex(L, index), -1);
}

/* ---- the library ---- */

/* A whole number among the options at `arg`, from `least` to `most`. */
static lua_Integer optinteger(lua_State *L, int arg, const char *name, lua_Integer least,
                              lua_Integer most, lua_Integer otherwise) {
    if (!lua_istable(L, arg) || lua_getfield(L, arg, name) == LUA_TNIL)
        return otherwise;
    int ok;
    lua_Integer value = lua_tointegerx(L, -1, &ok);
    if (!ok || lua_type(L, -1) != LUA_TNUMBER || value < least || value > most)
        luaL_argerror(L, arg,
                      lua_pushfstring(L, "'%s' must be a whole number from %I to %I",
                                      name, least, most));
    lua_pop(L, 1);
    return value;
}

/* json.decode(text [, {max_depth = n, max_bytes = n}]) -> value */
static int l_json_decode(lua_State *L) {
    static const char *const options[] = {"max_depth", "max_bytes", NULL};
    struct fault f;
    luaL_checktype(L, 1, LUA_TSTRING);
    lua_settop(L, 2);
    api_checkopts(L, 2, options);
    lua_Integer depth = optinteger(L, 2, "max_depth", 1, JSONSCAN_DEPTH_MAX, JSON_DEPTH);
    lua_Integer bytes = optinteger(L, 2, "max_bytes", 0, TEXT_MAX, TEXT_DEFAULT);
    if (lua_rawlen(L, 1) > (size_t)bytes) {
        fault_set(&f, FAULT_PARSE, "a text of %zu bytes is longer than %lld",
                  (size_t)lua_rawlen(L, 1), (long long)bytes);
        return api_fault(L, "json.decode", &f);
    }
    lua_settop(L, 1);
    decode(L, "json.decode", 1, (size_t)depth);
    return 1;
}

/* json.encode(value [, {indent = n}]) -> string */
static int l_json_encode(lua_State *L) {
    static const char *const options[] = {"indent", NULL};
    luaL_checkany(L, 1);
    lua_settop(L, 2);
    api_checkopts(L, 2, options);
    lua_Integer indent = optinteger(L, 2, "indent", 0, 16, -1);
    lua_settop(L, 1);
    json_encode(L, "json.encode", 1, (int)indent);
    return 1;
}

/* json.array([list]) -> list */
static int l_json_array(lua_State *L) {
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    luaL_getmetatable(L, ARRAY_MT);
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
    luaL_getmetatable(L, ARRAY_MT);
    lua_pushboolean(L, lua_istable(L, 1) &&
                           (json_marked(L, 1, 2) || (json_sequence(L, 1, &n) && n > 0)));
    return 1;
}

/* json.number(text) -> number */
static int l_json_number(lua_State *L) {
    struct numtext_shape shape;
    const char *wrong;
    luaL_checktype(L, 1, LUA_TSTRING);
    size_t size;
    const char *text = lua_tolstring(L, 1, &size);
    const char *end = numtext_scan(text, &shape, &wrong);
    luaL_argcheck(L, end == text + size, 1, "not a number in JSON");
    luaL_getmetatable(L, NUMBER_MT);
    pushnumber(L, text, size, lua_gettop(L));
    return 1;
}

static const luaL_Reg json_functions[] = {
    {"decode", l_json_decode},     {"encode", l_json_encode}, {"array", l_json_array},
    {"is_array", l_json_is_array}, {"number", l_json_number}, {NULL, NULL},
};

int luaopen_native_json(lua_State *L) {
    json_pushparts(L); /* the metatables, for the functions above */
    luaL_newlib(L, json_functions);
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    return 1;
}
