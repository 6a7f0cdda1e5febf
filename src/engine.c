#include "engine.h"

#include "luafault.h"
#include "net/http.h"
#include "sched.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALARMS_BEFORE_WARNING 10   /* ticks that a step may compute before a warning */
#define CLOSING_MS            2000 /* that the other tasks have to close */
#define GRACE                 10   /* ticks that a task has to close */
#define MEMORY_RESERVE        ((size_t)16 << 20)

/* ---- memory ---- */

/* Note the place in the script that asks for memory. Nothing here allocates. */
static void note_place(struct engine *e) {
    lua_State *L = e->running;
    lua_Debug ar;
    e->refused_at[0] = '\0';
    for (int level = 0; L != NULL && lua_getstack(L, level, &ar); level++) {
        if (lua_getinfo(L, "Sl", &ar) && ar.currentline > 0) {
            snprintf(e->refused_at, sizeof e->refused_at, "%s:%d", ar.short_src,
                     ar.currentline);
            return;
        }
    }
}

/* Lua asks for memory, collects its garbage when it gets none, and asks once more. If
 * the second request is refused too, the operation is given up. The limit is then raised
 * by a reserve, so that there is memory to report the error. The second request is also
 * refused if the collection freed hardly anything: otherwise each of the last bytes
 * would cost a full collection. */
static void refuse(struct engine *e, size_t size) {
    if (e->refused != size) {
        e->refused = size;
        note_place(e);
    } else if (e->reserve == 0 && e->memory.limit > 0) {
        e->reserve = MEMORY_RESERVE;
        e->memory.limit += MEMORY_RESERVE;
    }
}

/* Whether `more` bytes for a block of `size` are refused. */
static bool is_refused(struct engine *e, size_t more, size_t size) {
    const struct budget *m = &e->memory;
    if (e->barred > 0) {
        e->barred--;
        return true;
    }
    size_t room = m->limit > m->used ? m->limit - m->used : 0;
    bool asks_again = e->refused == size && e->reserve == 0;
    return m->limit > 0 && (more > room || (asks_again && room < m->limit / 16));
}

static void *allocate(void *ud, void *ptr, size_t osize, size_t nsize) {
    struct engine *e = ud;
    size_t old = ptr != NULL ? osize : 0; /* for a new block `osize` is its type */
    if (nsize == 0) {
        free(ptr);
        e->memory.used -= old;
        return NULL;
    }
    if (nsize > old) {
        if (is_refused(e, nsize - old, nsize)) {
            refuse(e, nsize);
            return NULL;
        }
        e->refused = 0;
    }
    void *block = realloc(ptr, nsize);
    if (block != NULL)
        e->memory.used += nsize - old;
    return block;
}

void engine_make_room(lua_State *L) {
    struct engine *e = engine_of(L);
    size_t limit = e->memory.limit;
    if (limit == 0 || e->memory.used < limit - limit / 4 ||
        e->memory.used < e->collected + limit / 16)
        return;
    lua_gc(L, LUA_GCCOLLECT);
    e->collected = e->memory.used;
}

int engine_no_memory(lua_State *L) {
    struct engine *e = engine_of(L);
    e->barred = 2; /* Lua asks again when it has collected */
    lua_newuserdatauv(L, 1, 0);
    e->barred = 0;
    return luaL_error(L, "not enough memory"); /* its memory is not the engine's */
}

/* ---- opening ---- */

bool engine_open(struct engine *e, lua_CFunction libraries, lua_Alloc alloc, void *ud) {
    *e = (struct engine){.cpu_limit = ENGINE_CPU_LIMIT,
                         .memory = {.limit = ENGINE_MEMORY_LIMIT}};
    e->L = alloc != NULL ? lua_newstate(alloc, ud) : lua_newstate(allocate, e);
    e->sched = sched_new(e);
    e->loop = loop_new();
    if (e->L != NULL && e->sched != NULL && e->loop != NULL) {
        *(struct engine **)lua_getextraspace(e->L) = e;
        lua_pushcfunction(e->L, libraries);
        if (lua_pcall(e->L, 0, 0, 0) == LUA_OK)
            return true;
    }
    engine_close(e);
    return false;
}

void engine_close(struct engine *e) {
    sched_free(e->sched);
    e->sched = NULL;
    if (e->L != NULL)
        lua_close(e->L);
    http_free(e->http);
    loop_free(e->loop);
    *e = (struct engine){0};
}

struct http *engine_http(struct engine *e) {
    if (e->http == NULL)
        e->http = http_new(e->loop);
    if (e->http != NULL)
        http_set_memory(e->http, &e->memory);
    return e->http;
}

