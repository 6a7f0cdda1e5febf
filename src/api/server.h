/* server.h -- what the files of `native.server` share. */

#ifndef TARN_API_SERVER_H
#define TARN_API_SERVER_H

#include "net/accesstoken.h"
#include "net/server.h"

#include <lua.h>

#define SERVER_MT    "tarn.server"
#define MOST_FIELDS  64
#define MOST_SECRETS 8

struct task;

struct server_box {
    struct server *server;           /* NULL: not open yet, or closed */
    struct task *waiter;             /* the dispatcher */
    const struct accesstoken *token; /* NULL, or in a box that a user value keeps alive */
    const char *secrets[MOST_SECRETS + 1]; /* likewise; ends with NULL */
    size_t max_depth;                      /* of a body with secrets */
    lua_Integer handled, active;
};

struct exchange_box {
    struct exchange *exchange; /* NULL: none yet, or released */
    struct server_box *server; /* kept alive by our user value */
    struct task *task;         /* the handler's, while it runs */
    struct task *waiter;       /* the same, while `write` waits */
};

/* The body of the dispatcher's task: server -> nothing. Cancelled, with the program or by
 * itself, it closes the server. */
int server_dispatcher(lua_State *L);

/* server_new's `ready`: wakes the dispatcher. */
void server_ready(void *ud);

/* Make the metatable of exchanges. [-0, +0, m] */
void server_newexchanges(lua_State *L);

/* Push a request as handlers see it: without what shows the token, and with the secrets of
 * its body in boxes. [-0, +1, m] */
void server_pushrequest(lua_State *L, const struct server_box *s,
                        const struct server_request *r);

/* What a handler returned. The table at `texts` on the stack keeps its strings alive. */
struct answer {
    struct server_reply reply;
    struct server_field fields[MOST_FIELDS + 1];
    char cookie[256];
    bool stream, reset;
    int texts;
    lua_Integer text_count;
};

/* Read the reply at the top, and push the table that keeps its strings alive: a finalizer
 * may change the reply itself. [-0, +1, v] */
void server_readanswer(lua_State *L, const struct server_box *s, struct answer *a);

/* The token in the box at `index`; NULL if it is none. [-0, +0, -] */
const struct accesstoken *server_totoken(lua_State *L, int index);

/* The bytes in the box of server.body at `index`; NULL if it is none. [-0, +0, -] */
struct sharedbody *server_toshared(lua_State *L, int index);

/* server.body(bytes) -> body */
int server_newbody(lua_State *L);

/* server.token([opts]) -> token */
int server_newtoken(lua_State *L);

#endif
