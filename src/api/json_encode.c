/* json_encode.c -- the encoder of `native.json`. Keys are in the order of their bytes,
 * numbers are exact, and tables are read raw, so that no Lua code runs meanwhile. */

#include "api/json.h"

#include "api/json_parts.h"
#include "api/limits.h"
#include "base/jsonnumber.h"
#include "base/jsonput.h"

#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* For objects of up to this many members, keys and values are kept on the stack. */
#define STACK_MEMBERS 64

struct member {
    uint64_t prefix; /* the first bytes of the key, sorted as a number */
    const char *key;
    size_t size;
    size_t place; /* the key's index on the stack, or in the list of keys */
};

/* The path from the outermost value to the one being written, for messages. */
struct step {
    const struct step *up;
    const char *key; /* NULL: `index` */
    size_t size;
    lua_Integer index;
};

struct encoder {
    lua_State *L;
    const char *op;
    struct buf *out, *members;
    int array_mt, number_mt; /* their places on the stack */
    int indent, depth;
    unsigned steps; /* values and keys so far */
};

/* the steps that a message shows */
#define PATH_MAX_STEPS 12

static size_t length(const struct step *step) {
    size_t n = 0;
    for (; step != NULL; step = step->up)
        n++;
    return n;
}

static void addpath(luaL_Buffer *b, const struct step *step) {
    char digits[JSONNUMBER_ROOM];
    if (step->up != NULL)
        addpath(b, step->up);
    if (step->key != NULL) {
        if (step->up != NULL)
            luaL_addchar(b, '.');
        luaL_addlstring(b, step->key, step->size);
    } else {
        luaL_addchar(b, '[');
        luaL_addlstring(b, digits, jsonnumber_put_integer(step->index, digits));
        luaL_addchar(b, ']');
    }
}

/* Raise "json.encode: cannot encode WHAT at PATH". */
static void refuse(const struct encoder *e, const struct step *last, const char *what) {
    luaL_Buffer b;
    lua_State *L = e->L;
    const struct step *at = last;
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    luaL_where(L, 1);
    luaL_buffinit(L, &b);
    luaL_addstring(&b, e->op);
    luaL_addstring(&b, ": cannot encode ");
    luaL_addstring(&b, what);
    if (at != NULL) {
        size_t more = length(at);
        luaL_addstring(&b, " at ");
        for (; more > PATH_MAX_STEPS; more--)
            at = at->up;
        addpath(&b, at);
        if (at != last)
            luaL_addstring(&b, "...");
    }
    luaL_pushresult(&b);
    lua_concat(L, 2);
    lua_error(L);
}

/* Free the buffers at once. The collector would only free them with their box. */
static void drop(struct encoder *e) {
    buf_free(e->out);
    buf_free(e->members);
}

static void grow(struct encoder *e, struct buf *b, size_t more) {
    if (api_grow(e->L, b, more))
        return;
    drop(e);
    engine_no_memory(e->L);
}

static void count_step(struct encoder *e) {
    if (api_may_go_on(e->L, &e->steps))
        return;
    drop(e);
    engine_stop_computing(e->L);
}

static void put(struct encoder *e, const char *bytes, size_t size) {
    struct buf *b = e->out;
    grow(e, b, size);
    memcpy(b->bytes + b->size, bytes, size);
    b->size += size;
}

static void put_char(struct encoder *e, char c) {
    struct buf *b = e->out;
    if (b->room - b->size < 2)
        grow(e, b, 1);
    b->bytes[b->size++] = c;
}

static void put_line(struct encoder *e) {
    if (e->indent < 0)
        return;
    size_t size = (size_t)e->indent * (size_t)e->depth;
    put_char(e, '\n');
    grow(e, e->out, size);
    memset(e->out->bytes + e->out->size, ' ', size);
    e->out->size += size;
}

static void put_string(struct encoder *e, const char *text, size_t size) {
    size_t before = e->out->size;
    if (jsonput_string(e->out, text, size))
        return;
    e->out->size = before; /* part of it may have been written */
    lua_gc(e->L, LUA_GCCOLLECT);
    if (jsonput_string(e->out, text, size))
        return;
    drop(e);
    engine_no_memory(e->L);
}

static void put_value(struct encoder *e, const struct step *at);

