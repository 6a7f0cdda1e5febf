/* server_task.c -- the tasks of a server.
 *
 * A server has one task, the dispatcher, that spawns a task for each request that has come
 * in. That one calls the handler and sends what it returns. Its exchange lives in a box on
 * its stack, which is closed with the task. */

#include "api/api.h"
#include "api/server.h"
#include "engine.h"
#include "sched.h"

#include <stdio.h>
#include <string.h>

#define EXCHANGE_MT "tarn.server.exchange"

#define RETRY_MS 100 /* when there was no memory for a task */

/* ---- one request ---- */

/* server_take's `changed` */
static void changed(void *ud) {
    struct exchange_box *b = ud;
    if (b->exchange != NULL && exchange_gone(b->exchange) && b->task != NULL)
        sched_cancel(b->task);
    if (b->waiter != NULL)
        sched_wake(b->waiter);
}

/* Push a box, for an exchange of the server at `index`, that owns nothing yet.
 * [-0, +1, m] */
static struct exchange_box *newexchange(lua_State *L, int index) {
    struct exchange_box *b = lua_newuserdatauv(L, sizeof *b, 1);
    *b = (struct exchange_box){.server = lua_touserdata(L, index)};
    luaL_setmetatable(L, EXCHANGE_MT);
    lua_pushvalue(L, index);
    lua_setiuservalue(L, -2, 1);
    return b;
}

static int l_exchange_close(lua_State *L) {
    struct exchange_box *b = luaL_checkudata(L, 1, EXCHANGE_MT);
    b->task = NULL;
    if (b->exchange != NULL) {
        exchange_release(b->exchange);
        b->server->active--;
        b->server->handled++;
    }
    b->exchange = NULL;
    return 0;
}

/* ---- its reply ---- */

static int written(lua_State *L, int status, lua_KContext ctx) {
    struct exchange_box *b = lua_touserdata(L, lua_upvalueindex(1));
    struct fault fault;
    (void)status;
    (void)ctx;
    switch (b->exchange == NULL ? FLOW_GONE : exchange_flow(b->exchange)) {
    case FLOW_ON:
        return 0;
    case FLOW_WAIT:
        return api_wait(L, "server.write", SCHED_NEVER, &b->waiter, 0, written);
    case FLOW_GONE:
        break;
    }
    fault_set(&fault, FAULT_NETWORK, "the client is gone");
    return api_fault(L, "server.write", &fault);
}

/* write(bytes); upvalue 1 is the exchange's box */
static int l_write(lua_State *L) {
    struct exchange_box *b = lua_touserdata(L, lua_upvalueindex(1));
    size_t size;
    const char *bytes = luaL_checklstring(L, 1, &size);
    if (b->exchange == NULL)
        return luaL_error(L, "write: the reply has ended");
    exchange_write(b->exchange, bytes, size);
    return written(L, LUA_OK, 0);
}

/* ---- the task of a request ---- */

/* handler, box, reply -> nothing, when the stream function has returned */
static int streamed(lua_State *L, int status, lua_KContext ctx) {
    struct exchange_box *b = lua_touserdata(L, 2);
    (void)status;
    (void)ctx;
    if (b->exchange != NULL)
        exchange_end(b->exchange);
    return 0;
}

/* handler, box, reply -> nothing */
static int replied(lua_State *L, int status, lua_KContext ctx) {
    struct exchange_box *b = lua_touserdata(L, 2);
    struct answer a;
    struct fault fault;
    (void)status;
    (void)ctx;
    lua_settop(L, 3);
    server_readanswer(L, b->server, &a);
    if (b->exchange == NULL)
        return 0;
    if (a.reset) {
        exchange_reset(b->exchange);
        return 0;
    }
    if (!a.stream) {
        if (!exchange_answer(b->exchange, &a.reply, &fault))
            return api_fault(L, "server.reply", &fault);
        return 0;
    }
    if (!exchange_stream(b->exchange, &a.reply, &fault))
        return api_fault(L, "server.reply", &fault);
    lua_getfield(L, 3, "stream");
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, l_write, 1);
    lua_callk(L, 1, 0, 0, streamed);
    return streamed(L, LUA_OK, 0);
}

