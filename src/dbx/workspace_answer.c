#include "dbx/workspace_answer.h"

#include "base/json.h"
#include "base/retry.h"
#include "dbx/apierror.h"
#include "dbx/workspace_send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_TRIES   3   /* while no answer has ever come, since the host may be wrong */
#define THROTTLED_MAX 100 /* throttled tries that do not count */

/* Report a call. `r` is NULL if nothing arrived, `f` is NULL if the call succeeded. */
static void finish(struct workspace_call *c, struct http_response *r, struct fault *f) {
    struct workspace *ws = c->ws;
    struct workspace_response mine = {.tries = c->tries};
    workspace_hold(ws); /* the callee may release it */
    workspace_queue_withdraw(c);
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
        r->body = mine.body; /* the callee may have taken it over */
    else
        buf_free(&mine.body);
    budget_free(c);
    workspace_send_next(ws);
    workspace_release(ws);
}

/* xorshift, good enough to spread retries */
static double jitter(struct workspace *ws) {
    ws->random ^= ws->random << 13;
    ws->random ^= ws->random >> 7;
    ws->random ^= ws->random << 17;
    return (double)(ws->random >> 11) / 9007199254740992.0;
}

static void learn(struct workspace *ws, const struct http_response *r, bool external) {
    ws->stats.bytes_in += (int64_t)r->body.size;
    ws->stats.answers += r->status != 0;
    ws->stats.answer_ms += r->status != 0 ? r->elapsed_ms : 0;
    ws->answered = ws->answered || r->status > 0;
    if (ws->org_id[0] == '\0')
        response_header(r, "X-Databricks-Org-Id", ws->org_id, sizeof ws->org_id);
    if (!external && response_header(r, "Date", ws->date, sizeof ws->date))
        ws->date_at = loop_now();
}

/* True for an answer that says that the token is at fault, and not the rights of its owner. */
static bool blames_token(const struct http_response *r) {
    static const char *const words[] = {"Invalid access token", "Token is expir",
                                        "token is expired", "Access token has expired"};
    char message[200];
    if (r->status == 401)
        return true;
    if (r->status != 403 ||
        !json_text(
            json_at(json_root(r->body.bytes != NULL ? r->body.bytes : "", r->body.size),
                    "message"),
            message, sizeof message))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(message, words[i]) != NULL)
            return true;
    return false;
}

/* True if the call is to be sent again with a new token; once for each call. The request was
 * refused, so any request may be sent again. */
static bool renew(struct workspace_call *c, const struct http_response *r) {
    struct workspace *ws = c->ws;
    if (c->external || c->renewed || !blames_token(r) ||
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

/* Send the call again after `delay`, in its turn. Detached calls have no turns. */
static void pause(struct workspace_call *c, int delay) {
    struct workspace *ws = c->ws;
    if (c->done != NULL) {
        window_ended(&ws->window);
        workspace_queue_enter(c, &ws->paused);
    }
    loop_set_timer(ws->loop, &c->timer, loop_now() + delay);
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
    c->maybe = c->maybe || (!retry_safe(c->method) && retry_ambiguous(seen));
    int delay = renew(c, r) ? 0 : next_try(c, seen);
    if (c->done == NULL && ws->refs == 0 && seen->unsent)
        delay = RETRY_GIVE_UP; /* the program waits to end */
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
    workspace_send_next(ws);
}

void workspace_answer_came(void *ud, struct http_response *r, const struct fault *f) {
    struct workspace_call *c = ud;
    struct workspace *ws = c->ws;
    struct fault mine;
    c->http = NULL;
    learn(ws, r, c->external);
    if (f == NULL && apierror_check(r, workspace_send_host(c), c->external, &mine)) {
        if (c->in == &ws->flying)
            window_answered(&ws->window);
        finish(c, r, NULL);
        return;
    }
    if (f != NULL) {
        mine = *f;
        mine.ambiguous = false; /* `maybe` tells it for all tries together */
    }
    const struct retry_outcome seen = {
        .tries = c->tries,
        /* a refusal is one even if its body was cut off, but a success is not */
        .status = f == NULL || r->status >= 400 ? r->status : 0,
        .after_ms = apierror_after_ms(r, (int64_t)time(NULL)),
        .idempotent = c->idempotent,
        .unsent = f != NULL && !r->sent,
        .lasting = r->lasting,
        .code = mine.code,
        .message = f == NULL ? mine.message : NULL,
    };
    refused(c, r, &mine, &seen);
}

static void out_of_time(struct workspace_call *c) {
    struct workspace *ws = c->ws;
    double seconds = (double)(loop_now() - c->began) / 1000;
    struct fault f;
    if (c->in == &ws->flying && c->wait != NULL) {
        fault_set(&f, FAULT_TIMEOUT, "no credentials within %.3g s", seconds);
    } else if (c->in == &ws->flying) {
        fault_set(&f, FAULT_TIMEOUT, "no complete answer from %s within %.3g s",
                  workspace_send_host(c), seconds);
        c->maybe = c->maybe || !retry_safe(c->method);
    } else {
        fault_set(&f, FAULT_TIMEOUT,
                  "not sent within %.3g s: %d calls in flight, %d waiting", seconds,
                  ws->window.in_flight, ws->again.count + ws->fresh.count);
        fault_hint(&f, "a longer timeout, or fewer calls at once");
    }
    f.retryable = true;
    finish(c, NULL, &f);
}

void workspace_answer_timer(void *ud) {
    struct workspace_call *c = ud;
    struct workspace *ws = c->ws;
    if (c->failed) {
        finish(c, NULL, &c->fault);
    } else if (loop_now() >= c->due) {
        out_of_time(c);
    } else if (c->in == &ws->detached) {
        loop_set_timer(ws->loop, &c->timer, c->due);
        workspace_send(c);
    } else {
        loop_set_timer(ws->loop, &c->timer, c->due);
        workspace_queue_enter(c, &ws->again);
        workspace_send_next(ws);
    }
}
