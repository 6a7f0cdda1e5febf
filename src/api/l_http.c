/* l_http.c -- `native.http`: plain requests to any host, and what URLs are made of. */

#include "api/api.h"
#include "api/credential.h"
#include "api/headers.h"
#include "api/libs.h"
#include "base/retry.h"
#include "base/url.h"
#include "dbx/readonly.h"
#include "engine.h"
#include "net/http.h"
#include "sched.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REQUEST_MT "tarn.http_request"
#define OP         "http.request"

/* A webhook gets a few tries, but fewer than a workspace. */
static const struct retry_policy policy = {
    .max_tries = 4, .base_ms = 250, .ceiling_ms = 2000, .after_ms = 30000};

/* The box of a request. It owns the call and its outcome. */
struct request {
    struct http_call *call; /* NULL: none under way */
    struct task *waiter;
    bool done, failed;
    struct fault fault;
    struct http_response answer; /* owned, when done */

    bool retry;
    int tries, connect_ms;
    size_t max_body;
    int64_t due, again; /* the deadline; when the next try begins */
};

/* The stack of l_http_request while it waits. */
enum { METHOD = 1, URL, OPTIONS, BOX, HEADERS, LINES, BODY };

static void forget_answer(struct request *q) {
    buf_free(&q->answer.headers);
    buf_free(&q->answer.body);
    q->done = false;
}

/* __close and __gc */
static int l_request_close(lua_State *L) {
    struct request *q = luaL_checkudata(L, 1, REQUEST_MT);
    if (q->call != NULL)
        http_cancel(q->call);
    q->call = NULL;
    forget_answer(q);
    return 0;
}

static struct request *newrequest(lua_State *L) {
    struct request *q = lua_newuserdatauv(L, sizeof *q, 0);
    *q = (struct request){.again = 0};
    luaL_setmetatable(L, REQUEST_MT);
    return q;
}

/* ---- options ---- */

static void checkmethod(lua_State *L) {
    size_t size;
    const char *method = luaL_checklstring(L, METHOD, &size);
    bool good = 0 < size && size < 20;
    for (size_t i = 0; i < size; i++)
        good = good && isupper((unsigned char)method[i]);
    luaL_argcheck(L, good, METHOD, "not an HTTP method");
}

static void pushbody(lua_State *L) {
    if (lua_istable(L, OPTIONS))
        lua_getfield(L, OPTIONS, "body");
    else
        lua_pushnil(L);
    luaL_argcheck(L, lua_isnil(L, BODY) || lua_type(L, BODY) == LUA_TSTRING, OPTIONS,
                  "'body' is no string");
}

/* ---- sending and waiting ---- */

static void ended(void *ud, struct http_response *r, const struct fault *f) {
    struct request *q = ud;
    q->call = NULL;
    q->done = true;
    q->failed = f != NULL;
    if (f != NULL)
        q->fault = *f;
    q->answer = *r;
    r->body = (struct buf){0};
    q->answer.headers = (struct buf){0}; /* copied: they stay the client's */
    if (r->headers.size > 0 &&
        !buf_add(&q->answer.headers, r->headers.bytes, r->headers.size) && !q->failed) {
        q->failed = true;
        fault_memory(&q->fault, "an answer");
    }
    if (q->waiter != NULL)
        sched_wake(q->waiter);
}

static int look(lua_State *L, int status, lua_KContext ctx);

/* The URL: a string, or the secret in a credential, which never becomes a string of Lua.
 * [-0, +0, -] */
static const char *urlof(lua_State *L) {
    const char *secret = api_totoken(L, URL);
    return secret != NULL ? secret : lua_tostring(L, URL);
}

static int begin(lua_State *L, struct request *q) {
    struct http *h = engine_http(engine_of(L));
    struct fault f;
    size_t size = 0;
    const char *body = lua_tolstring(L, BODY, &size);
    int64_t left = q->due - loop_now();
    struct http_request r = {
        .method = lua_tostring(L, METHOD),
        .url = urlof(L),
        .headers = lua_touserdata(L, LINES),
        .body = body,
        .body_size = size,
        .secret_url = true, /* the URL of a webhook is its password */
        .idempotent = q->retry && retry_idempotent(lua_tostring(L, METHOD)),
        .connect_ms = q->connect_ms,
        .total_ms = left < 1 ? 1 : (int)left,
        .max_body = q->max_body,
    };
    q->tries++;
    q->again = 0;
    if (h == NULL)
        return engine_no_memory(L);
    q->call = http_start(h, &r, ended, q, &f);
    if (q->call == NULL)
        return api_fault(L, OP, &f);
    return api_wait(L, OP, SCHED_NEVER, &q->waiter, 0, look);
}

/* Milliseconds until the next try, or RETRY_GIVE_UP. */
static int retry_in(lua_State *L, struct request *q) {
    char after[64];
    bool says = response_header(&q->answer, "Retry-After", after, sizeof after);
    const struct retry_outcome seen = {
        .tries = q->tries,
        .status = q->failed ? 0 : q->answer.status,
        .after_ms = says ? retry_after_ms(after, (int64_t)time(NULL)) : -1,
        .idempotent = retry_idempotent(lua_tostring(L, METHOD)),
        .unsent = q->failed && !q->answer.sent,
        .lasting = q->answer.lasting,
    };
    double jitter = (double)(loop_now() % 997) / 997;
    int delay = q->retry ? retry_delay_ms(&policy, &seen, jitter) : RETRY_GIVE_UP;
    return delay != RETRY_GIVE_UP && loop_now() + delay < q->due ? delay : RETRY_GIVE_UP;
}

