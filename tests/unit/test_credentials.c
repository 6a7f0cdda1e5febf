#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "dbx/credentials.h"

#include "dbx/login.h"
#include "server.h"
#include "variables.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define SECRET   "dose-very-secret-0123456789"
#define RESOURCE "/subscriptions/sub-1/resourceGroups/g/providers/p"

static const char CLIENT_SECRET[] = "DATABRICKS_CLIENT_SECRET=" SECRET;
static const char ARM_SECRET[] = "ARM_CLIENT_SECRET=" SECRET;
static const char GITHUB_TOKEN[] = "ACTIONS_ID_TOKEN_REQUEST_TOKEN=" SECRET;
static const char RESOURCE_ID[] = "DATABRICKS_AZURE_RESOURCE_ID=" RESOURCE;

#define PUT(array, text) snprintf(array, sizeof(array), "%s", text)
#define SECONDS(n)       ((int64_t)(n)*1000)

/* ---- the server's side ---- */

/* What the test asks of the server, and what the server saw. */
static struct shared {
    int metadata_status, discovery_status, token_status;
    char metadata[512], discovery[512],
        token[1024]; /* "%s" is the server's own address */
    char token_headers[128];
    int failures; /* so many token requests are answered 503 first */
    int latency_ms;
    atomic_int tokens; /* token requests so far */
    char log[8192];    /* "GET /path\n" ... */
    char auth[2048];   /* Authorization of the newest request that had one */
    char form[2048];   /* of the newest token request */
} * shared;

static void reply(struct server_request *r, int status, const char *text) {
    char host[64] = "", body[2048], address[80];
    const char *line = strstr(r->headers, "Host: ");
    if (line != NULL)
        sscanf(line, "Host: %63s", host);
    snprintf(address, sizeof address, "http://%s", host);
    const char *mark = strstr(text, "%s");
    snprintf(body, sizeof body, "%.*s%s%s", mark ? (int)(mark - text) : (int)strlen(text),
             text, mark ? address : "", mark ? mark + 2 : "");
    server_reply(r, status, "Content-Type: application/json\r\n", body);
}

static void reply_token(struct server_request *r) {
    char text[1200];
    int n = atomic_fetch_add(&shared->tokens, 1) + 1;
    snprintf(shared->form, sizeof shared->form, "%.2000s", r->body);
    server_sleep(shared->latency_ms);
    if (n <= shared->failures) {
        server_reply(r, 503, "Retry-After: 0\r\n", "<html>busy</html>");
        return;
    }
    const char *mark = strstr(shared->token, "%d"); /* the number of the token */
    if (mark == NULL)
        snprintf(text, sizeof text, "%s", shared->token);
    else
        snprintf(text, sizeof text, "%.*s%d%s", (int)(mark - shared->token),
                 shared->token, n, mark + 2);
    server_reply(r, shared->token_status, shared->token_headers, text);
}

static void handle(struct server_request *r) {
    const char *auth = strstr(r->headers, "Authorization: ");
    size_t used = strlen(shared->log);
    snprintf(shared->log + used, sizeof shared->log - used, "%s %s\n", r->method,
             r->path);
    if (auth != NULL)
        sscanf(auth, "Authorization: %2047[^\r]", shared->auth);
    if (strcmp(r->path, "/.well-known/databricks-config") == 0)
        reply(r, shared->metadata_status, shared->metadata);
    else if (strstr(r->path, ".well-known/oauth-authorization-server") != NULL)
        reply(r, shared->discovery_status, shared->discovery);
    else if (strstr(r->path, "/token") != NULL && strcmp(r->method, "POST") == 0)
        reply_token(r);
    else if (strncmp(r->path, "/github", 7) == 0)
        server_reply(r, 200, "", "{\"value\":\"github-jwt\"}");
    else if (strcmp(r->path, "/aad/auth") == 0)
        server_reply(r, 302,
                     "Location: https://login.microsoftonline.com/the-tenant/oauth2/"
                     "authorize?x=y\r\n",
                     "");
    else if (strncmp(r->path, "/subscriptions/", 15) == 0)
        server_reply(r, 200, "",
                     "{\"properties\":{\"workspaceUrl\":\"adb-1.7.azuredatabricks"
                     ".net\"}}");
    else
        server_reply(r, 404, "", "{\"message\":\"no such thing\"}");
}

/* ---- the test's side ---- */

static struct server server;
static struct loop *loop;
static struct http *http;
static char dir[64], host_line[80], host[64], path_before[4096];

static void reset(void) {
    struct shared *s = shared;
    memset(s, 0, sizeof *s);
    s->metadata_status = s->discovery_status = s->token_status = 200;
    PUT(s->metadata, "{\"oidc_endpoint\":\"%s/oidc\"}");
    PUT(s->discovery, "{\"token_endpoint\":\"%s/oidc/v1/token\"}");
    PUT(s->token, "{\"access_token\":\"token-%d\",\"token_type\":\"Bearer\","
                  "\"expires_in\":3600}");
}

static int set_up(void **state) {
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    server_start(&server, handle);
    snprintf(host, sizeof host, "http://127.0.0.1:%d", server.port);
    snprintf(host_line, sizeof host_line, "DATABRICKS_HOST=%s", host);
    PUT(dir, "/tmp/tarn-credentials-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    char path[4200];
    snprintf(path_before, sizeof path_before, "%s", getenv("PATH"));
    snprintf(path, sizeof path, "%s:/usr/bin:/bin", dir);
    setenv("PATH", path, 1);
    setenv("HOME", dir, 1);
    return 0;
}

static void remove_program(const char *name) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    unlink(path);
}

static int tear_down(void **state) {
    (void)state;
    server_stop(&server);
    munmap(shared, sizeof *shared);
    setenv("PATH", path_before, 1);
    return rmdir(dir);
}

static int before_each(void **state) {
    (void)state;
    reset();
    loop = loop_new();
    http = http_new(loop);
    return 0;
}

static int after_each(void **state) {
    (void)state;
    http_free(http);
    loop_free(loop);
    remove_program("databricks");
    remove_program("az");
    remove_program("args");
    remove_program("file");
    return 0;
}

