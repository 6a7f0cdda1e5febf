/* l_fs.c -- `native.fs`: files and folders. */

#include "api/libs.h"

#include "api/fs.h"

#include <string.h>

/* __close and __gc */
static int l_bytes_free(lua_State *L) {
    buf_free(luaL_checkudata(L, 1, FS_BYTES_MT));
    return 0;
}

/* fs.read(path [, {max_bytes = n}]) -> string */
static int l_fs_read(lua_State *L) {
    static const char *const options[] = {"max_bytes", NULL};
    struct fault f;
    const char *path = fs_checkpath(L, 1);
    lua_settop(L, 2);
    api_checkopts(L, 2, options);
    lua_Integer most =
        api_optinteger(L, 2, "max_bytes", 0, LUA_MAXINTEGER, FS_READ_AT_MOST);
    struct buf *b = fs_newbytes(L);
    if (!file_read(path, (size_t)most, b, &f))
        return api_fault(L, "fs.read", &f);
    return fs_pushbytes(L, b);
}

/* fs.find_read(path) -> string or nil */
static int l_fs_find_read(lua_State *L) {
    struct fault f;
    const char *path = fs_checkpath(L, 1);
    struct buf *b = fs_newbytes(L);
    if (file_read(path, (size_t)FS_READ_AT_MOST, b, &f))
        return fs_pushbytes(L, b);
    if (!file_missing(&f))
        return api_fault(L, "fs.find_read", &f);
    lua_pushnil(L);
    return 1;
}

/* fs.write(path, bytes [, {mode = n, exclusive = flag}]) */
static int l_fs_write(lua_State *L) {
    static const char *const options[] = {"mode", "exclusive", NULL};
    struct fault f;
    size_t size;
    const char *path = fs_checkpath(L, 1);
    const char *bytes = luaL_checklstring(L, 2, &size);
    lua_settop(L, 3);
    api_checkopts(L, 3, options);
    struct file_writing how = {.mode = fs_optmode(L, 3, -1),
                               .exclusive = api_optflag(L, 3, "exclusive", false)};
    if (!file_write(path, bytes, size, &how, &f))
        return api_fault(L, "fs.write", &f);
    return 0;
}

/* fs.append(path, bytes [, {mode = n}]) */
static int l_fs_append(lua_State *L) {
    static const char *const options[] = {"mode", NULL};
    struct fault f;
    size_t size;
    const char *path = fs_checkpath(L, 1);
    const char *bytes = luaL_checklstring(L, 2, &size);
    lua_settop(L, 3);
    api_checkopts(L, 3, options);
    if (!file_append(path, bytes, size, fs_optmode(L, 3, 0644), &f))
        return api_fault(L, "fs.append", &f);
    return 0;
}

/* fs.find_stat(path) -> {type, size, mtime, mode} or nil */
static int l_fs_find_stat(lua_State *L) {
    struct file_stat st;
    struct fault f;
    if (file_stat(fs_checkpath(L, 1), &st, &f))
        return fs_pushstat(L, &st);
    if (!file_missing(&f))
        return api_fault(L, "fs.find_stat", &f);
    lua_pushnil(L);
    return 1;
}

/* fs.list(path) -> names */
static int l_fs_list(lua_State *L) {
    struct fault f;
    const char *path = fs_checkpath(L, 1);
    struct buf *b = fs_newbytes(L);
    if (!file_list(path, b, &f))
        return api_fault(L, "fs.list", &f);
    return fs_pushnames(L, b);
}

/* fs.mkdir(path [, {parents = flag, mode = n}]) */
static int l_fs_mkdir(lua_State *L) {
    static const char *const options[] = {"parents", "mode", NULL};
    struct fault f;
    const char *path = fs_checkpath(L, 1);
    lua_settop(L, 2);
    api_checkopts(L, 2, options);
    bool parents = api_optflag(L, 2, "parents", false);
    if (!file_mkdir(path, parents, fs_optmode(L, 2, 0755), &f))
        return api_fault(L, "fs.mkdir", &f);
    return 0;
}

/* fs.remove(path [, {recursive = flag}]) */
static int l_fs_remove(lua_State *L) {
    static const char *const options[] = {"recursive", NULL};
    struct fault f;
    const char *path = fs_checkpath(L, 1);
    lua_settop(L, 2);
    api_checkopts(L, 2, options);
    if (!file_remove(path, api_optflag(L, 2, "recursive", false), &f))
        return api_fault(L, "fs.remove", &f);
    return 0;
}

/* fs.rename(from, to) */
static int l_fs_rename(lua_State *L) {
    struct fault f;
    const char *from = fs_checkpath(L, 1);
    if (!file_rename(from, fs_checkpath(L, 2), &f))
        return api_fault(L, "fs.rename", &f);
    return 0;
}

/* fs.cwd() -> path */
static int l_fs_cwd(lua_State *L) {
    struct fault f;
    struct buf *b = fs_newbytes(L);
    if (!file_cwd(b, &f))
        return api_fault(L, "fs.cwd", &f);
    return fs_pushbytes(L, b);
}

/* fs.realpath(path) -> path */
static int l_fs_realpath(lua_State *L) {
    struct fault f;
    const char *path = fs_checkpath(L, 1);
    struct buf *b = fs_newbytes(L);
    if (!file_realpath(path, b, &f))
        return api_fault(L, "fs.realpath", &f);
    return fs_pushbytes(L, b);
}

/* [buffer] -> string */
static int give_bytes(lua_State *L) {
    return fs_pushbytes(L, lua_touserdata(L, 1));
}

/* fs.mktemp() -> path */
static int l_fs_mktemp(lua_State *L) {
    struct fault f;
    struct buf *b = fs_newbytes(L);
    lua_pushcfunction(L, give_bytes);
    lua_pushvalue(L, -2);
    if (!file_mktemp(b, &f))
        return api_fault(L, "fs.mktemp", &f);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK) { /* the directory's name would be lost */
        file_remove(b->bytes, false, &f);
        return lua_error(L);
    }
    return 1;
}

static const luaL_Reg fs_functions[] = {
    {"read", l_fs_read},           {"find_read", l_fs_find_read},
    {"write", l_fs_write},         {"append", l_fs_append},
    {"find_stat", l_fs_find_stat}, {"list", l_fs_list},
    {"mkdir", l_fs_mkdir},         {"remove", l_fs_remove},
    {"rename", l_fs_rename},       {"cwd", l_fs_cwd},
    {"realpath", l_fs_realpath},   {"mktemp", l_fs_mktemp},
    {"folder", l_fs_folder},       {NULL, NULL},
};

int luaopen_native_fs(lua_State *L) {
    api_newtype(L, FS_BYTES_MT, l_bytes_free, NULL);
    fs_openfolder(L);
    luaL_newlib(L, fs_functions);
    return 1;
}
