/* api.h -- what the Lua bindings share.
 *
 * Any function in src/api may raise, that is, longjmp past its caller. Code in other
 * folders cannot raise, because it does not include lua.h. The exceptions are engine.c
 * and sched.c, which run under one lua_pcall, and luafault.c. So the folder of a function
 * says whether a call may fail to return.
 *
 * Comments note the effect of a function on the stack as the Lua manual does: [-o, +p, x]
 * pops o values and pushes p; x is '-' if it never raises, 'm' if only out of memory, 'v'
 * if it raises on purpose. */

#ifndef TARN_API_H
#define TARN_API_H

#include "api/box.h"
#include "api/options.h"
#include "base/buf.h"
#include "luafault.h"

#include <lauxlib.h>
#include <lua.h>
#include <stddef.h>
#include <stdint.h>

struct task;

/* Push an array of the `count` strings in the list at `index`, with NULL at its end. The list
 * keeps the strings alive, so it must be one that no script can change. [-0, +1, m] */
const char **api_pushlist(lua_State *L, int index, lua_Integer count);

/* Make a buffer of `room` bytes whose memory belongs to Lua, so that nothing leaks if Lua
 * raises. It must not grow. [-0, +1, m] */
struct buf api_scratch(lua_State *L, size_t room);

/* Push bytes as base64, and push the bytes of a base64 text. If the text is not base64,
 * "" is pushed and false returned. [-0, +1, m] */
void api_pushbase64(lua_State *L, const char *bytes, size_t size);
bool api_pushunbase64(lua_State *L, const char *text, size_t size);

/* Park the running task until `due` (ms on loop_now's clock; SCHED_NEVER for no limit) or
 * until sched_wake(*slot), and yield. Then `k(L, LUA_YIELD, ctx)` goes on with the stack
 * as it was. A wake only means "look again": if `k` finds nothing, it waits again. If the
 * task was cancelled meanwhile, a fault `cancelled` is raised instead of calling `k`.
 * `op` must be a literal. A primitive that waits ends with `return api_wait(...)`;
 * nothing else may yield. Raises where waiting is impossible: outside of a task, or below
 * a C function such as sort. [-0, +0, v] */
int api_wait(lua_State *L, const char *op, int64_t due, struct task **slot,
             lua_KContext ctx, lua_KFunction k);

/* If the engine is read-only, raise the fault that says that `what` is refused. [-0, +0,
 * v] */
void api_refuse_effects(lua_State *L, const char *op, const char *what);

#endif
