/* The two readers of JSON take and refuse the same texts. What one gives out lies inside the
 * text, is JSON itself, and comes back the same when it is written and read again. */

#include "base/json.h"
#include "base/jsonnumber.h"
#include "base/jsonput.h"
#include "base/jsonscan.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH 512 /* json_root's */

/* In UTF-8's manner, which JSON can say in escapes only: the reader has U+FFFD for one. */
static bool has_surrogate(const char *text, size_t size) {
    for (size_t i = 0; i + 1 < size; i++)
        if ((unsigned char)text[i] == 0xed && (unsigned char)text[i + 1] >= 0xa0)
            return true;
    return false;
}

/* Writing and reading keep a string. */
static void check_string(struct json j) {
    size_t size, again_size;
    char *text = json_string(j, &size);
    struct buf b = {0};
    FUZZ_CHECK(text != NULL && text[size] == '\0');
    FUZZ_CHECK(jsonput_string(&b, text, size));
    char *again = json_string(json_root(b.bytes, b.size), &again_size);
    FUZZ_CHECK(again != NULL);
    FUZZ_CHECK(has_surrogate(text, size) ||
               (again_size == size && memcmp(again, text, size) == 0));
    free(text);
    free(again);
    buf_free(&b);
}

static void check_number(struct json j) {
    struct jsonnumber_shape shape;
    const char *wrong = NULL;
    char *text = fuzz_text((const uint8_t *)j.text, j.size), out[JSONNUMBER_ROOM + 1];
    FUZZ_CHECK(jsonnumber_scan(text, &shape, &wrong) == text + j.size);
    int64_t i = 0, simple = 0;
    double d = 0;
    bool fits = json_int(j, &simple);
    enum jsonnumber_kind kind = jsonnumber_read(text, j.size, &i, &d);
    if (kind == JSONNUMBER_INTEGER) {
        FUZZ_CHECK(fits && simple == i);
        out[jsonnumber_put_integer(i, out)] = '\0';
        FUZZ_CHECK(strtoll(out, NULL, 10) == i);
    } else if (kind == JSONNUMBER_DOUBLE) {
        size_t size = jsonnumber_put_double(d, out);
        out[size] = '\0';
        FUZZ_CHECK(strtod(out, NULL) == d && strtod(text, NULL) == d);
        FUZZ_CHECK(json_type(json_root(out, size)) == '0');
        FUZZ_CHECK(strpbrk(out, ".e") != NULL);
    }
    free(text);
}

static void walk(struct json whole, struct json j) {
    struct json it = {0}, key, value;
    FUZZ_CHECK(j.text >= whole.text && j.text + j.size <= whole.text + whole.size);
    switch (json_type(j)) {
    case '{':
        while ((value = json_pair(j, &it, &key)).text != NULL) {
            check_string(key);
            walk(whole, value);
        }
        break;
    case '[':
        while ((value = json_next(j, &it)).text != NULL)
            walk(whole, value);
        break;
    case '"':
        check_string(j);
        break;
    case '0':
        check_number(j);
        break;
    default:
        FUZZ_CHECK(json_type(j) != 0);
    }
}

/* The marks lie in order, and no value of 15 digits or less that is plain has one. */
static void check_marks(const struct jsonscan *s, const char *text, size_t size) {
    size_t from = 0;
    for (size_t i = 0; i < jsonscan_count(s); i++) {
        const struct jsonscan_mark *m = jsonscan_marks(s) + i;
        FUZZ_CHECK(m->at >= from && m->size > 0 && m->size <= size - m->at);
        FUZZ_CHECK(text[m->at] != '\0' && strchr("[\\-0123456789", text[m->at]) != NULL);
        from = m->at + m->size;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct jsonscan scan = {0};
    struct fault f = {0};
    char *text = fuzz_text(data, size);
    struct json root = json_root((const char *)data, size);
    bool valid = jsonscan_run(&scan, text, size, DEPTH, &f);
    FUZZ_CHECK(valid == (root.text != NULL));
    if (valid) {
        FUZZ_CHECK(scan.depth <= DEPTH);
        check_marks(&scan, text, size);
        walk(root, root);
    } else {
        FUZZ_CHECK(f.kind == FAULT_PARSE);
        fuzz_check_fault(&f);
    }
    jsonscan_free(&scan);
    free(text);
    return 0;
}
