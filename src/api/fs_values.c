#include "api/fs.h"

#include "api/limits.h"
#include "api/options.h"

#include <string.h>

struct buf *fs_newbytes(lua_State *L) {
    struct buf *b = lua_newuserdatauv(L, sizeof *b, 0);
    *b = api_buf(L);
    luaL_setmetatable(L, FS_BYTES_MT);
    lua_toclose(L, -1);
    engine_make_room(L);
    return b;
}

int fs_pushbytes(lua_State *L, struct buf *b) {
    lua_pushlstring(L, b->bytes != NULL ? b->bytes : "", b->size);
    buf_free(b);
    return 1;
}

int fs_pushnames(lua_State *L, const struct buf *b) {
    lua_newtable(L);
    lua_Integer n = 0;
    for (size_t at = 0; at < b->size; at += lua_rawlen(L, -1) + 1, lua_pop(L, 1)) {
        lua_pushstring(L, b->bytes + at);
        lua_pushvalue(L, -1);
        lua_rawseti(L, -3, ++n);
    }
    return 1;
}

int fs_pushstat(lua_State *L, const struct file_stat *st) {
    static const char *const types[] = {"file", "directory", "link", "other"};
    lua_createtable(L, 0, 4);
    lua_pushstring(L, types[st->type]);
    lua_setfield(L, -2, "type");
    lua_pushinteger(L, st->size);
    lua_setfield(L, -2, "size");
    lua_pushinteger(L, st->mtime_ms);
    lua_setfield(L, -2, "mtime");
    lua_pushinteger(L, st->mode);
    lua_setfield(L, -2, "mode");
    return 1;
}

int fs_optmode(lua_State *L, int arg, int otherwise) {
    return (int)api_optinteger(L, arg, "mode", 0, 07777, otherwise);
}

const char *fs_checkpath(lua_State *L, int arg) {
    size_t size;
    luaL_checktype(L, arg, LUA_TSTRING); /* a number would be a mistake */
    const char *path = lua_tolstring(L, arg, &size);
    luaL_argcheck(L, strlen(path) == size, arg, "path holds a zero byte");
    return path;
}
