#define _GNU_SOURCE /* MAP_ANONYMOUS, mkdtemp */
#include "dbx/u2m.h"

#include "base/filelock.h"
#include "dbx/credentials.h"
#include "dbx/login.h"
#include "dbx/tokencache.h"
#include "server.h"
#include "variables.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SECONDS(n) ((int64_t)(n)*1000)
#define KEYS(...)                                                                        \
    (const char *const[]) {                                                              \
        __VA_ARGS__, NULL                                                                \
    }

/* ---- the server's side ---- */

static struct shared {
    int status, latency_ms;
    char answer[512]; /* "%d" is the number of the request */
    atomic_int tokens;
    char form[1024];
} * shared;

static void handle(struct server_request *r) {
    char text[800], host[64] = "";
    const char *line = strstr(r->headers, "Host: ");
    if (line != NULL)
        sscanf(line, "Host: %63s", host);
    if (strcmp(r->method, "POST") == 0) {
        int n = atomic_fetch_add(&shared->tokens, 1) + 1;
        snprintf(shared->form, sizeof shared->form, "%.1000s", r->body);
        server_sleep(shared->latency_ms);
        const char *mark = strstr(shared->answer, "%d");
        if (mark != NULL)
            snprintf(text, sizeof text, "%.*s%d%s", (int)(mark - shared->answer),
                     shared->answer, n, mark + 2);
        else
            snprintf(text, sizeof text, "%s", shared->answer);
        server_reply(r, shared->status, "", text);
    } else if (strstr(r->path, "oauth-authorization-server") != NULL) {
        snprintf(text, sizeof text, "{\"token_endpoint\":\"http://%s/oidc/v1/token\"}",
                 host);
        server_reply(r, 200, "", text);
    } else {
        server_reply(r, 404, "", "{}");
    }
}

/* ---- the test's side ---- */

static struct server server;
static struct loop *loop;
static struct http *http;
static char home[64], host[64], cache[128], config[128];

static int set_up(void **state) {
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    server_start(&server, handle);
    snprintf(host, sizeof host, "http://127.0.0.1:%d", server.port);
    snprintf(home, sizeof home, "/tmp/tarn-u2m-XXXXXX");
    if (mkdtemp(home) == NULL)
        return -1;
    snprintf(cache, sizeof cache, "%s/.databricks/token-cache.json", home);
    snprintf(config, sizeof config, "%s/.databrickscfg", home);
    setenv("HOME", home, 1);
    setenv("PATH", home, 1);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    server_stop(&server);
    munmap(shared, sizeof *shared);
    return rmdir(home);
}

static int before_each(void **state) {
    (void)state;
    memset(shared, 0, sizeof *shared);
    shared->status = 200;
    snprintf(shared->answer, sizeof shared->answer,
             "{\"access_token\":\"new-%%d\",\"refresh_token\":\"refresh-new\","
             "\"expires_in\":3600}");
    loop = loop_new();
    http = http_new(loop);
    return 0;
}

static int after_each(void **state) {
    (void)state;
    static const char *const names[] = {".databricks/token-cache.json",
                                        ".databricks/token-cache.json.lock",
                                        ".databrickscfg", "databricks"};
    char path[160];
    http_free(http);
    loop_free(loop);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", home, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/.databricks", home);
    rmdir(path);
    return 0;
}

static void write_text(const char *path, const char *text) {
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    chmod(path, 0700);
}

static void put(const char *key, const char *access, const char *refresh, int64_t ms) {
    struct fault f;
    const struct token t = {.text = (char *)(uintptr_t)access,
                            .refresh = (char *)(uintptr_t)refresh,
                            .lifetime_ms = ms};
    if (!tokencache_store(cache, KEYS(key), &t, login_wall_ms(), &f))
        fail_msg("%s", f.message);
}

static void expect_cached(const char *key, const char *access, const char *refresh) {
    struct token t;
    struct fault f;
    if (!tokencache_find(cache, key, login_wall_ms(), &t, &f))
        fail_msg("%s", f.message);
    assert_non_null(t.text);
    assert_string_equal(access, t.text);
    assert_string_equal(refresh, t.refresh);
    token_free(&t);
}

