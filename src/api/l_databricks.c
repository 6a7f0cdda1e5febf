/* l_databricks.c -- `native.databricks`: connections to workspaces, and any REST call. What
 * has methods of its own is in l_pipelines.c, l_workspace_files.c and l_sql.c. */

#include "api/api.h"
#include "api/credential.h"
#include "api/libs.h"
#include "api/workspace_call.h"
#include "base/fault.h"
#include "dbx/config.h"
#include "dbx/credentials.h"
#include "engine.h"
#include "sched.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOGIN_MT    "tarn.workspace_login"
#define PROFILES_MT "tarn.profiles"

/* ---- options ---- */

/* A number option from over 0 to `most`; 0 if it is not there. [-0, +0, v] */
static lua_Number optnumber(lua_State *L, int arg, const char *name, lua_Number most,
                            bool whole) {
    lua_Number n = 0;
    if (!lua_istable(L, arg))
        return 0;
    int type = api_rawfield(L, arg, name);
    if (type != LUA_TNIL) {
        n = lua_tonumber(L, -1);
        if (type != LUA_TNUMBER || !(0 < n && n <= most) ||
            (whole && !lua_isinteger(L, -1)))
            luaL_argerror(L, arg, lua_pushfstring(L, "'%s' is out of range", name));
    }
    lua_pop(L, 1);
    return n;
}

static bool optflag(lua_State *L, int arg, const char *name, bool otherwise) {
    bool yes = otherwise;
    if (!lua_istable(L, arg))
        return otherwise;
    int type = api_rawfield(L, arg, name);
    if (type == LUA_TBOOLEAN)
        yes = lua_toboolean(L, -1);
    else if (type != LUA_TNIL)
        luaL_argerror(L, arg, lua_pushfstring(L, "'%s' is not a boolean", name));
    lua_pop(L, 1);
    return yes;
}

static struct http *checkhttp(lua_State *L, const char *op) {
    struct http *http = engine_http(engine_of(L));
    struct fault f;
    if (http == NULL) {
        fault_set(&f, FAULT_IO, "out of memory");
        api_fault(L, op, &f);
    }
    return http;
}

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

static const char *from_environment(void *ud, const char *name) {
    (void)ud;
    return getenv(name);
}

/* What the options at 1 say about where to connect; the strings stay the table's. */
static struct config_args checkargs(lua_State *L) {
    struct config_args args = {.env = from_environment};
    args.profile = api_optstring(L, 1, "profile");
    args.host = api_optstring(L, 1, "host");
    args.config_file = api_optstring(L, 1, "config_file");
    args.alone = optflag(L, 1, "alone", false);
    if (lua_istable(L, 1) && api_rawfield(L, 1, "credential") != LUA_TNIL) {
        args.token = api_totoken(L, -1);
        luaL_argcheck(L, args.token != NULL, 1,
                      "'credential' is not one that databricks.credential made");
    }
    lua_settop(L, 1);
    luaL_argcheck(L, (args.host == NULL) == (args.token == NULL), 1,
                  "'host' and 'credential' go together");
    luaL_argcheck(L, args.host == NULL || args.profile == NULL, 1,
                  "either 'profile', or 'host' and 'credential'");
    return args;
}

/* databricks.connect([{profile =, host =, credential =, config_file =, jobs =, rate =,
 * timeout =, alone =, public_only =}]) -> workspace */
