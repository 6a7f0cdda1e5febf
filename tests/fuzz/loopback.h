/* loopback.h -- the real server in this process, and clients that send it bytes: for targets
 * that have to do with what comes over a connection. */

#ifndef TARN_FUZZ_LOOPBACK_H
#define TARN_FUZZ_LOOPBACK_H

#include "base/buf.h"
#include "net/server.h"

#include <stdbool.h>
#include <stddef.h>

#define LOOPBACK_MAX_BODY 4096

struct loopback {
    struct loop *loop;
    struct server *server;
    int taken;          /* requests that were taken, and answered */
    struct buf methods; /* of these, each with a 0 behind it */
    bool reset;         /* the server hung up hard: what it had sent may be lost */
};

/* Listen; with `certificate` and `key` (PEM) it speaks TLS. Each request that comes in whole is
 * looked at, and answered with 200 and its path. */
void loopback_start(struct loopback *l, const char *certificate, const char *key);

/* A client's socket, which does not block; the server has taken it in. */
int loopback_connect(struct loopback *l);

/* Send what goes, let the server work, and append what it answers. False once it has closed. */
bool loopback_send(struct loopback *l, int fd, const void *bytes, size_t size);
bool loopback_receive(struct loopback *l, int fd, struct buf *answer);

/* Let the server work until there is nothing more to do. */
void loopback_settle(struct loopback *l);

/* Nothing comes in: then the loop waits, and does not turn. */
void loopback_check_idle(struct loopback *l);

/* Close the client's side, and forget who was taken. */
void loopback_close(struct loopback *l, int fd);

#endif
