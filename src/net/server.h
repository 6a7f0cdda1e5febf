/* server.h -- an HTTP/1.1 server inside the loop. Knows nothing of Lua, nor of what a
 * request means.
 *
 * A complete request waits as an `exchange` until it is taken. Its connection waits until
 * the exchange is answered. Malformed requests get an error response here and are never
 * taken. Nothing here blocks. A connection uses no CPU while no bytes arrive and none can
 * be sent. */

#ifndef TARN_SERVER_H
#define TARN_SERVER_H

#include "base/budget.h"
#include "base/fault.h"
#include "net/accesstoken.h"
#include "net/loop.h"

#include <stdint.h>

struct server;
struct exchange;
struct sharedbody; /* net/sharedbody.h */

struct server_options {
    const char *host; /* an address or a name of this machine */
    int port;         /* 0: any free one */
    size_t max_body, max_header;
    unsigned max_connections;
    int64_t idle_ms;   /* for an idle connection, and a client that does not read */
    int64_t header_ms; /* for a TLS handshake, and then for a request's head */
    /* What follows may be 0 or NULL. */
    unsigned max_per_address;        /* see below */
    int64_t request_ms;              /* for a request's body */
    const char *certificate, *key;   /* PEM texts; with them the server speaks TLS */
    const struct accesstoken *token; /* callers must show it; valid until server_close */
    struct budget *memory; /* counts the bodies of requests and what is to be sent */
};

/* `max_per_address` counts only connections that have not shown the token. So it affects
 * neither the event streams of a browser nor a proxy, whose clients all have one address.
 * When an address exceeds the limit, its oldest connection is closed for the new one;
 * when `max_connections` is reached, the oldest of the address with the most. A
 * connection whose request is being handled is never closed. If all are, new clients
 * wait.
 *
 * The body of a request that does not show the token is not read. */

/* A header field. Of a request: not followed by a 0, as sent. */
struct server_field {
    const char *name, *value;
    size_t name_size, value_size;
};

/* Valid until the exchange is released or the client goes away. */
struct server_request {
    const char *method, *path; /* as sent, still percent-encoded */
    char *query, *body; /* may be written to: what is secret in them is taken out */
    const char *remote;
    size_t body_size;
    const struct server_field *fields;
    size_t field_count;
    enum accesstoken_shown access; /* ACCESSTOKEN_NONE for a server without a token */
};

struct server_reply {
    int status;
    const struct server_field
        *fields; /* allowed by reply_may_send, each followed by a 0 */
    size_t field_count;
    const char *body; /* copied */
    size_t body_size;
    struct sharedbody *shared; /* in place of body: held until it is sent */
    bool truncate;             /* hang up after truncate_at bytes of the body */
    size_t truncate_at;
    size_t drip_bytes; /* if not 0: in pieces of so many, */
    int64_t drip_ms;   /* with that pause between */
};

/* Listen. `ready` is called in loop_turn when there is something to take after there was
 * nothing. NULL with `*f` filled if that port cannot be had. */
struct server *server_new(struct loop *l, const struct server_options *o,
                          void (*ready)(void *ud), void *ud, struct fault *f);
int server_port(const struct server *s);

/* How many requests were refused before anybody could take them: malformed, too large, too
 * slow, or cut off. */
uint64_t server_refused(const struct server *s);

/* Take no more connections; those that are there go on. */
void server_drain(struct server *s);

/* Stop listening, drop all connections. Exchanges that were taken live on, without their
 * client, until they are released. */
void server_close(struct server *s);

/* True if a request waits to be taken. */
bool server_pending(const struct server *s);

/* The request that has waited longest, or NULL. The caller releases it. `changed` is called
 * in loop_turn when the client goes away, or when it has read what it was slow to read. */
struct exchange *server_take(struct server *s, void (*changed)(void *ud), void *ud);

/* Fill `*r`; false if the client is gone or memory has run out. */
bool exchange_request(struct exchange *x, struct server_request *r);

bool exchange_gone(const struct exchange *x);
bool exchange_answered(const struct exchange *x);

/* Answer. False with `*f` filled if memory runs out, or if the exchange was answered
 * before. True if the client is gone. */
bool exchange_answer(struct exchange *x, const struct server_reply *r, struct fault *f);

/* Answer with a body that comes piece by piece, by exchange_write, until exchange_end. */
bool exchange_stream(struct exchange *x, const struct server_reply *r, struct fault *f);

enum exchange_flow {
    FLOW_ON,   /* go on */
    FLOW_WAIT, /* taken, but the client is slow: wait for `changed` and look again */
    FLOW_GONE, /* nobody reads any more */
};
enum exchange_flow exchange_write(struct exchange *x, const void *bytes, size_t size);
enum exchange_flow exchange_flow(const struct exchange *x);
void exchange_end(struct exchange *x);

/* Hang up with a TCP reset instead of answering. */
void exchange_reset(struct exchange *x);

/* The taker is done with it. What was answered is sent; what was not, or was streamed and
 * not ended, is hung up on. */
void exchange_release(struct exchange *x);

#endif
