/* l_sqlite.c -- `native.sqlite`: databases in files, for the embedded workspace and the
 * journal.
 *
 * A database's box lists the statements made from it, so that closing it finalizes them. No
 * handle of SQLite is held outside of a box. SQLite calls back into Lua at one place only,
 * call_function, under lua_pcall: an error never jumps across SQLite. */

#include "api/api.h"
#include "api/libs.h"
#include "base/sqlerror.h"
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DATABASE_MT  "tarn.sqlite.database"
#define STATEMENT_MT "tarn.sqlite.statement"
#define CURSOR_MT    "tarn.sqlite.cursor"
#define GUARD_MT     "tarn.sqlite.transaction"

/* Statements that a database keeps prepared: this many lately used ones, and as many that
 * were used before those. */
#define CACHED 96

/* SQLite asks after so many steps of its machine whether it shall go on. */
#define STEPS_BETWEEN_LOOKS 20000

/* User values of a database. */
enum {
    UV_RECENT = 1, /* SQL text -> statement, those used lately */
    UV_OLDER,      /* those used before the last change of generation */
    UV_FUNCTIONS,  /* address -> function box */
    UV_RAISED,     /* what a Lua function raised, on its way out of SQLite */
    UV_COUNT = UV_RAISED
};

struct database {
    sqlite3 *db; /* NULL: not open yet, or closed */
    struct statement *statements;
    struct engine *engine;
    int64_t busy_ms;
    int64_t busy_since;
    sig_atomic_t interrupts; /* of the engine, when this step began */
    int cached;              /* entries of UV_RECENT */
    int stepping;            /* depth of steps below which we are */
    bool raised;             /* UV_RAISED holds an error */
    lua_State *L;            /* while stepping: who, */
    int index;               /* and where our box is on its stack */
};

struct statement {
    sqlite3_stmt *stmt; /* NULL: not prepared yet, or closed */
    struct database *owner;
    struct statement *next, **link; /* the owner's list, while stmt is not NULL */
    unsigned run;                   /* counts starts, so that an old cursor notices */
    bool active;                    /* started, and not yet reset */
    bool stepping;
};

/* A function of Lua as SQLite knows it; its user value is the function. */
struct function {
    struct database *owner;
};

/* The end of a loop over rows; its user value is the statement. */
struct cursor {
    struct statement *st;
    unsigned run; /* of the statement, when this loop began; 0: ended */
};

/* Rolls back what was not committed; its user value is the database. */
struct guard {
    struct database *d; /* NULL: nothing to roll back */
    bool savepoint;
};

static struct database *checkdatabase(lua_State *L, int arg) {
    struct database *d = luaL_checkudata(L, arg, DATABASE_MT);
    luaL_argcheck(L, d->db != NULL, arg, "database is closed");
    return d;
}

static struct statement *checkstatement(lua_State *L, int arg) {
    struct statement *st = luaL_checkudata(L, arg, STATEMENT_MT);
    luaL_argcheck(L, st->stmt != NULL, arg, "statement is closed");
    return st;
}

/* SQL is text for C: it ends at a zero byte, and nothing may hide behind one. */
static const char *checksql(lua_State *L, int arg, size_t *size) {
    const char *sql = luaL_checklstring(L, arg, size);
    luaL_argcheck(L, strlen(sql) == *size, arg, "SQL text holds a zero byte");
    luaL_argcheck(L, *size < 1u << 30, arg, "SQL text too long");
    return sql;
}

static void checkparams(lua_State *L, int arg) {
    if (!lua_isnoneornil(L, arg))
        luaL_checktype(L, arg, LUA_TTABLE);
}

/* Raise the last error of `d`; the error of a Lua function comes out as it was. The box of
 * `d` is at `index`. [-0, +0, v] */
static int fail(lua_State *L, struct database *d, int index, const char *op, int code) {
    struct fault fault;
    if (d->raised) {
        d->raised = false;
        lua_getiuservalue(L, index, UV_RAISED);
        lua_pushnil(L);
        lua_setiuservalue(L, index, UV_RAISED);
        return lua_error(L);
    }
    sqlerror_set(&fault, code, sqlite3_errmsg(d->db));
    int primary = code & 0xff;
    if ((primary == SQLITE_INTERRUPT || primary == SQLITE_BUSY) &&
        d->interrupts != d->engine->interrupts)
        fault_set(&fault, FAULT_CANCELLED, "interrupted");
    return api_fault(L, op, &fault);
}

