/* options.h -- the options of a primitive: its last argument, a table or nil. Metamethods are
 * not asked. */

#ifndef TARN_OPTIONS_H
#define TARN_OPTIONS_H

#include <lua.h>
#include <stdbool.h>

/* Check that argument `arg` is nil or a table whose keys are all in `names`
 * (NULL-terminated): a misspelt option is an error, not a silence. [-0, +0, v] */
void api_checkopts(lua_State *L, int arg, const char *const names[]);

/* Options of the table at `arg`, which may be nil: a string, which stays the table's, or NULL;
 * seconds as milliseconds, or 0. Metamethods are not asked. [-0, +0, v] */
const char *api_optstring(lua_State *L, int arg, const char *name);
int api_optms(lua_State *L, int arg, const char *name);

/* Push a field without asking metamethods; returns its type. [-0, +1, m] */
int api_rawfield(lua_State *L, int index, const char *name);

/* A number over 0, up to `most`; 0 if it is not there. [-0, +0, v] */
lua_Number api_optnumber(lua_State *L, int arg, const char *name, lua_Number most,
                         bool whole);

bool api_optflag(lua_State *L, int arg, const char *name, bool otherwise);

#endif
