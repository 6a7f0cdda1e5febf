/* l_sqlite.c -- `native.sqlite`. */

#include "api/libs.h"

int luaopen_native_sqlite(lua_State *L) {
    lua_newtable(L);
    return 1;
}
