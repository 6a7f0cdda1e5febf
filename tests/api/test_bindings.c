#define _DEFAULT_SOURCE     /* getentropy */
#define _XOPEN_SOURCE   700 /* pseudo-terminals */
#include "harness.h"
#include "server.h"

#include <fcntl.h>
#include <inttypes.h>
#include <lauxlib.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
    struct server server;
    char tests[PATH_MAX]; /* the folder of the scripts */
    char folder[64];      /* an own one, for files that are written */
    int64_t seed;
    int in, out, err; /* the standard streams, while others stand in for them */
    int terminal;
    pid_t reader; /* of what is written there */
} world;

/* ---- what bindings.lua is given ---- */

/* types() -> name -> metatable */
static int types(lua_State *L) {
    lua_newtable(L);
    lua_pushvalue(L, LUA_REGISTRYINDEX);
    for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || !lua_istable(L, -1) ||
            strncmp(lua_tostring(L, -2), "tarn.", 5) != 0)
            continue;
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_rawset(L, 1);
    }
    lua_settop(L, 1);
    return 1;
}

/* upvalue(f) -> its first */
static int upvalue(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    return lua_getupvalue(L, 1, 1) != NULL;
}

/* [list, thread]: all coroutines of tasks */
static int threads(lua_State *L) {
    lua_Integer n = 0;
    lua_newtable(L);
    lua_pushvalue(L, LUA_REGISTRYINDEX);
    for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
        if (luaL_testudata(L, -1, "tarn.task") == NULL)
            continue;
        if (lua_getiuservalue(L, -1, 1) == LUA_TTHREAD)
            lua_rawseti(L, 1, ++n);
        else
            lua_pop(L, 1);
    }
    lua_settop(L, 1);
    return 1;
}

/* held([thread]) -> list of {value, metatable} on its stack; without one all tasks' threads */
static int held(lua_State *L) {
    if (lua_isnone(L, 1))
        return threads(L);
    lua_State *co = lua_tothread(L, 1);
    lua_Integer count = 0;
    lua_Debug ar;
    lua_newtable(L);
    for (int level = 0; co != L && lua_getstack(co, level, &ar); level++) {
        for (int n = 1; lua_checkstack(co, 1) && lua_getlocal(co, &ar, n) != NULL; n++) {
            lua_xmove(co, L, 1);
            if (lua_type(L, -1) != LUA_TUSERDATA || !lua_getmetatable(L, -1)) {
                lua_pop(L, 1);
                continue;
            }
            lua_createtable(L, 0, 2); /* list, value, metatable, entry */
            lua_insert(L, -3);
            lua_setfield(L, -3, "metatable");
            lua_setfield(L, -2, "value");
            lua_rawseti(L, -2, ++count);
        }
    }
    return 1;
}

/* ---- the server ---- */

static void handle(struct server_request *r) {
    static const char result[] =
        "{\"statement_id\":\"s\",\"status\":{\"state\":\"SUCCEEDED\"},\"manifest\":{"
        "\"format\":\"JSON_ARRAY\",\"schema\":{\"columns\":[{\"name\":\"a\"}]},"
        "\"total_chunk_count\":1,\"total_row_count\":1,\"truncated\":false},"
        "\"result\":{\"chunk_index\":0,\"row_count\":1,\"data_array\":[[\"1\"]]}}";
    if (strstr(r->path, "slow") != NULL || strstr(r->body, "\"slow\"") != NULL)
        server_sleep(1000);
    server_reply(r, 200, "", strstr(r->path, "/sql/") != NULL ? result : "{}");
}

/* ---- around each test ---- */

static int begin(void **state) {
    if (harness_open(state) != 0)
        return -1;
    snprintf(world.folder, sizeof world.folder, "/tmp/tarn-bindings-XXXXXX");
    return mkdtemp(world.folder) != NULL && chdir(world.folder) == 0 &&
                   setenv("TMPDIR", world.folder, 1) == 0
               ? 0
               : -1;
}

static int end(void **state) {
    char command[100];
    int status = harness_close(state);
    snprintf(command, sizeof command, "rm -rf %s", world.folder);
    return chdir("/") == 0 && system(command) == 0 ? status : -1;
}

