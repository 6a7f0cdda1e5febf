/* l_databricks.c -- `native.databricks`. */

#include "api/libs.h"

int luaopen_native_databricks(lua_State *L) {
    lua_newtable(L);
    return 1;
}
