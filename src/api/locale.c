#define _POSIX_C_SOURCE 200809L
#include "api/locale.h"

#include "api/box.h"
#include "base/term.h"

#include <lauxlib.h>

#define LOCALE_MT "tarn.locale"

struct locale {
    locale_t utf8; /* (locale_t)0: there is none, or it is not made yet */
};

/* __gc */
static int l_locale_free(lua_State *L) {
    struct locale *box = luaL_checkudata(L, 1, LOCALE_MT);
    if (box->utf8 != (locale_t)0)
        freelocale(box->utf8);
    box->utf8 = (locale_t)0;
    return 0;
}

void api_pushlocale(lua_State *L) {
    static const luaL_Reg meta[] = {
        {"__gc", l_locale_free},
        {NULL, NULL},
    };
    struct locale *box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = (struct locale){0};
    api_pushtype(L, LOCALE_MT, meta, NULL);
    lua_setmetatable(L, -2);
    box->utf8 = term_locale();
}

locale_t api_locale(lua_State *L) {
    const struct locale *box = lua_touserdata(L, lua_upvalueindex(1));
    return box->utf8;
}
