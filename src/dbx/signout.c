#include "dbx/signout.h"

#include "dbx/host.h"
#include "dbx/login.h"
#include "dbx/tokencache.h"
#include "dbx/u2m.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct signout {
    struct config config;
    struct login login;
    struct timer begin;
    struct token token; /* what is revoked */
    bool shared;        /* the host's entry has the same token */
    void (*changed)(void *ud);
    void *ud;
    struct signout_outcome outcome;
};

static void on_over(void *ud, const struct fault *f) {
    struct signout *s = ud;
    s->outcome.over = true;
    s->outcome.failed = f != NULL;
    if (f != NULL)
        s->outcome.fault = *f;
    token_free(&s->token);
    s->changed(s->ud);
}

/* The tokens are removed whether the workspace has answered or not. */
static void remove_tokens(struct signout *s) {
    struct login_cache *c = &s->login.cache;
    const char *const keys[] = {c->key, s->shared ? c->host_key : NULL, NULL};
    struct fault f;
    if (tokencache_remove(c->path, keys, &f)) {
        s->outcome.found = true;
        login_done(&s->login);
    } else {
        login_fail(&s->login, &f);
    }
}

static void on_revoked(struct login *l, const struct login_answer *a) {
    struct signout *s = l->ud;
    s->outcome.revoked = a->f == NULL && a->status / 100 == 2;
    if (a->f != NULL)
        snprintf(s->outcome.why, sizeof s->outcome.why, "%.200s", a->f->message);
    else if (!s->outcome.revoked)
        snprintf(s->outcome.why, sizeof s->outcome.why, "it answered HTTP %d", a->status);
    remove_tokens(s);
}

static void revoke(struct login *l) {
    struct signout *s = l->ud;
    const char *token = s->token.refresh != NULL ? s->token.refresh : s->token.text;
    struct buf form = {0};
    if (l->revoke_endpoint == NULL) {
        snprintf(s->outcome.why, sizeof s->outcome.why, "it has no way to do so");
        remove_tokens(s);
        return;
    }
    bool ok = buf_grow(&form, 3 * strlen(token) + 128) &&
              login_field(&form, "token", token) &&
              login_field(&form, "client_id", U2M_CLIENT);
    if (ok)
        login_send(l,
                   &(struct login_request){.url = l->revoke_endpoint, .form = form.bytes},
                   on_revoked);
    buf_wipe(&form);
    if (!ok)
        login_no_memory(l);
}

/* A workspace that cannot be asked must not keep the tokens from being removed. */
static void on_looked(void *ud, const struct fault *f) {
    struct signout *s = ud;
    s->login.over = on_over;
    snprintf(s->outcome.why, sizeof s->outcome.why, "%.200s", f->message);
    remove_tokens(s);
}

static void on_discovered(struct login *l) {
    l->over = on_over;
    revoke(l);
}

static void start(struct signout *s) {
    struct login *l = &s->login;
    const char *host = login_value(l, CONFIG_HOST);
    struct token other;
    struct fault f;
    if (!u2m_keys(l, host_is_account(host) ? login_value(l, CONFIG_ACCOUNT_ID) : NULL))
        return;
    int64_t now = login_wall_ms();
    if (!tokencache_find(l->cache.path, l->cache.key, now, &s->token, &f) ||
        !tokencache_find(l->cache.path, l->cache.host_key, now, &other, &f)) {
        login_fail(l, &f);
        return;
    }
    s->shared = other.text != NULL && s->token.text != NULL &&
                strcmp(other.text, s->token.text) == 0;
    token_free(&other);
    if (s->token.text == NULL && s->token.refresh == NULL) {
        login_done(l);
        return;
    }
    if (s->token.text != NULL)
        http_learn(l->http, s->token.text);
    if (s->token.refresh != NULL)
        http_learn(l->http, s->token.refresh);
    l->over = on_looked;
    login_discover(l, on_discovered);
}

static void on_begin(void *ud) {
    start(ud);
}

struct signout *signout_new(struct loop *l, struct http *h, struct config *c,
                            void (*changed)(void *ud), void *ud) {
    struct signout *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->begin.fire = on_begin;
    s->begin.ud = s;
    if (!loop_set_timer(l, &s->begin, loop_now())) {
        free(s);
        return NULL;
    }
    s->changed = changed;
    s->ud = ud;
    s->config = *c;
    *c = (struct config){0};
    s->config.auth_type = LOGIN_BY_BROWSER;
    s->login.loop = l;
    s->login.http = h;
    s->login.config = &s->config;
    login_init(&s->login);
    s->login.over = on_over;
    s->login.ud = s;
    return s;
}

const struct signout_outcome *signout_outcome(const struct signout *s) {
    return &s->outcome;
}

void signout_free(struct signout *s) {
    if (s == NULL)
        return;
    loop_clear_timer(s->login.loop, &s->begin);
    login_close(&s->login);
    config_free(&s->config);
    token_free(&s->token);
    free(s);
}
