/* l_fault.c -- `native.fault`. */

#include "api/libs.h"

int luaopen_native_fault(lua_State *L) {
    lua_newtable(L);
    return 1;
}
