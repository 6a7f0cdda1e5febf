/* credentials.h -- turns a config into what a request must carry, and keeps that fresh.
 * The secret stays in here: it leaves only in http_request.secret_header. */

#ifndef TARN_CREDENTIALS_H
#define TARN_CREDENTIALS_H

#include "dbx/config.h"
#include "net/http.h"

struct credentials;
struct credentials_wait; /* one caller that waits for a token */

/* Takes over the contents of `*c` (which is empty afterwards). NULL when memory runs out; then
 * `*c` is the caller's. */
struct credentials *credentials_new(struct loop *l, struct http *h, struct config *c);
void credentials_free(struct credentials *cr); /* callers still waiting are not called */

/* What was found out on the way to the first token is in there too: a host that only Azure
 * knew, and the method that was used in the end. */
const struct config *credentials_config(const struct credentials *cr);

/* `header` is "Authorization: Bearer ..." (valid during the call only), or NULL with `f`.
 * `extra` are further secret headers (Azure), NULL-terminated, or NULL. */
typedef void credentials_ready(void *ud, const char *header, const char *const *extra,
                               const struct fault *f);

/* Call `ready` with a token that is valid now: at once, from inside this call, if there is
 * one (NULL is returned), else later from loop_turn. However many wait, one refresh is made.
 * Tokens are renewed in time (F.6): while one serves, in the background. Out of memory is
 * reported at once too. */
struct credentials_wait *credentials_get(struct credentials *cr, credentials_ready *ready,
                                         void *ud);
void credentials_cancel(struct credentials_wait *w);

/* A 401 came back for a token that was got at or before `generation`: drop it, unless a newer
 * one is there already. False if this method cannot get another token (PAT). */
unsigned credentials_generation(const struct credentials *cr);
bool credentials_reject(struct credentials *cr, unsigned generation);

/* For tests: another Azure, and another clock than loop_now. Each may be NULL. */
struct azure_cloud; /* dbx/login.h */
void credentials_in_test(struct credentials *cr, const struct azure_cloud *azure,
                         int64_t (*now)(void));

#endif
