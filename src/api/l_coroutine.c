/* l_coroutine.c -- `native.coroutine`. */

#include "api/libs.h"

int luaopen_native_coroutine(lua_State *L) {
    lua_newtable(L);
    return 1;
}
