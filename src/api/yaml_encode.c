/* yaml_encode.c -- the encoder of `native.yaml`. libyaml writes indicators and
 * blanks. Which strings need quotes is decided here, since libyaml only knows
 * which ones break the syntax. */

#include "api/yaml.h"

#include "api/api.h"
#include "api/json_parts.h"
#include "api/limits.h"
#include "base/buf.h"
#include "base/jsonnumber.h"
#include "base/yamlscalar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define OP        "yaml.encode"
#define WRITER_MT "tarn.yaml.writer"

/* Places on the stack. */
enum { FIRST = 2, QUOTED, WRITER, ARRAY_MT, NUMBER_MT };

struct member {
    const char *key; /* kept alive by a list on the stack: its table may change */
    size_t size;
    lua_Integer rank;
};

/* The path from the outermost value to the one being written, for messages. */
struct step {
    const struct step *up;
    const char *key; /* NULL: `index` */
    lua_Integer index;
};

struct writer {
    yaml_emitter_t emitter;
    struct buf out;
    struct buf members; /* keys that are being sorted */
    int depth;
    int quoted; /* the number of maps around whose values are quoted */
    bool open;
    unsigned steps; /* values and keys so far */
};

/* writer.__close and __gc */
static int l_writer_free(lua_State *L) {
    struct writer *w = luaL_checkudata(L, 1, WRITER_MT);
    if (w->open)
        yaml_emitter_delete(&w->emitter);
    w->open = false;
    buf_free(&w->out);
    buf_free(&w->members);
    return 0;
}

static int write_out(void *data, unsigned char *bytes, size_t size) {
    return buf_add(data, bytes, size);
}

/* Push a writer, which is closed with its function. [-0, +1, v] */
static struct writer *newwriter(lua_State *L) {
    struct writer *w = lua_newuserdatauv(L, sizeof *w, 0);
    memset(w, 0, sizeof *w);
    w->out = api_buf(L);
    w->members = api_buf(L);
    luaL_setmetatable(L, WRITER_MT);
    lua_toclose(L, -1);
    if (!yaml_emitter_initialize(&w->emitter))
        engine_no_memory(L);
    w->open = true;
    yaml_emitter_set_output(&w->emitter, write_out, &w->out);
    yaml_emitter_set_encoding(&w->emitter, YAML_UTF8_ENCODING);
    yaml_emitter_set_unicode(&w->emitter, 1);
    yaml_emitter_set_indent(&w->emitter, 2);
    yaml_emitter_set_width(&w->emitter, -1);
    return w;
}

/* Write an event. `ready` is what the event's own function returned. */
static void emit(lua_State *L, struct writer *w, yaml_event_t *event, int ready) {
    if (!ready || !yaml_emitter_emit(&w->emitter, event))
        engine_no_memory(L);
}

static void count_step(lua_State *L, struct writer *w) {
    if (!api_may_go_on(L, &w->steps))
        engine_stop_computing(L);
}

/* ---- messages ---- */

static void addpath(luaL_Buffer *b, const struct step *step) {
    char number[JSONNUMBER_ROOM];
    if (step->up != NULL)
        addpath(b, step->up);
    if (step->key == NULL) {
        luaL_addchar(b, '[');
        luaL_addlstring(b, number, jsonnumber_put_integer(step->index, number));
        luaL_addchar(b, ']');
        return;
    }
    if (step->up != NULL)
        luaL_addchar(b, '.');
    luaL_addstring(b, step->key);
}

/* Push " at PATH", with only the last steps of a long path. [-0, +1, v] */
static const char *pushplace(lua_State *L, const struct step *at) {
    luaL_Buffer b;
    struct step short_way[8];
    size_t n = 0;
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    if (at == NULL)
        return lua_pushliteral(L, "");
    for (const struct step *s = at; s != NULL && n < 8; s = s->up)
        short_way[n++] = *s;
    for (size_t i = 0; i < n; i++)
        short_way[i].up = i + 1 < n ? &short_way[i + 1] : NULL;
    luaL_buffinit(L, &b);
    luaL_addstring(&b, " at ");
    addpath(&b, &short_way[0]);
    luaL_pushresult(&b);
    return lua_tostring(L, -1);
}

static void refuse(lua_State *L, const struct step *at, const char *what) {
    luaL_error(L, OP ": cannot encode %s%s", what, pushplace(L, at));
}

