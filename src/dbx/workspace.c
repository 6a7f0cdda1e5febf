#include "dbx/workspace.h"

#include "base/retry.h"
#include "dbx/error.h"
#include "dbx/readonly.h"
#include "dbx/window.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>
#include <time.h>

#define CALL_MS       300000
#define POST_MS       5000
#define FIRST_TRIES   3 /* as long as nothing has ever answered: the host may be wrong */
#define THROTTLED_MAX 100 /* tries that were only throttled; time ends it before */

/* A call is in one of these at any time, and each is in order of arrival. */
struct list {
    struct workspace_call *first, *last;
    int count;
};

struct workspace {
    struct loop *loop;
    struct http *http;
    struct credentials *credentials;
    int refs;
    bool closed, answered;
    struct list fresh; /* not sent yet */
    struct list again; /* to be sent again, before the fresh ones */
    struct list
        paused; /* waiting for the time to be sent again, or to report a failure */
    struct list flying; /* sent, or about to be: waiting for a token */
    struct list posts;  /* calls of nobody; outside of the window */
    struct window window;
    struct timer gate; /* when the window lets the next one through */
    struct http_guest guest;
    struct workspace_stats stats;
    uint64_t random;
    int timeout_ms, first_byte_ms;
    bool insecure;
    bool public_only;
    char org_id[32];
    char agent[128], workspace_id[96]; /* header lines; the second may be "" */
};

struct workspace_call {
    struct workspace *ws;
    struct list *in;
    struct workspace_call *next, *prev;
    workspace_done *done; /* NULL: a post */
    void *ud;
    const char *method, *path, *body; /* at the end of this block, as the headers are */
    size_t body_size, max_body;
    bool idempotent, external;
    int first_byte_ms;
    int64_t began, due;
    struct timer timer; /* always set, so that moving it cannot fail */

    int tries, throttled;
    bool renewed; /* a 401 has had its new token */
    bool maybe;   /* some try may have taken effect */
    bool failed;  /* in `paused`: `fault` is to be reported */
    unsigned generation, epoch;
    struct credentials_wait *wait;
    struct http_call *http;
    struct fault fault;
    const char *headers[]; /* NULL-terminated */
};

/* ---- lists ---- */

static void leave(struct workspace_call *c) {
    struct list *l = c->in;
    *(c->prev != NULL ? &c->prev->next : &l->first) = c->next;
    *(c->next != NULL ? &c->next->prev : &l->last) = c->prev;
    l->count--;
    c->in = NULL;
}

static void enter(struct workspace_call *c, struct list *l) {
    if (c->in != NULL)
        leave(c);
    c->in = l;
    c->next = NULL;
    c->prev = l->last;
    *(l->last != NULL ? &l->last->next : &l->first) = c;
    l->last = c;
    l->count++;
}

/* ---- the end of a call ---- */

static void destroy(struct workspace *ws) {
    loop_clear_timer(ws->loop, &ws->gate);
    credentials_free(ws->credentials);
    free(ws);
}

/* Take a call out of wherever it is, and out of the hands of those who work for it. */
static void withdraw(struct workspace_call *c) {
    struct workspace *ws = c->ws;
    if (c->wait != NULL)
        credentials_cancel(c->wait);
    if (c->http != NULL)
        http_cancel(c->http);
    c->wait = NULL;
    c->http = NULL;
    loop_clear_timer(ws->loop, &c->timer);
    if (c->in == &ws->flying)
        window_ended(&ws->window);
    leave(c);
}

static void pump(struct workspace *ws);

/* Report a call; `r` may be NULL if nothing arrived, `f` if it went well. */
static void finish(struct workspace_call *c, struct http_response *r, struct fault *f) {
    struct workspace *ws = c->ws;
    struct workspace_response mine = {.tries = c->tries};
    workspace_hold(ws); /* the callee may let go of it */
    withdraw(c);
    if (f != NULL && c->maybe)
        f->ambiguous = true;
    if (r != NULL) {
        mine.status = r->status;
        mine.headers = r->headers;
        mine.body = r->body;
    }
    mine.elapsed_ms = loop_now() - c->began;
    if (c->done != NULL)
        c->done(c->ud, &mine, f);
    if (r != NULL)
        r->body = mine.body; /* taken over, or not */
    else
        buf_free(&mine.body);
    free(c);
    pump(ws);
    workspace_release(ws);
}