/* ---- statements ---- */

static void unlink_statement(struct statement *st) {
    *st->link = st->next;
    if (st->next != NULL)
        st->next->link = st->link;
    st->next = NULL;
    st->link = NULL;
}

static void finalize(struct statement *st) {
    if (st->stmt == NULL)
        return;
    unlink_statement(st);
    sqlite3_finalize(st->stmt);
    st->stmt = NULL;
    st->owner = NULL;
}

/* Push a statement of the database at `index` that owns nothing yet. [-0, +1, m] */
static struct statement *newstatement(lua_State *L, int index) {
    struct statement *st = lua_newuserdatauv(L, sizeof *st, 1);
    *st = (struct statement){0};
    luaL_setmetatable(L, STATEMENT_MT);
    lua_pushvalue(L, index);
    lua_setiuservalue(L, -2, 1);
    return st;
}

/* Push the first statement of `sql`, prepared; `*tail` is what follows it. Its handle stays
 * NULL if there is only white space and comment. [-0, +1, v] */
static struct statement *prepare(lua_State *L, int index, const char *op, const char *sql,
                                 size_t size, const char **tail) {
    struct database *d = lua_touserdata(L, index);
    struct statement *st = newstatement(L, index);
    d->interrupts = d->engine->interrupts;
    int code = sqlite3_prepare_v3(d->db, sql, (int)size + 1, SQLITE_PREPARE_PERSISTENT,
                                  &st->stmt, tail);
    if (st->stmt != NULL) {
        st->owner = d;
        st->next = d->statements;
        st->link = &d->statements;
        if (st->next != NULL)
            st->next->link = &st->next;
        d->statements = st;
    }
    if (code != SQLITE_OK)
        fail(L, d, index, op, code);
    return st;
}

/* True if nothing but white space and comments is left. */
static bool is_blank(struct database *d, const char *sql) {
    sqlite3_stmt *stmt = NULL;
    int code;
    while (*sql == ' ' || *sql == '\t' || *sql == '\n' || *sql == '\r' || *sql == ';')
        sql++;
    if (*sql == '\0')
        return true;
    code = sqlite3_prepare_v2(d->db, sql, -1, &stmt, NULL);
    sqlite3_finalize(stmt);
    return code == SQLITE_OK && stmt == NULL;
}

/* Look the text at `sql` up in one generation of the cache, and push its statement, if it
 * can be started. [-0, +1|0, -] */
static struct statement *recall(lua_State *L, int index, int sql, int generation) {
    lua_getiuservalue(L, index, generation);
    lua_pushvalue(L, sql);
    lua_rawget(L, -2);
    lua_remove(L, -2);
    struct statement *st = lua_touserdata(L, -1);
    if (st != NULL && st->stmt != NULL && !st->active)
        return st;
    lua_pop(L, 1);
    return NULL;
}

/* Keep the statement on top under the text at `sql`. When a generation is full, the one
 * before it is dropped as a whole. [-0, +0, m] */
static void keep(lua_State *L, int index, int sql) {
    struct database *d = lua_touserdata(L, index);
    if (d->cached >= CACHED) {
        lua_createtable(L, 0, CACHED);
        lua_getiuservalue(L, index, UV_RECENT);
        lua_setiuservalue(L, index, UV_OLDER);
        lua_setiuservalue(L, index, UV_RECENT);
        d->cached = 0;
    }
    lua_getiuservalue(L, index, UV_RECENT); /* st, cache */
    lua_pushvalue(L, sql);
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    d->cached++;
}

/* Push the statement for the text at `sql`, which holds exactly one, from the cache or
 * prepared for it; NULL, with nothing pushed, if it holds several. [-0, +1|0, v] */
