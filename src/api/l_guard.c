/* l_guard.c -- `native.guard`: what scripts are kept from, and how much they may use. */

#include "api/api.h"
#include "api/libs.h"
#include "engine.h"

/* guard.set_read_only() */
static int l_guard_set_read_only(lua_State *L) {
    if (!engine_set_read_only(engine_of(L)))
        return luaL_error(L, "not enough memory");
    return 0;
}

/* guard.is_read_only() -> boolean */
static int l_guard_is_read_only(lua_State *L) {
    lua_pushboolean(L, engine_of(L)->read_only);
    return 1;
}

static const luaL_Reg guard_functions[] = {
    {"set_read_only", l_guard_set_read_only},
    {"is_read_only", l_guard_is_read_only},
    {NULL, NULL},
};

int luaopen_native_guard(lua_State *L) {
    luaL_newlib(L, guard_functions);
    return 1;
}
