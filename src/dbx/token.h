/* token.h -- read the answers with which servers and programs give tokens, in all their
 * forms. Pure, but for the local time zone, which one of them leaves out. */

#ifndef TARN_TOKEN_H
#define TARN_TOKEN_H

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct token {
    char *text;          /* malloced; NULL: none. Wiped by token_free */
    char *refresh;       /* the refresh token, likewise */
    int64_t lifetime_ms; /* from the moment of reading; INT64_MAX if not told */
};

/* Read {access_token, expires_in, refresh_token} (OAuth), {access_token, expires_on} (Azure), {access_token,
 * expiry} (databricks), {accessToken, expires_on, expiresOn} (az), at `now` (ms since 1970).
 * False with `*f` (kind parse, no byte of the answer in it) and an empty `*t`. */
bool token_read(const char *text, size_t size, int64_t now, struct token *t,
                struct fault *f);
void token_free(struct token *t);

/* True if the text can be sent in a header as it is. */
bool token_is_clean(const char *text);

/* Read RFC 3339 with any number of decimals, or "2026-11-23 13:05:33.123" in
 * local time, as ms since 1970. */
bool token_time(const char *text, int64_t *ms);

/* How long a token with that lifetime is used: until `*stale_ms` as it is, then while a
 * new one is fetched, and from `*dead_ms` on not at all (F.6). */
void token_schedule(int64_t lifetime_ms, int64_t *stale_ms, int64_t *dead_ms);

/* Fill `*f` from an answer that is not 2xx: {error, error_description}, {errorCode,
 * errorSummary}, Databricks' own form, or only the status. Kind auth for a 4xx, else
 * http. */
void token_refusal(const char *who, int status, const char *body, size_t size,
                   struct fault *f);

#endif