/* Report a fault from the loop, whoever found it. */
static void fail_soon(struct workspace_call *c, const struct fault *f) {
    struct workspace *ws = c->ws;
    c->fault = *f;
    c->failed = true;
    if (c->in == &ws->flying)
        window_ended(&ws->window);
    if (c->done != NULL)
        enter(c, &ws->paused);
    loop_set_timer(ws->loop, &c->timer, loop_now());
}

/* ---- sending ---- */

static void answered(void *ud, struct http_response *r, const struct fault *f);

static const char *host_of(const struct workspace *ws) {
    const char *host = credentials_config(ws->credentials)->attr[CONFIG_HOST].value;
    return host != NULL ? host : "";
}

/* The host as messages show it. */
static const char *shown_host(const struct workspace_call *c) {
    const char *host = c->external ? "the link's host" : host_of(c->ws);
    const char *scheme = strstr(host, "://");
    return scheme != NULL ? scheme + 3 : host;
}

static void transmit(struct workspace_call *c, const char *secret,
                     const char *const *more) {
    struct workspace *ws = c->ws;
    const char *base = c->external ? "" : host_of(ws);
    int64_t now = loop_now(), left = c->due - now;
    char small[512], *url = small;
    size_t size = strlen(base) + strlen(c->path) + 1;
    struct fault f;
    if (size > sizeof small && (url = malloc(size)) == NULL) {
        fault_set(&f, FAULT_IO, "not enough memory for a request");
        fail_soon(c, &f);
        return;
    }
    snprintf(url, size, "%s%s", base, c->path);
    struct http_request r = {
        .method = c->method,
        .url = url,
        .headers = c->headers,
        .secret_header = secret,
        .more_secrets = more,
        .body = c->body,
        .body_size = c->body_size,
        .keeps_body = true,
        .secret_url = c->external,
        /* not .idempotent: what has an effect is sent again here, where it counts */
        .insecure = ws->insecure && !c->external,
        .public_only = ws->public_only,
        .first_byte_ms = c->first_byte_ms,
        .total_ms = left < 1 ? 1 : (int)left,
        .max_body = c->max_body,
    };
    c->http = http_start(ws->http, &r, answered, c, &f);
    if (url != small)
        free(url);
    if (c->http == NULL) {
        fail_soon(c, &f);
        return;
    }
    ws->stats.calls++;
    ws->stats.retries += c->tries++ > 0;
    /* libcurl keeps the time from here; ours is for the case that it does not */
    loop_set_timer(ws->loop, &c->timer, c->due + 1000);
}

static void have_token(void *ud, const char *header, const char *const *more,
                       const struct fault *f) {
    struct workspace_call *c = ud;
    c->wait = NULL;
    if (header == NULL) {
        fail_soon(c, f);
        return;
    }
    c->generation = credentials_generation(c->ws->credentials);
    transmit(c, header, more);
}

static void dispatch(struct workspace_call *c) {
    if (c->external) {
        transmit(c, NULL, NULL);
        return;
    }
    struct credentials_wait *w = credentials_get(c->ws->credentials, have_token, c);
    if (w != NULL)
        c->wait = w; /* else have_token has been called, and may have started it */
}

static void let_through(void *ud) {
    pump(ud);
}

/* Send what the window lets through: what was tried before first, then in order. */
static void pump(struct workspace *ws) {
    int64_t now = loop_now(), wait = 0;
    while (!ws->closed && ws->again.count + ws->fresh.count > 0 &&
           (wait = window_wait(&ws->window, now)) == 0) {
        struct workspace_call *c =
            ws->again.first != NULL ? ws->again.first : ws->fresh.first;
        c->epoch = window_sent(&ws->window, now);
        enter(c, &ws->flying);
        dispatch(c);
    }
    if (wait > 0 && ws->again.count + ws->fresh.count > 0)
        loop_set_timer(ws->loop, &ws->gate, now + wait);
}

