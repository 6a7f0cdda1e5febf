/* l_sqlite.c -- `native.sqlite`: databases in files, for the embedded workspace and the
 * journal.
 *
 * A database's box lists the statements that were made from it, so that closing the
 * database finalizes them. No handle of SQLite is kept outside of a box. SQLite calls Lua
 * at one place only, in call_function, under lua_pcall, so that no error jumps across
 * SQLite. */

#include "api/api.h"
#include "api/libs.h"
#include "api/sqlite.h"
#include "base/sqliteerror.h"
#include "base/url.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CURSOR_MT "tarn.sqlite.cursor"

/* SQLite asks whether to go on after so many steps of its virtual machine. */
#define STEPS_BETWEEN_LOOKS 20000

/* Ends a loop over rows. Its user value is the statement. */
struct cursor {
    struct statement *st;
    unsigned run; /* the statement's `run` when this loop began; 0: the loop has ended */
};

static struct statement *checkstatement(lua_State *L, int arg) {
    struct statement *st = luaL_checkudata(L, arg, STATEMENT_MT);
    luaL_argcheck(L, st->stmt != NULL, arg, "statement is closed");
    return st;
}

static void checkparams(lua_State *L, int arg) {
    if (!lua_isnoneornil(L, arg))
        luaL_checktype(L, arg, LUA_TTABLE);
}

/* ---- databases ---- */

/* Waiting for a lock blocks the whole program, so Ctrl-C ends the wait. */
static int on_busy(void *ud, int count) {
    struct database *d = ud;
    int64_t now = loop_now();
    int ms = count < 5 ? 1 << count : 25;
    struct timespec pause = {0, ms * 1000000L};
    if (count == 0)
        d->busy_since = now;
    if (now - d->busy_since >= d->busy_ms || d->interrupts != engine_signals(d->engine))
        return 0;
    nanosleep(&pause, NULL);
    return 1;
}

static int on_progress(void *ud) {
    struct database *d = ud;
    return d->interrupts != engine_signals(d->engine) || !engine_may_compute(d->engine);
}

/* Push a database that owns nothing yet. [-0, +1, m] */
static struct database *newdatabase(lua_State *L) {
    struct database *d = lua_newuserdatauv(L, sizeof *d, UV_COUNT);
    *d = (struct database){.engine = engine_of(L)};
    d->interrupts = engine_signals(d->engine);
    luaL_setmetatable(L, DATABASE_MT);
    for (int i = UV_RECENT; i <= UV_FUNCTIONS; i++) {
        lua_newtable(L);
        lua_setiuservalue(L, -2, i);
    }
    return d;
}

/* Make the file with that mode, unless it is there. If this fails, sqlite3_open fails
 * too, with a better message. */
static void create_file(const char *path, int mode) {
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    if (fd != -1)
        close(fd);
}

struct open_options {
    bool create, readonly, immutable;
    lua_Number busy;
    lua_Integer mode;
};

static struct open_options checkoptions(lua_State *L, int arg) {
    static const char *const names[] = {"create", "readonly", "immutable",
                                        "busy",   "mode",     NULL};
    struct open_options o = {true, false, false, 5, 0600};
    api_checkopts(L, arg, names);
    if (!lua_istable(L, arg))
        return o;
    o.create = api_optflag(L, arg, "create", o.create);
    o.readonly = api_optflag(L, arg, "readonly", o.readonly);
    o.immutable = api_optflag(L, arg, "immutable", o.immutable);
    o.mode = api_optinteger(L, arg, "mode", 0, 0777, o.mode);
    lua_getfield(L, arg, "busy");
    o.busy = luaL_optnumber(L, -1, o.busy);
    luaL_argcheck(L, 0 <= o.busy && o.busy <= 86400, arg, "'busy' out of range");
    lua_pop(L, 1);
    return o;
}

/* "file:PATH?immutable=1": on a disk that cannot be written to, even the lock of a reader fails.
 * [-0, +1, m] */
static const char *pushimmutable(lua_State *L, const char *path) {
    size_t size = strlen(path);
    struct buf uri = api_scratch(L, size * 3 + 32);
    buf_str(&uri, "file:");
    url_path(&uri, path, size);
    buf_str(&uri, "?immutable=1");
    return uri.bytes;
}

