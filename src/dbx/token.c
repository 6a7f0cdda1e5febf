#define _DEFAULT_SOURCE /* explicit_bzero */
#include "dbx/token.h"

#include "base/json.h"
#include "base/mask.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Azure refuses tokens that are valid for less than 30 s */
#define MARGIN_MS   40000
#define MOST_MS     INT64_C(1200000) /* 20 minutes */
#define SHORTEST_MS 5000

/* ---- time ---- */

/* Days since 1970-01-01 in the proleptic Gregorian calendar. */
static int64_t days_since_1970(int64_t y, int64_t m, int64_t d) {
    y -= m <= 2; /* years begin in March, so that a leap day is the last day */
    int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Read exactly `n` digits. */
static bool digits(const char **at, int n, int *value) {
    *value = 0;
    for (int i = 0; i < n; i++, ++*at) {
        if (**at < '0' || **at > '9')
            return false;
        *value = *value * 10 + (**at - '0');
    }
    return true;
}

static bool skip(const char **at, const char *any) {
    if (**at == '\0' || strchr(any, **at) == NULL)
        return false;
    ++*at;
    return true;
}

/* Read ".123456789" or nothing, as ms. */
static bool decimals(const char **at, int *ms) {
    *ms = 0;
    if (!skip(at, "."))
        return true;
    int scale = 100;
    const char *start = *at;
    for (; **at >= '0' && **at <= '9'; ++*at, scale /= 10)
        *ms += (**at - '0') * scale;
    return *at > start;
}

/* Read "Z" or "+01:00", as minutes. */
static bool offset(const char **at, int *minutes) {
    int h = 0, m = 0;
    *minutes = 0;
    if (skip(at, "Zz"))
        return true;
    int sign = **at == '-' ? -1 : 1;
    if (!skip(at, "+-") || !digits(at, 2, &h) || !skip(at, ":") || !digits(at, 2, &m))
        return false;
    *minutes = sign * (h * 60 + m);
    return true;
}

bool token_time(const char *text, int64_t *ms) {
    struct tm t = {.tm_isdst = -1};
    int fraction, minutes;
    if (!digits(&text, 4, &t.tm_year) || !skip(&text, "-") ||
        !digits(&text, 2, &t.tm_mon) || !skip(&text, "-") ||
        !digits(&text, 2, &t.tm_mday) || !skip(&text, "Tt ") ||
        !digits(&text, 2, &t.tm_hour) || !skip(&text, ":") ||
        !digits(&text, 2, &t.tm_min) || !skip(&text, ":") ||
        !digits(&text, 2, &t.tm_sec) || !decimals(&text, &fraction))
        return false;
    if (t.tm_mon < 1 || t.tm_mon > 12 || t.tm_mday < 1 || t.tm_mday > 31 ||
        t.tm_hour > 23 || t.tm_min > 59 || t.tm_sec > 60)
        return false;
    if (*text == '\0') {
        t.tm_year -= 1900;
        t.tm_mon -= 1;
        *ms = (int64_t)mktime(&t) * 1000 + fraction;
        return true;
    }
    if (!offset(&text, &minutes) || *text != '\0')
        return false;
    int64_t seconds = days_since_1970(t.tm_year, t.tm_mon, t.tm_mday) * 86400 +
                      (int64_t)t.tm_hour * 3600 + ((int64_t)t.tm_min - minutes) * 60 +
                      t.tm_sec;
    *ms = seconds * 1000 + fraction;
    return true;
}

void token_schedule(int64_t lifetime_ms, int64_t *stale_ms, int64_t *dead_ms) {
    if (lifetime_ms == INT64_MAX) {
        *stale_ms = *dead_ms = INT64_MAX;
        return;
    }
    /* a token that has nearly expired when it comes (from the CLI's cache) is used for a
     * moment */
    *dead_ms = lifetime_ms - MARGIN_MS;
    if (*dead_ms <= 0)
        *dead_ms = lifetime_ms / 2 < SHORTEST_MS ? lifetime_ms / 2 : SHORTEST_MS;
    int64_t renewal = lifetime_ms / 2 < MOST_MS ? lifetime_ms / 2 : MOST_MS;
    *stale_ms = lifetime_ms - renewal < *dead_ms ? lifetime_ms - renewal : *dead_ms;
}

/* ---- answers ---- */

bool token_is_clean(const char *text) {
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++)
        if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f)
            return false;
    return true;
}

