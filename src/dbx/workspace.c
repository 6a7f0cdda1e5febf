#include "dbx/workspace.h"

#include "dbx/readonly.h"
#include "dbx/workspace_answer.h"
#include "dbx/workspace_close.h"
#include "dbx/workspace_send.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>
#include <time.h>

#define CALL_MS     300000
#define DETACHED_MS 5000

/* ---- making calls ---- */

static bool given(const char *const *headers, const char *name) {
    for (; headers != NULL && *headers != NULL; headers++)
        if (strncasecmp(*headers, name, strlen(name)) == 0)
            return true;
    return false;
}

/* Where the next string of the block is stored. */
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

/* Make a call, with all its strings in one block. Only the body may be big. */
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
    struct workspace_call *c = budget_alloc(http_memory(ws->http), head + size);
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
                                       struct workspace_list *list) {
    struct workspace_call *c = new_call(ws, r);
    if (c == NULL)
        return NULL;
    c->began = loop_now();
    c->due = c->began + timeout_ms;
    c->first_byte_ms = r->first_byte_ms > 0 ? r->first_byte_ms : ws->first_byte_ms;
    c->timer.fire = workspace_answer_timer;
    c->timer.ud = c;
    if (!loop_set_timer(ws->loop, &c->timer, c->due)) {
        budget_free(c);
        return NULL;
    }
    workspace_queue_enter(c, list);
    return c;
}

/* ---- making workspaces ---- */

/* Read a number of seconds from the config, as ms. */
static int seconds(const struct config *c, enum config_attr a, int otherwise) {
    const char *text = c->attr[a].value;
    double s = text != NULL ? strtod(text, NULL) : 0;
    return s > 0 && s < 1e6 ? (int)(s * 1000) : otherwise;
}

/* Write the User-Agent: tarn/0.1.0 libcurl/7.88.1 os/linux auth/pat */
static void name_agent(struct workspace *ws, const char *auth) {
    struct utsname os = {.sysname = "unknown"};
    uname(&os);
    for (char *c = os.sysname; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    snprintf(ws->agent, sizeof ws->agent,
             "User-Agent: tarn/" TARN_VERSION " libcurl/%s os/%.20s auth/%.40s",
             curl_version_info(CURLVERSION_NOW)->version, os.sysname, auth);
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
    ws->gate = (struct timer){.fire = workspace_send_gate, .ud = ws};
    ws->on_answer = workspace_answer_came;
    ws->linger.end = workspace_close_detached;
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
        fault_memory(f, "a request");
        return NULL;
    }
    c->done = done;
    c->ud = ud;
    workspace_send_next(ws);
    return c;
}

void workspace_cancel(struct workspace_call *c) {
    struct workspace *ws = c->ws;
    workspace_queue_withdraw(c);
    budget_free(c);
    workspace_send_next(ws);
}

bool workspace_start_detached(struct workspace *ws, const char *method, const char *path,
                              const void *body, size_t body_size) {
    const struct workspace_request r = {.method = method,
                                        .path = path,
                                        .body = body,
                                        .body_size = body_size,
                                        .idempotent = true};
    struct workspace_call *c = add_call(ws, &r, DETACHED_MS, &ws->detached);
    if (c == NULL)
        return false;
    workspace_send(c);
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

const char *workspace_date(const struct workspace *ws, int64_t *age_ms) {
    *age_ms = loop_now() - ws->date_at;
    return ws->date;
}

const char *workspace_org_id(const struct workspace *ws) {
    return ws->org_id;
}

struct credentials *workspace_credentials(struct workspace *ws) {
    return ws->credentials;
}
