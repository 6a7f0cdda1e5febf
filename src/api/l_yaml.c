/* l_yaml.c -- `native.yaml`: the library, and its decoder, which reads the events of
 * libyaml.
 *
 * The decoder is safe for files from strangers: no tag makes anything but plain values,
 * the depth is limited, and an alias counts as much as the value that it stands for, so
 * that a short text cannot mean a huge value. */

#include "api/api.h"
#include "api/json_parts.h"
#include "api/libs.h"
#include "api/limits.h"
#include "api/yaml.h"
#include "base/jsonnumber.h"
#include "base/yamlscalar.h"

#include <math.h>
#include <string.h>
#include <yaml.h>

#define OP        "yaml.decode"
#define READER_MT "tarn.yaml.reader"

/* the most nodes in a text; nodes behind an alias count each time */
#define NODES_MAX 1000000

/* Places on the stack. ANCHORS maps a name to {value, nodes}, or to false while
 * the value is being read. */
enum { TEXT = 1, READER, ANCHORS, ARRAY_MT, NUMBER_MT };

struct reader {
    yaml_parser_t parser;
    yaml_event_t event;
    lua_Integer nodes;
    int depth;
    bool open;
    bool has_event;
    struct budget *memory;
    size_t taken; /* from `memory`, for the buffers of libyaml */
};

static void drop_event(struct reader *r) {
    if (r->has_event)
        yaml_event_delete(&r->event);
    r->has_event = false;
}

/* reader.__close and __gc */
static int l_reader_free(lua_State *L) {
    struct reader *r = luaL_checkudata(L, 1, READER_MT);
    drop_event(r);
    if (r->open)
        yaml_parser_delete(&r->parser);
    r->open = false;
    budget_give(r->memory, r->taken);
    r->taken = 0;
    return 0;
}

/* Push a reader, which is closed with its function. libyaml copies a scalar, which may be the
 * whole text, into a buffer that doubles its size. [-0, +1, v] */
static struct reader *newreader(lua_State *L) {
    size_t size;
    const char *text = lua_tolstring(L, TEXT, &size);
    struct reader *r = lua_newuserdatauv(L, sizeof *r, 0);
    memset(r, 0, sizeof *r);
    luaL_setmetatable(L, READER_MT);
    lua_toclose(L, -1);
    engine_make_room(L);
    r->memory = &engine_of(L)->memory;
    if (!budget_take(r->memory, 2 * size))
        engine_no_memory(L);
    r->taken = 2 * size;
    if (!yaml_parser_initialize(&r->parser))
        engine_no_memory(L);
    r->open = true;
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)text, size);
    return r;
}

/* ---- faults ---- */

static int broken(lua_State *L, const yaml_mark_t *mark, const char *what) {
    struct fault f;
    fault_set(&f, FAULT_PARSE, "line %zu, column %zu: %s", mark->line + 1,
              mark->column + 1, what);
    return api_fault(L, OP, &f);
}

static int broken_here(lua_State *L, const struct reader *r, const char *what) {
    return broken(L, &r->event.start_mark, what);
}

static void parser_failed(lua_State *L, const struct reader *r) {
    const yaml_parser_t *p = &r->parser;
    struct fault f;
    if (p->error == YAML_MEMORY_ERROR)
        engine_no_memory(L);
    if (p->error != YAML_READER_ERROR) {
        broken(L, &p->problem_mark, p->problem != NULL ? p->problem : "not YAML");
        return;
    }
    fault_set(&f, FAULT_PARSE, "byte %zu: %s", p->problem_offset + 1, p->problem);
    api_fault(L, OP, &f);
}

static yaml_event_type_t next_event(lua_State *L, struct reader *r) {
    drop_event(r);
    if (!yaml_parser_parse(&r->parser, &r->event))
        parser_failed(L, r);
    r->has_event = true;
    return r->event.type;
}

/* ---- scalars ---- */

static bool is_tag(const yaml_char_t *tag, const char *name) {
    return strcmp((const char *)tag, name) == 0;
}

/* Push a number written in decimal. [-0, +1, m] */
static void pushdecimal(lua_State *L, const char *text, size_t size) {
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, size + YAMLSCALAR_MORE);
    size_t n = yamlscalar_to_json(text, size, out);
    luaL_pushresultsize(&b, n);
    json_parts_pushnumber(L, lua_tostring(L, -1), n, NUMBER_MT);
    lua_remove(L, -2);
}

