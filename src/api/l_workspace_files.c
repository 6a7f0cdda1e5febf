/* l_workspace_files.c -- `native.databricks`: the workspace's tree of notebooks and files. */

#include "api/workspace_call.h"
#include "base/base64.h"
#include "base/json.h"

#include <string.h>

#define TREE "/api/2.0/workspace"

static void checkpath(lua_State *L, int arg) {
    luaL_argcheck(L, luaL_checkstring(L, arg)[0] == '/', arg, "not an absolute path");
}

/* Copy the fields of the options at `arg` into the table on top. [-0, +0, v] */
static void copyfields(lua_State *L, int arg, const char *const names[]) {
    if (lua_isnoneornil(L, arg))
        return;
    for (; *names != NULL; names++) {
        lua_getfield(L, arg, *names);
        lua_setfield(L, -2, *names);
    }
}

/* Push base64 of the string at `arg`. [-0, +1, v] */
static void pushbase64(lua_State *L, int arg) {
    luaL_Buffer b;
    size_t size;
    const char *bytes = lua_tolstring(L, arg, &size);
    char *out = luaL_buffinitsize(L, &b, base64_encoded_size(size));
    base64_encode(bytes, size, out);
    luaL_pushresultsize(&b, base64_encoded_size(size));
}

/* ws:workspace_import(path, bytes [, {format =, language =, overwrite =}]). Without
 * overwrite a second try would meet what the first one made. */
static int l_workspace_workspace_import(lua_State *L) {
    static const char *const names[] = {"format", "language", "overwrite", NULL};
    api_checkworkspace(L, 1);
    checkpath(L, 2);
    luaL_checkstring(L, 3);
    lua_settop(L, 4);
    api_checkopts(L, 4, names);
    lua_newtable(L);
    copyfields(L, 4, names);
    bool overwrite =
        lua_getfield(L, 5, "overwrite") == LUA_TBOOLEAN && lua_toboolean(L, -1);
    lua_pop(L, 1);
    lua_pushvalue(L, 2);
    lua_setfield(L, 5, "path");
    pushbase64(L, 3);
    lua_setfield(L, 5, "content");
    struct api_call *c = api_newcall(L, "databricks.workspace_import", "POST");
    api_call_path(L, c, TREE "/import");
    api_call_json(L, c, 6, 5);
    c->idempotent = overwrite;
    return api_call_send(L, c, api_finish_nothing);
}

/* Push the bytes of a base64 string that lies in the answer; false if it is none.
 * [-0, +1, v] */
static bool pushcontent(lua_State *L, struct json content) {
    luaL_Buffer b;
    size_t size;
    if (json_type(content) != '"')
        return false;
    if (memchr(content.text, '\\', content.size) == NULL) { /* no copy without escapes */
        char *out = luaL_buffinitsize(L, &b, base64_decoded_room(content.size - 2));
        bool ok = base64_decode(content.text + 1, content.size - 2, out, &size);
        luaL_pushresultsize(&b, ok ? size : 0);
        return ok;
    }
    /* "\/" is a way to write "/" */
    char *text = lua_newuserdatauv(L, content.size, 0);
    if (!json_text(content, text, content.size))
        return false;
    char *out = luaL_buffinitsize(L, &b, base64_decoded_room(strlen(text)));
    bool ok = base64_decode(text, strlen(text), out, &size);
    luaL_pushresultsize(&b, ok ? size : 0);
    return ok;
}

static int finish_export(lua_State *L, struct api_call *c) {
    char type[64];
    struct json root = json_root(c->answer.bytes, c->answer.size);
    if (json_type(root) != '{') {
        api_call_pushjson(L, c); /* says what is wrong with it */
        return api_call_misfit(L, c, "the answer is not an object");
    }
    struct json content = json_at(root, "content");
    if (content.text == NULL)
        lua_pushliteral(L, ""); /* an empty file: fields at their default are left out */
    else if (!pushcontent(L, content))
        return api_call_misfit(L, c, "the answer's field 'content' is not base64");
    if (json_text(json_at(root, "file_type"), type, sizeof type))
        lua_pushstring(L, type);
    else
        lua_pushnil(L);
    return 2;
}

/* ws:workspace_export(path [, {format =}]) -> bytes, file_type */
static int l_workspace_workspace_export(lua_State *L) {
    static const char *const names[] = {"format", NULL};
    api_checkworkspace(L, 1);
    checkpath(L, 2);
    lua_settop(L, 3);
    api_checkopts(L, 3, names);
    lua_newtable(L);
    copyfields(L, 3, names);
    lua_pushvalue(L, 2);
    lua_setfield(L, 4, "path");
    struct api_call *c = api_newcall(L, "databricks.workspace_export", "GET");
    api_call_path(L, c, TREE "/export");
    api_call_query(L, c, 4);
    c->idempotent = true;
    return api_call_send(L, c, finish_export);
}

/* ws:workspace_status(path [, query]) -> ObjectInfo */
static int l_workspace_workspace_status(lua_State *L) {
    api_checkworkspace(L, 1);
    checkpath(L, 2);
    if (!lua_isnoneornil(L, 3))
        luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 3);
    lua_newtable(L);
    if (!lua_isnil(L, 3))
        for (lua_pushnil(L); lua_next(L, 3) != 0;) {
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_rawset(L, 4);
        }
    lua_pushvalue(L, 2);
    lua_setfield(L, 4, "path");
    struct api_call *c = api_newcall(L, "databricks.workspace_status", "GET");
    api_call_path(L, c, TREE "/get-status");
    api_call_query(L, c, 4);
    c->idempotent = true;
    return api_call_send(L, c, api_finish_json);
}

/* An empty directory is answered with {}. */
static int finish_list(lua_State *L, struct api_call *c) {
    api_call_pushjson(L, c);
    if (!lua_istable(L, -1))
        return api_call_misfit(L, c, "the answer is not an object");
    switch (lua_getfield(L, -1, "objects")) {
    case LUA_TTABLE:
        break;
    case LUA_TNIL:
        lua_newtable(L);
        break;
    default:
        return api_call_misfit(L, c, "the answer's field 'objects' is not a list");
    }
    return 1;
}

/* ws:workspace_list(path) -> list of ObjectInfo */
static int l_workspace_workspace_list(lua_State *L) {
    api_checkworkspace(L, 1);
    checkpath(L, 2);
    lua_settop(L, 2);
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, 2);
    lua_setfield(L, 3, "path");
    struct api_call *c = api_newcall(L, "databricks.workspace_list", "GET");
    api_call_path(L, c, TREE "/list");
    api_call_query(L, c, 3);
    c->idempotent = true;
    return api_call_send(L, c, finish_list);
}

/* ws:workspace_mkdirs(path): fine if it exists, so it may be sent twice. */
static int l_workspace_workspace_mkdirs(lua_State *L) {
    api_checkworkspace(L, 1);
    checkpath(L, 2);
    lua_settop(L, 2);
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, 2);
    lua_setfield(L, 3, "path");
    struct api_call *c = api_newcall(L, "databricks.workspace_mkdirs", "POST");
    api_call_path(L, c, TREE "/mkdirs");
    api_call_json(L, c, 4, 3);
    c->idempotent = true;
    return api_call_send(L, c, api_finish_nothing);
}

const luaL_Reg api_workspace_file_methods[] = {
    {"workspace_import", l_workspace_workspace_import},
    {"workspace_export", l_workspace_workspace_export},
    {"workspace_status", l_workspace_workspace_status},
    {"workspace_list", l_workspace_workspace_list},
    {"workspace_mkdirs", l_workspace_workspace_mkdirs},
    {NULL, NULL},
};
