#include "base/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void escaping_follows_the_table(void **state) {
    (void)state;
    static const struct {
        const char *text, *escaped, *as_path;
    } cases[] = {
        {"", "", ""},
        {"azAZ09-._~", "azAZ09-._~", "azAZ09-._~"},
        {"a b+c", "a%20b%2Bc", "a%20b%2Bc"},
        {"/Users/a@b.c/x y", "%2FUsers%2Fa%40b.c%2Fx%20y", "/Users/a%40b.c/x%20y"},
        {"100%&?=#", "100%25%26%3F%3D%23", "100%25%26%3F%3D%23"},
        {"\xc3\xa9", "%C3%A9", "%C3%A9"},
        {"name LIKE '%x%'", "name%20LIKE%20%27%25x%25%27", "name%20LIKE%20%27%25x%25%27"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf b = {0}, p = {0}, back = {0};
        size_t size = strlen(cases[i].text);
        assert_true(url_escape(&b, cases[i].text, size) &&
                    url_path(&p, cases[i].text, size));
        assert_string_equal(b.bytes, cases[i].escaped);
        assert_string_equal(p.bytes, cases[i].as_path);
        assert_true(url_unescape(&back, b.bytes, b.size, true));
        assert_string_equal(back.bytes, cases[i].text);
        buf_free(&b);
        buf_free(&p);
        buf_free(&back);
    }
}

static void any_byte_comes_back(void **state) {
    (void)state;
    char all[256];
    struct buf b = {0}, back = {0};
    for (int i = 0; i < 256; i++)
        all[i] = (char)(unsigned char)i;
    assert_true(url_escape(&b, all, 256) && url_unescape(&back, b.bytes, b.size, false));
    assert_int_equal(back.size, 256);
    assert_memory_equal(back.bytes, all, 256);
    buf_free(&b);
    buf_free(&back);
}

static void what_is_not_escaped_stays(void **state) {
    (void)state;
    static const struct {
        const char *why, *text, *plain, *plus;
    } cases[] = {
        {"a percent at the end", "50%", "50%", "50%"},
        {"one digit", "%4", "%4", "%4"},
        {"no digits", "%zz%4g", "%zz%4g", "%zz%4g"},
        {"small digits", "%c3%a9", "\xc3\xa9", "\xc3\xa9"},
        {"plus", "a+b%2B", "a+b+", "a b+"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf a = {0}, b = {0};
        size_t size = strlen(cases[i].text);
        assert_true(url_unescape(&a, cases[i].text, size, false));
        assert_true(url_unescape(&b, cases[i].text, size, true));
        if (strcmp(a.bytes, cases[i].plain) != 0 || strcmp(b.bytes, cases[i].plus) != 0)
            fail_msg("%s: '%s', '%s'", cases[i].why, a.bytes, b.bytes);
        buf_free(&a);
        buf_free(&b);
    }
}

static void a_query_grows_by_pairs(void **state) {
    (void)state;
    struct buf b = {0};
    assert_true(buf_str(&b, "/x"));
    assert_true(url_query(&b, "order_by", "name asc", 8));
    assert_true(url_query(&b, "order_by", "id", 2));
    assert_true(url_query(&b, "a&b", "", 0));
    assert_string_equal(b.bytes, "/x?order_by=name%20asc&order_by=id&a%26b=");
    buf_free(&b);
}

/* Who is taken for this machine gets secrets over plain http: no other host may pass for it. */
static void a_host_is_the_one_that_is_asked(void **state) {
    (void)state;
    static const struct {
        const char *url, *host; /* NULL: it is refused */
        bool https, local;
    } cases[] = {
        {"https://example.org/a?b#c", "example.org", true, false},
        {"HTTP://LocalHost:8080?x", "LocalHost:8080", false, true},
        {"http://a.localhost", "a.localhost", false, true},
        {"http://127.0.0.1:80/", "127.0.0.1:80", false, true},
        {"http://127.255.255.254", "127.255.255.254", false, true},
        {"http://[::1]:1/", "[::1]:1", false, true},
        {"http://127.0.0.1.example.org", "127.0.0.1.example.org", false, false},
        {"http://127.0.0.1.5", "127.0.0.1.5", false, false},
        {"http://127.0.0.256", "127.0.0.256", false, false},
        {"http://128.0.0.1", "128.0.0.1", false, false},
        {"http://localhost.example.org", "localhost.example.org", false, false},
        {"https://h/a\\b@c", "h", true, false},
        {"http://localhost\\@example.org/", NULL, false, false},
        {"http://127.0.0.1\\.example.org/", NULL, false, false},
        {"http://user@localhost/", NULL, false, false},
        {"http://", NULL, false, false},
        {"http:///path", NULL, false, false},
        {"ftp://localhost", NULL, false, false},
        {"http://a b", NULL, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct url_parts u;
        bool read = url_read(cases[i].url, &u);
        if (read != (cases[i].host != NULL))
            fail_msg("%s: %s", cases[i].url, read ? "read" : "refused");
        if (!read)
            continue;
        size_t size = strlen(cases[i].host);
        if ((size_t)u.host_size != size || memcmp(u.host, cases[i].host, size) != 0 ||
            u.https != cases[i].https || u.local != cases[i].local)
            fail_msg("%s: %.*s, %d, %d", cases[i].url, u.host_size, u.host, u.https,
                     u.local);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escaping_follows_the_table),
        cmocka_unit_test(any_byte_comes_back),
        cmocka_unit_test(what_is_not_escaped_stays),
        cmocka_unit_test(a_query_grows_by_pairs),
        cmocka_unit_test(a_host_is_the_one_that_is_asked),
    };
    return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
