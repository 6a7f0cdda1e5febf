#include "api/workspace_call.h"

#include "api/json.h"
#include "api/json_parts.h"
#include "api/shape.h"
#include "base/retry.h"
#include "engine.h"
#include "sched.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_MT "tarn.workspace_call"
#define HELD_MT "tarn.workspace_held"

struct workspace *api_checkworkspace(lua_State *L, int arg) {
    struct connection *n = luaL_checkudata(L, arg, WORKSPACE_MT);
    luaL_argcheck(L, n->ws != NULL, arg, "workspace is closed");
    return n->ws;
}

/* ---- a workspace that is held ---- */

/* __gc and __close */
static int l_held_close(lua_State *L) {
    struct connection *held = luaL_checkudata(L, 1, HELD_MT);
    if (held->ws != NULL)
        workspace_release(held->ws);
    held->ws = NULL;
    return 0;
}

struct workspace *api_holdworkspace(lua_State *L, int arg) {
    struct connection *held = lua_newuserdatauv(L, sizeof *held, 0);
    held->ws = NULL;
    luaL_setmetatable(L, HELD_MT);
    lua_toclose(L, -1);
    held->ws = api_checkworkspace(L, arg);
    workspace_hold(held->ws);
    return held->ws;
}

static void out_of_memory(lua_State *L, const struct api_call *c) {
    struct fault f;
    fault_memory(&f, "a call");
    api_fault(L, c->op, &f);
}

/* ---- scalars ---- */

/* Push the shortest text that reads back as the same number, without a point if the
 * number is whole. */
static void pushfloat(lua_State *L, lua_Number n) {
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, n);
        if (strtod(text, NULL) == n)
            break;
    }
    lua_pushstring(L, text);
}

bool api_totext(lua_State *L) {
    switch (lua_type(L, -1)) {
    case LUA_TSTRING:
        return true;
    case LUA_TBOOLEAN:
        lua_pushstring(L, lua_toboolean(L, -1) ? "true" : "false");
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, -1))
            lua_pushfstring(L, "%I", (LUAI_UACINT)lua_tointeger(L, -1));
        else if (isfinite(lua_tonumber(L, -1)))
            pushfloat(L, lua_tonumber(L, -1));
        else
            return false;
        break;
    default:
        if (luaL_testudata(L, -1, JSON_NUMBER_MT) == NULL)
            return false;
        luaL_tolstring(L, -1, NULL);
    }
    lua_replace(L, -2);
    return true;
}

/* ---- the box ---- */

/* __gc and __close */
static int l_call_close(lua_State *L) {
    struct api_call *c = luaL_checkudata(L, 1, CALL_MT);
    if (c->pending != NULL)
        workspace_cancel(c->pending);
    c->pending = NULL;
    buf_free(&c->path);
    buf_free(&c->answer_headers);
    buf_free(&c->answer);
    return 0;
}

void api_opencall(lua_State *L) {
    api_newtype(L, CALL_MT, l_call_close, NULL);
    api_newtype(L, HELD_MT, l_held_close, NULL);
}

struct api_call *api_newcall(lua_State *L, const char *op, const char *method) {
    struct api_call *c = lua_newuserdatauv(L, sizeof *c, 3);
    *c = (struct api_call){.op = op, .method = method};
    luaL_setmetatable(L, CALL_MT);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    return c;
}

/* ---- the path ---- */

static void add(lua_State *L, struct api_call *c, const char *bytes, size_t size) {
    if (!buf_add(&c->path, bytes, size))
        out_of_memory(L, c);
}

static bool unreserved(unsigned char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') ||
           (c != '\0' && strchr("-._~", c) != NULL);
}

static void add_escaped(lua_State *L, struct api_call *c, const char *text, size_t size) {
    size_t from = 0;
    for (size_t i = 0; i < size; i++) {
        char code[4];
        if (unreserved((unsigned char)text[i]))
            continue;
        snprintf(code, sizeof code, "%%%02X", (unsigned char)text[i]);
        add(L, c, text + from, i - from);
        add(L, c, code, 3);
        from = i + 1;
    }
    add(L, c, text + from, size - from);
}

void api_call_path(lua_State *L, struct api_call *c, const char *text) {
    add(L, c, text, strlen(text));
}

/* A segment of dots would lead up in the path, and an empty one to the list. */
const char *api_checksegment(lua_State *L, int arg) {
    const char *text = luaL_checkstring(L, arg);
    luaL_argcheck(L, text[0] != '\0', arg, "an empty id");
    luaL_argcheck(L, strcmp(text, ".") != 0 && strcmp(text, "..") != 0, arg, "not an id");
    return text;
}

