/* stdlib_string.c -- string.find, match, gmatch and gsub in place of Lua's. They do the
 * same, but give up a pattern that backtracks for ever, and can be interrupted by Ctrl-C
 * and the limit of CPU time (base/pattern.h). */

#include "api/api.h"
#include "api/libs.h"
#include "base/pattern.h"
#include "engine.h"

#include <ctype.h>
#include <string.h>

/* The steps of one call: some, and more for a long subject, each of whose bytes is looked
 * at often. */
#define STEPS          ((size_t)1 << 27)
#define STEPS_PER_BYTE 64

#define CACHED                                                                           \
    200 /* compiled patterns that each function keeps before it drops all of them */

/* ---- patterns ---- */

/* Push the compiled pattern for the one at `arg`. The first upvalue is a cache, from
 * patterns to compiled ones, with their number at 1. [-0, +1, m] */
static struct pattern *pushpattern(lua_State *L, int arg, bool anchors) {
    size_t size;
    const char *text = lua_tolstring(L, arg, &size);
    lua_pushvalue(L, arg);
    if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TUSERDATA)
        return lua_touserdata(L, -1);
    lua_pop(L, 1);
    struct pattern *p = lua_newuserdatauv(L, pattern_size(text, size), 0);
    pattern_compile(p, text, size, anchors);
    lua_rawgeti(L, lua_upvalueindex(1), 1);
    lua_Integer count = lua_tointeger(L, -1) + 1;
    lua_pop(L, 1);
    if (count > CACHED) {
        lua_newtable(L);
        lua_replace(L, lua_upvalueindex(1));
        count = 1;
    }
    lua_pushvalue(L, arg);
    lua_pushvalue(L, -2);
    lua_rawset(L, lua_upvalueindex(1));
    lua_pushinteger(L, count);
    lua_rawseti(L, lua_upvalueindex(1), 1);
    return p;
}

static bool go_on(void *ud) {
    return engine_may_compute(ud);
}

static void init_run(lua_State *L, struct pattern_run *run, const char *s, size_t size) {
    run->subject = s;
    run->end = s + size;
    run->steps = STEPS + size * STEPS_PER_BYTE;
    run->go_on = go_on;
    run->ud = engine_of(L);
}

/* Push the beginning of the pattern, for a message. [-0, +1, m] */
static const char *pushshown(lua_State *L, int arg) {
    size_t size;
    const char *text = lua_tolstring(L, arg, &size);
    if (size <= 40)
        return lua_pushvalue(L, arg), text;
    lua_pushlstring(L, text, 40);
    return lua_pushfstring(L, "%s...", lua_tostring(L, -1));
}

/* True for a match. A malformed pattern, or too much work, is raised as an error. [-0,
 * +0, v] */
static bool search(lua_State *L, struct pattern *p, struct pattern_run *run,
                   const char *from, int arg) {
    switch (pattern_search(p, run, from, pattern_is_anchored(p))) {
    case PATTERN_MATCH:
        return true;
    case PATTERN_NO_MATCH:
        return false;
    case PATTERN_WRONG:
        return luaL_error(L, "%s", run->wrong);
    case PATTERN_STOPPED:
        return engine_stop_computing(L);
    case PATTERN_TOO_FAR:
        break;
    }
    return luaL_error(L, "the pattern '%s' was given up: it backtracks for too long",
                      pushshown(L, arg));
}

/* ---- captures ---- */

/* Push capture `i`. If the pattern has no captures, the first one is the whole match.
 * [-0, +1, v] */
static void pushcapture(lua_State *L, const struct pattern_run *run, int i) {
    if (i >= run->level) {
        if (i != 0)
            luaL_error(L, "invalid capture index %%%d", i + 1);
        lua_pushlstring(L, run->start, (size_t)(run->stop - run->start));
        return;
    }
    const struct pattern_capture *c = &run->captures[i];
    if (c->size == PATTERN_UNFINISHED)
        luaL_error(L, "unfinished capture");
    else if (c->size == PATTERN_POSITION)
        lua_pushinteger(L, c->start - run->subject + 1);
    else
        lua_pushlstring(L, c->start, (size_t)c->size);
}

/* Push all captures. If there are none, push the match with `whole`. [-0, +n, v] */
static int pushcaptures(lua_State *L, const struct pattern_run *run, bool whole) {
    int n = run->level == 0 && whole ? 1 : run->level;
    luaL_checkstack(L, n, "too many captures");
    for (int i = 0; i < n; i++)
        pushcapture(L, run, i);
    return n;
}

