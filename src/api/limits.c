#include "api/limits.h"

bool api_grow(lua_State *L, struct buf *b, size_t more) {
    if (buf_grow(b, more))
        return true;
    lua_gc(L, LUA_GCCOLLECT);
    return buf_grow(b, more);
}
