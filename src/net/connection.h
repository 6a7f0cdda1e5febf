/* connection.h -- what the files of the server share: the server, a connection of a client,
 * and an exchange, which is one request and its answer. For nobody else.
 *
 * Nobody here calls back into a taker but by `changed` and `ready`, which call no Lua. A
 * connection that is closed stays in memory until the loop's next turn, so that whoever is on
 * the stack may look at it once more. */

#ifndef TARN_CONNECTION_H
#define TARN_CONNECTION_H

#include "base/buf.h"
#include "net/chunked.h"
#include "net/httphead.h"
#include "net/peers.h"
#include "net/reply.h"
#include "net/sending.h"
#include "net/server.h"
#include "net/tls.h"

#include <netinet/in.h>

#define DEADLINE_NEVER INT64_MAX

struct server {
    struct loop *loop;
    struct tls *tls;                 /* NULL: plain */
    const struct accesstoken *token; /* NULL: anybody may call */
    struct gzip *gzip;               /* made at its first use */
    struct reply_date date;
    struct connection *connections;
    size_t connected;
    struct peers *strangers; /* connections that have not shown the token */
    struct exchange *exchanges;
    struct exchange *first, **last; /* those that wait to be taken */
    void (*ready)(void *ud);
    void *ud;
    struct budget *memory;
    size_t max_body, max_header;
    unsigned max_connections, max_per_address;
    int64_t idle_ms, header_ms, request_ms;
    int listener, port;
    bool paused;         /* the listener is not looked at */
    struct timer again;  /* then it is */
    struct watch events; /* an epoll descriptor */
    struct timer turn;   /* the connections in `due` are run */
    struct connection *due;
};

enum stage {
    STAGE_HANDSHAKE,
    STAGE_HEAD,
    STAGE_BODY,
    STAGE_ANSWER, /* waits for the answer, or sends it */
    STAGE_LINGER, /* all is sent; what still comes is not looked at */
    STAGE_CLOSED,
};

struct connection {
    struct server *server;
    struct connection *next, **link;
    struct connection *next_due;
    struct peers_place place; /* among the strangers */
    struct exchange *exchange;
    struct tls_session *tls; /* NULL: plain */
    int fd;
    enum stage stage;
    bool due;
    bool readable, writable; /* as far as is known: edges tell */
    bool hung_up;            /* the client sends no more */
    bool ended;              /* and all that it sent has been read */
    bool idle;               /* nothing of the next request has come */
    bool closes;             /* after this answer */
    bool refused;            /* what comes after this answer is not looked at */
    bool cut;                /* the answer is not whole, and the client must see that */
    bool broken;             /* nothing can be sent */
    size_t received;         /* tls_received when it became idle */
    int64_t deadline;
    struct timer late;  /* looks at the deadline */
    struct timer grace; /* of a client that has hung up */
    struct buf in;
    struct httphead head;
    struct chunked chunks;
    uint64_t left; /* of a body in one piece */
    struct sending out;
    char remote[INET6_ADDRSTRLEN];
    struct server_field fields[HTTPHEAD_FIELDS];
};

/* Owned by its connection while it has one, and by its taker while `taken`; freed when neither
 * is left. */
struct exchange {
    struct server *server; /* NULL after server_close */
    struct exchange *next, **link;
    struct exchange *behind; /* in the queue of the ready */
    struct connection *connection;
    enum accesstoken_shown access;
    char method[8];
    bool is_head;
    char *query; /* into uri */
    struct buf body;
    char no_body[1];
    struct buf texts; /* of the head, for the taker */
    struct server_field *fields;
    size_t field_count;
    void (*changed)(void *ud);
    void *ud;
    bool queued, taken, answered, gone;
    bool streaming, chunked, ended, waited; /* waited: the writer was told to wait */
    char uri[];
};

/* What follows is in the order of its layers: a file calls those before it, never one after
 * it. What has to come up from below is a timer that fires, or `changed` and `ready`. */

/* ---- server_waiting.c: who waits ---- */

/* A request waits to be taken, or does so no longer. */
void server_enqueue(struct exchange *x);
void server_unqueue(struct exchange *x); /* harmless if it does not wait */

/* Look at the listener, or do not; false if epoll cannot. */
bool server_look(struct server *s, bool look);

/* Let who comes wait until there is room. */
void server_pause(struct server *s);

/* A connection has ended, or has nothing to do: who waits may come in. */
void server_has_room(struct server *s);

/* ---- exchange.c: the life of an exchange ---- */

/* One for the request whose head has been read; NULL when memory runs out. */
struct exchange *exchange_new(struct connection *c);

/* The connection leaves it: all is sent, or the taker is told that the client is gone. */
void exchange_leave(struct exchange *x);
void exchange_lose(struct exchange *x);

/* Let the taker look: the client is gone, or has read. */
void exchange_tell(struct exchange *x);

/* Free it if neither a connection nor a taker owns it any more. */
void exchange_free(struct exchange *x);

/* The client's header as the taker sees it, in `c->fields`. */
void exchange_fields(struct connection *c);

/* ---- connection_state.c: its deadline, its turn, its end ---- */

/* The deadline of a connection, from now; 0: none. */
void connection_limit(struct connection *c, int64_t ms);

/* Let its timer fire no later than at its deadline. */
void connection_look_again(struct connection *c);

/* Let it go on in the loop's next turn. */
void connection_later(struct connection *c);

/* End it, and tell the taker of its request. */
void connection_close(struct connection *c);

/* True if it is idle, or its request is not whole yet, or nobody works on it any more. */
bool connection_may_go(const struct connection *c);

/* ---- connection_send.c ---- */

/* Send what the client takes now. True if that was all. If it can take nothing ever again
 * `c->broken` is set. */
bool connection_send(struct connection *c);

/* ---- intake.c: what a connection reads. Each true if there is more to do at once ---- */

bool intake_head(struct connection *c);
bool intake_body(struct connection *c);
bool intake_nothing(struct connection *c); /* reads, and forgets */

/* Answer with a refusal, and end. */
void intake_refuse(struct connection *c, const struct refusal *r);

/* ---- connection.c: what a connection does, from its start on ---- */

/* Take over a socket that does not block. NULL when memory runs out: it is closed. */
struct connection *connection_open(struct server *s, int fd, const struct sockaddr *a);

/* What epoll says of it. */
void connection_event(struct connection *c, uint32_t events);

/* Go on as far as that is possible now. */
void connection_run(struct connection *c);

/* Run those that are due; free those that were closed. */
void connection_run_due(struct server *s);

/* An answer has been given, or a piece of one: send what can be sent, and go on if that was
 * all. Tells nobody. */
void connection_answer(struct connection *c);

/* ---- exchange_answer.c and server.c: see net/server.h ---- */

#endif