static int l_databricks_connect(lua_State *L) {
    static const char *const names[] = {"profile", "host", "credential",  "config_file",
                                        "alone",   "jobs", "public_only", "rate",
                                        "timeout", NULL};
    lua_settop(L, 1);
    api_checkopts(L, 1, names);
    struct config_args args = checkargs(L);
    struct workspace_options options = {.jobs = (int)optnumber(L, 1, "jobs", 10000, true),
                                        .rate = optnumber(L, 1, "rate", 1e6, false),
                                        .timeout_ms = api_optms(L, 1, "timeout"),
                                        .public_only =
                                            optflag(L, 1, "public_only", false)};
    struct http *http = checkhttp(L, "databricks.connect");
    struct connection *n = newconnection(L);
    struct config config;
    struct fault fault;
    if (!config_resolve(&args, &config, &fault))
        return api_fault(L, "databricks.connect", &fault);
    n->ws = workspace_new(engine_of(L)->loop, http, &config, &options);
    if (n->ws == NULL) {
        config_free(&config);
        fault_set(&fault, FAULT_IO, "out of memory");
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
    http_trace(checkhttp(L, "databricks.trace"), (int)level);
    return 0;
}

/* databricks.record(path) */
static int l_databricks_record(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    struct http *http = checkhttp(L, "databricks.record");
    struct fault f;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (out == NULL) {
        fault_set(&f, FAULT_IO, "%s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return api_fault(L, "databricks.record", &f);
    }
    http_record(http, out);
    return 0;
}

/* ---- any call ---- */

/* It becomes a request line: nothing that could end it, or that curl would cut off. */
static const char *checkpath(lua_State *L, int arg) {
    size_t size;
    const char *path = luaL_checklstring(L, arg, &size);
    luaL_argcheck(L, path[0] == '/', arg, "a path begins with '/'");
    for (size_t i = 0; i < size; i++)
        luaL_argcheck(L,
                      (unsigned char)path[i] > ' ' && path[i] != 0x7f && path[i] != '#',
                      arg, "a path holds no blanks, control characters or '#'");
    return path;
}

static const char *checkmethod(lua_State *L, int arg) {
    static const char *const methods[] = {"GET",   "HEAD",   "POST", "PUT",
                                          "PATCH", "DELETE", NULL};
    return methods[luaL_checkoption(L, arg, NULL, methods)];
}

static bool same_word(const char *a, const char *b) {
    while (*a != '\0' && tolower((unsigned char)*a) == tolower((unsigned char)*b))
        a++, b++;
    return *a == *b;
}

static void checkheader(lua_State *L, int arg, const char *name, const char *value) {
    if (name[0] == '\0' || strpbrk(name, "\r\n: ") != NULL ||
        strpbrk(value, "\r\n") != NULL)
        luaL_argerror(L, arg, lua_pushfstring(L, "not a header: '%s'", name));
    luaL_argcheck(L, !same_word(name, "Authorization"), arg,
                  "the header Authorization is the connection's");
}

/* Push the headers of the options at `arg` as a NULL-terminated list, with their texts anchored
 * in a table below it; NULL if there are none. [-0, +2, v] */
static const char *const *pushheaders(lua_State *L, int arg) {
    lua_Integer count = 0;
    if (!lua_istable(L, arg) || api_rawfield(L, arg, "headers") == LUA_TNIL)
        return NULL;
    int from = lua_gettop(L);
    if (!lua_istable(L, from))
        luaL_argerror(L, arg, "'headers' is not a table");
    lua_newtable(L); /* headers, anchor */
    for (lua_pushnil(L); lua_next(L, from); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
            luaL_argerror(L, arg, "'headers' are strings by name");
        checkheader(L, arg, lua_tostring(L, -2), lua_tostring(L, -1));
        lua_pushfstring(L, "%s: %s", lua_tostring(L, -2), lua_tostring(L, -1));
        lua_rawseti(L, from + 1, ++count);
    }
    const char **list = lua_newuserdatauv(L, ((size_t)count + 1) * sizeof *list, 0);
    for (lua_Integer i = 0; i < count; i++) {
        lua_rawgeti(L, from + 1, i + 1);
        list[i] = lua_tostring(L, -1);
        lua_pop(L, 1);
    }
    list[count] = NULL;
    return list;
}

/* The body of the options at `arg` for the call at `box`. [-0, +0, v] */
static void setbody(lua_State *L, struct api_call *c, int box, int arg) {
    if (!lua_istable(L, arg))
        return;
    int type = api_rawfield(L, arg, "body");
    if (type == LUA_TSTRING) {
        api_call_text(L, c, box);
        return;
    }
    if (type != LUA_TNIL)
        api_call_json(L, c, box, lua_gettop(L));
    lua_pop(L, 1);
}

/* name: value -> in the table on top; a repeated name joins its values. [-0, +0, m] */
static void addheader(lua_State *L, const char *line, size_t size) {
    const char *colon = memchr(line, ':', size);
    luaL_Buffer b;
    if (colon == NULL)
        return;
    size_t name_size = (size_t)(colon - line), from = name_size + 1;
    while (from < size && (line[from] == ' ' || line[from] == '\t'))
        from++;
    char *name = luaL_buffinitsize(L, &b, name_size);
    for (size_t i = 0; i < name_size; i++)
        name[i] = (char)tolower((unsigned char)line[i]);
    luaL_pushresultsize(&b, name_size); /* headers, name */
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) == LUA_TSTRING) {
        lua_pushliteral(L, ", ");
        lua_pushlstring(L, line + from, size - from);
        lua_concat(L, 3);
    } else {
        lua_pop(L, 1);
        lua_pushlstring(L, line + from, size - from);
    }
    lua_rawset(L, -3);
}

