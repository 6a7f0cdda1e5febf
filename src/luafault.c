#include "luafault.h"

#include <lauxlib.h>
#include <string.h>

#define FAULT_MT "tarn.fault"

/* tostring(fault): "net.listen: port 80: Permission denied (io)" */
static int l_fault_tostring(lua_State *L) {
    lua_settop(L, 1);
    lua_getfield(L, 1, "op");
    lua_getfield(L, 1, "message");
    lua_getfield(L, 1, "kind");
    lua_pushfstring(L, "%s: %s (%s)", luaL_tolstring(L, 2, NULL),
                    luaL_tolstring(L, 3, NULL), luaL_tolstring(L, 4, NULL));
    return 1;
}

void api_faultmeta(lua_State *L) {
    if (luaL_newmetatable(L, FAULT_MT)) {
        lua_pushcfunction(L, l_fault_tostring);
        lua_setfield(L, -2, "__tostring");
    }
}

static void setstring(lua_State *L, const char *field, const char *text) {
    if (text[0] == '\0')
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, field);
}

/* Push the message; that of lack of memory with the place in the script that wants it, as
 * when Lua itself has none. [-0, +1, m] */
static void pushmessage(lua_State *L, const struct fault *f) {
    lua_Debug ar;
    lua_pushstring(L, f->message[0] != '\0' ? f->message : "unknown");
    if (strcmp(f->code, FAULT_OUT_OF_MEMORY) != 0)
        return;
    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sl", &ar);
        if (ar.currentline <= 0)
            continue;
        lua_pushfstring(L, "%s:%d: %s", ar.short_src, ar.currentline, f->message);
        lua_remove(L, -2);
        return;
    }
}

void api_pushfault(lua_State *L, const char *op, const struct fault *f) {
    lua_createtable(L, 0, 8);
    setstring(L, "kind", fault_kind_name(f->kind));
    setstring(L, "op", op);
    pushmessage(L, f);
    lua_setfield(L, -2, "message");
    setstring(L, "code", f->code);
    setstring(L, "request_id", f->request_id);
    setstring(L, "hint", f->hint);
    lua_pushboolean(L, f->retryable);
    lua_setfield(L, -2, "retryable");
    if (f->ambiguous) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, "ambiguous");
    }
    if (f->after_ms > 0) {
        lua_pushnumber(L, f->after_ms / 1000.0);
        lua_setfield(L, -2, "retry_after");
    }
    if (f->status != 0) {
        lua_pushinteger(L, f->status);
        lua_setfield(L, -2, "status");
    }
    api_faultmeta(L);
    lua_setmetatable(L, -2);
}

int api_fault(lua_State *L, const char *op, const struct fault *f) {
    api_pushfault(L, op, f);
    return lua_error(L);
}

int api_cancelled(lua_State *L, const char *op) {
    struct fault f;
    fault_set(&f, FAULT_CANCELLED, "cancelled");
    return api_fault(L, op, &f);
}
