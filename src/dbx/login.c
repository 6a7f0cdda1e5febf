#include "dbx/login.h"

#include "base/filelock.h"
#include "base/mask.h"
#include "base/retry.h"
#include "base/url.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define PATIENCE_MS 60000
#define TOKEN_MAX   ((size_t)1 << 20)

static const struct retry_policy TOKEN_POLICY = {
    .max_tries = 20, .base_ms = 500, .ceiling_ms = 8000, .after_ms = PATIENCE_MS};

int64_t login_wall_ms(void) {
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- requests ---- */

static void forget_request(struct login *l) {
    buf_wipe(&l->sent.url);
    buf_wipe(&l->sent.header);
    buf_wipe(&l->sent.basic);
    buf_wipe(&l->sent.body);
}

static void send_again(struct login *l);

/* Give the outcome to the next step, which may send another request. */
static void answer(struct login *l, struct http_response *r, const struct fault *f) {
    login_step *step = l->step;
    const struct login_answer a = {
        .status = r != NULL ? r->status : 0,
        .body = r != NULL && r->body.bytes != NULL ? r->body.bytes : "",
        .size = r != NULL ? r->body.size : 0,
        .r = r,
        .f = f};
    forget_request(l);
    step(l, &a);
}

static bool worth_waiting(int status) {
    return status == 429 || status == 502 || status == 503 || status == 504;
}

/* Milliseconds until the next try, or RETRY_GIVE_UP. Most tokens may be asked for twice. */
static int next_try(struct login *l, const struct http_response *r,
                    const struct fault *f) {
    char after[64] = "";
    int64_t now = loop_now();
    if (!l->sent.patient || (f == NULL && !worth_waiting(r->status)))
        return RETRY_GIVE_UP;
    if (f != NULL && (f->kind != FAULT_NETWORK || r->lasting || l->sent.tries > 2))
        return RETRY_GIVE_UP;
    const struct retry_outcome o = {
        .tries = l->sent.tries,
        .status = f == NULL ? r->status : 0,
        .after_ms = f == NULL && response_header(r, "Retry-After", after, sizeof after)
                        ? retry_after_ms(after, (int64_t)time(NULL))
                        : -1,
        .idempotent = true};
    int wait = retry_delay_ms(&TOKEN_POLICY, &o, (double)(now % 1000) / 1000);
    return wait != RETRY_GIVE_UP && now + wait > l->sent.until ? RETRY_GIVE_UP : wait;
}

static void on_answer(void *ud, struct http_response *r, const struct fault *f) {
    struct login *l = ud;
    l->call = NULL;
    int wait = next_try(l, r, f);
    if (wait != RETRY_GIVE_UP && loop_set_timer(l->loop, &l->again, loop_now() + wait))
        return;
    answer(l, r, f);
}

static void on_again(void *ud) {
    send_again(ud);
}

static void send_again(struct login *l) {
    static const char *const form[] = {"Content-Type: application/x-www-form-urlencoded",
                                       "Accept: application/json", NULL};
    static const char *const plain[] = {"Accept: application/json", NULL};
    struct fault f;
    bool post = l->sent.body.bytes != NULL;
    const struct http_request q = {
        .method = post ? "POST" : "GET",
        .url = l->sent.url.bytes,
        .headers = post ? form : plain,
        .secret_header = l->sent.header.bytes,
        .basic_auth = l->sent.basic.bytes,
        .body = l->sent.body.bytes,
        .body_size = l->sent.body.size,
        .secret_body = true,
        .idempotent = !l->sent.once,
        .insecure = config_truth(login_value(l, CONFIG_SKIP_VERIFY)),
        .first_byte_ms = 30000,
        .total_ms = PATIENCE_MS,
        .max_body = TOKEN_MAX,
    };
    l->sent.tries++;
    l->call = http_start(l->http, &q, on_answer, l, &f);
    if (l->call == NULL)
        answer(l, NULL, &f);
}

void login_send(struct login *l, const struct login_request *q, login_step *next) {
    forget_request(l);
    if (!buf_str(&l->sent.url, q->url) ||
        (q->header != NULL && !buf_str(&l->sent.header, q->header)) ||
        (q->basic != NULL && !buf_str(&l->sent.basic, q->basic)) ||
        (q->form != NULL && !buf_str(&l->sent.body, q->form))) {
        login_no_memory(l);
        return;
    }
    l->step = next;
    l->sent.patient = q->patient;
    l->sent.once = q->once;
    l->sent.tries = 0;
    l->sent.until = loop_now() + PATIENCE_MS;
    send_again(l);
}

bool login_field(struct buf *form, const char *name, const char *value) {
    return (form->size == 0 || buf_str(form, "&")) && buf_str(form, name) &&
           buf_str(form, "=") && url_escape(form, value, strlen(value));
}

/* ---- programs ---- */

static void on_ran(void *ud, struct process_result *r, const struct fault *f) {
    struct login *l = ud;
    l->process = NULL;
    l->ran(l, r, f);
}

void login_run(struct login *l, const char *const *argv, const char *const *env,
               login_ran *next) {
    struct fault f;
    const struct process_request q = {
        .argv = argv, .env = env, .max_output = TOKEN_MAX, .secret_output = true};
    l->ran = next;
    l->process = process_start(l->loop, &q, on_ran, l, &f);
    if (l->process == NULL)
        next(l, NULL, &f);
}

/* Find the first line that begins with "error", or else the last line that is not
 * empty. */
static bool find_words(const struct buf *b, char *out, size_t room) {
    const char *at = b->bytes != NULL ? b->bytes : "", *end = at + b->size;
    out[0] = '\0';
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t size = (size_t)((stop != NULL ? stop : end) - at);
        if (size > 0 && *at != '\r')
            snprintf(out, room, "%.*s", (int)size, at);
        if (size >= 5 && strncasecmp(at, "error", 5) == 0)
            break;
        at += size + 1;
    }
    return out[0] != '\0';
}

