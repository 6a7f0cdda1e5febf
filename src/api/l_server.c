/* l_server.c -- `native.server`: an HTTP server whose requests are tasks.
 *
 * A server has one task, the dispatcher, that spawns a task for each request that has come
 * in. That one calls the handler and sends what it returns. Its exchange lives in a box on
 * its stack, which is closed with the task. */

#include "api/api.h"
#include "api/libs.h"
#include "api/server.h"
#include "base/buf.h"
#include "base/file.h"
#include "engine.h"
#include "sched.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXCHANGE_MT "tarn.server.exchange"

#define RETRY_MS 100 /* when there was no memory for a task */
#define PEM_ROOM ((size_t)1 << 20)

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

/* Cancelled, with the program or by itself, it closes the server. */
static int dispatcher(lua_State *L) {
    lua_toclose(L, 1);
    return dispatch(L, LUA_OK, 0);
}

/* server_new's `ready` */
static void ready(void *ud) {
    struct server_box *s = ud;
    if (s->waiter != NULL)
        sched_wake(s->waiter);
}

/* ---- servers ---- */

static lua_Integer optinteger(lua_State *L, const char *name, lua_Integer least,
                              lua_Integer most, lua_Integer otherwise) {
    lua_getfield(L, 1, name);
    lua_Integer value = otherwise;
    if (!lua_isnil(L, -1)) {
        value = lua_tointeger(L, -1);
        if (!lua_isinteger(L, -1) || value < least || value > most)
            luaL_argerror(L, 1, lua_pushfstring(L, "'%s' out of range", name));
    }
    lua_pop(L, 1);
    return value;
}

static unsigned optseconds(lua_State *L, const char *name, lua_Number otherwise) {
    lua_getfield(L, 1, name);
    lua_Number seconds = luaL_optnumber(L, -1, otherwise);
    if (seconds < 0 || seconds > 86400 || (seconds == 0 && otherwise != 0))
        luaL_argerror(L, 1, lua_pushfstring(L, "'%s' out of range", name));
    lua_pop(L, 1);
    unsigned whole = (unsigned)seconds;
    return whole < seconds ? whole + 1
                           : whole; /* libmicrohttpd counts in whole seconds */
}

/* A text option stays on the stack. [-0, +1, v] */
static const char *opttext(lua_State *L, const char *name, const char *otherwise) {
    lua_getfield(L, 1, name);
    return luaL_optstring(L, -1, otherwise);
}

static struct server_options checkoptions(lua_State *L) {
    static const char *const names[] = {"port",        "host",
                                        "max_body",    "max_connections",
                                        "timeout",     "max_per_address",
                                        "max_header",  "token",
                                        "secrets",     "request_timeout",
                                        "certificate", "too_large",
                                        "key",         NULL};
    struct server_options o = {.memory = &engine_of(L)->memory};
    api_checkopts(L, 1, names);
    o.port = (int)optinteger(L, "port", 0, 65535, 0);
    o.max_body = (size_t)optinteger(L, "max_body", 0, (lua_Integer)1 << 32, 16 << 20);
    o.max_connections = (unsigned)optinteger(L, "max_connections", 1, 100000, 1000);
    o.max_per_address = (unsigned)optinteger(L, "max_per_address", 1, 100000, 0);
    o.max_header = (size_t)optinteger(L, "max_header", 1024, 1 << 20, 0);
    o.timeout_s = optseconds(L, "timeout", 60);
    o.request_ms = (int64_t)optseconds(L, "request_timeout", 0) * 1000;
    o.too_large = opttext(L, "too_large", NULL); /* copied while it stays on the stack */
    o.host = opttext(L, "host", "127.0.0.1");
    return o;
}

/* The names of secrets, kept by user value 3 of the box at `box`. [-0, +0, v] */
static void checksecrets(lua_State *L, struct server_box *s, int box) {
    if (lua_getfield(L, 1, "secrets") == LUA_TTABLE) {
        int n = (int)luaL_len(L, -1);
        luaL_argcheck(L, n <= MOST_SECRETS, 1, "too many 'secrets'");
        lua_newtable(L); /* a copy: the caller may change his own */
        for (int i = 1; i <= n; i++) {
            lua_rawgeti(L, -2, i);
            luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 1, "'secrets' are names");
            s->secrets[i - 1] = lua_tostring(L, -1);
            lua_rawseti(L, -2, i);
        }
        lua_setiuservalue(L, box, 3);
    }
    lua_pop(L, 1);
}

/* The token, kept by user value 2. [-0, +0, v] */
static void checktoken(lua_State *L, struct server_box *s, int box) {
    if (lua_getfield(L, 1, "token") != LUA_TNIL) {
        s->token = server_totoken(L, -1);
        luaL_argcheck(L, s->token != NULL, 1, "'token' is no token of server.token");
        lua_setiuservalue(L, box, 2);
    } else {
        lua_pop(L, 1);
    }
}