/* ---- find and match ---- */

/* The offset of a position as scripts give it: from 1, or negative from the end. */
static size_t offset(lua_Integer position, size_t size) {
    if (position > 0)
        return (size_t)position - 1;
    if (position == 0 || position < -(lua_Integer)size)
        return 0;
    return size - (size_t)-position;
}

static bool is_plain(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (text[i] != '\0' && strchr("^$*+?.([%-", text[i]) != NULL)
            return false;
    return true;
}

/* Find `text` in the rest of the subject; NULL if it is not there. Time is bounded as for
 * a pattern, since it takes long if a beginning of `text` is found often. */
static const char *find_plain(lua_State *L, const struct pattern_run *run,
                              const char *from, const char *text, size_t size) {
    size_t looked = 0;
    if (size == 0)
        return from;
    while ((size_t)(run->end - from) >= size) {
        from = memchr(from, text[0], (size_t)(run->end - from) - size + 1);
        if (from == NULL)
            return NULL;
        if (memcmp(from, text, size) == 0)
            return from;
        from++;
        looked += size;
        if (looked > (size_t)64 << 20) {
            looked = 0;
            if (!engine_may_compute(run->ud))
                engine_stop_computing(L);
        }
    }
    return NULL;
}

static int find_or_match(lua_State *L, bool find) {
    size_t size, pattern_bytes;
    const char *s = luaL_checklstring(L, 1, &size);
    const char *text = luaL_checklstring(L, 2, &pattern_bytes);
    size_t from = offset(luaL_optinteger(L, 3, 1), size);
    struct pattern_run run;
    if (from > size) {
        luaL_pushfail(L);
        return 1;
    }
    init_run(L, &run, s, size);
    if (find && (lua_toboolean(L, 4) || is_plain(text, pattern_bytes))) {
        const char *at = find_plain(L, &run, s + from, text, pattern_bytes);
        if (at == NULL) {
            luaL_pushfail(L);
            return 1;
        }
        lua_pushinteger(L, at - s + 1);
        lua_pushinteger(L, at - s + (lua_Integer)pattern_bytes);
        return 2;
    }
    struct pattern *p = pushpattern(L, 2, true);
    if (!search(L, p, &run, s + from, 2)) {
        luaL_pushfail(L);
        return 1;
    }
    if (!find)
        return pushcaptures(L, &run, true);
    lua_pushinteger(L, run.start - s + 1);
    lua_pushinteger(L, run.stop - s);
    return pushcaptures(L, &run, false) + 2;
}

/* string.find(s, pattern [, from [, plain]]) -> first, last, captures */
static int l_string_find(lua_State *L) {
    return find_or_match(L, true);
}

/* string.match(s, pattern [, from]) -> captures */
static int l_string_match(lua_State *L) {
    return find_or_match(L, false);
}

/* ---- gmatch ---- */

struct gmatch {
    size_t from;
    size_t last; /* the offset where the last match ended; SIZE_MAX: none yet */
};

/* Find the next match that does not end where the last one did. `from` is an offset. */
static bool search_next(lua_State *L, struct pattern *p, struct pattern_run *run,
                        size_t from, size_t last, int arg) {
    while (from <= (size_t)(run->end - run->subject)) {
        if (!search(L, p, run, run->subject + from, arg))
            return false;
        if ((size_t)(run->stop - run->subject) != last)
            return true;
        from = (size_t)(run->start - run->subject) + 1;
    }
    return false;
}

/* Upvalues: subject, pattern, compiled pattern, struct gmatch. */
static int next_match(lua_State *L) {
    size_t size;
    const char *s = lua_tolstring(L, lua_upvalueindex(1), &size);
    struct pattern *p = lua_touserdata(L, lua_upvalueindex(3));
    struct gmatch *g = lua_touserdata(L, lua_upvalueindex(4));
    struct pattern_run run;
    init_run(L, &run, s, size);
    if (!search_next(L, p, &run, g->from, g->last, lua_upvalueindex(2)))
        return 0;
    g->from = g->last = (size_t)(run.stop - s);
    return pushcaptures(L, &run, true);
}