/* A program in PATH; one of the size of the real CLI if `large`. It notes how it was called. */
static void write_program(const char *name, bool large, const char *script) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fprintf(out, "#!/bin/sh\necho \"$@\" >>%s/args\n%s\nexit\n", dir, script);
    for (int i = 0; large && i < 1050; i++)
        fprintf(out, "#%01022d\n", 0);
    fclose(out);
    chmod(path, 0700);
}

static const char *read_file(const char *name) {
    static char text[4096];
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *in = fopen(path, "r");
    text[0] = '\0';
    if (in != NULL) {
        text[fread(text, 1, sizeof text - 1, in)] = '\0';
        fclose(in);
    }
    return text;
}

static void write_file(const char *name, const char *text) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *out = fopen(path, "w");
    fputs(text, out);
    fclose(out);
}

#define ENV(...)                                                                         \
    (const char *const[]) {                                                              \
        __VA_ARGS__, NULL                                                                \
    }

static struct credentials *make_with(const char *const *env, const char *profile) {
    struct config c;
    struct fault f;
    const struct config_args args = {
        .profile = profile, .env = variables_get, .env_ud = (void *)(uintptr_t)env};
    if (!config_resolve(&args, &c, &f))
        fail_msg("config: %s", f.message);
    struct credentials *cr = credentials_new(loop, http, &c);
    assert_non_null(cr);
    assert_null(c.attr[CONFIG_HOST].value);
    return cr;
}

static struct credentials *make(const char *const *env) {
    return make_with(env, NULL);
}

static struct credentials *make_m2m(void) {
    return make(ENV(host_line, "DATABRICKS_CLIENT_ID=id-1", CLIENT_SECRET));
}

struct outcome {
    int calls;
    bool failed;
    char header[256], extra[2][256];
    struct fault f;
};

static void keep(void *ud, const char *header, const char *const *extra,
                 const struct fault *f) {
    struct outcome *o = ud;
    o->calls++;
    o->failed = f != NULL;
    assert_true((header == NULL) == (f != NULL));
    if (f != NULL)
        o->f = *f;
    else
        snprintf(o->header, sizeof o->header, "%s", header);
    for (int i = 0; extra != NULL && extra[i] != NULL; i++)
        snprintf(o->extra[i], sizeof o->extra[i], "%s", extra[i]);
}

static void turn_until(const int *flag, int wanted) {
    int64_t end = loop_now() + 15000;
    while (*flag < wanted && loop_now() < end)
        loop_turn(loop, 1000);
    assert_int_equal(wanted, *flag);
}

static struct outcome ask(struct credentials *cr) {
    struct outcome o = {0};
    credentials_get(cr, keep, &o);
    turn_until(&o.calls, 1);
    assert_null(strstr(o.f.message, SECRET));
    assert_null(strstr(o.f.hint, SECRET));
    return o;
}

static void expect_header(struct credentials *cr, const char *want) {
    struct outcome o = ask(cr);
    if (o.failed)
        fail_msg("%s", o.f.message);
    assert_string_equal(want, o.header);
}

static void expect_fault(struct credentials *cr, const char *message, const char *hint) {
    struct outcome o = ask(cr);
    if (!o.failed)
        fail_msg("no fault but %s", o.header);
    if (strstr(o.f.message, message) == NULL)
        fail_msg("want '%s', got '%s'", message, o.f.message);
    if (strstr(o.f.hint, hint) == NULL)
        fail_msg("want hint '%s', got '%s'", hint, o.f.hint);
}

/* ---- one token for many ---- */

static void a_token_of_ones_own_is_there_at_once(void **state) {
    (void)state;
    struct credentials *cr = make(ENV(host_line, "DATABRICKS_TOKEN=dapi-1"));
    struct outcome o = {0};
    assert_null(credentials_get(cr, keep, &o));
    assert_int_equal(1, o.calls);
    assert_string_equal("Authorization: Bearer dapi-1", o.header);
    assert_false(credentials_reject(cr, credentials_generation(cr)));
    assert_true(loop_idle(loop));
    credentials_free(cr);
}

static void a_client_secret_becomes_a_token(void **state) {
    (void)state;
    struct credentials *cr = make_m2m();
    expect_header(cr, "Authorization: Bearer token-1");
    /* id-1:dose-... */
    assert_string_equal("Basic aWQtMTpkb3NlLXZlcnktc2VjcmV0LTAxMjM0NTY3ODk=",
                        shared->auth);
    assert_string_equal("grant_type=client_credentials&scope=all-apis", shared->form);
    assert_string_equal("GET /.well-known/databricks-config\n"
                        "GET /oidc/.well-known/oauth-authorization-server\n"
                        "POST /oidc/v1/token\n",
                        shared->log);
    struct outcome o = {0};
    assert_null(credentials_get(cr, keep, &o)); /* it is kept */
    assert_string_equal("Authorization: Bearer token-1", o.header);
    assert_int_equal(1, atomic_load(&shared->tokens));
    credentials_free(cr);
}

static void a_group_is_asked_for_with_the_token(void **state) {
    (void)state;
    struct credentials *cr = make(ENV(host_line, "DATABRICKS_CLIENT_ID=id-1",
                                      CLIENT_SECRET, "DATABRICKS_GROUP_ID=88 1"));
    expect_header(cr, "Authorization: Bearer token-1");
    assert_string_equal(
        "grant_type=client_credentials&scope=all-apis&assume_group=88%201", shared->form);
    credentials_free(cr);
    cr = make(ENV(host_line, "DATABRICKS_CLIENT_ID=id-1", "DATABRICKS_OIDC_TOKEN=jwt",
                  "DATABRICKS_GROUP_ID=881"));
    expect_header(cr, "Authorization: Bearer token-2");
    assert_non_null(strstr(shared->form, "&assume_group=881&client_id=id-1"));
    credentials_free(cr);
}

static void fifty_wait_for_one_refresh(void **state) {
    (void)state;
    struct credentials *cr = make_m2m();
    struct outcome all[50] = {0};
    shared->latency_ms = 50;
    for (int i = 0; i < 50; i++)
        assert_non_null(credentials_get(cr, keep, &all[i]));
    turn_until(&all[49].calls, 1);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(1, all[i].calls);
        assert_string_equal("Authorization: Bearer token-1", all[i].header);
    }
    assert_int_equal(1, atomic_load(&shared->tokens));
    credentials_free(cr);
}

