/* l_server.c -- `native.server`: an HTTP server whose requests are tasks.
 *
 * A server has one task, the dispatcher, that spawns a task for each request that has come
 * in. That one calls the handler and sends what it returns. Its exchange lives in a box on
 * its stack, which is closed with the task. */

#include "api/api.h"
#include "api/libs.h"
#include "engine.h"
#include "net/server.h"
#include "sched.h"

#include <stdio.h>
#include <string.h>

#define SERVER_MT   "tarn.server"
#define EXCHANGE_MT "tarn.server.exchange"

#define MOST_FIELDS 64
#define RETRY_MS    100 /* when there was no memory for a task */

struct server_box {
    struct server *server; /* NULL: not open yet, or closed */
    struct task *waiter;   /* the dispatcher */
    lua_Integer handled, active;
};

struct exchange_box {
    struct exchange *exchange; /* NULL: none yet, or released */
    struct server_box *server; /* kept alive by our user value */
    struct task *task;         /* the handler's, while it runs */
    struct task *waiter;       /* the same, while `write` waits */
};

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

/* Push the name of a header field in lower case. [-0, +1, m] */
static void pushlower(lua_State *L, const char *name, size_t size) {
    char small[64];
    luaL_Buffer buffer;
    char *to = size <= sizeof small ? small : luaL_buffinitsize(L, &buffer, size);
    for (size_t i = 0; i < size; i++)
        to[i] =
            (char)('A' <= name[i] && name[i] <= 'Z' ? name[i] + ('a' - 'A') : name[i]);
    if (to == small)
        lua_pushlstring(L, small, size);
    else
        luaL_pushresultsize(&buffer, size);
}

/* Push the header as a table; fields that occur twice are joined as HTTP says.
 * [-0, +1, m] */
static void pushheaders(lua_State *L, const struct server_request *r) {
    lua_createtable(L, 0, (int)r->field_count);
    for (size_t i = 0; i < r->field_count; i++) {
        const struct server_field *f = &r->fields[i];
        pushlower(L, f->name, f->name_size); /* headers, name */
        lua_pushvalue(L, -1);
        if (lua_rawget(L, -3) == LUA_TNIL) {
            lua_pop(L, 1);
            lua_pushlstring(L, f->value, f->value_size);
        } else {
            lua_pushliteral(L, ", ");
            lua_pushlstring(L, f->value, f->value_size);
            lua_concat(L, 3);
        }
        lua_rawset(L, -3);
    }
}

static void pushrequest(lua_State *L, const struct server_request *r) {
    lua_createtable(L, 0, 6);
    lua_pushstring(L, r->method);
    lua_setfield(L, -2, "method");
    lua_pushstring(L, r->path);
    lua_setfield(L, -2, "path");
    lua_pushstring(L, r->query);
    lua_setfield(L, -2, "query");
    pushheaders(L, r);
    lua_setfield(L, -2, "headers");
    lua_pushlstring(L, r->body, r->body_size);
    lua_setfield(L, -2, "body");
    lua_pushstring(L, r->remote);
    lua_setfield(L, -2, "remote");
}

/* ---- its reply ---- */

/* What a handler returned, at the top of the stack: the strings stay where they are. */
struct answer {
    struct server_reply reply;
    struct server_field fields[MOST_FIELDS];
    bool stream, reset;
};

static int bad(lua_State *L, const char *what) {
    return luaL_error(L, "the handler's reply: %s", what);
}

/* A field may not end its line: what follows would be a header of somebody else's. */
static bool is_one_line(const char *text, size_t size) {
    return strlen(text) == size && strpbrk(text, "\r\n") == NULL;
}

/* The header at the top. [-0, +0, v] */
static void readheaders(lua_State *L, struct answer *a) {
    if (!lua_istable(L, -1))
        bad(L, "'headers' is not a table");
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        struct server_field *f = &a->fields[a->reply.field_count];
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
            bad(L, "'headers' holds what is not a string");
        if (a->reply.field_count == MOST_FIELDS)
            bad(L, "too many headers");
        f->name = lua_tolstring(L, -2, &f->name_size);
        f->value = lua_tolstring(L, -1, &f->value_size);
        if (f->name_size == 0 || !is_one_line(f->name, f->name_size) ||
            strpbrk(f->name, " \t:") != NULL || !is_one_line(f->value, f->value_size))
            luaL_error(L, "the handler's reply: not a header field: '%s'", f->name);
        a->reply.field_count++;
    }
    a->reply.fields = a->fields;
}

static size_t readsize(lua_State *L, int index, const char *what) {
    lua_Integer size = lua_tointeger(L, index);
    if (!lua_isinteger(L, index) || size < 0)
        bad(L, what);
    return (size_t)size;
}

