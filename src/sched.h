/* sched.h -- runs Lua coroutines as tasks and decides who goes next.
 *
 * A primitive that has to wait parks its task and yields; whoever makes the wait
 * end (a timer here, libcurl or a socket elsewhere) calls sched_wake, and the
 * next sched_turn resumes it. Tasks are resumed here and nowhere else. */

#ifndef TARN_SCHED_H
#define TARN_SCHED_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

struct engine;
struct sched;
struct task;

struct sched *sched_new(struct engine *e);

/* Ends all tasks, whose <close> variables run. Before lua_close. */
void sched_free(struct sched *s);

/* Pop a function with `nargs` arguments and start a task that will call it; pushes
 * the task's handle (a userdata with metatable "tarn.task"). The task is gone once it has
 * finished: hold no pointer to it but through sched_park's `slot`. [-(nargs+1), +1, m] */
struct task *sched_spawn(struct sched *s, lua_State *L, int nargs);

/* The task that runs now; NULL outside of one. */
struct task *sched_current(struct sched *s);

/* Make `t`, the current task, wait until `due` (ms on loop_now's clock), or with
 * SCHED_NEVER until sched_wake. `slot`, if not NULL, is where the waker finds the task:
 * it is set now and set to NULL when the wait ends, however it ends. Its memory lives
 * as long as the wait (a box on the stack of the waiting coroutine). */
#define SCHED_NEVER INT64_MAX
void sched_park(struct sched *s, struct task *t, int64_t due, struct task **slot);

/* Make `t` ready now; harmless if it is ready already. Callable from any callback. */
void sched_wake(struct task *t);

/* Ask `t` to stop: its present wait, or its next one, raises a fault `cancelled`. */
void sched_cancel(struct task *t);
bool sched_cancelled(const struct task *t);
void sched_cancel_all(struct sched *s);

/* What a primitive yields when it parks its task: the address, as light userdata.
 * A task that yields anything else fails. */
extern const char sched_parked;

/* Resume each task that is ready at `now`, once. Returns how long the caller may
 * sleep before the next turn, in milliseconds: 0 if a task is ready already,
 * SCHED_NEVER if only sched_wake can make one ready, -1 if no task is left. */
int64_t sched_turn(struct sched *s, int64_t now);

#endif
