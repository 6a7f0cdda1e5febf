/* l_sql.c -- `native.databricks`: SQL statements and their results. */

#include "api/json.h"
#include "api/shape.h"
#include "api/workspace_call.h"
#include "dbx/statement.h"
#include "engine.h"
#include "sched.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CURSOR_MT "tarn.cursor"
#define GUARD_MT  "tarn.cursor_guard"

/* The box of a cursor. Its first user value is the table of columns, its second the workspace,
 * which would else be closed once nobody but the cursor uses it. */
struct cursor {
    struct statement *statement; /* NULL: there is none yet, or it is over */
    struct task *waiter;
    bool ended, closed;
    bool truncated;
    int64_t total_rows;
    int width; /* columns */
    char id[64];
};

/* Closes a cursor that was not returned yet, if its task is cancelled or fails. */
struct guard {
    struct cursor *cursor; /* NULL: the cursor was returned */
};

static void drop(struct cursor *c) {
    statement_drop(c->statement);
    c->statement = NULL;
}

static struct cursor *checkcursor(lua_State *L, int arg) {
    struct cursor *c = luaL_checkudata(L, arg, CURSOR_MT);
    luaL_argcheck(L, !c->closed, arg, "cursor is closed");
    return c;
}

static void ready(void *ud) {
    struct cursor *c = ud;
    if (c->waiter != NULL)
        sched_wake(c->waiter);
}

/* ---- parameters ---- */

/* The SQL type for a value's Lua type. NULL leaves the type to the server, which takes
 * the value for a string. [-0, +0, -] */
static const char *type_meant(lua_State *L, int index) {
    lua_Integer n = lua_tointeger(L, index);
    switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
        return "BOOLEAN";
    case LUA_TNUMBER:
        if (!lua_isinteger(L, index))
            return "DOUBLE";
        return INT32_MIN <= n && n <= INT32_MAX ? "INT" : "BIGINT"; /* LIMIT wants INT */
    default:
        return NULL;
    }
}

/* The string on top of the stack, or NULL for nil. The table at `anchor` keeps it alive.
 * [-0, +0, m] */
static const char *hold(lua_State *L, int anchor) {
    const char *text = lua_tostring(L, -1);
    lua_pushvalue(L, -1);
    lua_rawseti(L, anchor, (lua_Integer)lua_rawlen(L, anchor) + 1);
    return text;
}

/* Fill `*p` from the table on top of the stack. Its texts are anchored in the table
 * at `anchor`. [-0, +0, v] */
static void toparameter(lua_State *L, int anchor, struct statement_parameter *p) {
    static const char *const names[] = {"name", "value", "type", NULL};
    luaL_argcheck(L, lua_istable(L, -1), 3,
                  "'parameters' is a list of { name, value, type }");
    int from = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, from); lua_pop(L, 1)) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        if (strcmp(key, names[0]) != 0 && strcmp(key, names[1]) != 0 &&
            strcmp(key, names[2]) != 0)
            luaL_argerror(L, 3,
                          lua_pushfstring(L, "unknown field '%s' of a parameter", key));
    }
    luaL_argcheck(
        L, api_rawfield(L, from, "name") == LUA_TSTRING && lua_tostring(L, -1)[0] != '\0',
        3, "a parameter has a name");
    p->name = hold(L, anchor);
    int type = api_rawfield(L, from, "type");
    luaL_argcheck(L, type == LUA_TNIL || type == LUA_TSTRING, 3,
                  "the type of a parameter is a string");
    p->type = hold(L, anchor);
    api_rawfield(L, from, "value"); /* name, type, value */
    bool null =
        lua_isnil(L, -1) || (lua_islightuserdata(L, -1) && lua_touserdata(L, -1) == NULL);
    if (!null) {
        p->type = p->type != NULL ? p->type : type_meant(L, -1);
        if (!api_totext(L))
            luaL_argerror(L, 3,
                          lua_pushfstring(L,
                                          "parameter '%s' is not a string, number or "
                                          "boolean",
                                          p->name));
        p->size = lua_rawlen(L, -1);
        p->value = hold(L, anchor);
    }
    lua_settop(L, from);
}

/* Read the parameters of the options at 3, and push two values that keep them alive. [-0,
 * +2, v] */
static void pushparameters(lua_State *L, struct statement_request *r) {
    lua_newtable(L);
    int anchor = lua_gettop(L);
    if (!lua_istable(L, 3) || api_rawfield(L, 3, "parameters") == LUA_TNIL) {
        lua_settop(L, anchor);
        lua_pushnil(L);
        return;
    }
    luaL_argcheck(L, lua_istable(L, -1), 3,
                  "'parameters' is a list of { name, value, type }");
    size_t count = lua_rawlen(L, -1);
    struct statement_parameter *list =
        lua_newuserdatauv(L, count * sizeof *list + 1, 0); /* anchor, given, list */
    for (size_t i = 0; i < count; i++) {
        list[i] = (struct statement_parameter){0};
        lua_rawgeti(L, anchor + 1, (lua_Integer)i + 1);
        toparameter(L, anchor, &list[i]);
        lua_settop(L, anchor + 2);
    }
    lua_remove(L, anchor + 1);
    r->parameters = list;
    r->parameter_count = count;
}