void api_call_segment(lua_State *L, struct api_call *c, int arg) {
    size_t size;
    const char *text = lua_tolstring(L, arg, &size);
    add_escaped(L, c, text, size);
}

/* ---- the query ---- */

struct name {
    const char *text;
    size_t size;
};

static int by_bytes(const void *a, const void *b) {
    const struct name *x = a, *y = b;
    int order = memcmp(x->text, y->text, x->size < y->size ? x->size : y->size);
    return order != 0 ? order : x->size < y->size ? -1 : x->size > y->size;
}

/* Push the names of the table at `arg` as a list, which keeps them alive, and sorted as a
 * block of memory. [-0, +2, v] */
static struct name *pushnames(lua_State *L, int arg, size_t *count) {
    lua_newtable(L);
    int list = lua_gettop(L);
    *count = 0;
    for (lua_pushnil(L); lua_next(L, arg); lua_pop(L, 1)) {
        luaL_argcheck(L, lua_type(L, -2) == LUA_TSTRING, arg,
                      "the names of a query are strings");
        lua_pushvalue(L, -2);
        lua_rawseti(L, list, (lua_Integer)++ * count);
    }
    struct name *names = lua_newuserdatauv(L, *count * sizeof *names + 1, 0);
    for (size_t i = 0; i < *count; i++) {
        lua_rawgeti(L, list, (lua_Integer)i + 1);
        names[i].text = lua_tolstring(L, -1, &names[i].size);
        lua_pop(L, 1);
    }
    qsort(names, *count, sizeof *names, by_bytes);
    return names;
}

static void bad_value(lua_State *L, int arg, const struct name *name) {
    luaL_argerror(L, arg,
                  lua_pushfstring(L,
                                  "query '%s' is not a string, number, boolean, or a "
                                  "list of them",
                                  name->text));
}

/* Add name=value. The value is on top of the stack, and is popped. */
static void add_pair(lua_State *L, struct api_call *c, int arg, const struct name *name) {
    size_t size;
    if (!api_totext(L))
        bad_value(L, arg, name);
    const char *text = lua_tolstring(L, -1, &size);
    add(L, c, memchr(c->path.bytes, '?', c->path.size) == NULL ? "?" : "&", 1);
    add_escaped(L, c, name->text, name->size);
    add(L, c, "=", 1);
    add_escaped(L, c, text, size);
    lua_pop(L, 1);
}

void api_call_query(lua_State *L, struct api_call *c, int arg) {
    size_t count;
    if (lua_isnoneornil(L, arg))
        return;
    luaL_checktype(L, arg, LUA_TTABLE);
    struct name *names = pushnames(L, arg, &count);
    for (size_t i = 0; i < count; i++) {
        lua_pushlstring(L, names[i].text, names[i].size);
        lua_rawget(L, arg);
        if (lua_islightuserdata(L, -1) && lua_touserdata(L, -1) == NULL) {
            lua_pop(L, 1); /* json.null counts as not there */
        } else if (lua_istable(L, -1)) {
            lua_Integer n = (lua_Integer)lua_rawlen(L, -1);
            for (lua_Integer k = 1; k <= n; k++) {
                lua_rawgeti(L, -1, k);
                add_pair(L, c, arg, &names[i]);
            }
            lua_pop(L, 1);
        } else {
            add_pair(L, c, arg, &names[i]);
        }
    }
    lua_pop(L, 2);
}

/* ---- the body ---- */

void api_call_text(lua_State *L, struct api_call *c, int box) {
    c->body = lua_tolstring(L, -1, &c->body_size);
    lua_setiuservalue(L, box, 2);
}

void api_call_json(lua_State *L, struct api_call *c, int box, int index) {
    api_json_encode(L, c->op, index);
    api_call_text(L, c, box);
}

/* ---- sending ---- */

static void answered(void *ud, struct workspace_response *r, const struct fault *f) {
    struct api_call *c = ud;
    c->pending = NULL;
    c->done = true;
    c->status = r->status;
    c->tries = r->tries;
    c->failed = f != NULL;
    if (f != NULL) {
        c->fault = *f;
    } else {
        c->answer = r->body;
        r->body = (struct buf){0};
        if (c->keep_headers &&
            !buf_add(&c->answer_headers, r->headers.bytes, r->headers.size)) {
            c->failed = true;
            fault_memory(&c->fault, "the headers of an answer");
        }
    }
    if (c->waiter != NULL)
        sched_wake(c->waiter);
}

/* call */
static int look(lua_State *L, int status, lua_KContext ctx) {
    struct api_call *c = lua_touserdata(L, 1);
    (void)status;
    (void)ctx;
    if (!c->done) /* the workspace has time limits of its own */
        return api_wait(L, c->op, SCHED_NEVER, &c->waiter, 0, look);
    if (c->failed && !(c->removes && c->fault.status == 404 && c->fault.ambiguous))
        return api_fault(L, c->op, &c->fault);
    return c->finish(L, c);
}