static struct statement *statement_for(lua_State *L, int index, int sql, const char *op) {
    struct database *d = lua_touserdata(L, index);
    size_t size;
    const char *tail, *text = checksql(L, sql, &size);
    struct statement *st = recall(L, index, sql, UV_RECENT);
    if (st != NULL)
        return st;
    if ((st = recall(L, index, sql, UV_OLDER)) == NULL) {
        st = prepare(L, index, op, text, size, &tail);
        if (!is_blank(d, tail)) {
            finalize(st);
            lua_pop(L, 1);
            return NULL;
        }
        if (st->stmt == NULL)
            return st;
    }
    keep(L, index, sql);
    return st;
}

/* The index of the parameter that SQL calls `:name`, `@name` or `$name`; 0 if none. */
static int named(sqlite3_stmt *stmt, const char *name, size_t size) {
    char text[130];
    if (size > sizeof text - 2 || strlen(name) != size)
        return 0;
    memcpy(text + 1, name, size + 1);
    for (const char *prefix = ":@$"; *prefix != '\0'; prefix++) {
        text[0] = *prefix;
        int i = sqlite3_bind_parameter_index(stmt, text);
        if (i > 0)
            return i;
    }
    return 0;
}

/* The parameter that the key at -2 means; raises if there is none. [-0, +0, v] */
static int parameter(lua_State *L, sqlite3_stmt *stmt, int arg) {
    int i = 0;
    if (lua_isinteger(L, -2)) {
        lua_Integer key = lua_tointeger(L, -2);
        if (1 <= key && key <= sqlite3_bind_parameter_count(stmt))
            return (int)key;
    } else if (lua_type(L, -2) == LUA_TSTRING) {
        size_t size;
        const char *name = lua_tolstring(L, -2, &size);
        if ((i = named(stmt, name, size)) > 0)
            return i;
        if (strcmp(name, "n") == 0 && lua_isinteger(L, -1)) /* as table.pack makes it */
            return 0;
    }
    luaL_tolstring(L, -2, NULL);
    luaL_argerror(
        L, arg,
        lua_pushfstring(L, "the statement has no parameter '%s'", lua_tostring(L, -1)));
    return 0;
}

/* Bind the value on top. SQLite copies strings: the table may change while it runs. */
static int bind_value(lua_State *L, sqlite3_stmt *stmt, int i, int arg) {
    size_t size;
    switch (lua_type(L, -1)) {
    case LUA_TBOOLEAN:
        return sqlite3_bind_int(stmt, i, lua_toboolean(L, -1));
    case LUA_TNUMBER:
        if (lua_isinteger(L, -1))
            return sqlite3_bind_int64(stmt, i, lua_tointeger(L, -1));
        return sqlite3_bind_double(stmt, i, lua_tonumber(L, -1));
    case LUA_TSTRING: {
        const char *bytes = lua_tolstring(L, -1, &size);
        return sqlite3_bind_text64(stmt, i, bytes, size, SQLITE_TRANSIENT, SQLITE_UTF8);
    }
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L, -1) == NULL) /* json.null */
            return sqlite3_bind_null(stmt, i);
        break;
    default:
        break;
    }
    luaL_argerror(L, arg,
                  lua_pushfstring(L, "parameter %d is a %s, which SQL has no value for",
                                  i, luaL_typename(L, -1)));
    return SQLITE_MISUSE;
}

/* Set the statement to its start, with the parameters of argument `arg`. The box of its
 * database is at `index`. [-0, +0, v] */
static void start(lua_State *L, struct statement *st, int index, int arg,
                  const char *op) {
    luaL_argcheck(L, !st->stepping, 1, "the statement runs already");
    sqlite3_reset(st->stmt);
    sqlite3_clear_bindings(st->stmt);
    st->active = true;
    if (++st->run == 0) /* 0 is a cursor that has ended */
        st->run = 1;
    if (!lua_istable(L, arg))
        return;
    for (lua_pushnil(L); lua_next(L, arg); lua_pop(L, 1)) {
        int i = parameter(L, st->stmt, arg);
        int code = i > 0 ? bind_value(L, st->stmt, i, arg) : SQLITE_OK;
        if (code != SQLITE_OK)
            fail(L, st->owner, index, op, code);
    }
}

/* End it before its end. Outside of a transaction this is where its work is committed,
 * which may fail. */