/* Push the value of an unquoted text. [-0, +1, m] */
static void pushplain(lua_State *L, const char *text, size_t size) {
    int64_t integer;
    switch (yamlscalar_kind(text, size, &integer)) {
    case YAMLSCALAR_STRING:
        lua_pushlstring(L, text, size);
        break;
    case YAMLSCALAR_NULL:
        lua_pushlightuserdata(L, NULL);
        break;
    case YAMLSCALAR_TRUE:
        lua_pushboolean(L, 1);
        break;
    case YAMLSCALAR_FALSE:
        lua_pushboolean(L, 0);
        break;
    case YAMLSCALAR_INTEGER:
        lua_pushinteger(L, integer);
        break;
    case YAMLSCALAR_NUMBER:
        pushdecimal(L, text, size);
        break;
    case YAMLSCALAR_INFINITE:
        lua_pushnumber(L, HUGE_VAL);
        break;
    case YAMLSCALAR_MINUS_INFINITE:
        lua_pushnumber(L, -HUGE_VAL);
        break;
    case YAMLSCALAR_NAN:
        lua_pushnumber(L, NAN);
        break;
    }
}

/* True if the value on top has the type that the tag names. */
static bool fits(lua_State *L, const yaml_char_t *tag) {
    bool number = lua_type(L, -1) == LUA_TNUMBER || lua_type(L, -1) == LUA_TUSERDATA;
    if (is_tag(tag, YAML_INT_TAG))
        return lua_isinteger(L, -1) || lua_type(L, -1) == LUA_TUSERDATA;
    return (is_tag(tag, YAML_FLOAT_TAG) && number) ||
           (is_tag(tag, YAML_BOOL_TAG) && lua_isboolean(L, -1)) ||
           (is_tag(tag, YAML_NULL_TAG) && lua_islightuserdata(L, -1));
}

static void read_scalar(lua_State *L, struct reader *r) {
    const char *text = (const char *)r->event.data.scalar.value;
    size_t size = r->event.data.scalar.length;
    const yaml_char_t *tag = r->event.data.scalar.tag;
    if (tag == NULL && r->event.data.scalar.plain_implicit) {
        pushplain(L, text, size);
    } else if (tag == NULL || is_tag(tag, "!") || is_tag(tag, YAML_STR_TAG)) {
        lua_pushlstring(L, text, size);
    } else {
        pushplain(L, text, size);
        if (!fits(L, tag))
            broken_here(L, r, "a tag that is not known here, or does not fit its value");
    }
}

/* ---- collections ---- */

static void read_node(lua_State *L, struct reader *r);

static void enter(lua_State *L, struct reader *r, const yaml_char_t *tag,
                  const char *only) {
    if (tag != NULL && !is_tag(tag, "!") && !is_tag(tag, only))
        broken_here(L, r, "a tag that is not known here, or does not fit its value");
    if (++r->depth > YAML_DEPTH)
        broken_here(L, r, "nested deeper than 512");
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    lua_newtable(L);
}

static void read_sequence(lua_State *L, struct reader *r) {
    enter(L, r, r->event.data.sequence_start.tag, YAML_SEQ_TAG);
    lua_pushvalue(L, ARRAY_MT);
    lua_setmetatable(L, -2);
    for (lua_Integer i = 1; next_event(L, r) != YAML_SEQUENCE_END_EVENT; i++) {
        read_node(L, r);
        lua_rawseti(L, -2, i);
    }
    r->depth--;
}

/* Push the key that the event holds. [-0, +1, v] */
static void read_key(lua_State *L, struct reader *r) {
    const yaml_char_t *tag = r->event.data.scalar.tag;
    if (r->event.type != YAML_SCALAR_EVENT || (tag != NULL && !is_tag(tag, YAML_STR_TAG)))
        broken_here(L, r, "a key that is not a text");
    if (r->event.data.scalar.plain_implicit && r->event.data.scalar.length == 2 &&
        memcmp(r->event.data.scalar.value, "<<", 2) == 0)
        broken_here(L, r, "merge keys are not understood");
    lua_pushlstring(L, (const char *)r->event.data.scalar.value,
                    r->event.data.scalar.length);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) != LUA_TNIL)
        broken_here(L, r, "a key that is there already");
    lua_pop(L, 1);
}

static void read_mapping(lua_State *L, struct reader *r) {
    enter(L, r, r->event.data.mapping_start.tag, YAML_MAP_TAG);
    while (next_event(L, r) != YAML_MAPPING_END_EVENT) {
        read_key(L, r);
        next_event(L, r);
        read_node(L, r);
        lua_rawset(L, -3);
    }
    r->depth--;
}

static void count_nodes(lua_State *L, struct reader *r, lua_Integer more) {
    r->nodes += more;
    if (r->nodes > NODES_MAX)
        broken_here(L, r, "more than a million values, those behind aliases counted");
}

static void read_alias(lua_State *L, struct reader *r) {
    int type = lua_getfield(L, ANCHORS, (const char *)r->event.data.alias.anchor);
    if (type == LUA_TNIL)
        broken_here(L, r, "an alias of nothing");
    else if (type == LUA_TBOOLEAN)
        broken_here(L, r, "an alias of what it is part of");
    lua_rawgeti(L, -1, 2);
    count_nodes(L, r, lua_tointeger(L, -1));
    lua_rawgeti(L, -2, 1);
    lua_replace(L, -3);
    lua_pop(L, 1);
}