/* ---- options ---- */

static void checkoptions(lua_State *L, struct statement_request *r) {
    static const char *const names[] = {"warehouse_id", "catalog",   "schema",
                                        "parameters",   "row_limit", "disposition",
                                        "timeout",      NULL};
    api_checkopts(L, 3, names);
    r->warehouse_id = api_optstring(L, 3, "warehouse_id");
    r->catalog = api_optstring(L, 3, "catalog");
    r->schema = api_optstring(L, 3, "schema");
    r->disposition = api_optstring(L, 3, "disposition");
    r->timeout_ms = api_optms(L, 3, "timeout", 0);
    luaL_argcheck(L,
                  r->disposition == NULL || strcmp(r->disposition, "INLINE") == 0 ||
                      strcmp(r->disposition, "EXTERNAL_LINKS") == 0,
                  3, "'disposition' is neither INLINE nor EXTERNAL_LINKS");
    r->row_limit = api_optinteger(L, 3, "row_limit", 1, LUA_MAXINTEGER, 0);
}

/* Raise the fault, of kind usage, that no warehouse was named. */
static int no_warehouse(lua_State *L) {
    struct fault f;
    fault_set(&f, FAULT_SQL, "no SQL warehouse is chosen");
    fault_hint(&f,
               "give warehouse_id, set DATABRICKS_WAREHOUSE_ID, or add warehouse_id to "
               "the profile");
    api_pushfault(L, "databricks.sql", &f);
    lua_pushliteral(L, "usage");
    lua_setfield(L, -2, "kind");
    return lua_error(L);
}

/* ---- statements ---- */

static int l_guard_close(lua_State *L) {
    struct guard *g = luaL_checkudata(L, 1, GUARD_MT);
    if (g->cursor != NULL)
        drop(g->cursor);
    g->cursor = NULL;
    return 0;
}

/* Keep the columns and their number, which the statement does not keep. [-0, +0, v] */
static void keepcolumns(lua_State *L, int index, struct cursor *c) {
    struct fault f;
    struct json columns = statement_columns(c->statement);
    if (json_type(columns) == '[')
        api_json_decode(L, "databricks.sql", columns.text, columns.size,
                        (struct json_nulls){.drop = true});
    else
        lua_newtable(L);
    if (json_type(columns) == '[' &&
        !api_shape_fits(L, "[{name!:s,type_name:s,type_text:s}]", &f))
        api_fault(L, "databricks.sql", &f);
    c->width = (int)lua_rawlen(L, -1);
    lua_setiuservalue(L, index, 1);
}

/* cursor, guard */
static int submitted(lua_State *L, int status, lua_KContext ctx) {
    struct cursor *c = lua_touserdata(L, 1);
    struct guard *g = lua_touserdata(L, 2);
    (void)status;
    (void)ctx;
    if (c->statement == NULL)
        return luaL_error(L, "the statement was closed");
    if (statement_phase(c->statement) ==
        STATEMENT_BUSY) /* the statement has a deadline of its own */
        return api_wait(L, "databricks.sql", SCHED_NEVER, &c->waiter, 0, submitted);
    if (statement_phase(c->statement) == STATEMENT_FAILED)
        return api_fault(L, "databricks.sql", statement_fault(c->statement));
    snprintf(c->id, sizeof c->id, "%s", statement_id(c->statement));
    c->truncated = statement_truncated(c->statement);
    c->total_rows = statement_total_rows(c->statement);
    keepcolumns(L, 1, c);
    g->cursor = NULL;
    lua_pushvalue(L, 1);
    return 1;
}

/* ws:sql(statement [, {warehouse_id =, catalog =, schema =, parameters =, row_limit =,
 * disposition =, timeout =}]) -> cursor */
static int l_workspace_sql(lua_State *L) {
    struct statement_request r = {0};
    struct fault fault;
    struct workspace *ws = api_checkworkspace(L, 1);
    r.text = luaL_checklstring(L, 2, &r.text_size);
    luaL_argcheck(L, r.text_size > 0, 2, "an empty statement");
    luaL_argcheck(L, r.text_size <= STATEMENT_MAX_TEXT, 2, "longer than 16 MiB");
    lua_settop(L, 3);
    checkoptions(L, &r);
    pushparameters(L, &r); /* ws, statement, options, texts, list */
    if (r.warehouse_id == NULL)
        r.warehouse_id = credentials_config(workspace_credentials(ws))
                             ->attr[CONFIG_WAREHOUSE_ID]
                             .value;
    if (r.warehouse_id == NULL || r.warehouse_id[0] == '\0')
        return no_warehouse(L);

    struct cursor *c = lua_newuserdatauv(L, sizeof *c, 2);
    *c = (struct cursor){.total_rows = -1};
    luaL_setmetatable(L, CURSOR_MT);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 2);
    struct guard *g = lua_newuserdatauv(L, sizeof *g, 0);
    *g = (struct guard){.cursor = c};
    luaL_setmetatable(L, GUARD_MT);
    ws = api_checkworkspace(L, 1); /* a finalizer may have closed it meanwhile */
    c->statement = statement_start(engine_of(L)->loop, ws, &r, ready, c, &fault);
    if (c->statement == NULL)
        return api_fault(L, "databricks.sql", &fault);
    lua_replace(L, 2);
    lua_replace(L, 1); /* cursor, guard */
    lua_settop(L, 2);
    lua_toclose(L, 2);
    return submitted(L, LUA_OK, 0);
}

