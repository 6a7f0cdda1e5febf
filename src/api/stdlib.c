/* stdlib.c -- replaces Lua's own functions that reach outside or take bytecode. Programs
 * are refused when the engine is read-only, code is text, and C libraries are not loaded. */

#include "api/api.h"
#include "api/libs.h"
#include "engine.h"

#include <errno.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_PROGRAMS "no program is started, which could change anything"

/* ---- programs ---- */

/* os.execute([command]) -> true|nil, "exit"|"signal", code */
static int l_os_execute(lua_State *L) {
    const char *command = luaL_optstring(L, 1, NULL);
    api_refuse_effects(L, "os.execute", NO_PROGRAMS);
    errno = 0;
    int status = system(command);
    if (command != NULL)
        return luaL_execresult(L, status);
    lua_pushboolean(L, status);
    return 1;
}

static int close_pipe(lua_State *L) {
    luaL_Stream *pipe = luaL_checkudata(L, 1, LUA_FILEHANDLE);
    return luaL_execresult(L, pclose(pipe->f));
}

/* io.popen(command [, mode]) -> file */
static int l_io_popen(lua_State *L) {
    const char *command = luaL_checkstring(L, 1), *mode = luaL_optstring(L, 2, "r");
    luaL_argcheck(L, (mode[0] == 'r' || mode[0] == 'w') && mode[1] == '\0', 2,
                  "invalid mode");
    api_refuse_effects(L, "io.popen", NO_PROGRAMS);
    luaL_Stream *pipe = lua_newuserdatauv(L, sizeof *pipe, 0);
    *pipe = (luaL_Stream){NULL, NULL};
    luaL_setmetatable(L, LUA_FILEHANDLE);
    fflush(NULL);
    errno = 0;
    pipe->f = popen(command, mode);
    if (pipe->f == NULL)
        return luaL_fileresult(L, 0, command);
    pipe->closef = close_pipe;
    return 1;
}

/* ---- code ---- */

/* Return what `load` does: the function, with `env` (an index; 0: none) as its first
 * upvalue, or nil and the message. */
static int loaded(lua_State *L, int status, int env) {
    if (status != LUA_OK) {
        luaL_pushfail(L);
        lua_insert(L, -2);
        return 2;
    }
    if (env != 0) {
        lua_pushvalue(L, env);
        if (lua_setupvalue(L, -2, 1) == NULL)
            lua_pop(L, 1);
    }
    return 1;
}

/* Push all pieces that the function at 1 returns, as one string. [-0, +1, v] */
static const char *read_pieces(lua_State *L, size_t *size) {
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (;;) {
        lua_pushvalue(L, 1);
        lua_call(L, 0, 1);
        if (lua_isnil(L, -1) || (lua_isstring(L, -1) && lua_rawlen(L, -1) == 0)) {
            lua_pop(L, 1);
            break;
        }
        if (!lua_isstring(L, -1))
            luaL_error(L, "reader function must return a string");
        luaL_addvalue(&b);
    }
    luaL_pushresult(&b);
    return lua_tolstring(L, -1, size);
}

static int checkmode(lua_State *L, int arg) {
    const char *mode = luaL_optstring(L, arg, "t");
    luaL_argcheck(L, strchr(mode, 't') != NULL, arg, "bytecode is not loaded");
    return arg;
}

/* load(chunk [, name [, mode [, env]]]) -> function */
static int l_load(lua_State *L) {
    size_t size;
    int env = lua_isnone(L, 4) ? 0 : 4;
    lua_settop(L, 4);
    const char *text = lua_tolstring(L, 1, &size);
    checkmode(L, 3);
    if (text != NULL)
        return loaded(L, luaL_loadbufferx(L, text, size, luaL_optstring(L, 2, text), "t"),
                      env);
    const char *name = luaL_optstring(L, 2, "=(load)");
    luaL_checktype(L, 1, LUA_TFUNCTION);
    text = read_pieces(L, &size);
    return loaded(L, luaL_loadbufferx(L, text, size, name, "t"), env);
}

/* loadfile([path [, mode [, env]]]) -> function */
static int l_loadfile(lua_State *L) {
    const char *path = luaL_optstring(L, 1, NULL);
    int env = lua_isnone(L, 3) ? 0 : 3;
    checkmode(L, 2);
    return loaded(L, luaL_loadfilex(L, path, "t"), env);
}

static int dofile_ended(lua_State *L, int status, lua_KContext ctx) {
    (void)status, (void)ctx;
    return lua_gettop(L) - 1;
}

/* dofile([path]) -> ... */
static int l_dofile(lua_State *L) {
    const char *path = luaL_optstring(L, 1, NULL);
    lua_settop(L, 1);
    if (luaL_loadfilex(L, path, "t") != LUA_OK)
        return lua_error(L);
    lua_callk(L, 0, LUA_MULTRET, 0, dofile_ended);
    return dofile_ended(L, 0, 0);
}

/* ---- in their places ---- */

static void replace(lua_State *L, const char *library, const char *name,
                    lua_CFunction function) {
    lua_getglobal(L, library);
    lua_pushcfunction(L, function);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
}

void api_openstdlib(lua_State *L) {
    replace(L, "_G", "load", l_load);
    replace(L, "_G", "loadfile", l_loadfile);
    replace(L, "_G", "dofile", l_dofile);
    replace(L, "os", "execute", l_os_execute);
    replace(L, "io", "popen", l_io_popen);
    lua_getglobal(L, "package");
    lua_pushnil(L);
    lua_setfield(L, -2, "loadlib");
    lua_pop(L, 1);
}