static void an_error_reaches_all_who_wait(void **state) {
    (void)state;
    struct credentials *cr = make_m2m();
    struct outcome all[50] = {0};
    shared->token_status = 401;
    PUT(shared->token,
        "{\"error\":\"invalid_client\","
        "\"error_description\":\"Client authentication failed " SECRET "\"}");
    for (int i = 0; i < 50; i++)
        credentials_get(cr, keep, &all[i]);
    turn_until(&all[49].calls, 1);
    for (int i = 0; i < 50; i++) {
        assert_true(all[i].failed);
        assert_int_equal(FAULT_AUTH, all[i].f.kind);
        assert_non_null(strstr(all[i].f.message,
                               "oauth-m2m: the token endpoint: "
                               "invalid_client: Client authentication"));
        assert_non_null(strstr(all[i].f.hint, "check client_id (DATABRICKS_CLIENT_ID)"));
        assert_null(strstr(all[i].f.message, SECRET));
    }
    assert_int_equal(1, atomic_load(&shared->tokens));
    reset(); /* and the next one who asks may have better luck */
    expect_header(cr, "Authorization: Bearer token-1");
    credentials_free(cr);
}

static int64_t fake_time;
static int64_t fake_now(void) {
    return fake_time;
}

static void a_token_is_renewed_in_the_background(void **state) {
    (void)state;
    struct credentials *cr = make_m2m();
    struct outcome o = {0};
    fake_time = 1000;
    credentials_in_test(cr, NULL, fake_now);
    expect_header(cr, "Authorization: Bearer token-1");

    fake_time += SECONDS(2399);
    assert_null(credentials_get(cr, keep, &o));
    assert_true(loop_idle(loop) || atomic_load(&shared->tokens) == 1);
    fake_time += SECONDS(2); /* in the last 20 minutes */
    for (int i = 0; i < 10; i++) {
        assert_null(credentials_get(cr, keep, &o)); /* the old one serves meanwhile */
        assert_string_equal("Authorization: Bearer token-1", o.header);
    }
    for (int64_t end = loop_now() + 5000;
         credentials_generation(cr) == 1 && loop_now() < end;)
        loop_turn(loop, 100);
    assert_int_equal(2, atomic_load(&shared->tokens));
    assert_null(credentials_get(cr, keep, &o));
    assert_string_equal("Authorization: Bearer token-2", o.header);
    credentials_free(cr);
}

static void
a_failure_in_the_background_harms_nobody_while_the_token_serves(void **state) {
    (void)state;
    struct credentials *cr = make_m2m();
    struct outcome o = {0};
    fake_time = 1000;
    credentials_in_test(cr, NULL, fake_now);
    expect_header(cr, "Authorization: Bearer token-1");
    shared->token_status = 400;
    fake_time += SECONDS(3000);
    assert_null(credentials_get(cr, keep, &o));
    for (int64_t end = loop_now() + 5000;
         atomic_load(&shared->tokens) < 2 && loop_now() < end;)
        loop_turn(loop, 100);
    loop_turn(loop, 100);
    for (int i = 0; i < 5; i++) {
        assert_null(credentials_get(cr, keep, &o)); /* nor is it asked again at once */
        assert_false(o.failed);
        loop_turn(loop, 10);
    }
    assert_int_equal(2, atomic_load(&shared->tokens));
    fake_time += SECONDS(560); /* 40 s before its end it does not serve any more */
    o = ask(cr);
    assert_true(o.failed);
    credentials_free(cr);
}

static void a_token_that_was_refused_is_replaced_once(void **state) {
    (void)state;
    struct credentials *cr = make_m2m();
    expect_header(cr, "Authorization: Bearer token-1");
    unsigned first = credentials_generation(cr);
    assert_true(credentials_reject(cr, first));
    assert_true(credentials_reject(cr, first));
    expect_header(cr, "Authorization: Bearer token-2");
    assert_true(credentials_reject(cr, first)); /* a late one: the newer token stays */
    expect_header(cr, "Authorization: Bearer token-2");
    assert_int_equal(2, atomic_load(&shared->tokens));
    credentials_free(cr);
}

static void who_waits_may_leave(void **state) {
    (void)state;
    struct credentials *cr = make_m2m();
    struct outcome o[3] = {0};
    struct credentials_wait *w[3];
    for (int i = 0; i < 3; i++)
        w[i] = credentials_get(cr, keep, &o[i]);
    credentials_cancel(w[1]);
    credentials_cancel(w[2]);
    w[2] = credentials_get(cr, keep, &o[2]);
    turn_until(&o[2].calls, 1);
    assert_int_equal(1, o[0].calls);
    assert_int_equal(0, o[1].calls);
    credentials_reject(cr, credentials_generation(cr));
    credentials_get(cr, keep, &o[1]);
    loop_turn(loop, 0);
    credentials_free(cr); /* in the middle of it: nobody is called */
    assert_int_equal(0, o[1].calls);
    assert_true(loop_idle(loop));
    credentials_free(NULL);
}

static struct credentials *of_callee;
static struct outcome of_callee_again;

static void free_them(void *ud, const char *header, const char *const *extra,
                      const struct fault *f) {
    keep(ud, header, extra, f);
    credentials_free(of_callee);
}

static void ask_again(void *ud, const char *header, const char *const *extra,
                      const struct fault *f) {
    keep(ud, header, extra, f);
    credentials_reject(of_callee, credentials_generation(of_callee));
    credentials_get(of_callee, keep, &of_callee_again);
}

static void who_is_told_may_do_as_he_likes(void **state) {
    (void)state;
    struct outcome o[3] = {0};
    of_callee = make_m2m();
    memset(&of_callee_again, 0, sizeof of_callee_again);
    credentials_get(of_callee, ask_again, &o[0]);
    credentials_get(of_callee, keep, &o[1]);
    turn_until(&of_callee_again.calls, 1);
    assert_string_equal("Authorization: Bearer token-1", o[0].header);
    assert_string_equal("Authorization: Bearer token-2", o[1].header);
    assert_string_equal("Authorization: Bearer token-2", of_callee_again.header);
    credentials_free(of_callee);

    shared->token_status = 400;
    of_callee = make_m2m();
    credentials_get(of_callee, free_them, &o[0]);
    credentials_get(of_callee, keep, &o[2]);
    turn_until(&o[0].calls, 2);
    assert_int_equal(0, o[2].calls);
    assert_true(loop_idle(loop));
}