/* ---- rows ---- */

/* Push a cell of a row. A string without escapes is pushed as it is written. Numbers and
 * booleans, which the API does not send, would also be pushed as text. */
static void pushcell(lua_State *L, struct json cell) {
    switch (json_type(cell)) {
    case 'n':
        lua_pushlightuserdata(L, NULL);
        break;
    case '"':
        if (memchr(cell.text, '\\', cell.size) == NULL)
            lua_pushlstring(L, cell.text + 1, cell.size - 2);
        else
            api_json_decode(L, "cursor.next", cell.text, cell.size,
                            (struct json_nulls){0});
        break;
    default:
        lua_pushlstring(L, cell.text, cell.size);
    }
}

/* From a copy: a finalizer may close the cursor, and its text is gone. */
static int pushrow(lua_State *L, struct cursor *c, struct json row) {
    struct json cell = {0};
    struct fault f;
    int n = 0;
    row.text = lua_pushlstring(L, row.text, row.size);
    if (json_type(row) == '[') {
        lua_createtable(L, c->width, 0);
        while (json_next(row, &cell).text != NULL) {
            pushcell(L, cell);
            lua_rawseti(L, -2, ++n);
        }
        if (n == c->width)
            return 1;
    }
    fault_set(&f, FAULT_PARSE, "statement %s: a row that does not have its %d cells",
              c->id, c->width);
    return api_fault(L, "cursor.next", &f);
}

/* cursor */
static int next_row(lua_State *L, int status, lua_KContext ctx) {
    struct cursor *c = checkcursor(L, 1);
    (void)status;
    (void)ctx;
    for (;;) {
        if (c->ended)
            return 0;
        switch (statement_phase(c->statement)) {
        case STATEMENT_BUSY:
            if (c->waiter != NULL)
                return luaL_error(L, "cursor.next: another task waits for the next row");
            return api_wait(L, "cursor.next", SCHED_NEVER, &c->waiter, 0, next_row);
        case STATEMENT_FAILED:
            return api_fault(L, "cursor.next", statement_fault(c->statement));
        case STATEMENT_END:
            c->ended = true;
            drop(c);
            break;
        case STATEMENT_CHUNK: {
            struct json row = statement_row(c->statement);
            if (row.text != NULL)
                return pushrow(L, c, row);
            statement_next(c->statement);
            break;
        }
        }
    }
}

/* cursor:next() -> row or nil */
static int l_cursor_next(lua_State *L) {
    lua_settop(L, 1);
    return next_row(L, LUA_OK, 0);
}

/* cursor:close(), __close and __gc */
static int l_cursor_close(lua_State *L) {
    struct cursor *c = luaL_checkudata(L, 1, CURSOR_MT);
    drop(c);
    c->closed = true;
    if (c->waiter != NULL)
        sched_wake(c->waiter);
    return 0;
}

/* cursor[name]: a field, or a method, which is in the table that is the upvalue. */
static int l_cursor_index(lua_State *L) {
    struct cursor *c = luaL_checkudata(L, 1, CURSOR_MT);
    const char *name = luaL_checkstring(L, 2);
    if (strcmp(name, "statement_id") == 0)
        lua_pushstring(L, c->id);
    else if (strcmp(name, "columns") == 0)
        lua_getiuservalue(L, 1, 1);
    else if (strcmp(name, "truncated") == 0)
        lua_pushboolean(L, c->truncated);
    else if (strcmp(name, "total_rows") != 0)
        lua_getfield(L, lua_upvalueindex(1), name);
    else if (c->total_rows >= 0)
        lua_pushinteger(L, c->total_rows);
    else
        lua_pushnil(L);
    return 1;
}

static const luaL_Reg cursor_methods[] = {
    {"next", l_cursor_next},
    {"close", l_cursor_close},
    {NULL, NULL},
};

const luaL_Reg api_sql_methods[] = {
    {"sql", l_workspace_sql},
    {NULL, NULL},
};

void api_opensql(lua_State *L) {
    api_newtype(L, CURSOR_MT, l_cursor_close, NULL);
    luaL_getmetatable(L, CURSOR_MT);
    luaL_newlib(L, cursor_methods);
    lua_pushcclosure(L, l_cursor_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    api_newtype(L, GUARD_MT, l_guard_close, NULL);
}
