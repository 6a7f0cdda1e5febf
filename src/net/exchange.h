/* exchange.h -- what server.c and exchange.c share: how libmicrohttpd, the queue of requests
 * and whoever took one see the same exchange. For nobody else. */

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
    size_t max_body;
    char *too_large; /* NULL: a text of ours */
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
    struct exchange *exchange; /* the one in hand */
    bool hung_up;
    struct timer grace;
    struct timer late; /* the next request must be in whole by then */
};

/* Owned by libmicrohttpd while `connection` is not NULL, and by its taker while `taken`;
 * freed when neither is left. */
struct exchange {
    struct server *server; /* NULL after server_close */
    struct exchange *next, **link;
    struct exchange *behind; /* in the queue of the ready */
    struct MHD_Connection *connection;
    struct peer *peer;
    const char *method; /* libmicrohttpd's */
    char *query;        /* into uri */
    struct buf body;
    char no_body[1];
    struct server_field *fields;
    size_t field_count, field_room;
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

/* Free it if neither libmicrohttpd nor a taker owns it any more. */
void exchange_free(struct exchange *x);

/* Let the taker look: the client is gone, or has read. */
void exchange_tell(struct exchange *x);

/* Take the connection out of libmicrohttpd's sight, and put it back. To resume one that is
 * not suspended is harmless; it has its effect in the loop's next turn. */
void exchange_suspend(struct exchange *x);
void exchange_resume(struct exchange *x);

int exchange_socket(struct MHD_Connection *c); /* -1 if it has none */

#endif
