/* l_server.c -- `native.server`: an HTTP server whose requests are tasks; see server_task.c. */

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

#define PEM_ROOM ((size_t)1 << 20)

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

/* In milliseconds; 0 only if that is the default. */
static int64_t optseconds(lua_State *L, const char *name, lua_Number otherwise) {
    lua_getfield(L, 1, name);
    lua_Number seconds = luaL_optnumber(L, -1, otherwise);
    if (!(seconds >= 0 && seconds <= 86400) || (seconds == 0 && otherwise != 0))
        luaL_argerror(L, 1, lua_pushfstring(L, "'%s' out of range", name));
    lua_pop(L, 1);
    return (int64_t)(seconds * 1000);
}

/* A text option stays on the stack. [-0, +1, v] */
static const char *opttext(lua_State *L, const char *name, const char *otherwise) {
    lua_getfield(L, 1, name);
    return luaL_optstring(L, -1, otherwise);
}

static struct server_options checkoptions(lua_State *L) {
    static const char *const names[] = {"port",
                                        "host",
                                        "max_body",
                                        "max_header",
                                        "max_depth",
                                        "max_connections",
                                        "timeout",
                                        "max_per_address",
                                        "header_timeout",
                                        "request_timeout",
                                        "token",
                                        "secrets",
                                        "certificate",
                                        "key",
                                        NULL};
    struct server_options o = {.memory = &engine_of(L)->memory};
    api_checkopts(L, 1, names);
    o.port = (int)optinteger(L, "port", 0, 65535, 0);
    o.max_body = (size_t)optinteger(L, "max_body", 0, (lua_Integer)1 << 32, 16 << 20);
    o.max_connections = (unsigned)optinteger(L, "max_connections", 1, 100000, 1000);
    o.max_per_address = (unsigned)optinteger(L, "max_per_address", 1, 100000, 0);
    o.max_header = (size_t)optinteger(L, "max_header", 1024, 1 << 20, 32 << 10);
    o.idle_ms = optseconds(L, "timeout", 60);
    o.header_ms = optseconds(L, "header_timeout", 10);
    o.request_ms = optseconds(L, "request_timeout", 0);
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
        s->server = server_new(engine_of(L)->loop, o, server_ready, s, f);
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
    s->max_depth = (size_t)optinteger(L, "max_depth", 1, 512, 512);
    o.token = s->token;
    if (!start(L, s, &o, certificate, key, &fault))
        return api_fault(L, "server.listen", &fault);
    lua_pushcfunction(L, server_dispatcher);
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

/* server:stats() -> handled, active, refused */
static int l_server_stats(lua_State *L) {
    struct server_box *s = luaL_checkudata(L, 1, SERVER_MT);
    lua_pushinteger(L, s->handled);
    lua_pushinteger(L, s->active);
    lua_pushinteger(L, s->server != NULL ? (lua_Integer)server_refused(s->server) : 0);
    return 3;
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

int luaopen_native_server(lua_State *L) {
    server_newexchanges(L);
    api_newtype(L, SERVER_MT, l_server_close, NULL);
    luaL_getmetatable(L, SERVER_MT);
    luaL_newlib(L, server_methods);
    lua_pushcclosure(L, l_server_index, 1);
    lua_setfield(L, -2, "__index");
    luaL_newlib(L, server_functions);
    return 1;
}
