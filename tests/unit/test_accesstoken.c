#include "net/accesstoken.h"

#include "base/file.h"
#include "net/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static enum accesstoken_shown ask(const struct accesstoken *t, const char *name,
                                  const char *value, const char *query) {
    char text[512];
    snprintf(text, sizeof text, "%s", query);
    struct server_field f = {name, value, strlen(name), strlen(value)};
    struct server_request r = {.method = "GET",
                               .path = "/",
                               .query = text,
                               .fields = &f,
                               .field_count = *name != '\0'};
    return accesstoken_check(t, &r);
}

static void the_token_is_taken_from_header_cookie_and_query(void **state) {
    struct accesstoken t;
    struct fault f;
    char text[300];
    (void)state;
    assert_true(accesstoken_random(&t, &f));
    assert_int_equal(t.size, 64);
    assert_int_equal(ask(&t, "", "", ""), ACCESSTOKEN_NONE);
    snprintf(text, sizeof text, "Bearer %s", t.token);
    assert_int_equal(ask(&t, "authorization", text, ""), ACCESSTOKEN_BEARER);
    snprintf(text, sizeof text, "Bearer %.63s", t.token);
    assert_int_equal(ask(&t, "Authorization", text, ""), ACCESSTOKEN_WRONG);
    snprintf(text, sizeof text, "a=b; %s=%s", t.cookie_name, t.cookie);
    assert_int_equal(ask(&t, "Cookie", text, ""), ACCESSTOKEN_COOKIE);
    snprintf(text, sizeof text, "%s=%s", t.cookie_name, t.token);
    assert_int_equal(ask(&t, "Cookie", text, ""), ACCESSTOKEN_WRONG);
    assert_int_equal(ask(&t, "Cookie", "other=1", ""), ACCESSTOKEN_NONE);
    snprintf(text, sizeof text, "a=1&token=%s", t.token);
    assert_int_equal(ask(&t, "", "", text), ACCESSTOKEN_LINK);
    assert_int_equal(ask(&t, "", "", "token="), ACCESSTOKEN_WRONG);
    assert_int_equal(ask(&t, "", "", "atoken=1"), ACCESSTOKEN_NONE);
    /* a header that is wrong is not helped by a link that is right */
    assert_int_equal(ask(&t, "Authorization", "Bearer x", text), ACCESSTOKEN_WRONG);
    accesstoken_wipe(&t);
    assert_int_equal(t.size, 0);
    assert_int_equal(ask(&t, "Cookie", "=", ""), ACCESSTOKEN_NONE);
    assert_int_equal(ask(&t, "Authorization", "Bearer ", ""), ACCESSTOKEN_NONE);
    assert_int_equal(ask(&t, "", "", "token="), ACCESSTOKEN_NONE);
}

static void two_tokens_differ_and_so_do_their_cookies(void **state) {
    struct accesstoken a, b;
    struct fault f;
    (void)state;
    assert_true(accesstoken_random(&a, &f) && accesstoken_random(&b, &f));
    assert_string_not_equal(a.token, b.token);
    assert_string_not_equal(a.cookie, b.cookie);
    assert_string_not_equal(a.cookie_name, b.cookie_name);
    assert_string_not_equal(a.token, a.cookie);
}

static void a_file_holds_the_token_for_its_owner_alone(void **state) {
    struct accesstoken a, b;
    struct fault f;
    struct buf dir = {0};
    char path[512];
    struct stat st;
    (void)state;
    assert_true(file_mktemp(&dir, &f) && buf_add(&dir, "", 1));
    snprintf(path, sizeof path, "%s/token", dir.bytes);
    assert_true(accesstoken_file(&a, path, &f));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(accesstoken_file(&b, path, &f));
    assert_string_equal(a.token, b.token);
    assert_string_equal(a.cookie, b.cookie);
    assert_int_equal(chmod(path, 0640), 0);
    assert_false(accesstoken_file(&b, path, &f));
    assert_non_null(strstr(f.message, "may be read by others"));
    assert_int_equal(chmod(path, 0600), 0);
    FILE *file = fopen(path, "w");
    fputs("has a blank in its middle\n", file);
    fclose(file);
    assert_false(accesstoken_file(&b, path, &f));
    assert_null(strstr(f.message, "blank in"));
    assert_true(file_remove(dir.bytes, true, &f));
    buf_free(&dir);
}

int main(void) {
    const struct CMUnitTest accesstoken[] = {
        cmocka_unit_test(the_token_is_taken_from_header_cookie_and_query),
        cmocka_unit_test(two_tokens_differ_and_so_do_their_cookies),
        cmocka_unit_test(a_file_holds_the_token_for_its_owner_alone),
    };
    return cmocka_run_group_tests(accesstoken, NULL, NULL);
}