/* ---- answers ---- */

/* xorshift; only spreads retries */
static double jitter(struct workspace *ws) {
    ws->random ^= ws->random << 13;
    ws->random ^= ws->random >> 7;
    ws->random ^= ws->random << 17;
    return (double)(ws->random >> 11) / 9007199254740992.0;
}

static void learn(struct workspace *ws, const struct http_response *r) {
    ws->stats.bytes_in += (int64_t)r->body.size;
    ws->stats.answers += r->status != 0;
    ws->stats.answer_ms += r->status != 0 ? r->elapsed_ms : 0;
    ws->answered = ws->answered || r->status > 0;
    if (ws->org_id[0] == '\0')
        response_header(r, "X-Databricks-Org-Id", ws->org_id, sizeof ws->org_id);
}

/* A 401 for a token that can be had anew: exactly once for each call. It was refused, so
 * that any request may go again. */
static bool renew(struct workspace_call *c, int status) {
    struct workspace *ws = c->ws;
    if (status != 401 || c->external || c->renewed ||
        !credentials_reject(ws->credentials, c->generation))
        return false;
    c->renewed = true;
    return true;
}

/* Milliseconds until the next try, or RETRY_GIVE_UP. */
static int next_try(struct workspace_call *c, const struct retry_outcome *seen) {
    struct workspace *ws = c->ws;
    struct retry_policy policy = retry_default;
    if (seen->status == 0 && !ws->answered)
        policy.max_tries = FIRST_TRIES;
    if (c->throttled > 0)
        policy.max_tries += c->throttled < THROTTLED_MAX ? c->throttled : THROTTLED_MAX;
    int delay = retry_delay_ms(&policy, seen, jitter(ws));
    return delay != RETRY_GIVE_UP && loop_now() + delay < c->due ? delay : RETRY_GIVE_UP;
}

/* Send it again after `delay`, in its turn. Posts have no turns. */
static void pause(struct workspace_call *c, int delay) {
    struct workspace *ws = c->ws;
    if (c->done != NULL) {
        window_ended(&ws->window);
        enter(c, &ws->paused);
    }
    loop_set_timer(ws->loop, &c->timer, loop_now() + delay);
}

/* GET and HEAD have no effect that could be in doubt. */
static bool has_effect(const struct workspace_call *c) {
    return strcmp(c->method, "GET") != 0 && strcmp(c->method, "HEAD") != 0;
}

static void refused(struct workspace_call *c, struct http_response *r, struct fault *f,
                    const struct retry_outcome *seen) {
    struct workspace *ws = c->ws;
    bool throttled = seen->status != 503 && retry_refused(seen->status, seen->code);
    if (throttled) {
        c->throttled++;
        ws->stats.throttled++;
        if (c->in == &ws->flying && !c->external) {
            int hold = seen->after_ms < retry_default.after_ms ? seen->after_ms
                                                               : retry_default.after_ms;
            window_throttled(&ws->window, c->epoch, loop_now(), hold);
        }
    }
    c->maybe = c->maybe || (has_effect(c) && retry_ambiguous(seen));
    int delay = renew(c, seen->status) ? 0 : next_try(c, seen);
    if (c->done == NULL && ws->refs == 0 && seen->unsent)
        delay = RETRY_GIVE_UP; /* nobody is there, and the program waits to end */
    if (delay == RETRY_GIVE_UP) {
        size_t size = strlen(f->message);
        f->after_ms = throttled ? seen->after_ms : 0;
        if (c->tries > 1)
            snprintf(f->message + size, sizeof f->message - size, " (tried %d times)",
                     c->tries);
        finish(c, r, f);
        return;
    }
    pause(c, delay);
    pump(ws);
}