int api_call_send(lua_State *L, struct api_call *c,
                  int (*finish)(lua_State *L, struct api_call *c)) {
    struct fault fault;
    struct workspace *ws = api_checkworkspace(L, 1);
    struct workspace_request request = {.method = c->method,
                                        .path = c->path.bytes,
                                        .headers = c->headers,
                                        .body = c->body,
                                        .body_size = c->body_size,
                                        .idempotent = c->idempotent,
                                        .timeout_ms = c->timeout_ms,
                                        .max_body = c->max_body};
    c->finish = finish;
    c->has_effect = !retry_safe(c->method);
    c->pending = workspace_start(ws, &request, answered, c, &fault);
    if (c->pending == NULL)
        return api_fault(L, c->op, &fault);
    buf_free(&c->path);
    c->body = NULL;
    lua_pushnil(L);
    lua_setiuservalue(L, -2, 2);
    lua_replace(L, 1);
    lua_settop(L, 1);  /* call */
    lua_toclose(L, 1); /* if the task is cancelled, so is the call, at once */
    return look(L, LUA_OK, 0);
}

/* ---- the answer ---- */

/* The offset where the JSON begins, or the size if there is none. */
static size_t skip_blanks(const struct buf *b) {
    size_t i = 0;
    while (i < b->size && strchr(" \t\r\n", b->bytes[i]) != NULL && b->bytes[i] != '\0')
        i++;
    return i;
}

/* [call] -> value */
static int decode(lua_State *L) {
    struct api_call *c = lua_touserdata(L, 1);
    struct json_nulls nulls = {.drop = !c->nulls, .kept = c->spec};
    api_json_decode(L, c->op, c->answer.bytes, c->answer.size, nulls);
    if (nulls.drop && lua_islightuserdata(L, -1))
        lua_newtable(L); /* null alone is an empty answer */
    return 1;
}

/* Raise if the answer on top of the stack has not its shape. [-0, +0, v] */
static void checkshape(lua_State *L, struct api_call *c) {
    struct fault f;
    if (c->shape == NULL || api_shape_fits(L, c->shape, &f))
        return;
    f.status = c->status;
    f.ambiguous = c->has_effect;
    fault_hint(&f, "the workspace, or a proxy on the way to it, gives wrong answers");
    api_fault(L, c->op, &f);
}

void api_call_pushjson(lua_State *L, struct api_call *c) {
    if (skip_blanks(&c->answer) == c->answer.size) {
        lua_newtable(L);
        checkshape(L, c);
        return;
    }
    lua_pushcfunction(L, decode);
    lua_pushlightuserdata(L, c);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
        if (lua_istable(L, -1)) { /* the decoder's fault does not say which call it was */
            lua_pushinteger(L, c->status);
            lua_setfield(L, -2, "status");
            if (c->has_effect) {
                lua_pushboolean(L, true);
                lua_setfield(L, -2, "ambiguous");
            }
            lua_getfield(L, -1, "message");
            lua_pushfstring(L, "the answer is not JSON: %s", luaL_tolstring(L, -1, NULL));
            lua_setfield(L, -4, "message"); /* fault, message, its text */
            lua_pop(L, 2);
            lua_pushliteral(L, "is this the host of a workspace, and is there a proxy on "
                               "the way?");
            lua_setfield(L, -2, "hint");
        }
        lua_error(L);
    }
    buf_free(&c->answer);
    checkshape(L, c);
}

int api_finish_json(lua_State *L, struct api_call *c) {
    api_call_pushjson(L, c);
    return 1;
}

int api_finish_nothing(lua_State *L, struct api_call *c) {
    api_call_pushjson(L, c); /* raises if it is the page of a proxy */
    lua_pop(L, 1);
    return 0;
}

int api_call_misfit(lua_State *L, struct api_call *c, const char *what) {
    struct fault f;
    fault_set(&f, FAULT_PARSE, "%s", what);
    f.status = c->status;
    return api_fault(L, c->op, &f);
}

/* ---- what the files of native.databricks share ---- */

struct http *api_checkhttp(lua_State *L, const char *op) {
    struct http *http = engine_http(engine_of(L));
    struct fault f;
    if (http == NULL) {
        fault_memory(&f, "a connection");
        api_fault(L, op, &f);
    }
    return http;
}

const char *api_getenv(void *ud, const char *name) {
    (void)ud;
    return getenv(name);
}

void api_setstring(lua_State *L, const char *name, const char *value) {
    if (value == NULL || value[0] == '\0')
        return;
    lua_pushstring(L, value);
    lua_setfield(L, -2, name);
}
