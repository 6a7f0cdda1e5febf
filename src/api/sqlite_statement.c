#include "api/sqlite.h"

#include "api/api.h"
#include "base/sqliteerror.h"

#include <string.h>

/* the number of prepared statements in each of the two generations of the cache */
#define CACHED 96

struct database *sqlite_checkdatabase(lua_State *L, int arg) {
    struct database *d = luaL_checkudata(L, arg, DATABASE_MT);
    luaL_argcheck(L, d->db != NULL, arg, "database is closed");
    return d;
}

const char *sqlite_checksql(lua_State *L, int arg, size_t *size) {
    const char *sql = luaL_checklstring(L, arg, size);
    luaL_argcheck(L, strlen(sql) == *size, arg, "SQL text holds a zero byte");
    luaL_argcheck(L, *size < 1u << 30, arg, "SQL text too long");
    return sql;
}

int sqlite_fail(lua_State *L, struct database *d, int index, const char *op, int code) {
    struct fault fault;
    if (d->raised) {
        d->raised = false;
        lua_getiuservalue(L, index, UV_RAISED);
        lua_pushnil(L);
        lua_setiuservalue(L, index, UV_RAISED);
        return lua_error(L);
    }
    sqliteerror_set(&fault, code, sqlite3_db_filename(d->db, NULL),
                    sqlite3_errmsg(d->db));
    int primary = code & 0xff;
    if ((primary == SQLITE_INTERRUPT || primary == SQLITE_BUSY) &&
        d->interrupts != engine_signals(d->engine))
        fault_set(&fault, FAULT_CANCELLED, "interrupted");
    else if (primary == SQLITE_INTERRUPT)
        return engine_stop_computing(L);
    else if (primary == SQLITE_NOMEM)
        return engine_no_memory(L);
    return api_fault(L, op, &fault);
}

static void unlink_statement(struct statement *st) {
    *st->link = st->next;
    if (st->next != NULL)
        st->next->link = st->link;
    st->next = NULL;
    st->link = NULL;
}

void sqlite_finalize(struct statement *st) {
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

struct statement *sqlite_prepare(lua_State *L, int index, const char *op, const char *sql,
                                 size_t size, const char **tail) {
    struct database *d = lua_touserdata(L, index);
    struct statement *st = newstatement(L, index);
    engine_make_room(L);
    luaL_argcheck(L, d->db != NULL, index, "database is closed");
    d->interrupts = engine_signals(d->engine);
    sqlite_enter(d);
    int code = sqlite3_prepare_v3(d->db, sql, (int)size + 1, SQLITE_PREPARE_PERSISTENT,
                                  &st->stmt, tail);
    sqlite_leave(d);
    if (st->stmt != NULL) {
        st->owner = d;
        st->next = d->statements;
        st->link = &d->statements;
        if (st->next != NULL)
            st->next->link = &st->next;
        d->statements = st;
    }
    if (code != SQLITE_OK)
        sqlite_fail(L, d, index, op, code);
    return st;
}

bool sqlite_is_blank(struct database *d, const char *sql) {
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

/* Look up the text at `sql` in one generation of the cache, and push its statement if it
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

/* Put the statement on top into the cache, under the text at `sql`. When a generation is
 * full, the older one is dropped as a whole. [-0, +0, m] */
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

struct statement *sqlite_statement(lua_State *L, int index, int sql, const char *op) {
    struct database *d = lua_touserdata(L, index);
    size_t size;
    const char *tail, *text = sqlite_checksql(L, sql, &size);
    struct statement *st = recall(L, index, sql, UV_RECENT);
    if (st != NULL)
        return st;
    if ((st = recall(L, index, sql, UV_OLDER)) == NULL) {
        st = sqlite_prepare(L, index, op, text, size, &tail);
        if (!sqlite_is_blank(d, tail)) {
            sqlite_finalize(st);
            lua_pop(L, 1);
            return NULL;
        }
        if (st->stmt == NULL)
            return st;
    }
    keep(L, index, sql);
    return st;
}

/* The index of the parameter `:name`, `@name` or `$name`; 0 if there is none. */
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

/* The index of the parameter for the key at -2; raises if there is none. [-0, +0, v] */
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
        if (strcmp(name, "n") == 0 && lua_isinteger(L, -1)) /* of table.pack */
            return 0;
    }
    luaL_tolstring(L, -2, NULL);
    luaL_argerror(
        L, arg,
        lua_pushfstring(L, "the statement has no parameter '%s'", lua_tostring(L, -1)));
    return 0;
}

