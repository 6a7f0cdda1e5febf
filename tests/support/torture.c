#include "torture.h"

#include "api/open.h"
#include "engine.h"

#include <lauxlib.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct allowance {
    long left;  /* allocations that still succeed */
    long alive; /* blocks not freed yet */
};

/* Lua gives a finalizer up that gets no frame to run in, and what its box owns is lost: no
 * binding can help that. A program has the engine's reserve then, so frames are never refused
 * here. They are small, and no object of Lua's (of one, `osize` would say the type). */
static bool is_frame(const void *ptr, size_t osize, size_t nsize) {
    return ptr == NULL && osize == 0 && nsize <= 80;
}

static void *scarce(void *ud, void *ptr, size_t osize, size_t nsize) {
    struct allowance *b = ud;
    if (nsize == 0) {
        b->alive -= ptr != NULL;
        free(ptr);
        return NULL;
    }
    if ((ptr == NULL || nsize > osize) && b->left-- <= 0 && !is_frame(ptr, osize, nsize))
        return NULL;
    b->alive += ptr == NULL;
    return realloc(ptr, nsize);
}

/* The number the next descriptor will get: it grows if one leaks. */
static int next_fd(void) {
    int fd = dup(STDIN_FILENO);
    close(fd);
    return fd;
}

/* [chunk] -> its result, as a task */
static int run(lua_State *L) {
    const char *chunk = lua_touserdata(L, 1);
    if (luaL_loadbuffer(L, chunk, strlen(chunk), "=torture") != LUA_OK ||
        engine_run(engine_of(L), 0) != LUA_OK)
        return lua_error(L);
    return 0;
}

/* Out of memory shows as Lua's own error, or as its text inside a fault or a message. */
static bool out_of_memory(lua_State *L, int status) {
    if (status == LUA_ERRMEM)
        return true;
    return strstr(luaL_tolstring(L, -1, NULL), "memory") != NULL;
}

void torture_with(const char *name, lua_CFunction open, const char *chunk) {
    for (long n = 0;; n++) {
        struct allowance budget = {.left = LONG_MAX};
        int fd = next_fd();
        struct engine e;
        assert_true(engine_open(&e, api_open, scarce, &budget));
        if (open != NULL)
            luaL_requiref(e.L, name, open, 1);
        lua_settop(e.L, 0);
        budget.left = n;
        lua_pushcfunction(e.L, run);
        lua_pushlightuserdata(e.L, (void *)chunk);
        int status = lua_pcall(e.L, 1, 0, 0);
        budget.left = LONG_MAX; /* enough to say what went wrong */
        if (status != LUA_OK && !out_of_memory(e.L, status))
            fail_msg("with %ld allocations: %s", n, luaL_tolstring(e.L, -1, NULL));
        engine_close(&e);
        if (budget.alive != 0)
            fail_msg("with %ld allocations: %ld blocks leaked", n, budget.alive);
        if (next_fd() != fd)
            fail_msg("with %ld allocations: a file descriptor leaked", n);
        if (status == LUA_OK)
            return;
    }
}

void torture(const char *chunk) {
    torture_with(NULL, NULL, chunk);
}
