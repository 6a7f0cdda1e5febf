#include "dbx/workspace.h"

#include "server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- credentials that a test can look into, in place of dbx/credentials.c ---- */

struct credentials {
    struct config config;
    unsigned generation;
    int renewals; /* tokens that can still be had */
    bool fails;
};

static struct credentials *newest; /* the tests' view of what workspace_new made */

struct credentials *credentials_new(struct loop *l, struct http *h, struct config *c) {
    (void)l, (void)h;
    newest = calloc(1, sizeof *newest);
    newest->config = *c;
    *c = (struct config){0};
    return newest;
}

void credentials_free(struct credentials *cr) {
    config_free(&cr->config);
    free(cr);
}

const struct config *credentials_config(const struct credentials *cr) {
    return &cr->config;
}

struct credentials_wait *credentials_get(struct credentials *cr, credentials_ready *ready,
                                         void *ud) {
    char header[64];
    struct fault f;
    if (cr->fails) {
        fault_set(&f, FAULT_AUTH, "no token to be had");
        ready(ud, NULL, NULL, &f);
        return NULL;
    }
    snprintf(header, sizeof header, "Authorization: Bearer token-%u", cr->generation);
    ready(ud, header, NULL, NULL);
    return NULL;
}

void credentials_cancel(struct credentials_wait *w) {
    (void)w;
}

unsigned credentials_generation(const struct credentials *cr) {
    return cr->generation;
}

bool credentials_reject(struct credentials *cr, unsigned generation) {
    if (generation < cr->generation)
        return true;
    if (cr->renewals == 0)
        return false;
    cr->renewals--;
    cr->generation++;
    return true;
}

/* ---- the server's side ---- */

enum mark { TIMES, REFUSED, SLEPT };

static bool is(const struct server_request *r, const char *path) {
    return strncmp(r->path, path, strlen(path)) == 0;
}

static void storm(struct server_request *r) {
    int refuse = server_number(r, "refuse", 32);
    char header[64];
    snprintf(header, sizeof header, "Retry-After: %d\r\n", server_number(r, "after", 1));
    server_sleep(server_number(r, "ms", 20));
    if (r->number <= refuse) {
        r->tally->marks[REFUSED]++;
        server_reply(r, 429, header, "{\"error_code\":\"REQUEST_LIMIT_EXCEEDED\"}");
    } else {
        server_reply(r, 200, "", "{}");
    }
}

static void first_time(struct server_request *r, int times,
                       void (*f)(struct server_request *)) {
    if (atomic_fetch_add(&r->tally->marks[TIMES], 1) < times)
        f(r);
    else
        server_reply(r, 200, "X-Databricks-Org-Id: 12345678901234567\r\n", "{\"ok\":1}");
}

