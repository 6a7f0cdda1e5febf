/* lua_target.c -- a target in Lua: FUZZ_CHUNK is a file that returns a function. It gets the
 * bytes of each input in a task of one engine, and raises when a property does not hold. The
 * lines of Lua that it runs, the bundle's too, count for libFuzzer as C code does. */

#include "api/open.h"
#include "base/file.h"
#include "engine.h"
#include "fuzz.h"

#include <lauxlib.h>
#include <stdlib.h>

#define LINES 65536

/* libFuzzer reads what is in this section beside its own counters. */
__attribute__((section("__libfuzzer_extra_counters"))) static unsigned char lines[LINES];

static struct engine engine;
static int target; /* an address in the registry: the function */

static void count_line(lua_State *L, lua_Debug *ar) {
    size_t hash;
    lua_getinfo(L, "S", ar);
    hash = (size_t)ar->source * 31 + (size_t)ar->currentline * 7;
    lines[hash % LINES]++;
}

static void check(int status) {
    if (status == LUA_OK)
        return;
    fuzz_fail(FUZZ_CHUNK, 0, luaL_tolstring(engine.L, -1, NULL));
}

/* A home of its own, for as long as the program runs. */
static struct buf home;

static void remove_home(void) {
    struct fault f;
    file_remove(home.bytes, true, &f);
    buf_free(&home);
}

static void make_home(void) {
    struct fault f;
    FUZZ_CHECK(file_mktemp(&home, &f));
    FUZZ_CHECK(setenv("HOME", home.bytes, 1) == 0);
    FUZZ_CHECK(setenv("XDG_STATE_HOME", home.bytes, 1) == 0);
    atexit(remove_home);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    make_home();
    FUZZ_CHECK(engine_open(&engine, api_open, NULL, NULL));
    lua_sethook(engine.L, count_line, LUA_MASKLINE, 0); /* each task has it from there */
    check(luaL_loadfile(engine.L, FUZZ_CHUNK));
    check(engine_run(&engine, 0));
    FUZZ_CHECK(lua_isfunction(engine.L, -1));
    lua_rawsetp(engine.L, LUA_REGISTRYINDEX, &target);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lua_settop(engine.L, 0);
    lua_rawgetp(engine.L, LUA_REGISTRYINDEX, &target);
    lua_pushlstring(engine.L, (const char *)data, size);
    check(engine_run(&engine, 1));
    return 0;
}
