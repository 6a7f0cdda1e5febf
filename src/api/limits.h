/* limits.h -- how bindings keep to the limits of memory and of CPU time, also where they do
 * not ask Lua for memory or let it run. */

#ifndef TARN_API_LIMITS_H
#define TARN_API_LIMITS_H

#include "base/buf.h"
#include "engine.h"

#include <lua.h>

/* An empty buffer that counts as memory of the script. [-0, +0, -] */
static inline struct buf api_buf(lua_State *L) {
    return (struct buf){.budget = &engine_of(L)->memory};
}

/* Make room for `more` bytes in the buffer. If there is none, collect garbage, and look
 * again. Returns false for no memory: free what is held, and then raise with
 * engine_no_memory. Finalizers may run. [-0, +0, -] */
bool api_grow(lua_State *L, struct buf *b, size_t more);

/* Call it for each step of a loop: it looks now and then whether the time is up. False: free
 * what is held, and then raise with engine_stop_computing. [-0, +0, -] */
static inline bool api_may_go_on(lua_State *L, unsigned *steps) {
    return ++*steps % 4096 != 0 || engine_may_compute(engine_of(L));
}

#endif
