/* options.h -- the options of a primitive: its last argument, a table or nil. They are
 * read raw, without metamethods. */

#ifndef TARN_OPTIONS_H
#define TARN_OPTIONS_H

#include <lua.h>
#include <stdbool.h>

/* Check that argument `arg` is nil or a table whose keys are all in `names`
 * (NULL-terminated), so that a misspelt option is an error. A copy takes the table's place
 * on the stack: a finalizer, which may run whenever Lua makes a value, could change the
 * caller's table, and free strings that C has pointers to. [-0, +0, v] */
void api_checkopts(lua_State *L, int arg, const char *const names[]);

/* The option `name` of the table at `arg`, which may be nil. If there is no such option,
 * they return `otherwise`, 0 or NULL. A wrong type, or a value out of range, is an error
 * of that argument. A string stays the table's, which is the copy of api_checkopts.
 * api_optinteger takes `least` to `most`, api_optnumber what is over 0 up to `most`, and
 * api_optms seconds, which it returns as milliseconds. [-0, +0, v] */
const char *api_optstring(lua_State *L, int arg, const char *name);
bool api_optflag(lua_State *L, int arg, const char *name, bool otherwise);
lua_Integer api_optinteger(lua_State *L, int arg, const char *name, lua_Integer least,
                           lua_Integer most, lua_Integer otherwise);
lua_Number api_optnumber(lua_State *L, int arg, const char *name, lua_Number most);
int api_optms(lua_State *L, int arg, const char *name, int otherwise);

/* Push a field without asking metamethods; returns its type. [-0, +1, m] */
int api_rawfield(lua_State *L, int index, const char *name);

#endif
