/* l_bundle.c -- `native.bundle`: the files that were built into the program. */

#include "api/api.h"
#include "api/libs.h"
#include "bundle/bundle.h"

#include <string.h>

/* bundle.read(name) -> bytes or nil */
static int l_bundle_read(lua_State *L) {
    const struct bundle_file *f = bundle_find(luaL_checkstring(L, 1));
    if (f == NULL)
        return 0;
    lua_pushlstring(L, (const char *)f->bytes, f->size);
    return 1;
}

/* bundle.list([prefix]) -> names */
static int l_bundle_list(lua_State *L) {
    size_t size;
    const char *prefix = luaL_optlstring(L, 1, "", &size);
    lua_newtable(L);
    for (const struct bundle_file *f = bundle_files; f->name != NULL; f++) {
        if (strncmp(f->name, prefix, size) != 0)
            continue;
        lua_pushstring(L, f->name);
        lua_rawseti(L, -2, luaL_len(L, -2) + 1);
    }
    return 1;
}

static const luaL_Reg bundle_functions[] = {
    {"read", l_bundle_read},
    {"list", l_bundle_list},
    {NULL, NULL},
};

int luaopen_native_bundle(lua_State *L) {
    luaL_newlib(L, bundle_functions);
    lua_pushliteral(L, TARN_VERSION);
    lua_setfield(L, -2, "version");
    return 1;
}
