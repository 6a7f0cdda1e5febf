/* l_bundle.c -- `native.bundle`. */

#include "api/libs.h"

int luaopen_native_bundle(lua_State *L) {
    lua_newtable(L);
    return 1;
}
