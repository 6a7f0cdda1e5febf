#include "api/api.h"

#include "base/base64.h"
#include "dbx/readonly.h"
#include "engine.h"
#include "sched.h"

#include <string.h>

struct buf api_scratch(lua_State *L, size_t room) {
    return (struct buf){.bytes = lua_newuserdatauv(L, room + 1, 0), .room = room + 1};
}

const char **api_pushlist(lua_State *L, int index, lua_Integer count) {
    const char **list = lua_newuserdatauv(L, ((size_t)count + 1) * sizeof *list, 0);
    for (lua_Integer i = 0; i < count; i++) {
        lua_rawgeti(L, index, i + 1);
        list[i] = lua_tostring(L, -1);
        lua_pop(L, 1);
    }
    list[count] = NULL;
    return list;
}

void api_pushbase64(lua_State *L, const char *bytes, size_t size) {
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, base64_encoded_size(size));
    base64_encode(bytes, size, out);
    luaL_pushresultsize(&b, base64_encoded_size(size));
}

bool api_pushunbase64(lua_State *L, const char *text, size_t size) {
    luaL_Buffer b;
    size_t n = 0;
    char *out = luaL_buffinitsize(L, &b, base64_decoded_room(size));
    bool ok = base64_decode(text, size, out, &n);
    luaL_pushresultsize(&b, ok ? n : 0);
    return ok;
}

void api_refuse_effects(lua_State *L, const char *op, const char *what) {
    struct fault f;
    if (engine_of(L)->read_only) {
        readonly_refuse(&f, what);
        api_fault(L, op, &f);
    }
}

static int waited(lua_State *L, int status, lua_KContext ctx) {
    struct task *t = sched_current(engine_of(L)->sched);
    if (sched_cancelled(t))
        return api_cancelled(L, sched_wait_op(t));
    lua_KFunction k = sched_wait_k(t);
    return k == NULL ? 0 : k(L, status, ctx);
}

int api_wait(lua_State *L, const char *op, int64_t due, struct task **slot,
             lua_KContext ctx, lua_KFunction k) {
    struct task *t = sched_current(engine_of(L)->sched);
    if (t == NULL || !lua_isyieldable(L))
        return luaL_error(L, "%s: cannot wait here (not in a task, or inside sort)", op);
    if (sched_cancelled(t))
        return api_cancelled(L, op);
    if (!sched_park(t, due, slot, op, k))
        return engine_no_memory(L);
    lua_pushlightuserdata(L, (void *)&sched_parked);
    return lua_yieldk(L, 1, ctx, waited);
}
