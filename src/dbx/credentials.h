/* credentials.h -- turns a config into what a request must carry, and keeps that fresh.
 * The secret stays in here: it leaves only in http_request.secret_header. */

#ifndef TARN_CREDENTIALS_H
#define TARN_CREDENTIALS_H

#include "dbx/config.h"
#include "net/http.h"

struct credentials;
struct credentials_wait; /* one caller that waits for a token */

/* Takes over the contents of `*c` (which is empty afterwards). NULL when memory runs out. */
struct credentials *credentials_new(struct loop *l, struct http *h, struct config *c);
void credentials_free(struct credentials *cr); /* callers still waiting are not called */

const struct config *credentials_config(const struct credentials *cr);

/* `header` is "Authorization: Bearer ..." (valid during the call only), or NULL with `f`.
 * `extra` are further secret headers (Azure), NULL-terminated, or NULL. */
typedef void credentials_ready(void *ud, const char *header, const char *const *extra,
                               const struct fault *f);

/* Call `ready` with a token that is valid now: at once, from inside this call, if there is
 * one (NULL is returned), else later from loop_turn. However many wait, one refresh is made.
 * Tokens are renewed in time (F.6). */
struct credentials_wait *credentials_get(struct credentials *cr, credentials_ready *ready,
                                         void *ud);
void credentials_cancel(struct credentials_wait *w);

/* A 401 came back for a token that was got at or before `generation`: drop it, unless a newer
 * one is there already. False if this method cannot get another token (PAT). */
unsigned credentials_generation(const struct credentials *cr);
bool credentials_reject(struct credentials *cr, unsigned generation);

#endif
