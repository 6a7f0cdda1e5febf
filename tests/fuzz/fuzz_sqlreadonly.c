/* What only reads does so in either case of its letters, and no longer does once a statement
 * that writes, or a word that does, follows. */

#include "base/sqlreadonly.h"
#include "fuzz.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line end before it: the text may end in a comment. */
static const char *const more[] = {"\n;\nDROP TABLE t",     "\nINSERT INTO t SELECT 1",
                                   "\n;SELECT 2",           "\n/**/Delete/**/from t",
                                   "\nunion select ${x}",   "\n'",
                                   "\n, http_request('x')", "\n/*"};

static bool reads(const char *text, size_t size) {
    char why[128] = "";
    bool yes = sqlreadonly_check(text, size, why, sizeof why);
    FUZZ_CHECK(memchr(why, 0, sizeof why) != NULL && (yes || why[0] != '\0'));
    return yes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bool yes = reads((const char *)data, size);
    char *text = malloc(size + 64);
    FUZZ_CHECK(text != NULL);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)(isupper(data[i]) ? tolower(data[i]) : toupper(data[i]));
    FUZZ_CHECK(reads(text, size) == yes);
    for (size_t i = 0; yes && i < sizeof more / sizeof *more; i++) {
        int n = snprintf(text + size, 64, "%s", more[i]);
        FUZZ_CHECK(!reads(text, size + (size_t)n));
    }
    free(text);
    return 0;
}
