/* l_task.c -- `native.task`: start tasks, wait, cancel. */

#include "api/api.h"
#include "api/libs.h"
#include "engine.h"
#include "sched.h"

#include <math.h>
#include <time.h>

static struct task *checktask(lua_State *L, int arg) {
    return luaL_checkudata(L, arg, TASK_MT);
}

/* The time when at least `seconds` will have passed, at most a year from now. */
static int64_t checkdue(lua_State *L, int arg) {
    lua_Number seconds = luaL_checknumber(L, arg);
    luaL_argcheck(L, 0 <= seconds && seconds <= 31536000, arg,
                  "not a duration in seconds (0 to 31536000)");
    /* loop_now is up to a millisecond behind */
    return loop_now() + (seconds > 0 ? (int64_t)ceil(seconds * 1000) + 1 : 0);
}

/* task.spawn(f, ...) -> task */
static int l_task_spawn(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    sched_spawn(engine_of(L)->sched, L, lua_gettop(L) - 1);
    return 1;
}

static int slept(lua_State *L, int status, lua_KContext due) {
    (void)status;
    if (due > loop_now())
        return api_wait(L, "task.sleep", due, NULL, due, slept);
    return 0;
}

/* task.sleep(seconds) */
static int l_task_sleep(lua_State *L) {
    int64_t due = checkdue(L, 1);
    return api_wait(L, "task.sleep", due, NULL, (lua_KContext)due, slept);
}

static int parked(lua_State *L, int status, lua_KContext due) {
    (void)status;
    bool woken = sched_take_notice(sched_current(engine_of(L)->sched));
    if (!woken && (due == SCHED_NEVER || due > loop_now()))
        return api_wait(L, "task.park", due, NULL, due, parked);
    lua_pushboolean(L, woken);
    return 1;
}

/* task.park([seconds]) -> woken */
static int l_task_park(lua_State *L) {
    int64_t due = lua_isnoneornil(L, 1) ? SCHED_NEVER : checkdue(L, 1);
    struct task *t = sched_current(engine_of(L)->sched);
    if (t != NULL && !sched_cancelled(t) && sched_take_notice(t)) {
        lua_pushboolean(L, 1);
        return 1;
    }
    return api_wait(L, "task.park", due, NULL, (lua_KContext)due, parked);
}

/* task.wake(task) */
static int l_task_wake(lua_State *L) {
    struct task *t = checktask(L, 1);
    if (sched_alive(t))
        sched_notify(t);
    return 0;
}

/* task.cancel(task) */
static int l_task_cancel(lua_State *L) {
    struct task *t = checktask(L, 1);
    if (sched_alive(t))
        sched_cancel(t);
    return 0;
}

/* task.alive(task) -> boolean */
static int l_task_alive(lua_State *L) {
    lua_pushboolean(L, sched_alive(checktask(L, 1)));
    return 1;
}

/* task.current() -> task */
static int l_task_current(lua_State *L) {
    struct task *t = sched_current(engine_of(L)->sched);
    if (t == NULL)
        return luaL_error(L, "task.current: not in a task");
    sched_pushhandle(t, L);
    return 1;
}

/* task.foreground([task or false]) */
static int l_task_foreground(lua_State *L) {
    static const char key;
    struct engine *e = engine_of(L);
    lua_settop(L, 1);
    bool off = lua_isboolean(L, 1) && !lua_toboolean(L, 1);
    struct task *t = off || lua_isnil(L, 1) ? NULL : checktask(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key); /* alive while `e` has it */
    e->foreground = t;
    if (off || !e->survives)
        e->owner = off ? NULL : sched_current(e->sched);
    e->survives = !off;
    return 0;
}

/* task.now() -> seconds on a clock that never goes back */
static int l_task_now(lua_State *L) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    lua_pushnumber(L, (lua_Number)ts.tv_sec + (lua_Number)ts.tv_nsec / 1e9);
    return 1;
}

/* task.time() -> milliseconds since 1970 */
static int l_task_time(lua_State *L) {
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    lua_pushinteger(L, (lua_Integer)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
    return 1;
}

static int stopped(lua_State *L, int status, lua_KContext due) {
    struct engine *e = engine_of(L);
    (void)status;
    if (e->interrupts + e->ending == 0 && (due == SCHED_NEVER || due > loop_now()))
        return api_wait(L, "task.wait_for_stop", due, &e->waits_for_stop, due, stopped);
    lua_pushboolean(L, e->interrupts + e->ending > 0);
    return 1;
}

/* task.wait_for_stop([seconds]) -> stopped */
static int l_task_wait_for_stop(lua_State *L) {
    int64_t due = lua_isnoneornil(L, 1) ? SCHED_NEVER : checkdue(L, 1);
    engine_of(L)->polite = true;
    return stopped(L, LUA_OK, (lua_KContext)due);
}

static const luaL_Reg task_functions[] = {
    {"spawn", l_task_spawn},
    {"sleep", l_task_sleep},
    {"park", l_task_park},
    {"wake", l_task_wake},
    {"cancel", l_task_cancel},
    {"alive", l_task_alive},
    {"current", l_task_current},
    {"foreground", l_task_foreground},
    {"now", l_task_now},
    {"time", l_task_time},
    {"wait_for_stop", l_task_wait_for_stop},
    {NULL, NULL},
};

int luaopen_native_task(lua_State *L) {
    api_pushtype(L, TASK_MT, NULL, NULL);
    luaL_newlib(L, task_functions);
    lua_pushlightuserdata(L, (void *)&sched_parked);
    lua_setfield(L, -2, "parked");
    return 1;
}
