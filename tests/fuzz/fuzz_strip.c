/* What is taken out of a request is out of it, in JSON and in a query, and nothing else is
 * changed. */

#include "base/url.h"
#include "fuzz.h"
#include "net/strip.h"

#include <stdlib.h>
#include <string.h>

#define NAME "token"

static bool is_named(struct json key) {
    char name[16];
    return json_text(key, name, sizeof name) && strcmp(name, NAME) == 0;
}

/* A number of one to three digits is left: too short for null, and for a secret. */
static bool is_out(struct json value, struct json old) {
    char text[8];
    if (json_type(old) == '"')
        return json_text(value, text, sizeof text) &&
               (text[0] == '\0' || strcmp(text, "***") == 0);
    return json_type(value) == 'n' || old.size < 4;
}

static void compare(struct json old, struct json cut) {
    struct json at = {0}, other = {0}, key, other_key, value, changed;
    FUZZ_CHECK(json_type(old) == json_type(cut));
    if (json_type(old) == '{') {
        while ((value = json_pair(old, &at, &key)).text != NULL) {
            changed = json_pair(cut, &other, &other_key);
            FUZZ_CHECK(changed.text != NULL && other_key.size == key.size &&
                       memcmp(other_key.text, key.text, key.size) == 0);
            if (is_named(key))
                FUZZ_CHECK(is_out(changed, value));
            else
                compare(value, changed);
        }
    } else if (json_type(old) == '[') {
        while ((value = json_next(old, &at)).text != NULL) {
            changed = json_next(cut, &other);
            FUZZ_CHECK(changed.text != NULL);
            compare(value, changed);
        }
    } else {
        FUZZ_CHECK(old.size == cut.size && memcmp(old.text, cut.text, cut.size) == 0);
    }
}

static void check_json(const uint8_t *data, size_t size) {
    static const char *const names[] = {NAME, NULL};
    char *text = fuzz_text(data, size);
    struct json root = json_root(text, size);
    if (root.text != NULL) {
        strip_find(root, NAME);
        strip_members(text, root, names);
        struct json cut = json_root(text, size);
        FUZZ_CHECK(cut.text != NULL && text[size] == '\0');
        compare(json_root((const char *)data, size), cut);
    }
    free(text);
}

/* Each parameter of the name has at most "***" left; the others are as they were. */
static void check_query(const uint8_t *data, size_t size) {
    char *old = fuzz_text(data, size), *cut = fuzz_text(data, size);
    const char *a = old, *b = cut;
    strip_query(cut, NAME);
    for (;;) {
        size_t n = strcspn(a, "&"), m = strcspn(b, "&"), key = strcspn(a, "=&");
        struct buf name = {0};
        FUZZ_CHECK(url_unescape(&name, a, key, false) && buf_add(&name, "", 1));
        bool named = name.size == sizeof NAME && memcmp(name.bytes, NAME, name.size) == 0;
        if (named && key < n)
            FUZZ_CHECK(m <= key + 4 && m >= key + 1 && memcmp(a, b, key + 1) == 0 &&
                       strspn(b + key + 1, "*") >= m - key - 1);
        else
            FUZZ_CHECK(n == m && memcmp(a, b, n) == 0);
        buf_free(&name);
        FUZZ_CHECK(a[n] == b[m]);
        if (a[n] == '\0')
            break;
        a += n + 1;
        b += m + 1;
    }
    free(old);
    free(cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    check_json(data, size);
    check_query(data, size);
    return 0;
}
