/* l_server.c -- `native.server`. */

#include "api/libs.h"

int luaopen_native_server(lua_State *L) {
    lua_newtable(L);
    return 1;
}
