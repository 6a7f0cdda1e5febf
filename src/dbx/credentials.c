#include "dbx/credentials.h"

#include "dbx/login_methods.h"

#include <stdlib.h>
#include <string.h>

#define BEARER "Authorization: Bearer "

/* between two tries to renew a token that is still valid */
#define PATIENCE_MS 10000

struct credentials_wait {
    struct credentials *owner;
    struct credentials_wait *next, **link;
    unsigned round; /* it is told this outcome, or a later one */
    credentials_ready *ready;
    void *ud;
};

struct credentials {
    struct loop *loop;
    struct config config;
    struct login login;
    struct timer begin; /* starts a log-in, always from loop_turn */
    bool under_way;     /* `begin` is set, or the log-in runs */
    int64_t (*now)(void);

    struct buf header; /* "Authorization: Bearer ...", wiped; empty: no token */
    struct buf management, resource;
    const char *extra[3];
    int64_t stale, dead; /* when to renew the token, and when not to use it any more */
    int64_t retry;       /* when the token may be renewed again in the background */
    int64_t expiry;      /* of the token, ms since 1970 */
    unsigned generation;

    struct credentials_wait *waiting, **last;
    unsigned round;       /* outcomes told so far */
    bool telling, doomed; /* `doomed`: freed while callers are told; no more are told */
};

static void wipe_token(struct credentials *cr) {
    buf_wipe(&cr->header);
    buf_wipe(&cr->management);
    buf_wipe(&cr->resource);
}

static bool is_static(const struct credentials *cr) {
    return strcmp(cr->config.auth_type, "pat") == 0;
}

/* ---- the token in hand ---- */

static bool make_header(struct buf *b, const char *name, const char *value) {
    buf_wipe(b);
    /* in one piece: a buffer that grows leaves copies behind */
    return buf_grow(b, strlen(name) + strlen(value)) && buf_str(b, name) &&
           buf_str(b, value);
}

static int64_t later(int64_t now, int64_t ms) {
    return ms > INT64_MAX - now ? INT64_MAX : now + ms;
}

static int64_t shorter(const struct token *a, const struct token *b) {
    return b->text != NULL && b->lifetime_ms < a->lifetime_ms ? b->lifetime_ms
                                                              : a->lifetime_ms;
}

/* Take over the tokens of the log-in. False when memory runs out. */
static bool keep_token(struct credentials *cr) {
    struct login *l = &cr->login;
    const char *resource = login_value(l, CONFIG_AZURE_WORKSPACE_RESOURCE_ID);
    int64_t stale, dead, now = cr->now();
    bool azure = resource != NULL && strncmp(cr->config.auth_type, "azure-", 6) == 0;
    size_t n = 0;
    if (!make_header(&cr->header, BEARER, l->token.text) ||
        (azure && !make_header(&cr->resource,
                               "X-Databricks-Azure-Workspace-Resource-Id: ", resource)) ||
        (l->management.text != NULL &&
         !make_header(&cr->management,
                      "X-Databricks-Azure-SP-Management-Token: ", l->management.text))) {
        wipe_token(cr);
        return false;
    }
    if (l->management.text != NULL)
        cr->extra[n++] = cr->management.bytes;
    if (azure)
        cr->extra[n++] = cr->resource.bytes;
    cr->extra[n] = NULL;
    int64_t lifetime = shorter(&l->token, &l->management);
    token_schedule(lifetime, &stale, &dead);
    cr->expiry = later(login_wall_ms(), lifetime);
    cr->stale = later(now, stale);
    cr->dead = later(now, dead);
    cr->generation++;
    token_free(&l->token);
    token_free(&l->management);
    return true;
}

static const char *const *extra(const struct credentials *cr) {
    return cr->extra[0] != NULL ? cr->extra : NULL;
}

static bool is_usable(const struct credentials *cr, int64_t now) {
    return cr->header.size > 0 && now < cr->dead;
}

/* ---- those who wait ---- */

static void unlink_wait(struct credentials_wait *w) {
    *w->link = w->next;
    if (w->next != NULL)
        w->next->link = w->link;
    else
        w->owner->last = w->link;
}

/* Take the first one that waits, which is then the caller's; NULL if none waits. */
static struct credentials_wait *take_first(struct credentials *cr) {
    struct credentials_wait *w = cr->waiting;
    if (w == NULL)
        return NULL;
    cr->waiting = w->next;
    if (w->next != NULL)
        w->next->link = &cr->waiting;
    else
        cr->last = &cr->waiting;
    return w;
}

static bool begin(struct credentials *cr);

/* Tell all that wait. A callee may ask again, cancel another one, reject the token, or
 * free the credentials. Those that begin to wait meanwhile get the next outcome. */
