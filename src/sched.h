/* sched.h -- runs Lua coroutines as tasks, and decides which one is next.
 *
 * A primitive that has to wait parks its task and yields. The code that ends the wait (a
 * timer here, libcurl or a socket elsewhere) calls sched_wake, and the next sched_turn
 * resumes the task. Tasks are resumed here and nowhere else. */

#ifndef TARN_SCHED_H
#define TARN_SCHED_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

struct engine;
struct sched;
struct task;

#define TASK_MT "tarn.task"

struct sched *sched_new(struct engine *e);

/* End all tasks, and run their <close> variables. To be called before lua_close. */
void sched_free(struct sched *s);

/* Pop a function with `nargs` arguments, and start a task that will call it. Pushes the
 * task's handle, a userdata with metatable TASK_MT, in which `struct task` lives. The
 * handle may outlive the task: sched_alive tells. Other code reaches a task only through
 * sched_park's `slot`. [-(nargs+1), +1, m] */
struct task *sched_spawn(struct sched *s, lua_State *L, int nargs);

/* The task that runs now, or NULL. */
struct task *sched_current(struct sched *s);
bool sched_alive(const struct task *t);

/* Push the handle of a task that is alive. [-0, +1, -] */
void sched_pushhandle(const struct task *t, lua_State *L);

/* True if `co` is the coroutine of a task that is alive: nobody but the scheduler may resume or
 * close it. Coroutines that scripts make inside of a task are not. [-0, +0, -] */
bool sched_owns(lua_State *L, const lua_State *co);

/* Close a coroutine, whose <close> variables run; a status, with an error on its stack.
 * lua_closethread came with 5.4.6; Debian 12 has 5.4.4. */
#if LUA_VERSION_RELEASE_NUM >= 50406
#define sched_close(co, L) lua_closethread(co, L)
#else
#define sched_close(co, L) ((void)(L), lua_resetthread(co))
#endif

/* Make the current task `t` wait until `due` (ms on loop_now's clock), or with
 * SCHED_NEVER until sched_wake. `slot`, if not NULL, is the place where the waker finds
 * the task: it is set now, and set to NULL when the wait ends for whatever reason. The
 * memory of `slot` must last as long as the wait (it is a box on the stack of the waiting
 * coroutine). `op` and `k` are kept for api_wait. False when memory runs out. */
#define SCHED_NEVER INT64_MAX
bool sched_park(struct task *t, int64_t due, struct task **slot, const char *op,
                lua_KFunction k);
void sched_unpark(struct task *t);
const char *sched_wait_op(const struct task *t);
lua_KFunction sched_wait_k(const struct task *t);

/* Make `t` ready now; harmless if it is ready already or has ended. Callable from any
 * callback. */
void sched_wake(struct task *t);

/* For task.wake and task.park: wake `t`, and remember it until
 * sched_take_notice takes the notice. */
void sched_notify(struct task *t);
bool sched_take_notice(struct task *t);

/* Ask `t` to stop: the wait that it is in, or else its next wait,
 * raises a fault `cancelled`. */
void sched_cancel(struct task *t);
bool sched_cancelled(const struct task *t);
void sched_cancel_all(struct sched *s);

/* To be called in a hook of `t`'s own coroutine just before it yields: never
 * resume `t` again, and run its <close> variables. For a task that goes on
 * although it was cancelled. */
void sched_abandon(struct task *t);
bool sched_abandoned(const struct task *t);

/* To be called in a hook of `t`'s own coroutine just before it yields: let other tasks
 * run. */
void sched_preempt(struct task *t);
bool sched_preemptible(const struct task *t, const lua_State *L);

/* True for the first call with this task only, so that a warning is given once. */
bool sched_first_warning(struct task *t);

/* A primitive that parks its task yields the address of this, as light userdata. A task
 * that yields anything else fails. */
extern const char sched_parked;

/* Called when a task has ended. Its results, or its error if `status` is not LUA_OK, are
 * on the stack of `co`. The <close> variables of a failed task run after this call. */
typedef void sched_ended(void *ud, struct task *t, lua_State *co, int status);

/* Resume each task that is ready, once. Returns how long the caller may wait before the
 * next turn, in milliseconds: 0 if a task is ready already, SCHED_NEVER if only a wake can
 * make one ready, -1 if no task is left. */
int64_t sched_turn(struct sched *s, sched_ended *ended, void *ud);

#endif
