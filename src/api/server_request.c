/* server_request.c -- requests as handlers see them. */

#include "api/credential.h"
#include "api/headers.h"
#include "api/server.h"
#include "net/strip.h"

#include <lauxlib.h>
#include <string.h>

/* Push the header as a table. [-0, +1, m] */
static void pushheaders(lua_State *L, const struct server_request *r, bool hide) {
    lua_createtable(L, 0, (int)r->field_count);
    for (size_t i = 0; i < r->field_count; i++) {
        const struct server_field *f = &r->fields[i];
        if (!hide || !accesstoken_hides(f->name, f->name_size))
            api_addheader(L, f->name, f->name_size, f->value, f->value_size);
    }
}

/* Put the secrets of the body into boxes, and remove them from the body; the request is
 * on top. A body that is no JSON may hold secrets anywhere, and is not shown. Its depth is
 * checked first, because that takes the least time. [-0, +0, m] */
static void takesecrets(lua_State *L, const struct server_box *s,
                        const struct server_request *r) {
    struct json root = {NULL, 0};
    if (!strip_is_deeper(r->body, r->body_size, s->max_depth))
        root = json_root(r->body, r->body_size);
    if (root.text == NULL) {
        lua_pushliteral(L, "");
        lua_setfield(L, -2, "body");
        lua_pushboolean(L, r->body_size > 0);
        lua_setfield(L, -2, "malformed");
        return;
    }
    lua_newtable(L);
    for (int i = 0; s->secrets[i] != NULL; i++)
        if (api_pushjsontoken(L, strip_find(root, s->secrets[i]), s->secrets[i]))
            lua_setfield(L, -2, s->secrets[i]);
    lua_setfield(L, -2, "secrets");
    strip_members(r->body, root, s->secrets);
    lua_pushlstring(L, r->body, r->body_size);
    lua_setfield(L, -2, "body");
}

/* Set how the client shows that it may call. [-0, +0, m] */
static void setaccess(lua_State *L, enum accesstoken_shown shown) {
    static const char *const words[] = {[ACCESSTOKEN_NONE] = "none",
                                        [ACCESSTOKEN_WRONG] = "wrong",
                                        [ACCESSTOKEN_LINK] = "link",
                                        [ACCESSTOKEN_COOKIE] = "cookie",
                                        [ACCESSTOKEN_BEARER] = "bearer"};
    lua_pushstring(L, words[shown]);
    lua_setfield(L, -2, "access");
}

void server_pushrequest(lua_State *L, const struct server_box *s,
                        const struct server_request *r) {
    bool guarded = s->token != NULL;
    bool known = !guarded || accesstoken_opens(r->access);
    lua_createtable(L, 0, 12); /* with room for fields that a handler adds */
    if (guarded)
        setaccess(L, r->access);
    lua_pushstring(L, r->method);
    lua_setfield(L, -2, "method");
    lua_pushstring(L, r->path);
    lua_setfield(L, -2, "path");
    pushheaders(L, r, guarded);
    lua_setfield(L, -2, "headers");
    lua_pushstring(L, r->remote);
    lua_setfield(L, -2, "remote");
    if (guarded)
        strip_query(r->query, "token");
    for (int i = 0; s->secrets[i] != NULL; i++)
        strip_query(r->query, s->secrets[i]);
    lua_pushstring(L, r->query);
    lua_setfield(L, -2, "query");
    lua_pushlstring(L, r->body, s->secrets[0] == NULL && known ? r->body_size : 0);
    lua_setfield(L, -2, "body");
    if (known && s->secrets[0] != NULL)
        takesecrets(L, s, r);
}
