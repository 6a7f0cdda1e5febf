/* l_json.c -- `native.json`. */

#include "api/libs.h"

int luaopen_native_json(lua_State *L) {
    lua_newtable(L);
    return 1;
}
