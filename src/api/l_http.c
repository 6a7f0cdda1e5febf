/* l_http.c -- `native.http`. */

#include "api/libs.h"

int luaopen_native_http(lua_State *L) {
    lua_newtable(L);
    return 1;
}