/* ---- answers ---- */

static int pushanswer(lua_State *L, struct request *q) {
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, q->answer.status);
    lua_setfield(L, -2, "status");
    api_pushheaders(L, &q->answer.headers);
    lua_setfield(L, -2, "headers");
    lua_pushlstring(L, q->answer.body.size > 0 ? q->answer.body.bytes : "",
                    q->answer.body.size);
    lua_setfield(L, -2, "body");
    forget_answer(q);
    return 1;
}

static int look(lua_State *L, int status, lua_KContext ctx) {
    struct request *q = luaL_checkudata(L, BOX, REQUEST_MT);
    (void)status, (void)ctx;
    if (!q->done && q->call != NULL)
        return api_wait(L, OP, SCHED_NEVER, &q->waiter, 0, look);
    if (q->done) {
        int delay = retry_in(L, q);
        if (delay == RETRY_GIVE_UP)
            return q->failed ? api_fault(L, OP, &q->fault) : pushanswer(L, q);
        forget_answer(q);
        q->again = loop_now() + delay;
    }
    if (q->again > loop_now())
        return api_wait(L, OP, q->again, &q->waiter, 0, look);
    return begin(L, q);
}

/* Refuse a request with an effect if the engine is read-only. All but GET and HEAD have
 * one. */
static void checkeffect(lua_State *L) {
    const char *method = lua_tostring(L, METHOD);
    const char *const *lines = lua_touserdata(L, LINES);
    if (!retry_safe(method))
        api_refuse_effects(L, OP, "only GET and HEAD are sent");
    for (; *lines != NULL; lines++)
        if (readonly_disguises(*lines))
            api_refuse_effects(L, OP, "a header names another method");
}

/* http.request(method, url [, opts]) -> response */
static int l_http_request(lua_State *L) {
    static const char *const options[] = {
        "headers", "body", "timeout", "connect_timeout", "max_bytes", "retry", NULL};
    checkmethod(L);
    if (api_totoken(L, URL) == NULL)
        luaL_checkstring(L, URL);
    lua_settop(L, OPTIONS);
    api_checkopts(L, OPTIONS, options);
    struct request *q = newrequest(L);
    lua_toclose(L, BOX); /* if the task is cancelled, so is the request, at once */
    q->retry =
        api_optflag(L, OPTIONS, "retry", retry_idempotent(lua_tostring(L, METHOD)));
    q->connect_ms = api_optms(L, OPTIONS, "connect_timeout", 10000);
    q->max_body =
        (size_t)api_optinteger(L, OPTIONS, "max_bytes", 1, LUA_MAXINTEGER, 64 << 20);
    q->due = loop_now() + api_optms(L, OPTIONS, "timeout", 60000);
    api_pushheaderlines(L, OPTIONS, NULL);
    pushbody(L);
    checkeffect(L);
    return begin(L, q);
}

/* ---- URLs and base64 ---- */

/* http.escape(text) -> string */
static int l_http_escape(lua_State *L) {
    size_t size;
    const char *text = luaL_checklstring(L, 1, &size);
    luaL_argcheck(L, size < SIZE_MAX / 8, 1, "too long");
    struct buf b = api_scratch(L, size * 3);
    url_escape(&b, text, size);
    lua_pushlstring(L, b.bytes, b.size);
    return 1;
}

/* http.blank(text) -> string */
static int l_http_blank(lua_State *L) {
    size_t size;
    const char *text = luaL_checklstring(L, 1, &size);
    struct engine *e = engine_of(L);
    luaL_argcheck(L, size < SIZE_MAX / 8, 1, "too long");
    struct buf b = api_scratch(L, size);
    buf_add(&b, text, size);
    http_blank_text(e->http, &b);
    lua_pushlstring(L, b.bytes, b.size);
    return 1;
}

/* http.unescape(text [, plus]) -> string */
static int l_http_unescape(lua_State *L) {
    size_t size;
    const char *text = luaL_checklstring(L, 1, &size);
    bool plus = lua_toboolean(L, 2);
    struct buf b = api_scratch(L, size);
    url_unescape(&b, text, size, plus);
    lua_pushlstring(L, b.bytes, b.size);
    return 1;
}

/* http.base64_encode(bytes) -> string */
static int l_http_base64_encode(lua_State *L) {
    size_t size;
    const char *bytes = luaL_checklstring(L, 1, &size);
    luaL_argcheck(L, size < SIZE_MAX / 8, 1, "too long");
    api_pushbase64(L, bytes, size);
    return 1;
}

/* http.base64_decode(text) -> string */
static int l_http_base64_decode(lua_State *L) {
    size_t size;
    const char *text = luaL_checklstring(L, 1, &size);
    if (!api_pushunbase64(L, text, size)) {
        struct fault f;
        fault_set(&f, FAULT_PARSE, "not base64");
        return api_fault(L, "http.base64_decode", &f);
    }
    return 1;
}

static const luaL_Reg http_functions[] = {
    {"request", l_http_request},
    {"escape", l_http_escape},
    {"unescape", l_http_unescape},
    {"blank", l_http_blank},
    {"base64_encode", l_http_base64_encode},
    {"base64_decode", l_http_base64_decode},
    {NULL, NULL},
};

int luaopen_native_http(lua_State *L) {
    api_newtype(L, REQUEST_MT, l_request_close, NULL);
    luaL_newlib(L, http_functions);
    return 1;
}