void login_last_words(const struct process_result *r, char *out, size_t room) {
    if (!find_words(&r->err, out, room) && !find_words(&r->out, out, room))
        snprintf(out, room, "it ended with status %d and said nothing", r->status);
}

/* ---- values ---- */

const char *login_value(const struct login *l, enum config_attr a) {
    return l->config->attr[a].value;
}

bool login_learn(struct login *l, enum config_attr a, const char *value,
                 const char *source) {
    struct config_value made = {strdup(value), strdup(source)};
    if (made.value == NULL || made.source == NULL) {
        free(made.value);
        free(made.source);
        return false;
    }
    free(l->config->attr[a].value);
    free(l->config->attr[a].source);
    l->config->attr[a] = made;
    return true;
}

/* ---- what is kept from one log-in to the next ---- */

void login_forget_endpoints(struct login *l) {
    free(l->token_endpoint);
    free(l->authorize_endpoint);
    free(l->revoke_endpoint);
    l->token_endpoint = l->authorize_endpoint = l->revoke_endpoint = NULL;
}

/* Let others renew the token. */
static void release_cache(struct login *l) {
    filelock_release(&l->cache.lock);
    loop_clear_timer(l->loop, &l->cache.again);
    token_free(&l->cache.token);
}

void login_forget_cache(struct login *l) {
    release_cache(l);
    free(l->cache.path);
    free(l->cache.key);
    free(l->cache.host_key);
    l->cache.path = l->cache.key = l->cache.host_key = NULL;
}

/* ---- the end ---- */

