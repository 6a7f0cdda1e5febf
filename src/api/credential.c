/* credential.c -- tokens in boxes that Lua cannot open. */
#include "api/credential.h"

#include "api/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CREDENTIAL_MT "tarn.credential"
#define MAX_TOKEN     65536 /* bytes */

/* The token is in the userdata's own block, which no function gives to Lua. */
struct credential {
    char source[256]; /* "argument", "$NAME", "file PATH" */
    size_t size;      /* 0: none, or wiped */
    char token[];
};

/* Overwrite bytes in a way that the compiler may not leave out. */
static void wipe(void *bytes, size_t size) {
    volatile char *at = bytes;
    while (size-- > 0)
        *at++ = 0;
}

/* __gc */
static int l_credential_wipe(lua_State *L) {
    struct credential *c = luaL_checkudata(L, 1, CREDENTIAL_MT);
    wipe(c->token, c->size);
    c->size = 0;
    return 0;
}

/* tostring(credential): the source of the token */
static int l_credential_tostring(lua_State *L) {
    struct credential *c = luaL_checkudata(L, 1, CREDENTIAL_MT);
    lua_pushfstring(L, "credential (%s)", c->source);
    return 1;
}

static const luaL_Reg credential_meta[] = {
    {"__gc", l_credential_wipe},
    {"__tostring", l_credential_tostring},
    {NULL, NULL},
};

/* Push a box with room for a token of `room` bytes and the 0 after it. [-0, +1, m] */
static struct credential *newcredential(lua_State *L, size_t room, const char *kind,
                                        const char *name) {
    struct credential *c = lua_newuserdatauv(L, sizeof *c + room + 1, 0);
    c->size = 0;
    c->token[0] = '\0';
    snprintf(c->source, sizeof c->source, "%s%s", kind, name);
    api_pushtype(L, CREDENTIAL_MT, credential_meta, NULL);
    lua_setmetatable(L, -2);
    return c;
}

/* Check a token, which becomes part of a header: printable ASCII without blanks. The
 * message never quotes it. */
static const char *token_problem(const char *token, size_t size) {
    if (size == 0)
        return "is empty";
    if (size > MAX_TOKEN)
        return "is too long to be a token";
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)token[i] <= ' ' || (unsigned char)token[i] >= 0x7f)
            return "holds characters that no token has";
    return NULL;
}

static void fill(struct credential *c, const char *token, size_t size) {
    memcpy(c->token, token, size);
    c->token[size] = '\0';
    c->size = size;
}

static int from_argument(lua_State *L) {
    size_t size;
    const char *token = lua_tolstring(L, -1, &size);
    const char *problem = token_problem(token, size);
    if (problem != NULL)
        return luaL_error(L, "bad argument #1 to 'credential' ('token' %s)", problem);
    fill(newcredential(L, size, "argument", ""), token, size);
    return 1;
}

static int refuse(lua_State *L, const char *what, const char *name, const char *problem) {
    struct fault f;
    fault_set(&f, FAULT_AUTH, "%s%s %s", what, name, problem);
    return api_fault(L, "databricks.credential", &f);
}

static int from_environment(lua_State *L) {
    const char *name = lua_tostring(L, -1);
    const char *token = getenv(name);
    const char *problem =
        token == NULL ? "is not set" : token_problem(token, strlen(token));
    if (problem != NULL)
        return refuse(L, "environment variable ", name, problem);
    fill(newcredential(L, strlen(token), "$", name), token, strlen(token));
    return 1;
}

/* Read a token directly into its box, so that no other memory holds it. Blanks at the end
 * of the file do not belong to the token. */
static const char *read_token(struct credential *c, FILE *file) {
    setvbuf(file, NULL, _IONBF, 0);
    c->size = fread(c->token, 1, MAX_TOKEN, file);
    if (ferror(file))
        return strerror(errno);
    while (c->size > 0 && strchr(" \t\r\n", c->token[c->size - 1]) != NULL)
        c->token[--c->size] = '\0';
    c->token[c->size] = '\0';
    return token_problem(c->token, c->size);
}

static int from_file(lua_State *L) {
    const char *path = lua_tostring(L, -1);
    struct credential *c = newcredential(L, MAX_TOKEN, "file ", path);
    FILE *file = fopen(path, "rbe");
    const char *problem = file == NULL ? strerror(errno) : read_token(c, file);
    if (file != NULL)
        fclose(file);
    if (problem != NULL)
        return refuse(L, "token file ", path, problem);
    return 1;
}

int api_credential(lua_State *L) {
    static const char *const names[] = {"token", "token_env", "token_file", NULL};
    static int (*const makers[])(lua_State * L) = {from_argument, from_environment,
                                                   from_file};
    int which = -1;
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    api_checkopts(L, 1, names);
    for (int i = 0; names[i] != NULL; i++) {
        int type = lua_getfield(L, 1, names[i]);
        lua_pop(L, 1);
        if (type == LUA_TNIL)
            continue;
        luaL_argcheck(L, type == LUA_TSTRING && which == -1, 1,
                      "exactly one of 'token', 'token_env', 'token_file', a string");
        which = i;
    }
    if (which == -1)
        return luaL_argerror(L, 1, "no 'token', 'token_env' or 'token_file'");
    lua_getfield(L, 1, names[which]);
    return makers[which](L);
}

bool api_pushcredential(lua_State *L, const char *bytes, size_t size, const char *source,
                        const char **problem) {
    *problem = token_problem(bytes, size);
    if (*problem != NULL)
        return false;
    fill(newcredential(L, size, source, ""), bytes, size);
    return true;
}

bool api_pushjsontoken(lua_State *L, struct json value, const char *name) {
    if (json_type(value) != '"' || value.size > MAX_TOKEN)
        return false;
    struct credential *c = newcredential(L, value.size, "request ", name);
    if (json_text(value, c->token, value.size + 1)) {
        c->size = strlen(c->token);
        if (token_problem(c->token, c->size) == NULL)
            return true;
    }
    lua_pop(L, 1); /* the box is wiped when it is collected */
    return false;
}

const char *api_totoken(lua_State *L, int index) {
    struct credential *c = luaL_testudata(L, index, CREDENTIAL_MT);
    return c != NULL && c->size > 0 ? c->token : NULL;
}
