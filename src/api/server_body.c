/* server_body.c -- bytes that many replies send. */

#include "api/api.h"
#include "api/server.h"
#include "engine.h"
#include "net/sharedbody.h"

#include <lauxlib.h>

#define BODY_MT "tarn.server.body"

struct body_box {
    struct sharedbody *shared; /* NULL: none yet, or dropped */
};

struct sharedbody *server_toshared(lua_State *L, int index) {
    struct body_box *b = luaL_testudata(L, index, BODY_MT);
    return b != NULL ? b->shared : NULL;
}

/* __gc. A reply that is still being sent holds the bytes itself. */
static int l_body_drop(lua_State *L) {
    struct body_box *b = luaL_checkudata(L, 1, BODY_MT);
    sharedbody_drop(b->shared);
    b->shared = NULL;
    return 0;
}

/* #body: its bytes */
static int l_body_len(lua_State *L) {
    struct body_box *b = luaL_checkudata(L, 1, BODY_MT);
    luaL_argcheck(L, b->shared != NULL, 1, "the body is gone");
    lua_pushinteger(L, (lua_Integer)sharedbody_size(b->shared));
    return 1;
}

static const luaL_Reg body_meta[] = {
    {"__gc", l_body_drop},
    {"__len", l_body_len},
    {NULL, NULL},
};

int server_newbody(lua_State *L) {
    size_t size;
    const char *bytes = luaL_checklstring(L, 1, &size);
    struct body_box *b = lua_newuserdatauv(L, sizeof *b, 0);
    b->shared = NULL;
    api_pushtype(L, BODY_MT, body_meta, NULL);
    lua_setmetatable(L, -2);
    engine_make_room(L);
    b->shared = sharedbody_new(bytes, size, &engine_of(L)->memory);
    if (b->shared == NULL)
        return engine_no_memory(L);
    return 1;
}
