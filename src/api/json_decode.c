/* json_decode.c -- the decoder of `native.json`: lua-cjson between two passes of our own.
 *
 * lua-cjson makes a double of every number and a plain table of every array, and accepts
 * some texts that are no JSON. So a scan first checks the text and lists the places where
 * cjson would lose something. In the text that cjson gets, these places are replaced by
 * whole numbers from MARK_FIRST up, which are larger than any number that is left in the
 * text. A walk over the value that cjson has made then puts the right values in these
 * places, turns whole doubles into integers, marks the arrays, and leaves out nulls if that
 * is asked for. */

#include "api/json.h"

#include "api/api.h"
#include "api/json_parts.h"
#include "api/limits.h"
#include "base/jsonnumber.h"

#include <stdlib.h>
#include <string.h>

#define MARK_FIRST  9000000000000000 /* one more for each mark; below 2^53, so exact */
#define MARK_DIGITS 16

/* ---- before cjson ---- */

static unsigned hex_digit(char c) {
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

/* Replace the escape of a surrogate by its bytes in UTF-8's manner, which cjson
 * accepts. */
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
        char digits[JSONNUMBER_ROOM];
        memcpy(out, text + at, marks[i].at - at);
        out += marks[i].at - at;
        at = marks[i].at + marks[i].size;
        if (text[marks[i].at] == '\\') {
            put_surrogate(text + marks[i].at, out);
            out += 3;
        } else {
            jsonnumber_put_integer(MARK_FIRST + (int64_t)i, digits);
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
    int array_mt, number_mt; /* their places on the stack */
    struct json_nulls nulls;
};

/* Push the value that the text has at a marked place. [-0, +1, m] */
static void pushmark(const struct walk *w, const struct jsonscan_mark *m) {
    if (w->text[m->at] == '[') {
        lua_newtable(w->L);
        lua_pushvalue(w->L, w->array_mt);
        lua_setmetatable(w->L, -2);
    } else {
        json_parts_pushnumber(w->L, w->text + m->at, m->size, w->number_mt);
    }
}

/* Replace the number on top of the stack by the right value; false if it is
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

static bool is_null(lua_State *L, int index) {
    return lua_islightuserdata(L, index) && lua_touserdata(L, index) == NULL;
}

/* As settle_number, for any value. [-0, +0, m] */
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

/* Settle the `n` elements of the table at `table`, and close the gaps where nulls are left
 * out. [-0, +0, m] */
static void settle_elements(const struct walk *w, int table, lua_Integer n) {
    lua_State *L = w->L;
    lua_Integer kept = 0;
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, table, i);
        if (w->nulls.drop && is_null(L, -1)) {
            lua_pop(L, 1);
            continue;
        }
        kept++;
        if (settle(w) || kept != i)
            lua_rawseti(L, table, kept);
        else
            lua_pop(L, 1);
    }
    while (n > kept) {
        lua_pushnil(L);
        lua_rawseti(L, table, n--);
    }
    lua_pushvalue(L, w->array_mt);
    lua_setmetatable(L, table);
}

/* Settle the field whose key and value are on top of the stack, and leave the key. To set
 * an existing field, also to nil, is allowed during lua_next. [-1, +0, m] */
static void settle_field(const struct walk *w, int table) {
    lua_State *L = w->L;
    if (w->nulls.drop && is_null(L, -1)) {
        lua_pop(L, 1);
        lua_pushnil(L);
    } else if (!settle(w)) {
        lua_pop(L, 1);
        return;
    }
    lua_pushvalue(L, -2); /* key, value, key */
    lua_insert(L, -2);
    lua_rawset(L, table);
}

/* Settle all values in the table on top of the stack. [-0, +0, m] */
static void settle_table(const struct walk *w) {
    lua_State *L = w->L;
    int table = lua_gettop(L);
    lua_Integer n = (lua_Integer)lua_rawlen(L, table); /* keys of objects are strings */
    if (n > 0) {
        settle_elements(w, table, n);
        return;
    }
    for (lua_pushnil(L); lua_next(L, table);)
        settle_field(w, table);
}