static int stop(struct statement *st) {
    st->active = false;
    return sqlite3_reset(st->stmt);
}

/* One step. True for a row, false at the end; raises what goes wrong, with the statement
 * reset. The box of the database is at `index`. [-0, +0, v] */
static bool step(lua_State *L, struct statement *st, int index, const char *op) {
    struct database *d = st->owner;
    lua_State *outer = d->L;
    int outer_index = d->index;

    d->L = L;
    d->index = lua_absindex(L, index);
    d->interrupts = d->engine->interrupts;
    d->stepping++;
    st->stepping = st->active = true;
    int code = sqlite3_step(st->stmt);
    st->stepping = false;
    d->stepping--;
    d->L = outer;
    d->index = outer_index;

    if (code == SQLITE_ROW)
        return true;
    sqlite3_reset(st->stmt);
    st->active = false;
    if (code != SQLITE_DONE)
        fail(L, d, index, op, code);
    return false;
}

/* Push the value of column `i` of the present row. [-0, +1, m] */
static void pushcolumn(lua_State *L, sqlite3_stmt *stmt, int i) {
    switch (sqlite3_column_type(stmt, i)) {
    case SQLITE_INTEGER:
        lua_pushinteger(L, sqlite3_column_int64(stmt, i));
        break;
    case SQLITE_FLOAT:
        lua_pushnumber(L, sqlite3_column_double(stmt, i));
        break;
    case SQLITE_TEXT:
    case SQLITE_BLOB: {
        const char *bytes = sqlite3_column_blob(stmt, i);
        lua_pushlstring(L, bytes == NULL ? "" : bytes,
                        (size_t)sqlite3_column_bytes(stmt, i));
        break;
    }
    default:
        lua_pushnil(L);
    }
}

/* Push the names of the columns, each once, so that rows need not make them again.
 * [-0, +n, v] */
static int pushnames(lua_State *L, sqlite3_stmt *stmt) {
    int n = sqlite3_column_count(stmt);
    luaL_checkstack(L, n + 8, "too many columns");
    for (int i = 0; i < n; i++)
        lua_pushstring(L, sqlite3_column_name(stmt, i));
    return n;
}

/* Push the present row by column name, where the names are at `names`. [-0, +1, m] */
static void pushrow(lua_State *L, sqlite3_stmt *stmt, int names, int n) {
    lua_createtable(L, 0, n);
    for (int i = 0; i < n; i++) {
        if (sqlite3_column_type(stmt, i) == SQLITE_NULL)
            continue;
        lua_pushvalue(L, names + i);
        pushcolumn(L, stmt, i);
        lua_rawset(L, -3);
    }
}

/* Run to the end. What it changed itself, without what its triggers did. [-0, +0, v] */
static lua_Integer run(lua_State *L, struct statement *st, int index, const char *op) {
    sqlite3 *db = st->owner->db;
    sqlite3_int64 before = sqlite3_total_changes64(db);
    while (step(L, st, index, op))
        ;
    return sqlite3_total_changes64(db) == before ? 0 : sqlite3_changes64(db);
}

/* ---- functions of Lua ---- */

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

/* f, call -> nothing; runs under lua_pcall. The result is handed over last, so that
 * nothing can be raised between. */
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

/* Called by SQLite within step. Raises nothing: an error waits in the database's user value
 * until step has returned. */
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
    if (lua_pcall(L, 2, 0, 0) != LUA_OK) {
        d->raised = true;
        lua_setiuservalue(L, d->index, UV_RAISED);
        sqlite3_result_error(context, "a function raised an error", -1);
    }
    lua_settop(L, top);
}

