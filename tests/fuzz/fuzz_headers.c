/* A header is found in any case of its name, without blanks around; how long to wait is in its
 * bounds and gets no longer as time goes by. The input: a name, a 0, raw headers. */

#include "base/retry.h"
#include "dbx/apierror.h"
#include "fuzz.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define NOW INT64_C(1767225600) /* 2026-01-01 */

static bool same(const struct http_response *r, const char *name, const char *value) {
    char again[256];
    return response_header(r, name, again, sizeof again) && strcmp(again, value) == 0;
}

static void check_header(const struct http_response *r, char *name) {
    char value[256];
    if (response_header(r, name, value, sizeof value)) {
        size_t size = strlen(value);
        FUZZ_CHECK(strchr(value, '\n') == NULL);
        FUZZ_CHECK(size == 0 || !isspace((unsigned char)value[0]));
        for (char *c = name; *c != '\0'; c++)
            *c = (char)toupper((unsigned char)*c);
        FUZZ_CHECK(same(r, name, value));
        for (char *c = name; *c != '\0'; c++)
            *c = (char)tolower((unsigned char)*c);
        FUZZ_CHECK(same(r, name, value));
    } else {
        FUZZ_CHECK(value[0] == '\0');
    }
}

static void check_wait(const char *value) {
    int ms = retry_after_ms(value, NOW), later = retry_after_ms(value, NOW + 1);
    FUZZ_CHECK(ms >= -1 && ms <= INT_MAX / 2 && later <= ms && (ms < 0) == (later < 0));
    size_t size = strlen(value);
    if (size > 0 && size < 7 && strspn(value, "0123456789") == size)
        FUZZ_CHECK(ms == strtol(value, NULL, 10) * 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    struct http_response r = {.status = 429};
    char value[256], *name = fuzz_part(&in, NULL);
    r.headers.bytes = fuzz_part(&in, &r.headers.size);
    check_wait(name);
    check_header(&r, name);
    if (response_header(&r, "Retry-After", value, 64))
        FUZZ_CHECK(apierror_after_ms(&r, NOW) == retry_after_ms(value, NOW));
    else
        FUZZ_CHECK(apierror_after_ms(&r, NOW) == -1);
    free(name);
    free(r.headers.bytes);
    return 0;
}