/* Read the token's end, in ms since 1970, from the field that is there. False if a field
 * is malformed. */
static bool read_end(struct json j, int64_t now, int64_t *end, struct fault *f) {
    static const char *const epochs[] = {"expires_on", "expiresOn", "expiry"};
    char text[64];
    int64_t seconds;
    struct json in = json_at(j, "expires_in");
    *end = INT64_MAX;
    if (json_type(in) != 0) {
        if (!json_int(in, &seconds) || seconds < 0 || seconds > INT64_C(10000000000))
            return fault_set(f, FAULT_PARSE, "its expires_in is not a number of seconds");
        *end = now + seconds * 1000;
        return true;
    }
    for (size_t i = 0; i < sizeof epochs / sizeof epochs[0]; i++) {
        struct json at = json_at(j, epochs[i]);
        if (json_type(at) == 0)
            continue;
        if (json_int(at, &seconds) && seconds > 0 && seconds < INT64_C(10000000000))
            *end = seconds * 1000;
        else if (!json_text(at, text, sizeof text) || !token_time(text, end))
            return fault_set(f, FAULT_PARSE, "its %s is not a time", epochs[i]);
        return true;
    }
    return true;
}

bool token_read(const char *text, size_t size, int64_t now, struct token *t,
                struct fault *f) {
    int64_t end;
    *t = (struct token){0};
    struct json j = json_root(text, size);
    if (json_type(j) != '{')
        return fault_set(f, FAULT_PARSE, "the answer is not a JSON object");
    struct json value = json_at(j, "access_token");
    if (json_type(value) == 0)
        value = json_at(j, "accessToken");
    if (json_type(value) != '"')
        return fault_set(f, FAULT_PARSE, "the answer holds no access token");
    if (!read_end(j, now, &end, f))
        return false;
    if (end <= now)
        return fault_set(f, FAULT_AUTH, "the token that was given has expired already");
    size_t length;
    t->text = json_string(value, &length);
    if (t->text == NULL)
        return fault_memory(f, "a token");
    if (strlen(t->text) != length || !token_is_clean(t->text)) {
        token_free(t);
        return fault_set(f, FAULT_PARSE, "the access token holds odd characters");
    }
    t->refresh = json_string(json_at(j, "refresh_token"), NULL);
    t->lifetime_ms = end == INT64_MAX ? INT64_MAX : end - now;
    return true;
}

static void wipe(char *text) {
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

void token_free(struct token *t) {
    wipe(t->text);
    wipe(t->refresh);
    *t = (struct token){0};
}

/* Copy the first of some fields that is a string. */
static bool first_text(struct json j, const char *const *names, char *out, size_t room) {
    for (; *names != NULL; names++)
        if (json_text(json_at(j, *names), out, room) && out[0] != '\0')
            return true;
    return false;
}

void token_refusal(const char *who, int status, const char *body, size_t size,
                   struct fault *f) {
    static const char *const codes[] = {"error", "errorCode", "error_code", NULL};
    static const char *const words[] = {"error_description", "errorSummary", "message",
                                        NULL};
    char code[64] = "", text[300] = "";
    struct json j = json_root(body, size);
    first_text(j, codes, code, sizeof code);
    first_text(j, words, text, sizeof text);
    mask_tokens(code);
    mask_tokens(text);
    text_copy(code, sizeof code, code, strlen(code));
    fault_set(f, status >= 400 && status < 500 && status != 429 ? FAULT_AUTH : FAULT_HTTP,
              "%s: %s%s%s (HTTP %d)", who, code[0] != '\0' ? code : "refused",
              text[0] != '\0' ? ": " : "", text, status);
    f->status = status;
    f->retryable = status == 429 || status >= 500;
    fault_code(f, code);
}