static void advise(const struct login *l, struct fault *f) {
    const char *method = l->config->auth_type;
    const char *profile = login_value(l, CONFIG_PROFILE);
    const char *host = login_value(l, CONFIG_HOST);
    if (f->hint[0] != '\0' || f->kind != FAULT_AUTH ||
        strcmp(method, LOGIN_BY_BROWSER) == 0)
        return;
    if (strcmp(method, "databricks-cli") == 0)
        fault_hint(f, "log in: tarn auth login %s %s",
                   profile != NULL ? "--profile" : "--host",
                   profile != NULL ? profile
                   : host != NULL  ? host
                                   : "URL");
    else if (strcmp(method, "azure-cli") == 0)
        fault_hint(f, "log in again: az login");
    else if (strcmp(method, "oauth-m2m") == 0)
        fault_hint(f,
                   "check client_id (%s) and client_secret (%s), and that the service "
                   "principal is in this workspace",
                   l->config->attr[CONFIG_CLIENT_ID].source,
                   l->config->attr[CONFIG_CLIENT_SECRET].source);
    else if (strcmp(method, "azure-client-secret") == 0)
        fault_hint(f,
                   "check azure_client_id (%s), azure_client_secret (%s) and "
                   "azure_tenant_id",
                   l->config->attr[CONFIG_AZURE_CLIENT_ID].source,
                   l->config->attr[CONFIG_AZURE_CLIENT_SECRET].source);
    else
        fault_hint(
            f, "check the federation policy of the service principal: issuer, subject "
               "and audience");
}

static void finish(struct login *l, const struct fault *f) {
    struct fault told;
    if (f != NULL) {
        told = *f;
        if (l->subject.size > 0)
            http_learn(l->http, l->subject.bytes);
        http_blank(l->http, &told);
        advise(l, &told);
        token_free(&l->token);
        token_free(&l->management);
    }
    buf_wipe(&l->subject);
    release_cache(l);
    l->over(l->ud, f != NULL ? &told : NULL);
}

void login_done(struct login *l) {
    finish(l, NULL);
}

void login_fail(struct login *l, const struct fault *f) {
    finish(l, f);
}

void login_no_memory(struct login *l) {
    struct fault f;
    fault_memory(&f, "a log-in");
    finish(l, &f);
}

void login_refused(struct login *l, const char *fmt, ...) {
    char text[400];
    struct fault f;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    fault_set(&f, FAULT_AUTH, "%s: %s", l->config->auth_type, text);
    finish(l, &f);
}

void login_unanswered(struct login *l, const char *who, const struct login_answer *a) {
    struct fault f;
    if (a->f != NULL) {
        f = *a->f;
        fault_set(&f, a->f->kind, "%s: cannot get a token from %s: %.300s",
                  l->config->auth_type, who, a->f->message);
        f.retryable = a->f->retryable;
        snprintf(f.hint, sizeof f.hint, "%s", a->f->hint);
    } else {
        char from[128];
        snprintf(from, sizeof from, "%s: %s", l->config->auth_type, who);
        token_refusal(from, a->status, a->body, a->size, &f);
    }
    finish(l, &f);
}

bool login_read(struct login *l, const char *who, const char *text, size_t size,
                struct token *t) {
    struct fault f, told;
    token_free(t);
    if (token_read(text, size, login_wall_ms(), t, &f))
        return true;
    fault_set(&told, f.kind == FAULT_IO ? FAULT_IO : FAULT_AUTH, "%s: %s: %.300s",
              l->config->auth_type, who, f.message);
    finish(l, &told);
    return false;
}

/* ---- from outside ---- */

void login_init(struct login *l) {
    *l = (struct login){
        .loop = l->loop, .http = l->http, .config = l->config, .azure = l->azure};
    l->again.fire = on_again;
    l->again.ud = l;
    l->cache.lock = -1;
}

void login_close(struct login *l) {
    if (l->call != NULL)
        http_cancel(l->call);
    process_cancel(l->process);
    l->call = NULL;
    l->process = NULL;
    loop_clear_timer(l->loop, &l->again);
    forget_request(l);
    buf_wipe(&l->subject);
    buf_wipe(&l->refused);
    token_free(&l->token);
    token_free(&l->management);
    login_forget_cache(l);
    login_forget_endpoints(l);
    free(l->audience);
    free(l->tenant);
    free(l->cli);
    l->audience = l->tenant = l->cli = NULL;
}
