/* headers.h -- header fields of HTTP from and to tables of Lua. */

#ifndef TARN_HEADERS_H
#define TARN_HEADERS_H

#include "base/buf.h"

#include <lua.h>

/* Push the option `headers` of the table at `arg`, which maps names to strings,
 * as lines for http_request, ended by NULL; and push, below, what keeps the
 * lines alive. `forbidden`, if not NULL, is the name of a header that the caller
 * may not set. [-0, +2, v] */
const char *const *api_pushheaderlines(lua_State *L, int arg, const char *forbidden);

/* Push raw lines as a table. [-0, +1, m] */
void api_pushheaders(lua_State *L, const struct buf *lines);

/* Add a field to the table on top, with its name in lower case. The values of a field
 * that occurs twice are joined by a comma, as HTTP says. [-0, +0, m] */
void api_addheader(lua_State *L, const char *name, size_t name_size, const char *value,
                   size_t value_size);

#endif