bool engine_set_read_only(struct engine *e) {
    e->read_only = true;
    struct http *h = engine_http(e);
    if (h != NULL)
        http_set_read_only(h);
    return h != NULL;
}

/* ---- running ---- */

struct run {
    struct engine *e;
    struct task *first;
    int status; /* of the first task; -1 while it runs */
};

/* Print the error on top of `co` to stderr, with its traceback. */
static void print_error(lua_State *co) {
    const char *text = luaL_tolstring(co, -1, NULL);
    bool plain = lua_type(co, -2) == LUA_TSTRING;
    if (plain) {
        luaL_traceback(co, co, text, 0);
        text = lua_tostring(co, -1);
    }
    fprintf(stderr, "task failed: %s\n", text);
}

static int print_error_protected(lua_State *L) {
    print_error(lua_tothread(L, 1));
    return 0;
}

static int as_cancelled(lua_State *L) {
    lua_settop(L, 1);
    if (lua_type(L, 1) != LUA_TTABLE || lua_getfield(L, 1, "kind") != LUA_TSTRING)
        lua_pushboolean(L, 0);
    else
        lua_pushboolean(L, strcmp(lua_tostring(L, -1), "cancelled") == 0);
    return 1;
}

static bool is_cancelled(lua_State *L, lua_State *co) {
    lua_pushcfunction(L, as_cancelled);
    lua_pushvalue(co, -1);
    lua_xmove(co, L, 1);
    bool yes = lua_pcall(L, 1, 1, 0) == LUA_OK && lua_toboolean(L, -1);
    lua_pop(L, 1);
    return yes;
}

static void task_ended(void *ud, struct task *t, lua_State *co, int status) {
    struct run *run = ud;
    lua_State *L = run->e->L;
    bool silent = sched_abandoned(t);
    if (t == run->first) {
        run->status = status;
        if (lua_gettop(co) == 0)
            lua_pushnil(co);
        if (status == LUA_OK)
            lua_settop(co, 1);
        lua_xmove(co, L, 1);
    } else if (status != LUA_OK && !silent && !is_cancelled(L, co)) {
        loop_about_to_print(run->e->loop);
        lua_pushcfunction(L, print_error_protected);
        lua_pushthread(co);
        lua_xmove(co, L, 1);
        if (lua_pcall(L, 1, 0, 0) != LUA_OK)
            lua_pop(L, 1); /* out of memory: the error cannot be printed */
    }
}

/* Let each ready task run once. False if no task is left, or if those that are left can
 * never go on; else `*wait` is how long to wait now. */
static bool turn(struct run *run, int64_t *wait) {
    struct engine *e = run->e;
    *wait = sched_turn(e->sched, task_ended, run);
    return *wait == 0 || (*wait > 0 && !loop_idle(e->loop));
}

/* Ask the other tasks to stop, and give them time to close what they hold. */
static void close_others(struct run *run) {
    int64_t end = loop_now() + CLOSING_MS, left, wait;
    sched_cancel_all(run->e->sched);
    while ((left = end - loop_now()) > 0 && turn(run, &wait))
        loop_turn(run->e->loop, wait < left ? wait : left);
}

/* Ctrl-C in a program that goes on. */
static void survive(struct engine *e) {
    e->interrupts = 0;
    e->survived++;
    if (e->foreground != NULL)
        sched_cancel(e->foreground);
}

/* A signal asks the program to end. */
static void tell(struct engine *e) {
    if (!e->polite)
        sched_cancel_all(e->sched);
    else if (e->waits_for_stop != NULL)
        sched_wake(e->waits_for_stop);
}

int engine_run(struct engine *e, int nargs) {
    struct run run = {.e = e, .status = -1};
    bool told = false;
    int64_t wait;
    run.first = sched_spawn(e->sched, e->L, nargs); /* task */
    for (;;) {
        bool going = turn(&run, &wait);
        if (run.status != -1)
            break;
        if (!going) {
            fprintf(stderr, "tarn: all tasks wait for each other\n");
            sched_cancel_all(e->sched);
            continue;
        }
        loop_turn(e->loop, wait == SCHED_NEVER ? -1 : wait);
        if (e->interrupts > 0 && e->survives && e->ending == 0) {
            survive(e);
        } else if (e->interrupts + e->ending > 0 && !told) {
            tell(e);
            told = true;
        }
    }
    close_others(&run);
    lua_remove(e->L, -2); /* the task's handle; its result stays */
    e->interrupts = e->ending = e->survives = 0;
    e->foreground = e->owner = NULL;
    e->polite = false;
    return run.status;
}

/* ---- signals ---- */

/* Stop the task `t`, which computes: raise a fault in it. If the task goes on all the
 * same, the next call ends it. */