/* string.gmatch(s, pattern [, from]) -> iterator of captures */
static int l_string_gmatch(lua_State *L) {
    size_t size;
    luaL_checklstring(L, 1, &size);
    luaL_checkstring(L, 2);
    size_t from = offset(luaL_optinteger(L, 3, 1), size);
    lua_settop(L, 2);
    pushpattern(L, 2, false);
    struct gmatch *g = lua_newuserdatauv(L, sizeof *g, 0);
    *g = (struct gmatch){.from = from > size ? size + 1 : from, .last = SIZE_MAX};
    lua_pushcclosure(L, next_match, 4);
    return 1;
}

/* ---- gsub ---- */

/* Arguments of gsub on the stack. */
enum { SUBJECT = 1, PATTERN, REPLACEMENT };

/* Add the text of a replacement, in which %0 to %9 are captures. */
static void add_text(lua_State *L, luaL_Buffer *b, const struct pattern_run *run) {
    size_t size;
    const char *text = lua_tolstring(L, REPLACEMENT, &size), *end = text + size, *at;
    for (; (at = memchr(text, '%', (size_t)(end - text))) != NULL; text = at + 1) {
        luaL_addlstring(b, text, (size_t)(at - text));
        at++; /* a string of Lua ends in a zero byte, so this byte may be read */
        if (*at == '%') {
            luaL_addchar(b, '%');
        } else if (*at == '0') {
            luaL_addlstring(b, run->start, (size_t)(run->stop - run->start));
        } else if (isdigit((unsigned char)*at)) {
            pushcapture(L, run, *at - '1');
            luaL_tolstring(L, -1, NULL);
            lua_remove(L, -2);
            luaL_addvalue(b);
        } else {
            luaL_error(L, "invalid use of '%%' in replacement string");
        }
    }
    luaL_addlstring(b, text, (size_t)(end - text));
}

/* Add what replaces a match. False if the match stays as it is. */
static bool add_value(lua_State *L, luaL_Buffer *b, const struct pattern_run *run,
                      int type) {
    if (type == LUA_TFUNCTION) {
        lua_pushvalue(L, REPLACEMENT);
        lua_call(L, pushcaptures(L, run, true), 1);
    } else if (type == LUA_TTABLE) {
        pushcapture(L, run, 0);
        lua_gettable(L, REPLACEMENT);
    } else {
        add_text(L, b, run);
        return true;
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(b, run->start, (size_t)(run->stop - run->start));
        return false;
    }
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    luaL_addvalue(b);
    return true;
}

static int checkreplacement(lua_State *L) {
    int type = lua_type(L, REPLACEMENT);
    if (type != LUA_TNUMBER && type != LUA_TSTRING && type != LUA_TTABLE &&
        type != LUA_TFUNCTION)
        luaL_typeerror(L, REPLACEMENT, "string/function/table");
    return type;
}

/* string.gsub(s, pattern, replacement [, most]) -> text, how many */
static int l_string_gsub(lua_State *L) {
    size_t size;
    const char *s = luaL_checklstring(L, SUBJECT, &size);
    luaL_checkstring(L, PATTERN);
    int type = checkreplacement(L);
    lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)size + 1), n = 0;
    struct pattern *p = pushpattern(L, PATTERN, true);
    struct pattern_run run;
    size_t from = 0, last = SIZE_MAX, copied = 0;
    bool changed = false;
    luaL_Buffer b;
    init_run(L, &run, s, size);
    luaL_buffinit(L, &b);
    while (n < most && search_next(L, p, &run, from, last, PATTERN)) {
        n++;
        luaL_addlstring(&b, s + copied, (size_t)(run.start - s) - copied);
        changed = add_value(L, &b, &run, type) || changed;
        copied = from = last = (size_t)(run.stop - s);
        if (pattern_is_anchored(p))
            break;
    }
    if (!changed) {
        lua_pushvalue(L, SUBJECT);
    } else {
        luaL_addlstring(&b, s + copied, size - copied);
        luaL_pushresult(&b);
    }
    lua_pushinteger(L, n);
    return 2;
}

/* ---- in their places ---- */

static const luaL_Reg string_functions[] = {
    {"find", l_string_find},
    {"match", l_string_match},
    {"gmatch", l_string_gmatch},
    {"gsub", l_string_gsub},
    {NULL, NULL},
};

void api_openstring(lua_State *L) {
    lua_getglobal(L, "string");
    for (const luaL_Reg *f = string_functions; f->name != NULL; f++) {
        lua_newtable(L);
        lua_pushcclosure(L, f->func, 1);
        lua_setfield(L, -2, f->name);
    }
    lua_pop(L, 1);
}
