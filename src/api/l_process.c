/* l_process.c -- `native.process`: other programs, never through a shell. */

#include "api/api.h"
#include "api/libs.h"
#include "base/process.h"
#include "engine.h"
#include "sched.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN_MT "tarn.process"

/* The box of a process. */
struct run {
    struct process *process; /* NULL: not started yet, or over */
    struct task *waiter;
    bool done, failed;
    struct process_result result;
    struct fault fault;
};

static void run_done(void *ud, struct process_result *r, const struct fault *f) {
    struct run *run = ud;
    run->process = NULL;
    run->done = true;
    run->failed = f != NULL;
    if (f != NULL) {
        run->fault = *f;
    } else {
        run->result = *r; /* taken over */
        *r = (struct process_result){0};
    }
    if (run->waiter != NULL)
        sched_wake(run->waiter);
}

/* __gc and __close: kill the process, for which no task waits any more. */
static int l_run_close(lua_State *L) {
    struct run *run = luaL_checkudata(L, 1, RUN_MT);
    process_cancel(run->process);
    run->process = NULL;
    buf_free(&run->result.out);
    buf_free(&run->result.err);
    return 0;
}

static struct run *newrun(lua_State *L) {
    struct run *run = lua_newuserdatauv(L, sizeof *run, 0);
    memset(run, 0, sizeof *run);
    luaL_setmetatable(L, RUN_MT);
    return run;
}

/* The string on top of the stack, which must hold no zero byte. `what` names it
 * in messages. [-0, +0, v] */
static const char *checktext(lua_State *L, int arg, const char *what) {
    size_t size = 0;
    const char *text =
        lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &size) : NULL;
    if (text == NULL || strlen(text) != size) {
        luaL_argerror(
            L, arg,
            lua_pushfstring(L, "%s %s", what,
                            text == NULL ? "is not a string" : "holds a zero byte"));
        return ""; /* not reached */
    }
    return text;
}

/* Push an array of the strings in the list at `arg`, NULL at its end. A copy of the list, in its
 * place, keeps them alive: its owner may change the list meanwhile. [-0, +1, v] */
static const char **checkargv(lua_State *L, int arg) {
    luaL_checktype(L, arg, LUA_TTABLE);
    lua_Unsigned count = lua_rawlen(L, arg);
    luaL_argcheck(L, 0 < count && count < 100000, arg, "an empty or endless list");
    lua_createtable(L, (int)count, 0);
    for (lua_Unsigned i = 0; i < count; i++) {
        lua_rawgeti(L, arg, (lua_Integer)i + 1);
        checktext(L, arg, "a part of the command");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_replace(L, arg);
    const char **argv = api_pushlist(L, arg, (lua_Integer)count);
    luaL_argcheck(L, argv[0] != NULL && argv[0][0] != '\0', arg,
                  "the name of the program is empty");
    return argv;
}

/* Push a change of the environment, "NAME=value" or "NAME", for the name and
 * value on top. [-0, +1, v] */
static void pushchange(lua_State *L, int arg) {
    bool unset = lua_isboolean(L, -1) && !lua_toboolean(L, -1);
    const char *value = unset ? NULL : checktext(L, arg, "a value in 'env'");
    lua_pushvalue(L, -2); /* name, value, name */
    const char *name = checktext(L, arg, "a name in 'env'");
    luaL_argcheck(L, name[0] != '\0' && strchr(name, '=') == NULL, arg,
                  "a name in 'env' is empty or holds '='");
    if (!unset)
        lua_pushfstring(L, "%s=%s", name, value);
}

/* Push a table that keeps the changes alive, and an array of them; NULL if the value at
 * `index` is nil. [-0, +2, v] */
static const char **checkenv(lua_State *L, int arg, int index) {
    lua_newtable(L);
    int lines = lua_gettop(L);
    if (lua_isnil(L, index)) {
        lua_pushnil(L);
        return NULL;
    }
    luaL_argcheck(L, lua_istable(L, index), arg, "'env' is not a table");
    lua_Integer count = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_settop(L, lines + 1)) {
        pushchange(L, arg);
        lua_rawseti(L, lines, ++count);
    }
    return api_pushlist(L, lines, count);
}

/* Read the options in the table at 2, if there is one, into `*r`. Pushes what keeps them
 * alive. */
static void checkoptions(lua_State *L, struct process_request *r) {
    static const char *const options[] = {"stdin",     "timeout", "env", "cwd",
                                          "max_bytes", "inherit", NULL};
    api_checkopts(L, 2, options);
    if (lua_isnoneornil(L, 2))
        return;
    lua_getfield(L, 2, "env");
    r->env = checkenv(L, 2, lua_gettop(L));
    lua_getfield(L, 2, "cwd");
    if (!lua_isnil(L, -1))
        r->cwd = checktext(L, 2, "'cwd'");
    r->timeout_ms = api_optms(L, 2, "timeout", 0);
    r->max_output = (size_t)api_optinteger(L, 2, "max_bytes", 1, LUA_MAXINTEGER, 0);
    r->inherit = api_optflag(L, 2, "inherit", false);
    lua_getfield(L, 2, "stdin");
    if (!lua_isnil(L, -1)) {
        luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 2, "'stdin' is not a string");
        luaL_argcheck(L, !r->inherit, 2, "'stdin' beside 'inherit'");
        r->stdin_bytes = lua_tolstring(L, -1, &r->stdin_size);
    }
}

static int run_result(lua_State *L, int status, lua_KContext ctx) {
    struct run *run = luaL_checkudata(L, (int)ctx, RUN_MT);
    (void)status;
    if (!run->done) /* the process has a deadline of its own */
        return api_wait(L, "process.run", SCHED_NEVER, &run->waiter, ctx, run_result);
    if (run->failed)
        return api_fault(L, "process.run", &run->fault);
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, run->result.status);
    lua_setfield(L, -2, "status");
    lua_pushlstring(L, run->result.out.bytes != NULL ? run->result.out.bytes : "",
                    run->result.out.size);
    lua_setfield(L, -2, "stdout");
    lua_pushlstring(L, run->result.err.bytes != NULL ? run->result.err.bytes : "",
                    run->result.err.size);
    lua_setfield(L, -2, "stderr");
    return 1;
}

/* process.run(argv [, options]) -> {status, stdout, stderr} */
static int l_process_run(lua_State *L) {
    struct process_request r = {0};
    struct fault fault;
    api_refuse_effects(L, "process.run",
                       "no program is started, which could change anything");
    lua_settop(L, 2);
    r.argv = checkargv(L, 1);
    checkoptions(L, &r);
    engine_make_room(L);
    r.memory = &engine_of(L)->memory;
    struct run *run = newrun(L);
    int box = lua_gettop(L);
    lua_toclose(L, box); /* if the task is cancelled, the process is killed at once */
    run->process = process_start(engine_of(L)->loop, &r, run_done, run, &fault);
    if (run->process == NULL)
        return api_fault(L, "process.run", &fault);
    return run_result(L, LUA_OK, box);
}

/* process.pid() -> integer */
static int l_process_pid(lua_State *L) {
    lua_pushinteger(L, getpid());
    return 1;
}

static const luaL_Reg process_functions[] = {
    {"run", l_process_run},
    {"pid", l_process_pid},
    {NULL, NULL},
};

int luaopen_native_process(lua_State *L) {
    api_newtype(L, RUN_MT, l_run_close, NULL);
    luaL_newlib(L, process_functions);
    return 1;
}
