#include "net/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ENV 6

static const char *const *environment; /* "NAME=value", NULL-terminated */

static const char *fake_getenv(const char *name) {
    size_t size = strlen(name);
    for (const char *const *line = environment; *line != NULL; line++)
        if (strncmp(*line, name, size) == 0 && (*line)[size] == '=')
            return *line + size + 1;
    return NULL;
}

struct row {
    const char *why;
    const char *env[ENV];
    const char *url;
    bool secrets, public_only;
    const char *variable; /* that decides; NULL: no proxy */
    const char *error;
};

static void check(const struct row *row) {
    struct url_parts u;
    struct route r;
    struct fault f = {0};
    environment = row->env;
    if (!url_read(row->url, &u))
        fail_msg("%s: %s is no URL", row->why, row->url);
    bool ok = route_decide(&u, row->secrets, row->public_only, fake_getenv, &r, &f);
    if (ok != (row->error == NULL))
        fail_msg("%s: %s", row->why, ok ? "is allowed" : f.message);
    if (!ok && row->error != NULL && strstr(f.message, row->error) == NULL)
        fail_msg("%s: got '%s'", row->why, f.message);
    if (ok && (r.proxy == NULL) != (row->variable == NULL))
        fail_msg("%s: %s", row->why, r.proxy == NULL ? "no proxy" : r.proxy);
    if (ok && r.proxy != NULL && row->variable != NULL &&
        strcmp(r.variable, row->variable) != 0)
        fail_msg("%s: got %s", row->why, r.variable);
}

#define CHECK_ALL(rows)                                                                  \
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows)[0]; i++)                          \
    check(&(rows)[i])

#define ALL "http_proxy=http://p:1", "https_proxy=http://p:2", "all_proxy=http://p:3"

static void nothing_for_this_machine_goes_through_a_proxy(void **state) {
    (void)state;
    static const char *const urls[] = {
        "http://localhost",
        "https://localhost:8443/x",
        "http://LOCALHOST",
        "http://localhost.:80/",
        "http://a.localhost",
        "http://127.0.0.1",
        "http://127.9.8.7:9",
        "https://127.0.0.1",
        "http://[::1]:8080",
        "https://[0:0:0:0:0:0:0:1]",
        "http://127.1",
        "http://2130706433",
        "http://0x7f000001",
        "http://017700000001",
        "http://0.0.0.0:5",
        "http://[::]",
        "http://[::ffff:127.0.0.1]",
        "http://localhost.localdomain",
        "http://ip6-localhost",
    };
    char own[300] = "http://";
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        const struct row row = {urls[i], {ALL, "NO_PROXY="}, urls[i], false, false, NULL,
                                NULL};
        check(&row);
    }
    assert_int_equal(gethostname(own + 7, sizeof own - 8), 0);
    const struct row row = {
        "the machine's own name", {ALL}, own, false, false, NULL, NULL};
    check(&row);
}

/* Of each kind of request: to whom, with what, where. */
static void the_way_is_decided_for_each_kind_of_request(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"a workspace", {ALL}, "https://w.net/api", true, false, "https_proxy", NULL},
        {"a workspace over plain http",
         {ALL},
         "http://w.net",
         true,
         false,
         NULL,
         "credentials are not sent over plain http to w.net"},
        {"also without a proxy",
         {NULL},
         "http://w.net",
         true,
         false,
         NULL,
         "credentials are not sent over plain http"},
        {"this machine over plain http",
         {ALL},
         "http://localhost:9",
         true,
         false,
         NULL,
         NULL},
        {"an address that only looks local",
         {ALL},
         "http://127.0.0.1.w.net",
         true,
         false,
         NULL,
         "not sent over plain http"},
        {"a local address in odd digits gets no secret in the clear",
         {ALL},
         "http://127.1.w",
         true,
         false,
         NULL,
         "not sent over plain http"},
        {"a link to storage",
         {ALL},
         "https://s.net/x?sig=1",
         false,
         false,
         "https_proxy",
         NULL},
        {"a webhook", {ALL}, "https://hooks.net/T0/B0", true, false, "https_proxy", NULL},
        {"a webhook in the clear",
         {ALL},
         "http://hooks.net/T0",
         false,
         false,
         "http_proxy",
         NULL},
        {"a host that a request names", {ALL}, "https://d.net", true, true, NULL, NULL},
        {"a token endpoint",
         {ALL},
         "https://login.net/oidc",
         true,
         false,
         "https_proxy",
         NULL},
    };
    CHECK_ALL(rows);
}