/* ---- where tokens are to be had ---- */

static void the_token_endpoint_is_found(void **state) {
    (void)state;
    static const struct {
        const char *why;
        int metadata_status;
        const char *metadata;
        const char *log;
    } cases[] = {
        {"the host tells", 200, "{\"oidc_endpoint\":\"%s/elsewhere/\"}",
         "GET /.well-known/databricks-config\n"
         "GET /elsewhere/.well-known/oauth-authorization-server\n"},
        {"with an account in it", 200,
         "{\"oidc_endpoint\":\"%s/a/{account_id}/b\",\"account_id\":\"acc\"}",
         "GET /.well-known/databricks-config\n"
         "GET /a/acc/b/.well-known/oauth-authorization-server\n"},
        {"it does not know the page", 404, "{}",
         "GET /.well-known/databricks-config\n"
         "GET /oidc/.well-known/oauth-authorization-server\n"},
        {"it is out of order", 500, "oops",
         "GET /.well-known/databricks-config\n"
         "GET /oidc/.well-known/oauth-authorization-server\n"},
        {"it talks nonsense", 200, "<html>{\"oidc_endpoint\":",
         "GET /.well-known/databricks-config\n"
         "GET /oidc/.well-known/oauth-authorization-server\n"},
        {"it points to nowhere", 200, "{\"oidc_endpoint\":\"http://127.0.0.1:1/x\"}",
         "GET /.well-known/databricks-config\n"
         "GET /oidc/.well-known/oauth-authorization-server\n"},
        {"it points to no URL", 200, "{\"oidc_endpoint\":\"file:///etc/passwd\"}",
         "GET /.well-known/databricks-config\n"
         "GET /oidc/.well-known/oauth-authorization-server\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        reset();
        shared->metadata_status = cases[i].metadata_status;
        PUT(shared->metadata, cases[i].metadata);
        struct credentials *cr = make_m2m();
        struct outcome o = ask(cr);
        if (o.failed || strncmp(shared->log, cases[i].log, strlen(cases[i].log)) != 0)
            fail_msg("%s: %s\n%s", cases[i].why, o.f.message, shared->log);
        credentials_free(cr);
    }
}

static void a_discovery_url_is_asked_first(void **state) {
    (void)state;
    char line[256];
    snprintf(line, sizeof line,
             "DATABRICKS_DISCOVERY_URL=%s/mine/.well-known/"
             "oauth-authorization-server",
             host);
    struct credentials *cr =
        make(ENV(host_line, line, "DATABRICKS_CLIENT_ID=i", CLIENT_SECRET));
    expect_header(cr, "Authorization: Bearer token-1");
    assert_string_equal("GET /mine/.well-known/oauth-authorization-server\n"
                        "POST /oidc/v1/token\n",
                        shared->log);
    credentials_free(cr);
}

static void an_account_without_its_id_says_so(void **state) {
    (void)state;
    struct credentials *cr =
        make(ENV("DATABRICKS_HOST=https://accounts.cloud.databricks.com",
                 "DATABRICKS_CLIENT_ID=i", CLIENT_SECRET));
    expect_fault(cr, "account_id is not set", "");
    credentials_free(cr);
}

static void scopes_and_odd_secrets_travel_escaped(void **state) {
    (void)state;
    char text[400], line[128];
    snprintf(
        text, sizeof text,
        "[a]\nhost = %s\nclient_id = i d\nclient_secret = a:b/\xc3\xa9+\nscopes = sql, "
        "jobs  x\n",
        host);
    write_file("file", text);
    snprintf(line, sizeof line, "DATABRICKS_CONFIG_FILE=%s/file", dir);
    struct credentials *cr = make_with(ENV(line), "a");
    expect_header(cr, "Authorization: Bearer token-1");
    assert_string_equal("grant_type=client_credentials&scope=sql%20jobs%20x",
                        shared->form);
    /* i%20d:a%3Ab%2F%C3%A9%2B */
    assert_string_equal("Basic aSUyMGQ6YSUzQWIlMkYlQzMlQTklMkI=", shared->auth);
    credentials_free(cr);
}

static void a_busy_endpoint_is_asked_again(void **state) {
    (void)state;
    struct credentials *cr = make_m2m();
    shared->failures = 2;
    expect_header(cr, "Authorization: Bearer token-3");
    assert_int_equal(3, atomic_load(&shared->tokens));
    credentials_free(cr);
}

static void what_goes_wrong_is_told(void **state) {
    (void)state;
    static const struct {
        const char *why;
        int discovery_status;
        const char *discovery;
        int token_status;
        const char *token_headers, *token;
        enum fault_kind kind;
        const char *message;
        int tokens; /* requests for one */
    } cases[] = {
        {"not a workspace", 404, "<html>", 200, "", "", FAULT_AUTH,
         "does not say where to get tokens (HTTP 404): is it the address of a workspace?",
         0},
        {"a page instead of an answer", 200, "<html>", 200, "", "", FAULT_AUTH,
         "does not say where to get tokens (HTTP 200)", 0},
        {"no endpoint in it", 200, "{}", 200, "", "", FAULT_AUTH, "does not say where",
         0},
        {"an endpoint that is no URL", 200, "{\"token_endpoint\":\"nowhere\"}", 200, "",
         "", FAULT_PARSE, "cannot get a token from the token endpoint", 0},
        {"an unsafe endpoint", 200, "{\"token_endpoint\":\"http://x.net/t\"}", 200, "",
         "", FAULT_AUTH, "cannot get a token from the token endpoint", 0},
        {"refused", 200, NULL, 400, "", "{\"error\":\"invalid_scope\"}", FAULT_AUTH,
         "oauth-m2m: the token endpoint: invalid_scope (HTTP 400)", 1},
        {"refused with a page", 200, NULL, 403, "", "<html>", FAULT_AUTH,
         "refused (HTTP 403)", 1},
        {"broken", 200, NULL, 500, "", "oops", FAULT_HTTP, "refused (HTTP 500)", 1},
        {"busy for longer than one waits", 200, NULL, 429, "Retry-After: 120\r\n", "",
         FAULT_HTTP, "refused (HTTP 429)", 1},
        {"sent elsewhere", 200, NULL, 302, "Location: http://127.0.0.1:1/\r\n", "",
         FAULT_HTTP, "refused (HTTP 302)", 1},
        {"no token", 200, NULL, 200, "", "{}", FAULT_AUTH,
         "the answer holds no access token", 1},
        {"cut", 200, NULL, 200, "", "{\"access_token\":\"x", FAULT_AUTH,
         "the answer is not a JSON object", 1},
        {"a token with a line end", 200, NULL, 200, "",
         "{\"access_token\":\"x\\r\\nEvil: 1\"}", FAULT_AUTH, "odd characters", 1},
        {"a token of yesterday", 200, NULL, 200, "",
         "{\"access_token\":\"x\",\"expires_in\":0}", FAULT_AUTH, "expired already", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        reset();
        shared->discovery_status = cases[i].discovery_status;
        shared->token_status = cases[i].token_status;
        if (cases[i].discovery != NULL)
            PUT(shared->discovery, cases[i].discovery);
        PUT(shared->token, cases[i].token);
        PUT(shared->token_headers, cases[i].token_headers);
        struct credentials *cr = make_m2m();
        struct outcome o = ask(cr);
        if (!o.failed || strstr(o.f.message, cases[i].message) == NULL)
            fail_msg("%s: got '%s'", cases[i].why, o.f.message);
        if (o.f.kind != cases[i].kind)
            fail_msg("%s: got kind %s", cases[i].why, fault_kind_name(o.f.kind));
        if (atomic_load(&shared->tokens) != cases[i].tokens)
            fail_msg("%s: %d requests", cases[i].why, atomic_load(&shared->tokens));
        credentials_free(cr);
    }
}

static void nobody_at_the_address_is_a_network_fault(void **state) {
    (void)state;
    struct credentials *cr = make(ENV("DATABRICKS_HOST=http://127.0.0.1:1",
                                      "DATABRICKS_CLIENT_ID=i", CLIENT_SECRET));
    struct outcome o = ask(cr);
    assert_int_equal(FAULT_NETWORK, o.f.kind);
    assert_non_null(strstr(o.f.message, "cannot get a token from http://127.0.0.1:1: "));
    credentials_free(cr);
}

static void no_secret_is_in_a_trace(void **state) {
    (void)state;
    char text[65536], path[128];
    snprintf(path, sizeof path, "%s/file", dir);
    int saved = dup(STDERR_FILENO), fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    dup2(fd, STDERR_FILENO);
    http_trace(http, 2);
    struct credentials *cr = make_m2m();
    struct outcome o = {0};
    credentials_get(cr, keep, &o);
    for (int64_t end = loop_now() + 5000; o.calls == 0 && loop_now() < end;)
        loop_turn(loop, 100);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    assert_non_null(strstr(text, "/oidc/v1/token"));
    assert_null(strstr(text, SECRET));
    assert_null(strstr(text, "token-1"));
    assert_null(strstr(text, "aWQtMTpkb3Nl"));
    credentials_free(cr);
}

/* ---- the Databricks CLI ---- */

#define CLI_ANSWER                                                                       \
    "echo '{\"access_token\":\"cli-token\",\"token_type\":\"Bearer\","                   \
    "\"expiry\":\"2099-01-01T00:00:00.123456789+01:00\"}'"

static struct credentials *make_profile(const char *more) {
    static char line[256];
    char text[512];
    snprintf(text, sizeof text, "[u2m]\nhost = https://x.net\n%s\n", more);
    write_file("file", text);
    snprintf(line, sizeof line, "DATABRICKS_CONFIG_FILE=%s/file", dir);
    return make_with(ENV(line), "u2m");
}

static void the_cli_is_asked_for_a_profile(void **state) {
    (void)state;
    char want[200];
    setenv("DATABRICKS_TOKEN", "of-another", 1);
    write_program("databricks", true,
                  "echo \"[$DATABRICKS_TOKEN$DATABRICKS_HOST]$DATABRICKS_CONFIG_FILE\" "
                  ">>${0%/*}/args\n" CLI_ANSWER);
    struct credentials *cr = make_profile("auth_type = databricks-cli");
    expect_header(cr, "Authorization: Bearer cli-token");
    snprintf(want, sizeof want, "auth token --profile u2m\n[]%s/file\n", dir);
    assert_string_equal(want, read_file("args"));
    unsetenv("DATABRICKS_TOKEN");
    credentials_free(cr);
}

static void the_cli_is_asked_for_a_host(void **state) {
    (void)state;
    write_program("databricks", true, CLI_ANSWER);
    struct credentials *cr = make(ENV("DATABRICKS_HOST=x.net"));
    expect_header(cr, "Authorization: Bearer cli-token");
    assert_string_equal("auth token --host https://x.net\n", read_file("args"));
    assert_string_equal("databricks-cli", credentials_config(cr)->auth_type);
    credentials_free(cr);
}

/* Package managers install scripts that start the real one. */
static void a_small_launcher_is_as_good_as_the_cli(void **state) {
    (void)state;
    write_program("databricks", false, CLI_ANSWER);
    struct credentials *cr = make_profile("auth_type = databricks-cli");
    expect_header(cr, "Authorization: Bearer cli-token");
    credentials_free(cr);
}

static void an_old_cli_gets_what_it_knows(void **state) {
    (void)state;
    write_program(
        "databricks", true,
        "case \"$*\" in *--profile*) echo 'Error: unknown flag: --profile' >&2; "
        "exit 1;; esac\n" CLI_ANSWER);
    struct credentials *cr = make_profile("");
    expect_header(cr, "Authorization: Bearer cli-token");
    assert_string_equal("auth token --profile u2m\nauth token --host https://x.net\n",
                        read_file("args"));
    credentials_free(cr);
}

static void the_cli_renews_a_token_that_was_refused(void **state) {
    (void)state;
    write_program("databricks", true, CLI_ANSWER);
    struct credentials *cr = make_profile("");
    expect_header(cr, "Authorization: Bearer cli-token");
    assert_true(credentials_reject(cr, credentials_generation(cr)));
    write_program(
        "databricks", true,
        "case \"$*\" in *force*) echo 'Error: unknown flag: --force-refresh' >&2; "
        "exit 1;; esac\n" CLI_ANSWER);
    expect_header(cr, "Authorization: Bearer cli-token");
    assert_string_equal("auth token --profile u2m\n"
                        "auth token --profile u2m --force-refresh\n"
                        "auth token --profile u2m\n",
                        read_file("args"));
    credentials_free(cr);
}

static void what_the_cli_cannot_do_is_told(void **state) {
    (void)state;
    static const struct {
        const char *why;
        bool there, large, forced;
        const char *script, *message, *hint;
    } cases[] = {
        {"not installed, though asked for", false, false, true, "",
         "databricks-cli: nobody has logged in to u2m, and the Databricks CLI "
         "(databricks) "
         "is not installed",
         "log in: tarn auth login --profile u2m"},
        {"not installed", false, false, false, "",
         "no credentials for https://x.net: no token or other method is set, nobody has "
         "logged in there, and the Databricks CLI (databricks) is not installed",
         "tarn auth login --host https://x.net"},
        {"the old one in Python", true, false, true,
         "# from databricks_cli.cli import cli",
         "/databricks is the old CLI in Python, which cannot log in", "tarn auth login"},
        {"not logged in there", true, true, false,
         "echo 'Error: databricks OAuth is not configured for this host' >&2; exit 1",
         "no credentials for https://x.net: no token or other method is set, nobody has "
         "logged in there, and the Databricks CLI is not logged in there",
         "set DATABRICKS_TOKEN"},
        {"not logged in there, though asked for", true, true, true,
         "echo 'Error: databricks OAuth is not configured for this host' >&2; exit 1",
         "and the Databricks CLI is not logged in there", "--profile u2m"},
        {"the log-in is over", true, true, true,
         "echo warning >&2; echo 'Error: the refresh token is invalid' >&2; echo; exit 1",
         "databricks-cli: databricks auth token: Error: the refresh token is invalid",
         "log in: tarn auth login --profile u2m"},
        {"it says nothing", true, true, true, "exit 3",
         "it ended with status 3 and said nothing", ""},
        {"it talks nonsense", true, true, true, "echo hello",
         "databricks auth token: the answer is not a JSON object", ""},
        {"its token is over", true, true, true,
         "echo '{\"access_token\":\"x\",\"expiry\":\"2001-01-01T00:00:00Z\"}'",
         "has expired already", "log in: "},
        {"it is killed", true, true, true, "kill -9 $$", "ended with status 137", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        remove_program("databricks");
        if (cases[i].there)
            write_program("databricks", cases[i].large, cases[i].script);
        struct credentials *cr =
            make_profile(cases[i].forced ? "auth_type = databricks-cli" : "");
        struct outcome o = ask(cr);
        if (!o.failed || o.f.kind != FAULT_AUTH ||
            strstr(o.f.message, cases[i].message) == NULL ||
            strstr(o.f.hint, cases[i].hint) == NULL)
            fail_msg("%s: got '%s', hint '%s'", cases[i].why, o.f.message, o.f.hint);
        credentials_free(cr);
    }
}

static void the_path_of_the_cli_may_be_set(void **state) {
    (void)state;
    char text[200];
    write_program("az", true, CLI_ANSWER); /* any name will do */
    snprintf(text, sizeof text, "databricks_cli_path = %s/az", dir);
    struct credentials *cr = make_profile(text);
    expect_header(cr, "Authorization: Bearer cli-token");
    credentials_free(cr);
    cr = make_profile(
        "databricks_cli_path = /nowhere/databricks\nauth_type=databricks-cli");
    expect_fault(cr, "the Databricks CLI (/nowhere/databricks) is not installed", "");
    credentials_free(cr);
}

/* ---- Azure ---- */

#define AZ_ANSWER                                                                        \
    "case \"$*\" in *management*) t=managed;; *) t=az-token;; esac\n"                    \
    "echo \"{\\\"accessToken\\\":\\\"$t\\\",\\\"expiresOn\\\":\\\"2099-01-01 "           \
    "00:00:00.000000\\\",\\\"tokenType\\\":\\\"Bearer\\\"}\""

static char cloud_url[80];
static struct azure_cloud test_cloud;

static struct credentials *make_azure(const char *const *env) {
    struct credentials *cr = make(env);
    snprintf(cloud_url, sizeof cloud_url, "%s/", host);
    test_cloud = (struct azure_cloud){cloud_url, "https://management.test/", cloud_url};
    credentials_in_test(cr, &test_cloud, NULL);
    return cr;
}

static void az_gives_a_token(void **state) {
    (void)state;
    write_program("az", false, AZ_ANSWER);
    struct credentials *cr = make_azure(
        ENV(host_line, "DATABRICKS_AUTH_TYPE=azure-cli", "ARM_TENANT_ID=ten-1"));
    expect_header(cr, "Authorization: Bearer az-token");
    assert_string_equal(
        "account get-access-token --resource "
        "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d --output json --tenant ten-1\n",
        read_file("args"));
    assert_string_equal("", shared->log);
    credentials_free(cr);
}

static void az_learns_the_tenant_from_the_workspace(void **state) {
    (void)state;
    write_program("az", false, AZ_ANSWER);
    struct credentials *cr = make_azure(ENV(host_line, "DATABRICKS_AUTH_TYPE=azure-cli"));
    expect_header(cr, "Authorization: Bearer az-token");
    assert_non_null(strstr(read_file("args"), "--tenant the-tenant"));
    assert_string_equal("GET /aad/auth\n", shared->log);
    credentials_free(cr);
}

static void az_is_asked_plainly_where_a_tenant_does_not_work(void **state) {
    (void)state;
    write_program("az", false,
                  "case \"$*\" in *--tenant*) echo 'ERROR: no tenant' >&2; exit 1;; "
                  "esac\n" AZ_ANSWER);
    struct credentials *cr = make_azure(
        ENV(host_line, "DATABRICKS_AUTH_TYPE=azure-cli", "ARM_TENANT_ID=ten-1"));
    expect_header(cr, "Authorization: Bearer az-token");
    credentials_free(cr);
}

static void az_serves_a_resource_id(void **state) {
    (void)state;
    write_program("az", false, AZ_ANSWER);
    struct credentials *cr = make_azure(ENV(RESOURCE_ID));
    struct outcome o = ask(cr);
    assert_false(o.failed);
    assert_string_equal("Authorization: Bearer az-token", o.header);
    assert_string_equal("X-Databricks-Azure-SP-Management-Token: managed", o.extra[0]);
    assert_string_equal("X-Databricks-Azure-Workspace-Resource-Id: " RESOURCE,
                        o.extra[1]);
    assert_string_equal("https://adb-1.7.azuredatabricks.net",
                        credentials_config(cr)->attr[CONFIG_HOST].value);
    assert_string_equal("azure_workspace_resource_id",
                        credentials_config(cr)->attr[CONFIG_HOST].source);
    assert_string_equal("GET " RESOURCE "?api-version=2018-04-01\n", shared->log);
    assert_non_null(strstr(read_file("args"), "--subscription sub-1"));
    credentials_free(cr);
}

static void a_user_without_management_tokens_goes_without(void **state) {
    (void)state;
    write_program("az", false,
                  "case \"$*\" in *management.test*) echo 'ERROR: no' >&2; exit 1;; "
                  "esac\n" AZ_ANSWER);
    struct credentials *cr = make_azure(
        ENV(host_line, "DATABRICKS_AUTH_TYPE=azure-cli", "ARM_TENANT_ID=t", RESOURCE_ID));
    struct outcome o = ask(cr);
    assert_false(o.failed);
    assert_string_equal("X-Databricks-Azure-Workspace-Resource-Id: " RESOURCE,
                        o.extra[0]);
    assert_string_equal("", o.extra[1]);
    credentials_free(cr);
}

static void what_az_cannot_do_is_told(void **state) {
    (void)state;
    write_program("az", false,
                  "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1");
    const char *const *env =
        ENV(host_line, "DATABRICKS_AUTH_TYPE=azure-cli", "ARM_TENANT_ID=t");
    struct credentials *cr = make_azure(env);
    expect_fault(cr, "azure-cli: ERROR: Please run 'az login' to setup account.",
                 "az login");
    credentials_free(cr);
    remove_program("az");
    cr = make_azure(env);
    expect_fault(cr, "azure-cli: cannot run az: No such file or directory", "az login");
    credentials_free(cr);
}

static void az_is_tried_where_the_other_cli_is_not_logged_in(void **state) {
    (void)state;
    const char *const *env =
        ENV("DATABRICKS_HOST=adb-1.7.azuredatabricks.net", "ARM_ENVIRONMENT=public");
    write_program("az", false, AZ_ANSWER);
    struct config c;
    struct fault f;
    const struct config_args args = {.env = variables_get,
                                     .env_ud = (void *)(uintptr_t)env};
    assert_true(config_resolve(&args, &c, &f));
    /* its tenant must not be asked for over a network */
    c.attr[CONFIG_AZURE_TENANT_ID] = (struct config_value){strdup("t"), strdup("test")};
    struct credentials *cr = credentials_new(loop, http, &c);
    expect_header(cr, "Authorization: Bearer az-token");
    assert_string_equal("azure-cli", credentials_config(cr)->auth_type);
    credentials_free(cr);

    remove_program("az");
    assert_true(config_resolve(&args, &c, &f));
    c.attr[CONFIG_AZURE_TENANT_ID] = (struct config_value){strdup("t"), strdup("test")};
    cr = credentials_new(loop, http, &c);
    expect_fault(
        cr,
        "no credentials for https://adb-1.7.azuredatabricks.net: no token is set, "
        "the Databricks CLI (databricks) is not installed, and az has none: "
        "cannot run az",
        "or: az login");
    assert_string_equal("databricks-cli", credentials_config(cr)->auth_type);
    credentials_free(cr);
}

static void a_secret_of_entra_becomes_a_token(void **state) {
    (void)state;
    PUT(shared->token, "{\"access_token\":\"aad-%d\",\"expires_in\":\"3599\","
                       "\"expires_on\":\"1\",\"token_type\":\"Bearer\"}");
    struct credentials *cr = make_azure(ENV(host_line, "ARM_CLIENT_ID=app", ARM_SECRET));
    expect_header(cr, "Authorization: Bearer aad-1");
    assert_string_equal("GET /aad/auth\nPOST /the-tenant/oauth2/token\n", shared->log);
    assert_string_equal(
        "grant_type=client_credentials&client_id=app&client_secret=" SECRET
        "&resource=2ff814a6-3304-4ab8-85cb-cd0e6f879c1d",
        shared->form);
    credentials_free(cr);
}

static void a_service_principal_finds_its_workspace(void **state) {
    (void)state;
    PUT(shared->token, "{\"access_token\":\"aad-%d\",\"expires_in\":\"3599\"}");
    struct credentials *cr = make_azure(
        ENV(RESOURCE_ID, "ARM_CLIENT_ID=app", ARM_SECRET, "ARM_TENANT_ID=ten-1"));
    struct outcome o = ask(cr);
    assert_false(o.failed);
    assert_string_equal("POST /ten-1/oauth2/token\n"
                        "GET " RESOURCE "?api-version=2018-04-01\n"
                        "POST /ten-1/oauth2/token\n"
                        "POST /ten-1/oauth2/token\n",
                        shared->log);
    assert_string_equal("Bearer aad-1", shared->auth); /* for the resource manager */
    assert_string_equal("Authorization: Bearer aad-2", o.header);
    assert_string_equal("X-Databricks-Azure-SP-Management-Token: aad-3", o.extra[0]);
    assert_string_equal("X-Databricks-Azure-Workspace-Resource-Id: " RESOURCE,
                        o.extra[1]);
    assert_string_equal("https://adb-1.7.azuredatabricks.net",
                        credentials_config(cr)->attr[CONFIG_HOST].value);
    credentials_free(cr);
}

static void what_entra_refuses_is_told(void **state) {
    (void)state;
    const char *const *env =
        ENV(host_line, "ARM_CLIENT_ID=app", ARM_SECRET, "ARM_TENANT_ID=t");
    shared->token_status = 401;
    PUT(shared->token,
        "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215:"
        " Invalid client secret '" SECRET "'.\\r\\nTrace ID: x\"}");
    struct credentials *cr = make_azure(env);
    expect_fault(cr,
                 "azure-client-secret: Microsoft Entra: invalid_client: AADSTS7000215",
                 "check azure_client_id (ARM_CLIENT_ID)");
    credentials_free(cr);

    cr = make(ENV(host_line, "ARM_CLIENT_ID=app", ARM_SECRET, "ARM_TENANT_ID=t",
                  "ARM_ENVIRONMENT=moon"));
    expect_fault(cr, "azure_environment moon (ARM_ENVIRONMENT) is none of public", "");
    credentials_free(cr);
}

/* ---- somebody else's tokens ---- */

static void github_vouches_for_us(void **state) {
    (void)state;
    char url[128], want[400];
    snprintf(url, sizeof url, "ACTIONS_ID_TOKEN_REQUEST_URL=%s/github?v=2", host);
    struct credentials *cr =
        make(ENV(host_line, url, GITHUB_TOKEN, "DATABRICKS_CLIENT_ID=app"));
    expect_header(cr, "Authorization: Bearer token-1");
    assert_string_equal(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&"
        "subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt&"
        "subject_token=github-jwt&scope=all-apis&client_id=app",
        shared->form);
    assert_string_equal("Bearer " SECRET, shared->auth);
    snprintf(want, sizeof want,
             "GET /github?v=2&audience=http%%3A%%2F%%2F127.0.0.1%%3A%d%%2F"
             "oidc%%2Fv1%%2Ftoken\n",
             server.port);
    assert_non_null(strstr(shared->log, want));
    credentials_free(cr);

    reset();
    PUT(shared->metadata, "{\"token_federation_default_oidc_audiences\":[\"told\"]}");
    cr = make(ENV(host_line, url, GITHUB_TOKEN, "DATABRICKS_CLIENT_ID=app"));
    ask(cr);
    assert_non_null(strstr(shared->log, "audience=told\n"));
    credentials_free(cr);

    reset();
    cr = make(ENV(host_line, url, GITHUB_TOKEN, "DATABRICKS_CLIENT_ID=app",
                  "DATABRICKS_TOKEN_AUDIENCE=mine"));
    ask(cr);
    assert_non_null(strstr(shared->log, "audience=mine\n"));
    credentials_free(cr);
}

static void a_variable_or_a_file_vouches_for_us(void **state) {
    (void)state;
    char line[256];
    struct credentials *cr =
        make(ENV(host_line, "DATABRICKS_OIDC_TOKEN_ENV=MINE", "MINE=env-jwt"));
    expect_header(cr, "Authorization: Bearer token-1");
    assert_non_null(strstr(shared->form, "&subject_token=env-jwt&scope=all-apis"));
    assert_null(strstr(shared->form, "client_id"));
    credentials_free(cr);

    snprintf(line, sizeof line, "DATABRICKS_OIDC_TOKEN_FILEPATH=%s/file", dir);
    write_file("file", "file-jwt\n");
    cr = make(ENV(host_line, line));
    expect_header(cr, "Authorization: Bearer token-2");
    assert_non_null(strstr(shared->form, "&subject_token=file-jwt&"));
    write_file("file", "newer-jwt"); /* somebody renews it */
    credentials_reject(cr, credentials_generation(cr));
    expect_header(cr, "Authorization: Bearer token-3");
    assert_non_null(strstr(shared->form, "&subject_token=newer-jwt&"));
    credentials_reject(cr, credentials_generation(cr));
    write_file("file", "");
    expect_fault(cr, "/file holds no token", "federation policy");
    remove_program("file");
    expect_fault(cr, "/file: No such file or directory", "");
    credentials_free(cr);
}

static void a_vouching_that_is_not_believed_is_told(void **state) {
    (void)state;
    shared->token_status = 400;
    PUT(shared->token, "{\"error\":\"invalid_grant\",\"error_description\":\"bad subject "
                       "env-jwt-0123\"}");
    struct credentials *cr = make(ENV(host_line, "DATABRICKS_OIDC_TOKEN=env-jwt-0123"));
    expect_fault(cr, "env-oidc: the token endpoint: invalid_grant: bad subject ***",
                 "federation policy");
    credentials_free(cr);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, before_each, after_each)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_token_of_ones_own_is_there_at_once),
        TEST(a_client_secret_becomes_a_token),
        TEST(a_group_is_asked_for_with_the_token),
        TEST(fifty_wait_for_one_refresh),
        TEST(an_error_reaches_all_who_wait),
        TEST(a_token_is_renewed_in_the_background),
        TEST(a_failure_in_the_background_harms_nobody_while_the_token_serves),
        TEST(a_token_that_was_refused_is_replaced_once),
        TEST(who_waits_may_leave),
        TEST(who_is_told_may_do_as_he_likes),
        TEST(the_token_endpoint_is_found),
        TEST(a_discovery_url_is_asked_first),
        TEST(an_account_without_its_id_says_so),
        TEST(scopes_and_odd_secrets_travel_escaped),
        TEST(a_busy_endpoint_is_asked_again),
        TEST(what_goes_wrong_is_told),
        TEST(nobody_at_the_address_is_a_network_fault),
        TEST(no_secret_is_in_a_trace),
        TEST(the_cli_is_asked_for_a_profile),
        TEST(the_cli_is_asked_for_a_host),
        TEST(a_small_launcher_is_as_good_as_the_cli),
        TEST(an_old_cli_gets_what_it_knows),
        TEST(the_cli_renews_a_token_that_was_refused),
        TEST(what_the_cli_cannot_do_is_told),
        TEST(the_path_of_the_cli_may_be_set),
        TEST(az_gives_a_token),
        TEST(az_learns_the_tenant_from_the_workspace),
        TEST(az_is_asked_plainly_where_a_tenant_does_not_work),
        TEST(az_serves_a_resource_id),
        TEST(a_user_without_management_tokens_goes_without),
        TEST(what_az_cannot_do_is_told),
        TEST(az_is_tried_where_the_other_cli_is_not_logged_in),
        TEST(a_secret_of_entra_becomes_a_token),
        TEST(a_service_principal_finds_its_workspace),
        TEST(what_entra_refuses_is_told),
        TEST(github_vouches_for_us),
        TEST(a_variable_or_a_file_vouches_for_us),
        TEST(a_vouching_that_is_not_believed_is_told),
    };
    return cmocka_run_group_tests_name("credentials", tests, set_up, tear_down);
}
