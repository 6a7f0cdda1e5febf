/* luafault.h -- faults as Lua sees them: tables with a metatable of their own. Knows
 * nothing of the engine, which raises faults too. */

#ifndef TARN_LUAFAULT_H
#define TARN_LUAFAULT_H

#include "base/fault.h"

#include <lua.h>

/* Raise `*f` as a fault table: kind, op, message, status, code, request_id, hint,
 * retryable, ambiguous. `op` is the primitive as scripts call it ("net.listen"). Never
 * returns; the int lets a binding say `return api_fault(...)`. [-0, +0, v] */
int api_fault(lua_State *L, const char *op, const struct fault *f);

/* Push the table that api_fault would raise. [-0, +1, m] */
void api_pushfault(lua_State *L, const char *op, const struct fault *f);

/* Push the metatable of faults. [-0, +1, m] */
void api_faultmeta(lua_State *L);

/* Raise the fault of a task that was asked to stop. [-0, +0, v] */
int api_cancelled(lua_State *L, const char *op);

#endif
