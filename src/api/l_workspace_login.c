/* l_workspace_login.c -- `native.databricks`: logging in before the first call. */

#include "api/workspace_call.h"
#include "sched.h"

#define LOGIN_MT "tarn.workspace_login"

struct login {
    struct workspace *ws; /* held; NULL: not */
    struct credentials_wait *wait;
    struct task *waiter;
    bool done, failed;
    struct fault fault;
};

/* __gc and __close */
static int l_login_close(lua_State *L) {
    struct login *in = luaL_checkudata(L, 1, LOGIN_MT);
    if (in->wait != NULL)
        credentials_cancel(in->wait);
    in->wait = NULL;
    if (in->ws != NULL)
        workspace_release(in->ws);
    in->ws = NULL;
    return 0;
}

static void logged_in(void *ud, const char *header, const char *const *extra,
                      const struct fault *f) {
    struct login *in = ud;
    (void)header;
    (void)extra;
    in->wait = NULL;
    in->done = true;
    in->failed = f != NULL;
    if (f != NULL)
        in->fault = *f;
    if (in->waiter != NULL)
        sched_wake(in->waiter);
}

/* ws, login */
static int look_login(lua_State *L, int status, lua_KContext ctx) {
    struct login *in = lua_touserdata(L, 2);
    (void)status;
    (void)ctx;
    if (!in->done) /* credentials have time limits of their own */
        return api_wait(L, "databricks.authenticate", SCHED_NEVER, &in->waiter, 0,
                        look_login);
    if (in->failed)
        return api_fault(L, "databricks.authenticate", &in->fault);
    return 0;
}

/* ws:authenticate() */
static int l_workspace_authenticate(lua_State *L) {
    lua_settop(L, 1);
    struct login *in = lua_newuserdatauv(L, sizeof *in, 0);
    *in = (struct login){0};
    luaL_setmetatable(L, LOGIN_MT);
    lua_toclose(L, 2);
    struct workspace *ws = api_checkworkspace(L, 1);
    workspace_hold(ws);
    in->ws = ws;
    in->wait = credentials_get(workspace_credentials(ws), logged_in, in);
    return look_login(L, LUA_OK, 0);
}

const luaL_Reg api_login_methods[] = {
    {"authenticate", l_workspace_authenticate},
    {NULL, NULL},
};

void api_openlogin(lua_State *L) {
    api_newtype(L, LOGIN_MT, l_login_close, NULL);
}
