/* l_workspace_files.c -- `native.databricks`: the workspace's tree of notebooks and files. */

#include "api/workspace_call.h"
#include "base/json.h"

#include <string.h>

#define TREE "/api/2.0/workspace"

#define OBJECT                                                                           \
    "{path!:s,object_type:s,language:s,modified_at:n,created_at:n,size:n,object_id:n}"

static void checkpath(lua_State *L, int arg) {
    luaL_argcheck(L, luaL_checkstring(L, arg)[0] == '/', arg, "not an absolute path");
}

/* Push a table with the path at 2 and the options at `arg` that `names` lists; `names`
 * may be NULL. [-0, +1, v] */
static void pushfields(lua_State *L, int arg, const char *const names[]) {
    lua_newtable(L);
    for (; names != NULL && *names != NULL && lua_istable(L, arg); names++) {
        lua_getfield(L, arg, *names);
        lua_setfield(L, -2, *names);
    }
    lua_pushvalue(L, 2);
    lua_setfield(L, -2, "path");
}

/* Send GET for `path`, with the table on top as the query, and end with `finish`. */
static int get(lua_State *L, const char *op, const char *path, const char *shape,
               int (*finish)(lua_State *L, struct api_call *c)) {
    int fields = lua_gettop(L);
    struct api_call *c = api_newcall(L, op, "GET");
    api_call_path(L, c, path);
    api_call_query(L, c, fields);
    c->idempotent = true;
    c->shape = shape;
    return api_call_send(L, c, finish);
}

/* ws:workspace_import(path, bytes [, {format =, language =, overwrite =}]). Without
 * overwrite, a second try would fail because of what the first one made. */
static int l_workspace_workspace_import(lua_State *L) {
    static const char *const names[] = {"format", "language", "overwrite", NULL};
    api_checkworkspace(L, 1);
    checkpath(L, 2);
    luaL_checkstring(L, 3);
    lua_settop(L, 4);
    api_checkopts(L, 4, names);
    bool overwrite = api_optflag(L, 4, "overwrite", false);
    pushfields(L, 4, names);
    size_t size;
    const char *bytes = lua_tolstring(L, 3, &size);
    api_pushbase64(L, bytes, size);
    lua_setfield(L, 5, "content");
    struct api_call *c = api_newcall(L, "databricks.workspace_import", "POST");
    api_call_path(L, c, TREE "/import");
    api_call_json(L, c, 6, 5);
    c->idempotent = overwrite;
    return api_call_send(L, c, api_finish_nothing);
}

/* Push the bytes of a base64 string in the answer; false if it is none. [-0, +1, v] */
static bool pushcontent(lua_State *L, struct json content) {
    if (json_type(content) != '"')
        return false;
    if (memchr(content.text, '\\', content.size) == NULL) /* no copy without escapes */
        return api_pushunbase64(L, content.text + 1, content.size - 2);
    /* "\/" is a way to write "/" */
    char *text = lua_newuserdatauv(L, content.size, 0);
    return json_text(content, text, content.size) &&
           api_pushunbase64(L, text, strlen(text));
}

static int finish_export(lua_State *L, struct api_call *c) {
    char type[64];
    struct json root = json_root(c->answer.bytes, c->answer.size);
    if (json_type(root) != '{') {
        api_call_pushjson(L, c); /* raises what is wrong with the answer */
        return api_call_misfit(L, c, "the answer is not an object");
    }
    struct json content = json_at(root, "content");
    if (content.text == NULL)
        lua_pushliteral(L, ""); /* an empty file: the API leaves out empty fields */
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
    pushfields(L, 3, names);
    return get(L, "databricks.workspace_export", TREE "/export", NULL, finish_export);
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
    return get(L, "databricks.workspace_status", TREE "/get-status", OBJECT,
               api_finish_json);
}

/* For an empty directory the answer is {}. */
static int finish_list(lua_State *L, struct api_call *c) {
    api_call_pushjson(L, c);
    if (lua_getfield(L, -1, "objects") == LUA_TNIL)
        lua_newtable(L);
    return 1;
}

/* ws:workspace_list(path) -> list of ObjectInfo */
static int l_workspace_workspace_list(lua_State *L) {
    api_checkworkspace(L, 1);
    checkpath(L, 2);
    lua_settop(L, 2);
    pushfields(L, 3, NULL);
    return get(L, "databricks.workspace_list", TREE "/list", "{objects:[" OBJECT "]}",
               finish_list);
}

/* ws:workspace_mkdirs(path). It is no error if the directory exists, so that it may be
 * sent twice. */
static int l_workspace_workspace_mkdirs(lua_State *L) {
    api_checkworkspace(L, 1);
    checkpath(L, 2);
    lua_settop(L, 2);
    pushfields(L, 3, NULL);
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
