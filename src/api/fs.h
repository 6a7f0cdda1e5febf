/* fs.h -- what the files of `native.fs` share. */

#ifndef TARN_API_FS_H
#define TARN_API_FS_H

#include "api/api.h"
#include "base/file.h"

#define FS_BYTES_MT  "tarn.fs.bytes"
#define FS_FOLDER_MT "tarn.fs.folder"

/* Bytes that are read at most, unless the caller says so. */
#define FS_READ_AT_MOST ((lua_Integer)1 << 30)

/* Push a box with a buffer, which is freed when the function returns or raises. [-0, +1, m] */
struct buf *fs_newbytes(lua_State *L);

/* Push what the buffer at the top holds, and free it now: it may be big. [-0, +1, m] */
int fs_pushbytes(lua_State *L, struct buf *b);

/* Push the names in it, each with a 0 behind it, as a list. [-0, +1, m] */
int fs_pushnames(lua_State *L, const struct buf *b);

/* {type, size, mtime, mode} [-0, +1, m] */
int fs_pushstat(lua_State *L, const struct file_stat *st);

/* The option `mode`. [-0, +0, v] */
int fs_optmode(lua_State *L, int arg, int otherwise);

/* A path: a string without a zero byte. [-0, +0, v] */
const char *fs_checkpath(lua_State *L, int arg);

/* fs.folder(path) -> folder */
int l_fs_folder(lua_State *L);

/* Make the metatable of folders. [-0, +0, m] */
void fs_openfolder(lua_State *L);

#endif
