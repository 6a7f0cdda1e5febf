#include "base/mask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void names_of_secrets_are_known(void **state) {
    (void)state;
    static const char *const secret[] = {"token",
                                         "access_token",
                                         "refresh_token",
                                         "id_token",
                                         "Authorization",
                                         "client_secret",
                                         "clientSecret",
                                         "password",
                                         "X-Api-Key",
                                         "Set-Cookie",
                                         "X-Amz-Signature",
                                         "sig",
                                         "spark.hadoop.fs.azure.account.key.x",
                                         "X-Databricks-Azure-SP-Management-Token",
                                         "subject_token",
                                         "client_assertion",
                                         "proxy-authorization",
                                         "string_value"};
    static const char *const plain[] = {"page_token",
                                        "next_page_token",
                                        "prev_page_token",
                                        "token_type",
                                        "name",
                                        "error_code",
                                        "path",
                                        "design",
                                        "authors",
                                        "keys",
                                        "x",
                                        "",
                                        "token_endpoint",
                                        "max_results"};
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++)
        if (!mask_secret_name(secret[i], strlen(secret[i])))
            fail_msg("shown: %s", secret[i]);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (mask_secret_name(plain[i], strlen(plain[i])))
            fail_msg("hidden: %s", plain[i]);
}

static void tokens_are_known_by_their_look(void **state) {
    (void)state;
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"", ""},
        {"nothing here", "nothing here"},
        {"bad dapi0123456789abcdef0123456789abcdef-2.", "bad dapi***"},
        {"(eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.abc) no", "(eyJ***) no"},
        {"dapi is a prefix", "dapi is a prefix"},
        {"xdapi0123456789abcdef is a word", "xdapi0123456789abcdef is a word"},
        {"_dapi0123456789abcdef0123456789abcdef", "_dapi***"},
        {"x.dapi0123456789abcdef0123456789abcdef y", "x.dapi*** y"},
        {"{\"a\":\"line\\ndapi7777777777777777\"}", "{\"a\":\"line\\ndapi***\"}"},
        {"\\tghp_0123456789abcdef01", "\\tghp_***"},
        {"\\u0009dapi0123456789abcdef", "\\u0009dapi***"},
        {"x%3Ddapi0123456789abcdef", "x%3Ddapi***"},
        {"aeyJhbGciOiJSUzI1NiJ9abc.eyJzdWIiOiJ4In0.abc", "aeyJ***"},
        {"dose00000000000000000000 eyJ00000000000000000", "dose*** eyJ***"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[200];
        snprintf(text, sizeof text, "%s", cases[i].text);
        mask_tokens(text);
        assert_string_equal(text, cases[i].shown);
    }
}