static void pushheadertable(lua_State *L, const struct buf *lines) {
    lua_newtable(L);
    for (size_t at = 0; at < lines->size;) {
        const char *line = lines->bytes + at;
        const char *newline = memchr(line, '\n', lines->size - at);
        size_t size = newline != NULL ? (size_t)(newline - line) : lines->size - at;
        at += size + 1;
        while (size > 0 && strchr("\r \t", line[size - 1]) != NULL && line[size - 1] != 0)
            size--;
        addheader(L, line, size);
    }
}

static void pushresponse(lua_State *L, struct api_call *c) {
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, c->status);
    lua_setfield(L, -2, "status");
    lua_pushinteger(L, c->tries);
    lua_setfield(L, -2, "tries");
    pushheadertable(L, &c->answer_headers);
    lua_setfield(L, -2, "headers");
}

static int finish_request(lua_State *L, struct api_call *c) {
    api_call_pushjson(L, c);
    pushresponse(L, c);
    return 2;
}

static int finish_raw(lua_State *L, struct api_call *c) {
    lua_pushlstring(L, c->answer.size > 0 ? c->answer.bytes : "", c->answer.size);
    pushresponse(L, c);
    return 2;
}

/* ws:request(method, path [, {query =, body =, headers =, idempotent =, raw =, timeout =,
 * max_bytes =}]) -> body, { status, headers, tries } */
static int l_workspace_request(lua_State *L) {
    static const char *const names[] = {"query", "body",    "headers",   "idempotent",
                                        "raw",   "timeout", "max_bytes", NULL};
    api_checkworkspace(L, 1);
    const char *method = checkmethod(L, 2);
    const char *path = checkpath(L, 3);
    lua_settop(L, 4);
    api_checkopts(L, 4, names);
    bool repeatable = strcmp(method, "POST") != 0 && strcmp(method, "PATCH") != 0;
    bool raw = optflag(L, 4, "raw", false);
    struct api_call *c = api_newcall(L, "databricks.request", method);
    c->idempotent = optflag(L, 4, "idempotent", repeatable);
    c->timeout_ms = api_optms(L, 4, "timeout");
    c->max_body = (size_t)optnumber(L, 4, "max_bytes", 1e12, true);
    c->keep_headers = true;
    api_call_path(L, c, path);
    if (lua_istable(L, 4)) {
        api_rawfield(L, 4, "query"); /* ws, method, path, opts, call, query */
        if (!lua_isnil(L, 6) && !lua_istable(L, 6))
            return luaL_argerror(L, 4, "'query' is not a table");
        api_call_query(L, c, 6);
    }
    setbody(L, c, 5, 4);
    c->headers = pushheaders(L, 4);
    lua_pushvalue(L, 5);
    return api_call_send(L, c, raw ? finish_raw : finish_request);
}

/* ---- about the connection ---- */

static void setstring(lua_State *L, const char *name, const char *value) {
    if (value == NULL || value[0] == '\0')
        return;
    lua_pushstring(L, value);
    lua_setfield(L, -2, name);
}

/* [-0, +1, m] */
static void pushattributes(lua_State *L, const struct config *config) {
    lua_Integer n = 0;
    lua_newtable(L);
    for (int a = 0; a < CONFIG_ATTRS; a++) {
        const struct config_value *v = &config->attr[a];
        if (v->value == NULL)
            continue;
        lua_createtable(L, 0, 3);
        setstring(L, "name", config_name((enum config_attr)a));
        lua_pushstring(L, config_secret((enum config_attr)a) ? "***" : v->value);
        lua_setfield(L, -2, "value");
        setstring(L, "source", v->source);
        lua_rawseti(L, -2, ++n);
    }
}