static void answered(void *ud, struct http_response *r, const struct fault *f) {
    struct workspace_call *c = ud;
    struct workspace *ws = c->ws;
    struct fault mine;
    c->http = NULL;
    learn(ws, r);
    if (f == NULL && error_check(r, shown_host(c), c->external, &mine)) {
        if (c->in == &ws->flying)
            window_answered(&ws->window);
        finish(c, r, NULL);
        return;
    }
    if (f != NULL) {
        mine = *f;
        mine.ambiguous = false; /* `maybe` says it, for all tries together */
    }
    const struct retry_outcome seen = {
        .tries = c->tries,
        /* a refusal stays one when its body is cut off; a success does not */
        .status = f == NULL || r->status >= 400 ? r->status : 0,
        .after_ms = error_after_ms(r, (int64_t)time(NULL)),
        .idempotent = c->idempotent,
        .unsent = f != NULL && !r->sent,
        .lasting = r->lasting,
        .code = mine.code,
        .message = f == NULL ? mine.message : NULL,
    };
    refused(c, r, &mine, &seen);
}

/* ---- time ---- */

static void out_of_time(struct workspace_call *c) {
    struct workspace *ws = c->ws;
    double seconds = (double)(loop_now() - c->began) / 1000;
    struct fault f;
    if (c->in == &ws->flying && c->wait != NULL) {
        fault_set(&f, FAULT_TIMEOUT, "no credentials within %.3g s", seconds);
    } else if (c->in == &ws->flying) {
        fault_set(&f, FAULT_TIMEOUT, "no complete answer from %s within %.3g s",
                  shown_host(c), seconds);
        c->maybe = c->maybe || has_effect(c);
    } else {
        fault_set(&f, FAULT_TIMEOUT,
                  "not sent within %.3g s: %d calls in flight, %d waiting", seconds,
                  ws->window.in_flight, ws->again.count + ws->fresh.count);
        fault_hint(&f, "a longer timeout, or fewer calls at once");
    }
    f.retryable = true;
    finish(c, NULL, &f);
}

static void timer_fired(void *ud) {
    struct workspace_call *c = ud;
    struct workspace *ws = c->ws;
    if (c->failed) {
        finish(c, NULL, &c->fault);
    } else if (loop_now() >= c->due) {
        out_of_time(c);
    } else if (c->in == &ws->posts) {
        loop_set_timer(ws->loop, &c->timer, c->due);
        dispatch(c);
    } else {
        loop_set_timer(ws->loop, &c->timer, c->due);
        enter(c, &ws->again);
        pump(ws);
    }
}

/* ---- making calls ---- */

static bool given(const char *const *headers, const char *name) {
    for (; headers != NULL && *headers != NULL; headers++)
        if (strncasecmp(*headers, name, strlen(name)) == 0)
            return true;
    return false;
}

/* Where the block's strings go. */
struct cursor {
    char *at;
};

static const char *store(struct cursor *to, const void *bytes, size_t size) {
    char *at = to->at;
    if (size > 0)
        memcpy(at, bytes, size);
    at[size] = '\0';
    to->at += size + 1;
    return at;
}

/* One block for all of a call. The body is the only thing that may be big. */
static struct workspace_call *new_call(struct workspace *ws,
                                       const struct workspace_request *r) {
    static const char *const json = "Content-Type: application/json";
    static const char *const accept = "Accept: application/json";
    size_t count = 0, size = strlen(r->method) + strlen(r->path) + r->body_size + 3;
    for (const char *const *h = r->headers; h != NULL && *h != NULL; h++, count++)
        size += strlen(*h) + 1;
    size_t head = sizeof(struct workspace_call) + (count + 5) * sizeof(char *);
    if (r->body_size > SIZE_MAX / 2)
        return NULL;
    struct workspace_call *c = malloc(head + size);
    if (c == NULL)
        return NULL;
    *c = (struct workspace_call){.ws = ws,
                                 .body_size = r->body_size,
                                 .max_body = r->max_body,
                                 .idempotent = r->idempotent,
                                 .external = r->external};
    struct cursor to = {(char *)c + head};
    c->method = store(&to, r->method, strlen(r->method));
    c->path = store(&to, r->path, strlen(r->path));
    c->body = store(&to, r->body, r->body_size);
    size_t n = 0;
    for (const char *const *h = r->headers; h != NULL && *h != NULL; h++)
        c->headers[n++] = store(&to, *h, strlen(*h));
    if (!r->external) {
        if (!given(r->headers, "Accept:"))
            c->headers[n++] = accept;
        if (!given(r->headers, "User-Agent:"))
            c->headers[n++] = ws->agent;
        if (ws->workspace_id[0] != '\0')
            c->headers[n++] = ws->workspace_id;
        if (r->body_size > 0 && !given(r->headers, "Content-Type:"))
            c->headers[n++] = json;
    }
    c->headers[n] = NULL;
    return c;
}