/* Credentials of the profile "prod", or of the host alone, by the file that is there. */
static struct credentials *connect_as(const char *profile) {
    struct config c;
    struct fault f;
    char home_line[80], host_line[80];
    snprintf(home_line, sizeof home_line, "HOME=%s", home);
    snprintf(host_line, sizeof host_line, "DATABRICKS_HOST=%s", host);
    const char *const env[] = {home_line, profile == NULL ? host_line : NULL, NULL};
    const struct config_args args = {
        .profile = profile, .env = variables_get, .env_ud = (void *)(uintptr_t)env};
    if (!config_resolve(&args, &c, &f))
        fail_msg("config: %s", f.message);
    struct credentials *cr = credentials_new(loop, http, &c);
    assert_non_null(cr);
    return cr;
}

static struct credentials *make(const char *profile, const char *more) {
    char text[300];
    snprintf(text, sizeof text, "[prod]\nhost = %s\nauth_type = databricks-cli\n%s\n",
             host, more);
    write_text(config, text);
    return connect_as(profile);
}

struct outcome {
    int calls;
    bool failed;
    char header[128];
    struct fault f;
};

static void keep(void *ud, const char *header, const char *const *extra,
                 const struct fault *f) {
    struct outcome *o = ud;
    (void)extra;
    o->calls++;
    o->failed = f != NULL;
    if (f != NULL)
        o->f = *f;
    else
        snprintf(o->header, sizeof o->header, "%s", header);
}

static struct outcome ask(struct credentials *cr) {
    struct outcome o = {0};
    int64_t end = loop_now() + 20000;
    credentials_get(cr, keep, &o);
    while (o.calls == 0 && loop_now() < end)
        loop_turn(loop, 1000);
    assert_int_equal(1, o.calls);
    return o;
}

static void expect_token(struct credentials *cr, const char *want) {
    struct outcome o = ask(cr);
    if (o.failed)
        fail_msg("%s", o.f.message);
    assert_string_equal(want, o.header + strlen("Authorization: Bearer "));
}

static void expect_fault(struct credentials *cr, const char *message, const char *hint) {
    struct outcome o = ask(cr);
    if (!o.failed)
        fail_msg("no fault, but %s", o.header);
    if (strstr(o.f.message, message) == NULL || strstr(o.f.hint, hint) == NULL)
        fail_msg("got '%s', hint '%s'", o.f.message, o.f.hint);
    assert_null(strstr(o.f.message, "refresh-old"));
}

static void a_cached_token_is_used_as_it_is(void **state) {
    (void)state;
    put("prod", "cached", "refresh-old", SECONDS(3000));
    struct credentials *cr = make("prod", "");
    expect_token(cr, "cached");
    assert_int_equal(0, server.tally->requests);
    credentials_free(cr);
}

static void without_a_profile_the_host_is_the_key(void **state) {
    (void)state;
    put(host, "of-the-host", "refresh-old", SECONDS(3000));
    put("prod", "of-prod", "refresh-old", SECONDS(3000));
    struct credentials *cr = make(NULL, "");
    expect_token(cr, "of-the-host");
    credentials_free(cr);
}

/* Another person may have logged in to the same host under another name. */
static void a_profile_takes_no_token_of_another(void **state) {
    (void)state;
    put(host, "of-the-host", "refresh-old", SECONDS(3000));
    struct credentials *cr = make("prod", "");
    expect_fault(cr, "nobody has logged in to prod", "tarn auth login --profile prod");
    credentials_free(cr);
}

static void a_token_near_its_end_is_renewed_and_kept(void **state) {
    (void)state;
    put("prod", "cached", "refresh-old", SECONDS(200));
    struct credentials *cr = make("prod", "");
    expect_token(cr, "new-1");
    assert_string_equal("grant_type=refresh_token&refresh_token=refresh-old&client_id="
                        "databricks-cli",
                        shared->form);
    expect_cached("prod", "new-1", "refresh-new");
    expect_cached(host, "new-1", "refresh-new");
    credentials_free(cr);
}

