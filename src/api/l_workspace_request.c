/* l_workspace_request.c -- `native.databricks`: any REST call. */

#include "api/headers.h"
#include "api/workspace_call.h"

#include <string.h>

/* Check a path, which becomes part of the request line: it may hold nothing that would
 * end the line, or that curl would cut off. */
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

/* Set the body, an option of the table at `arg`, of the call at `box`. [-0, +0, v] */
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

static void pushresponse(lua_State *L, struct api_call *c) {
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, c->status);
    lua_setfield(L, -2, "status");
    lua_pushinteger(L, c->tries);
    lua_setfield(L, -2, "tries");
    api_pushheaders(L, &c->answer_headers);
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
 * max_bytes =, nulls =, shape =}]) -> body, { status, headers, tries } */
static int l_workspace_request(lua_State *L) {
    static const char *const names[] = {"query", "body",    "headers",   "idempotent",
                                        "raw",   "timeout", "max_bytes", "nulls",
                                        "shape", NULL};
    api_checkworkspace(L, 1);
    const char *method = checkmethod(L, 2);
    const char *path = checkpath(L, 3);
    lua_settop(L, 4);
    api_checkopts(L, 4, names);
    bool repeatable = strcmp(method, "POST") != 0 && strcmp(method, "PATCH") != 0;
    bool raw = api_optflag(L, 4, "raw", false);
    struct api_call *c = api_newcall(L, "databricks.request", method);
    c->idempotent = api_optflag(L, 4, "idempotent", repeatable);
    c->timeout_ms = api_optms(L, 4, "timeout", 0);
    c->max_body = (size_t)api_optinteger(L, 4, "max_bytes", 1, 1000000000000, 0);
    c->keep_headers = true;
    c->nulls = api_optflag(L, 4, "nulls", false);
    api_call_path(L, c, path);
    if (lua_istable(L, 4)) {
        if (api_rawfield(L, 4, "shape") == LUA_TSTRING)
            c->shape = lua_tostring(L, -1);
        lua_setiuservalue(L, 5, 3);
        api_rawfield(L, 4, "query"); /* ws, method, path, opts, call, query */
        if (!lua_isnil(L, 6) && !lua_istable(L, 6))
            return luaL_argerror(L, 4, "'query' is not a table");
        api_call_query(L, c, 6);
    }
    setbody(L, c, 5, 4);
    c->headers = api_pushheaderlines(L, 4, "Authorization");
    lua_pushvalue(L, 5);
    return api_call_send(L, c, raw ? finish_raw : finish_request);
}

const luaL_Reg api_request_methods[] = {
    {"request", l_workspace_request},
    {NULL, NULL},
};