static void put_number(struct encoder *e, const struct step *at) {
    grow(e, e->out, JSONNUMBER_ROOM);
    char *out = e->out->bytes + e->out->size;
    if (lua_isinteger(e->L, -1)) {
        e->out->size += jsonnumber_put_integer(lua_tointeger(e->L, -1), out);
        return;
    }
    lua_Number d = lua_tonumber(e->L, -1);
    if (!isfinite(d))
        refuse(e, at, isnan(d) ? "NaN" : "an infinite number");
    e->out->size += jsonnumber_put_double(d, out);
}

static void put_userdata(struct encoder *e, const struct step *at) {
    lua_State *L = e->L;
    const char *text = lua_touserdata(L, -1);
    if (!lua_getmetatable(L, -1) || !lua_rawequal(L, -1, e->number_mt))
        refuse(e, at, "a userdata");
    lua_pop(L, 1);
    put(e, text, lua_rawlen(L, -1));
}

/* ---- arrays ---- */

static void put_element(struct encoder *e, const struct step *up, lua_Integer i) {
    struct step at = {.up = up, .index = i};
    if (i > 1)
        put_char(e, ',');
    put_line(e);
    put_value(e, &at);
    lua_pop(e->L, 1);
}

/* Write the table at `table` as an array; its first key and value are above it on the
 * stack. The elements nearly always come in their order. Only if they do not, all keys
 * are looked at. [-2, +0, v] */
static void put_array(struct encoder *e, const struct step *at, int table) {
    lua_State *L = e->L;
    lua_Integer i = 0;
    size_t n;
    put_char(e, '[');
    e->depth++;
    do {
        if (!lua_isinteger(L, -2) || lua_tointeger(L, -2) != i + 1)
            break;
        put_element(e, at, ++i);
    } while (lua_next(L, table));
    if (lua_gettop(L) > table) {
        if (!json_parts_sequence(L, table, &n))
            refuse(e, at, "a table whose keys are neither all strings nor 1..n");
        lua_settop(L, table);
        while (i < (lua_Integer)n) {
            lua_rawgeti(L, table, ++i);
            put_element(e, at, i);
        }
    }
    e->depth--;
    put_line(e);
    put_char(e, ']');
}

/* ---- objects ---- */

static uint64_t prefix_of(const char *key, size_t size) {
    uint64_t prefix = 0;
    size_t n = size < 8 ? size : 8;
    for (size_t i = 0; i < n; i++)
        prefix = prefix << 8 | (unsigned char)key[i];
    return n == 0 ? 0 : prefix << 8 * (8 - n);
}

static int compare(const void *left, const void *right) {
    const struct member *a = left, *b = right;
    if (a->prefix != b->prefix)
        return a->prefix < b->prefix ? -1 : 1;
    int order = memcmp(a->key, b->key, a->size < b->size ? a->size : b->size);
    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static void sort(struct member *m, size_t n) {
    if (n > 32) {
        qsort(m, n, sizeof *m, compare);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        struct member moving = m[i];
        size_t to = i;
        for (; to > 0 && compare(&moving, &m[to - 1]) < 0; to--)
            m[to] = m[to - 1];
        m[to] = moving;
    }
}

/* Add the key at -2, whose place will be `place`, to the members. [-0, +0, v] */
static void note_member(struct encoder *e, const struct step *at, size_t place) {
    struct member m = {.place = place};
    if (lua_type(e->L, -2) != LUA_TSTRING)
        refuse(e, at, "a table whose keys are neither all strings nor 1..n");
    m.key = lua_tolstring(e->L, -2, &m.size);
    m.prefix = prefix_of(m.key, m.size);
    count_step(e);
    grow(e, e->members, sizeof m);
    buf_add(e->members, &m, sizeof m);
}

/* Push up to STACK_MEMBERS keys with their values; false if there are more. The first
 * pair is on the stack already. [-0, +2n-2, v] */
static bool collect_pairs(struct encoder *e, const struct step *at, int table) {
    lua_State *L = e->L;
    luaL_checkstack(L, 2 * STACK_MEMBERS + LUA_MINSTACK, NULL);
    do {
        if (lua_gettop(L) > table + 2 * STACK_MEMBERS)
            return false;
        note_member(e, at, (size_t)lua_gettop(L) - 1);
        lua_pushvalue(L, -2); /* key, value, key */
    } while (lua_next(L, table));
    return true;
}

/* As collect_pairs, for any number of members: push a list of the keys. [-0, +1, v] */
static void collect_keys(struct encoder *e, const struct step *at, int table) {
    lua_State *L = e->L;
    lua_Integer n = 0;
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, table);) {
        note_member(e, at, (size_t)++n);
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_rawseti(L, table + 1, n);
    }
}

