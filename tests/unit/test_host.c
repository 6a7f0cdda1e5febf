#include "dbx/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void a_host_is_read_from_what_people_paste(void **state) {
    (void)state;
    static const struct {
        const char *why, *text, *url, *workspace_id, *account_id;
    } cases[] = {
        {"as it should be", "https://dbc-1.cloud.databricks.com",
         "https://dbc-1.cloud.databricks.com", "", ""},
        {"no scheme", "dbc-1.cloud.databricks.com", "https://dbc-1.cloud.databricks.com",
         "", ""},
        {"a slash at the end", "https://x.net/", "https://x.net", "", ""},
        {"capitals", "HTTPS://Adb-1.7.AzureDatabricks.NET",
         "https://adb-1.7.azuredatabricks.net", "", ""},
        {"a path", "https://x.net/sql/dashboards", "https://x.net", "", ""},
        {"the usual port", "https://x.net:443/", "https://x.net", "", ""},
        {"another port stays", "https://x.net:8443", "https://x.net:8443", "", ""},
        {"an empty port", "https://x.net:/", "https://x.net", "", ""},
        {"a workspace id", "https://x.net/?o=7405605555555555", "https://x.net",
         "7405605555555555", ""},
        {"of 17 digits", "https://x.net/?o=12345678901234567", "https://x.net",
         "12345678901234567", ""},
        {"by its long name", "https://x.net?workspace_id=12", "https://x.net", "12", ""},
        {"by its new name", "https://x.net?w=12", "https://x.net", "12", ""},
        {"not a number", "https://x.net?o=abc", "https://x.net", "", ""},
        {"empty", "https://x.net?o=", "https://x.net", "", ""},
        {"too long to be one", "https://x.net?o=1234567890123456789012345678901234567890",
         "https://x.net", "", ""},
        {"another parameter's end is not o", "https://x.net?foo=12", "https://x.net", "",
         ""},
        {"among others", "https://x.net/login.html?next=1&o=12&p=3", "https://x.net",
         "12", ""},
        {"in front of a fragment", "https://x.net/?o=12#job/3", "https://x.net", "12",
         ""},
        {"in a fragment it is none", "https://x.net/#job/3?o=12", "https://x.net", "",
         ""},
        {"an account id", "https://accounts.cloud.databricks.com?account_id=aB-1",
         "https://accounts.cloud.databricks.com", "", "aB-1"},
        {"short, with a workspace", "https://x.net?a=ab&w=1", "https://x.net", "1", "ab"},
        {"an account id with odd characters", "https://x.net?a=a%20b", "https://x.net",
         "", ""},
        {"this machine", "http://localhost:8080", "http://localhost:8080", "", ""},
        {"by its number", "http://127.0.0.1:8080/", "http://127.0.0.1:8080", "", ""},
        {"by another number", "http://127.9.9.9", "http://127.9.9.9", "", ""},
        {"by number six", "http://[::1]:80", "http://[::1]", "", ""},
        {"a URL in the query", "x.net/?u=http://y", "https://x.net", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct host h;
        struct fault f;
        if (!host_parse(cases[i].text, &h, &f))
            fail_msg("%s: %s", cases[i].why, f.message);
        if (strcmp(h.url, cases[i].url) != 0 ||
            strcmp(h.workspace_id, cases[i].workspace_id) != 0 ||
            strcmp(h.account_id, cases[i].account_id) != 0)
            fail_msg("%s: got '%s' '%s' '%s'", cases[i].why, h.url, h.workspace_id,
                     h.account_id);
    }
}

static void what_is_no_host_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *why, *text, *message;
    } cases[] = {
        {"nothing", "", "it has no name"},
        {"a scheme only", "https://", "it has no name"},
        {"a path only", "/api", "it has no name"},
        {"a port only", ":443", "it has no name"},
        {"another scheme", "ftp://x.net", "neither https:// nor http://"},
        {"a user name", "https://me@x.net", "user name or password"},
        {"a password", "https://me:pw@x.net", "user name or password"},
        {"a blank", "https://x .net", "odd characters"},
        {"a line end", "https://x.net\r\nX: y", "odd characters"},
        {"a letter beyond ASCII", "https://x\xc3\xa9.net", "odd characters"},
        {"two dots", "https://x..net", "odd characters"},
        {"a dash first", "-x.net", "odd characters"},
        {"a port that is a word", "https://x.net:https", "port is not a number"},
        {"a port too large", "https://x.net:70000", "port is not a number"},
        {"a port far too large", "https://x.net:99999999999999999999",
         "port is not a number"},
        {"port 0", "https://x.net:0", "port is not a number"},
        {"a bracket not closed", "https://[::1", "not closed"},
        {"no address in the brackets", "https://[x]", "odd characters"},
        {"text behind the brackets", "https://[::1]x", "odd characters"},
        {"http elsewhere", "http://x.net", "without https"},
        {"http at a name like a loopback address", "http://127.0.0.1.evil.com",
         "without https"},
        {"http at a name like localhost", "http://localhost.evil.com", "without https"},
        {"http at a private address", "http://10.0.0.1", "without https"},
        {"http at all addresses", "http://0.0.0.0:80", "without https"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct host h;
        struct fault f;
        if (host_parse(cases[i].text, &h, &f))
            fail_msg("%s: got '%s'", cases[i].why, h.url);
        if (f.kind != FAULT_AUTH || strstr(f.message, cases[i].message) == NULL)
            fail_msg("%s: got '%s'", cases[i].why, f.message);
    }
    char text[1000] = "https://";
    struct host h;
    struct fault f;
    memset(text + 8, 'x', sizeof text - 9);
    text[sizeof text - 1] = '\0';
    assert_false(host_parse(text, &h, &f));
}

static void a_password_in_a_host_is_not_told(void **state) {
    (void)state;
    struct host h;
    struct fault f;
    assert_false(host_parse("https://me:hunter2@x.net", &h, &f));
    assert_null(strstr(f.message, "hunter2"));
}

static void clouds_are_known_by_name(void **state) {
    (void)state;
    struct host h;
    struct fault f;
    assert_true(host_parse("https://adb-1.2.databricks.azure.us", &h, &f));
    assert_string_equal("usgovernment", h.azure_environment);
    assert_true(host_parse("https://adb-1.2.databricks.azure.cn:443", &h, &f));
    assert_string_equal("china", h.azure_environment);
    assert_true(host_parse("https://adb-1.2.azuredatabricks.net", &h, &f));
    assert_null(h.azure_environment);
    assert_true(host_is_azure("https://adb-1.2.azuredatabricks.net"));
    assert_true(host_is_azure("https://adb-1.2.databricks.azure.us"));
    assert_false(host_is_azure("https://x.net/azuredatabricks.net"));
    assert_false(host_is_azure("https://azuredatabricks.net.evil.com"));
    assert_true(host_is_account("https://accounts.cloud.databricks.com"));
    assert_true(host_is_account("https://accounts-dod.cloud.databricks.us"));
    assert_false(host_is_account("https://dbc-accounts.cloud.databricks.com"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_is_read_from_what_people_paste),
        cmocka_unit_test(what_is_no_host_is_refused),
        cmocka_unit_test(a_password_in_a_host_is_not_told),
        cmocka_unit_test(clouds_are_known_by_name),
    };
    return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
