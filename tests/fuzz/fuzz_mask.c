/* A secret that is known, by its value or by the name it goes under, is not in what is shown. In
 * the input 0x01 stands for the secret, 0x02 for it percent-encoded, 0x03 for it escaped as in
 * JSON, 0x04 for base64 in which it is. */

#include "base/base64.h"
#include "base/json.h"
#include "base/mask.h"
#include "base/secretset.h"
#include "base/text.h"
#include "base/url.h"
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KNOWN "no.token-by/its+look=="

/* What base64 makes of the secret behind 0, 1 and 2 bytes, without its ends. */
static const char *const base64_of_known[] = {"bm8udG9rZW4tYnkvaXRzK2xvb2s9P",
                                              "5vLnRva2VuLWJ5L2l0cytsb29rPT",
                                              "uby50b2tlbi1ieS9pdHMrbG9vaz09"};

static struct secretset *known(void) {
    static struct secretset set;
    if (set.count == 0)
        secretset_add(&set, KNOWN, strlen(KNOWN));
    return &set;
}

static void add_escaped(struct buf *b) {
    for (const char *c = KNOWN; *c != '\0'; c++)
        FUZZ_CHECK(buf_fmt(b, *c == '/' ? "\\/" : "\\u%04x", *c));
}

/* As in a header Authorization: Basic; the user is of some length. */
static void add_base64(struct buf *b, size_t user) {
    char text[64], encoded[100];
    int n = snprintf(text, sizeof text, "%.*s:%s", (int)user, "me@x", KNOWN);
    base64_encode(text, (size_t)n, encoded);
    FUZZ_CHECK(buf_add(b, encoded, base64_encoded_size((size_t)n)));
}

static void add_form(struct buf *b, char form, size_t at) {
    switch (form) {
    case 1:
        FUZZ_CHECK(buf_str(b, KNOWN));
        break;
    case 2:
        FUZZ_CHECK(url_escape(b, KNOWN, strlen(KNOWN)));
        break;
    case 3:
        add_escaped(b);
        break;
    case 4:
        add_base64(b, at % 4);
        break;
    default:
        FUZZ_CHECK(buf_add(b, &form, 1));
    }
}

/* Nothing that the secret could be read from. */
static void check_hidden(const struct buf *shown) {
    struct buf escaped = {0}, plain = {0};
    FUZZ_CHECK(url_escape(&escaped, KNOWN, strlen(KNOWN)));
    FUZZ_CHECK(!fuzz_holds(shown->bytes, shown->size, KNOWN));
    FUZZ_CHECK(!fuzz_holds(shown->bytes, shown->size, escaped.bytes));
    FUZZ_CHECK(url_unescape(&plain, shown->bytes, shown->size, false));
    FUZZ_CHECK(!fuzz_holds(plain.bytes, plain.size, KNOWN));
    for (size_t i = 0; i < 3; i++)
        FUZZ_CHECK(!fuzz_holds(shown->bytes, shown->size, base64_of_known[i]));
    buf_free(&escaped);
    buf_free(&plain);
}

/* The value of the secret header is in no body and no header, however it got there. */
static void check_known(const char *text, size_t size) {
    struct buf body = {0}, out = {0}, header = {0};
    for (size_t i = 0; i < size; i++)
        add_form(&body, text[i], i);
    FUZZ_CHECK(buf_grow(&body, 1));
    body.bytes[body.size] = '\0';
    FUZZ_CHECK(mask_body(&out, body.bytes, body.size, SIZE_MAX, known()));
    check_hidden(&out);
    FUZZ_CHECK(text_is_clean(out.bytes, out.size, false));
    FUZZ_CHECK(mask_header(&header, body.bytes, body.size, false, known()));
    check_hidden(&header);
    FUZZ_CHECK(text_is_clean(header.bytes, header.size, false));
    buf_free(&out);
    buf_free(&body);
    buf_free(&header);
}

static bool is_secret(struct json key) {
    return mask_secret_name(key.text + 1, key.size - 2) &&
           !(key.size == 6 && memcmp(key.text, "\"code\"", 6) == 0) &&
           !(key.size == 5 && memcmp(key.text, "\"key\"", 5) == 0);
}

/* Does the mark stand anywhere but in the value of a secret name? */
static bool elsewhere(struct json j) {
    struct json it = {0}, key, value;
    if (json_type(j) == '{') {
        while ((value = json_pair(j, &it, &key)).text != NULL)
            if (fuzz_holds(key.text, key.size, "~") ||
                (!is_secret(key) && elsewhere(value)))
                return true;
        return false;
    }
    if (json_type(j) == '[') {
        while ((value = json_next(j, &it)).text != NULL)
            if (elsewhere(value))
                return true;
        return false;
    }
    return fuzz_holds(j.text, j.size, "~");
}

/* What is shown of JSON holds nothing of a value whose name is one of secrets. Here the secret
 * has no look of its own: a "~" that nothing else holds. */
static void check_names(const char *text, size_t size) {
    struct buf out = {0};
    struct json root = json_root(text, size);
    if ((json_type(root) == '{' || json_type(root) == '[') && !elsewhere(root)) {
        FUZZ_CHECK(mask_body(&out, text, size, SIZE_MAX, NULL));
        FUZZ_CHECK(!fuzz_holds(out.bytes, out.size, "~"));
    }
    buf_free(&out);
}

static bool goes_on(char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') ||
           c == '-' || c == '_' || c == '.';
}

static bool begins_word(const char *text, const char *at) {
    if (at == text || !goes_on(at[-1]))
        return true;
    return at - text > 1 && at[-2] == '\\' && strchr("nrtbf", at[-1]) != NULL;
}

/* A token by its look is seen wherever it does not continue a word. */
static void check_tokens(const char *text, size_t size) {
    size_t n;
    char *with = fuzz_with_secret(text, size, &n);
    bool hidden = true;
    for (char *at = with; (at = strstr(at, FUZZ_SECRET)) != NULL; at++)
        hidden = hidden && begins_word(with, at);
    mask_tokens(with);
    FUZZ_CHECK(!hidden || strstr(with, FUZZ_SECRET) == NULL);
    free(with);
}

static void check_url(const char *text, size_t size) {
    struct buf out = {0}, url = {0};
    FUZZ_CHECK(buf_str(&url, "https://user:~@host/a?") && buf_add(&url, text, size) &&
               buf_str(&url, "&access_token=~"));
    if (!fuzz_holds(text, strlen(text), "~") && strpbrk(text, "#") == NULL) {
        FUZZ_CHECK(mask_url(&out, url.bytes, false));
        FUZZ_CHECK(!fuzz_holds(out.bytes, out.size, "~"));
        FUZZ_CHECK(mask_url(&out, url.bytes, true));
        FUZZ_CHECK(!fuzz_holds(out.bytes, out.size, "~"));
    }
    buf_free(&url);
    buf_free(&out);
}

static void check_header(const char *text, size_t size) {
    struct buf out = {0};
    const char *colon = memchr(text, ':', size);
    FUZZ_CHECK(mask_header(&out, text, size, false, NULL));
    if (colon != NULL && mask_secret_name(text, (size_t)(colon - text)))
        FUZZ_CHECK(out.size >= 5 && memcmp(out.bytes + out.size - 5, ": ***", 5) == 0);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = fuzz_text(data, size);
    check_known(text, size);
    check_names(text, size);
    check_tokens(text, size);
    check_url(text, strlen(text));
    check_header(text, size);
    free(text);
    return 0;
}
