#include "net/http.h"

#include "server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#define SECRET "Authorization: Bearer dapi00000000000000000000000000000042"

/* ---- the server's side ---- */

static void send_gzip(struct server_request *r, size_t size) {
    z_stream z = {0};
    size_t room = size / 100 + 4096;
    char *zeros = calloc(1, size), *out = malloc(room), head[200];
    deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    z.next_in = (Bytef *)zeros;
    z.avail_in = (uInt)size;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)room;
    deflate(&z, Z_FINISH);
    int n = snprintf(
        head, sizeof head,
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %lu\r\n\r\n",
        z.total_out);
    server_send(r, head, (size_t)n);
    server_send(r, out, z.total_out);
    deflateEnd(&z);
    free(zeros);
    free(out);
}

static void send_text(struct server_request *r, const char *text) {
    server_send(r, text, strlen(text));
}

static void drip(struct server_request *r, int pause_ms) {
    send_text(r, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    for (int i = 0; i < 1000 && !r->close; i++) {
        send_text(r, "x");
        server_sleep(pause_ms);
    }
}

static void handle(struct server_request *r) {
    const char *p = r->path;
    if (strncmp(p, "/sleep", 6) == 0)
        server_sleep(server_number(r, "ms", 100));
    bool dies = strncmp(p, "/dies-when-reused", 17) == 0 && r->nth > 1;
    if (strcmp(r->method, "CONNECT") == 0) {
        server_reply(r, 404, "", "");
    } else if (dies || strncmp(p, "/reset", 6) == 0) {
        server_reset(r);
    } else if (strncmp(p, "/hangup", 7) == 0) {
        r->close = true;
    } else if (strncmp(p, "/cut", 4) == 0) {
        send_text(r, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":");
        r->close = true;
    } else if (strncmp(p, "/cut-chunk", 10) == 0) {
        send_text(r, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n123");
        r->close = true;
    } else if (strncmp(p, "/drip", 5) == 0) {
        drip(r, server_number(r, "ms", 20));
    } else if (strncmp(p, "/gzip", 5) == 0) {
        send_gzip(r, (size_t)server_number(r, "size", 1000));
    } else if (strncmp(p, "/badgzip", 8) == 0) {
        server_reply(r, 200, "Content-Encoding: gzip\r\n", "this is not gzip at all");
    } else if (strncmp(p, "/big", 4) == 0) {
        send_text(r, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
        char block[65536] = {0};
        for (int i = 0; i < 1500 && !r->close; i++)
            server_send(r, block, sizeof block);
    } else if (strncmp(p, "/headers", 8) == 0) {
        send_text(r, "HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < 20000 && !r->close; i++)
            send_text(r, "X-Filler: 0123456789012345678901234567890123456789\r\n");
        send_text(r, "Content-Length: 0\r\n\r\n");
    } else if (strncmp(p, "/long-header", 12) == 0) {
        send_text(r, "HTTP/1.1 200 OK\r\nX-Filler: ");
        for (int i = 0; i < 20000 && !r->close; i++)
            send_text(r, "0123456789012345678901234567890123456789");
        send_text(r, "\r\nContent-Length: 0\r\n\r\n");
    } else if (strncmp(p, "/redirect", 9) == 0) {
        char to[100];
        snprintf(to, sizeof to, "Location: http://127.0.0.1:%d/stolen?key=1\r\n",
                 server_number(r, "port", 1));
        server_reply(r, 302, to, "");
    } else if (strncmp(p, "/babble", 7) == 0) {
        send_text(r, "SSH-2.0-OpenSSH_9.2\r\n\r\n");
        r->close = true;
    } else if (strncmp(p, "/echo", 5) == 0) {
        server_reply(r, 200, "", r->body);
    } else if (strncmp(p, "/continue", 9) == 0) {
        send_text(r, "HTTP/1.1 103 Early Hints\r\nX-Which: first\r\n\r\n");
        server_reply(r, 200, "X-Which:  second \r\nx-other: 1\r\n", "{}");
    } else if (strncmp(p, "/secrets", 8) == 0) {
        server_reply(
            r, 200, "Set-Cookie: sid=sesame\r\n",
            "{\"access_token\":\"sesame\",\"deep\":{\"client_secret\":[\"sesame\"]},"
            "\"external_link\":\"https://x/y?sig=sesame\",\"said\":"
            "\"dapi00000000000000000000000000000042\",\"next_page_token\":\"kept\"}");
    } else {
        server_reply(r, server_number(r, "status", 200), "", "{\"ok\":true}");
    }
}

/* ---- ours ---- */

struct world {
    struct server server;
    struct loop *loop;
    struct http *http;
    int open; /* calls that have not called back */
};

struct answer {
    struct world *w;
    int calls, status;
    bool failed, sent, lasting;
    struct fault fault;
    char body[4096], which[64];
    size_t size;
};

static int open_world(void **state) {
    struct world *w = calloc(1, sizeof *w);
    server_start(&w->server, handle);
    w->loop = loop_new();
    w->http = http_new(w->loop);
    *state = w;
    return 0;
}

static int close_world(void **state) {
    struct world *w = *state;
    http_free(w->http);
    loop_free(w->loop);
    server_stop(&w->server);
    free(w);
    return 0;
}

static void keep(void *ud, struct http_response *r, const struct fault *f) {
    struct answer *a = ud;
    a->calls++;
    a->w->open--;
    a->status = r->status;
    a->sent = r->sent;
    a->lasting = r->lasting;
    a->failed = f != NULL;
    if (f != NULL)
        a->fault = *f;
    a->size = r->body.size;
    if (r->body.size > 0)
        snprintf(a->body, sizeof a->body, "%s", r->body.bytes);
    response_header(r, "X-which", a->which, sizeof a->which);
}

static const char *url(struct world *w, const char *path) {
    static char text[1024];
    snprintf(text, sizeof text, "http://127.0.0.1:%d%s", w->server.port, path);
    return text;
}

static void begin(struct world *w, struct http_request *r, struct answer *a) {
    struct fault f;
    *a = (struct answer){.w = w};
    if (http_start(w->http, r, keep, a, &f) == NULL)
        fail_msg("%s: %s", r->url, f.message);
    w->open++;
}

static void finish(struct world *w) {
    for (int64_t due = loop_now() + 20000; w->open > 0 && loop_now() < due;)
        loop_turn(w->loop, 1000);
    assert_int_equal(w->open, 0);
}

static struct answer ask_with(struct world *w, struct http_request r, const char *path) {
    struct answer a;
    r.url = url(w, path);
    if (r.method == NULL)
        r.method = "GET";
    begin(w, &r, &a);
    finish(w);
    assert_int_equal(a.calls, 1);
    return a;
}

static struct answer ask(struct world *w, const char *path) {
    return ask_with(w, (struct http_request){0}, path);
}

/* ---- what is true ---- */

static void a_connection_is_kept_and_used_again(void **state) {
    struct world *w = *state;
    for (int i = 0; i < 20; i++)
        assert_int_equal(ask(w, "/").status, 200);
    assert_int_equal(w->server.tally->requests, 20);
    assert_int_equal(w->server.tally->connections, 1);
}

static void many_at_once_keep_their_connections(void **state) {
    struct world *w = *state;
    static struct answer a[32];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 32; i++) {
            struct http_request r = {.method = "GET", .url = url(w, "/sleep?ms=50")};
            begin(w, &r, &a[i]);
        }
        finish(w);
    }
    assert_int_equal(w->server.tally->requests, 96);
    assert_int_equal(w->server.tally->connections, 32);
    assert_int_equal(w->server.tally->busiest, 32);
}

static void every_method_arrives_as_it_was_sent(void **state) {
    struct world *w = *state;
    static const char *const methods[] = {"GET",    "POST", "PUT", "PATCH",
                                          "DELETE", "POST", "GET"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        struct http_request r = {.method = methods[i], .body = "a\"b", .body_size = 3};
        struct answer a = ask_with(w, r, "/echo");
        assert_string_equal(a.body, "a\"b");
        assert_null(strstr(w->server.tally->headers, "Expect"));
        assert_null(strstr(w->server.tally->headers, "Content-Type"));
        r.body_size = 0;
        a = ask_with(w, r, "/echo");
        assert_int_equal(a.size, 0);
    }
    struct answer a = ask_with(w, (struct http_request){.method = "HEAD"}, "/");
    assert_int_equal(a.status, 200);
    assert_int_equal(a.size, 0);
    assert_int_equal(w->server.tally->connections, 1);
}

static void only_the_final_answer_has_headers(void **state) {
    struct answer a = ask(*state, "/continue");
    assert_string_equal(a.which, "second");
}

static void any_status_is_an_answer(void **state) {
    struct answer a = ask(*state, "/?status=404");
    assert_false(a.failed);
    assert_int_equal(a.status, 404);
    assert_string_equal(a.body, "{\"ok\":true}");
}

static void failures_name_their_cause(void **state) {
    static const struct {
        const char *why, *path;
        enum fault_kind kind;
        bool sent, lasting;
        const char *says;
    } cases[] = {
        {"reset after the request", "/reset", FAULT_NETWORK, true, false,
         "without an answer"},
        {"closed after the request", "/hangup", FAULT_NETWORK, true, false,
         "without an answer"},
        {"cut body", "/cut", FAULT_NETWORK, true, false, "cut off after 5 bytes"},
        {"cut chunk", "/cut-chunk", FAULT_NETWORK, true, false, "cut off after"},
        {"no gzip", "/badgzip", FAULT_PARSE, true, false, "not compressed as it says"},
        {"another protocol", "/babble", FAULT_PARSE, true, true, "does not speak HTTP"},
        {"endless headers", "/headers", FAULT_PARSE, true, true, "headers of the answer"},
        {"a header without end", "/long-header", FAULT_PARSE, true, true,
         "headers of the answer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct answer a = ask(*state, cases[i].path);
        if (!a.failed || a.fault.kind != cases[i].kind || a.sent != cases[i].sent ||
            a.lasting != cases[i].lasting ||
            strstr(a.fault.message, cases[i].says) == NULL)
            fail_msg("%s: failed %d, kind %s, sent %d, lasting %d: %s", cases[i].why,
                     a.failed, fault_kind_name(a.fault.kind), a.sent, a.lasting,
                     a.fault.message);
    }
}

static void nothing_listening_is_said_so(void **state) {
    struct world *w = *state;
    struct server gone;
    server_start(&gone, handle);
    server_stop(&gone);
    char text[100];
    snprintf(text, sizeof text, "http://127.0.0.1:%d/secret-path?q=secret", gone.port);
    struct http_request r = {.method = "POST", .url = text};
    struct answer a;
    begin(w, &r, &a);
    finish(w);
    assert_true(a.failed && !a.sent && !a.fault.ambiguous && a.fault.retryable);
    assert_non_null(strstr(a.fault.message, "Connection refused"));
    assert_null(strstr(a.fault.message, "secret"));
    assert_non_null(strstr(a.fault.hint, "nothing listens"));
}

static void an_unknown_host_is_said_so(void **state) {
    struct world *w = *state;
    struct http_request r = {.method = "GET",
                             .url = "https://no-such-host.invalid/?t=secret"};
    struct answer a;
    begin(w, &r, &a);
    finish(w);
    assert_true(a.failed && !a.sent);
    assert_string_equal(a.fault.message, "no such host: no-such-host.invalid");
}

static void times_run_out_each_in_its_way(void **state) {
    struct world *w = *state;
    int64_t start = loop_now();
    struct answer a =
        ask_with(w, (struct http_request){.first_byte_ms = 100}, "/sleep?ms=3000");
    assert_true(a.failed && a.sent && a.fault.kind == FAULT_TIMEOUT);
    assert_non_null(strstr(a.fault.message, "not a byte from 127.0.0.1"));
    a = ask_with(w, (struct http_request){.total_ms = 200}, "/drip?ms=20");
    assert_true(a.failed && a.fault.kind == FAULT_TIMEOUT && a.status == 200);
    assert_non_null(strstr(a.fault.message, "no complete answer"));
    a = ask_with(w, (struct http_request){.first_byte_ms = 150}, "/drip?ms=1000");
    assert_true(a.failed &&
                a.fault.kind == FAULT_TIMEOUT); /* silence in the middle counts */
    assert_true(loop_now() - start < 2500);
    a = ask_with(w, (struct http_request){.first_byte_ms = 150}, "/sleep?ms=100");
    assert_false(a.failed);
}

static void the_body_limit_counts_what_was_unpacked(void **state) {
    struct world *w = *state;
    struct answer a =
        ask_with(w, (struct http_request){.max_body = 100000}, "/gzip?size=50000");
    assert_false(a.failed);
    assert_int_equal(a.size, 50000);
    a = ask_with(w, (struct http_request){.max_body = 100000}, "/gzip?size=20000000");
    assert_true(a.failed && a.lasting && a.size <= 100000);
    assert_non_null(strstr(a.fault.message, "larger than 100000 bytes"));
    a = ask_with(w, (struct http_request){.max_body = 1000000}, "/big");
    assert_true(a.failed && a.lasting && a.size <= 1000000);
}

static void a_redirect_is_not_followed(void **state) {
    struct world *w = *state;
    struct server other;
    server_start(&other, handle);
    char path[64];
    snprintf(path, sizeof path, "/redirect?port=%d", other.port);
    struct answer a = ask_with(w, (struct http_request){.secret_header = SECRET}, path);
    assert_int_equal(a.status, 302);
    assert_false(a.failed);
    assert_int_equal(other.tally->connections, 0);
    assert_int_equal(w->server.tally->authorized, 1);
    server_stop(&other);
}

static void secrets_stay_off_plain_http(void **state) {
    struct world *w = *state;
    const char *const more[] = {"X-Token: 1", NULL};
    struct http_request r = {.method = "GET", .url = "http://example.com/"},
                        rs[3] = {r, r, r};
    rs[0].secret_header = SECRET;
    rs[1].basic_auth = "user:password";
    rs[2].more_secrets = more;
    for (int i = 0; i < 3; i++) {
        struct fault f;
        assert_null(http_start(w->http, &rs[i], keep, NULL, &f));
        assert_int_equal(f.kind, FAULT_AUTH);
        assert_non_null(strstr(f.message, "plain http to example.com"));
    }
    rs[0].url = "http://127.0.0.1.example.com/";
    struct fault f;
    assert_null(http_start(w->http, &rs[0], keep, NULL, &f));
    rs[0].url = "http://localhost.example.com/";
    assert_null(http_start(w->http, &rs[0], keep, NULL, &f));
    assert_int_equal(f.kind, FAULT_AUTH);
}

static void a_proxy_does_not_see_our_credentials(void **state) {
    struct world *w = *state;
    setenv("https_proxy", url(w, ""), 1);
    setenv("http_proxy", url(w, ""), 1);
    struct http_request r = {.method = "POST",
                             .url = "https://h.invalid/x?status=407",
                             .secret_header = SECRET};
    struct answer a;
    begin(w, &r, &a);
    finish(w);
    assert_int_equal(w->server.tally->requests, 1);
    assert_int_equal(w->server.tally->authorized, 0);
    assert_true(a.failed && !a.sent && a.lasting);
    char want[100];
    snprintf(want, sizeof want,
             "the proxy 127.0.0.1:%d does not connect us to h.invalid: status 404",
             w->server.port);
    assert_string_equal(a.fault.message, want);
    unsetenv("https_proxy");
    unsetenv("http_proxy");
}

/* What fails is the proxy: it is named, with the variable, and never with its password. */
static void a_proxy_that_fails_is_named_without_its_password(void **state) {
    struct world *w = *state;
    static const struct {
        const char *proxy, *message, *hint;
    } cases[] = {
        {"http://127.0.0.1:1",
         "cannot connect to the proxy 127.0.0.1:1: Connection refused",
         "https_proxy names it"},
        {"http://me:sesame@127.0.0.1:1", "cannot connect to the proxy 127.0.0.1:1", NULL},
        {"http://me:se@same@127.0.0.1:1", "proxy", NULL},
        {"http://me:sesame@127.0.0.1:99999", "https_proxy does not name a proxy",
         "http://user:password@host:port"},
        {"http://me:sesame/x@127.0.0.1:x y", "https_proxy does not name a proxy", NULL},
        {"gopher://me:sesame@p:1", "https_proxy does not name a proxy", NULL},
        {"http://me:sesame@p.invalid:1", "no such host: the proxy p.invalid:1", NULL},
        {"http://[::1", "https_proxy does not name a proxy", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        setenv("https_proxy", cases[i].proxy, 1);
        struct http *client = http_new(w->loop); /* reads the variable */
        struct http_request r = {.method = "GET", .url = "https://h.invalid/x"};
        struct answer a = {.w = w};
        struct fault f;
        w->open++;
        if (http_start(client, &r, keep, &a, &f) == NULL)
            fail_msg("%s: %s", cases[i].proxy, f.message);
        while (a.calls == 0)
            loop_turn(w->loop, 5000);
        if (!a.failed || strstr(a.fault.message, cases[i].message) == NULL ||
            (cases[i].hint != NULL && strstr(a.fault.hint, cases[i].hint) == NULL))
            fail_msg("%s: got '%s', hint '%s'", cases[i].proxy, a.fault.message,
                     a.fault.hint);
        static const char *const parts[] = {"sesame", "same", "me:"};
        for (size_t j = 0; j < sizeof parts / sizeof parts[0]; j++)
            if (strstr(a.fault.message, parts[j]) != NULL ||
                strstr(a.fault.hint, parts[j]) != NULL)
                fail_msg("%s: shown: '%s', hint '%s'", cases[i].proxy, a.fault.message,
                         a.fault.hint);
        http_free(client);
    }
    unsetenv("https_proxy");
}

static void this_machine_is_asked_without_a_proxy(void **state) {
    struct world *w = *state;
    struct server proxy;
    server_start(&proxy, handle);
    char proxy_url[64];
    snprintf(proxy_url, sizeof proxy_url, "http://127.0.0.1:%d", proxy.port);
    setenv("http_proxy", proxy_url, 1);
    struct answer a = ask_with(w, (struct http_request){.secret_header = SECRET}, "/");
    unsetenv("http_proxy");
    assert_int_equal(a.status, 200);
    assert_int_equal(proxy.tally->connections, 0);
    assert_int_equal(w->server.tally->authorized, 1);
    server_stop(&proxy);
}

static void basic_auth_and_more_secrets_are_headers(void **state) {
    struct world *w = *state;
    const char *const more[] = {"X-One: 1", "X-Two: 2", NULL};
    const char *const plain[] = {"X-Plain: 3", NULL};
    ask_with(w,
             (struct http_request){.basic_auth = "Aladdin:open sesame",
                                   .more_secrets = more,
                                   .headers = plain},
             "/");
    const char *seen = w->server.tally->headers;
    assert_non_null(
        strstr(seen, "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
    assert_non_null(strstr(seen, "X-One: 1\r\n"));
    assert_non_null(strstr(seen, "X-Two: 2\r\n"));
    assert_non_null(strstr(seen, "X-Plain: 3\r\n"));
    ask(w, "/"); /* the same handle: nothing stays */
    assert_null(strstr(seen, "Authorization"));
    assert_null(strstr(seen, "X-One"));
}

static void what_is_no_request_is_refused(void **state) {
    struct world *w = *state;
    static const char *const urls[] = {"",
                                       "x",
                                       "ftp://x/",
                                       "file:///etc/passwd",
                                       "http://",
                                       "http:///x",
                                       "https://user:pw@host/",
                                       "http://a b/",
                                       "http://a/\r\nX: y",
                                       "https://host\t/"};
    struct fault f;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct http_request r = {.method = "GET", .url = urls[i]};
        if (http_start(w->http, &r, keep, NULL, &f) != NULL)
            fail_msg("taken: %s", urls[i]);
        assert_null(strstr(f.message, "pw"));
    }
    static const char *const bad[] = {"X: y\r\nZ: 1", "no colon", "X: y\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *const headers[] = {bad[i], NULL};
        struct http_request r = {.method = "GET", .url = url(w, "/"), .headers = headers};
        assert_null(http_start(w->http, &r, keep, NULL, &f));
    }
    struct http_request r = {.method = "GET /x", .url = url(w, "/")};
    assert_null(http_start(w->http, &r, keep, NULL, &f));
    assert_int_equal(w->server.tally->connections, 0);
}

static void a_dead_connection_repeats_only_what_may_be_repeated(void **state) {
    struct world *w = *state;
    const char *path = "/dies-when-reused";
    assert_int_equal(ask(w, path).status, 200);
    struct answer a = ask(w, path); /* libcurl: again, over a new connection */
    assert_int_equal(a.status, 200);
    assert_int_equal(w->server.tally->requests, 3);
    a = ask_with(w, (struct http_request){.method = "POST", .body = "{}", .body_size = 2},
                 path);
    assert_true(a.failed && a.sent && a.fault.ambiguous);
    assert_int_equal(w->server.tally->requests, 4);
    ask(w, path);
    a = ask_with(w, (struct http_request){.method = "POST"}, path);
    assert_true(a.failed && a.sent && a.fault.ambiguous);
    assert_int_equal(w->server.tally->requests, 6);
    ask(w, path);
    a = ask_with(w, (struct http_request){.method = "POST", .idempotent = true}, path);
    assert_false(a.failed);
    assert_int_equal(w->server.tally->requests, 9);
}

static void a_cancelled_call_says_nothing(void **state) {
    struct world *w = *state;
    struct answer a = {.w = w};
    struct fault f;
    struct http_request r = {.method = "GET", .url = url(w, "/sleep?ms=50")};
    struct http_call *c = http_start(w->http, &r, keep, &a, &f);
    loop_turn(w->loop, 10);
    http_cancel(c);
    for (int i = 0; i < 10; i++)
        loop_turn(w->loop, 10);
    assert_int_equal(a.calls, 0);
    assert_false(ask(w, "/").failed);
}

static void what_is_in_flight_ends_with_the_client(void **state) {
    struct world *w = *state;
    static struct answer a[5];
    for (int i = 0; i < 5; i++) {
        struct http_request r = {.method = "GET", .url = url(w, "/sleep?ms=5000")};
        begin(w, &r, &a[i]);
    }
    loop_turn(w->loop, 10); /* close_world frees the client; the sanitizer looks on */
}

/* Run `f` with stderr in a file, and hand back what was written. */
static char *stderr_of(struct world *w, void (*f)(struct world *w)) {
    static char text[65536];
    char name[] = "/tmp/tarn-trace-XXXXXX";
    int fd = mkstemp(name), saved = dup(STDERR_FILENO);
    fflush(stderr);
    dup2(fd, STDERR_FILENO);
    f(w);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    close(fd);
    unlink(name);
    return text;
}

static void traced_calls(struct world *w) {
    const char *const headers[] = {"X-Api-Key: sesame", "Cookie: sesame",
                                   "X-Fine: visible", NULL};
    const char *const more[] = {"X-Other: sesame", NULL};
    struct http_request r = {.method = "POST",
                             .headers = headers,
                             .secret_header = SECRET,
                             .more_secrets = more,
                             .body = "{\"password\":\"sesame\",\"name\":\"visible\"}",
                             .body_size = 38};
    ask_with(w, r, "/secrets?token=sesame&max_results=25");
    r.body = "grant_type=visible&client_secret=sesame";
    r.body_size = 39;
    ask_with(w, r, "/secrets");
    r.secret_body = true;
    r.body = "all of this is sesame";
    r.body_size = 21;
    ask_with(w, r, "/secrets");
    r.secret_url = true;
    ask_with(w, r, "/hook/sesame");
    ask_with(w, (struct http_request){.basic_auth = "user:sesame"}, "/reset?sig=sesame");
}

static void a_trace_shows_everything_but_secrets(void **state) {
    struct world *w = *state;
    for (int level = 1; level <= 2; level++) {
        http_trace(w->http, level);
        const char *text = stderr_of(w, traced_calls);
        if (strstr(text, "sesame") != NULL)
            fail_msg("level %d shows %.200s", level, strstr(text, "sesame") - 60);
        assert_null(strstr(text, "0042"));
        assert_null(strstr(text, "c2VzYW1l")); /* base64 of sesame */
        assert_non_null(strstr(text, "> POST http://127.0.0.1"));
        assert_non_null(strstr(text, "max_results=25"));
        assert_non_null(strstr(text, "< 200 POST"));
        assert_non_null(strstr(text, "< failed GET"));
        assert_int_equal(level == 2, strstr(text, "visible") != NULL);
        assert_int_equal(level == 2, strstr(text, "kept") != NULL);
    }
    http_trace(w->http, 0);
    assert_string_equal(stderr_of(w, traced_calls), "");
}

struct lingerer {
    struct http_linger linger; /* first */
    struct timer timer;
    int ended, left;
};

static void end_lingering(struct http_linger *l) {
    ((struct lingerer *)l)->ended++;
}

static void leave_in_time(void *ud) {
    struct lingerer *l = ud;
    l->left++;
    http_linger_remove(&l->linger);
}

static void those_that_linger_are_waited_for_but_not_for_ever(void **state) {
    (void)state;
    struct loop *loop = loop_new();
    struct http *h = http_new(loop);
    struct lingerer quick = {.linger.end = end_lingering},
                    slow = {.linger.end = end_lingering};
    quick.timer = (struct timer){.fire = leave_in_time, .ud = &quick};
    http_linger_add(h, &quick.linger);
    http_linger_add(h, &slow.linger);
    loop_set_timer(loop, &quick.timer, loop_now() + 50);
    int64_t start = loop_now();
    http_free(h);
    assert_in_range(loop_now() - start, 2900, 4000);
    assert_int_equal(quick.left, 1);
    assert_int_equal(quick.ended, 0);
    assert_int_equal(slow.ended, 1);
    loop_free(loop);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_connection_is_kept_and_used_again),
        TEST(many_at_once_keep_their_connections),
        TEST(every_method_arrives_as_it_was_sent),
        TEST(only_the_final_answer_has_headers),
        TEST(any_status_is_an_answer),
        TEST(failures_name_their_cause),
        TEST(nothing_listening_is_said_so),
        TEST(an_unknown_host_is_said_so),
        TEST(times_run_out_each_in_its_way),
        TEST(the_body_limit_counts_what_was_unpacked),
        TEST(a_redirect_is_not_followed),
        TEST(secrets_stay_off_plain_http),
        TEST(a_proxy_does_not_see_our_credentials),
        TEST(a_proxy_that_fails_is_named_without_its_password),
        TEST(this_machine_is_asked_without_a_proxy),
        TEST(basic_auth_and_more_secrets_are_headers),
        TEST(what_is_no_request_is_refused),
        TEST(a_dead_connection_repeats_only_what_may_be_repeated),
        TEST(a_cancelled_call_says_nothing),
        TEST(what_is_in_flight_ends_with_the_client),
        TEST(a_trace_shows_everything_but_secrets),
        cmocka_unit_test(those_that_linger_are_waited_for_but_not_for_ever),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
