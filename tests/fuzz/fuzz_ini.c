/* What an ini text holds is found by its section and key, stands in the text, and does not
 * depend on the line ends; a refusal names a line and quotes nothing. */

#define _GNU_SOURCE /* memmem */
#include "base/ini.h"
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_entry(const struct ini *ini, const struct ini_section *s,
                        const struct ini_entry *e, const char *text, size_t size,
                        int lines) {
    FUZZ_CHECK(e->line >= 1 && e->line <= lines);
    FUZZ_CHECK(e->key[0] != '\0');
    for (const char *c = e->key; *c != '\0'; c++)
        FUZZ_CHECK(!('A' <= *c && *c <= 'Z') && *c != '=' && *c != ':');
    FUZZ_CHECK(memmem(text, size, e->value, strlen(e->value)) != NULL);
    FUZZ_CHECK(ini_get(ini_section(ini, s->name), e->key) == e->value);
}

static void check_same(const struct ini *a, const struct ini *b) {
    FUZZ_CHECK(a->count == b->count);
    for (size_t i = 0; i < a->count; i++) {
        FUZZ_CHECK(a->sections[i].count == b->sections[i].count);
        for (size_t k = 0; k < a->sections[i].count; k++)
            FUZZ_CHECK(strcmp(a->sections[i].entries[k].value,
                              b->sections[i].entries[k].value) == 0);
    }
}

static void with_crlf(const char *text, size_t size, const struct ini *plain) {
    struct ini ini;
    struct fault f;
    char *other = malloc(2 * size + 3);
    size_t n = 0;
    FUZZ_CHECK(other != NULL);
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n')
            other[n++] = '\r';
        other[n++] = text[i];
    }
    other[n++] = '\r';
    other[n++] = '\n';
    FUZZ_CHECK(ini_parse(other, n, &ini, &f));
    check_same(plain, &ini);
    ini_free(&ini);
    free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = (const char *)data;
    struct ini ini;
    struct fault f = {0};
    int lines = 1, line;
    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    if (ini_parse(text, size, &ini, &f)) {
        for (size_t i = 0; i < ini.count; i++)
            for (size_t k = 0; k < ini.sections[i].count; k++)
                check_entry(&ini, &ini.sections[i], &ini.sections[i].entries[k], text,
                            size, lines);
        with_crlf(text, size, &ini);
        ini_free(&ini);
    } else {
        fuzz_check_fault(&f);
        FUZZ_CHECK(sscanf(f.message, "line %d: ", &line) == 1);
        FUZZ_CHECK(line >= 1 && line <= lines);
    }
    FUZZ_CHECK(ini.count == 0 && ini.sections == NULL);
    return 0;
}
