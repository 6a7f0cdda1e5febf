#include "api/sqlite.h"

#include "api/api.h"

/* A Lua function that SQL may call. Its user value is the function. */
struct function {
    struct database *owner;
};

struct call {
    sqlite3_context *context;
    int argc;
    sqlite3_value **argv;
};

static void pushvalue(lua_State *L, sqlite3_value *value) {
    switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
        lua_pushinteger(L, sqlite3_value_int64(value));
        break;
    case SQLITE_FLOAT:
        lua_pushnumber(L, sqlite3_value_double(value));
        break;
    case SQLITE_TEXT:
    case SQLITE_BLOB: {
        const char *bytes = sqlite3_value_blob(value);
        lua_pushlstring(L, bytes == NULL ? "" : bytes,
                        (size_t)sqlite3_value_bytes(value));
        break;
    }
    default:
        lua_pushnil(L);
    }
}

/* f, call -> nothing; runs under lua_pcall. The result is given to SQLite last,
 * after all that may raise. */
static int protected_call(lua_State *L) {
    const struct call *c = lua_touserdata(L, 2);
    size_t size;
    lua_settop(L, 1);
    luaL_checkstack(L, c->argc + 4, "too many arguments");
    for (int i = 0; i < c->argc; i++)
        pushvalue(L, c->argv[i]);
    lua_call(L, c->argc, 1);
    switch (lua_type(L, -1)) {
    case LUA_TNIL:
        sqlite3_result_null(c->context);
        return 0;
    case LUA_TBOOLEAN:
        sqlite3_result_int(c->context, lua_toboolean(L, -1));
        return 0;
    case LUA_TNUMBER:
        if (lua_isinteger(L, -1))
            sqlite3_result_int64(c->context, lua_tointeger(L, -1));
        else
            sqlite3_result_double(c->context, lua_tonumber(L, -1));
        return 0;
    case LUA_TSTRING: {
        const char *bytes = lua_tolstring(L, -1, &size);
        sqlite3_result_text64(c->context, bytes, size, SQLITE_TRANSIENT, SQLITE_UTF8);
        return 0;
    }
    default:
        return luaL_error(L, "an SQL function returned a %s", luaL_typename(L, -1));
    }
}

/* SQLite calls this within a step. It raises nothing: an error is kept in a user value of
 * the database until the step has returned. */
static void call_function(sqlite3_context *context, int argc, sqlite3_value **argv) {
    struct function *fn = sqlite3_user_data(context);
    struct database *d = fn->owner;
    struct call c = {context, argc, argv};
    lua_State *L = d->L;

    if (L == NULL || !lua_checkstack(L, 6)) {
        sqlite3_result_error_nomem(context);
        return;
    }
    int top = lua_gettop(L);
    lua_pushcfunction(L, protected_call);
    lua_getiuservalue(L, d->index, UV_FUNCTIONS);
    lua_rawgetp(L, -1, fn);
    lua_getiuservalue(L, -1, 1);
    lua_replace(L, top + 2);
    lua_settop(L, top + 2); /* protected_call, f */
    lua_pushlightuserdata(L, &c);
    sqlite_leave(d); /* what SQLite has by now is not there for Lua */
    int status = lua_pcall(L, 2, 0, 0);
    sqlite_enter(d);
    if (status != LUA_OK) {
        d->raised = true;
        lua_setiuservalue(L, d->index, UV_RAISED);
        sqlite3_result_error(context, "a function raised an error", -1);
    }
    lua_settop(L, top);
}

int sqlite_define(lua_State *L) {
    struct database *d = sqlite_checkdatabase(L, 1);
    const char *name = luaL_checkstring(L, 2);
    lua_Integer nargs = luaL_checkinteger(L, 3);
    luaL_argcheck(L, -1 <= nargs && nargs <= 127, 3, "not a number of arguments");
    luaL_checktype(L, 4, LUA_TFUNCTION);
    lua_settop(L, 4);

    /* The box is anchored before SQLite knows its address. If a function is defined
     * again, the old one stays anchored until the database is closed, since SQLite
     * may still be running it. */
    struct function *fn = lua_newuserdatauv(L, sizeof *fn, 1);
    fn->owner = d;
    lua_pushvalue(L, 4);
    lua_setiuservalue(L, -2, 1);
    lua_getiuservalue(L, 1, UV_FUNCTIONS);
    lua_pushvalue(L, -2);
    lua_rawsetp(L, -2, fn);
    luaL_argcheck(L, d->db != NULL, 1, "database is closed"); /* by a finalizer */
    int code = sqlite3_create_function_v2(d->db, name, (int)nargs, SQLITE_UTF8, fn,
                                          call_function, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return sqlite_fail(L, d, 1, "sqlite.define", code);
    return 0;
}
