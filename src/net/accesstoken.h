/* accesstoken.h -- the token that lets a client call a server, and the cookie that a browser
 * gets for it. Comparisons take constant time; the token is shown on stderr alone. */

#ifndef TARN_ACCESSTOKEN_H
#define TARN_ACCESSTOKEN_H

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct server_request; /* net/server.h */

#define ACCESSTOKEN_LEAST 16 /* characters of a token that was not made here */
#define ACCESSTOKEN_MOST  128

struct accesstoken {
    size_t size; /* 0: none, or wiped */
    char token[ACCESSTOKEN_MOST + 1];
    char cookie[65];      /* made from the token: valid for all servers that share it */
    char cookie_name[24]; /* likewise, so that two servers of one machine do not clash */
};

/* A new token from the system's random source. */
bool accesstoken_random(struct accesstoken *t, struct fault *f);

/* Read the token from a file. If there is no such file, a new token is written to it,
 * with mode 0600. A file that others may read is refused. */
bool accesstoken_file(struct accesstoken *t, const char *path, struct fault *f);

/* How a request shows that it may call. */
enum accesstoken_shown {
    ACCESSTOKEN_NONE,  /* it shows nothing */
    ACCESSTOKEN_WRONG, /* a token or cookie that is not ours, or not any more */
    ACCESSTOKEN_LINK,  /* "token" in the query */
    ACCESSTOKEN_COOKIE,
    ACCESSTOKEN_BEARER, /* the header Authorization */
};
enum accesstoken_shown accesstoken_check(const struct accesstoken *t,
                                         const struct server_request *r);

/* True if the token was shown, in any of these ways. */
bool accesstoken_opens(enum accesstoken_shown shown);

/* True if a header of that name shows the token, and must be kept from a handler. */
bool accesstoken_hides(const char *name, size_t size);

/* Write `before`, the token and a line end. */
void accesstoken_reveal(const struct accesstoken *t, const char *before, FILE *to);

/* The value of Set-Cookie. */
void accesstoken_cookie(const struct accesstoken *t, bool secure, char *out, size_t room);

void accesstoken_wipe(struct accesstoken *t);

#endif
