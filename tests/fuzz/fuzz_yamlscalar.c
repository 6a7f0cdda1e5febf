/* What may stand without quotes is a string; numbers of YAML and of JSON become each other
 * without a change of their value; UTF-8 is what its definition says. */

#include "base/json.h"
#include "base/yamlscalar.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

static void check_number(const char *text, size_t size) {
    int64_t i;
    char *json = malloc(size + YAMLSCALAR_MORE), *yaml;
    size_t n = yamlscalar_to_json(text, size, json);
    FUZZ_CHECK(n < size + YAMLSCALAR_MORE && json[n] == '\0');
    FUZZ_CHECK(json_type(json_root(json, n)) == '0');
    FUZZ_CHECK(strtod(json, NULL) == strtod(text, NULL));
    yaml = malloc(n + YAMLSCALAR_MORE);
    size_t m = yamlscalar_from_json(json, n, yaml);
    FUZZ_CHECK(m < n + YAMLSCALAR_MORE && yaml[m] == '\0');
    FUZZ_CHECK(yamlscalar_kind(yaml, m, &i) == YAMLSCALAR_NUMBER);
    FUZZ_CHECK(strtod(yaml, NULL) == strtod(text, NULL));
    free(json);
    free(yaml);
}

/* Bytes of the character at `p`, by the definition: the shortest form, no surrogate. */
static size_t one(const uint8_t *p, size_t left) {
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    uint32_t c = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
    if (n > left || (p[0] & 0xc0) == 0x80 || p[0] >= 0xf8)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3f);
    }
    bool bad = c < least[n - 1] || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff;
    return bad ? 0 : n;
}

static bool is_utf8(const uint8_t *data, size_t size) {
    for (size_t i = 0, n; i < size; i += n)
        if ((n = one(data + i, size - i)) == 0)
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = fuzz_text(data, size);
    int64_t i = 0;
    enum yamlscalar_kind kind = yamlscalar_kind(text, size, &i);
    FUZZ_CHECK(!yamlscalar_plain(text, size) || kind == YAMLSCALAR_STRING);
    FUZZ_CHECK(yamlscalar_utf8(text, size) == is_utf8(data, size));
    if (kind == YAMLSCALAR_INTEGER)
        FUZZ_CHECK(i >= 0 && i == strtoll(text + 2, NULL, text[1] == 'x' ? 16 : 8));
    if (kind == YAMLSCALAR_NUMBER)
        check_number(text, size);
    free(text);
    return 0;
}