static void put_member(struct encoder *e, const struct step *up, const struct member *m) {
    struct step at = {.up = up, .key = m->key, .size = m->size};
    put_line(e);
    put_string(e, m->key, m->size);
    put_char(e, ':');
    if (e->indent >= 0)
        put_char(e, ' ');
    put_value(e, &at);
    lua_pop(e->L, 1);
}

/* Write the table at `table` as an object; its first key and value are above it
 * on the stack. [-2, +0, v] */
static void put_object(struct encoder *e, const struct step *at, int table) {
    lua_State *L = e->L;
    size_t first = e->members->size; /* members before belong to outer objects */
    bool pairs = collect_pairs(e, at, table);
    if (!pairs) {
        lua_settop(L, table);
        e->members->size = first;
        collect_keys(e, at, table);
    }
    size_t n = (e->members->size - first) / sizeof(struct member);
    sort((void *)(e->members->bytes + first), n);
    put_char(e, '{');
    e->depth++;
    for (size_t i = 0; i < n; i++) {
        struct member m; /* a copy, because the buffer may move when values are written */
        memcpy(&m, e->members->bytes + first + i * sizeof m, sizeof m);
        if (pairs) {
            lua_pushvalue(L, (int)m.place + 1);
        } else {
            lua_rawgeti(L, table + 1, (lua_Integer)m.place);
            lua_rawget(L, table);
        }
        if (i > 0)
            put_char(e, ',');
        put_member(e, at, &m);
    }
    e->depth--;
    put_line(e);
    put_char(e, '}');
    lua_settop(L, table);
    e->members->size = first;
}

static void put_table(struct encoder *e, const struct step *at) {
    lua_State *L = e->L;
    int table = lua_gettop(L);
    bool marked = json_parts_marked(L, table, e->array_mt);
    if (e->depth == JSON_DEPTH)
        refuse(e, at, "a table nested deeper than 512 (does it hold itself?)");
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    if (json_parts_pushread(L, table))
        refuse(e, at, "a list that is not read to its end (tarn.all reads it)");
    lua_pushnil(L);
    if (!lua_next(L, table))
        put(e, marked ? "[]" : "{}", 2);
    else if (marked || lua_type(L, -2) == LUA_TNUMBER)
        put_array(e, at, table);
    else
        put_object(e, at, table);
}

/* Write the value on top of the stack. [-0, +0, v] */
static void put_value(struct encoder *e, const struct step *at) {
    size_t size;
    const char *text;
    count_step(e);
    switch (lua_type(e->L, -1)) {
    case LUA_TSTRING:
        text = lua_tolstring(e->L, -1, &size);
        put_string(e, text, size);
        break;
    case LUA_TNUMBER:
        put_number(e, at);
        break;
    case LUA_TTABLE:
        put_table(e, at);
        break;
    case LUA_TBOOLEAN:
        if (lua_toboolean(e->L, -1))
            put(e, "true", 4);
        else
            put(e, "false", 5);
        break;
    case LUA_TNIL:
        put(e, "null", 4);
        break;
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(e->L, -1) != NULL)
            refuse(e, at, "a userdata");
        put(e, "null", 4);
        break;
    case LUA_TUSERDATA:
        put_userdata(e, at);
        break;
    case LUA_TFUNCTION:
        refuse(e, at, "a function");
        break;
    default:
        refuse(e, at, "a coroutine");
    }
}

void json_encode(lua_State *L, const char *op, int index, int indent) {
    int top = lua_gettop(L);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    json_parts_push(L);
    struct json_scratch *s = json_parts_take(L, top + 1);
    lua_rawgeti(L, top + 1, JSON_PARTS_ARRAY_MT);
    lua_rawgeti(L, top + 1, JSON_PARTS_NUMBER_MT);
    struct encoder e = {.L = L,
                        .op = op,
                        .out = &s->out,
                        .members = &s->members,
                        .array_mt = top + 3,
                        .number_mt = top + 4,
                        .indent = indent};
    s->out.size = s->members.size = 0;
    lua_pushvalue(L, index);
    put_value(&e, NULL);
    lua_settop(L, top + 2);
    lua_pushlstring(L, s->out.bytes, s->out.size);
    lua_insert(L, top + 1); /* text, parts, scratch */
    json_parts_give(L, top + 2);
    lua_settop(L, top + 1);
}

void api_json_encode(lua_State *L, const char *op, int index) {
    json_encode(L, op, lua_absindex(L, index), -1);
}
