#define _DEFAULT_SOURCE /* explicit_bzero */
#include "dbx/u2m.h"

#include "base/filelock.h"
#include "base/url.h"
#include "dbx/host.h"
#include "dbx/login_methods.h"
#include "dbx/tokencache.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SERVES_MS  40000  /* a token that is valid for less is of no use any more */
#define RENEWED_MS 300000 /* all tools renew a token that is valid for less */

#define LOCK_PAUSE_MS    50
#define LOCK_PATIENCE_MS 90000 /* longer than the holder may wait for a server */

/* ---- the place in the cache ---- */

bool u2m_keys(struct login *l, const char *account) {
    struct login_cache *c = &l->cache;
    const char *profile = login_value(l, CONFIG_PROFILE);
    struct fault f;
    if (c->path != NULL)
        return true;
    c->path = tokencache_path(&f);
    if (c->path == NULL) {
        login_fail(l, &f);
        return false;
    }
    c->host_key =
        tokencache_host_key(login_value(l, CONFIG_HOST),
                            account != NULL && *account != '\0' ? account : NULL);
    c->key = c->host_key == NULL ? NULL : strdup(profile != NULL ? profile : c->host_key);
    if (c->key != NULL)
        return true;
    login_forget_cache(l); /* the next try begins anew */
    login_no_memory(l);
    return false;
}

bool u2m_store(struct login *l) {
    const struct login_cache *c = &l->cache;
    const bool two = strcmp(c->key, c->host_key) != 0;
    const char *const keys[] = {c->key, two ? c->host_key : NULL, NULL};
    struct fault f, told;
    if (tokencache_store(c->path, keys, &l->token, login_wall_ms(), &f))
        return true;
    fault_set(&told, f.kind, "%s: a new token has come, and cannot be kept: %.300s",
              l->config->auth_type, f.message);
    fault_hint(&told, "%s%slog in again when that is mended", f.hint,
               f.hint[0] != '\0' ? "; " : "");
    login_fail(l, &told);
    return false;
}

/* ---- what is there ---- */

static bool is_refused(const struct login *l, const struct token *t) {
    if (!l->renew)
        return false;
    return l->refused.size == 0 || strcmp(l->refused.bytes, t->text) == 0;
}

/* True if the cached token is good for so long. */
static bool lasts(const struct login *l, int64_t ms) {
    const struct token *t = &l->cache.token;
    return t->text != NULL && t->lifetime_ms >= ms && !is_refused(l, t);
}

static void use_cached(struct login *l) {
    l->token = l->cache.token;
    l->cache.token = (struct token){0};
    login_done(l);
}

/* The token cannot be renewed. The old one may serve a while longer. */
static void use_or_fail(struct login *l, const struct fault *f) {
    if (lasts(l, SERVES_MS))
        use_cached(l);
    else
        login_fail(l, f);
}

static bool read_cache(struct login *l) {
    struct fault f;
    token_free(&l->cache.token);
    if (tokencache_find(l->cache.path, l->cache.key, login_wall_ms(), &l->cache.token,
                        &f)) {
        if (l->cache.token.text != NULL)
            http_learn(l->http, l->cache.token.text);
        if (l->cache.token.refresh != NULL)
            http_learn(l->http, l->cache.token.refresh);
        return true;
    }
    login_fail(l, &f);
    return false;
}

/* ---- renewal ---- */

/* The log-in has ended. The Databricks CLI may know of a later one, unless it was said that
 * all are in this cache. */
static void ended(struct login *l, const char *why) {
    const char *profile = login_value(l, CONFIG_PROFILE);
    const char *storage = login_value(l, CONFIG_AUTH_STORAGE);
    if ((storage == NULL || strcasecmp(storage, "plaintext") != 0) &&
        databricks_cli_is_there(l)) {
        databricks_cli(l);
        return;
    }
    login_refused(l, "the log-in %s %s has ended: %s",
                  profile != NULL ? "of profile" : "at",
                  profile != NULL ? profile : login_value(l, CONFIG_HOST), why);
}