static void a_refresh_token_that_is_not_replaced_stays(void **state) {
    (void)state;
    snprintf(shared->answer, sizeof shared->answer,
             "{\"access_token\":\"new-%%d\",\"expires_in\":3600}");
    put("prod", "cached", "refresh-old", 0);
    struct credentials *cr = make("prod", "");
    expect_token(cr, "new-1");
    expect_cached("prod", "new-1", "refresh-old");
    credentials_free(cr);
}

static void a_refused_token_is_renewed_though_it_seems_valid(void **state) {
    (void)state;
    put("prod", "cached", "refresh-old", SECONDS(3000));
    struct credentials *cr = make("prod", "");
    expect_token(cr, "cached");
    assert_true(credentials_reject(cr, credentials_generation(cr)));
    expect_token(cr, "new-1");
    assert_true(credentials_reject(cr, credentials_generation(cr)));
    put("prod", "of-another-process", "refresh-3", SECONDS(3000));
    expect_token(cr, "of-another-process");
    assert_int_equal(1, atomic_load(&shared->tokens));
    credentials_free(cr);
}

static void a_server_that_fails_harms_nobody_while_the_token_serves(void **state) {
    (void)state;
    shared->status = 500;
    put("prod", "cached", "refresh-old", SECONDS(200));
    struct credentials *cr = make("prod", "");
    expect_token(cr, "cached");
    credentials_free(cr);
    put("prod", "cached", "refresh-old", SECONDS(20));
    cr = make("prod", "");
    expect_fault(cr, "databricks-cli: the token endpoint: refused (HTTP 500)", "");
    expect_cached("prod", "cached", "refresh-old");
    credentials_free(cr);
}

static void a_log_in_that_was_revoked_is_told(void **state) {
    (void)state;
    shared->status = 400;
    snprintf(shared->answer, sizeof shared->answer,
             "{\"error\":\"invalid_request\","
             "\"error_description\":\"Refresh token is invalid: refresh-old\"}");
    put("prod", "cached", "refresh-old", 0);
    struct credentials *cr = make("prod", "");
    expect_fault(cr,
                 "the log-in of profile prod has ended: the token endpoint: "
                 "invalid_request: Refresh token is invalid",
                 "log in: tarn auth login --profile prod");
    assert_int_equal(1, atomic_load(&shared->tokens));
    credentials_free(cr);
    put("prod", "cached", NULL, 0);
    cr = make("prod", "");
    expect_fault(cr, "has expired, and there is no refresh token", "tarn auth login");
    credentials_free(cr);
}

#define CLI "#!/bin/sh\necho '{\"access_token\":\"of-the-cli\",\"expires_in\":3600}'\n"

static void the_cli_is_asked_for_what_the_cache_has_not(void **state) {
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/databricks", home);
    write_text(path, CLI);
    struct credentials *cr = make("prod", "");
    expect_token(cr, "of-the-cli");
    credentials_free(cr);
    /* its log-in may be newer than one that has ended, unless all of them are in the file */
    shared->status = 400;
    put("prod", "cached", "refresh-old", 0);
    cr = make("prod", "");
    expect_token(cr, "of-the-cli");
    credentials_free(cr);
    cr = make("prod", "[__settings__]\nauth_storage = plaintext\n");
    expect_fault(cr, "the log-in of profile prod has ended", "tarn auth login");
    credentials_free(cr);
    put("prod", "cached", "refresh-old", SECONDS(3000));
    cr = make("prod", "[__settings__]\nauth_storage = Secure\n");
    expect_token(cr, "of-the-cli");
    credentials_free(cr);
}

/* A launcher of the CLI may be this program. */
static void one_that_is_asked_does_not_ask_itself(void **state) {
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/databricks", home);
    write_text(path, "#!/bin/sh\necho \"Error: $TARN_ASKS_CLI\" >&2; exit 1\n");
    struct credentials *cr = make("prod", "");
    expect_fault(cr, "databricks auth token: Error: 1", "");
    credentials_free(cr);
    setenv("TARN_ASKS_CLI", "1", 1);
    cr = make("prod", "");
    expect_fault(cr, "databricks OAuth is not configured for this host",
                 "tarn auth login");
    credentials_free(cr);
    unsetenv("TARN_ASKS_CLI");
}

