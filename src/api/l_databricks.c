/* l_databricks.c -- `native.databricks`: connections to workspaces. Other methods of a
 * connection are in l_workspace_request.c, l_workspace_login.c, l_pipelines.c,
 * l_workspace_files.c and l_sql.c; profiles in l_profiles.c, log-ins in l_signin.c. */

#include "api/api.h"
#include "api/credential.h"
#include "api/libs.h"
#include "api/workspace_call.h"
#include "base/oserror.h"
#include "dbx/config.h"
#include "dbx/credentials.h"
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the handle ---- */

/* Push a connection that owns nothing yet. [-0, +1, m] */
static struct connection *newconnection(lua_State *L) {
    struct connection *n = lua_newuserdatauv(L, sizeof *n, 0);
    *n = (struct connection){0};
    luaL_setmetatable(L, WORKSPACE_MT);
    return n;
}

/* ws:close(), __close and __gc */
static int l_workspace_close(lua_State *L) {
    struct connection *n = luaL_checkudata(L, 1, WORKSPACE_MT);
    struct workspace *ws = n->ws;
    n->ws = NULL;
    if (ws != NULL) {
        workspace_close(ws);
        workspace_release(ws);
    }
    return 0;
}

/* Read from the options at 1 where to connect. The strings stay the table's. */
static struct config_args checkargs(lua_State *L) {
    struct config_args args = {.env = api_getenv};
    args.profile = api_optstring(L, 1, "profile");
    args.host = api_optstring(L, 1, "host");
    args.account_id = api_optstring(L, 1, "account_id");
    args.auth_type = api_optstring(L, 1, "auth_type");
    args.config_file = api_optstring(L, 1, "config_file");
    args.alone = api_optflag(L, 1, "alone", false);
    if (lua_istable(L, 1) && api_rawfield(L, 1, "credential") != LUA_TNIL) {
        args.token = api_totoken(L, -1);
        luaL_argcheck(L, args.token != NULL, 1,
                      "'credential' is not one that databricks.credential made");
    }
    lua_settop(L, 1);
    luaL_argcheck(L, args.token == NULL || args.host != NULL, 1,
                  "'credential' needs 'host'");
    luaL_argcheck(L, args.token == NULL || args.profile == NULL, 1,
                  "either 'profile', or 'host' and 'credential'");
    return args;
}

/* databricks.connect([{profile =, host =, account_id =, auth_type =, credential =, config_file =,
 * jobs =, rate =, timeout =, alone =, public_only =}]) -> workspace */
static int l_databricks_connect(lua_State *L) {
    static const char *const names[] = {
        "profile", "host", "account_id",  "auth_type", "credential", "config_file",
        "alone",   "jobs", "public_only", "rate",      "timeout",    NULL};
    lua_settop(L, 1);
    api_checkopts(L, 1, names);
    struct config_args args = checkargs(L);
    struct workspace_options options = {
        .jobs = (int)api_optinteger(L, 1, "jobs", 1, 10000, 0),
        .rate = api_optnumber(L, 1, "rate", 1e6),
        .timeout_ms = api_optms(L, 1, "timeout", 0),
        .public_only = api_optflag(L, 1, "public_only", false)};
    struct http *http = api_checkhttp(L, "databricks.connect");
    struct connection *n = newconnection(L);
    struct config config;
    struct fault fault;
    if (!config_resolve(&args, &config, &fault))
        return api_fault(L, "databricks.connect", &fault);
    n->ws = workspace_new(engine_of(L)->loop, http, &config, &options);
    if (n->ws == NULL) {
        config_free(&config);
        fault_memory(&fault, "a connection");
        return api_fault(L, "databricks.connect", &fault);
    }
    return 1;
}

/* databricks.credential{token = | token_env = | token_file =} -> credential */
static int l_databricks_credential(lua_State *L) {
    return api_credential(L);
}

/* databricks.trace(level) */
static int l_databricks_trace(lua_State *L) {
    lua_Integer level = luaL_checkinteger(L, 1);
    luaL_argcheck(L, 0 <= level && level <= 2, 1, "not a level (0 to 2)");
    http_trace(api_checkhttp(L, "databricks.trace"), (int)level);
    return 0;
}

