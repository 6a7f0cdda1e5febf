/* l_fs.c -- `native.fs`. */

#include "api/libs.h"

int luaopen_native_fs(lua_State *L) {
    lua_newtable(L);
    return 1;
}
