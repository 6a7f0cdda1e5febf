/* engine.h -- one Lua state, its scheduler, and the loop that both wait in. */

#ifndef TARN_ENGINE_H
#define TARN_ENGINE_H

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
        *volatile running; /* the coroutine that computes now, for signal handlers */
    bool read_only;        /* requests that change something are refused; never unset */
    volatile sig_atomic_t interrupts; /* Ctrl-C that nobody has acted upon yet */
    volatile sig_atomic_t ending;     /* asked to end, by another signal */
    volatile sig_atomic_t survives;   /* Ctrl-C cancels `foreground` alone */
    struct task *foreground;          /* kept alive by whoever set it; may be NULL */
    struct task *owner;               /* of the foreground: never cancelled by Ctrl-C */
    unsigned survived;                /* how often that was */
    volatile sig_atomic_t alarms;     /* ticks of used-up CPU time in this step */

    /* limits of what scripts use up; 0: none */
    int cpu_limit;       /* ticks that a task may compute without a wait */
    size_t memory_limit; /* bytes of Lua's own values */

    int spent;      /* ticks of the present task before this step, since its last wait */
    int forgiven;   /* ticks at which a task that was told to end is ended by force */
    bool forcing;   /* it is: every instruction raises */
    size_t memory;  /* bytes in use */
    size_t refused; /* the size that was refused last; 0 after one that was granted */
    size_t reserve; /* that the limit was raised by, to say that it was met */
    char limit_at[96];   /* "file:line" that was told to end */
    char refused_at[96]; /* "file:line" that asked for it; "" */
    bool polite;         /* the first Ctrl-C cancels nothing: who waits for it is told */
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

/* A state into which `libraries` (api_open) puts what scripts may use. `alloc` NULL means the
 * C library's. False, with `*e` owning nothing, when memory runs out. */
bool engine_open(struct engine *e, lua_CFunction libraries, lua_Alloc alloc, void *ud);
void engine_close(struct engine *e);

/* Run the function on top of the stack, and its `nargs` arguments above it, as a task, and
 * all tasks it starts, until that first one has ended; the others are then cancelled and
 * given their turn to close. Results of the function (at most one is kept), or its error,
 * are left on the stack of e->L. Returns LUA_OK or an error status. */
int engine_run(struct engine *e, int nargs);

/* The shared HTTP client, or NULL when memory runs out. */
struct http *engine_http(struct engine *e);

/* From now on, whoever asks: no request that changes something, and no other program, which
 * could make one. False if memory runs out. There is no way back. */
bool engine_set_read_only(struct engine *e);

/* Signals that ask to stop and that nobody has acted upon yet: a long step of a library that
 * sees another number than at its begin stops. */
static inline sig_atomic_t engine_signals(const struct engine *e) {
    return e->interrupts + e->ending;
}

/* For signal handlers: count a Ctrl-C, or a wish to end the program, and make the running
 * script notice. A program that survives Ctrl-C (native.task.foreground) goes on: the
 * foreground task is cancelled, and what computes. */
void engine_interrupt(struct engine *e);
void engine_end(struct engine *e);

/* Called ENGINE_TICKS times in a second of CPU time. False if the program computes where no
 * script can be told to end, and has done so for far too long. */
bool engine_alarm(struct engine *e);

/* For what computes for long in C: false if it is to stop, for Ctrl-C or for the limit of CPU
 * time. Then engine_stop_computing raises what says so; it never returns. */
bool engine_may_compute(const struct engine *e);
int engine_stop_computing(lua_State *L);

/* A coroutine that called another one goes on: it too is told to end, if somebody is. */
void engine_resumed(struct engine *e, lua_State *L);

#endif
