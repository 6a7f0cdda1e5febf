#include "harness.h"

#include "api/open.h"

#include <lauxlib.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* lua-cjson decodes into a buffer of its own, from malloc, and loses it when Lua raises in
 * between; the terminal library loses a text for each further terminal that is opened. The
 * leak checker is not to count these as ours. It calls this by its name. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:strbuf_new\nleak:_nc_trim_sgr0\n";
}

int harness_open(void **state) {
    struct engine *e = calloc(1, sizeof *e);
    signal(SIGPIPE, SIG_IGN);
    *state = e;
    return e != NULL && engine_open(e, api_open, NULL, NULL) ? 0 : -1;
}

int harness_close(void **state) {
    struct engine *e = *state;
    engine_close(e);
    free(e);
    return 0;
}

void must_run(void **state, const char *chunk) {
    struct engine *e = *state;
    if (luaL_loadbuffer(e->L, chunk, strlen(chunk), "=test") != LUA_OK ||
        engine_run(e, 0) != LUA_OK)
        fail_msg("%s", luaL_tolstring(e->L, -1, NULL));
    lua_settop(e->L, 0);
}
