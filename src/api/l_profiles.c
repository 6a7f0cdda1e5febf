/* l_profiles.c -- `native.databricks`: the profiles of the config file. */

#include "api/credential.h"
#include "api/workspace_call.h"
#include "dbx/attribute.h"
#include "dbx/config.h"
#include "dbx/host.h"
#include "dbx/profilefile.h"

#define PROFILES_MT "tarn.profiles"

static struct config_args checkfile(lua_State *L, int arg) {
    return (struct config_args){.config_file = luaL_optstring(L, arg, NULL),
                                .env = api_getenv};
}

/* ---- the list ---- */

/* __gc and __close */
static int l_profiles_close(lua_State *L) {
    config_profiles_free(luaL_checkudata(L, 1, PROFILES_MT));
    return 0;
}

static void pushprofile(lua_State *L, const struct config_profile *p) {
    lua_createtable(L, 0, 5);
    api_setstring(L, "name", p->name);
    api_setstring(L, "host", p->host);
    api_setstring(L, "auth_type", p->auth_type);
    api_setstring(L, "problem", p->problem);
    lua_pushboolean(L, p->is_default);
    lua_setfield(L, -2, "default");
}

/* databricks.profiles([config_file]) -> list of { name, host, auth_type, problem, default },
 * path, storage */
static int l_databricks_profiles(lua_State *L) {
    struct config_args args = checkfile(L, 1);
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
    lua_pushstring(L, profiles->path); /* pushes nil if HOME is not set */
    lua_pushstring(L, profiles->storage);
    return 3;
}

/* databricks.parse_host(text) -> { host, workspace_id, account_id } */
static int l_databricks_parse_host(lua_State *L) {
    struct host host;
    struct fault f;
    if (!host_parse(luaL_checkstring(L, 1), &host, &f))
        return api_fault(L, "databricks.parse_host", &f);
    lua_createtable(L, 0, 3);
    api_setstring(L, "host", host.url);
    api_setstring(L, "workspace_id", host.workspace_id);
    api_setstring(L, "account_id", host.account_id);
    return 1;
}

/* ---- changes ---- */

/* Read the values of a profile from the table at 2: keys of the config file that hold no
 * secret, each with its text, or with false to remove it. */
static size_t checkvalues(lua_State *L, struct iniedit_change *changes, size_t room) {
    size_t n = 0;
    for (int a = 0; a < CONFIG_ATTRS && n < room; a++) {
        const char *name = config_name((enum config_attr)a);
        int type = api_rawfield(L, 2, name);
        if (type == LUA_TSTRING || (type == LUA_TBOOLEAN && !lua_toboolean(L, -1)))
            changes[n++] = (struct iniedit_change){name, lua_tostring(L, -1)};
        else
            luaL_argcheck(L, type == LUA_TNIL, 2,
                          "a value is neither a string nor false");
        lua_pop(L, 1); /* the table keeps the string */
    }
    return n;
}

static void checkkeys(lua_State *L) {
    lua_pushnil(L);
    while (lua_next(L, 2) != 0) {
        int a =
            lua_type(L, -2) == LUA_TSTRING ? attribute_named(lua_tostring(L, -2)) : -1;
        luaL_argcheck(L, a >= 0 && !config_secret((enum config_attr)a), 2,
                      "a key is none of a profile, or it is that of a secret");
        lua_pop(L, 1);
    }
}

/* databricks.save_profile(name, values [, credential [, config_file]]) */
static int l_databricks_save_profile(lua_State *L) {
    struct iniedit_change changes[CONFIG_ATTRS + 1];
    const char *name = luaL_checkstring(L, 1), *token = NULL;
    struct fault f;
    luaL_checktype(L, 2, LUA_TTABLE);
    checkkeys(L);
    if (!lua_isnoneornil(L, 3)) {
        token = api_totoken(L, 3);
        luaL_argcheck(L, token != NULL, 3, "not a credential");
    }
    struct config_args args = checkfile(L, 4);
    size_t n = checkvalues(L, changes, CONFIG_ATTRS);
    if (token != NULL)
        changes[n++] = (struct iniedit_change){config_name(CONFIG_TOKEN), token};
    if (!profilefile_save(&args, name, changes, n, &f))
        return api_fault(L, "databricks.save_profile", &f);
    return 0;
}

/* databricks.choose_profile(name [, config_file]) */
static int l_databricks_choose_profile(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    struct config_args args = checkfile(L, 2);
    struct fault f;
    if (!profilefile_choose(&args, name, &f))
        return api_fault(L, "databricks.choose_profile", &f);
    return 0;
}

/* databricks.remove_profile(name [, config_file]) */
static int l_databricks_remove_profile(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    struct config_args args = checkfile(L, 2);
    struct fault f;
    if (!profilefile_remove(&args, name, &f))
        return api_fault(L, "databricks.remove_profile", &f);
    return 0;
}

const luaL_Reg api_profile_functions[] = {
    {"profiles", l_databricks_profiles},
    {"parse_host", l_databricks_parse_host},
    {"save_profile", l_databricks_save_profile},
    {"choose_profile", l_databricks_choose_profile},
    {"remove_profile", l_databricks_remove_profile},
    {NULL, NULL},
};

void api_openprofiles(lua_State *L) {
    api_newtype(L, PROFILES_MT, l_profiles_close, NULL);
}