static void stop_computing(struct engine *e, struct task *t, lua_State *L) {
    bool survives = e->survives && e->ending == 0;
    bool again = sched_cancelled(t);
    if (survives)
        survive(e);
    if (survives && t == e->owner)
        return;
    sched_cancel(t);
    if (survives && again && sched_preemptible(t, L) && lua_isyieldable(L)) {
        sched_abandon(t);
        lua_yield(L, 0);
        return;
    }
    api_cancelled(L, "task");
}

static bool is_stopping(const struct engine *e) {
    return !e->polite && e->interrupts + e->ending > 0;
}

static bool is_over(const struct engine *e, int limit) {
    return e->cpu_limit > 0 && e->spent + e->alarms >= limit;
}

bool engine_may_compute(const struct engine *e) {
    return !is_stopping(e) && !is_over(e, e->cpu_limit);
}

/* Raise the fault that tells the running task to end. A pcall may catch the
 * fault; if the task still computes after GRACE, every instruction raises it
 * until the task has ended. */
static int raise_limit(lua_State *L, const lua_Debug *place) {
    struct engine *e = engine_of(L);
    struct fault f;
    if (e->forgiven == 0) {
        e->forgiven = e->spent + e->alarms + GRACE;
        snprintf(e->limit_at, sizeof e->limit_at, "%s:%d", place->short_src,
                 place->currentline);
    }
    fault_set(&f, FAULT_TIMEOUT, "%s: computed for %g s without a wait", e->limit_at,
              (double)e->cpu_limit / ENGINE_TICKS);
    fault_hint(&f, "an endless loop? --cpu-limit SECONDS allows more, and 0 any");
    return api_fault(L, "task", &f);
}

int engine_stop_computing(lua_State *L) {
    struct engine *e = engine_of(L);
    struct task *t = sched_current(e->sched);
    lua_Debug place = {.currentline = -1};
    if (is_stopping(e)) {
        if (t != NULL)
            stop_computing(e, t, L);
        return api_cancelled(L, "task");
    }
    for (int level = 0; place.currentline <= 0 && lua_getstack(L, level, &place); level++)
        lua_getinfo(L, "Sl", &place);
    return raise_limit(L, &place);
}

/* The hook: runs in the script that computes, one instruction after the signal. */
static void noticed(lua_State *L, lua_Debug *ar) {
    struct engine *e = engine_of(L);
    struct task *t = sched_current(e->sched);
    bool stopping = is_stopping(e);
    /* If the task yielded at the call of a C function, that function would never be
     * called. So wait for the next instruction. */
    if ((!stopping || e->survives) && ar->event != LUA_HOOKCOUNT &&
        ar->event != LUA_HOOKLINE)
        return;
    e->forcing = e->forgiven > 0 && is_over(e, e->forgiven);
    if (!e->forcing)
        lua_sethook(L, NULL, 0, 0);
    if (t == NULL)
        return;
    if (stopping) {
        stop_computing(e, t, L);
        return;
    }
    lua_getinfo(L, "Sl", ar);
    if (e->forcing || (e->forgiven == 0 && is_over(e, e->cpu_limit))) {
        raise_limit(L, ar);
        return;
    }
    if (e->alarms < ALARMS_BEFORE_WARNING || e->forgiven > 0)
        return;
    if (t != e->foreground && sched_first_warning(t)) {
        loop_about_to_print(e->loop);
        fprintf(stderr,
                "tarn: %s:%d computes for long without a wait; other tasks are held up\n",
                ar->short_src, ar->currentline);
    }
    if (sched_preemptible(t, L) && lua_isyieldable(L)) {
        sched_preempt(t);
        lua_yield(L, 0);
    }
}

/* May run in a signal handler: lua.c calls lua_sethook from one, too. */
static void hook(lua_State *L) {
    lua_sethook(L, noticed, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

static void hook_running(struct engine *e) {
    lua_State *L = e->running;
    if (L != NULL)
        hook(L);
}

void engine_resumed(struct engine *e, lua_State *L) {
    e->running = L;
    if (e->forcing)
        hook(L);
}

void engine_interrupt(struct engine *e) {
    e->interrupts++;
    hook_running(e);
    loop_poke(e->loop);
}

void engine_end(struct engine *e) {
    e->ending++;
    hook_running(e);
    loop_poke(e->loop);
}

bool engine_alarm(struct engine *e) {
    e->alarms++;
    if (e->alarms >= ALARMS_BEFORE_WARNING || is_over(e, e->cpu_limit))
        hook_running(e);
    return !is_over(e, 2 * e->cpu_limit + 5 * ENGINE_TICKS);
}
