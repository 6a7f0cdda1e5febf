/* sqlite.h -- what the files of `native.sqlite` share: the boxes, and the steps of a
 * statement. Each function takes the stack index of the database's box, in whose user
 * values the cache and the errors of Lua functions are. */

#ifndef TARN_API_SQLITE_H
#define TARN_API_SQLITE_H

#include "engine.h"

#include <lauxlib.h>
#include <lua.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DATABASE_MT  "tarn.sqlite.database"
#define STATEMENT_MT "tarn.sqlite.statement"

enum {
    UV_RECENT = 1, /* SQL text -> statement, for statements used lately */
    UV_OLDER,     /* the same, for statements used before the last change of generation */
    UV_FUNCTIONS, /* address -> function box */
    UV_RAISED,    /* the error of a Lua function, until SQLite has returned */
    UV_COUNT = UV_RAISED
};

struct database {
    sqlite3 *db; /* NULL: not open yet, or closed */
    struct statement *statements;
    struct engine *engine;
    int64_t busy_ms;
    int64_t busy_since;
    sig_atomic_t interrupts; /* engine_signals when this step began */
    int cached;              /* entries of UV_RECENT */
    int stepping; /* the number of steps that are under way, one inside another */
    bool raised;  /* UV_RAISED holds an error */
    lua_State *L; /* while stepping: the state that steps, */
    int index;    /* and the place of our box on its stack */
};

struct statement {
    sqlite3_stmt *stmt; /* NULL: not prepared yet, or closed */
    struct database *owner;
    struct statement *next, **link; /* the owner's list, while stmt is not NULL */
    unsigned run;                   /* counts starts, so that an old cursor can be told */
    bool active;                    /* started, and not yet reset */
    bool stepping;
};

/* Before and after SQLite works; in sqlite_memory.c. The third lets it take any amount of
 * memory until the next sqlite_enter: for the end of a transaction, which must not fail. */
void sqlite_enter(struct database *d);
void sqlite_leave(struct database *d);
void sqlite_unbind(struct database *d);

/* The open database at `arg`. [-0, +0, v] */
struct database *sqlite_checkdatabase(lua_State *L, int arg);

/* Raise the last error of `d`, which is at `index`. The error of a Lua function is raised
 * unchanged; lack of memory or time as everywhere. Never returns. [-0, +0, v] */
int sqlite_fail(lua_State *L, struct database *d, int index, const char *op, int code);

/* The SQL text at `arg`. For SQLite it ends at a zero byte, so it must hold none. [-0,
 * +0, v] */
const char *sqlite_checksql(lua_State *L, int arg, size_t *size);

/* Push the first statement of `sql`, prepared; `*tail` is the text behind it. Its handle
 * stays NULL if there is only white space and comment. [-0, +1, v] */
struct statement *sqlite_prepare(lua_State *L, int index, const char *op, const char *sql,
                                 size_t size, const char **tail);
void sqlite_finalize(struct statement *st); /* harmless if done */

/* True if nothing but white space and comments is left. */
bool sqlite_is_blank(struct database *d, const char *sql);

/* Push the statement for the text at `sql`, from the cache or newly prepared. NULL, with
 * nothing pushed, if the text holds several statements. [-0, +1|0, v] */
struct statement *sqlite_statement(lua_State *L, int index, int sql, const char *op);

/* Set the statement to its start, with the parameters of argument `arg`. [-0, +0, v] */
void sqlite_start(lua_State *L, struct statement *st, int index, int arg, const char *op);

/* Make one step. True for a row, false at the end. On an error the statement is reset,
 * and the error raised. [-0, +0, v] */
bool sqlite_step(lua_State *L, struct statement *st, int index, const char *op);

/* Reset the statement before its end. Outside of a transaction this commits its work,
 * which may fail. Returns SQLite's code. */
int sqlite_stop(struct statement *st);

/* Run the statement to its end. Returns the number of rows that it changed itself,
 * without its triggers. [-0, +0, v] */
lua_Integer sqlite_run(lua_State *L, struct statement *st, int index, const char *op);

/* Push the value of column `i` of the present row. Push its name. Push the names of all
 * columns, so that rows need not make them again. Push the present row as a table, by the
 * names that are at `names`. A statement that a finalizer has closed is an error.
 * [-0, +1, v], [-0, +1, v], [-0, +n, v], [-0, +1, v] */
void sqlite_pushcolumn(lua_State *L, const struct statement *st, int i);
void sqlite_pushname(lua_State *L, const struct statement *st, int i);
int sqlite_pushnames(lua_State *L, const struct statement *st);
void sqlite_pushrow(lua_State *L, const struct statement *st, int names, int n);

/* db:define(name, nargs, f); in sqlite_function.c. */
int sqlite_define(lua_State *L);

/* db:transaction(f) -> what f returned; in sqlite_transaction.c, with its metatable.
 * [-0, +0, m] */
int sqlite_transaction(lua_State *L);
void sqlite_opentransaction(lua_State *L);

#endif