/* Bind the value on top. SQLite copies strings, since the table may change while the
 * statement runs. */
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

/* Closed by a finalizer, which may run whenever Lua makes a value. [-0, +0, v] */
static void checkopen(lua_State *L, const struct statement *st) {
    if (st->stmt == NULL)
        luaL_error(L, "statement is closed");
}

void sqlite_start(lua_State *L, struct statement *st, int index, int arg,
                  const char *op) {
    engine_make_room(L);
    checkopen(L, st);
    sqlite_enter(st->owner);
    luaL_argcheck(L, !st->stepping, 1, "the statement runs already");
    sqlite3_reset(st->stmt);
    sqlite3_clear_bindings(st->stmt);
    st->active = true;
    if (++st->run == 0) /* 0 marks a cursor that has ended */
        st->run = 1;
    if (!lua_istable(L, arg))
        return;
    for (lua_pushnil(L); lua_next(L, arg); lua_pop(L, 1)) {
        int i = parameter(L, st->stmt, arg);
        int code = i > 0 ? bind_value(L, st->stmt, i, arg) : SQLITE_OK;
        if (code != SQLITE_OK)
            sqlite_fail(L, st->owner, index, op, code);
    }
    sqlite_leave(st->owner);
}

int sqlite_stop(struct statement *st) {
    st->active = false;
    return sqlite3_reset(st->stmt);
}

bool sqlite_step(lua_State *L, struct statement *st, int index, const char *op) {
    engine_make_room(L);
    checkopen(L, st);
    struct database *d = st->owner;
    lua_State *outer = d->L;
    int outer_index = d->index;

    d->L = L;
    d->index = lua_absindex(L, index);
    d->interrupts = engine_signals(d->engine);
    d->stepping++;
    st->stepping = st->active = true;
    sqlite_enter(d);
    int code = sqlite3_step(st->stmt);
    sqlite_leave(d);
    st->stepping = false;
    d->stepping--;
    d->L = outer;
    d->index = outer_index;

    if (code == SQLITE_ROW)
        return true;
    sqlite3_reset(st->stmt);
    st->active = false;
    if (code != SQLITE_DONE)
        sqlite_fail(L, d, index, op, code);
    return false;
}

void sqlite_pushcolumn(lua_State *L, const struct statement *st, int i) {
    checkopen(L, st);
    sqlite3_stmt *stmt = st->stmt;
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

void sqlite_pushname(lua_State *L, const struct statement *st, int i) {
    checkopen(L, st);
    lua_pushstring(L, sqlite3_column_name(st->stmt, i));
}

int sqlite_pushnames(lua_State *L, const struct statement *st) {
    int n = sqlite3_column_count(st->stmt);
    luaL_checkstack(L, n + 8, "too many columns");
    for (int i = 0; i < n; i++)
        sqlite_pushname(L, st, i);
    return n;
}

void sqlite_pushrow(lua_State *L, const struct statement *st, int names, int n) {
    lua_createtable(L, 0, n);
    for (int i = 0; i < n; i++) {
        lua_pushvalue(L, names + i);
        sqlite_pushcolumn(L, st, i);
        lua_rawset(L, -3); /* nil sets nothing */
    }
}

lua_Integer sqlite_run(lua_State *L, struct statement *st, int index, const char *op) {
    sqlite3 *db = st->owner->db;
    sqlite3_int64 before = sqlite3_total_changes64(db);
    while (sqlite_step(L, st, index, op))
        ;
    return sqlite3_total_changes64(db) == before ? 0 : sqlite3_changes64(db);
}
