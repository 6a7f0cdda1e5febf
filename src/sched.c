#include "sched.h"

#include "engine.h"

#include <stdlib.h>

const char sched_parked;

/* Lives in the task's handle, a userdata. Until the task has ended, the registry
 * keeps the handle alive, under the coroutine's address; the handle's user value
 * keeps the coroutine alive. */
struct task {
    struct sched *sched;
    struct task *next, **link; /* all tasks */
    struct task *behind;       /* the ready queue */
    lua_State *co;             /* NULL: ended */
    struct task **slot;        /* where a waker finds this task */
    const char *op;            /* of the present wait */
    lua_KFunction k;
    struct timer timer;
    int spent; /* ticks of CPU time since the last wait */
    int nargs;
    bool ready, noticed, cancelled, preempted, abandoned, warned;
};

struct sched {
    struct engine *e;
    struct task *tasks;
    struct task *first, **last; /* the ready queue */
    struct task *current;
};

/* For tests: an object that nothing keeps alive is collected at the next turn. */
#ifdef TARN_COLLECT
#define collect(L) lua_gc(L, LUA_GCCOLLECT)
#else
#define collect(L) ((void)0)
#endif

struct sched *sched_new(struct engine *e) {
    struct sched *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->e = e;
    s->last = &s->first;
    return s;
}

static void enqueue(struct task *t) {
    struct sched *s = t->sched;
    if (t->ready || t->co == NULL)
        return;
    t->ready = true;
    t->behind = NULL;
    *s->last = t;
    s->last = &t->behind;
}

static void timer_fired(void *ud) {
    enqueue(ud);
}

struct task *sched_spawn(struct sched *s, lua_State *L, int nargs) {
    struct task *t = lua_newuserdatauv(L, sizeof *t, 1); /* f, args, task */
    *t = (struct task){.sched = s};
    if (lua_getfield(L, LUA_REGISTRYINDEX, TASK_MT) == LUA_TTABLE)
        lua_setmetatable(L, -2);
    else
        lua_pop(L, 1);
    lua_State *co = lua_newthread(L); /* f, args, task, thread */
    if (!lua_checkstack(co, nargs + 1)) {
        lua_pushliteral(L, "too many arguments for a task");
        lua_error(L);
    }
    lua_setiuservalue(L, -2, 1); /* f, args, task */
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, co);
    lua_insert(L, -(nargs + 2)); /* task, f, args */
    lua_xmove(L, co, nargs + 1);
    t->co = co;
    t->nargs = nargs;
    t->timer.fire = timer_fired;
    t->timer.ud = t;
    t->next = s->tasks;
    t->link = &s->tasks;
    if (t->next != NULL)
        t->next->link = &t->next;
    s->tasks = t;
    enqueue(t);
    return t;
}

struct task *sched_current(struct sched *s) {
    return s->current;
}

bool sched_alive(const struct task *t) {
    return t->co != NULL;
}

void sched_pushhandle(const struct task *t, lua_State *L) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, t->co);
}

bool sched_owns(lua_State *L, const lua_State *co) {
    bool owns = lua_rawgetp(L, LUA_REGISTRYINDEX, co) != LUA_TNIL;
    lua_pop(L, 1);
    return owns;
}

bool sched_park(struct task *t, int64_t due, struct task **slot, const char *op,
                lua_KFunction k) {
    if (due != SCHED_NEVER && !loop_set_timer(t->sched->e->loop, &t->timer, due))
        return false;
    t->slot = slot;
    t->op = op;
    t->k = k;
    if (slot != NULL)
        *slot = t;
    return true;
}

void sched_unpark(struct task *t) {
    loop_clear_timer(t->sched->e->loop, &t->timer);
    if (t->slot != NULL)
        *t->slot = NULL;
    t->slot = NULL;
}

const char *sched_wait_op(const struct task *t) {
    return t->op;
}

lua_KFunction sched_wait_k(const struct task *t) {
    return t->k;
}

