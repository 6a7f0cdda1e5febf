#include "base/secretset.h"

#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECRET "s3cr/t+va%lue\"x="

static void every_way_to_write_a_secret_is_found(void **state) {
    (void)state;
    static const struct {
        const char *why, *text, *shown;
    } cases[] = {
        {"nothing", "nothing here", "nothing here"},
        {"empty", "", ""},
        {"plain", "a " SECRET " b", "a *** b"},
        {"at the front and at the end", SECRET " x " SECRET, "*** x ***"},
        {"inside of a word", "xx" SECRET "yy", "xx***yy"},
        {"percent", "t=s3cr%2Ft%2bva%25lue%22x%3D&b", "t=***&b"},
        {"all of it in percent", "%73%33%63%72%2F%74%2B%76%61%25%6C%75%65%22%78%3D",
         "***"},
        {"JSON", "{\"m\":\"bad s3cr/t+va%lue\\\"x=\"}", "{\"m\":\"bad ***\"}"},
        {"JSON with a slash", "s3cr\\/t+va%lue\\\"x=", "***"},
        {"JSON in numbers", "\\u0073\\u0033cr\\u002ft\\u002Bva%lue\\u0022x\\u003d",
         "***"},
        {"cut off", "s3cr/t+va%lue", "s3cr/t+va%lue"},
    };
    struct secretset s = {0};
    secretset_add(&s, SECRET, strlen(SECRET));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[200];
        struct buf b = {0};
        snprintf(text, sizeof text, "%s", cases[i].text);
        assert_true(buf_str(&b, "+") && buf_str(&b, text));
        secretset_blank(&s, text);
        secretset_blank_buf(&s, &b, 1);
        if (strcmp(text, cases[i].shown) != 0 || strcmp(b.bytes + 1, cases[i].shown) != 0)
            fail_msg("%s: got '%s' and '%s'", cases[i].why, text, b.bytes);
        buf_free(&b);
    }
    secretset_free(&s);
}

static void a_secret_inside_of_base64_is_found(void **state) {
    (void)state;
    struct secretset s = {0};
    secretset_add(&s, "my secret token", 15);
    for (size_t before = 0; before < 7; before++) {
        for (size_t behind = 0; behind < 5; behind++) {
            char plain[64], encoded[100] = "Basic ", url[100];
            snprintf(plain, sizeof plain, "%.*smy secret token%.*s", (int)before,
                     "client:", (int)behind, "????");
            base64_encode(plain, strlen(plain), encoded + 6);
            size_t size = 6 + base64_encoded_size(strlen(plain));
            snprintf(encoded + size, sizeof encoded - size, ", sent");
            memcpy(url, encoded, sizeof url);
            for (char *c = url; *c != '\0'; c++)
                if (*c == '+')
                    *c = '-';
                else if (*c == '/')
                    *c = '_';
            secretset_blank(&s, encoded);
            assert_string_equal(encoded, "Basic ***, sent");
            secretset_blank(&s, url);
            assert_string_equal(url, "Basic ***, sent");
        }
    }
    secretset_free(&s);
}

static void short_ones_are_left_alone_and_the_oldest_go(void **state) {
    (void)state;
    struct secretset s = {0};
    char text[40] = "abc";
    secretset_add(&s, "abc", 3);
    secretset_blank(&s, text);
    assert_string_equal(text, "abc");
    for (int i = 0; i < SECRETSET_MOST + 10; i++) {
        int n = snprintf(text, sizeof text, "secret-%04d", i);
        secretset_add(&s, text, (size_t)n);
        secretset_add(&s, text, (size_t)n);
    }
    snprintf(text, sizeof text, "secret-0009 secret-0010");
    secretset_blank(&s, text);
    assert_string_equal(text, "secret-0009 ***");
    secretset_blank(NULL, text);
    secretset_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_to_write_a_secret_is_found),
        cmocka_unit_test(a_secret_inside_of_base64_is_found),
        cmocka_unit_test(short_ones_are_left_alone_and_the_oldest_go),
    };
    return cmocka_run_group_tests_name("secretset", tests, NULL, NULL);
}
