#include "dbx/workspace_send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void workspace_send_fail(struct workspace_call *c, const struct fault *f) {
    struct workspace *ws = c->ws;
    c->fault = *f;
    c->failed = true;
    if (c->in == &ws->flying)
        window_ended(&ws->window);
    if (c->done != NULL)
        workspace_queue_enter(c, &ws->paused);
    loop_set_timer(ws->loop, &c->timer, loop_now());
}

static const char *host_of(const struct workspace *ws) {
    const char *host = credentials_config(ws->credentials)->attr[CONFIG_HOST].value;
    return host != NULL ? host : "";
}

const char *workspace_send_host(const struct workspace_call *c) {
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
        fault_memory(&f, "a request");
        workspace_send_fail(c, &f);
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
        /* .idempotent is not set: requests with an effect are sent again here, where
         * tries are counted */
        .insecure = ws->insecure && !c->external,
        .public_only = ws->public_only,
        .first_byte_ms = c->first_byte_ms,
        .total_ms = left < 1 ? 1 : (int)left,
        .max_body = c->max_body,
    };
    c->http = http_start(ws->http, &r, ws->on_answer, c, &f);
    if (url != small)
        free(url);
    if (c->http == NULL) {
        workspace_send_fail(c, &f);
        return;
    }
    ws->stats.calls++;
    ws->stats.retries += c->tries++ > 0;
    /* libcurl keeps the time; this timer is for the case that it does not */
    loop_set_timer(ws->loop, &c->timer, c->due + 1000);
}

static void have_token(void *ud, const char *header, const char *const *more,
                       const struct fault *f) {
    struct workspace_call *c = ud;
    c->wait = NULL;
    if (header == NULL) {
        workspace_send_fail(c, f);
        return;
    }
    c->generation = credentials_generation(c->ws->credentials);
    transmit(c, header, more);
}

void workspace_send(struct workspace_call *c) {
    if (c->external) {
        transmit(c, NULL, NULL);
        return;
    }
    struct credentials_wait *w = credentials_get(c->ws->credentials, have_token, c);
    if (w != NULL)
        c->wait = w; /* otherwise have_token was called, and may have started the call */
}

void workspace_send_gate(void *ud) {
    workspace_send_next(ud);
}

void workspace_send_next(struct workspace *ws) {
    int64_t now = loop_now(), wait = 0;
    while (!ws->closed && ws->again.count + ws->fresh.count > 0 &&
           (wait = window_wait(&ws->window, now)) == 0) {
        struct workspace_call *c =
            ws->again.first != NULL ? ws->again.first : ws->fresh.first;
        c->epoch = window_sent(&ws->window, now);
        workspace_queue_enter(c, &ws->flying);
        workspace_send(c);
    }
    if (wait > 0 && ws->again.count + ws->fresh.count > 0)
        loop_set_timer(ws->loop, &ws->gate, now + wait);
}
