/* workspace_call.h -- what the files of native.databricks share: the handle of a
 * workspace, and a call on it, from its arguments to its results.
 *
 * A binding checks its arguments, makes a call (the box), fills in path, query and body,
 * and ends with `return api_call_send(L, c, finish)`, which waits. Then `finish` pushes
 * the results. */

#ifndef TARN_WORKSPACE_CALL_H
#define TARN_WORKSPACE_CALL_H

#include "api/api.h"
#include "base/buf.h"
#include "dbx/workspace.h"

#define WORKSPACE_MT "tarn.workspace"

struct connection {
    struct workspace *ws; /* NULL: closed */
};

/* The open workspace at `arg`. It stays open until Lua makes the next value: then a finalizer
 * may close it. [-0, +0, v] */
struct workspace *api_checkworkspace(lua_State *L, int arg);

/* The same. Push a box that holds it until the function returns. [-0, +1, v] */
struct workspace *api_holdworkspace(lua_State *L, int arg);

/* Replace the scalar on top of the stack by its text: a string, a boolean as a word, a
 * number exactly. False, with nothing changed, for any other value. [-0, +0, m] */
bool api_totext(lua_State *L);

/* Methods of the handle, a list for each file, ended by NULL. */
extern const luaL_Reg api_request_methods[];
extern const luaL_Reg api_login_methods[];
extern const luaL_Reg api_pipeline_methods[];
extern const luaL_Reg api_workspace_file_methods[];
extern const luaL_Reg api_sql_methods[];

/* Functions of native.databricks, likewise. */
extern const luaL_Reg api_profile_functions[];
extern const luaL_Reg api_signin_functions[];

/* The shared client; raises a fault of `op` if there is no memory for it. [-0, +0, v] */
struct http *api_checkhttp(lua_State *L, const char *op);

/* A variable of the environment, as config_getenv. */
const char *api_getenv(void *ud, const char *name);

/* Set a field of the table on top, unless the value is NULL or "". [-0, +0, m] */
void api_setstring(lua_State *L, const char *name, const char *value);

/* Make the metatables of native.databricks' other types. [-0, +0, m] */
void api_openprofiles(lua_State *L);
void api_opensignin(lua_State *L);
void api_opencall(lua_State *L);
void api_openlogin(lua_State *L);
void api_opensql(lua_State *L);

struct api_call {
    const char *op; /* a literal */
    struct workspace_call *pending;
    struct task *waiter;
    int (*finish)(lua_State *L, struct api_call *c);

    /* the request; all but `path` may be left zero */
    const char *method; /* a literal, or anchored until api_call_send */
    struct buf path;
    const char *body; /* anchored as the call's second user value */
    size_t body_size;
    const char *const *headers;
    bool idempotent;
    bool has_effect;   /* it is in doubt after an answer that cannot be read */
    bool removes;      /* a 404 after an ambiguous try means success */
    bool keep_headers; /* keep the answer's headers */
    bool nulls;        /* keep all nulls of the answer */
    const char *spec;  /* a literal: the field of the answer that is a spec, or NULL */
    const char
        *shape; /* of the answer, see shape.h; or NULL. A literal, or anchored as the
                          call's third user value */
    int timeout_ms;
    size_t max_body;

    /* the answer */
    bool done, failed;
    struct fault fault;
    int status, tries;
    struct buf answer_headers, answer;
};

/* Push a call on the workspace at index 1 that owns nothing yet. [-0, +1, v] */
struct api_call *api_newcall(lua_State *L, const char *op, const char *method);

/* Append to the path: a text as it is; the string at `arg`, encoded, as one segment
 * (not empty, not only dots); the table at `arg` as a query with sorted names, or
 * nothing for nil. [-0, +0, v] */
void api_call_path(lua_State *L, struct api_call *c, const char *text);
void api_call_segment(lua_State *L, struct api_call *c, int arg);
void api_call_query(lua_State *L, struct api_call *c, int arg);

/* The string at `arg`, which raises if api_call_segment would not take it. [-0, +0, v] */
const char *api_checksegment(lua_State *L, int arg);

/* Set the body of the call at `box`: pop a string, which is sent as it is, or encode the
 * value at `index`. [-1, +0, v] and [-0, +0, v] */
void api_call_text(lua_State *L, struct api_call *c, int box);
void api_call_json(lua_State *L, struct api_call *c, int box, int index);

/* Send the call on top of the stack, wait for its answer, and return what `finish`
 * returns. In `finish` the call is at index 1, and nothing else is on the stack.
 * Raises the call's fault. */
int api_call_send(lua_State *L, struct api_call *c,
                  int (*finish)(lua_State *L, struct api_call *c));

/* Push the decoded answer, {} if it is empty, and free its text. A field or an element
 * that is null is left out, in any answer, so that nothing above has to tell null from
 * absent. A spec, which will be copied, and what `nulls` asks for are exact. Raises a fault
 * of kind parse for an answer that has not its shape. [-0, +1, v] */
void api_call_pushjson(lua_State *L, struct api_call *c);

/* Two functions for `finish`: return the decoded answer, or nothing. */
int api_finish_json(lua_State *L, struct api_call *c);
int api_finish_nothing(lua_State *L, struct api_call *c);

/* Raise a fault of kind parse: the answer is JSON, but not of the form that it should
 * have. */
int api_call_misfit(lua_State *L, struct api_call *c, const char *what);

#endif