static void urls_lose_what_is_secret(void **state) {
    (void)state;
    static const struct {
        const char *url, *shown, *shorter;
    } cases[] = {
        {"https://h/p", "https://h/p", "https://h/p"},
        {"https://u:p@h/p?a=1&token=x&b=2", "https://h/p?a=1&token=***&b=2",
         "https://h/p?***"},
        {"https://h?sig=1#frag", "https://h?sig=***", "https://h?***"},
        {"/only/a/path?password=1", "/only/a/path?password=***", "/only/a/path?***"},
        {"https://h/a@b?page_token=1", "https://h/a@b?page_token=1", "https://h/a@b?***"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf a = {0}, b = {0};
        assert_true(mask_url(&a, cases[i].url, false) &&
                    mask_url(&b, cases[i].url, true));
        assert_string_equal(a.bytes, cases[i].shown);
        assert_string_equal(b.bytes, cases[i].shorter);
        buf_free(&a);
        buf_free(&b);
    }
}

static void headers_lose_what_is_secret(void **state) {
    (void)state;
    static const struct {
        const char *line, *shown;
    } cases[] = {
        {"Authorization: Bearer x", "Authorization: ***"},
        {"content-type: text/plain", "content-type: text/plain"},
        {"Location: https://h/p?code=x", "Location: https://h/p?***"},
        {"Location: https://h/p", "Location: https://h/p"},
        {"set-cookie: a=b", "set-cookie: ***"},
        {"no colon", "no colon"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf b = {0};
        assert_true(mask_header(&b, cases[i].line, strlen(cases[i].line), false, NULL));
        assert_string_equal(b.bytes, cases[i].shown);
        buf_free(&b);
    }
}

static void bodies_lose_what_is_secret(void **state) {
    (void)state;
    static const struct {
        const char *why, *text, *shown;
    } cases[] = {
        {"empty", "", ""},
        {"plain", "{\"a\": 1, \"b\": [true]}", "{\"a\": 1, \"b\": [true]}"},
        {"a string", "{\"token\" : \"x\", \"b\": 2}", "{\"token\":\"***\", \"b\": 2}"},
        {"a number", "{\"password\":123,\"b\":2}", "{\"password\":\"***\",\"b\":2}"},
        {"a list", "{\"secrets\":[\"x\",{\"y\":\"z\"}],\"b\":2}",
         "{\"secrets\":\"***\",\"b\":2}"},
        {"an object", "[{\"token\":{\"x\":[\"]}\"]}},2]", "[{\"token\":\"***\"},2]"},
        {"quotes inside", "{\"token\":\"a\\\"b\",\"c\":\"d\"}",
         "{\"token\":\"***\",\"c\":\"d\"}"},
        {"cut off in the middle", "{\"token\":\"abc", "{\"token\":\"***\""},
        {"cut off in a list", "{\"token\":[1,\"abc", "{\"token\":\"***\""},
        {"a link", "{\"l\":\"https://s/x?sig=1\"}", "{\"l\":\"https://s/x?***\"}"},
        {"codes are no secrets in JSON", "{\"code\":\"X\",\"key\":\"k\"}",
         "{\"code\":\"X\",\"key\":\"k\"}"},
        {"a form", "grant_type=x&client_secret=y&scope=z",
         "grant_type=x&client_secret=***&scope=z"},
        {"text with a token", "no: dapi0123456789abcdef0123", "no: dapi***"},
        {"lines", "a\nb\r\n", "a b "},
        {"an echo", "you said open sesame", "you said open ***"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf b = {0};
        assert_true(buf_str(&b, ""));
        struct secretset known = {0};
        secretset_add(&known, "sesame", 6);
        assert_true(mask_body(&b, cases[i].text, strlen(cases[i].text), 1000, &known));
        secretset_free(&known);
        if (strcmp(b.bytes, cases[i].shown) != 0)
            fail_msg("%s: %s", cases[i].why, b.bytes);
        buf_free(&b);
    }
}

static void long_bodies_are_cut(void **state) {
    (void)state;
    struct buf b = {0};
    char text[5000];
    memset(text, 'x', sizeof text);
    assert_true(mask_body(&b, text, sizeof text, 100, NULL));
    assert_true(b.size < 150);
    assert_non_null(strstr(b.bytes, "... (5000 bytes)"));
    buf_free(&b);
}

/* Whatever is left out at the end, no part of the secret shows. */
static void no_cut_of_a_body_shows_its_secret(void **state) {
    (void)state;
    static const char text[] =
        "{\"a\":[1,{\"client_secret\":\"sesame\"}],\"b\":{\"token\":[\"se"
        "same\",{\"x\":\"sesame\"}]},\"l\":\"https://h/?x=sesame\"}";
    for (size_t size = 0; size < sizeof text; size++) {
        char *part = malloc(size + 1); /* so that a sanitizer sees reads beyond it */
        struct buf b = {0};
        memcpy(part, text, size);
        assert_true(buf_str(&b, "") && mask_body(&b, part, size, 1000, NULL));
        assert_null(strstr(b.bytes, "sesa"));
        buf_free(&b);
        free(part);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_secrets_are_known),
        cmocka_unit_test(tokens_are_known_by_their_look),
        cmocka_unit_test(urls_lose_what_is_secret),
        cmocka_unit_test(headers_lose_what_is_secret),
        cmocka_unit_test(bodies_lose_what_is_secret),
        cmocka_unit_test(long_bodies_are_cut),
        cmocka_unit_test(no_cut_of_a_body_shows_its_secret),
    };
    return cmocka_run_group_tests_name("mask", tests, NULL, NULL);
}
