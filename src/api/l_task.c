/* l_task.c -- `native.task`. */

#include "api/libs.h"

int luaopen_native_task(lua_State *L) {
    lua_newtable(L);
    return 1;
}