/* databricks.record(path) */
static int l_databricks_record(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    struct http *http = api_checkhttp(L, "databricks.record");
    struct fault f;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (out == NULL) {
        oserror_set(&f, errno, path);
        if (fd >= 0)
            close(fd);
        return api_fault(L, "databricks.record", &f);
    }
    http_record(http, out);
    return 0;
}

/* ---- about the connection ---- */

/* Push the attributes that are set, secrets as "***". [-0, +1, m] */
static void pushattributes(lua_State *L, const struct config *config) {
    lua_Integer n = 0;
    lua_newtable(L);
    for (int a = 0; a < CONFIG_ATTRS; a++) {
        const struct config_value *v = &config->attr[a];
        if (v->value == NULL)
            continue;
        lua_createtable(L, 0, 3);
        api_setstring(L, "name", config_name((enum config_attr)a));
        lua_pushstring(L, config_secret((enum config_attr)a) ? "***" : v->value);
        lua_setfield(L, -2, "value");
        api_setstring(L, "source", v->source);
        lua_rawseti(L, -2, ++n);
    }
}

/* ws:info() -> { host, profile, auth_type, attributes, warehouse_id, org_id, date, date_age_ms } */
static int l_workspace_info(lua_State *L) {
    struct workspace *ws = api_holdworkspace(L, 1);
    const struct config *config = credentials_config(workspace_credentials(ws));
    lua_createtable(L, 0, 8);
    api_setstring(L, "host", config->attr[CONFIG_HOST].value);
    api_setstring(L, "profile", config->attr[CONFIG_PROFILE].value);
    api_setstring(L, "warehouse_id", config->attr[CONFIG_WAREHOUSE_ID].value);
    api_setstring(L, "auth_type", config->auth_type);
    api_setstring(L, "org_id", workspace_org_id(ws));
    int64_t age;
    const char *date = workspace_date(ws, &age);
    if (*date != '\0') {
        api_setstring(L, "date", date);
        lua_pushinteger(L, age);
        lua_setfield(L, -2, "date_age_ms");
    }
    pushattributes(L, config);
    lua_setfield(L, -2, "attributes");
    return 1;
}

/* ws:stats() -> { calls, retries, throttled, in_flight, waiting, window, bytes_in, answers,
 * answer_ms } */
static int l_workspace_stats(lua_State *L) {
    struct workspace_stats s = workspace_stats(api_checkworkspace(L, 1));
    const struct {
        const char *name;
        lua_Integer value;
    } fields[] = {
        {"calls", s.calls},         {"retries", s.retries}, {"throttled", s.throttled},
        {"in_flight", s.in_flight}, {"waiting", s.waiting}, {"window", s.window},
        {"bytes_in", s.bytes_in},   {"answers", s.answers}, {"answer_ms", s.answer_ms},
    };
    lua_createtable(L, 0, 9);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        lua_pushinteger(L, fields[i].value);
        lua_setfield(L, -2, fields[i].name);
    }
    return 1;
}

/* ---- the library ---- */

static const luaL_Reg workspace_methods[] = {
    {"info", l_workspace_info},
    {"stats", l_workspace_stats},
    {"close", l_workspace_close},
    {NULL, NULL},
};

static const luaL_Reg databricks_functions[] = {
    {"connect", l_databricks_connect},
    {"credential", l_databricks_credential},
    {"trace", l_databricks_trace},
    {"record", l_databricks_record},
    {NULL, NULL},
};

int luaopen_native_databricks(lua_State *L) {
    api_newtype(L, WORKSPACE_MT, l_workspace_close, workspace_methods);
    luaL_getmetatable(L, WORKSPACE_MT);
    lua_getfield(L, -1, "__index");
    luaL_setfuncs(L, api_request_methods, 0);
    luaL_setfuncs(L, api_login_methods, 0);
    luaL_setfuncs(L, api_pipeline_methods, 0);
    luaL_setfuncs(L, api_workspace_file_methods, 0);
    luaL_setfuncs(L, api_sql_methods, 0);
    api_opencall(L);
    api_openlogin(L);
    api_opensql(L);
    api_openprofiles(L);
    api_opensignin(L);
    luaL_newlib(L, databricks_functions);
    luaL_setfuncs(L, api_profile_functions, 0);
    luaL_setfuncs(L, api_signin_functions, 0);
    return 1;
}