/* ws:info() -> { host, profile, auth_type, attributes, warehouse_id, org_id } */
static int l_workspace_info(lua_State *L) {
    struct workspace *ws = api_checkworkspace(L, 1);
    const struct config *config = credentials_config(workspace_credentials(ws));
    lua_createtable(L, 0, 6);
    setstring(L, "host", config->attr[CONFIG_HOST].value);
    setstring(L, "profile", config->attr[CONFIG_PROFILE].value);
    setstring(L, "warehouse_id", config->attr[CONFIG_WAREHOUSE_ID].value);
    setstring(L, "auth_type", config->auth_type);
    setstring(L, "org_id", workspace_org_id(ws));
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

/* ---- logging in ---- */

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
    struct workspace *ws = api_checkworkspace(L, 1);
    lua_settop(L, 1);
    struct login *in = lua_newuserdatauv(L, sizeof *in, 0);
    *in = (struct login){0};
    luaL_setmetatable(L, LOGIN_MT);
    lua_toclose(L, 2);
    workspace_hold(ws);
    in->ws = ws;
    in->wait = credentials_get(workspace_credentials(ws), logged_in, in);
    return look_login(L, LUA_OK, 0);
}

/* ---- profiles ---- */

/* __gc and __close */
static int l_profiles_close(lua_State *L) {
    config_profiles_free(luaL_checkudata(L, 1, PROFILES_MT));
    return 0;
}

static void pushprofile(lua_State *L, const struct config_profile *p) {
    lua_createtable(L, 0, 5);
    setstring(L, "name", p->name);
    setstring(L, "host", p->host);
    setstring(L, "auth_type", p->auth_type);
    setstring(L, "problem", p->problem);
    lua_pushboolean(L, p->is_default);
    lua_setfield(L, -2, "default");
}

/* databricks.profiles([config_file]) -> list of { name, host, auth_type, problem, default },
 * path */
static int l_databricks_profiles(lua_State *L) {
    struct config_args args = {.config_file = luaL_optstring(L, 1, NULL),
                               .env = from_environment};
    struct fault fault;
    struct config_profiles *profiles = lua_newuserdatauv(L, sizeof *profiles, 0);
    *profiles = (struct config_profiles){0};
    luaL_setmetatable(L, PROFILES_MT);
    lua_toclose(L, -1);
    if (!config_profiles(&args, profiles, &fault))
        return api_fault(L, "databricks.profiles", &fault);
    lua_createtable(L, (int)profiles->count, 0);
    for (size_t i = 0; i < profiles->count; i++) {
        pushprofile(L, &profiles->list[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_pushstring(L, profiles->path); /* nil without a HOME */
    return 2;
}

/* ---- the library ---- */

static const luaL_Reg workspace_methods[] = {
    {"request", l_workspace_request}, {"authenticate", l_workspace_authenticate},
    {"info", l_workspace_info},       {"stats", l_workspace_stats},
    {"close", l_workspace_close},     {NULL, NULL},
};

static const luaL_Reg workspace_meta[] = {
    {"__gc", l_workspace_close},
    {"__close", l_workspace_close},
    {"__index", NULL}, /* placeholder: the table of methods */
    {NULL, NULL},
};

static const luaL_Reg login_meta[] = {
    {"__gc", l_login_close},
    {"__close", l_login_close},
    {NULL, NULL},
};

static const luaL_Reg profiles_meta[] = {
    {"__gc", l_profiles_close},
    {"__close", l_profiles_close},
    {NULL, NULL},
};

static const luaL_Reg databricks_functions[] = {
    {"connect", l_databricks_connect},   {"credential", l_databricks_credential},
    {"profiles", l_databricks_profiles}, {"trace", l_databricks_trace},
    {"record", l_databricks_record},     {NULL, NULL},
};

int luaopen_native_databricks(lua_State *L) {
    luaL_newmetatable(L, WORKSPACE_MT);
    luaL_setfuncs(L, workspace_meta, 0);
    luaL_newlib(L, workspace_methods);
    luaL_setfuncs(L, api_pipeline_methods, 0);
    luaL_setfuncs(L, api_workspace_file_methods, 0);
    luaL_setfuncs(L, api_sql_methods, 0);
    lua_setfield(L, -2, "__index");
    luaL_newmetatable(L, LOGIN_MT);
    luaL_setfuncs(L, login_meta, 0);
    luaL_newmetatable(L, PROFILES_MT);
    luaL_setfuncs(L, profiles_meta, 0);
    api_opensql(L);
    luaL_newlib(L, databricks_functions);
    return 1;
}