static void on_renewed(struct login *l, const struct login_answer *a) {
    struct fault f;
    if (a->f != NULL || a->status == 429 || a->status >= 500) {
        if (lasts(l, SERVES_MS))
            use_cached(l);
        else
            login_unanswered(l, "the token endpoint", a);
        return;
    }
    if (a->status != 200) {
        login_forget_endpoints(l); /* they may have moved */
        token_refusal("the token endpoint", a->status, a->body, a->size, &f);
        ended(l, f.message);
        return;
    }
    if (!login_read(l, "the token endpoint", a->body, a->size, &l->token))
        return;
    http_learn(l->http, l->token.text);
    if (l->token.refresh == NULL) { /* the old one stays valid */
        l->token.refresh = l->cache.token.refresh;
        l->cache.token.refresh = NULL;
    }
    http_learn(l->http, l->token.refresh);
    if (u2m_store(l))
        login_done(l);
}

static void renew(struct login *l) {
    struct buf form = {0};
    /* in one piece: a buffer that grows leaves copies behind */
    bool ok = buf_grow(&form, 3 * strlen(l->cache.token.refresh) + 128) &&
              login_field(&form, "grant_type", "refresh_token") &&
              login_field(&form, "refresh_token", l->cache.token.refresh) &&
              login_field(&form, "client_id", U2M_CLIENT);
    if (ok)
        login_send(l,
                   &(struct login_request){
                       .url = l->token_endpoint, .form = form.bytes, .patient = true},
                   on_renewed);
    buf_wipe(&form);
    if (!ok)
        login_no_memory(l);
}

/* A refresh token may serve only once. So it is not sent before the answer can be kept. */
static void prepare(struct login *l) {
    struct fault f;
    if (!read_cache(l))
        return;
    if (lasts(l, RENEWED_MS)) {
        use_cached(l); /* another process has renewed it meanwhile */
        return;
    }
    if (l->cache.token.refresh == NULL)
        ended(l, "it is not in the token cache any more");
    else if (!tokencache_can_store(l->cache.path, &f))
        use_or_fail(l, &f);
    else
        login_discover(l, renew);
}

static void lock(struct login *l);

static void on_again(void *ud) {
    lock(ud);
}

/* One at a time renews the token, of all processes. The others wait, and then find the new
 * one in the cache. */
static void lock(struct login *l) {
    struct fault f;
    struct login_cache *c = &l->cache;
    if (!tokencache_try_lock(c->path, c->key, &c->lock, &f)) {
        use_or_fail(l, &f);
        return;
    }
    if (c->lock != -1) {
        prepare(l);
        return;
    }
    c->again.fire = on_again;
    c->again.ud = l;
    if (loop_now() < c->until &&
        loop_set_timer(l->loop, &c->again, loop_now() + LOCK_PAUSE_MS))
        return;
    fault_set(&f, FAULT_TIMEOUT,
              "%s: another process renews the token, and has not ended",
              l->config->auth_type);
    use_or_fail(l, &f);
}

/* ---- the method ---- */

static bool has_none(const struct login *l) {
    return l->cache.token.text == NULL && l->cache.token.refresh == NULL;
}

/* Without a profile's name: the log-in to the account is another one than that to the
 * workspace, where one address serves for both. False if the log-in has failed. */
static bool find_log_in(struct login *l) {
    const char *account = login_value(l, CONFIG_ACCOUNT_ID);
    bool of_account = host_is_account(login_value(l, CONFIG_HOST));
    if (l->cache.path == NULL && account != NULL && !of_account) {
        if (!u2m_keys(l, account) || !read_cache(l))
            return false;
        if (!has_none(l))
            return true;
        login_forget_cache(l);
    }
    return u2m_keys(l, of_account ? account : NULL) && read_cache(l);
}

static bool is_elsewhere(const struct login *l) {
    const char *storage = login_value(l, CONFIG_AUTH_STORAGE);
    return storage != NULL && strcasecmp(storage, "secure") == 0;
}

void u2m(struct login *l) {
    if (is_elsewhere(l)) {
        databricks_cli(l);
        return;
    }
    if (!find_log_in(l))
        return;
    if (has_none(l)) {
        databricks_cli(l);
    } else if (lasts(l, l->cache.token.refresh != NULL ? RENEWED_MS : SERVES_MS)) {
        use_cached(l);
    } else if (l->cache.token.refresh != NULL) {
        l->cache.until = loop_now() + LOCK_PATIENCE_MS;
        lock(l);
    } else {
        ended(l, "its token has expired, and there is no refresh token");
    }
}