static void tell_all(struct credentials *cr, const struct fault *f) {
    unsigned round = cr->round++;
    cr->telling = true;
    while (cr->waiting != NULL && (int)(cr->waiting->round - round) <= 0 &&
           (f != NULL || cr->header.size > 0)) {
        struct credentials_wait *w = take_first(cr);
        credentials_ready *ready = w->ready;
        void *ud = w->ud;
        free(w);
        ready(ud, f == NULL ? cr->header.bytes : NULL, f == NULL ? extra(cr) : NULL, f);
    }
    cr->telling = false;
    if (cr->doomed)
        free(cr);
    else if (cr->waiting != NULL)
        begin(cr);
}

static void on_over(void *ud, const struct fault *f) {
    struct credentials *cr = ud;
    struct fault no_memory;
    cr->under_way = false;
    if (f == NULL && !keep_token(cr)) {
        fault_memory(&no_memory, "a token");
        f = &no_memory;
    }
    if (f == NULL) {
        cr->login.renew = false;
        buf_wipe(&cr->login.refused);
    }
    cr->retry = f == NULL ? 0 : later(cr->now(), PATIENCE_MS);
    tell_all(cr, f);
}

static void on_begin(void *ud) {
    struct credentials *cr = ud;
    login_methods_start(&cr->login, on_over, cr);
}

/* Begin to get a new token, unless that is under way. False when memory runs out. */
static bool begin(struct credentials *cr) {
    if (!cr->under_way)
        cr->under_way = loop_set_timer(cr->loop, &cr->begin, loop_now());
    return cr->under_way;
}

struct credentials_wait *credentials_get(struct credentials *cr, credentials_ready *ready,
                                         void *ud) {
    int64_t now = cr->now();
    if (is_usable(cr, now)) {
        if (now >= cr->stale && now >= cr->retry)
            begin(cr); /* if this fails, the next caller tries again */
        ready(ud, cr->header.bytes, extra(cr), NULL);
        return NULL;
    }
    struct credentials_wait *w = calloc(1, sizeof *w);
    if (w == NULL || !begin(cr)) {
        struct fault f;
        free(w);
        fault_memory(&f, "a token");
        ready(ud, NULL, NULL, &f);
        return NULL;
    }
    *w = (struct credentials_wait){
        .owner = cr, .ready = ready, .ud = ud, .round = cr->round, .link = cr->last};
    *cr->last = w;
    cr->last = &w->next;
    return w;
}

void credentials_cancel(struct credentials_wait *w) {
    if (w == NULL)
        return;
    unlink_wait(w);
    free(w);
}

/* ---- the rest ---- */

unsigned credentials_generation(const struct credentials *cr) {
    return cr->generation;
}

/* Remember the token, so that it is not taken from a cache again. If that is impossible, any
 * cached token is renewed. */
static void keep_refused(struct credentials *cr) {
    const char *token = cr->header.bytes + strlen(BEARER);
    buf_wipe(&cr->login.refused);
    if (buf_grow(&cr->login.refused, strlen(token)))
        buf_str(&cr->login.refused, token);
}

bool credentials_reject(struct credentials *cr, unsigned generation) {
    if (is_static(cr))
        return false;
    if (cr->generation <= generation && cr->header.size > 0) {
        keep_refused(cr);
        wipe_token(cr);
        cr->login.renew = true;
    }
    return true;
}

int64_t credentials_expiry(const struct credentials *cr) {
    return cr->expiry;
}

void credentials_renew(struct credentials *cr) {
    cr->login.renew = true;
}

const struct config *credentials_config(const struct credentials *cr) {
    return &cr->config;
}

void credentials_in_test(struct credentials *cr, const struct azure_cloud *azure,
                         int64_t (*now)(void)) {
    cr->login.azure = azure;
    cr->now = now != NULL ? now : loop_now;
}

struct credentials *credentials_new(struct loop *l, struct http *h, struct config *c) {
    struct credentials *cr = calloc(1, sizeof *cr);
    if (cr == NULL)
        return NULL;
    cr->loop = l;
    cr->config = *c;
    cr->now = loop_now;
    cr->last = &cr->waiting;
    cr->begin.fire = on_begin;
    cr->begin.ud = cr;
    cr->login.loop = l;
    cr->login.http = h;
    cr->login.config = &cr->config;
    login_init(&cr->login);
    for (int a = 0; a < CONFIG_ATTRS; a++)
        if (config_secret((enum config_attr)a) && cr->config.attr[a].value != NULL)
            http_learn(h, cr->config.attr[a].value);
    if (is_static(cr)) {
        cr->stale = cr->dead = cr->expiry = INT64_MAX;
        cr->generation = 1;
        if (!make_header(&cr->header, BEARER, cr->config.attr[CONFIG_TOKEN].value)) {
            wipe_token(cr);
            free(cr);
            return NULL;
        }
    }
    *c = (struct config){0};
    return cr;
}

void credentials_free(struct credentials *cr) {
    if (cr == NULL)
        return;
    for (struct credentials_wait *w; (w = take_first(cr)) != NULL;)
        free(w);
    loop_clear_timer(cr->loop, &cr->begin);
    login_close(&cr->login);
    wipe_token(cr);
    config_free(&cr->config);
    cr->doomed = true;
    if (!cr->telling)
        free(cr);
}
