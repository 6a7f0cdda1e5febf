/* l_coroutine.c -- `native.coroutine`: resume, wrap and close for coroutines that wait.
 *
 * A primitive that waits yields `sched_parked`. Inside a coroutine that a script has
 * made, this value arrives at the script's own resume, which did not ask for it. So the
 * resume of this file passes the value on to the scheduler, and goes on afterwards. While
 * the coroutine waits, the value stays on top of its stack, by which a second resume sees
 * that it waits, and so does close: the task that waits has a pointer into that stack.
 *
 * The coroutine in which a task began is the scheduler's own, and refused here. */

#include "api/api.h"
#include "api/libs.h"
#include "engine.h"
#include "sched.h"

static bool waiting(lua_State *co) {
    return lua_status(co) == LUA_YIELD && lua_gettop(co) > 0 &&
           lua_touserdata(co, -1) == &sched_parked;
}

/* Resume `co` with the top `nargs` values of L, and push its results or its error.
 * Returns the number of results, -1 for an error, or -2 if `co` waits. [-nargs, +n, m] */
static int drive(lua_State *L, lua_State *co, int nargs) {
    struct engine *e = engine_of(L);
    int nresults;
    if (!lua_checkstack(co, nargs + 1)) {
        lua_pushliteral(L, "too many arguments to resume");
        return -1;
    }
    lua_xmove(L, co, nargs);
    e->running = co;
    int status = lua_resume(co, L, nargs, &nresults);
    engine_resumed(e, L);
    if (status != LUA_OK && status != LUA_YIELD) {
        lua_xmove(co, L, 1);
        return -1;
    }
    if (waiting(co))
        return -2;
    if (!lua_checkstack(L, nresults + 1)) {
        lua_pop(co, nresults);
        lua_pushliteral(L, "too many results to resume");
        return -1;
    }
    lua_xmove(co, L, nresults);
    return nresults;
}

/* As `drive`, for a script's call: refuses a coroutine that cannot be resumed. */
static int start(lua_State *L, lua_State *co, int nargs) {
    const char *why = NULL;
    if (co == L)
        why = "cannot resume non-suspended coroutine";
    else if (sched_owns(L, co))
        why = "cannot resume the coroutine of a task";
    else if (waiting(co))
        why = "cannot resume a coroutine that waits in another task";
    else if (lua_status(co) == LUA_OK) {
        lua_Debug ar;
        if (lua_getstack(co, 0, &ar))
            why = "cannot resume non-suspended coroutine";
        else if (lua_gettop(co) == 0)
            why = "cannot resume dead coroutine";
    } else if (lua_status(co) != LUA_YIELD) {
        why = "cannot resume dead coroutine";
    }
    if (why == NULL)
        return drive(L, co, nargs);
    lua_pushstring(L, why);
    return -1;
}

/* Pass the wait of `co` up; then `k` goes on. If that is not possible, end the wait too, or
 * its waker would find a task that does something else; and the coroutine, which could only
 * go on from that wait. */
static int pass_up(lua_State *L, lua_State *co, lua_KFunction k) {
    if (!lua_isyieldable(L)) {
        struct task *t = sched_current(engine_of(L)->sched);
        const char *op = t == NULL ? "wait" : sched_wait_op(t);
        if (t != NULL)
            sched_unpark(t);
        sched_close(co, L);
        lua_settop(co, 0);
        return luaL_error(L, "%s: cannot wait here (not in a task, or inside sort)", op);
    }
    lua_pushlightuserdata(L, (void *)&sched_parked);
    return lua_yieldk(L, 1, 0, k);
}

static int resumed(lua_State *L, int status, lua_KContext ctx);

static int resume_results(lua_State *L, int n) {
    if (n == -2)
        return pass_up(L, lua_tothread(L, 1), resumed);
    lua_pushboolean(L, n >= 0);
    n = n < 0 ? 1 : n;
    lua_insert(L, -(n + 1));
    return n + 1;
}

/* L: thread */
static int resumed(lua_State *L, int status, lua_KContext ctx) {
    (void)status;
    (void)ctx;
    lua_State *co = lua_tothread(L, 1);
    lua_pop(co, 1); /* sched_parked */
    return resume_results(L, drive(L, co, 0));
}

/* coroutine.resume(thread, ...) -> ok, ... */
static int l_coroutine_resume(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTHREAD);
    return resume_results(L, start(L, lua_tothread(L, 1), lua_gettop(L) - 1));
}

static int wrap_resumed(lua_State *L, int status, lua_KContext ctx);

static int wrap_results(lua_State *L, int n) {
    lua_State *co = lua_tothread(L, lua_upvalueindex(1));
    if (n == -2)
        return pass_up(L, co, wrap_resumed);
    if (n >= 0)
        return n;
    if (lua_status(co) != LUA_OK && lua_status(co) != LUA_YIELD &&
        sched_close(co, L) != LUA_OK) {
        lua_pop(L, 1);
        lua_xmove(co, L, 1); /* the error that closing raised, or else the first error */
    }
    if (lua_type(L, -1) == LUA_TSTRING) { /* add the place of the call, as Lua does */
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int wrap_resumed(lua_State *L, int status, lua_KContext ctx) {
    (void)status;
    (void)ctx;
    lua_State *co = lua_tothread(L, lua_upvalueindex(1));
    lua_pop(co, 1); /* sched_parked */
    return wrap_results(L, drive(L, co, 0));
}

static int wrapped(lua_State *L) {
    return wrap_results(L, start(L, lua_tothread(L, lua_upvalueindex(1)), lua_gettop(L)));
}

/* coroutine.wrap(f) -> function */
static int l_coroutine_wrap(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State *co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    lua_pushcclosure(L, wrapped, 1);
    return 1;
}

/* Why `co` cannot be closed; NULL if it can. */
static const char *in_use(lua_State *L, lua_State *co) {
    lua_Debug ar;
    if (co == L)
        return "cannot close a running coroutine";
    if (sched_owns(L, co))
        return "cannot close the coroutine of a task: task.cancel ends it";
    if (waiting(co))
        return "cannot close a coroutine that waits";
    if (lua_status(co) == LUA_OK && lua_getstack(co, 0, &ar))
        return "cannot close a normal coroutine";
    return NULL;
}

/* coroutine.close(thread) -> true, or false and an error */
static int l_coroutine_close(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTHREAD);
    lua_State *co = lua_tothread(L, 1);
    const char *why = in_use(L, co);
    if (why != NULL)
        return luaL_error(L, "%s", why);
    if (sched_close(co, L) == LUA_OK) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushboolean(L, 0);
    lua_xmove(co, L, 1);
    return 2;
}

static const luaL_Reg coroutine_functions[] = {
    {"resume", l_coroutine_resume},
    {"wrap", l_coroutine_wrap},
    {"close", l_coroutine_close},
    {NULL, NULL},
};

int luaopen_native_coroutine(lua_State *L) {
    luaL_newlib(L, coroutine_functions);
    return 1;
}