static void check_utf8(lua_State *L, const struct step *at, const char *text,
                       size_t size) {
    struct fault f;
    if (yamlscalar_utf8(text, size))
        return;
    fault_set(&f, FAULT_PARSE, "YAML cannot hold a string that is not UTF-8%s",
              pushplace(L, at));
    api_fault(L, OP, &f);
}

/* ---- scalars ---- */

static void put_scalar(lua_State *L, struct writer *w, const char *text, size_t size,
                       bool plain) {
    yaml_event_t event;
    /* room for the text, for which garbage is collected, and for the copy that libyaml makes */
    if (!api_grow(L, &w->out, size) || !budget_take(w->out.budget, size))
        engine_no_memory(L);
    int ready = yaml_scalar_event_initialize(
        &event, NULL, NULL, (const yaml_char_t *)text, (int)size, plain, 1,
        plain ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE);
    budget_give(w->out.budget, size);
    emit(L, w, &event, ready);
}

static void put_string(lua_State *L, struct writer *w, const struct step *at,
                       const char *text, size_t size) {
    if (size > INT32_MAX)
        refuse(L, at, "a string of 2 GiB");
    check_utf8(L, at, text, size);
    put_scalar(L, w, text, size, w->quoted == 0 && yamlscalar_plain(text, size));
}

static void put_number_text(lua_State *L, struct writer *w, const char *text,
                            size_t size) {
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, size + YAMLSCALAR_MORE);
    size_t n = yamlscalar_from_json(text, size, out);
    luaL_pushresultsize(&b, n);
    put_scalar(L, w, lua_tostring(L, -1), n, true);
    lua_pop(L, 1);
}

static void put_number(lua_State *L, struct writer *w) {
    char text[JSONNUMBER_ROOM];
    lua_Number d = lua_tonumber(L, -1);
    if (lua_isinteger(L, -1))
        put_scalar(L, w, text, jsonnumber_put_integer(lua_tointeger(L, -1), text), true);
    else if (isnan(d))
        put_scalar(L, w, ".nan", 4, true);
    else if (isinf(d))
        put_scalar(L, w, d > 0 ? ".inf" : "-.inf", d > 0 ? 4 : 5, true);
    else
        put_number_text(L, w, text, jsonnumber_put_double(d, text));
}

static void put_userdata(lua_State *L, struct writer *w, const struct step *at) {
    if (!lua_getmetatable(L, -1) || !lua_rawequal(L, -1, NUMBER_MT))
        refuse(L, at, "a userdata");
    lua_pop(L, 1);
    put_number_text(L, w, lua_touserdata(L, -1), lua_rawlen(L, -1));
}

/* ---- tables ---- */

static void put_value(lua_State *L, struct writer *w, const struct step *at);

static void put_array(lua_State *L, struct writer *w, const struct step *up, size_t n) {
    yaml_event_t event;
    int table = lua_gettop(L);
    emit(L, w, &event,
         yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
                                              n > 0 ? YAML_BLOCK_SEQUENCE_STYLE
                                                    : YAML_FLOW_SEQUENCE_STYLE));
    for (lua_Integer i = 1; i <= (lua_Integer)n; i++) {
        struct step at = {.up = up, .index = i};
        lua_rawgeti(L, table, i);
        put_value(L, w, &at);
        lua_settop(L, table);
    }
    emit(L, w, &event, yaml_sequence_end_event_initialize(&event));
}

static int compare(const void *left, const void *right) {
    const struct member *a = left, *b = right;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    int order = memcmp(a->key, b->key, a->size < b->size ? a->size : b->size);
    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

/* Sort the keys of the table on top into w->members, and push a list that holds them; returns
 * their number. [-0, +1, v] */
static size_t collect(lua_State *L, struct writer *w, const struct step *at) {
    size_t first = w->members.size;
    int table = lua_gettop(L);
    lua_Integer count = 0;
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, table); lua_settop(L, table + 2)) {
        struct member m;
        if (lua_type(L, -2) != LUA_TSTRING)
            refuse(L, at, "a table whose keys are neither all strings nor 1..n");
        m.key = lua_tolstring(L, -2, &m.size);
        lua_pushvalue(L, -2);
        lua_rawseti(L, table + 1, ++count);
        lua_pushvalue(L, -2);
        m.rank =
            lua_rawget(L, FIRST) == LUA_TNUMBER ? lua_tointeger(L, -1) : LUA_MAXINTEGER;
        count_step(L, w);
        if (!api_grow(L, &w->members, sizeof m) || !buf_add(&w->members, &m, sizeof m))
            engine_no_memory(L);
    }
    size_t n = (w->members.size - first) / sizeof(struct member);
    if (n > 0)
        qsort(w->members.bytes + first, n, sizeof(struct member), compare);
    return n;
}

