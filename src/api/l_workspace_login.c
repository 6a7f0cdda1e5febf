/* l_workspace_login.c -- `native.databricks`: logging in before the first call, and what a person
 * asks to see of it. No other function writes a secret to standard output. */

#include "api/workspace_call.h"
#include "dbx/attribute.h"
#include "sched.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOGIN_MT "tarn.workspace_login"

struct login {
    struct workspace *ws; /* held; NULL: not */
    struct credentials_wait *wait;
    struct task *waiter;
    bool done, failed;
    struct fault fault;
    void (*show)(struct workspace *ws, const char *header); /* NULL: nothing is shown */
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
    (void)extra;
    in->wait = NULL;
    if (f == NULL && in->show != NULL)
        in->show(in->ws, header);
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

/* The workspace is the only value on the stack. */
static int begin(lua_State *L, void (*show)(struct workspace *ws, const char *header)) {
    struct login *in = lua_newuserdatauv(L, sizeof *in, 0);
    *in = (struct login){.show = show};
    luaL_setmetatable(L, LOGIN_MT);
    lua_toclose(L, 2);
    struct workspace *ws = api_checkworkspace(L, 1);
    workspace_hold(ws);
    in->ws = ws;
    in->wait = credentials_get(workspace_credentials(ws), logged_in, in);
    return look_login(L, LUA_OK, 0);
}

/* ws:authenticate() */
static int l_workspace_authenticate(lua_State *L) {
    lua_settop(L, 1);
    return begin(L, NULL);
}

/* ---- what a person asks to see ---- */

static const char *token_of(const char *header) {
    static const char bearer[] = "Authorization: Bearer ";
    return header + (sizeof bearer - 1);
}

static void show_text(struct workspace *ws, const char *header) {
    (void)ws;
    printf("%s\n", token_of(header));
    fflush(stdout);
}

/* In the form in which the Databricks CLI gives a token to SDKs. */
static void show_json(struct workspace *ws, const char *header) {
    int64_t expiry = credentials_expiry(workspace_credentials(ws));
    time_t seconds = (time_t)(expiry / 1000);
    struct tm tm;
    char text[40] = "";
    if (expiry != INT64_MAX && gmtime_r(&seconds, &tm) != NULL)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    printf("{\n  \"access_token\": \"%s\",\n  \"token_type\": \"Bearer\"%s%s%s\n}\n",
           token_of(header), text[0] != '\0' ? ",\n  \"expiry\": \"" : "", text,
           text[0] != '\0' ? "\"" : "");
    fflush(stdout);
}

/* ws:show_token(format [, renew]) */
static int l_workspace_show_token(lua_State *L) {
    static const char *const formats[] = {"text", "json", NULL};
    struct workspace *ws = api_checkworkspace(L, 1);
    int format = luaL_checkoption(L, 2, "text", formats);
    if (lua_toboolean(L, 3))
        credentials_renew(workspace_credentials(ws));
    lua_settop(L, 1);
    return begin(L, format == 0 ? show_text : show_json);
}

static void show_quoted(const char *text) {
    putchar('\'');
    for (; *text != '\0'; text++)
        if (*text == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*text);
    putchar('\'');
}

/* A line for a POSIX shell. */
static void show_variable(const char *name, const char *value, bool hidden) {
    if (hidden) {
        printf("# %s is a secret, and is not shown\n", name);
        return;
    }
    printf("export %s=", name);
    show_quoted(value);
    putchar('\n');
}

/* A name that only this machine's file knows is of use to methods that ask for tokens by it. */
static bool belongs(const struct config *c, int a) {
    if (a == CONFIG_PROFILE)
        return strcmp(c->auth_type, "databricks-cli") == 0;
    return a != CONFIG_CONFIG_FILE || strcmp(c->attr[a].source, "default") != 0;
}

/* ws:show_environment([secrets]) */
static int l_workspace_show_environment(lua_State *L) {
    const struct config *c =
        credentials_config(workspace_credentials(api_checkworkspace(L, 1)));
    bool secrets = lua_toboolean(L, 2);
    for (int a = 0; a < CONFIG_ATTRS; a++) {
        const char *name = attribute_of((enum config_attr)a)->variable;
        const char *value = c->attr[a].value;
        if (name != NULL && value != NULL && belongs(c, a))
            show_variable(name, value, config_secret((enum config_attr)a) && !secrets);
    }
    fflush(stdout);
    return 0;
}

const luaL_Reg api_login_methods[] = {
    {"authenticate", l_workspace_authenticate},
    {"show_token", l_workspace_show_token},
    {"show_environment", l_workspace_show_environment},
    {NULL, NULL},
};

void api_openlogin(lua_State *L) {
    api_newtype(L, LOGIN_MT, l_login_close, NULL);
}
