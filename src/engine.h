/* engine.h -- one Lua state, its scheduler, and the loop that both wait in. */

#ifndef TARN_ENGINE_H
#define TARN_ENGINE_H

#include "base/budget.h"
#include "net/loop.h"

#include <lua.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct http; /* net/http.h */
struct task; /* sched.h */

struct engine {
    lua_State *L;
    struct sched *sched;
    struct loop *loop;
    struct http *http; /* the one client; made at its first use by engine_http */
    lua_State
        *volatile running; /* the coroutine that computes; read by signal handlers */
    bool read_only;        /* refuse requests that change something; never unset */
    volatile sig_atomic_t interrupts; /* Ctrl-C presses that have not been handled yet */
    volatile sig_atomic_t ending;     /* other signals that ask the program to end */
    volatile sig_atomic_t survives;   /* Ctrl-C only cancels `foreground` */
    struct task *foreground; /* kept alive by the code that set it; may be NULL */
    struct task *owner;      /* the task that set `foreground`: Ctrl-C never cancels it */
    unsigned survived;       /* how many Ctrl-C presses it has survived */
    volatile sig_atomic_t alarms; /* ticks of CPU time used in this step */

    /* limits for scripts; 0: none */
    int cpu_limit;        /* ticks that a task may compute without a wait */
    struct budget memory; /* of Lua's values, and of what C holds for scripts */

    int spent; /* ticks that the running task used between its last wait and this step */
    int forgiven;     /* the number of ticks at which a task is forced to end */
    bool forcing;     /* the task is being forced: every instruction raises */
    size_t refused;   /* the size refused last; 0 once a request was granted */
    size_t reserve;   /* added to the limit so that the error can be reported */
    int barred;       /* requests for memory that are to be refused, whatever is left */
    size_t collected; /* bytes in use after the last engine_make_room */
    size_t outside;   /* bytes of `memory` that a library has in a heap of its own, */
    size_t outside_bound; /* and may have; 0: any number */
    char limit_at[96];    /* "file:line" of the script that was told to end */
    char refused_at[96];  /* "file:line" of the script that asked for `refused` */
    bool polite; /* the first Ctrl-C cancels nothing, but wakes `waits_for_stop` */
    struct task *waits_for_stop;
};

#define ENGINE_TICKS        10 /* in a second of CPU time */
#define ENGINE_CPU_LIMIT    (60 * ENGINE_TICKS)
#define ENGINE_MEMORY_LIMIT ((size_t)1 << 30)

/* The engine that `L` belongs to; works in every coroutine and cannot raise. Lua
 * copies a state's extra space into each new thread, so no registry is read. */
static inline struct engine *engine_of(lua_State *L) {
    return *(struct engine **)lua_getextraspace(L);
}

/* Make a state into which `libraries` (api_open) puts what scripts may use. `alloc` NULL
 * means the C library's. False, with `*e` owning nothing, when memory runs out. */
bool engine_open(struct engine *e, lua_CFunction libraries, lua_Alloc alloc, void *ud);
void engine_close(struct engine *e);

/* Run a function, which is on the stack with its `nargs` arguments above it, as a task,
 * and run all tasks that it starts. When the first task has ended, the others are
 * cancelled and get a turn to close. The function's result (at most one is kept) or its
 * error is left on the stack of e->L. Returns LUA_OK or an error status. */
int engine_run(struct engine *e, int nargs);

/* The shared HTTP client, or NULL when memory runs out. */
struct http *engine_http(struct engine *e);

/* From now on refuse every request that changes something, and every other
 * program, since a program could send such a request. False if memory runs
 * out. Once set it stays set. */
bool engine_set_read_only(struct engine *e);

/* The number of signals that ask to stop and have not been handled yet. A long step of a
 * library remembers this number, and stops when it has changed. */
static inline sig_atomic_t engine_signals(const struct engine *e) {
    return e->interrupts + e->ending;
}

/* For signal handlers: count a Ctrl-C, or a signal that asks the program to end, and
 * interrupt the running script. A program that survives Ctrl-C (native.task.foreground)
 * goes on; only the foreground task and the task that computes are cancelled. */
void engine_interrupt(struct engine *e);
void engine_end(struct engine *e);

/* To be called ENGINE_TICKS times in a second of CPU time. False if the program computes
 * where no script can be interrupted, and has done so for far too long. */
bool engine_alarm(struct engine *e);

/* For long computations in C. engine_may_compute is false when they must stop,
 * because of Ctrl-C or of the limit of CPU time. Then engine_stop_computing raises
 * the reason; it never returns. */
bool engine_may_compute(const struct engine *e);
int engine_stop_computing(lua_State *L);

/* Collect garbage if the memory limit is near and there may be some: for bindings that are
 * about to let C take memory, which by itself collects nothing. Finalizers may run. */
void engine_make_room(lua_State *L);

/* Raise what Lua raises when it gets no memory. */
int engine_no_memory(lua_State *L);

/* The coroutine `L` goes on after one that it called. If that one was being
 * forced to end, so is `L`. */
void engine_resumed(struct engine *e, lua_State *L);

#endif
