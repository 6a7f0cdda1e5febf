/* server.h -- a real HTTP server that misbehaves as a test wants: a process of its own, raw
 * sockets, a thread for each connection. */

#ifndef TARN_TEST_SERVER_H
#define TARN_TEST_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SERVER_SEEN 4096

/* What both processes see. */
struct server_tally {
    atomic_int connections, requests;
    atomic_int authorized;    /* requests with an Authorization header */
    atomic_int busy, busiest; /* requests being handled: now, and at most */
    atomic_int marks[16];     /* the handler's own */
    int64_t at[SERVER_SEEN];  /* when each request came, ms on the monotonic clock */
    char headers[8192];       /* of the newest request */
    char body[8192];
};

struct server {
    pid_t pid;
    int port;
    struct server_tally *tally;
};

struct server_request {
    int fd;
    int number; /* of all requests, from 1 */
    int nth;    /* on its connection, from 1 */
    char method[16];
    char path[2048];
    char headers[8192]; /* raw lines */
    char body[65536];   /* the beginning of it */
    size_t body_size;
    struct server_tally *tally;
    bool close; /* set by the handler: end the connection after it */
};

/* Runs in the server's process, in the connection's thread: may sleep. */
typedef void server_handler(struct server_request *r);

/* Loopback, a free port. */
void server_start(struct server *s, server_handler *handle);
void server_stop(struct server *s);

/* For handlers. `headers` are lines each ending in "\r\n", or "". */
void server_reply(struct server_request *r, int status, const char *headers,
                  const char *body);
void server_send(struct server_request *r, const void *bytes, size_t size);
void server_sleep(int ms);
/* End the connection with a reset, what was sent notwithstanding. */
void server_reset(struct server_request *r);
/* The number in the path after `name`=, or `otherwise`. */
int server_number(const struct server_request *r, const char *name, int otherwise);

#endif
