#define _DEFAULT_SOURCE /* explicit_bzero */
#include "dbx/signin.h"

#include "base/url.h"
#include "dbx/login.h"
#include "dbx/pkce.h"
#include "dbx/signin_page.h"
#include "dbx/u2m.h"
#include "net/reply.h"
#include "net/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The ports to which workspaces send the answers for the client that all tools share. */
#define FIRST_PORT 8020
#define LAST_PORT  8040

#define WAIT_MS INT64_C(3600000)

struct signin {
    struct config config; /* of the login */
    struct login login;   /* finds endpoints, sends requests */
    struct pkce pkce;
    struct server *servers[2]; /* on 127.0.0.1, and on ::1 where there is one */
    struct exchange *answer;   /* the browser that brought the answer, and waits */
    struct timer begin, late;
    char *scopes;
    int port, chosen_port;
    int64_t wait_ms;
    bool practice, asked; /* `asked`: the code has been sent */
    unsigned strays;      /* answers with another state */
    struct buf address;
    char redirect[40], account[64];
    void (*changed)(void *ud);
    void *ud;
    bool over, failed;
    struct fault fault;
};

/* ---- what the browser sees ---- */

static void show(struct exchange *x, int status, const char *title, const char *text,
                 const char *more) {
    static const struct server_field fields[] = {
        SERVER_FIELD("Content-Type", "text/html; charset=utf-8"),
        SERVER_FIELD("Content-Security-Policy", SIGNIN_POLICY),
        SERVER_FIELD("Cache-Control", "no-store"),
        SERVER_FIELD("Referrer-Policy", "no-referrer"),
        SERVER_FIELD("X-Content-Type-Options", "nosniff"),
    };
    struct buf page = {0};
    struct fault unsent; /* the browser then sees that the connection has ended */
    if (signin_page(&page, status == 200, title, text, more)) {
        const struct server_reply r = {.status = status,
                                       .fields = fields,
                                       .field_count = sizeof fields / sizeof fields[0],
                                       .body = page.bytes,
                                       .body_size = page.size};
        exchange_answer(x, &r, &unsent);
    }
    buf_free(&page);
    exchange_release(x);
}

static void show_outcome(struct signin *s) {
    if (s->answer == NULL)
        return;
    if (s->failed)
        show(s->answer, 400, "The log-in failed", s->fault.message, s->fault.hint);
    else
        show(s->answer, 200, "You are logged in",
             "This page can be closed; go on where you started.", "");
    s->answer = NULL;
}

/* ---- the end ---- */

static void on_over(void *ud, const struct fault *f) {
    struct signin *s = ud;
    s->over = true;
    s->failed = f != NULL;
    if (f != NULL)
        s->fault = *f;
    loop_clear_timer(s->login.loop, &s->late);
    show_outcome(s);
    pkce_wipe(&s->pkce);
    s->changed(s->ud);
}

static void on_late(void *ud) {
    struct signin *s = ud;
    struct fault f;
    fault_set(&f, FAULT_TIMEOUT, "nobody has logged in for %lld seconds%s",
              (long long)(s->wait_ms / 1000),
              s->strays > 0 ? "; answers came that belong to another log-in" : "");
    fault_hint(&f, "was the window closed? begin again, and use the new address");
    login_fail(&s->login, &f);
}

/* ---- the code becomes tokens ---- */

/* Databricks names the account in the path of its endpoints. */
static void note_account(struct signin *s) {
    static const char mark[] = "/oidc/accounts/";
    const char *at = strstr(s->login.token_endpoint, mark);
    if (at == NULL)
        return;
    at += sizeof mark - 1;
    snprintf(s->account, sizeof s->account, "%.*s", (int)strcspn(at, "/"), at);
}

static void on_tokens(struct login *l, const struct login_answer *a) {
    struct signin *s = l->ud;
    const char *who = "the token endpoint";
    if (a->f != NULL || a->status != 200) {
        login_unanswered(l, who, a);
        return;
    }
    if (!login_read(l, who, a->body, a->size, &l->token))
        return;
    http_learn(l->http, l->token.text);
    if (l->token.refresh != NULL)
        http_learn(l->http, l->token.refresh);
    note_account(s);
    if (s->practice || (u2m_keys(l, s->account) && u2m_store(l)))
        login_done(l);
}

static void exchange_code(struct signin *s, const char *code) {
    struct login *l = &s->login;
    struct buf form = {0};
    s->asked = true;
    http_learn(l->http, code);
    /* in one piece: a buffer that grows leaves copies behind */
    bool ok = buf_grow(&form, 3 * strlen(code) + 512) &&
              login_field(&form, "grant_type", "authorization_code") &&
              login_field(&form, "code", code) &&
              login_field(&form, "redirect_uri", s->redirect) &&
              login_field(&form, "client_id", U2M_CLIENT) &&
              login_field(&form, "code_verifier", s->pkce.verifier);
    if (ok) /* a code that is shown twice is taken for a stolen one */
        login_send(l,
                   &(struct login_request){
                       .url = l->token_endpoint, .form = form.bytes, .once = true},
                   on_tokens);
    buf_wipe(&form);
    if (!ok)
        login_no_memory(l);
}

