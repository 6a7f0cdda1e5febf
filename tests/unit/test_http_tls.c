#include "net/http.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* TLS needs servers that others have written: python3's and node's. Where one of them, or
 * openssl for the certificate, is not installed, its tests are skipped and say so. */

static char folder[] = "/tmp/tarn-tls-XXXXXX";
static char key[64], cert[64];

static bool installed(const char *program) {
    char command[100];
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", program);
    return system(command) == 0;
}

static int make_certificate(void **state) {
    (void)state;
    char command[600];
    unsetenv("CURL_CA_BUNDLE");
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(key, sizeof key, "%s/key.pem", folder);
    snprintf(cert, sizeof cert, "%s/cert.pem", folder);
    snprintf(
        command, sizeof command,
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days "
        "2 "
        "-keyout %s -out %s -subj /CN=localhost -addext subjectAltName=DNS:localhost "
        ">/dev/null 2>&1",
        key, cert);
    return !installed("openssl") || system(command) == 0 ? 0 : -1;
}

static int remove_certificate(void **state) {
    (void)state;
    unlink(key);
    unlink(cert);
    return rmdir(folder);
}

struct peer {
    pid_t pid;
    int port;
};

/* Start a server that prints its port. Skips the test where it cannot. */
static struct peer start(const char *program, const char *script) {
    struct peer p = {0};
    int out[2];
    char line[32] = "";
    if (!installed(program) || !installed("openssl")) {
        print_message("skipped: %s and openssl are needed, and not installed\n", program);
        skip();
    }
    assert_int_equal(pipe(out), 0);
    p.pid = fork();
    if (p.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(out[1], STDOUT_FILENO);
        execlp(program, program, script, key, cert, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *f = fdopen(out[0], "r");
    assert_non_null(fgets(line, sizeof line, f));
    fclose(f);
    p.port = (int)strtol(line, NULL, 10);
    return p;
}

static void stop(struct peer *p) {
    kill(p->pid, SIGKILL);
    waitpid(p->pid, NULL, 0);
}

struct answers {
    int open, good, failed;
    bool sent, lasting;
    struct fault fault;
    char body[64];
};

static void keep(void *ud, struct http_response *r, const struct fault *f) {
    struct answers *a = ud;
    a->open--;
    a->sent = r->sent;
    a->lasting = r->lasting;
    if (f != NULL) {
        a->failed++;
        a->fault = *f;
    } else {
        a->good += r->status == 200;
        snprintf(a->body, sizeof a->body, "%s", r->body.bytes);
    }
}

static struct answers ask(struct loop *l, struct http *h, int port, int times,
                          struct http_request r, const char *path) {
    struct answers a = {0};
    struct fault f;
    char url[100];
    snprintf(url, sizeof url, "https://localhost:%d%s", port, path);
    r.url = url;
    r.method = r.method != NULL ? r.method : "GET";
    for (int i = 0; i < times; i++, a.open++)
        assert_non_null(http_start(h, &r, keep, &a, &f));
    for (int64_t due = loop_now() + 20000; a.open > 0 && loop_now() < due;)
        loop_turn(l, 1000);
    assert_int_equal(a.open, 0);
    return a;
}

static void a_certificate_of_nobody_is_refused_before_anything_is_sent(void **state) {
    (void)state;
    struct peer p = start("python3", "tests/support/tls_server.py");
    struct loop *l = loop_new();
    struct http *h = http_new(l);
    struct answers a = ask(
        l, h, p.port, 1, (struct http_request){.secret_header = "Authorization: x"}, "/");
    assert_true(a.failed == 1 && !a.sent && a.lasting);
    assert_non_null(strstr(a.fault.message, "is not trusted"));
    assert_non_null(strstr(a.fault.hint, "CURL_CA_BUNDLE"));
    a = ask(l, h, p.port, 1, (struct http_request){.insecure = true}, "/");

    assert_int_equal(a.good, 1); /* only when asked for */
    http_free(h);

    setenv("SSL_CERT_FILE", cert, 1);
    h = http_new(l);
    a = ask(l, h, p.port, 1, (struct http_request){0}, "/");
    if (a.failed > 0)
        fail_msg("%s", a.fault.message);
    http_free(h);

    setenv("CURL_CA_BUNDLE", "/nonexistent/ca.pem", 1); /* wins */
    h = http_new(l);
    a = ask(l, h, p.port, 1, (struct http_request){0}, "/");
    assert_true(a.failed == 1 && a.lasting);
    assert_non_null(strstr(a.fault.message, "cannot read the CA certificates"));
    http_free(h);
    unsetenv("CURL_CA_BUNDLE");
    unsetenv("SSL_CERT_FILE");
    loop_free(l);
    stop(&p);
}

static void calls_share_one_http2_connection(void **state) {
    (void)state;
    struct peer p = start("node", "tests/support/h2_server.js");
    setenv("CURL_CA_BUNDLE", cert, 1);
    struct loop *l = loop_new();
    struct http *h = http_new(l);
    struct answers a = ask(l, h, p.port, 64, (struct http_request){0}, "/");
    assert_int_equal(a.good, 64);
    a = ask(l, h, p.port, 1, (struct http_request){0}, "/stats");
    assert_string_equal(a.body, "HTTP/2.0 1 65");
    struct http_request post = {.method = "POST", .body = "{}", .body_size = 2};
    a = ask(l, h, p.port, 1, post, "/reset");
    assert_true(a.failed == 1 && a.sent && a.fault.ambiguous);
    a = ask(l, h, p.port, 1, (struct http_request){0}, "/stats");
    assert_string_equal(a.body,
                        "HTTP/2.0 1 67"); /* the stream died, not the connection */
    a = ask(l, h, p.port, 1, post, "/die");
    assert_true(a.failed == 1 && a.sent && a.fault.ambiguous);
    a = ask(l, h, p.port, 1, (struct http_request){0}, "/stats");
    assert_string_equal(a.body, "HTTP/2.0 2 69");
    http_free(h);
    loop_free(l);
    unsetenv("CURL_CA_BUNDLE");
    stop(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_of_nobody_is_refused_before_anything_is_sent),
        cmocka_unit_test(calls_share_one_http2_connection),
    };
    return cmocka_run_group_tests_name("http_tls", tests, make_certificate,
                                       remove_certificate);
}
