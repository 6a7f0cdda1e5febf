/* A token that was taken can travel in a header and lives; a refusal is one line without a
 * token that begins a word; a time is what the calendar says. A byte 0x01 stands for a blank and
 * the token. */

#define _GNU_SOURCE /* timegm */
#include "base/buf.h"
#include "dbx/token.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOW INT64_C(1767225600000)

static void check_read(const char *text, size_t size) {
    struct token t;
    struct fault f = {0};
    int64_t stale, dead;
    if (token_read(text, size, NOW, &t, &f)) {
        FUZZ_CHECK(token_is_clean(t.text) && t.lifetime_ms > 0);
        token_schedule(t.lifetime_ms, &stale, &dead);
        FUZZ_CHECK(stale <= dead && dead <= t.lifetime_ms && stale >= 0);
        token_free(&t);
    } else {
        fuzz_check_fault(&f);
    }
    FUZZ_CHECK(t.text == NULL);
}

static void check_refusal(const char *text, size_t size) {
    struct buf spaced = {0};
    struct fault f = {0};
    size_t n;
    for (size_t i = 0; i < size; i++)
        FUZZ_CHECK((text[i] != 1 || buf_add(&spaced, " ", 1)) &&
                   buf_add(&spaced, text + i, 1));
    char *body = fuzz_with_secret(spaced.size > 0 ? spaced.bytes : "", spaced.size, &n);
    token_refusal("the giver", 400, body, n, &f);
    fuzz_check_fault(&f);
    if (!fuzz_holds(text, size, FUZZ_SECRET))
        fuzz_check_hidden(&f);
    FUZZ_CHECK(f.kind == FAULT_AUTH && !f.retryable);
    token_refusal("the giver", 503, body, n, &f);
    FUZZ_CHECK(f.kind == FAULT_HTTP && f.retryable);
    buf_free(&spaced);
    free(body);
}

/* "2026-11-23T13:05:33Z" is the same by the C library. */
static void check_time(const char *text) {
    int64_t ms = 0;
    struct tm t = {0};
    char again[32] = "";
    if (!token_time(text, &ms) || strlen(text) != 20 || text[19] != 'Z')
        return;
    time_t seconds = (time_t)(ms / 1000);
    FUZZ_CHECK(gmtime_r(&seconds, &t) != NULL && timegm(&t) == seconds);
    strftime(again, sizeof again, "%Y-%m-%dT%H:%M:%SZ", &t);
    bool in_calendar =
        strtol(text + 8, NULL, 10) <= 28 && strncmp(text + 17, "60", 2) != 0;
    FUZZ_CHECK(!in_calendar || t.tm_year < -900 ||
               strncmp(again + 11, text + 11, 9) == 0);
    FUZZ_CHECK(!in_calendar || t.tm_year < -900 || strncmp(again, text, 10) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = fuzz_text(data, size);
    check_read(text, size);
    check_refusal(text, size);
    check_time(text);
    free(text);
    return 0;
}
