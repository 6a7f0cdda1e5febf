/* pkce.h -- secrets by which a client of OAuth shows that it is the one that began a log-in
 * (RFC 7636). */

#ifndef TARN_PKCE_H
#define TARN_PKCE_H

#include "base/fault.h"

#include <stdbool.h>

#define PKCE_VERIFIER 87 /* characters, with the 0 */
#define PKCE_STATE    23
#define PKCE_DIGEST   44

/* `challenge` is the digest (S256) of `verifier`. `state` is another secret, which the answer
 * must show. */
struct pkce {
    char verifier[PKCE_VERIFIER], challenge[PKCE_DIGEST], state[PKCE_STATE];
};

/* New ones from the system's random source. */
bool pkce_new(struct pkce *p, struct fault *f);

/* The digest of a verifier. False if it cannot be computed. */
bool pkce_challenge(const char *verifier, char out[PKCE_DIGEST]);

/* True if the texts are equal; takes the same time for all texts of a size. */
bool pkce_same(const char *a, const char *b);

void pkce_wipe(struct pkce *p);

#endif
