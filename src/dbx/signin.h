/* signin.h -- a person logs in with a browser (OAuth U2M with PKCE). The browser is sent to
 * the workspace, whose answer it brings to a server on this machine; the code in that answer
 * becomes tokens, which are written into the cache that Databricks' tools share. Starts no
 * browser, and keeps every secret to itself. */

#ifndef TARN_SIGNIN_H
#define TARN_SIGNIN_H

#include "base/fault.h"
#include "net/http.h"

#include <stdbool.h>
#include <stdint.h>

/* All fields but host may be NULL or 0. */
struct signin_options {
    const char *host;       /* as base/host.h gives it */
    const char *account_id; /* for the address of an account */
    const char *discovery_url;
    const char *scopes;  /* separated by commas or blanks; NULL: all-apis */
    const char *profile; /* the key in the cache; NULL: the host */
    int port;            /* 0: the first free one of those that workspaces know */
    int64_t wait_ms;     /* how long the person may take; 0: an hour */
    bool practice;       /* keep no token */
    bool insecure;       /* as the profile's skip_verify */
};

struct signin;

/* Begin. `changed` is called in loop_turn when the address is known, and when the log-in is
 * over. NULL with `*f` when memory or random numbers run out. */
struct signin *signin_new(struct loop *l, struct http *h, const struct signin_options *o,
                          void (*changed)(void *ud), void *ud, struct fault *f);

/* The address to which the browser is to go; NULL until it is known. It shows no secret. */
const char *signin_address(const struct signin *s);

/* True when the log-in is over. `*f` is NULL if it has succeeded. */
bool signin_over(const struct signin *s, const struct fault **f);

/* The id of the account whose tokens these are, "" for a workspace's own. */
const char *signin_account(const struct signin *s);

/* Also cancels. An answer to the browser is sent first. NULL is fine. */
void signin_free(struct signin *s);

#endif