static struct workspace_call *add_call(struct workspace *ws,
                                       const struct workspace_request *r, int timeout_ms,
                                       struct list *list) {
    struct workspace_call *c = new_call(ws, r);
    if (c == NULL)
        return NULL;
    c->began = loop_now();
    c->due = c->began + timeout_ms;
    c->first_byte_ms = r->first_byte_ms > 0 ? r->first_byte_ms : ws->first_byte_ms;
    c->timer.fire = timer_fired;
    c->timer.ud = c;
    if (!loop_set_timer(ws->loop, &c->timer, c->due)) {
        free(c);
        return NULL;
    }
    enter(c, list);
    return c;
}

/* ---- making workspaces ---- */

/* A number of seconds from the config, in ms. */
static int seconds(const struct config *c, enum config_attr a, int otherwise) {
    const char *text = c->attr[a].value;
    double s = text != NULL ? strtod(text, NULL) : 0;
    return s > 0 && s < 1e6 ? (int)(s * 1000) : otherwise;
}

/* tarn/0.1.0 libcurl/7.88.1 os/linux auth/pat */
static void name_agent(struct workspace *ws, const char *auth) {
    struct utsname os = {.sysname = "unknown"};
    uname(&os);
    for (char *c = os.sysname; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    snprintf(ws->agent, sizeof ws->agent,
             "User-Agent: tarn/" TARN_VERSION " libcurl/%s os/%.20s auth/%.40s",
             curl_version_info(CURLVERSION_NOW)->version, os.sysname, auth);
}

static void end_posts(struct http_guest *g) {
    struct workspace *ws =
        (struct workspace *)((char *)g - offsetof(struct workspace, guest));
    for (struct workspace_call *c, *next = ws->posts.first; (c = next) != NULL;) {
        next = c->next;
        withdraw(c);
        free(c);
    }
    destroy(ws);
}

struct workspace *workspace_new(struct loop *l, struct http *h, struct config *c,
                                const struct workspace_options *o) {
    static const struct workspace_options none;
    struct workspace *ws = calloc(1, sizeof *ws);
    if (ws == NULL)
        return NULL;
    o = o != NULL ? o : &none;
    ws->loop = l;
    ws->http = h;
    ws->refs = 1;
    ws->gate = (struct timer){.fire = let_through, .ud = ws};
    ws->guest.end = end_posts;
    ws->random = ((uint64_t)(uintptr_t)ws ^ (uint64_t)time(NULL) << 20) | 1;
    ws->public_only = o->public_only;
    window_init(&ws->window, o->jobs, o->rate);
    ws->timeout_ms = o->timeout_ms > 0
                         ? o->timeout_ms
                         : seconds(c, CONFIG_RETRY_TIMEOUT_SECONDS, CALL_MS);
    ws->first_byte_ms = seconds(c, CONFIG_HTTP_TIMEOUT_SECONDS, 0);
    ws->insecure = config_truth(c->attr[CONFIG_SKIP_VERIFY].value);
    const char *id = c->attr[CONFIG_WORKSPACE_ID].value;
    if (id != NULL && strpbrk(id, "\r\n") == NULL)
        snprintf(ws->workspace_id, sizeof ws->workspace_id,
                 "X-Databricks-Workspace-Id: %.60s", id);
    name_agent(ws, c->auth_type != NULL ? c->auth_type : "unknown");
    ws->credentials = credentials_new(l, h, c);
    if (ws->credentials == NULL) {
        free(ws);
        return NULL;
    }
    return ws;
}

void workspace_hold(struct workspace *ws) {
    ws->refs++;
}

/* Nobody holds it any more: it goes, or stays until its last post has gone. */
void workspace_release(struct workspace *ws) {
    if (ws->refs > 1) {
        ws->refs--;
        return;
    }
    workspace_close(ws); /* while there is a reference: callees may hold and release */
    ws->refs = 0;
    if (ws->posts.count == 0) {
        http_leave(&ws->guest);
        destroy(ws);
    } else if (ws->guest.link == NULL) {
        http_host(ws->http, &ws->guest);
    }
}

void workspace_close(struct workspace *ws) {
    struct list *const lists[] = {&ws->flying, &ws->again, &ws->paused, &ws->fresh};
    if (ws->closed)
        return;
    ws->closed = true;
    workspace_hold(ws);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        /* a callee may cancel others, so that it is always the first */
        struct workspace_call *c;
        while ((c = lists[i]->first) != NULL) {
            lists[i]->first = c->next;
            struct workspace_response r = {.tries = c->tries};
            struct fault f;
            fault_set(&f, FAULT_CANCELLED, "the connection to the workspace was closed");
            f.ambiguous = c->maybe || (c->http != NULL && has_effect(c));
            withdraw(c);
            c->done(c->ud, &r, &f);
            free(c);
        }
    }
    loop_clear_timer(ws->loop, &ws->gate);
    workspace_release(ws);
}

