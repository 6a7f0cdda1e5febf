/* l_signin.c -- `native.databricks`: log-ins of people, with a browser. */

#include "api/workspace_call.h"
#include "dbx/config.h"
#include "dbx/host.h"
#include "dbx/profilefile.h"
#include "dbx/signin.h"
#include "dbx/signout.h"
#include "engine.h"
#include "sched.h"

#define SIGNIN_MT  "tarn.signin"
#define SIGNOUT_MT "tarn.signout"

struct signin_box {
    struct signin *signin; /* NULL: closed */
    struct signout *signout;
    struct task *waiter;
};

static void on_changed(void *ud) {
    struct signin_box *box = ud;
    if (box->waiter != NULL)
        sched_wake(box->waiter);
}

static struct signin_box *newbox(lua_State *L, const char *type) {
    struct signin_box *box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = (struct signin_box){0};
    luaL_setmetatable(L, type);
    return box;
}

/* ---- log in ---- */

/* signin:close(), __close and __gc */
static int l_signin_close(lua_State *L) {
    struct signin_box *box = luaL_checkudata(L, 1, SIGNIN_MT);
    struct signin *s = box->signin;
    box->signin = NULL;
    signin_free(s);
    return 0;
}

static struct signin_box *checkopen(lua_State *L) {
    struct signin_box *box = luaL_checkudata(L, 1, SIGNIN_MT);
    luaL_argcheck(L, box->signin != NULL, 1, "the log-in is closed");
    return box;
}

static int look_address(lua_State *L, int status, lua_KContext ctx) {
    struct signin_box *box = checkopen(L);
    const struct fault *f;
    (void)status;
    (void)ctx;
    bool over = signin_over(box->signin, &f);
    if (over && f != NULL)
        return api_fault(L, "databricks.sign_in", f);
    if (!over && signin_address(box->signin) == NULL)
        return api_wait(L, "databricks.sign_in", SCHED_NEVER, &box->waiter, 0,
                        look_address);
    lua_pushstring(L, signin_address(box->signin));
    return 1;
}

/* signin:address() -> url */
static int l_signin_address(lua_State *L) {
    lua_settop(L, 1);
    return look_address(L, LUA_OK, 0);
}

static int look_over(lua_State *L, int status, lua_KContext ctx) {
    struct signin_box *box = checkopen(L);
    const struct fault *f;
    (void)status;
    (void)ctx;
    if (!signin_over(box->signin, &f))
        return api_wait(L, "databricks.sign_in", SCHED_NEVER, &box->waiter, 0, look_over);
    if (f != NULL)
        return api_fault(L, "databricks.sign_in", f);
    lua_createtable(L, 0, 1);
    api_setstring(L, "account_id", signin_account(box->signin));
    return 1;
}

/* signin:wait() -> { account_id } */
static int l_signin_wait(lua_State *L) {
    lua_settop(L, 1);
    return look_over(L, LUA_OK, 0);
}

/* databricks.sign_in{host =, account_id =, discovery_url =, profile =, scopes =, port =, wait =,
 * practice =, skip_verify =} -> signin */
static int l_databricks_sign_in(lua_State *L) {
    static const char *const names[] = {
        "host", "account_id", "discovery_url", "profile",     "scopes",
        "port", "wait",       "practice",      "skip_verify", NULL};
    struct host host;
    struct fault f;
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    api_checkopts(L, 1, names);
    const char *text = api_optstring(L, 1, "host");
    luaL_argcheck(L, text != NULL, 1, "no 'host'");
    struct signin_options o = {.account_id = api_optstring(L, 1, "account_id"),
                               .discovery_url = api_optstring(L, 1, "discovery_url"),
                               .scopes = api_optstring(L, 1, "scopes"),
                               .profile = api_optstring(L, 1, "profile"),
                               .port = (int)api_optinteger(L, 1, "port", 1, 65535, 0),
                               .wait_ms = api_optms(L, 1, "wait", 0),
                               .practice = api_optflag(L, 1, "practice", false),
                               .insecure = api_optflag(L, 1, "skip_verify", false)};
    struct http *http = api_checkhttp(L, "databricks.sign_in");
    struct signin_box *box = newbox(L, SIGNIN_MT);
    if (!host_parse(text, &host, &f) ||
        (o.profile != NULL && !profilefile_check_name(o.profile, &f)))
        return api_fault(L, "databricks.sign_in", &f);
    o.host = host.url;
    if (o.account_id == NULL && host.account_id[0] != '\0')
        o.account_id = host.account_id;
    box->signin = signin_new(engine_of(L)->loop, http, &o, on_changed, box, &f);
    if (box->signin == NULL)
        return api_fault(L, "databricks.sign_in", &f);
    return 1;
}

/* ---- log out ---- */

/* __gc and __close */
static int l_signout_close(lua_State *L) {
    struct signin_box *box = luaL_checkudata(L, 1, SIGNOUT_MT);
    struct signout *s = box->signout;
    box->signout = NULL;
    signout_free(s);
    return 0;
}

/* options, box */
static int look_out(lua_State *L, int status, lua_KContext ctx) {
    struct signin_box *box = lua_touserdata(L, 2);
    const struct signout_outcome *o = signout_outcome(box->signout);
    (void)status;
    (void)ctx;
    if (!o->over)
        return api_wait(L, "databricks.sign_out", SCHED_NEVER, &box->waiter, 0, look_out);
    if (o->failed)
        return api_fault(L, "databricks.sign_out", &o->fault);
    lua_createtable(L, 0, 3);
    lua_pushboolean(L, o->found);
    lua_setfield(L, -2, "found");
    lua_pushboolean(L, o->revoked);
    lua_setfield(L, -2, "revoked");
    api_setstring(L, "why", o->why);
    return 1;
}

/* databricks.sign_out{profile =, config_file =} -> { found, revoked, why } */
static int l_databricks_sign_out(lua_State *L) {
    static const char *const names[] = {"profile", "config_file", NULL};
    struct config config;
    struct fault f;
    lua_settop(L, 1);
    api_checkopts(L, 1, names);
    const struct config_args args = {.profile = api_optstring(L, 1, "profile"),
                                     .config_file = api_optstring(L, 1, "config_file"),
                                     .env = api_getenv};
    struct http *http = api_checkhttp(L, "databricks.sign_out");
    struct signin_box *box = newbox(L, SIGNOUT_MT);
    lua_toclose(L, 2);
    if (!config_resolve(&args, &config, &f))
        return api_fault(L, "databricks.sign_out", &f);
    box->signout = signout_new(engine_of(L)->loop, http, &config, on_changed, box);
    if (box->signout == NULL) {
        config_free(&config);
        fault_memory(&f, "a log-out");
        return api_fault(L, "databricks.sign_out", &f);
    }
    return look_out(L, LUA_OK, 0);
}

static const luaL_Reg signin_methods[] = {
    {"address", l_signin_address},
    {"wait", l_signin_wait},
    {"close", l_signin_close},
    {NULL, NULL},
};

const luaL_Reg api_signin_functions[] = {
    {"sign_in", l_databricks_sign_in},
    {"sign_out", l_databricks_sign_out},
    {NULL, NULL},
};

void api_opensignin(lua_State *L) {
    api_newtype(L, SIGNIN_MT, l_signin_close, signin_methods);
    api_newtype(L, SIGNOUT_MT, l_signout_close, NULL);
}
