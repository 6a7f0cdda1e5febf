/* l_term.c -- `native.term`. */

#include "api/libs.h"

int luaopen_native_term(lua_State *L) {
    lua_newtable(L);
    return 1;
}