/* A terminal of nobody for the editor, and no words of what goes wrong on purpose. */
static bool swap_streams(void) {
    world.terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (world.terminal == -1 || grantpt(world.terminal) != 0 ||
        unlockpt(world.terminal) != 0)
        return false;
    world.reader = fork();
    if (world.reader == 0) {
        char bytes[4096];
        while (read(world.terminal, bytes, sizeof bytes) > 0)
            ;
        _exit(0);
    }
    int slave = open(ptsname(world.terminal), O_RDWR | O_NOCTTY);
    int nowhere = open("/dev/null", O_WRONLY);
    fflush(NULL);
    world.in = dup(STDIN_FILENO);
    world.out = dup(STDOUT_FILENO);
    world.err = dup(STDERR_FILENO);
    dup2(slave, STDIN_FILENO);
    dup2(slave, STDOUT_FILENO);
    if (getenv("BINDINGS_LOUD") == NULL)
        dup2(nowhere, STDERR_FILENO);
    close(slave);
    close(nowhere);
    return true;
}

static void restore_streams(void) {
    fflush(NULL);
    dup2(world.in, STDIN_FILENO);
    dup2(world.out, STDOUT_FILENO);
    dup2(world.err, STDERR_FILENO);
    close(world.in);
    close(world.out);
    close(world.err);
    close(world.terminal);
    kill(world.reader, SIGKILL);
    waitpid(world.reader, NULL, 0);
}

static void walk(void **state, const char *part) {
    static const char chunk[] =
        "local tests, part, types, upvalue, held, port, seed = ...\n"
        "local run = function(name, ...) return assert(loadfile(tests .. name))(...) "
        "end\n"
        "local values = run('/values.lua', (run('/boxes.lua', port)), seed)\n"
        "return run('/bindings.lua', types, upvalue, held, values,\n"
        "  run('/boxes.lua', port))(part)\n";
    struct engine *e = *state;
    lua_State *L = e->L;
    if (!swap_streams())
        skip();
    int status = luaL_loadstring(L, chunk);
    if (status == LUA_OK) {
        lua_pushstring(L, world.tests);
        lua_pushstring(L, part);
        lua_pushcfunction(L, types);
        lua_pushcfunction(L, upvalue);
        lua_pushcfunction(L, held);
        lua_pushinteger(L, world.server.port);
        lua_pushinteger(L, world.seed);
        status = engine_run(e, 7);
    }
    restore_streams();
    if (status != LUA_OK)
        fail_msg("%s", luaL_tolstring(L, -1, NULL));
    print_message("%s: %lld calls\n", part, (long long)lua_tointeger(L, -1));
    lua_settop(L, 0);
}

static void every_type_is_known(void **state) {
    walk(state, "types");
}

static void functions_stand_whatever_they_are_given(void **state) {
    walk(state, "functions");
}

static void functions_that_were_returned_stand_it_too(void **state) {
    walk(state, "closures");
}

static void a_method_refuses_boxes_of_other_types(void **state) {
    walk(state, "others_as_self");
}

static void methods_stand_whatever_they_are_given(void **state) {
    walk(state, "right_self");
}

static void a_method_refuses_a_box_that_is_closed(void **state) {
    walk(state, "closed");
}

static void a_box_may_be_closed_while_its_task_waits(void **state) {
    walk(state, "closed_while_they_wait");
}

static void functions_stand_it_when_read_only(void **state) {
    walk(state, "read_only");
}

/* ---- around all ---- */

static int begin_world(void **state) {
    const char *said = getenv("BINDINGS_SEED");
    (void)state;
    if (said != NULL)
        world.seed = strtoll(said, NULL, 10);
    else if (getentropy(&world.seed, sizeof world.seed) != 0)
        return -1;
    world.seed += world.seed == 0; /* else it would stay 0 */
    print_message("BINDINGS_SEED=%" PRId64 "\n", world.seed);
    if (realpath("tests/api", world.tests) == NULL)
        return -1;
    setenv("TERM", "xterm", 1);
    server_start(&world.server, handle);
    return 0;
}

static int end_world(void **state) {
    (void)state;
    server_stop(&world.server);
    return 0;
}

#define WALK(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WALK(every_type_is_known),
        WALK(functions_stand_whatever_they_are_given),
        WALK(functions_that_were_returned_stand_it_too),
        WALK(a_method_refuses_boxes_of_other_types),
        WALK(methods_stand_whatever_they_are_given),
        WALK(a_method_refuses_a_box_that_is_closed),
        WALK(a_box_may_be_closed_while_its_task_waits),
        WALK(functions_stand_it_when_read_only),
    };
    return cmocka_run_group_tests_name("bindings", tests, begin_world, end_world);
}