/* ---- the answer comes ---- */

/* The value of a parameter, decoded; "" if it is not there. False when memory runs out. */
static bool take_parameter(const char *query, const char *name, struct buf *out) {
    size_t length = strlen(name);
    while (*query != '\0') {
        size_t size = strcspn(query, "&");
        if (size > length && memcmp(query, name, length) == 0 && query[length] == '=')
            return url_unescape(out, query + length + 1, size - length - 1, true) &&
                   buf_str(out, "");
        query += size + (query[size] == '&');
    }
    return buf_str(out, "");
}

static void refused(struct signin *s, const char *error, const char *description) {
    struct fault f;
    fault_set(&f, FAULT_AUTH, "the log-in was refused: %.60s%s%.300s", error,
              description[0] != '\0' ? ": " : "", description);
    fault_code(&f, error);
    if (strcmp(error, "access_denied") == 0)
        fault_hint(&f,
                   "begin again, and agree; or ask an admin whether people may log in");
    else
        fault_hint(&f, "check the host, and --scopes if they were given");
    login_fail(&s->login, &f);
}

static void take_answer(struct signin *s, struct exchange *x, char *query) {
    struct buf state = {0}, code = {0}, error = {0}, description = {0};
    bool ok = take_parameter(query, "state", &state) &&
              take_parameter(query, "code", &code) &&
              take_parameter(query, "error", &error) &&
              take_parameter(query, "error_description", &description);
    explicit_bzero(query, strlen(query));
    if (!ok) {
        show(x, 503, "The log-in waits", "There is not enough memory.",
             "Reload this page.");
    } else if (!pkce_same(state.bytes, s->pkce.state)) {
        /* whoever can make a browser open this address must not be able to end the log-in */
        s->strays++;
        show(x, 400, "This is not the log-in that was begun",
             "The answer belongs to another log-in, and was not used.",
             "Use the address that the program shows, or begin again.");
    } else if (error.size > 0 || code.size == 0) {
        s->answer = x;
        refused(s, error.size > 0 ? error.bytes : "there is no code", description.bytes);
    } else {
        s->answer = x;
        exchange_code(s, code.bytes);
    }
    buf_wipe(&state);
    buf_wipe(&code);
    buf_free(&error);
    buf_free(&description);
}

static void on_changed(void *ud) {
    (void)ud; /* a browser that goes away changes nothing */
}

static void on_request(void *ud) {
    struct signin *s = ud;
    struct exchange *x;
    for (size_t i = 0; i < 2; i++)
        while (s->servers[i] != NULL &&
               (x = server_take(s->servers[i], on_changed, NULL)) != NULL) {
            struct server_request r;
            if (!exchange_request(x, &r))
                exchange_release(x);
            else if (strcmp(r.method, "GET") != 0 || strcmp(r.path, "/") != 0)
                show(x, 404, "Nothing is here", "This address waits for a log-in.", "");
            else if (s->over || s->asked)
                show(x, 400, "This log-in is over", "Its answer has come already.", "");
            else
                take_answer(s, x, r.query);
        }
}

/* ---- the address ---- */

static struct server *listen_at(struct signin *s, const char *name, int port,
                                struct fault *f) {
    const struct server_options o = {.host = name,
                                     .port = port,
                                     .max_header = 32 << 10,
                                     .max_connections = 32,
                                     .idle_ms = 30000,
                                     .header_ms = 10000};
    return server_new(s->login.loop, &o, on_request, s, f);
}

/* A browser asks ::1 for localhost before it asks 127.0.0.1. So another program must not
 * listen there. A machine without IPv6 has no ::1. */
static bool listen_on(struct signin *s, int port, struct fault *f) {
    struct fault other;
    s->servers[0] = listen_at(s, "127.0.0.1", port, f);
    if (s->servers[0] == NULL)
        return false;
    s->servers[1] = listen_at(s, "::1", port, &other);
    if (s->servers[1] == NULL && strstr(other.message, "in use") != NULL) {
        server_close(s->servers[0]);
        s->servers[0] = NULL;
        *f = other;
        return false;
    }
    s->port = port;
    return true;
}

static bool listen_somewhere(struct signin *s) {
    struct fault f, told;
    int first = s->chosen_port != 0 ? s->chosen_port : FIRST_PORT;
    int last = s->chosen_port != 0 ? s->chosen_port : LAST_PORT;
    for (int port = first; port <= last; port++)
        if (listen_on(s, port, &f))
            return true;
    fault_set(&told, FAULT_IO, "nothing can listen for the answer of the browser: %.200s",
              f.message);
    if (s->chosen_port != 0)
        fault_hint(&told, "end the program that uses it, or leave the choice to tarn");
    else
        fault_hint(&told, "ports %d to %d of this machine are all in use", FIRST_PORT,
                   LAST_PORT);
    login_fail(&s->login, &told);
    return false;
}

