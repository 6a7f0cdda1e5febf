/* l_fault.c -- `native.fault`: the metatable of faults, for the faults that Lua
 * raises. */

#include "api/api.h"
#include "api/libs.h"

int luaopen_native_fault(lua_State *L) {
    lua_newtable(L);
    api_faultmeta(L);
    lua_setfield(L, -2, "metatable");
    return 1;
}