static void readdrip(lua_State *L, struct answer *a) {
    if (!lua_istable(L, -1))
        bad(L, "'drip' is not a table");
    lua_getfield(L, -1, "bytes");
    lua_getfield(L, -2, "seconds");
    a->reply.drip_bytes = readsize(L, -2, "'drip.bytes' is not a number of bytes");
    lua_Number seconds = lua_tonumber(L, -1);
    if (a->reply.drip_bytes == 0 || !lua_isnumber(L, -1) || seconds < 0 || seconds > 3600)
        bad(L, "'drip' wants bytes above 0 and up to 3600 seconds");
    a->reply.drip_ms = (int64_t)(seconds * 1000);
    lua_pop(L, 2);
}

/* One field of the reply: its name at -2, its value at -1. [-0, +0, v] */
static void readfield(lua_State *L, struct answer *a) {
    const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
    if (strcmp(name, "status") == 0) {
        size_t status = readsize(L, -1, "'status' is not an integer");
        if (status < 200 || status > 599)
            bad(L, "'status' is not from 200 to 599");
        a->reply.status = (int)status;
    } else if (strcmp(name, "headers") == 0) {
        readheaders(L, a);
    } else if (strcmp(name, "body") == 0) {
        if (lua_type(L, -1) != LUA_TSTRING)
            bad(L, "'body' is not a string");
        a->reply.body = lua_tolstring(L, -1, &a->reply.body_size);
    } else if (strcmp(name, "stream") == 0) {
        a->stream = true;
    } else if (strcmp(name, "truncate") == 0) {
        a->reply.truncate = true;
        a->reply.truncate_at = readsize(L, -1, "'truncate' is not a number of bytes");
    } else if (strcmp(name, "reset") == 0) {
        a->reset = lua_toboolean(L, -1);
    } else if (strcmp(name, "drip") == 0) {
        readdrip(L, a);
    } else {
        luaL_error(L, "the handler's reply: unknown field '%s'", name);
    }
}

/* Read the reply at the top. [-0, +0, v] */
static void readanswer(lua_State *L, struct answer *a) {
    a->reply = (struct server_reply){.status = 200, .body = ""};
    a->stream = a->reset = false;
    if (!lua_istable(L, -1))
        luaL_error(L, "the handler returned a %s, not a reply", luaL_typename(L, -1));
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        readfield(L, a);
    if (a->stream && (a->reply.body_size > 0 || a->reply.truncate || a->reply.drip_bytes))
        bad(L, "'stream' goes without 'body', 'truncate' and 'drip'");
}

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
    readanswer(L, &a);
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
    if (!exchange_request(b->exchange, &r))
        return 0;
    lua_pushvalue(L, 1);
    pushrequest(L, &r);
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
    if (is_cancelled(L, error))
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

/* The host stays on the stack. [-0, +1, v] */
static struct server_options checkoptions(lua_State *L) {
    static const char *const names[] = {"port",    "host", "max_body", "max_connections",
                                        "timeout", NULL};
    struct server_options o = {0};
    api_checkopts(L, 1, names);
    o.port = (int)optinteger(L, "port", 0, 65535, 0);
    o.max_body = (size_t)optinteger(L, "max_body", 0, (lua_Integer)1 << 32, 16 << 20);
    o.max_connections = (unsigned)optinteger(L, "max_connections", 1, 100000, 1000);
    lua_getfield(L, 1, "timeout");
    lua_Number timeout = luaL_optnumber(L, -1, 60);
    luaL_argcheck(L, 0 < timeout && timeout <= 86400, 1, "'timeout' out of range");
    lua_pop(L, 1);
    o.timeout_s = (unsigned)timeout;
    if (o.timeout_s < timeout)
        o.timeout_s++; /* libmicrohttpd counts in whole seconds */
    lua_getfield(L, 1, "host");
    o.host = luaL_optstring(L, -1, "127.0.0.1");
    return o;
}

/* server.listen(opts, handler) -> server */
static int l_server_listen(lua_State *L) {
    struct fault fault;
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    struct server_options o = checkoptions(L);

    struct server_box *s =
        lua_newuserdatauv(L, sizeof *s, 1); /* opts, handler, host, box */
    *s = (struct server_box){0};
    luaL_setmetatable(L, SERVER_MT);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, 4, 1);
    s->server = server_new(engine_of(L)->loop, &o, ready, s, &fault);
    if (s->server == NULL)
        return api_fault(L, "server.listen", &fault);
    lua_pushcfunction(L, dispatcher);
    lua_pushvalue(L, 4);
    sched_spawn(engine_of(L)->sched, L, 1);
    lua_settop(L, 4);
    return 1;
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
    {"close", l_server_close},
    {NULL, NULL},
};

static const luaL_Reg server_functions[] = {
    {"listen", l_server_listen},
    {NULL, NULL},
};

static void newtype(lua_State *L, const char *name, lua_CFunction close) {
    luaL_newmetatable(L, name);
    lua_pushcfunction(L, close);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, close);
    lua_setfield(L, -2, "__close");
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
