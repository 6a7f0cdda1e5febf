/* guard.h -- who may call a server: one token, known to whoever may, and the cookie that a
 * browser gets for it. Compares in constant time; hands the token to nobody but stderr. */

#ifndef TARN_GUARD_H
#define TARN_GUARD_H

#include "base/fault.h"
#include "net/server.h"

#include <stdio.h>

#define GUARD_LEAST 16 /* characters of a token that somebody else chose */
#define GUARD_MOST  128

struct guard {
    size_t size; /* 0: none, or wiped */
    char token[GUARD_MOST + 1];
    char cookie[65];      /* made from the token: holds for all instances that share it */
    char cookie_name[24]; /* likewise, so that two servers of one machine do not clash */
};

/* A new token from the system's random source. */
bool guard_random(struct guard *g, struct fault *f);

/* The token in that file. If there is none, a new one is written to it, 0600. A file that
 * others may read is refused. */
bool guard_file(struct guard *g, const char *path, struct fault *f);

/* How a request shows that it may call. */
enum guard_access {
    GUARD_NONE,  /* it shows nothing */
    GUARD_WRONG, /* a token or cookie that is not ours, or no longer */
    GUARD_LINK,  /* "token" in the query */
    GUARD_COOKIE,
    GUARD_BEARER, /* the header Authorization */
};
enum guard_access guard_check(const struct guard *g, const struct server_request *r);

/* True if the header of that name shows the token, and is not for the eyes of a handler. */
bool guard_hides(const char *name, size_t size);

/* Write `before`, the token and a line end. */
void guard_reveal(const struct guard *g, const char *before, FILE *to);

/* The value of Set-Cookie. */
void guard_cookie(const struct guard *g, bool secure, char *out, size_t room);

void guard_wipe(struct guard *g);

#endif
