/* Patterns find, capture, replace and complain as Lua's own do. The input: a subject, a 0, a
 * pattern, a 0, a replacement; short enough that Lua's matcher comes to an end. */

#include "api/open.h"
#include "engine.h"
#include "fuzz.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

#define SUBJECT_AT_MOST     24
#define QUANTIFIERS_AT_MOST 4

struct text {
    char *bytes;
    size_t size;
};

static struct engine engine;
static lua_State *plain;

/* Call string.<name> with these and leave one string that says all that it said. */
static void say(lua_State *L, const char *name, const struct text *texts, int count) {
    lua_settop(L, 0);
    lua_getglobal(L, "string");
    lua_getfield(L, 1, name);
    for (int i = 0; i < count; i++)
        lua_pushlstring(L, texts[i].bytes, texts[i].size);
    int status = lua_pcall(L, count, LUA_MULTRET, 0), results = lua_gettop(L) - 1;
    luaL_checkstack(L, 1 + 2 * results, NULL); /* there may be 32 captures */
    lua_pushinteger(L, status);
    for (int i = 0; i < results; i++) {
        lua_pushliteral(L, "|");
        luaL_tolstring(L, 2 + i, NULL);
    }
    lua_concat(L, 1 + 2 * results);
}

static void compare(const char *name, const struct text *texts, int count) {
    size_t size, other_size;
    say(engine.L, name, texts, count);
    say(plain, name, texts, count);
    const char *mine = lua_tolstring(engine.L, -1, &size);
    const char *theirs = lua_tolstring(plain, -1, &other_size);
    if (size != other_size || memcmp(mine, theirs, size) != 0)
        fuzz_fail(name, 0, mine);
}

/* Lua's own recursion tells of patterns that are too complex; ours has none. */
static bool is_small(const struct text *subject, const struct text *pattern) {
    int quantifiers = 0;
    for (size_t i = 0; i < pattern->size; i++)
        quantifiers +=
            pattern->bytes[i] != '\0' && strchr("*+-?", pattern->bytes[i]) != NULL;
    return subject->size <= SUBJECT_AT_MOST && pattern->size <= 100 &&
           quantifiers <= QUANTIFIERS_AT_MOST;
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    plain = luaL_newstate();
    FUZZ_CHECK(plain != NULL && engine_open(&engine, api_open, NULL, NULL));
    luaL_openlibs(plain);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    struct text t[3]; /* subject, pattern, replacement */
    for (int i = 0; i < 3; i++)
        t[i].bytes = fuzz_part(&in, &t[i].size);
    if (is_small(&t[0], &t[1])) {
        compare("find", t, 2);
        compare("match", t, 2);
        compare("gsub", t, 3);
    }
    for (int i = 0; i < 3; i++)
        free(t[i].bytes);
    return 0;
}
