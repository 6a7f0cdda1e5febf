/* exchange.h -- what server.c and exchange.c share: an exchange as seen by libmicrohttpd,
 * by the queue of requests, and by the code that took it from there. For nobody else. */

#ifndef TARN_EXCHANGE_H
#define TARN_EXCHANGE_H

#include "base/buf.h"
#include "net/server.h"

#include <microhttpd.h>
#include <netinet/in.h>

struct server {
    struct loop *loop;
    struct MHD_Daemon *daemon;
    struct gzip *gzip; /* made at its first use */
    struct exchange *exchanges;
    struct exchange *first, **last; /* those that wait to be taken */
    void (*ready)(void *ud);
    void *ud;
    struct budget *memory;
    size_t max_body;
    char *too_large; /* NULL: a default text is sent */
    int64_t request_ms;
    int port;
    bool tls, drained;
    bool again;        /* the daemon wants another run at once */
    struct watch work; /* the daemon's epoll descriptor */
    struct timer timer;
    struct watch hangups; /* an epoll descriptor that hears of clients that hang up */
};

/* One connection of a client. */
struct peer {
    struct server *server;
    int fd;
    struct exchange *exchange; /* the exchange being handled now */
    bool hung_up;
    struct timer grace;
    struct timer late; /* by then the whole next request must have come */
};

/* libmicrohttpd owns an exchange while `connection` is not NULL, and the code that took
 * it owns it while `taken`. It is freed when nobody owns it. */
struct exchange {
    struct server *server; /* NULL after server_close */
    struct exchange *next, **link;
    struct exchange *behind; /* the next one in the queue to be taken */
    struct MHD_Connection *connection;
    struct peer *peer;
    const char *method; /* libmicrohttpd's */
    char *query;        /* into uri */
    struct buf body;
    char no_body[1];
    struct server_field *fields;
    size_t field_count, field_room;
    struct buf texts; /* of the fields and the method, for the taker */
    char remote[INET6_ADDRSTRLEN];
    void (*changed)(void *ud);
    void *ud;
    bool begun, too_large, queued, suspended, taken, answered, hang_up, gone;
    bool streaming, ended, waited; /* waited: the writer was told to wait */
    struct buf out;                /* bytes on their way to a slow client */
    size_t sent;
    size_t truncate_at, drip_bytes;
    int64_t drip_ms;
    bool dripped;
    struct timer drip;
    char uri[];
};

/* Free the exchange if nobody owns it any more. */
void exchange_free(struct exchange *x);

/* Call `changed`: the client is gone, or has read. */
void exchange_tell(struct exchange *x);

/* Keep libmicrohttpd from the connection, and give it back. Resuming a connection that is
 * not suspended is harmless; it takes effect in the loop's next turn. */
void exchange_suspend(struct exchange *x);
void exchange_resume(struct exchange *x);

int exchange_socket(struct MHD_Connection *c); /* -1 if it has none */

#endif
