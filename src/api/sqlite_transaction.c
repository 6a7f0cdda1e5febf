/* sqlite_transaction.c -- transactions of `native.sqlite`: either all changes of a
 * function are made, or none. */

#include "api/api.h"
#include "api/sqlite.h"

#define GUARD_MT "tarn.sqlite.transaction"

/* Rolls back what was not committed. Its user value is the database. */
struct guard {
    struct database *d; /* NULL: nothing to roll back */
    bool savepoint;
};

/* Run a statement that begins or ends a transaction. */
static int word(struct database *d, const char *sql) {
    d->interrupts = engine_signals(d->engine);
    sqlite_unbind(d);
    int code = sqlite3_exec(d->db, sql, NULL, NULL, NULL);
    sqlite_leave(d);
    return code;
}

/* guard.__close and __gc: roll back, unless SQLite has done so itself, as it
 * does when the disk is full. */
static int l_guard_close(lua_State *L) {
    struct guard *g = luaL_checkudata(L, 1, GUARD_MT);
    struct database *d = g->d;
    g->d = NULL;
    if (d == NULL || d->db == NULL || sqlite3_get_autocommit(d->db))
        return 0;
    if (g->savepoint)
        word(d, "ROLLBACK TO tarn; RELEASE tarn");
    else
        word(d, "ROLLBACK");
    return 0;
}

int sqlite_transaction(lua_State *L) {
    struct database *d = sqlite_checkdatabase(L, 1);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);

    /* A guard is used instead of a pcall, so that an error keeps its traceback. */
    struct guard *g = lua_newuserdatauv(L, sizeof *g, 1);
    *g = (struct guard){NULL, false};
    luaL_setmetatable(L, GUARD_MT);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, 3, 1);
    lua_toclose(L, 3);
    sqlite_checkdatabase(L, 1); /* a finalizer may have closed it meanwhile */
    g->savepoint = !sqlite3_get_autocommit(d->db);
    int code = word(d, g->savepoint ? "SAVEPOINT tarn" : "BEGIN IMMEDIATE");
    if (code != SQLITE_OK)
        return sqlite_fail(L, d, 1, "sqlite.transaction", code);
    g->d = d;

    lua_pushvalue(L, 2);
    lua_call(L, 0, LUA_MULTRET); /* not lua_callk: a transaction that waits would hold
                                    all other tasks' writes inside it */
    luaL_argcheck(L, d->db != NULL, 1, "database is closed");
    code = word(d, g->savepoint ? "RELEASE tarn" : "COMMIT");
    if (code != SQLITE_OK)
        return sqlite_fail(L, d, 1, "sqlite.transaction", code);
    g->d = NULL;
    return lua_gettop(L) - 3;
}

void sqlite_opentransaction(lua_State *L) {
    api_newtype(L, GUARD_MT, l_guard_close, NULL);
}
