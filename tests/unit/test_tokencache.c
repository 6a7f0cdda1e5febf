#define _DEFAULT_SOURCE /* mkdtemp */
#include "dbx/tokencache.h"

#include "base/filelock.h"
#include "base/json.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW INT64_C(1700000000000) /* 2023-11-14T22:13:20Z */
#define KEYS(...)                                                                        \
    (const char *const[]) {                                                              \
        __VA_ARGS__, NULL                                                                \
    }

static char home[64], folder[96], file[128];

static int set_up(void **state) {
    (void)state;
    snprintf(home, sizeof home, "/tmp/tarn-tokencache-XXXXXX");
    if (mkdtemp(home) == NULL)
        return -1;
    snprintf(folder, sizeof folder, "%s/.databricks", home);
    snprintf(file, sizeof file, "%s/token-cache.json", folder);
    setenv("HOME", home, 1);
    return 0;
}

/* Nothing but the cache and its lock is ever left. */
static int tear_down(void **state) {
    (void)state;
    char lock[160];
    snprintf(lock, sizeof lock, "%s.lock", file);
    unlink(file);
    unlink(lock);
    rmdir(folder);
    return rmdir(home);
}

static void write_file(const char *text) {
    mkdir(folder, 0700);
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static const char *read_file(void) {
    static char text[65536];
    FILE *in = fopen(file, "r");
    assert_non_null(in);
    text[fread(text, 1, sizeof text - 1, in)] = '\0';
    fclose(in);
    return text;
}

static void store(const char *const *keys, const char *access, const char *refresh) {
    struct fault f;
    const struct token t = {.text = (char *)(uintptr_t)access,
                            .refresh = (char *)(uintptr_t)refresh,
                            .lifetime_ms = 3600000};
    if (!tokencache_store(file, keys, &t, NOW, &f))
        fail_msg("%s", f.message);
}

static void expect(const char *key, const char *access, const char *refresh) {
    struct token t;
    struct fault f;
    if (!tokencache_find(file, key, NOW, &t, &f))
        fail_msg("%s", f.message);
    if (access == NULL) {
        assert_null(t.text);
    } else {
        assert_non_null(t.text);
        assert_string_equal(access, t.text);
    }
    if (refresh != NULL) {
        assert_non_null(t.refresh);
        assert_string_equal(refresh, t.refresh);
    }
    token_free(&t);
}

/* As Go writes the file: an offset, nine decimals, and the year 1 for "never". */
static const char GO[] = "{\n  \"version\": 1,\n  \"tokens\": {\n"
                         "    \"prod\": {\n      \"access_token\": \"a-prod\",\n"
                         "      \"token_type\": \"Bearer\",\n"
                         "      \"refresh_token\": \"r-prod\",\n"
                         "      \"expiry\": \"2023-11-15T00:13:20.123456789+01:00\",\n"
                         "      \"scopes\": [\"all-apis\"]\n    },\n"
                         "    \"https://x.net\": {\n      \"access_token\": \"a-x\",\n"
                         "      \"token_type\": \"Bearer\",\n"
                         "      \"expiry\": \"0001-01-01T00:00:00Z\"\n    }\n"
                         "  },\n  \"later\": {\"n\": 1}\n}";

static void what_go_wrote_is_read(void **state) {
    (void)state;
    struct token t;
    struct fault f;
    write_file(GO);
    assert_true(tokencache_find(file, "prod", NOW, &t, &f));
    assert_string_equal("a-prod", t.text);
    assert_string_equal("r-prod", t.refresh);
    assert_int_equal(3600123, t.lifetime_ms);
    token_free(&t);
    assert_true(tokencache_find(file, "prod", NOW + 3600124, &t, &f));
    assert_int_equal(0, t.lifetime_ms);
    token_free(&t);
    assert_true(tokencache_find(file, "https://x.net", NOW, &t, &f));
    assert_true(t.lifetime_ms == INT64_MAX);
    assert_null(t.refresh);
    token_free(&t);
    expect("gone", NULL, NULL);
}

static void without_a_file_there_is_no_entry(void **state) {
    (void)state;
    struct fault f;
    expect("prod", NULL, NULL);
    assert_true(tokencache_remove(file, KEYS("prod"), &f));
    assert_int_equal(-1, access(folder, F_OK));
    write_file("");
    expect("prod", NULL, NULL);
}

static void a_new_file_is_private(void **state) {
    (void)state;
    struct stat st;
    store(KEYS("prod", "https://x.net"), "a-1", "r-1");
    expect("prod", "a-1", "r-1");
    expect("https://x.net", "a-1", "r-1");
    assert_int_equal(0, stat(file, &st));
    assert_int_equal(0600, st.st_mode & 0777);
    assert_int_equal(0, stat(folder, &st));
    assert_int_equal(0700, st.st_mode & 0777);
    assert_int_equal('{', json_type(json_root(read_file(), strlen(read_file()))));
    assert_non_null(strstr(read_file(), "\"expiry\": \"2023-11-14T23:13:20.000Z\""));
}

static void what_others_wrote_stays_as_it_is(void **state) {
    (void)state;
    struct fault f;
    write_file(GO);
    chmod(file, 0644);
    store(KEYS("mine"), "a-\"\\1", NULL);
    store(KEYS("prod"), "a-2", "r-2");
    struct json root = json_root(read_file(), strlen(read_file()));
    struct json entry = json_at(root, "tokens.prod");
    char text[64];
    assert_true(json_text(json_at(entry, "scopes.0"), text, sizeof text));
    assert_string_equal("all-apis", text);
    assert_true(json_text(json_at(root, "later.n"), text, sizeof text));
    assert_string_equal("1", text);
    expect("https://x.net", "a-x", NULL);
    expect("prod", "a-2", "r-2");
    expect("mine", "a-\"\\1", NULL);
    struct stat st;
    assert_int_equal(0, stat(file, &st));
    assert_int_equal(0600, st.st_mode & 0777);

    assert_true(tokencache_remove(file, KEYS("prod", "never"), &f));
    expect("prod", NULL, NULL);
    expect("mine", "a-\"\\1", NULL);
    assert_true(tokencache_remove(file, KEYS("mine", "https://x.net"), &f));
    assert_non_null(strstr(read_file(), "\"tokens\": {},"));
}

static void a_file_that_is_not_ours_is_left_as_it_is(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{\"version\":2,\"tokens\":{\"prod\":{\"access_token\":\"s3cret\"}}}",
         "has version 2, and this program knows version 1"},
        {"{\"tokens\":{\"prod\":{\"access_token\":\"s3cret\"}}}", "has no version"},
        {"{\"version\":1,\"tokens\":[\"s3cret\"]}", "has no object 'tokens'"},
        {"{\"version\":1,\"tokens\":{\"prod\":{\"access_token\":\"s3cr", "is not a JSON"},
        {"[\"s3cret\"]", "is not a JSON object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault f[4];
        struct token t, new = {.text = (char *)(uintptr_t) "a", .lifetime_ms = 1000};
        write_file(cases[i].text);
        assert_false(tokencache_find(file, "prod", NOW, &t, &f[0]));
        assert_null(t.text);
        assert_false(tokencache_store(file, KEYS("prod"), &new, NOW, &f[1]));
        assert_false(tokencache_remove(file, KEYS("prod"), &f[2]));
        assert_false(tokencache_can_store(file, &f[3]));
        for (int k = 0; k < 4; k++) {
            assert_int_equal(FAULT_IO, f[k].kind);
            if (strstr(f[k].message, cases[i].message) == NULL)
                fail_msg("%s: got '%s'", cases[i].message, f[k].message);
            assert_null(strstr(f[k].message, "s3cr"));
            assert_non_null(strstr(f[k].hint, "move it away"));
        }
        assert_string_equal(cases[i].text, read_file());
    }
}

static void an_odd_token_is_not_used(void **state) {
    (void)state;
    struct token t;
    struct fault f;
    write_file("{\"version\":1,\"tokens\":{\"a\":{\"access_token\":\"x\\r\\ny\"}}}");
    assert_false(tokencache_find(file, "a", NOW, &t, &f));
    assert_null(t.text);
    assert_non_null(strstr(f.message, "odd characters"));
}

static void many_processes_that_write_lose_nothing(void **state) {
    (void)state;
    char key[32];
    for (int p = 0; p < 8; p++)
        if (fork() == 0) {
            for (int i = 0; i < 10; i++) {
                struct fault f;
                const struct token t = {.text = key, .lifetime_ms = 1000};
                snprintf(key, sizeof key, "key-%d-%d", p, i);
                if (!tokencache_store(file, KEYS(key), &t, NOW, &f))
                    _exit(1);
            }
            _exit(0);
        }
    for (int p = 0; p < 8; p++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(0, status);
    }
    for (int p = 0; p < 8; p++)
        for (int i = 0; i < 10; i++) {
            snprintf(key, sizeof key, "key-%d-%d", p, i);
            expect(key, key, NULL);
        }
}

static void one_at_a_time_renews_a_token(void **state) {
    (void)state;
    struct fault f;
    int first, second, other;
    assert_true(tokencache_try_lock(file, "prod", &first, &f));
    assert_int_not_equal(-1, first);
    assert_true(tokencache_try_lock(file, "prod", &second, &f));
    assert_int_equal(-1, second);
    assert_true(tokencache_try_lock(file, "dev", &other, &f));
    assert_int_not_equal(-1, other);
    store(KEYS("prod"), "a", "r"); /* writing needs another lock */
    filelock_release(&first);
    assert_int_equal(-1, first);
    filelock_release(&first);
    assert_true(tokencache_try_lock(file, "prod", &second, &f));
    assert_int_not_equal(-1, second);
    filelock_release(&second);
    filelock_release(&other);
    if (fork() == 0) { /* dies with the lock */
        tokencache_try_lock(file, "prod", &first, &f);
        _exit(first == -1);
    }
    int status;
    assert_true(wait(&status) > 0);
    assert_int_equal(0, status);
    assert_true(tokencache_try_lock(file, "prod", &first, &f));
    assert_int_not_equal(-1, first);
    filelock_release(&first);
}

static int count_files(void) {
    int n = 0;
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

/* RLIMIT_FSIZE stands in for a full disk: a write fails in the middle. */
static void a_full_disk_is_noticed_and_nothing_is_lost(void **state) {
    (void)state;
    struct fault f;
    store(KEYS("prod"), "a-1", "r-1");
    assert_true(tokencache_can_store(file, &f));
    assert_int_equal(2, count_files());
    if (fork() == 0) {
        const struct token t = {.text = file, .lifetime_ms = 1000};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){100, 100});
        bool noticed = !tokencache_can_store(file, &f) && f.kind == FAULT_IO;
        bool refused = !tokencache_store(file, KEYS("dev"), &t, NOW, &f);
        _exit(!(noticed && refused));
    }
    int status;
    assert_true(wait(&status) > 0);
    assert_int_equal(0, status);
    assert_int_equal(2, count_files());
    expect("prod", "a-1", "r-1");
}

static void keys_without_a_profile_name_the_host(void **state) {
    (void)state;
    struct fault f;
    char *path = tokencache_path(&f);
    assert_string_equal(file, path);
    free(path);
    char *key = tokencache_host_key("https://x.net", NULL);
    assert_string_equal("https://x.net", key);
    free(key);
    key = tokencache_host_key("https://accounts.x.net", "abc");
    assert_string_equal("https://accounts.x.net/oidc/accounts/abc", key);
    free(key);
    unsetenv("HOME");
    assert_null(tokencache_path(&f));
    assert_non_null(strstr(f.message, "HOME is not set"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(what_go_wrote_is_read),
        TEST(without_a_file_there_is_no_entry),
        TEST(a_new_file_is_private),
        TEST(what_others_wrote_stays_as_it_is),
        TEST(a_file_that_is_not_ours_is_left_as_it_is),
        TEST(an_odd_token_is_not_used),
        TEST(many_processes_that_write_lose_nothing),
        TEST(one_at_a_time_renews_a_token),
        TEST(a_full_disk_is_noticed_and_nothing_is_lost),
        TEST(keys_without_a_profile_name_the_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