/* ---- public ---- */

struct workspace_call *workspace_start(struct workspace *ws,
                                       const struct workspace_request *r,
                                       workspace_done *done, void *ud, struct fault *f) {
    if (ws->closed) {
        fault_set(f, FAULT_CANCELLED, "the connection to the workspace is closed");
        return NULL;
    }
    if (!r->external && r->path[0] != '/') {
        fault_set(f, FAULT_PARSE, "not a path: it begins with \"/\"");
        return NULL;
    }
    if (http_is_read_only(ws->http) && !readonly_allows(r, f))
        return NULL;
    struct workspace_call *c =
        add_call(ws, r, r->timeout_ms > 0 ? r->timeout_ms : ws->timeout_ms, &ws->fresh);
    if (c == NULL) {
        fault_set(f, FAULT_IO, "not enough memory for a request");
        return NULL;
    }
    c->done = done;
    c->ud = ud;
    pump(ws);
    return c;
}

void workspace_cancel(struct workspace_call *c) {
    struct workspace *ws = c->ws;
    withdraw(c);
    free(c);
    pump(ws);
}

bool workspace_post(struct workspace *ws, const char *method, const char *path,
                    const void *body, size_t body_size) {
    const struct workspace_request r = {.method = method,
                                        .path = path,
                                        .body = body,
                                        .body_size = body_size,
                                        .idempotent = true};
    struct workspace_call *c = add_call(ws, &r, POST_MS, &ws->posts);
    if (c == NULL)
        return false;
    dispatch(c);
    return true;
}

bool workspace_header(const struct workspace_response *r, const char *name, char *value,
                      size_t room) {
    const struct http_response view = {.headers = r->headers};
    return response_header(&view, name, value, room);
}

struct workspace_stats workspace_stats(const struct workspace *ws) {
    struct workspace_stats s = ws->stats;
    s.in_flight = ws->window.in_flight;
    s.waiting = ws->fresh.count + ws->again.count + ws->paused.count;
    s.window = ws->window.size;
    return s;
}

const char *workspace_org_id(const struct workspace *ws) {
    return ws->org_id;
}

struct credentials *workspace_credentials(struct workspace *ws) {
    return ws->credentials;
}