static bool put_query(struct buf *b, const char *name, const char *value) {
    return url_query(b, name, value, strlen(value));
}

static bool make_address(struct signin *s) {
    struct buf b = {0};
    snprintf(s->redirect, sizeof s->redirect, "http://localhost:%d", s->port);
    bool ok = buf_str(&b, s->login.authorize_endpoint) &&
              put_query(&b, "client_id", U2M_CLIENT) &&
              put_query(&b, "redirect_uri", s->redirect) &&
              put_query(&b, "response_type", "code") &&
              put_query(&b, "scope", s->scopes) &&
              put_query(&b, "state", s->pkce.state) &&
              put_query(&b, "code_challenge", s->pkce.challenge) &&
              put_query(&b, "code_challenge_method", "S256");
    if (ok)
        s->address = b;
    else
        buf_free(&b);
    return ok;
}

/* Neither the code nor a person's password may be sent where others can read it. */
static bool is_safe(const char *url) {
    struct url_parts u;
    return url != NULL && url_read(url, &u) && (u.https || u.local);
}

static void on_discovered(struct login *l) {
    struct signin *s = l->ud;
    if (!is_safe(l->authorize_endpoint) || !is_safe(l->token_endpoint)) {
        login_refused(l, "%s does not tell a safe address at which people log in",
                      login_value(l, CONFIG_HOST));
        return;
    }
    if (!listen_somewhere(s))
        return;
    if (!make_address(s) || !loop_set_timer(l->loop, &s->late, loop_now() + s->wait_ms))
        login_no_memory(l);
    else
        s->changed(s->ud);
}

static void on_begin(void *ud) {
    struct signin *s = ud;
    login_discover(&s->login, on_discovered);
}

/* ---- public ---- */

/* The scopes, separated by blanks; the first asks for a refresh token. */
static char *list_scopes(const char *wanted) {
    struct buf b = {0};
    bool ok = buf_str(&b, "offline_access");
    for (const char *at = wanted != NULL ? wanted : "all-apis"; ok && *at != '\0';) {
        size_t size = strcspn(at, ", ");
        if (size > 0 && !(size == 14 && memcmp(at, "offline_access", size) == 0))
            ok = buf_str(&b, " ") && buf_add(&b, at, size);
        at += size + (at[size] != '\0');
    }
    if (!ok)
        buf_free(&b);
    return b.bytes;
}

static bool learn(struct signin *s, enum config_attr a, const char *value) {
    return value == NULL || login_learn(&s->login, a, value, "argument");
}

static bool set_up(struct signin *s, const struct signin_options *o) {
    s->scopes = list_scopes(o->scopes);
    return s->scopes != NULL && learn(s, CONFIG_HOST, o->host) &&
           learn(s, CONFIG_ACCOUNT_ID, o->account_id) &&
           learn(s, CONFIG_DISCOVERY_URL, o->discovery_url) &&
           learn(s, CONFIG_PROFILE, o->profile) &&
           learn(s, CONFIG_SKIP_VERIFY, o->insecure ? "true" : NULL) &&
           loop_set_timer(s->login.loop, &s->begin, loop_now());
}

struct signin *signin_new(struct loop *l, struct http *h, const struct signin_options *o,
                          void (*changed)(void *ud), void *ud, struct fault *f) {
    struct signin *s = calloc(1, sizeof *s);
    if (s == NULL) {
        fault_memory(f, "a log-in");
        return NULL;
    }
    s->changed = changed;
    s->ud = ud;
    s->practice = o->practice;
    s->chosen_port = o->port;
    s->wait_ms = o->wait_ms != 0 ? o->wait_ms : WAIT_MS;
    s->begin.fire = on_begin;
    s->late.fire = on_late;
    s->begin.ud = s->late.ud = s;
    s->config.auth_type = LOGIN_BY_BROWSER;
    s->login.loop = l;
    s->login.http = h;
    s->login.config = &s->config;
    login_init(&s->login);
    s->login.over = on_over;
    s->login.ud = s;
    if (pkce_new(&s->pkce, f) && (set_up(s, o) || fault_memory(f, "a log-in")))
        return s;
    signin_free(s);
    return NULL;
}

const char *signin_address(const struct signin *s) {
    return s->address.bytes;
}

bool signin_over(const struct signin *s, const struct fault **f) {
    *f = s->failed ? &s->fault : NULL;
    return s->over;
}

const char *signin_account(const struct signin *s) {
    return s->account;
}

void signin_free(struct signin *s) {
    if (s == NULL)
        return;
    if (s->answer != NULL)
        exchange_release(s->answer);
    server_close(s->servers[0]);
    server_close(s->servers[1]);
    loop_clear_timer(s->login.loop, &s->begin);
    loop_clear_timer(s->login.loop, &s->late);
    login_close(&s->login);
    config_free(&s->config);
    pkce_wipe(&s->pkce);
    buf_free(&s->address);
    free(s->scopes);
    free(s);
}