/* handler, box -> nothing */
static int handle(lua_State *L) {
    struct exchange_box *b = lua_touserdata(L, 2);
    struct server_request r;
    if (b->exchange == NULL || !exchange_request(b->exchange, &r))
        return 0;
    lua_pushvalue(L, 1);
    server_pushrequest(L, b->server, &r);
    lua_callk(L, 1, 1, 0, replied);
    return replied(L, LUA_OK, 0);
}

/* The message handler: a plain error gets its traceback, a fault stays one. */
static int with_traceback(lua_State *L) {
    if (lua_type(L, 1) == LUA_TSTRING)
        luaL_traceback(L, L, lua_tostring(L, 1), 1);
    return 1;
}

static bool is_cancelled(lua_State *L, int index) {
    if (lua_type(L, index) != LUA_TTABLE)
        return false;
    lua_pushliteral(L, "kind");
    bool yes = lua_rawget(L, index) == LUA_TSTRING &&
               strcmp(lua_tostring(L, -1), "cancelled") == 0;
    lua_pop(L, 1);
    return yes;
}

/* Say on stderr what went wrong, and answer 500 if nothing was answered. The error is on
 * top. */
static void fail(lua_State *L, struct exchange_box *b) {
    static const char text[] = "The server failed to handle the request.\n";
    static const struct server_field type = {"Content-Type", "text/plain", 12, 10};
    struct server_reply reply = {.status = 500,
                                 .fields = &type,
                                 .field_count = 1,
                                 .body = text,
                                 .body_size = sizeof text - 1};
    struct server_request r;
    struct fault fault;
    int error = lua_gettop(L);
    if (b->exchange == NULL || is_cancelled(L, error))
        return; /* the client is gone, or the server is about to be */
    const char *message = luaL_tolstring(L, error, NULL);
    if (exchange_request(b->exchange, &r))
        fprintf(stderr, "server: %s %s: %s\n", r.method, r.path, message);
    else
        fprintf(stderr, "server: %s\n", message);
    if (!exchange_answered(b->exchange))
        exchange_answer(b->exchange, &reply, &fault);
}

static int served(lua_State *L, int status, lua_KContext ctx) {
    struct exchange_box *b = lua_touserdata(L, 2);
    (void)ctx;
    if (status != LUA_OK && status != LUA_YIELD)
        fail(L, b);
    lua_settop(L, 2);
    return 0; /* closes the box */
}

/* The body of a request's task: handler, box. */
static int serve(lua_State *L) {
    struct exchange_box *b = lua_touserdata(L, 2);
    lua_toclose(L, 2);
    b->task = sched_current(engine_of(L)->sched);
    lua_pushcfunction(L, with_traceback);
    lua_pushcfunction(L, handle);
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 2);
    return served(L, lua_pcallk(L, 2, 0, 3, 0, served), 0);
}

/* ---- the dispatcher ---- */

/* server -> nothing: a task for each request that waits. */
static int spawn_all(lua_State *L) {
    struct server_box *s = lua_touserdata(L, 1);
    while (s->server != NULL && server_pending(s->server)) {
        lua_settop(L, 1);
        lua_pushcfunction(L, serve);
        lua_getiuservalue(L, 1, 1);
        struct exchange_box *b = newexchange(L, 1);
        if (s->server == NULL)
            break; /* a finalizer has closed it */
        b->exchange = server_take(s->server, changed, b);
        s->active++;
        sched_spawn(engine_of(L)->sched, L, 2);
    }
    return 0;
}

/* The body of the dispatcher's task: server. */
static int dispatch(lua_State *L, int status, lua_KContext ctx) {
    struct server_box *s = lua_touserdata(L, 1);
    int64_t due = SCHED_NEVER;
    (void)status;
    (void)ctx;
    if (s->server == NULL)
        return 0;
    lua_settop(L, 1);
    lua_pushcfunction(L, spawn_all);
    lua_pushvalue(L, 1);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK)
        due = loop_now() + RETRY_MS; /* no memory now */
    lua_settop(L, 1);
    return api_wait(L, "server.listen", due, &s->waiter, 0, dispatch);
}

int server_dispatcher(lua_State *L) {
    lua_toclose(L, 1);
    return dispatch(L, LUA_OK, 0);
}

void server_ready(void *ud) {
    struct server_box *s = ud;
    if (s->waiter != NULL)
        sched_wake(s->waiter);
}

void server_newexchanges(lua_State *L) {
    api_newtype(L, EXCHANGE_MT, l_exchange_close, NULL);
}
