/* workspace.h -- one Databricks workspace: its credentials, its window of calls, its
 * retries.
 *
 * Takes any number of requests, keeps them in order, sends as many at once as the
 * workspace can take, and reports each of them once. Knows HTTP statuses and error bodies
 * (dbx/apierror.h), but not what a path means, and nothing of Lua. */

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
    int timeout_ms; /* for a call with its waits and retries; 0: 300 s */
    bool public_only; /* as in http_request */
};

struct workspace_request {
    const char *method;         /* "GET"; copied */
    const char *path;           /* "/api/2.0/...", with its query, escaped; copied */
    const char *const *headers; /* "Name: value", NULL-terminated, may be NULL; copied */
    const void *body; /* copied; sent as application/json unless headers say otherwise */
    size_t body_size;
    bool idempotent; /* may be sent twice; retry_idempotent(method) is the default */
    bool external;   /* path is another party's URL: no credentials, no headers of ours */
    int timeout_ms;  /* with waits and retries; 0: the workspace's */
    int first_byte_ms; /* for one try; 0: 60 s */
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
 * workspace_start. `f` is NULL for a 2xx answer that is not a web page in disguise;
 * whether it is JSON is for the callee to find out. Otherwise `f` says all that is known
 * (status, code, request id, hint, `ambiguous` if the request may have taken effect), and
 * `r` holds what had arrived. `r` is never NULL. It belongs to the workspace and is gone
 * afterwards. The callee may take r->body over by copying the struct and zeroing it. */
typedef void workspace_done(void *ud, struct workspace_response *r,
                            const struct fault *f);

/* Make a workspace with one reference, which has sent nothing yet. Takes over the
 * contents of `*c`, which is empty afterwards. `o` may be NULL. NULL when memory runs
 * out; then `*c` stays the caller's. */
struct workspace *workspace_new(struct loop *l, struct http *h, struct config *c,
                                const struct workspace_options *o);

/* Take and give back a reference; a statement that may have to be cancelled holds one.
 * When the last reference is given back, the workspace closes, and is freed once its
 * detached calls are done. */
void workspace_hold(struct workspace *ws);
void workspace_release(struct workspace *ws);

/* Report all calls as cancelled, and take no more. Detached calls are still taken and
 * sent. */
void workspace_close(struct workspace *ws);

/* Queue a call. NULL with `*f` filled if it cannot be queued: the workspace is closed,
 * memory runs out, or the client is read-only and the request is not (dbx/readonly.h). */
struct workspace_call *workspace_start(struct workspace *ws,
                                       const struct workspace_request *r,
                                       workspace_done *done, void *ud, struct fault *f);

/* Forget a call that has not called back yet. It will not call back. */
void workspace_cancel(struct workspace_call *c);

/* Send a request ahead of the queue, and forget it: its answer is dropped, and neither
 * workspace_close nor workspace_release stops it. For cancelling statements. It has 5
 * seconds, and http_free gives it 3 of them. Safe in __gc. False if memory runs out. */
bool workspace_start_detached(struct workspace *ws, const char *method, const char *path,
                              const void *body, size_t body_size);

/* As response_header, for the response of a workspace. */
bool workspace_header(const struct workspace_response *r, const char *name, char *value,
                      size_t room);

struct workspace_stats {
    int64_t calls;              /* requests that were sent, retries included */
    int64_t retries;            /* those of them that were sent again */
    int64_t throttled;          /* answers with 429 and the like */
    int64_t bytes_in;           /* of bodies, decompressed */
    int64_t answers, answer_ms; /* answers that came, and the sum of their times */
    int in_flight, waiting;
    int window; /* calls that may be in flight now */
};

struct workspace_stats workspace_stats(const struct workspace *ws);

/* The Date header of the newest answer of the workspace, also of a refusal, and how long ago it
 * came; "" until then. */
const char *workspace_date(const struct workspace *ws, int64_t *age_ms);

/* X-Databricks-Org-Id of the first answer that had one; "" until then. */
const char *workspace_org_id(const struct workspace *ws);

/* For checks of the log-in (credentials_get), and for the config (credentials_config). */
struct credentials *workspace_credentials(struct workspace *ws);

#endif