static void variables_are_read_as_other_tools_read_them(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"none", {NULL}, "https://w.net", true, false, NULL, NULL},
        {"small letters",
         {"https_proxy=p"},
         "https://w.net",
         true,
         false,
         "https_proxy",
         NULL},
        {"capitals",
         {"HTTPS_PROXY=p"},
         "https://w.net",
         true,
         false,
         "HTTPS_PROXY",
         NULL},
        {"small letters win",
         {"HTTPS_PROXY=p", "https_proxy=q"},
         "https://w.net",
         true,
         false,
         "https_proxy",
         NULL},
        {"an empty one is none",
         {"https_proxy=", "ALL_PROXY=p"},
         "https://w.net",
         true,
         false,
         NULL,
         NULL},
        {"all_proxy is for the rest",
         {"http_proxy=p", "ALL_PROXY=q"},
         "https://w.net",
         true,
         false,
         "ALL_PROXY",
         NULL},
        {"http_proxy is not for https",
         {"http_proxy=p"},
         "https://w.net",
         true,
         false,
         NULL,
         NULL},
        {"https_proxy is not for http",
         {"https_proxy=p"},
         "http://w.net",
         false,
         false,
         NULL,
         NULL},
        {"HTTP_PROXY",
         {"HTTP_PROXY=p"},
         "http://w.net",
         false,
         false,
         "HTTP_PROXY",
         NULL},
        {"but not in CGI, where a header sets it",
         {"HTTP_PROXY=p", "REQUEST_METHOD=GET"},
         "http://w.net",
         false,
         false,
         NULL,
         NULL},
    };
    CHECK_ALL(rows);
}

static void exceptions_are_read_as_other_tools_read_them(void **state) {
    (void)state;
    static const struct {
        const char *why, *list, *url;
        bool direct;
    } rows[] = {
        {"a host", "w.net", "https://w.net", true},
        {"in capitals", "W.NET", "https://w.Net/x", true},
        {"another one", "w.net", "https://x.net", false},
        {"what is below it", "w.net", "https://a.w.net", true},
        {"not what only ends so", "w.net", "https://aw.net", false},
        {"a suffix", ".w.net", "https://a.b.w.net", true},
        {"the domain of a suffix", ".w.net", "https://w.net", true},
        {"a star in front", "*.w.net", "https://a.w.net", true},
        {"a final dot", "w.net.", "https://w.net", true},
        {"one of a list", "a.net, b.net,w.net", "https://w.net", true},
        {"divided by blanks", "a.net  w.net", "https://w.net", true},
        {"empty entries", ",, ,w.net,", "https://w.net", true},
        {"all", "*", "https://w.net", true},
        {"all, in a list", "a.net,*", "https://w.net", true},
        {"with its port", "w.net:8443", "https://w.net:8443", true},
        {"another port", "w.net:8443", "https://w.net", false},
        {"the usual port", "w.net:443", "https://w.net", true},
        {"the usual port of http", "w.net:80", "http://w.net", true},
        {"a port in the URL alone", "w.net", "https://w.net:8443", true},
        {"a suffix with a port", ".w.net:8443", "https://a.w.net:8443", true},
        {"an address", "10.1.2.3", "https://10.1.2.3", true},
        {"another address", "10.1.2.3", "https://10.1.2.30", false},
        {"an address with a port", "10.1.2.3:9", "https://10.1.2.3:9", true},
        {"a range", "10.0.0.0/8", "https://10.200.1.1:99", true},
        {"outside of it", "10.0.0.0/8", "https://11.0.0.1", false},
        {"within a byte", "192.168.4.0/22", "https://192.168.7.255", true},
        {"behind it", "192.168.4.0/22", "https://192.168.8.0", false},
        {"one address as a range", "10.1.2.3/32", "https://10.1.2.3", true},
        {"every address", "0.0.0.0/0", "https://8.8.8.8", true},
        {"a range is of no name", "0.0.0.0/0", "https://w.net", false},
        {"too many bits", "10.0.0.0/33", "https://10.0.0.0", false},
        {"no number of bits", "10.0.0.0/x", "https://10.0.0.0", false},
        {"an address of IPv6", "fd00::1", "https://[fd00::1]", true},
        {"with brackets and a port", "[fd00::1]:9", "https://[fd00::1]:9", true},
        {"in other words", "fd00:0:0::1", "https://[FD00::1]", true},
        {"a range of IPv6", "fd00::/8", "https://[fdff::9]", true},
        {"of another family", "::/0", "https://10.1.1.1", false},
        {"nonsense", "/,[,:,.", "https://w.net", false},
        {"an empty list", "", "https://w.net", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char list[200];
        snprintf(list, sizeof list, "%s=%s", i % 2 ? "NO_PROXY" : "no_proxy",
                 rows[i].list);
        bool https = strncmp(rows[i].url, "https", 5) == 0;
        const struct row row = {
            rows[i].why, {ALL, list},
            rows[i].url, false,
            false,       rows[i].direct ? NULL : https ? "https_proxy" : "http_proxy",
            NULL};
        check(&row);
    }
}

static void a_proxy_is_named_without_its_password(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"http://p.net:8080", "p.net:8080"},
        {"p.net", "p.net"},
        {"http://user:pa@ss@p.net:8080/x", "p.net:8080"},
        {"user:pass@p.net", "p.net"},
        {"socks5h://u:p%40@[::1]:1080", "[::1]:1080"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct route r = {cases[i][0], "https_proxy"};
        char host[100];
        route_proxy_host(&r, host, sizeof host);
        assert_string_equal(host, cases[i][1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_for_this_machine_goes_through_a_proxy),
        cmocka_unit_test(the_way_is_decided_for_each_kind_of_request),
        cmocka_unit_test(variables_are_read_as_other_tools_read_them),
        cmocka_unit_test(exceptions_are_read_as_other_tools_read_them),
        cmocka_unit_test(a_proxy_is_named_without_its_password),
    };
    return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
