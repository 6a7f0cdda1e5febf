/* workspace.h -- one Databricks workspace: its credentials, its window of calls, its retries.
 *
 * Takes requests in any number, keeps them in order, sends as many at once as the workspace
 * bears, and reports each of them once. Knows HTTP statuses and error bodies (dbx/apierror.h), but
 * not what a path means, and nothing of Lua. */

#ifndef TARN_WORKSPACE_H
#define TARN_WORKSPACE_H

#include "dbx/credentials.h"
#include "net/http.h"

#include <stdbool.h>
#include <stdint.h>

struct workspace;
struct workspace_call;

struct workspace_options {
    int jobs;       /* most calls in flight; 0: 64. The window starts at 32, or at this */
    double rate;    /* most calls a second; 0: no bound */
    int timeout_ms; /* for one call with its waits and retries; 0: 300 s */
    bool public_only; /* as in http_request */
};

struct workspace_request {
    const char *method;         /* "GET"; copied */
    const char *path;           /* "/api/2.0/...", with its query, escaped; copied */
    const char *const *headers; /* "Name: value", NULL-terminated, may be NULL; copied */
    const void *body; /* copied; sent as application/json unless headers say else */
    size_t body_size;
    bool idempotent;   /* may be sent again when it may have taken effect already:
                                   see retry_idempotent(method) for the default */
    bool external;     /* path is a whole URL of somebody else's (a pre-signed link):
                                   no credentials, no header of ours, any type of answer */
    int timeout_ms;    /* with waits and retries; 0: the workspace's */
    int first_byte_ms; /* of one try; 0: 60 s (a statement that is waited for needs more) */
    size_t max_body;   /* of the answer, decompressed; 0: 256 MiB */
};

struct workspace_response {
    int status;         /* 0 if no answer came */
    struct buf headers; /* raw lines, "Name: value\r\n": read with workspace_header */
    struct buf body;
    int tries;
    int64_t elapsed_ms; /* with waits and retries */
};

/* Called once, from loop_turn, or with FAULT_CANCELLED from workspace_close; never from
 * workspace_start. `f` is NULL for a 2xx answer that is not a web page in disguise; whether it
 * is JSON is for the callee to find out. Else it says all that is known (status, code, request
 * id, hint, `ambiguous` if the request may have taken effect), and `r` holds what had arrived.
 * `r` is never NULL. It belongs to the workspace and is gone afterwards, unless the callee
 * takes r->body over by copying the struct and zeroing it. */
typedef void workspace_done(void *ud, struct workspace_response *r,
                            const struct fault *f);

/* A connection that has sent nothing yet, with one reference. Takes over the contents of `*c`
 * (empty afterwards). `o` may be NULL. NULL when memory runs out; then `*c` is the caller's. */
struct workspace *workspace_new(struct loop *l, struct http *h, struct config *c,
                                const struct workspace_options *o);

/* References: a statement that has to be cancelled at the end holds one. When the last is
 * released the workspace closes, and is freed once its detached calls are done. */
void workspace_hold(struct workspace *ws);
void workspace_release(struct workspace *ws);

/* Report all calls as cancelled and take no more. Detached calls are still taken and sent. */
void workspace_close(struct workspace *ws);

/* Queue a call. NULL with `*f` filled if it cannot even be queued (closed, memory, or it does
 * not only read and the client is read-only: dbx/readonly.h). */
struct workspace_call *workspace_start(struct workspace *ws,
                                       const struct workspace_request *r,
                                       workspace_done *done, void *ud, struct fault *f);

/* Forget a call that has not called back yet. It will not. */
void workspace_cancel(struct workspace_call *c);

/* Send a request ahead of the queue, and forget it: nobody hears of the answer, and neither
 * workspace_close nor workspace_release stops it. For `cancel` of statements. It has 5 seconds,
 * and http_free gives what is still under way 3 of them. Safe in __gc. False if memory runs
 * out. */
bool workspace_start_detached(struct workspace *ws, const char *method, const char *path,
                              const void *body, size_t body_size);

/* As response_header, for a response of ours. */
bool workspace_header(const struct workspace_response *r, const char *name, char *value,
                      size_t room);

struct workspace_stats {
    int64_t calls;              /* requests that were sent, retries included */
    int64_t retries;            /* of which second and further tries */
    int64_t throttled;          /* answers 429 and the like */
    int64_t bytes_in;           /* of bodies, decompressed */
    int64_t answers, answer_ms; /* answers that came, and how long they took in all */
    int in_flight, waiting;
    int window; /* calls that may be in flight now */
};

struct workspace_stats workspace_stats(const struct workspace *ws);

/* The Date header of the newest answer of the workspace, also of a refusal, and how long ago it
 * came; "" until then. */
const char *workspace_date(const struct workspace *ws, int64_t *age_ms);

/* X-Databricks-Org-Id of the first answer that had one; "" until then. */
const char *workspace_org_id(const struct workspace *ws);

/* For log-in checks (credentials_get) and for what the config holds (credentials_config). */
struct credentials *workspace_credentials(struct workspace *ws);

#endif