static const yaml_char_t *anchor_of(const yaml_event_t *event) {
    return event->type == YAML_SCALAR_EVENT           ? event->data.scalar.anchor
           : event->type == YAML_SEQUENCE_START_EVENT ? event->data.sequence_start.anchor
           : event->type == YAML_MAPPING_START_EVENT  ? event->data.mapping_start.anchor
                                                      : NULL;
}

static void read_unnamed(lua_State *L, struct reader *r) {
    count_nodes(L, r, 1);
    switch (r->event.type) {
    case YAML_SCALAR_EVENT:
        read_scalar(L, r);
        break;
    case YAML_SEQUENCE_START_EVENT:
        read_sequence(L, r);
        break;
    case YAML_MAPPING_START_EVENT:
        read_mapping(L, r);
        break;
    case YAML_ALIAS_EVENT:
        read_alias(L, r);
        break;
    default:
        broken_here(L, r, "no value");
    }
}

/* Push the value that begins with the present event. [-0, +1, v] */
static void read_node(lua_State *L, struct reader *r) {
    const yaml_char_t *anchor = anchor_of(&r->event);
    lua_Integer before = r->nodes;
    if (anchor == NULL) {
        read_unnamed(L, r);
        return;
    }
    lua_pushstring(L, (const char *)anchor); /* the event's own text does not last */
    lua_pushvalue(L, -1);
    lua_pushboolean(L, 0);
    lua_rawset(L, ANCHORS);
    read_unnamed(L, r);
    lua_createtable(L, 2, 0); /* name, value, entry */
    lua_pushvalue(L, -2);
    lua_rawseti(L, -2, 1);
    lua_pushinteger(L, r->nodes - before);
    lua_rawseti(L, -2, 2);
    lua_pushvalue(L, -3);
    lua_insert(L, -2);
    lua_rawset(L, ANCHORS); /* name, value */
    lua_remove(L, -2);
}

/* ---- the library ---- */

/* yaml.decode(text) -> value */
static int l_yaml_decode(lua_State *L) {
    luaL_checktype(L, 1, LUA_TSTRING);
    lua_settop(L, TEXT);
    struct reader *r = newreader(L);
    lua_newtable(L);
    json_parts_push(L);
    lua_rawgeti(L, -1, JSON_PARTS_NUMBER_MT);
    lua_rawgeti(L, -2, JSON_PARTS_ARRAY_MT);
    lua_replace(L, ARRAY_MT); /* in the place of the parts */
    next_event(L, r);         /* the start of the stream */
    if (next_event(L, r) == YAML_STREAM_END_EVENT) {
        lua_pushlightuserdata(L, NULL);
        return 1;
    }
    next_event(L, r);
    read_node(L, r);
    next_event(L, r); /* the end of the document */
    if (next_event(L, r) != YAML_STREAM_END_EVENT)
        broken_here(L, r, "a second document");
    return 1;
}

/* Push a table that maps each string of the list in that option to its place in the list.
 * [-0, +1, v] */
static void pushoption(lua_State *L, const char *name) {
    lua_newtable(L);
    if (!lua_istable(L, 2))
        return;
    int type = lua_getfield(L, 2, name);
    if (type != LUA_TNIL && type != LUA_TTABLE)
        luaL_argerror(L, 2, lua_pushfstring(L, "'%s' must be a list of strings", name));
    for (lua_Integer i = 1; type == LUA_TTABLE && lua_rawgeti(L, -1, i) != LUA_TNIL;
         i++) {
        if (lua_type(L, -1) != LUA_TSTRING)
            luaL_argerror(L, 2,
                          lua_pushfstring(L, "'%s' must be a list of strings", name));
        lua_pushinteger(L, i);
        lua_rawset(L, -4);
    }
    lua_settop(L, lua_gettop(L) - (type == LUA_TTABLE ? 2 : 1));
}

/* value, first, quoted: of a list that was read, all rows are there now */
static int encode(lua_State *L, int status, lua_KContext ctx) {
    (void)status, (void)ctx;
    yaml_encode(L);
    return 1;
}

/* yaml.encode(value [, {first = {...}, quoted = {...}}]) -> string */
static int l_yaml_encode(lua_State *L) {
    static const char *const options[] = {"first", "quoted", NULL};
    luaL_checkany(L, 1);
    lua_settop(L, 2);
    api_checkopts(L, 2, options);
    pushoption(L, "first");
    pushoption(L, "quoted");
    lua_remove(L, 2);
    if (lua_istable(L, 1) && json_parts_pushread(L, 1)) {
        lua_pushvalue(L, 1);
        lua_callk(L, 1, 0, 0, encode);
    }
    return encode(L, LUA_OK, 0);
}

static const luaL_Reg yaml_functions[] = {
    {"decode", l_yaml_decode},
    {"encode", l_yaml_encode},
    {NULL, NULL},
};

int luaopen_native_yaml(lua_State *L) {
    api_newtype(L, READER_MT, l_reader_free, NULL);
    yaml_openencode(L);
    luaL_newlib(L, yaml_functions);
    return 1;
}