/* sqlite.open(path [, {create =, readonly =, immutable =, busy =, mode =}]) -> database */
static int l_sqlite_open(lua_State *L) {
    size_t size;
    const char *path = luaL_checklstring(L, 1, &size);
    luaL_argcheck(L, strlen(path) == size, 1, "path holds a zero byte");
    lua_settop(L, 2);
    struct open_options o = checkoptions(L, 2);
    int flags = o.readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;

    struct database *d = newdatabase(L);
    d->busy_ms = (int64_t)(o.busy * 1000);
    if (o.create && !o.readonly && !o.immutable) {
        flags |= SQLITE_OPEN_CREATE;
        if (path[0] != '\0' && strcmp(path, ":memory:") != 0)
            create_file(path, (int)o.mode);
    }
    const char *name = path;
    if (o.immutable) {
        flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
        name = pushimmutable(L, path);
        lua_insert(L, -2); /* the box stays on top */
    }
    engine_make_room(L);
    sqlite_enter(d);
    int code = sqlite3_open_v2(name, &d->db, flags | SQLITE_OPEN_EXRESCODE, NULL);
    sqlite_leave(d);
    if (code == SQLITE_NOMEM)
        return engine_no_memory(L);
    if (code != SQLITE_OK) {
        struct fault fault;
        sqliteerror_set(&fault, code, path,
                        d->db != NULL ? sqlite3_errmsg(d->db) : sqlite3_errstr(code));
        return api_fault(L, "sqlite.open", &fault);
    }
    sqlite3_busy_handler(d->db, on_busy, d);
    sqlite3_progress_handler(d->db, STEPS_BETWEEN_LOOKS, on_progress, d);
    return 1;
}

/* Run each statement of `sql` in turn. [-0, +0, v] */
static lua_Integer exec_all(lua_State *L, const char *sql) {
    struct database *d = lua_touserdata(L, 1);
    lua_Integer changes = 0;
    while (*sql != '\0') {
        struct statement *st =
            sqlite_prepare(L, 1, "sqlite.exec", sql, strlen(sql), &sql);
        if (st->stmt != NULL) {
            sqlite_start(L, st, 1, 3, "sqlite.exec");
            changes += sqlite_run(L, st, 1, "sqlite.exec");
            sqlite_finalize(st);
        }
        lua_pop(L, 1);
        luaL_argcheck(L, d->db != NULL, 1, "database is closed");
    }
    return changes;
}

/* db:exec(sql [, params]) -> changes */
static int l_database_exec(lua_State *L) {
    lua_Integer changes = 0;
    sqlite_checkdatabase(L, 1);
    checkparams(L, 3);
    lua_settop(L, 3);
    struct statement *st = sqlite_statement(L, 1, 2, "sqlite.exec");
    if (st == NULL) {
        luaL_argcheck(L, lua_isnil(L, 3), 3, "parameters need a single statement");
        changes = exec_all(L, lua_tostring(L, 2));
    } else if (st->stmt != NULL) {
        sqlite_start(L, st, 1, 3, "sqlite.exec");
        changes = sqlite_run(L, st, 1, "sqlite.exec");
    }
    lua_pushinteger(L, changes);
    return 1;
}

/* Push the statement for argument 2, at index 4, and start it with argument 3. [-x, +1,
 * v] */
static struct statement *startquery(lua_State *L, const char *op) {
    sqlite_checkdatabase(L, 1);
    checkparams(L, 3);
    lua_settop(L, 3);
    struct statement *st = sqlite_statement(L, 1, 2, op);
    luaL_argcheck(L, st != NULL, 2, "more than one statement");
    luaL_argcheck(L, st->stmt != NULL, 2, "no statement");
    sqlite_start(L, st, 1, 3, op);
    return st;
}

/* db:query(sql [, params]) -> rows */
static int l_database_query(lua_State *L) {
    struct statement *st = startquery(L, "sqlite.query");
    lua_newtable(L); /* rows, at 5 */
    if (!sqlite_step(L, st, 1, "sqlite.query"))
        return 1;
    int n = sqlite_pushnames(L, st);
    lua_Integer i = 0;
    do {
        sqlite_pushrow(L, st, 6, n);
        lua_rawseti(L, 5, ++i);
    } while (sqlite_step(L, st, 1, "sqlite.query"));
    lua_settop(L, 5);
    return 1;
}

/* db:find_row(sql [, params]) -> row? */
static int l_database_find_row(lua_State *L) {
    struct statement *st = startquery(L, "sqlite.find_row");
    if (!sqlite_step(L, st, 1, "sqlite.find_row"))
        return 0;
    int n = sqlite_pushnames(L, st);
    sqlite_pushrow(L, st, 5, n);
    int code = sqlite_stop(st);
    if (code != SQLITE_OK)
        return sqlite_fail(L, lua_touserdata(L, 1), 1, "sqlite.find_row", code);
    return 1;
}

/* db:prepare(sql) -> statement */
static int l_database_prepare(lua_State *L) {
    struct database *d = sqlite_checkdatabase(L, 1);
    size_t size;
    const char *tail, *sql = sqlite_checksql(L, 2, &size);
    struct statement *st = sqlite_prepare(L, 1, "sqlite.prepare", sql, size, &tail);
    luaL_argcheck(L, st->stmt != NULL, 2, "no statement");
    luaL_argcheck(L, sqlite_is_blank(d, tail), 2, "more than one statement");
    return 1;
}

/* db:last_insert_rowid() -> integer */
static int l_database_last_insert_rowid(lua_State *L) {
    lua_pushinteger(L, sqlite3_last_insert_rowid(sqlite_checkdatabase(L, 1)->db));
    return 1;
}

