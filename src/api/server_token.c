/* server_token.c -- the token of a server in a box that Lua cannot open. */

#include "api/api.h"
#include "api/server.h"

#include <lauxlib.h>

#define TOKEN_MT "tarn.server.token"

const struct accesstoken *server_totoken(lua_State *L, int index) {
    const struct accesstoken *t = luaL_testudata(L, index, TOKEN_MT);
    return t != NULL && t->size > 0 ? t : NULL;
}

/* token:reveal(before): show the token to a person, on stderr and nowhere else. */
static int l_token_reveal(lua_State *L) {
    const struct accesstoken *t = luaL_checkudata(L, 1, TOKEN_MT);
    luaL_argcheck(L, t->size > 0, 1, "the token is gone");
    accesstoken_reveal(t, luaL_checkstring(L, 2), stderr);
    return 0;
}

/* __gc */
static int l_token_wipe(lua_State *L) {
    accesstoken_wipe(luaL_checkudata(L, 1, TOKEN_MT));
    return 0;
}

static const luaL_Reg token_methods[] = {
    {"reveal", l_token_reveal},
    {NULL, NULL},
};

static const luaL_Reg token_meta[] = {
    {"__gc", l_token_wipe},
    {NULL, NULL},
};

int server_newtoken(lua_State *L) {
    static const char *const names[] = {"file", NULL};
    struct fault f;
    api_checkopts(L, 1, names);
    const char *path = NULL;
    if (lua_istable(L, 1) && lua_getfield(L, 1, "file") != LUA_TNIL)
        path = luaL_checkstring(L, -1);
    struct accesstoken *t = lua_newuserdatauv(L, sizeof *t, 0);
    *t = (struct accesstoken){0};
    api_pushtype(L, TOKEN_MT, token_meta, token_methods);
    lua_setmetatable(L, -2);
    if (!(path != NULL ? accesstoken_file(t, path, &f) : accesstoken_random(t, &f)))
        return api_fault(L, "server.token", &f);
    return 1;
}
