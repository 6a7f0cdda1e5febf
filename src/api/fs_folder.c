#include "api/fs.h"

#include "api/options.h"
#include "base/folder.h"

/* A folder that was closed is a mistake of the caller. */
static struct folder *checkopen(lua_State *L) {
    struct folder *d = luaL_checkudata(L, 1, FS_FOLDER_MT);
    luaL_argcheck(L, d->fd != -1, 1, "folder is closed");
    return d;
}

/* __gc, __close and close */
static int l_folder_close(lua_State *L) {
    folder_close(luaL_checkudata(L, 1, FS_FOLDER_MT));
    return 0;
}

/* fs.folder(path) -> folder */
int l_fs_folder(lua_State *L) {
    struct fault f;
    const char *path = fs_checkpath(L, 1);
    struct folder *d = lua_newuserdatauv(L, sizeof *d, 0);
    *d = (struct folder){.fd = -1};
    luaL_setmetatable(L, FS_FOLDER_MT);
    if (!folder_open(d, path, &f))
        return api_fault(L, "fs.folder", &f);
    return 1;
}

/* folder:read(name [, {max_bytes = n}]) -> string */
static int l_folder_read(lua_State *L) {
    static const char *const options[] = {"max_bytes", NULL};
    struct fault f;
    const struct folder *d = checkopen(L);
    const char *name = fs_checkpath(L, 2);
    lua_settop(L, 3);
    api_checkopts(L, 3, options);
    lua_Integer most =
        api_optinteger(L, 3, "max_bytes", 0, LUA_MAXINTEGER, FS_READ_AT_MOST);
    struct buf *b = fs_newbytes(L);
    if (!folder_read(d, name, (size_t)most, b, &f))
        return api_fault(L, "folder.read", &f);
    return fs_pushbytes(L, b);
}

/* folder:find_read(name) -> string or nil */
static int l_folder_find_read(lua_State *L) {
    struct fault f;
    const struct folder *d = checkopen(L);
    const char *name = fs_checkpath(L, 2);
    struct buf *b = fs_newbytes(L);
    if (folder_read(d, name, (size_t)FS_READ_AT_MOST, b, &f))
        return fs_pushbytes(L, b);
    if (!file_missing(&f))
        return api_fault(L, "folder.find_read", &f);
    lua_pushnil(L);
    return 1;
}

/* folder:write(name, bytes [, {mode = n, exclusive = flag}]) */
static int l_folder_write(lua_State *L) {
    static const char *const options[] = {"mode", "exclusive", NULL};
    struct fault f;
    size_t size;
    const struct folder *d = checkopen(L);
    const char *name = fs_checkpath(L, 2);
    const char *bytes = luaL_checklstring(L, 3, &size);
    lua_settop(L, 4);
    api_checkopts(L, 4, options);
    const struct file_writing how = {.mode = fs_optmode(L, 4, -1),
                                     .exclusive = api_optflag(L, 4, "exclusive", false)};
    if (!folder_write(d, name, bytes, size, &how, &f))
        return api_fault(L, "folder.write", &f);
    return 0;
}

/* folder:find_stat(name) -> {type, size, mtime, mode} or nil */
static int l_folder_find_stat(lua_State *L) {
    struct file_stat st;
    struct fault f;
    const struct folder *d = checkopen(L);
    if (folder_stat(d, fs_checkpath(L, 2), &st, &f))
        return fs_pushstat(L, &st);
    if (!file_missing(&f))
        return api_fault(L, "folder.find_stat", &f);
    lua_pushnil(L);
    return 1;
}

/* folder:list([name]) -> names */
static int l_folder_list(lua_State *L) {
    struct fault f;
    const struct folder *d = checkopen(L);
    const char *name = lua_isnoneornil(L, 2) ? "" : fs_checkpath(L, 2);
    struct buf *b = fs_newbytes(L);
    if (!folder_list(d, name, b, &f))
        return api_fault(L, "folder.list", &f);
    return fs_pushnames(L, b);
}

/* folder:mkdir(name) */
static int l_folder_mkdir(lua_State *L) {
    struct fault f;
    const struct folder *d = checkopen(L);
    if (!folder_mkdir(d, fs_checkpath(L, 2), &f))
        return api_fault(L, "folder.mkdir", &f);
    return 0;
}

/* folder:remove(name) */
static int l_folder_remove(lua_State *L) {
    struct fault f;
    const struct folder *d = checkopen(L);
    if (!folder_remove(d, fs_checkpath(L, 2), &f))
        return api_fault(L, "folder.remove", &f);
    return 0;
}

static const luaL_Reg folder_methods[] = {
    {"read", l_folder_read},
    {"find_read", l_folder_find_read},
    {"write", l_folder_write},
    {"find_stat", l_folder_find_stat},
    {"list", l_folder_list},
    {"mkdir", l_folder_mkdir},
    {"remove", l_folder_remove},
    {"close", l_folder_close},
    {NULL, NULL},
};

void fs_openfolder(lua_State *L) {
    api_newtype(L, FS_FOLDER_MT, l_folder_close, folder_methods);
}
