/* locale.h -- a locale that knows UTF-8, for functions on texts: their first upvalue. */

#ifndef TARN_API_LOCALE_H
#define TARN_API_LOCALE_H

#include <locale.h>
#include <lua.h>

/* Push a box with such a locale. [-0, +1, m] */
void api_pushlocale(lua_State *L);

/* The locale in the first upvalue of the running function; (locale_t)0 if the system has
 * none. */
locale_t api_locale(lua_State *L);

#endif