static void cut(struct server_request *r) {
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{";
    server_send(r, text, sizeof text - 1);
    r->close = true;
}

static void busy(struct server_request *r) {
    server_reply(r, 503, "Retry-After: 0\r\nContent-Type: text/html\r\n",
                 "<html>busy</html>");
}

static void broken(struct server_request *r) {
    server_reply(r, 500, "", "{\"error_code\":\"INTERNAL_ERROR\",\"message\":\"oops\"}");
}

static void worker(struct server_request *r) {
    server_reply(r, 400, "",
                 "{\"error_code\":\"BAD_REQUEST\",\"message\":"
                 "\"There is no worker environment with id 7\"}");
}

static void exhausted(struct server_request *r) {
    server_reply(r, 400, "Retry-After: 0\r\n",
                 "{\"error_code\":\"RESOURCE_EXHAUSTED\",\"message\":\"later\"}");
}

static void handle(struct server_request *r) {
    int times = server_number(r, "times", 1);
    if (is(r, "/storm"))
        storm(r);
    else if (is(r, "/reset"))
        first_time(r, times, server_reset);
    else if (is(r, "/cut"))
        first_time(r, times, cut);
    else if (is(r, "/503"))
        first_time(r, times, busy);
    else if (is(r, "/500"))
        first_time(r, times, broken);
    else if (is(r, "/worker"))
        first_time(r, times, worker);
    else if (is(r, "/exhausted"))
        first_time(r, times, exhausted);
    else if (is(r, "/sleep")) {
        server_sleep(server_number(r, "ms", 50));
        r->tally->marks[SLEPT]++;
        server_reply(r, 200, "", "{}");
    } else if (is(r, "/login")) {
        server_reply(r, 200, "Content-Type: text/html; charset=utf-8\r\n",
                     "<html>Sign in</html>");
    } else if (is(r, "/redirect")) {
        server_reply(r, 303, "Location: /login.html?next=secret\r\n", "");
    } else if (is(r, "/far")) {
        server_reply(r, 429, "Retry-After: 9999\r\n", "{\"message\":\"not today\"}");
    } else if (is(r, "/404")) {
        server_reply(r, 404, "X-Request-Id: abc\r\n",
                     "{\"message\":\"no such pipeline\"}");
    } else if (is(r, "/token")) { /* refuses the first tokens */
        char want[32];
        int least = server_number(r, "least", 1), has = -1;
        const char *at = strstr(r->headers, "Bearer token-");
        if (at != NULL)
            sscanf(at, "Bearer token-%d", &has);
        snprintf(want, sizeof want, "%d", least);
        server_sleep(20);
        if (has < least && strstr(r->path, "invalid") != NULL)
            server_reply(r, 403, "", "{\"message\":\"Invalid access token.\"}");
        else if (has < least && strstr(r->path, "soon") != NULL)
            server_reply(r, 403, "",
                         "{\"message\":\"Token is expiring within 30 seconds.\"}");
        else if (has < least && strstr(r->path, "denied") != NULL)
            server_reply(r, 403, "", "{\"message\":\"User may not do that.\"}");
        else if (has < least)
            server_reply(r, 401, "",
                         "{\"error_code\":\"UNAUTHENTICATED\",\"message\":\"expired\"}");
        else
            server_reply(r, 200, "", "{}");
    } else {
        server_reply(r, 200, "", "{\"ok\":true}");
    }
}

/* ---- ours ---- */

#define MOST 1000

struct answer {
    struct world *w;
    int calls, status, tries, order;
    bool failed;
    struct fault fault;
    char body[256];
};

struct world {
    struct server server;
    struct loop *loop;
    struct http *http;
    struct workspace *ws;
    int open, ended;
    struct answer answers[MOST];
};

static char *copy_of(const char *text) {
    return strdup(text);
}

static struct workspace *connect_to(struct world *w, const struct workspace_options *o) {
    struct config c = {.auth_type = "pat"};
    char host[64];
    snprintf(host, sizeof host, "http://127.0.0.1:%d", w->server.port);
    c.attr[CONFIG_HOST].value = copy_of(host);
    c.attr[CONFIG_WORKSPACE_ID].value = copy_of("1234567890123456");
    struct workspace *ws = workspace_new(w->loop, w->http, &c, o);
    assert_non_null(ws);
    return ws;
}

static int open_world(void **state) {
    struct world *w = calloc(1, sizeof *w);
    server_start(&w->server, handle);
    w->loop = loop_new();
    w->http = http_new(w->loop);
    w->ws = connect_to(w, NULL);
    *state = w;
    return 0;
}

static int close_world(void **state) {
    struct world *w = *state;
    if (w->ws != NULL)
        workspace_release(w->ws);
    http_free(w->http);
    loop_free(w->loop);
    server_stop(&w->server);
    free(w);
    return 0;
}

static void reconnect(struct world *w, int jobs, double rate) {
    workspace_release(w->ws);
    w->ws = connect_to(w, &(struct workspace_options){.jobs = jobs, .rate = rate});
}

static void keep(void *ud, struct workspace_response *r, const struct fault *f) {
    struct answer *a = ud;
    a->calls++;
    a->w->open--;
    a->order = ++a->w->ended;
    a->status = r->status;
    a->tries = r->tries;
    a->failed = f != NULL;
    if (f != NULL)
        a->fault = *f;
    if (r->body.size > 0)
        snprintf(a->body, sizeof a->body, "%s", r->body.bytes);
}

static struct workspace_call *begin(struct world *w, int i, struct workspace_request r) {
    struct fault f;
    struct answer *a = &w->answers[i];
    *a = (struct answer){.w = w};
    if (r.method == NULL) {
        r.method = "GET";
        r.idempotent = true;
    }
    struct workspace_call *c = workspace_start(w->ws, &r, keep, a, &f);
    if (c == NULL)
        fail_msg("%s: %s", r.path, f.message);
    w->open++;
    return c;
}

static void finish(struct world *w) {
    for (int64_t due = loop_now() + 30000; w->open > 0 && loop_now() < due;)
        loop_turn(w->loop, 1000);
    assert_int_equal(w->open, 0);
}

static struct answer *ask(struct world *w, struct workspace_request r) {
    begin(w, 0, r);
    finish(w);
    assert_int_equal(w->answers[0].calls, 1);
    return &w->answers[0];
}

static struct answer *get(struct world *w, const char *path) {
    return ask(w, (struct workspace_request){.path = path});
}

static struct answer *post(struct world *w, const char *path) {
    return ask(w, (struct workspace_request){
                      .method = "POST", .path = path, .body = "{}", .body_size = 2});
}

/* ---- what is true ---- */

static void a_request_carries_what_a_workspace_wants(void **state) {
    struct world *w = *state;
    struct answer *a = post(w, "/api/2.0/x?y=1");
    assert_false(a->failed);
    assert_string_equal(a->body, "{\"ok\":true}");
    const char *seen = w->server.tally->headers;
    assert_non_null(strstr(seen, "Authorization: Bearer token-0\r\n"));
    assert_non_null(strstr(seen, "User-Agent: tarn/" TARN_VERSION " libcurl/"));
    assert_non_null(strstr(seen, " os/linux auth/pat\r\n"));
    assert_non_null(strstr(seen, "Accept: application/json\r\n"));
    assert_non_null(strstr(seen, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(seen, "X-Databricks-Workspace-Id: 1234567890123456\r\n"));
    get(w, "/");
    assert_null(strstr(seen, "Content-Type"));
}

static void headers_of_the_caller_replace_ours(void **state) {
    struct world *w = *state;
    const char *const headers[] = {"accept: text/plain", "Content-Type: text/x", NULL};
    ask(w, (struct workspace_request){.method = "PUT",
                                      .path = "/",
                                      .headers = headers,
                                      .body = "x",
                                      .body_size = 1});
    const char *seen = w->server.tally->headers;
    assert_null(strstr(seen, "application/json"));
    assert_non_null(strstr(seen, "accept: text/plain\r\n"));
    assert_non_null(strstr(seen, "Content-Type: text/x\r\n"));
}

static void the_window_is_kept_and_the_order_too(void **state) {
    struct world *w = *state;
    reconnect(w, 8, 0);
    for (int i = 0; i < 80; i++)
        begin(w, i, (struct workspace_request){.path = "/sleep?ms=20"});
    struct workspace_stats s = workspace_stats(w->ws);
    assert_int_equal(s.in_flight, 8);
    assert_int_equal(s.waiting, 72);
    finish(w);
    assert_int_equal(w->server.tally->busiest, 8);
    assert_int_equal(w->server.tally->connections, 8);
    for (int i = 8; i < 80; i++) /* in order, but for those of one batch */
        assert_true(w->answers[i].order > i - 8 && w->answers[i].order < i + 10);
    s = workspace_stats(w->ws);
    assert_int_equal(s.calls, 80);
    assert_int_equal(s.bytes_in, 160);
    assert_int_equal(s.in_flight + s.waiting, 0);
}

static void good_answers_let_the_window_grow_up_to_jobs(void **state) {
    struct world *w = *state;
    assert_int_equal(workspace_stats(w->ws).window, 32);
    for (int i = 0; i < 900; i++)
        begin(w, i, (struct workspace_request){.path = "/"});
    finish(w);
    assert_int_equal(workspace_stats(w->ws).window, 64);
}

static void a_storm_of_429_holds_back_the_whole_workspace(void **state) {
    struct world *w = *state;
    struct server_tally *t = w->server.tally;
    for (int i = 0; i < 64; i++)
        begin(w, i,
              (struct workspace_request){.method = "POST",
                                         .path = "/storm?refuse=32&after=1&ms=20"});
    finish(w);
    for (int i = 0; i < 64; i++)
        assert_false(w->answers[i].failed); /* POSTs too: they were refused */
    struct workspace_stats s = workspace_stats(w->ws);
    assert_int_equal(t->requests, 96);
    assert_int_equal(s.throttled, 32);
    assert_int_equal(s.retries, 32);
    assert_in_range(s.window, 16, 24); /* halved once, grown a little since */
    /* nobody was sent in the second that the server asked for, not even the fresh ones */
    assert_true(t->at[32] - t->at[31] >= 980);
}

static void a_longer_storm_halves_again(void **state) {
    struct world *w = *state;
    for (int i = 0; i < 32; i++)
        begin(w, i, (struct workspace_request){.path = "/storm?refuse=48&after=0&ms=10"});
    int least = 32;
    while (w->open > 0) {
        loop_turn(w->loop, 100);
        int now = workspace_stats(w->ws).window;
        least = now < least ? now : least;
    }
    assert_in_range(least, 4, 8);
    for (int i = 0; i < 32; i++)
        assert_false(w->answers[i].failed);
}

static void the_rate_is_kept(void **state) {
    struct world *w = *state;
    reconnect(w, 0, 100);
    int64_t start = loop_now();
    for (int i = 0; i < 50; i++)
        begin(w, i, (struct workspace_request){.path = "/"});
    finish(w);
    assert_in_range(loop_now() - start, 420, 900);
}

static void what_may_have_happened_is_repeated_only_if_idempotent(void **state) {
    (void)state;
    static const struct {
        const char *why, *method, *path;
        bool idempotent;
        int requests; /* that the server got */
        bool failed, ambiguous;
    } cases[] = {
        {"GET, reset", "GET", "/reset", true, 2, false, false},
        {"POST, reset: never again", "POST", "/reset", false, 1, true, true},
        {"POST that says it is idempotent", "POST", "/reset", true, 2, false, false},
        {"GET, cut body", "GET", "/cut", true, 2, false, false},
        {"POST, cut body", "POST", "/cut", false, 1, true, true},
        {"DELETE, 500", "DELETE", "/500", true, 2, false, false},
        {"POST, 500", "POST", "/500", false, 1, true, true},
        {"POST, 503: refused", "POST", "/503", false, 2, false, false},
        {"POST, exhausted with status 400", "POST", "/exhausted", false, 2, false, false},
        {"POST, a message that passes", "POST", "/worker", false, 2, false, false},
        {"POST, wrong", "POST", "/404", false, 1, true, false},
        {"GET, wrong", "GET", "/404", true, 1, true, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world *w;
        open_world((void **)&w);
        get(w, "/"); /* a connection that is kept: libcurl must not repeat either */
        struct answer *a =
            ask(w, (struct workspace_request){.method = cases[i].method,
                                              .path = cases[i].path,
                                              .idempotent = cases[i].idempotent});
        int requests = w->server.tally->requests - 1;
        /* over a kept connection libcurl itself repeats a reset GET */
        if (requests != cases[i].requests || a->failed != cases[i].failed ||
            (a->failed && a->fault.ambiguous != cases[i].ambiguous))
            fail_msg("%s: %d requests, failed %d, ambiguous %d: %s", cases[i].why,
                     requests, a->failed, a->fault.ambiguous, a->fault.message);
        close_world((void **)&w);
    }
}

static void a_call_that_is_tried_again_keeps_its_place(void **state) {
    struct world *w = *state;
    reconnect(w, 1, 0);
    begin(w, 0, (struct workspace_request){.path = "/503?times=2"});
    for (int i = 1; i < 30; i++)
        begin(w, i, (struct workspace_request){.path = "/sleep?ms=5"});
    finish(w);
    assert_int_equal(w->answers[0].tries, 3);
    assert_true(w->answers[0].order <= 5); /* each time one other may slip in */
}

static void retries_end_and_say_how_many_there_were(void **state) {
    struct world *w = *state;
    int64_t start = loop_now();
    struct answer *a = ask(w, (struct workspace_request){.path = "/500?times=99",
                                                         .method = "GET",
                                                         .idempotent = true,
                                                         .timeout_ms = 2000});
    assert_true(a->failed);
    assert_int_equal(a->status, 500);
    assert_string_equal(a->fault.code, "INTERNAL_ERROR");
    assert_true(a->tries >= 2);
    assert_non_null(strstr(a->fault.message, "oops (tried "));
    assert_true(loop_now() - start < 2500);
    assert_false(a->fault.ambiguous);
    assert_true(a->fault.retryable);
}

static void a_delay_that_is_too_long_is_not_waited_for(void **state) {
    struct world *w = *state;
    int64_t start = loop_now();
    struct answer *a = get(w, "/far");
    assert_true(a->failed);
    assert_int_equal(a->fault.status, 429);
    assert_string_equal(a->fault.message, "not today");
    assert_true(loop_now() - start < 500);
}

static void nothing_there_fails_soon(void **state) {
    struct world *w = *state;
    server_stop(&w->server);
    int64_t start = loop_now();
    struct answer *a = get(w, "/");
    assert_int_equal(a->fault.kind, FAULT_NETWORK);
    assert_int_equal(a->tries, 3);
    assert_true(loop_now() - start < 3000);
    server_start(&w->server, handle);
}

static void web_pages_and_redirects_are_faults(void **state) {
    struct world *w = *state;
    struct answer *a = get(w, "/login");
    assert_true(a->failed && a->fault.kind == FAULT_HTTP);
    assert_non_null(strstr(a->fault.message, "answered with a web page"));
    assert_non_null(strstr(a->fault.hint, "check the host"));
    a = get(w, "/redirect");
    assert_true(a->failed);
    assert_non_null(strstr(a->fault.message, "redirects to a log-in page"));
    assert_null(strstr(a->fault.message, "secret"));
    assert_int_equal(w->server.tally->requests, 2);
}

static void a_401_gets_one_new_token_and_one_repeat(void **state) {
    struct world *w = *state;
    newest->renewals = 5;
    for (int i = 0; i < 20; i++)
        begin(w, i,
              (struct workspace_request){.method = "POST", .path = "/token?least=1"});
    finish(w);
    for (int i = 0; i < 20; i++)
        assert_false(w->answers[i].failed);
    assert_int_equal(w->server.tally->requests, 40);
    assert_int_equal(newest->renewals, 4); /* one for all of them */

    struct answer *a = get(w, "/token?least=9");
    assert_true(a->failed && a->fault.kind == FAULT_AUTH);
    assert_int_equal(a->tries, 2);
    assert_int_equal(newest->renewals, 3);
}

static void a_403_that_blames_the_token_renews_it_too(void **state) {
    struct world *w = *state;
    newest->renewals = 5;
    assert_false(get(w, "/token?least=1&invalid")->failed);
    assert_int_equal(newest->renewals, 4);
    assert_false(get(w, "/token?least=2&soon")->failed);
    assert_int_equal(newest->renewals, 3);
    struct answer *a =
        get(w, "/token?least=3&denied"); /* a new token has the same rights */
    assert_true(a->failed && a->fault.kind == FAULT_AUTH);
    assert_int_equal(a->tries, 1);
    assert_int_equal(newest->renewals, 3);
}

static void a_401_of_a_fixed_token_is_final(void **state) {
    struct world *w = *state;
    struct answer *a = get(w, "/token");
    assert_true(a->failed && a->fault.kind == FAULT_AUTH);
    assert_int_equal(a->tries, 1);
    assert_string_equal(a->fault.message, "expired");
    assert_non_null(strstr(a->fault.hint, "tarn auth describe"));
}

static void no_credentials_is_a_fault_from_the_loop(void **state) {
    struct world *w = *state;
    newest->fails = true;
    for (int i = 0; i < 100; i++)
        begin(w, i, (struct workspace_request){.path = "/"});
    for (int i = 0; i < 100; i++)
        assert_int_equal(w->answers[i].calls, 0); /* not from workspace_start */
    finish(w);
    assert_int_equal(w->answers[99].fault.kind, FAULT_AUTH);
    assert_int_equal(w->server.tally->connections, 0);
}

static void an_external_link_gets_nothing_of_ours(void **state) {
    struct world *w = *state;
    char url[100];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/login?sig=1", w->server.port);
    struct answer *a = ask(
        w, (struct workspace_request){.method = "GET", .path = url, .external = true});
    assert_false(a->failed); /* any type will do */
    const char *seen = w->server.tally->headers;
    assert_null(strstr(seen, "Authorization"));
    assert_null(strstr(seen, "Databricks"));
    assert_int_equal(w->server.tally->authorized, 0);
}

static void the_org_id_is_learnt_and_kept_exactly(void **state) {
    struct world *w = *state;
    assert_string_equal(workspace_org_id(w->ws), "");
    get(w, "/503");
    assert_string_equal(workspace_org_id(w->ws), "12345678901234567");
}

static void time_runs_out_in_the_queue_too(void **state) {
    struct world *w = *state;
    reconnect(w, 1, 0);
    begin(w, 0, (struct workspace_request){.path = "/sleep?ms=600"});
    begin(w, 1,
          (struct workspace_request){.method = "POST", .path = "/", .timeout_ms = 100});
    finish(w);
    assert_false(w->answers[0].failed);
    assert_true(w->answers[1].failed && w->answers[1].fault.kind == FAULT_TIMEOUT);
    assert_false(w->answers[1].fault.ambiguous);
    assert_non_null(strstr(w->answers[1].fault.message, "not sent within"));
    struct answer *a =
        ask(w, (struct workspace_request){
                   .method = "POST", .path = "/sleep?ms=600", .timeout_ms = 100});
    assert_true(a->fault.kind == FAULT_TIMEOUT && a->fault.ambiguous);
}

static void a_cancelled_call_makes_room(void **state) {
    struct world *w = *state;
    reconnect(w, 1, 0);
    struct workspace_call *first =
        begin(w, 0, (struct workspace_request){.path = "/sleep?ms=5000"});
    struct workspace_call *second = begin(w, 1, (struct workspace_request){.path = "/"});
    begin(w, 2, (struct workspace_request){.path = "/"});
    loop_turn(w->loop, 10);
    workspace_cancel(second);
    workspace_cancel(first);
    w->open -= 2;
    finish(w);
    assert_int_equal(w->answers[0].calls + w->answers[1].calls, 0);
    assert_false(w->answers[2].failed);
}

static void closing_reports_all_calls_as_cancelled(void **state) {
    struct world *w = *state;
    for (int i = 0; i < 50; i++)
        begin(w, i, (struct workspace_request){.path = "/sleep?ms=5000"});
    loop_turn(w->loop, 10);
    workspace_close(w->ws);
    assert_int_equal(w->open, 0);
    for (int i = 0; i < 50; i++)
        assert_int_equal(w->answers[i].fault.kind, FAULT_CANCELLED);
    struct fault f;
    struct workspace_request r = {.method = "GET", .path = "/"};
    assert_null(workspace_start(w->ws, &r, keep, NULL, &f));
    assert_int_equal(f.kind, FAULT_CANCELLED);
}

static void a_post_outlives_its_workspace(void **state) {
    struct world *w = *state;
    reconnect(w, 1, 0);
    begin(w, 0, (struct workspace_request){.path = "/sleep?ms=5000"});
    loop_turn(w->loop, 10);
    workspace_hold(w->ws);
    workspace_close(w->ws);
    workspace_release(w->ws);
    assert_true(workspace_start_detached(w->ws, "POST", "/sleep?ms=100", "{}",
                                         2)); /* past the full window */
    assert_true(
        workspace_start_detached(w->ws, "POST", "/reset", NULL, 0)); /* and tried again */
    workspace_release(w->ws);
    w->ws = NULL;
    http_free(w->http); /* waits for them */
    w->http = NULL;
    assert_int_equal(w->server.tally->marks[SLEPT], 1);
    assert_int_equal(w->server.tally->marks[TIMES], 2);
}

static void a_post_does_not_keep_us_for_ever(void **state) {
    struct world *w = *state;
    assert_true(workspace_start_detached(w->ws, "POST", "/sleep?ms=9000", NULL, 0));
    workspace_release(w->ws);
    w->ws = NULL;
    int64_t start = loop_now();
    http_free(w->http);
    w->http = NULL;
    assert_in_range(loop_now() - start, 2500, 4000);
}

static void a_post_to_nobody_does_not_keep_us_at_all(void **state) {
    struct world *w = *state;
    w->server.port = 1; /* nothing listens there */
    reconnect(w, 0, 0);
    assert_true(workspace_start_detached(w->ws, "POST", "/x", NULL, 0));
    workspace_release(w->ws);
    w->ws = NULL;
    int64_t start = loop_now();
    http_free(w->http);
    w->http = NULL;
    assert_in_range(loop_now() - start, 0, 1000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_request_carries_what_a_workspace_wants),
        TEST(headers_of_the_caller_replace_ours),
        TEST(the_window_is_kept_and_the_order_too),
        TEST(good_answers_let_the_window_grow_up_to_jobs),
        TEST(a_storm_of_429_holds_back_the_whole_workspace),
        TEST(a_longer_storm_halves_again),
        TEST(the_rate_is_kept),
        cmocka_unit_test(what_may_have_happened_is_repeated_only_if_idempotent),
        TEST(a_call_that_is_tried_again_keeps_its_place),
        TEST(retries_end_and_say_how_many_there_were),
        TEST(a_delay_that_is_too_long_is_not_waited_for),
        TEST(nothing_there_fails_soon),
        TEST(web_pages_and_redirects_are_faults),
        TEST(a_401_gets_one_new_token_and_one_repeat),
        TEST(a_403_that_blames_the_token_renews_it_too),
        TEST(a_401_of_a_fixed_token_is_final),
        TEST(no_credentials_is_a_fault_from_the_loop),
        TEST(an_external_link_gets_nothing_of_ours),
        TEST(the_org_id_is_learnt_and_kept_exactly),
        TEST(time_runs_out_in_the_queue_too),
        TEST(a_cancelled_call_makes_room),
        TEST(closing_reports_all_calls_as_cancelled),
        TEST(a_post_outlives_its_workspace),
        TEST(a_post_does_not_keep_us_for_ever),
        TEST(a_post_to_nobody_does_not_keep_us_at_all),
    };
    return cmocka_run_group_tests_name("workspace", tests, NULL, NULL);
}
