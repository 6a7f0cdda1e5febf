/* credentials.h -- make the headers by which requests are authenticated, from a config,
 * and keep them fresh. The secret leaves this file only in http_request.secret_header. */

#ifndef TARN_CREDENTIALS_H
#define TARN_CREDENTIALS_H

#include "dbx/config.h"
#include "net/http.h"

struct credentials;
struct credentials_wait; /* a caller that waits for a token */

/* Takes over the contents of `*c`, which is empty afterwards. NULL when memory runs out;
 * then `*c` stays the caller's. */
struct credentials *credentials_new(struct loop *l, struct http *h, struct config *c);
void credentials_free(struct credentials *cr); /* those that still wait are not called */

/* Also holds what was found out while getting the first token: a host that only Azure
 * knew, and the method that was used. */
const struct config *credentials_config(const struct credentials *cr);

/* `header` is "Authorization: Bearer ..." (valid during the call only), or NULL with `f`.
 * `extra` are further secret headers (Azure), NULL-terminated, or NULL. */
typedef void credentials_ready(void *ud, const char *header, const char *const *extra,
                               const struct fault *f);

/* Call `ready` with a token that is valid now. If there is one, it is called at once,
 * inside this function, and NULL is returned; otherwise later, from loop_turn. However
 * many callers wait, the token is renewed once. Tokens are renewed in time (F.6), in the
 * background as long as the old one is valid. Out of memory is reported at once too. */
struct credentials_wait *credentials_get(struct credentials *cr, credentials_ready *ready,
                                         void *ud);
void credentials_cancel(struct credentials_wait *w);

/* A 401 came back for the token of `generation`: drop the token, unless there is a newer
 * one. False if this method cannot get another token (PAT). */
unsigned credentials_generation(const struct credentials *cr);
bool credentials_reject(struct credentials *cr, unsigned generation);

/* When the token in hand expires, ms since 1970; INT64_MAX if it does not, or is not known
 * to. */
int64_t credentials_expiry(const struct credentials *cr);

/* Let the next log-in get a new token, even if a cached one is valid. To be called before
 * the first credentials_get. */
void credentials_renew(struct credentials *cr);

/* For tests: use another Azure, and another clock than loop_now. Each may be NULL. */
struct azure_cloud; /* dbx/login.h */
void credentials_in_test(struct credentials *cr, const struct azure_cloud *azure,
                         int64_t (*now)(void));

#endif
