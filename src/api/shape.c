#include "api/shape.h"

#include "api/json_parts.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#define PATH_ROOM 200

/* The way to a value: a field of the value above, or its element i. It is written down only
 * for a value that does not fit, since most answers do. */
struct step {
    const struct step *above; /* NULL: the whole answer */
    const char *key;          /* NULL: an element */
    size_t size;
    lua_Integer i;
};

struct check {
    lua_State *L;
    struct fault *fault;
    int array_mt; /* its place on the stack */
};

/* The end of the shape that begins at `at`. */
static const char *end_of(const char *at) {
    int depth = 0;
    do {
        depth += *at == '{' || *at == '[';
        depth -= *at == '}' || *at == ']';
        at++;
    } while (depth > 0 && *at != '\0');
    return at;
}

static bool is_absent(lua_State *L) {
    return lua_isnil(L, -1) ||
           (lua_islightuserdata(L, -1) && lua_touserdata(L, -1) == NULL);
}

static const char *name_of(const struct check *c) {
    lua_State *L = c->L;
    switch (lua_type(L, -1)) {
    case LUA_TSTRING:
        return "a string";
    case LUA_TBOOLEAN:
        return "a boolean";
    case LUA_TNIL:
        return "missing";
    case LUA_TTABLE:
        return json_parts_marked(L, lua_gettop(L), c->array_mt) ? "a list" : "an object";
    case LUA_TNUMBER:
        return "a number";
    default:
        return is_absent(L) ? "null" : "a number";
    }
}

/* Write the way to a value, as `list[2].name`; returns the end of the text. */
static size_t write_path(char *path, size_t room, const struct step *way) {
    if (way == NULL) {
        path[0] = '\0';
        return 0;
    }
    size_t at = write_path(path, room, way->above);
    int n = way->key != NULL
                ? snprintf(path + at, room - at, "%s%.*s", at > 0 ? "." : "",
                           (int)way->size, way->key)
                : snprintf(path + at, room - at, "[%lld]", (long long)way->i);
    return at + (size_t)n < room ? at + (size_t)n : room - 1;
}

static const char *misfit(const struct check *c, const struct step *way,
                          const char *want) {
    char path[PATH_ROOM];
    write_path(path, sizeof path, way);
    if (path[0] == '\0')
        fault_set(c->fault, FAULT_PARSE, "the answer is %s, not %s", name_of(c), want);
    else if (is_absent(c->L))
        fault_set(c->fault, FAULT_PARSE, "'%s' is missing in the answer", path);
    else
        fault_set(c->fault, FAULT_PARSE, "'%s' in the answer is %s, not %s", path,
                  name_of(c), want);
    return NULL;
}

/* An empty object is an empty list, too: some servers mix them up. */
static bool is_table(const struct check *c, bool list) {
    if (!lua_istable(c->L, -1))
        return false;
    if (json_parts_marked(c->L, lua_gettop(c->L), c->array_mt) == list)
        return true;
    if (!list)
        return false;
    lua_pushnil(c->L);
    bool empty = lua_next(c->L, -2) == 0;
    if (!empty)
        lua_pop(c->L, 2);
    return empty;
}

/* A number, or a string that becomes one: JSON of protocol buffers has 64-bit integers in
 * strings. */
static bool to_number(lua_State *L) {
    if (lua_type(L, -1) != LUA_TSTRING)
        return lua_type(L, -1) == LUA_TNUMBER || luaL_testudata(L, -1, JSON_NUMBER_MT);
    if (lua_stringtonumber(L, lua_tostring(L, -1)) == 0)
        return false;
    lua_replace(L, -2);
    return true;
}

/* A string, or a number, which becomes its text: servers write ids and times as either. */
static bool to_string(lua_State *L) {
    return lua_tolstring(L, -1, NULL) != NULL;
}

static const char *fits(const struct check *c, const struct step *way, const char *at);

/* Check a field or an element of the table at `table`, which is on top of the stack, and
 * put it back, since it may have become another one. [-1, +0, m] */
static const char *fits_part(const struct check *c, const struct step *way,
                             const char *at, int table) {
    lua_State *L = c->L;
    int was = lua_type(L, -1);
    const char *end = fits(c, way, at);
    if (lua_type(L, -1) != was) { /* converted */
        if (way->key != NULL)
            lua_pushlstring(L, way->key, way->size);
        else
            lua_pushinteger(L, way->i);
        lua_pushvalue(L, -2);
        lua_rawset(L, table);
    }
    lua_pop(L, 1);
    return end;
}

static const char *fits_fields(const struct check *c, const struct step *way,
                               const char *at) {
    lua_State *L = c->L;
    int table = lua_gettop(L);
    for (at++; *at != '}'; at += *at == ',') {
        struct step field = {.above = way, .key = at, .size = strcspn(at, "!:")};
        bool needed = at[field.size] == '!';
        at += field.size + (needed ? 2 : 1);
        lua_pushlstring(L, field.key, field.size);
        lua_rawget(L, table);
        if (is_absent(L) && !needed) {
            lua_pop(L, 1);
            at = end_of(at);
        } else if ((at = fits_part(c, &field, at, table)) == NULL) {
            return NULL;
        }
    }
    return at + 1;
}

static const char *fits_elements(const struct check *c, const struct step *way,
                                 const char *at) {
    lua_State *L = c->L;
    int table = lua_gettop(L);
    lua_Integer n = (lua_Integer)lua_rawlen(L, table);
    for (lua_Integer i = 1; i <= n; i++) {
        struct step element = {.above = way, .i = i};
        lua_rawgeti(L, table, i);
        if (is_absent(L))
            lua_pop(L, 1);
        else if (fits_part(c, &element, at + 1, table) == NULL)
            return NULL;
    }
    return end_of(at);
}

/* Check the value on top of the stack. Returns the end of the shape that begins at `at`, or
 * NULL if the value does not fit. [-0, +0, m] */
static const char *fits(const struct check *c, const struct step *way, const char *at) {
    lua_State *L = c->L;
    luaL_checkstack(L, LUA_MINSTACK, "a shape nested too deep");
    switch (*at) {
    case 's':
        return to_string(L) ? at + 1 : misfit(c, way, "a string");
    case 'n':
        return to_number(L) ? at + 1 : misfit(c, way, "a number");
    case 'b':
        return lua_isboolean(L, -1) ? at + 1 : misfit(c, way, "a boolean");
    case 'o':
        return is_table(c, false) ? at + 1 : misfit(c, way, "an object");
    case 'l':
        return is_table(c, true) ? at + 1 : misfit(c, way, "a list");
    case '{':
        return is_table(c, false) ? fits_fields(c, way, at) : misfit(c, way, "an object");
    case '[':
        return is_table(c, true) ? fits_elements(c, way, at) : misfit(c, way, "a list");
    default:
        return !is_absent(L) ? at + 1 : misfit(c, way, "there");
    }
}

bool api_shape_fits(lua_State *L, const char *shape, struct fault *f) {
    struct check c = {.L = L, .fault = f};
    int top = lua_gettop(L);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    luaL_getmetatable(L, JSON_ARRAY_MT);
    lua_insert(L, top);
    c.array_mt = top; /* metatable, value */
    bool ok = fits(&c, NULL, shape) != NULL;
    lua_settop(L, top + 1);
    lua_remove(L, top);
    return ok;
}