/* db:define(name, nargs, f) */
static int l_database_define(lua_State *L) {
    struct database *d = checkdatabase(L, 1);
    const char *name = luaL_checkstring(L, 2);
    lua_Integer nargs = luaL_checkinteger(L, 3);
    luaL_argcheck(L, -1 <= nargs && nargs <= 127, 3, "not a number of arguments");
    luaL_checktype(L, 4, LUA_TFUNCTION);
    lua_settop(L, 4);

    /* Anchored before SQLite knows the address. A function that is defined again stays
     * anchored until the database is closed: SQLite may still be running it. */
    struct function *fn = lua_newuserdatauv(L, sizeof *fn, 1);
    fn->owner = d;
    lua_pushvalue(L, 4);
    lua_setiuservalue(L, -2, 1);
    lua_getiuservalue(L, 1, UV_FUNCTIONS);
    lua_pushvalue(L, -2);
    lua_rawsetp(L, -2, fn);
    int code = sqlite3_create_function_v2(d->db, name, (int)nargs, SQLITE_UTF8, fn,
                                          call_function, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return fail(L, d, 1, "sqlite.define", code);
    return 0;
}

/* ---- databases ---- */

/* Waiting for a lock blocks the whole program, so that it ends with Ctrl-C too. */
static int on_busy(void *ud, int count) {
    struct database *d = ud;
    int64_t now = loop_now();
    int ms = count < 5 ? 1 << count : 25;
    struct timespec pause = {0, ms * 1000000L};
    if (count == 0)
        d->busy_since = now;
    if (now - d->busy_since >= d->busy_ms || d->interrupts != d->engine->interrupts)
        return 0;
    nanosleep(&pause, NULL);
    return 1;
}

static int on_progress(void *ud) {
    struct database *d = ud;
    return d->interrupts != d->engine->interrupts;
}

/* Push a database that owns nothing yet. [-0, +1, m] */
static struct database *newdatabase(lua_State *L) {
    struct database *d = lua_newuserdatauv(L, sizeof *d, UV_COUNT);
    *d = (struct database){.engine = engine_of(L)};
    d->interrupts = d->engine->interrupts;
    luaL_setmetatable(L, DATABASE_MT);
    for (int i = UV_RECENT; i <= UV_FUNCTIONS; i++) {
        lua_newtable(L);
        lua_setiuservalue(L, -2, i);
    }
    return d;
}

/* Make the file with that mode, unless it is there. What goes wrong here goes wrong again
 * in sqlite3_open, which says it better. */
static void create_file(const char *path, int mode) {
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    if (fd != -1)
        close(fd);
}

struct open_options {
    bool create, readonly;
    lua_Number busy;
    lua_Integer mode;
};

static struct open_options checkoptions(lua_State *L, int arg) {
    static const char *const names[] = {"create", "readonly", "busy", "mode", NULL};
    struct open_options o = {true, false, 5, 0600};
    api_checkopts(L, arg, names);
    if (!lua_istable(L, arg))
        return o;
    lua_getfield(L, arg, "create");
    o.create = lua_isnil(L, -1) || lua_toboolean(L, -1);
    lua_getfield(L, arg, "readonly");
    o.readonly = lua_toboolean(L, -1);
    lua_getfield(L, arg, "busy");
    o.busy = luaL_optnumber(L, -1, o.busy);
    luaL_argcheck(L, 0 <= o.busy && o.busy <= 86400, arg, "'busy' out of range");
    lua_getfield(L, arg, "mode");
    o.mode = luaL_optinteger(L, -1, o.mode);
    luaL_argcheck(L, 0 <= o.mode && o.mode <= 0777, arg, "'mode' out of range");
    lua_pop(L, 4);
    return o;
}

/* sqlite.open(path [, {create =, readonly =, busy =, mode =}]) -> database */
static int l_sqlite_open(lua_State *L) {
    size_t size;
    const char *path = luaL_checklstring(L, 1, &size);
    luaL_argcheck(L, strlen(path) == size, 1, "path holds a zero byte");
    lua_settop(L, 2);
    struct open_options o = checkoptions(L, 2);
    int flags = o.readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;

    struct database *d = newdatabase(L);
    d->busy_ms = (int64_t)(o.busy * 1000);
    if (o.create && !o.readonly) {
        flags |= SQLITE_OPEN_CREATE;
        if (path[0] != '\0' && strcmp(path, ":memory:") != 0)
            create_file(path, (int)o.mode);
    }
    int code = sqlite3_open_v2(path, &d->db, flags | SQLITE_OPEN_EXRESCODE, NULL);
    if (code != SQLITE_OK) {
        struct fault fault;
        sqlerror_set(&fault, code,
                     d->db != NULL ? sqlite3_errmsg(d->db) : sqlite3_errstr(code));
        lua_pushfstring(L, "%s: %s", path, fault.message);
        sqlerror_set(&fault, code, lua_tostring(L, -1));
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
        struct statement *st = prepare(L, 1, "sqlite.exec", sql, strlen(sql), &sql);
        if (st->stmt != NULL) {
            start(L, st, 1, 3, "sqlite.exec");
            changes += run(L, st, 1, "sqlite.exec");
            finalize(st);
        }
        lua_pop(L, 1);
        luaL_argcheck(L, d->db != NULL, 1, "database is closed");
    }
    return changes;
}

/* db:exec(sql [, params]) -> changes */
static int l_database_exec(lua_State *L) {
    lua_Integer changes = 0;
    checkdatabase(L, 1);
    checkparams(L, 3);
    lua_settop(L, 3);
    struct statement *st = statement_for(L, 1, 2, "sqlite.exec");
    if (st == NULL) {
        luaL_argcheck(L, lua_isnil(L, 3), 3, "parameters need a single statement");
        changes = exec_all(L, lua_tostring(L, 2));
    } else if (st->stmt != NULL) {
        start(L, st, 1, 3, "sqlite.exec");
        changes = run(L, st, 1, "sqlite.exec");
    }
    lua_pushinteger(L, changes);
    return 1;
}

/* The statement for argument 2, started with argument 3, at stack index 4; one that returns
 * rows. [-x, +1, v] */
static struct statement *startquery(lua_State *L, const char *op) {
    checkdatabase(L, 1);
    checkparams(L, 3);
    lua_settop(L, 3);
    struct statement *st = statement_for(L, 1, 2, op);
    luaL_argcheck(L, st != NULL, 2, "more than one statement");
    luaL_argcheck(L, st->stmt != NULL, 2, "no statement");
    start(L, st, 1, 3, op);
    return st;
}

/* db:query(sql [, params]) -> rows */
static int l_database_query(lua_State *L) {
    struct statement *st = startquery(L, "sqlite.query");
    lua_newtable(L); /* rows, at 5 */
    if (!step(L, st, 1, "sqlite.query"))
        return 1;
    int n = pushnames(L, st->stmt);
    lua_Integer i = 0;
    do {
        pushrow(L, st->stmt, 6, n);
        lua_rawseti(L, 5, ++i);
    } while (step(L, st, 1, "sqlite.query"));
    lua_settop(L, 5);
    return 1;
}

/* db:find_row(sql [, params]) -> row? */
static int l_database_find_row(lua_State *L) {
    struct statement *st = startquery(L, "sqlite.find_row");
    if (!step(L, st, 1, "sqlite.find_row"))
        return 0;
    int n = pushnames(L, st->stmt);
    pushrow(L, st->stmt, 5, n);
    int code = stop(st);
    if (code != SQLITE_OK)
        return fail(L, lua_touserdata(L, 1), 1, "sqlite.find_row", code);
    return 1;
}

/* db:prepare(sql) -> statement */
static int l_database_prepare(lua_State *L) {
    struct database *d = checkdatabase(L, 1);
    size_t size;
    const char *tail, *sql = checksql(L, 2, &size);
    struct statement *st = prepare(L, 1, "sqlite.prepare", sql, size, &tail);
    luaL_argcheck(L, st->stmt != NULL, 2, "no statement");
    luaL_argcheck(L, is_blank(d, tail), 2, "more than one statement");
    return 1;
}

/* db:last_insert_rowid() -> integer */
static int l_database_last_insert_rowid(lua_State *L) {
    lua_pushinteger(L, sqlite3_last_insert_rowid(checkdatabase(L, 1)->db));
    return 1;
}

/* db:close(), __close and __gc. Closing twice is not an error. */
static int l_database_close(lua_State *L) {
    struct database *d = luaL_checkudata(L, 1, DATABASE_MT);
    luaL_argcheck(L, d->stepping == 0, 1, "database is running a statement");
    while (d->statements != NULL)
        finalize(d->statements);
    sqlite3_close(d->db);
    d->db = NULL;
    return 0;
}

/* ---- transactions ---- */

/* Run one of the words that begin and end transactions. */
static int word(struct database *d, const char *sql) {
    d->interrupts = d->engine->interrupts;
    return sqlite3_exec(d->db, sql, NULL, NULL, NULL);
}

/* guard.__close and __gc: roll back, if that has not been done by SQLite itself, as it does
 * when the disk is full. */
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

/* db:transaction(f) -> what f returned */
static int l_database_transaction(lua_State *L) {
    struct database *d = checkdatabase(L, 1);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);

    /* The guard, not a pcall: an error's traceback stays as it is. */
    struct guard *g = lua_newuserdatauv(L, sizeof *g, 1);
    *g = (struct guard){NULL, !sqlite3_get_autocommit(d->db)};
    luaL_setmetatable(L, GUARD_MT);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, 3, 1);
    lua_toclose(L, 3);
    int code = word(d, g->savepoint ? "SAVEPOINT tarn" : "BEGIN IMMEDIATE");
    if (code != SQLITE_OK)
        return fail(L, d, 1, "sqlite.transaction", code);
    g->d = d;

    lua_pushvalue(L, 2);
    lua_call(L, 0, LUA_MULTRET); /* not lua_callk: a transaction that waits would hold
                                    all other tasks' writes inside it */
    luaL_argcheck(L, d->db != NULL, 1, "database is closed");
    code = word(d, g->savepoint ? "RELEASE tarn" : "COMMIT");
    if (code != SQLITE_OK)
        return fail(L, d, 1, "sqlite.transaction", code);
    g->d = NULL;
    return lua_gettop(L) - 3;
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
        lua_pushstring(L, sqlite3_column_name(st->stmt, i));
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
    start(L, st, owner, 2, "sqlite.run");
    lua_pushinteger(L, run(L, st, owner, "sqlite.run"));
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
    if (!step(L, st, 3, "sqlite.rows")) {
        c->run = 0;
        return 0;
    }
    int n = sqlite3_column_count(st->stmt);
    lua_createtable(L, n, 1);
    for (int i = 0; i < n; i++) {
        pushcolumn(L, st->stmt, i);
        lua_rawseti(L, -2, i + 1);
    }
    lua_pushinteger(L, n);
    lua_setfield(L, -2, "n");
    return 1;
}

