/* server_reply.c -- read and check what a handler returns. */

#include "api/server.h"
#include "net/reply.h"

#include <lauxlib.h>
#include <string.h>

/* Names and values of the header of most answers, and the body. */
#define USUAL_TEXTS 24

static int bad(lua_State *L, const char *what) {
    return luaL_error(L, "the handler's reply: %s", what);
}

/* Keep the value at `index` alive as long as the answer. [-0, +0, m] */
static void hold(lua_State *L, struct answer *a, int index) {
    lua_pushvalue(L, index);
    lua_rawseti(L, a->texts, ++a->text_count);
}

/* Read the headers on top of the stack. [-0, +0, v] */
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
        hold(L, a, -2);
        hold(L, a, -1);
        if (!reply_may_send(f))
            luaL_error(L,
                       "the handler's reply: not a header field that can be sent: '%s'",
                       f->name);
        a->reply.field_count++;
    }
    a->reply.fields = a->fields;
}

/* Write the cookie, which never becomes a string of Lua. */
static void readlogin(lua_State *L, const struct server_box *s, struct answer *a) {
    if (s->token == NULL)
        bad(L, "'login' is for servers with a token");
    bool secure = lua_type(L, -1) == LUA_TSTRING;
    if (secure ? strcmp(lua_tostring(L, -1), "secure") != 0 : !lua_toboolean(L, -1))
        bad(L, "'login' is true or \"secure\"");
    accesstoken_cookie(s->token, secure, a->cookie, sizeof a->cookie);
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
    lua_pushliteral(L, "bytes");
    lua_rawget(L, -2);
    lua_pushliteral(L, "seconds");
    lua_rawget(L, -3);
    a->reply.drip_bytes = readsize(L, -2, "'drip.bytes' is not a number of bytes");
    lua_Number seconds = lua_tonumber(L, -1);
    if (a->reply.drip_bytes == 0 || !lua_isnumber(L, -1) || seconds < 0 || seconds > 3600)
        bad(L, "'drip' wants bytes above 0 and up to 3600 seconds");
    a->reply.drip_ms = (int64_t)(seconds * 1000);
    lua_pop(L, 2);
}

/* Read one field of the reply, whose name is at -2 and value at -1. [-0, +0, v] */
static void readfield(lua_State *L, const struct server_box *s, struct answer *a) {
    const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
    if (strcmp(name, "status") == 0) {
        size_t status = readsize(L, -1, "'status' is not an integer");
        if (status < 200 || status > 599)
            bad(L, "'status' is not from 200 to 599");
        a->reply.status = (int)status;
    } else if (strcmp(name, "headers") == 0) {
        readheaders(L, a);
    } else if (strcmp(name, "body") == 0) {
        hold(L, a, -1);
        a->reply.shared = server_toshared(L, -1);
        if (a->reply.shared == NULL && lua_type(L, -1) != LUA_TSTRING)
            bad(L, "'body' is not a string");
        else if (a->reply.shared == NULL)
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
    } else if (strcmp(name, "login") == 0) {
        readlogin(L, s, a);
    } else {
        luaL_error(L, "the handler's reply: unknown field '%s'", name);
    }
}

void server_readanswer(lua_State *L, const struct server_box *s, struct answer *a) {
    a->reply = (struct server_reply){.status = 200, .body = ""};
    a->stream = a->reset = false;
    a->cookie[0] = '\0';
    int reply = lua_gettop(L);
    if (!lua_istable(L, reply))
        luaL_error(L, "the handler returned a %s, not a reply", luaL_typename(L, -1));
    lua_createtable(L, USUAL_TEXTS, 0);
    a->texts = lua_gettop(L);
    a->text_count = 0;
    for (lua_pushnil(L); lua_next(L, reply); lua_pop(L, 1))
        readfield(L, s, a);
    if (a->reply.shared != NULL &&
        (a->stream || a->reply.truncate || a->reply.drip_bytes))
        bad(L, "a body of server.body goes without 'stream', 'truncate' and 'drip'");
    if (a->stream && (a->reply.body_size > 0 || a->reply.truncate || a->reply.drip_bytes))
        bad(L, "'stream' goes without 'body', 'truncate' and 'drip'");
    if (a->cookie[0] != '\0')
        a->fields[a->reply.field_count++] = (struct server_field){
            "Set-Cookie", a->cookie, strlen("Set-Cookie"), strlen(a->cookie)};
    a->reply.fields = a->fields;
}