/* The server's socket. The key lies in memory of ours no longer than this takes. */
static bool start(lua_State *L, struct server_box *s, struct server_options *o,
                  const char *certificate, const char *key, struct fault *f) {
    struct buf c = {0}, k = {0};
    bool ok = true;
    if (certificate != NULL) {
        ok = file_read(certificate, PEM_ROOM, &c, f) && file_read(key, PEM_ROOM, &k, f);
        if (ok && (!buf_add(&c, "", 1) || !buf_add(&k, "", 1)))
            ok = fault_memory(f, "the certificate");
        o->certificate = c.bytes;
        o->key = k.bytes;
    }
    if (ok)
        s->server = server_new(engine_of(L)->loop, o, ready, s, f);
    buf_free(&c);
    buf_wipe(&k);
    return s->server != NULL;
}

/* server.listen(opts, handler) -> server */
static int l_server_listen(lua_State *L) {
    struct fault fault;
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    struct server_options o = checkoptions(L);
    const char *certificate = opttext(L, "certificate", NULL);
    const char *key = opttext(L, "key", NULL);
    luaL_argcheck(L, (certificate == NULL) == (key == NULL), 1,
                  "'certificate' and 'key' go together");

    struct server_box *s = lua_newuserdatauv(L, sizeof *s, 3);
    int box = lua_gettop(L); /* opts, handler, texts, box */
    *s = (struct server_box){0};
    luaL_setmetatable(L, SERVER_MT);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, box, 1);
    checktoken(L, s, box);
    checksecrets(L, s, box);
    if (!start(L, s, &o, certificate, key, &fault))
        return api_fault(L, "server.listen", &fault);
    lua_pushcfunction(L, dispatcher);
    lua_pushvalue(L, box);
    sched_spawn(engine_of(L)->sched, L, 1);
    lua_settop(L, box);
    return 1;
}

/* server:drain(): no new connections; those that are there go on. */
static int l_server_drain(lua_State *L) {
    struct server_box *s = luaL_checkudata(L, 1, SERVER_MT);
    luaL_argcheck(L, s->server != NULL, 1, "server is closed");
    server_drain(s->server);
    return 0;
}

/* server:stats() -> handled, active */
static int l_server_stats(lua_State *L) {
    struct server_box *s = luaL_checkudata(L, 1, SERVER_MT);
    lua_pushinteger(L, s->handled);
    lua_pushinteger(L, s->active);
    return 2;
}

/* server:close(), __close and __gc. Closing twice is not an error. */
static int l_server_close(lua_State *L) {
    struct server_box *s = luaL_checkudata(L, 1, SERVER_MT);
    struct server *server = s->server;
    s->server = NULL;
    server_close(server);
    if (s->waiter != NULL)
        sched_wake(s->waiter);
    return 0;
}

/* server.port, and its methods: upvalue 1. */
static int l_server_index(lua_State *L) {
    struct server_box *s = luaL_checkudata(L, 1, SERVER_MT);
    if (lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "port") == 0) {
        luaL_argcheck(L, s->server != NULL, 1, "server is closed");
        lua_pushinteger(L, server_port(s->server));
        return 1;
    }
    lua_pushvalue(L, 2);
    lua_rawget(L, lua_upvalueindex(1));
    return 1;
}

static const luaL_Reg server_methods[] = {
    {"stats", l_server_stats},
    {"drain", l_server_drain},
    {"close", l_server_close},
    {NULL, NULL},
};

/* server.digest(bytes) -> hex of the first half of its SHA-256 */
static int l_server_digest(lua_State *L) {
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[32];
    char hex[32];
    size_t size;
    const char *bytes = luaL_checklstring(L, 1, &size);
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, size, digest) != 0)
        return luaL_error(L, "server.digest: no SHA-256");
    for (size_t i = 0; i < sizeof hex; i++)
        hex[i] = digits[digest[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
    lua_pushlstring(L, hex, sizeof hex);
    return 1;
}

static const luaL_Reg server_functions[] = {
    {"listen", l_server_listen},
    {"token", server_newtoken},
    {"body", server_newbody},
    {"digest", l_server_digest},
    {NULL, NULL},
};

static void newtype(lua_State *L, const char *name, lua_CFunction close) {
    const luaL_Reg meta[] = {{"__gc", close}, {"__close", close}, {NULL, NULL}};
    api_pushtype(L, name, meta, NULL);
}

int luaopen_native_server(lua_State *L) {
    newtype(L, EXCHANGE_MT, l_exchange_close);
    newtype(L, SERVER_MT, l_server_close);
    luaL_newlib(L, server_methods);
    lua_pushcclosure(L, l_server_index, 1);
    lua_setfield(L, -2, "__index");
    luaL_newlib(L, server_functions);
    return 1;
}