/* cursor.__close and __gc: a loop that is left early releases its locks. */
static int l_cursor_close(lua_State *L) {
    struct cursor *c = luaL_checkudata(L, 1, CURSOR_MT);
    struct statement *st = c->st;
    if (c->run != 0 && st->stmt != NULL && c->run == st->run && !st->stepping)
        stop(st);
    c->run = 0;
    return 0;
}

/* stmt:rows([params]) -> iterator over rows, each a list with `n`. Behind it, for the for
 * loop, the value that is closed at its end. */
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
    start(L, st, owner, 2, "sqlite.rows");
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
    finalize(st);
    return 0;
}

static const luaL_Reg database_methods[] = {
    {"exec", l_database_exec},
    {"query", l_database_query},
    {"find_row", l_database_find_row},
    {"prepare", l_database_prepare},
    {"transaction", l_database_transaction},
    {"define", l_database_define},
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

/* A metatable whose __gc and __close are `close`, with those methods or none.
 * [-0, +0, m] */
static void newtype(lua_State *L, const char *name, lua_CFunction close,
                    const luaL_Reg *methods) {
    luaL_newmetatable(L, name);
    lua_pushcfunction(L, close);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, close);
    lua_setfield(L, -2, "__close");
    if (methods != NULL) {
        lua_newtable(L);
        luaL_setfuncs(L, methods, 0);
        lua_setfield(L, -2, "__index");
    }
    lua_pop(L, 1);
}

int luaopen_native_sqlite(lua_State *L) {
    newtype(L, DATABASE_MT, l_database_close, database_methods);
    newtype(L, STATEMENT_MT, l_statement_close, statement_methods);
    newtype(L, CURSOR_MT, l_cursor_close, NULL);
    newtype(L, GUARD_MT, l_guard_close, NULL);
    luaL_newlib(L, sqlite_functions);
    return 1;
}
