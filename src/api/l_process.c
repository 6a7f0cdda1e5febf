/* l_process.c -- `native.process`. */

#include "api/libs.h"

int luaopen_native_process(lua_State *L) {
    lua_newtable(L);
    return 1;
}