static void put_member(lua_State *L, struct writer *w, const struct step *up,
                       const struct member *m) {
    struct step at = {.up = up, .key = m->key};
    put_string(L, w, &at, m->key, m->size);
    lua_pushlstring(L, m->key, m->size);
    lua_pushvalue(L, -1);
    bool quoted = lua_rawget(L, QUOTED) != LUA_TNIL;
    lua_pop(L, 1);
    lua_rawget(L, -3); /* table, keys, value */
    w->quoted += quoted;
    put_value(L, w, &at);
    w->quoted -= quoted;
    lua_pop(L, 1);
}

static void put_map(lua_State *L, struct writer *w, const struct step *at) {
    yaml_event_t event;
    size_t first = w->members.size; /* members before belong to outer maps */
    size_t n = collect(L, w, at);
    emit(L, w, &event,
         yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
                                             n > 0 ? YAML_BLOCK_MAPPING_STYLE
                                                   : YAML_FLOW_MAPPING_STYLE));
    for (size_t i = 0; i < n; i++) {
        struct member m; /* a copy, because the buffer may move when values are written */
        memcpy(&m, w->members.bytes + first + i * sizeof m, sizeof m);
        put_member(L, w, at, &m);
    }
    w->members.size = first;
    lua_pop(L, 1); /* the keys */
    emit(L, w, &event, yaml_mapping_end_event_initialize(&event));
}

static void put_table(lua_State *L, struct writer *w, const struct step *at) {
    size_t n;
    int table = lua_gettop(L);
    bool marked = json_parts_marked(L, table, ARRAY_MT);
    if (w->depth == YAML_DEPTH)
        refuse(L, at, "a table nested deeper than 512 (does it hold itself?)");
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    if (json_parts_pushread(L, table))
        refuse(L, at, "a list that is not read to its end (tarn.all reads it)");
    w->depth++;
    if (json_parts_sequence(L, table, &n) && (marked || n > 0))
        put_array(L, w, at, n);
    else if (marked)
        refuse(L, at, "a table whose keys are neither all strings nor 1..n");
    else
        put_map(L, w, at);
    w->depth--;
}

/* Write the value on top of the stack. [-0, +0, v] */
static void put_value(lua_State *L, struct writer *w, const struct step *at) {
    size_t size;
    const char *text;
    count_step(L, w);
    switch (lua_type(L, -1)) {
    case LUA_TSTRING:
        text = lua_tolstring(L, -1, &size);
        put_string(L, w, at, text, size);
        break;
    case LUA_TNUMBER:
        put_number(L, w);
        break;
    case LUA_TTABLE:
        put_table(L, w, at);
        break;
    case LUA_TBOOLEAN:
        put_scalar(L, w, lua_toboolean(L, -1) ? "true" : "false",
                   lua_toboolean(L, -1) ? 4 : 5, true);
        break;
    case LUA_TNIL:
        put_scalar(L, w, "null", 4, true);
        break;
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L, -1) != NULL)
            refuse(L, at, "a userdata");
        put_scalar(L, w, "null", 4, true);
        break;
    case LUA_TUSERDATA:
        put_userdata(L, w, at);
        break;
    case LUA_TFUNCTION:
        refuse(L, at, "a function");
        break;
    default:
        refuse(L, at, "a coroutine");
    }
}

void yaml_encode(lua_State *L) {
    yaml_event_t event;
    lua_settop(L, QUOTED);
    struct writer *w = newwriter(L);
    json_parts_push(L);
    lua_rawgeti(L, -1, JSON_PARTS_NUMBER_MT);
    lua_rawgeti(L, -2, JSON_PARTS_ARRAY_MT);
    lua_replace(L, ARRAY_MT); /* in the place of the parts */
    emit(L, w, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    emit(L, w, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
    lua_pushvalue(L, 1);
    put_value(L, w, NULL);
    emit(L, w, &event, yaml_document_end_event_initialize(&event, 1));
    emit(L, w, &event, yaml_stream_end_event_initialize(&event));
    lua_pushlstring(L, w->out.bytes, w->out.size);
}

void yaml_openencode(lua_State *L) {
    api_newtype(L, WRITER_MT, l_writer_free, NULL);
}
