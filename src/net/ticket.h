/* ticket.h -- who may call a server: one token, known to whoever may, and the cookie that a
 * browser gets for it. Compares in constant time; hands the token to nobody but stderr. */

#ifndef TARN_TICKET_H
#define TARN_TICKET_H

#include "base/fault.h"
#include <stdio.h>

struct server_request; /* net/server.h */

#define TICKET_LEAST 16 /* characters of a token that somebody else chose */
#define TICKET_MOST  128

struct ticket {
    size_t size; /* 0: none, or wiped */
    char token[TICKET_MOST + 1];
    char cookie[65];      /* made from the token: holds for all instances that share it */
    char cookie_name[24]; /* likewise, so that two servers of one machine do not clash */
};

/* A new token from the system's random source. */
bool ticket_random(struct ticket *g, struct fault *f);

/* The token in that file. If there is none, a new one is written to it, 0600. A file that
 * others may read is refused. */
bool ticket_file(struct ticket *g, const char *path, struct fault *f);

/* How a request shows that it may call. */
enum ticket_access {
    TICKET_NONE,  /* it shows nothing */
    TICKET_WRONG, /* a token or cookie that is not ours, or no longer */
    TICKET_LINK,  /* "token" in the query */
    TICKET_COOKIE,
    TICKET_BEARER, /* the header Authorization */
};
enum ticket_access ticket_check(const struct ticket *g, const struct server_request *r);

/* True if the token was shown, in whatever way. */
bool ticket_opens(enum ticket_access a);

/* True if the header of that name shows the token, and is not for the eyes of a handler. */
bool ticket_hides(const char *name, size_t size);

/* Write `before`, the token and a line end. */
void ticket_reveal(const struct ticket *g, const char *before, FILE *to);

/* The value of Set-Cookie. */
void ticket_cookie(const struct ticket *g, bool secure, char *out, size_t room);

void ticket_wipe(struct ticket *g);

#endif
