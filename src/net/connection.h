/* connection.h -- the structs that the files of the server share: the server, a
 * connection, and an exchange, which is one request and its answer. Nothing else includes
 * this header.
 *
 * The taker is the code that took an exchange by server_take. It is called back through
 * `changed` and `ready` alone, and neither calls Lua. A closed connection stays in memory
 * until the loop's next turn, because functions on the stack may still use it. */

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
    struct peers *anonymous; /* connections that have not shown the token */
    struct exchange *exchanges;
    struct exchange *first, **last; /* the queue of requests */
    void (*ready)(void *ud);
    void *ud;
    struct budget *memory;
    size_t max_body, max_header;
    unsigned max_connections, max_per_address;
    int64_t idle_ms, header_ms, request_ms;
    uint64_t refused; /* requests that were answered here */
    int listener, port;
    bool paused;         /* the listener is not watched */
    struct timer again;  /* watches the listener again */
    struct watch events; /* an epoll descriptor */
    struct timer turn;   /* runs the connections in `due` */
    struct connection *due;
};

enum stage {
    STAGE_HANDSHAKE,
    STAGE_HEAD,
    STAGE_BODY,
    STAGE_ANSWER, /* waits for the answer, or sends it */
    STAGE_LINGER, /* all is sent; what still comes is discarded */
    STAGE_CLOSED,
};

struct connection {
    struct server *server;
    struct connection *next, **link;
    struct connection *next_due;
    struct peers_entry peer; /* in `anonymous` */
    struct exchange *exchange;
    struct tls_session *tls; /* NULL: plain */
    int fd;
    enum stage stage;
    bool due;
    bool readable, writable; /* until a call fails with EAGAIN */
    bool hung_up;            /* the client has closed its side */
    bool ended;              /* the client's last byte has been read */
    bool idle;               /* no byte of the next request has come */
    bool closes;             /* the connection ends after this answer */
    bool refused;            /* the rest of the request is discarded */
    bool cut;                /* the answer ends early, so the connection ends at once */
    bool broken;             /* sending has failed */
    size_t received;         /* tls_received when the connection became idle */
    int64_t deadline;
    struct timer timer; /* checks the deadline */
    struct timer grace; /* ends a connection whose client has hung up */
    struct buf in;
    struct httphead head;
    struct chunked chunks;
    uint64_t left; /* of a body with a Content-Length */
    struct sending out;
    char remote[INET6_ADDRSTRLEN];
    struct server_field fields[HTTPHEAD_FIELDS];
};

/* The connection owns an exchange while `connection` is set, and the taker owns it while
 * `taken`. It is freed when nobody owns it. */
struct exchange {
    struct server *server; /* NULL after server_close */
    struct exchange *next, **link;
    struct exchange *behind; /* the next one in the queue of requests */
    struct connection *connection;
    enum accesstoken_shown access;
    char method[8];
    bool is_head;
    char *query; /* into uri */
    struct buf body;
    char no_body[1];
    struct buf texts; /* copies of the head's texts, for the taker */
    struct server_field *fields;
    size_t field_count;
    void (*changed)(void *ud);
    void *ud;
    bool queued, taken, answered, gone;
    bool streaming, chunked, ended, waited; /* waited: the writer was told to wait */
    char uri[];
};

/* The functions below stand in the order of the layers: a file calls functions of the files
 * before it, and never of one after it. A lower layer reaches a higher one only through a
 * timer that fires, or through `changed` and `ready`. */

/* ---- server_waiting.c: the queue of requests, and the listener ---- */

/* Put a request into the queue, or remove it. */
void server_enqueue(struct exchange *x);
void server_unqueue(struct exchange *x); /* harmless if it is not in the queue */

/* Begin or stop to watch the listener; false if epoll fails. */
bool server_watch_listener(struct server *s, bool watch);

/* Accept nobody until server_has_room. */
void server_pause_listening(struct server *s);

/* A connection was closed or became idle, so a waiting client can be accepted. */
void server_has_room(struct server *s);

/* ---- exchange.c: the life of an exchange ---- */

/* A new exchange for the request whose head was read; NULL when memory runs out. */
struct exchange *exchange_new(struct connection *c);

/* Separate an exchange from its connection: after its answer is sent, or, with
 * exchange_lose, because the client is gone. exchange_lose tells the taker. */
void exchange_leave(struct exchange *x);
void exchange_lose(struct exchange *x);

/* Call `changed`: the client is gone, or has read. */
void exchange_tell(struct exchange *x);

/* Free the exchange if nobody owns it any more. */
void exchange_free(struct exchange *x);

/* Fill `c->fields` with the request's header fields. */
void exchange_fields(struct connection *c);

/* ---- connection_state.c: its deadline, its turn, its end ---- */

/* Set the deadline to `ms` from now; 0 removes it. */
void connection_set_deadline(struct connection *c, int64_t ms);

/* Make the timer fire at the deadline, or before. */
void connection_arm_timer(struct connection *c);

/* Call connection_run in the loop's next turn. */
void connection_later(struct connection *c);

/* Close the connection, and tell the taker of its request. */
void connection_close(struct connection *c);

/* True if no handler works for the connection: it is idle, its request is not complete,
 * or its answer is only being sent. */
bool connection_evictable(const struct connection *c);

/* ---- connection_send.c ---- */

/* Send as much as possible without waiting. True if everything was sent. Sets `c->broken`
 * if sending fails. */
bool connection_send(struct connection *c);

/* ---- intake.c; each returns true if connection_run has to go on at once ---- */

bool intake_head(struct connection *c);
bool intake_body(struct connection *c);
bool intake_discard(struct connection *c); /* for STAGE_LINGER */

/* Send an error response, and close the connection behind it. */
void intake_refuse(struct connection *c, const struct refusal *r);

/* ---- connection.c: opens and runs connections ---- */

/* Take over a socket that does not block. If memory runs out, close the socket and return
 * NULL. */
struct connection *connection_open(struct server *s, int fd, const struct sockaddr *a);

/* Handle epoll events. */
void connection_event(struct connection *c, uint32_t events);

/* Read, answer and send as much as possible without waiting. */
void connection_run(struct connection *c);

/* Run the connections in `due`, and free the closed ones. */
void connection_run_due(struct server *s);

/* Send an answer that was added to `out` as far as possible. If all of it is sent, get
 * ready for the next request. The taker is not called. */
void connection_answer(struct connection *c);

/* ---- exchange_answer.c and server.c: see net/server.h ---- */

#endif
