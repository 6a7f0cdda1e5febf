/* token.h -- what the givers of tokens answer, in all their dialects. Pure, but for the local
 * time zone: one of them leaves it out. */

#ifndef TARN_TOKEN_H
#define TARN_TOKEN_H

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct token {
    char *text;          /* malloced; NULL: none. Wiped by token_free */
    int64_t lifetime_ms; /* from when it was read; INT64_MAX if nothing was said */
};

/* Read {access_token, expires_in} (OAuth), {access_token, expires_on} (Azure), {access_token,
 * expiry} (databricks), {accessToken, expires_on, expiresOn} (az), at `now` (ms since 1970).
 * False with `*f` (kind parse, no byte of the answer in it) and an empty `*t`. */
bool token_read(const char *text, size_t size, int64_t now, struct token *t,
                struct fault *f);
void token_free(struct token *t);

/* Can this travel in a header as it is? */
bool token_is_clean(const char *text);

/* RFC 3339 with any number of decimals, or "2026-11-23 13:05:33.123" in local time, as ms since
 * 1970. */
bool token_time(const char *text, int64_t *ms);

/* How long a token with that much life serves: until `*stale_ms` without a second thought, then
 * while a new one is fetched, and from `*dead_ms` on not at all (F.6). */
void token_schedule(int64_t lifetime_ms, int64_t *stale_ms, int64_t *dead_ms);

/* What an answer that is not 2xx says: {error, error_description} or {errorCode, errorSummary},
 * Databricks' own shape, or just the status. Kind auth for a 4xx, else http. */
void token_refusal(const char *who, int status, const char *body, size_t size,
                   struct fault *f);

#endif