/* db:close(), __close and __gc. Closing twice is not an error. */
static int l_database_close(lua_State *L) {
    struct database *d = luaL_checkudata(L, 1, DATABASE_MT);
    luaL_argcheck(L, d->stepping == 0, 1, "database is running a statement");
    while (d->statements != NULL)
        sqlite_finalize(d->statements);
    sqlite3_close(d->db);
    d->db = NULL;
    sqlite_leave(d);
    return 0;
}

/* ---- prepared statements ---- */

/* Push the database of the statement at 1. [-0, +1, -] */
static int pushowner(lua_State *L) {
    lua_getiuservalue(L, 1, 1);
    return lua_gettop(L);
}

/* stmt:columns() -> names */
static int l_statement_columns(lua_State *L) {
    struct statement *st = checkstatement(L, 1);
    int n = sqlite3_column_count(st->stmt);
    lua_createtable(L, n, 0);
    for (int i = 0; i < n; i++) {
        sqlite_pushname(L, st, i);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* stmt:run([params]) -> changes */
static int l_statement_run(lua_State *L) {
    struct statement *st = checkstatement(L, 1);
    checkparams(L, 2);
    lua_settop(L, 2);
    int owner = pushowner(L);
    sqlite_start(L, st, owner, 2, "sqlite.run");
    lua_pushinteger(L, sqlite_run(L, st, owner, "sqlite.run"));
    return 1;
}

/* The iterator of stmt:rows; upvalue 1 is its cursor. */
static int next_row(lua_State *L) {
    lua_settop(L, 0);
    lua_pushvalue(L, lua_upvalueindex(1));
    struct cursor *c = lua_touserdata(L, 1);
    lua_getiuservalue(L, 1, 1);
    struct statement *st = lua_touserdata(L, 2);
    if (c->run == 0)
        return 0;
    if (st->stmt == NULL)
        return luaL_error(L, "statement is closed");
    if (c->run != st->run)
        return luaL_error(L, "the statement was started again during this loop");
    lua_getiuservalue(L, 2, 1);
    if (!sqlite_step(L, st, 3, "sqlite.rows")) {
        c->run = 0;
        return 0;
    }
    int n = sqlite3_column_count(st->stmt);
    lua_createtable(L, n, 1);
    for (int i = 0; i < n; i++) {
        sqlite_pushcolumn(L, st, i);
        lua_rawseti(L, -2, i + 1);
    }
    lua_pushinteger(L, n);
    lua_setfield(L, -2, "n");
    return 1;
}

/* cursor.__close and __gc: end a loop that is left early, so that its locks are
 * released. */
static int l_cursor_close(lua_State *L) {
    struct cursor *c = luaL_checkudata(L, 1, CURSOR_MT);
    struct statement *st = c->st;
    if (c->run != 0 && st->stmt != NULL && c->run == st->run && !st->stepping)
        sqlite_stop(st);
    c->run = 0;
    return 0;
}

/* stmt:rows([params]) -> iterator, nil, nil, cursor. Each row is a list with `n`; the
 * for loop closes the cursor. */
static int l_statement_rows(lua_State *L) {
    struct statement *st = checkstatement(L, 1);
    checkparams(L, 2);
    lua_settop(L, 2);
    int owner = pushowner(L);
    struct cursor *c = lua_newuserdatauv(L, sizeof *c, 1);
    *c = (struct cursor){.st = st};
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    luaL_setmetatable(L, CURSOR_MT);
    lua_pushvalue(L, -1);
    lua_pushcclosure(L, next_row, 1); /* cursor, iterator */
    sqlite_start(L, st, owner, 2, "sqlite.rows");
    c->run = st->run;
    lua_pushnil(L);
    lua_pushnil(L);
    lua_pushvalue(L, -4);
    return 4;
}

/* stmt:close(), __close and __gc. Closing twice is not an error. */
static int l_statement_close(lua_State *L) {
    struct statement *st = luaL_checkudata(L, 1, STATEMENT_MT);
    luaL_argcheck(L, !st->stepping, 1, "the statement runs");
    sqlite_finalize(st);
    return 0;
}

static const luaL_Reg database_methods[] = {
    {"exec", l_database_exec},
    {"query", l_database_query},
    {"find_row", l_database_find_row},
    {"prepare", l_database_prepare},
    {"transaction", sqlite_transaction},
    {"define", sqlite_define},
    {"last_insert_rowid", l_database_last_insert_rowid},
    {"close", l_database_close},
    {NULL, NULL},
};

static const luaL_Reg statement_methods[] = {
    {"columns", l_statement_columns},
    {"rows", l_statement_rows},
    {"run", l_statement_run},
    {"close", l_statement_close},
    {NULL, NULL},
};

static const luaL_Reg sqlite_functions[] = {
    {"open", l_sqlite_open},
    {NULL, NULL},
};

int luaopen_native_sqlite(lua_State *L) {
    api_newtype(L, DATABASE_MT, l_database_close, database_methods);
    api_newtype(L, STATEMENT_MT, l_statement_close, statement_methods);
    api_newtype(L, CURSOR_MT, l_cursor_close, NULL);
    sqlite_opentransaction(L);
    luaL_newlib(L, sqlite_functions);
    return 1;
}