/* Settle the whole value on top of the stack, with the nulls below its field `kept`. */
static void settle_all(struct walk *w, const char *kept) {
    lua_State *L = w->L;
    if (kept == NULL || lua_type(L, -1) != LUA_TTABLE || lua_rawlen(L, -1) > 0) {
        settle(w);
        return;
    }
    int table = lua_gettop(L);
    bool drop = w->nulls.drop;
    for (lua_pushnil(L); lua_next(L, table);) {
        bool exact = strcmp(lua_tostring(L, -2), kept) == 0 && !is_null(L, -1);
        w->nulls.drop = drop && !exact;
        settle_field(w, table);
    }
}

/* True if a buffer as long as the text can be had. Without it lua-cjson would end the
 * process. */
static bool has_memory(size_t size) {
    void *volatile probe = malloc(size);
    bool got = probe != NULL;
    free(probe);
    return got;
}

/* Call cjson's decode, which is below the text of `size` bytes on the stack. It has a buffer
 * as long as the text meanwhile. [-2, +1, v] */
static void callcjson(lua_State *L, const char *op, size_t size) {
    struct budget *memory = &engine_of(L)->memory;
    engine_make_room(L);
    if (!budget_take(memory, size))
        engine_no_memory(L);
    int status = json_parts_call(L, 1);
    budget_give(memory, size);
    if (status == LUA_ERRRUN) { /* our scan has accepted the text, but cjson has not */
        struct fault f;
        fault_set(&f, FAULT_PARSE, "%s", lua_tostring(L, -1));
        api_fault(L, op, &f);
    }
    if (status != LUA_OK)
        lua_error(L);
}

void json_decode(lua_State *L, const char *op, int index, size_t max_depth,
                 struct json_nulls nulls) {
    struct fault f;
    size_t size;
    const char *text = lua_tolstring(L, index, &size);
    int top = lua_gettop(L);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    json_parts_push(L);
    struct json_scratch *s = json_parts_take(L, top + 1);
    if (!jsonscan_run(&s->scan, text, size, max_depth, &f)) {
        json_parts_give(L, top + 1);
        api_fault(L, op, &f);
    }
    size_t all = size_marked(text, size, &s->scan);
    if (all > JSON_TEXT_MAX || !has_memory(all + 1)) {
        fault_memory(&f, "a text of %zu bytes", size);
        api_fault(L, op, &f);
    }
    lua_rawgeti(L, top + 1, JSON_PARTS_ARRAY_MT);
    lua_rawgeti(L, top + 1, JSON_PARTS_NUMBER_MT);
    lua_rawgeti(L, top + 1, JSON_PARTS_DECODE);
    if (jsonscan_count(&s->scan) > 0)
        pushmarked(L, text, size, &s->scan);
    else
        lua_pushvalue(L, index);
    callcjson(L, op, all + 1);
    luaL_checkstack(L, (int)(4 * s->scan.depth) + LUA_MINSTACK, "json nested too deep");
    struct walk w = {L, text, jsonscan_marks(&s->scan), top + 3, top + 4, nulls};
    settle_all(&w, nulls.kept);
    lua_replace(L, top + 3); /* parts, scratch, value, ... */
    lua_settop(L, top + 3);
    lua_insert(L, top + 1); /* value, parts, scratch */
    json_parts_give(L, top + 2);
    lua_settop(L, top + 1);
}

void api_json_decode(lua_State *L, const char *op, const char *text, size_t size,
                     struct json_nulls nulls) {
    struct fault f;
    if (size > JSON_TEXT_MAX) {
        fault_set(&f, FAULT_PARSE, "a text of %zu bytes is too long", size);
        api_fault(L, op, &f);
    }
    lua_pushlstring(L, text, size);
    json_decode(L, op, lua_gettop(L), JSON_DEPTH, nulls);
    lua_remove(L, -2);
}
