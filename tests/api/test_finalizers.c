#include "harness.h"
#include "server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct server server;

static void handle(struct server_request *r) {
    static const char result[] =
        "{\"statement_id\":\"s\",\"status\":{\"state\":\"SUCCEEDED\"},\"manifest\":{"
        "\"format\":\"JSON_ARRAY\",\"schema\":{\"columns\":[{\"name\":\"a\"},"
        "{\"name\":\"b\"}]},\"total_chunk_count\":1,\"total_row_count\":3,"
        "\"truncated\":false},\"result\":{\"chunk_index\":0,\"row_count\":3,"
        "\"data_array\":[[\"1\",\"x\\ny\"],[null,\"2\"],[\"long long long long long long "
        "long long long long text\",\"3\"]]}}";
    server_reply(r, 200, "X-Header: some text\r\n",
                 strstr(r->path, "/sql/") != NULL ? result : "{\"a\": [1, \"text\"]}");
}

static void whatever_a_finalizer_does_nothing_is_read_that_is_gone(void **state) {
    struct engine *e = *state;
    lua_pushinteger(e->L, server.port);
    lua_setglobal(e->L, "port");
    must_run(state, "assert(loadfile 'tests/api/finalizers.lua')(port)");
}

static int start(void **state) {
    (void)state;
    server_start(&server, handle);
    return 0;
}

static int stop(void **state) {
    (void)state;
    server_stop(&server);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LUA_TEST(whatever_a_finalizer_does_nothing_is_read_that_is_gone),
    };
    return cmocka_run_group_tests_name("finalizers", tests, start, stop);
}