void sched_wake(struct task *t) {
    enqueue(t);
}

void sched_notify(struct task *t) {
    t->noticed = true;
    enqueue(t);
}

bool sched_take_notice(struct task *t) {
    bool noticed = t->noticed;
    t->noticed = false;
    return noticed;
}

void sched_cancel(struct task *t) {
    t->cancelled = true;
    enqueue(t);
}

bool sched_cancelled(const struct task *t) {
    return t->cancelled;
}

void sched_cancel_all(struct sched *s) {
    for (struct task *t = s->tasks; t != NULL; t = t->next)
        sched_cancel(t);
}

void sched_preempt(struct task *t) {
    t->preempted = true;
}

void sched_abandon(struct task *t) {
    t->abandoned = true;
}

bool sched_abandoned(const struct task *t) {
    return t->abandoned;
}

bool sched_preemptible(const struct task *t, const lua_State *L) {
    return t->co == L;
}

bool sched_first_warning(struct task *t) {
    bool first = !t->warned;
    t->warned = true;
    return first;
}

static void unqueue(struct task *t) {
    struct sched *s = t->sched;
    struct task **at = &s->first;
    while (*at != t)
        at = &(*at)->behind;
    *at = t->behind;
    if (s->last == &t->behind)
        s->last = at;
    t->ready = false;
}

/* Run the coroutine's pending to-be-closed variables, and let it be collected. */
static void retire(struct task *t) {
    struct sched *s = t->sched;
    lua_State *L = s->e->L, *co = t->co;
    sched_unpark(t);
    struct task *outer = s->current;
    s->current = t; /* code that runs while variables close still belongs to this task */
    sched_close(co, L);
    s->current = outer;
    sched_unpark(t);
    if (t->ready)
        unqueue(t);
    *t->link = t->next;
    if (t->next != NULL)
        t->next->link = t->link;
    t->co = NULL;
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, co); /* the key exists: cannot raise */
}

void sched_free(struct sched *s) {
    if (s == NULL)
        return;
    while (s->tasks != NULL)
        retire(s->tasks);
    free(s);
}

/* Resume the task once. Returns LUA_YIELD if it has not ended. */
static int step(struct sched *s, struct task *t) {
    int nresults, nargs = t->nargs;

    sched_unpark(t);
    t->nargs = 0;
    s->current = t;
    s->e->alarms = 0;
    s->e->spent = t->spent;
    s->e->forgiven = 0;
    s->e->forcing = false;
    s->e->running = t->co;
    int status = lua_resume(t->co, s->e->L, nargs, &nresults);
    s->e->running = NULL;
    s->current = NULL;
    t->spent = t->preempted ? t->spent + s->e->alarms : 0;
    if (status != LUA_YIELD)
        return status;
    bool parked = nresults == 1 && lua_touserdata(t->co, -1) == &sched_parked;
    lua_pop(t->co, nresults);
    if (t->abandoned) {
        lua_pushliteral(t->co, "cancelled");
        return LUA_ERRRUN;
    }
    if (t->preempted) {
        t->preempted = false;
        enqueue(t);
        return LUA_YIELD;
    }
    if (parked)
        return LUA_YIELD;
    lua_pushliteral(t->co, "coroutine.yield outside of a coroutine");
    return LUA_ERRRUN;
}

int64_t sched_turn(struct sched *s, sched_ended *ended, void *ud) {
    struct task *batch = s->first;
    s->first = NULL;
    s->last = &s->first;
    /* Tasks that become ready meanwhile wait in the queue for the next turn. */
    while (batch != NULL) {
        struct task *t = batch;
        batch = t->behind;
        t->ready = false;
        collect(s->e->L);
        int status = step(s, t);
        if (status != LUA_YIELD) {
            ended(ud, t, t->co, status);
            retire(t);
        }
    }
    if (s->first != NULL)
        return 0;
    return s->tasks == NULL ? -1 : SCHED_NEVER;
}
