/* l_text.c -- `native.text`: upper and lower case. */

#include "api/libs.h"

#include "api/api.h"
#include "api/locale.h"
#include "base/letters.h"

#include <stdint.h>

typedef bool changer(struct buf *out, const char *text, size_t size, locale_t utf8);

static int change(lua_State *L, changer *f) {
    size_t size;
    const char *text = luaL_checklstring(L, 1, &size);
    luaL_argcheck(L, size < SIZE_MAX / 4, 1, "too long");
    struct buf b = api_scratch(L, size * 2 + 1); /* the most that a text grows */
    f(&b, text, size, api_locale(L));
    lua_pushlstring(L, b.bytes, b.size);
    return 1;
}

/* text.lower(text) -> string. Upvalue: the locale. */
static int l_text_lower(lua_State *L) {
    return change(L, letters_lower);
}

/* text.upper(text) -> string. Upvalue: the locale. */
static int l_text_upper(lua_State *L) {
    return change(L, letters_upper);
}

/* text.composed(text) -> string */
static int l_text_composed(lua_State *L) {
    size_t size;
    struct fault f;
    const char *text = luaL_checklstring(L, 1, &size);
    luaL_argcheck(L, size < SIZE_MAX / 8, 1, "too long");
    struct buf b = api_scratch(L, size * 4 + 1);
    if (!letters_composed(&b, text, size)) {
        fault_memory(&f, "a text of %zu bytes", size);
        return api_fault(L, "text.composed", &f);
    }
    lua_pushlstring(L, b.bytes, b.size);
    return 1;
}

static const luaL_Reg text_functions[] = {
    {"composed", l_text_composed},
    {"lower", l_text_lower},
    {"upper", l_text_upper},
    {NULL, NULL},
};

int luaopen_native_text(lua_State *L) {
    luaL_newlibtable(L, text_functions);
    api_pushlocale(L);
    luaL_setfuncs(L, text_functions, 1);
    return 1;
}
