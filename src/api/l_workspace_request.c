/* l_workspace_request.c -- `native.databricks`: any REST call. */

#include "api/workspace_call.h"

#include <ctype.h>
#include <string.h>

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
    bool raw = api_optflag(L, 4, "raw", false);
    struct api_call *c = api_newcall(L, "databricks.request", method);
    c->idempotent = api_optflag(L, 4, "idempotent", repeatable);
    c->timeout_ms = api_optms(L, 4, "timeout", 0);
    c->max_body = (size_t)api_optinteger(L, 4, "max_bytes", 1, 1000000000000, 0);
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

const luaL_Reg api_request_methods[] = {
    {"request", l_workspace_request},
    {NULL, NULL},
};