static void a_cache_of_a_newer_version_is_told_and_kept(void **state) {
    (void)state;
    char folder[128];
    snprintf(folder, sizeof folder, "%s/.databricks", home);
    mkdir(folder, 0700);
    write_text(cache, "{\"version\": 2, \"tokens\": {}}");
    struct credentials *cr = make("prod", "");
    expect_fault(cr, "has version 2, and this program knows version 1", "move it away");
    credentials_free(cr);
}

/* What a child process has from its parent stays reachable, for valgrind. */
static const void *volatile inherited[2];

static void begin_child(void) {
    inherited[0] = http;
    inherited[1] = loop;
    http = http_new(loop = loop_new());
}

/* Each of six processes has two workspaces of the same profile. */
static void a_token_is_renewed_once_for_all_processes(void **state) {
    (void)state;
    put("prod", "cached", "refresh-old", 0);
    credentials_free(make("prod", "")); /* writes the file */
    shared->latency_ms = 200;
    for (int p = 0; p < 6; p++)
        if (fork() == 0) {
            struct outcome a = {0}, b = {0};
            begin_child();
            struct credentials *first = connect_as("prod"), *second = connect_as("prod");
            credentials_get(first, keep, &a);
            credentials_get(second, keep, &b);
            int64_t end = loop_now() + 20000;
            while ((a.calls == 0 || b.calls == 0) && loop_now() < end)
                loop_turn(loop, 1000);
            bool bad = strcmp(a.header, "Authorization: Bearer new-1") != 0 ||
                       strcmp(b.header, a.header) != 0;
            credentials_free(first);
            credentials_free(second);
            _exit(bad);
        }
    for (int p = 0; p < 6; p++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(0, status);
    }
    assert_int_equal(1, atomic_load(&shared->tokens));
}

static void one_who_waits_can_be_given_up(void **state) {
    (void)state;
    struct outcome o = {0};
    struct fault f;
    int lock;
    put("prod", "cached", "refresh-old", 0);
    assert_true(tokencache_try_lock(cache, "prod", &lock, &f));
    struct credentials *cr = make("prod", "");
    credentials_get(cr, keep, &o);
    for (int64_t end = loop_now() + 150; loop_now() < end;)
        loop_turn(loop, 20);
    assert_int_equal(0, o.calls);
    credentials_free(cr);
    assert_true(loop_idle(loop));
    filelock_release(&lock);
}

/* RLIMIT_FSIZE stands in for a full disk. The refresh token is not used up for an answer that
 * cannot be kept. */
static void a_full_disk_costs_no_refresh_token(void **state) {
    (void)state;
    put("prod", "cached", "refresh-old", SECONDS(20));
    if (fork() == 0) {
        begin_child();
        struct credentials *cr = make("prod", "");
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){200, 200});
        struct outcome o = ask(cr);
        credentials_free(cr);
        _exit(!(o.failed && o.f.kind == FAULT_IO));
    }
    int status;
    assert_true(wait(&status) > 0);
    assert_int_equal(0, status);
    assert_int_equal(0, atomic_load(&shared->tokens));
    expect_cached("prod", "cached", "refresh-old");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, before_each, after_each)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_cached_token_is_used_as_it_is),
        TEST(without_a_profile_the_host_is_the_key),
        TEST(a_profile_takes_no_token_of_another),
        TEST(a_token_near_its_end_is_renewed_and_kept),
        TEST(a_refresh_token_that_is_not_replaced_stays),
        TEST(a_refused_token_is_renewed_though_it_seems_valid),
        TEST(a_server_that_fails_harms_nobody_while_the_token_serves),
        TEST(a_log_in_that_was_revoked_is_told),
        TEST(the_cli_is_asked_for_what_the_cache_has_not),
        TEST(one_that_is_asked_does_not_ask_itself),
        TEST(a_cache_of_a_newer_version_is_told_and_kept),
        TEST(a_token_is_renewed_once_for_all_processes),
        TEST(one_who_waits_can_be_given_up),
        TEST(a_full_disk_costs_no_refresh_token),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
