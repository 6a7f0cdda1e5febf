/* login.h -- one log-in: the steps by which a method gets a token. For credentials.c and
 * the files of the methods (login_methods.h) only.
 *
 * A step sends a request or runs a program, and names the step that gets the outcome. The
 * last step calls login_done or login_fail, after which the login must not be touched.
 * All of it happens in loop_turn. */

#ifndef TARN_LOGIN_H
#define TARN_LOGIN_H

#include "base/process.h"
#include "dbx/config.h"
#include "dbx/token.h"
#include "net/http.h"

/* The addresses of an Azure cloud: there are three clouds, and tests make up others. All
 * end in "/". */
struct azure_cloud {
    const char *login;      /* "https://login.microsoftonline.com/" */
    const char *management; /* the audience of management tokens */
    const char *resources;  /* the resource manager */
};

/* The method of a log-in that is done with a browser at this moment (signin.c). */
#define LOGIN_BY_BROWSER "auth login"

struct login;

/* An answer of any status, or a fault. Gone after the step. */
struct login_answer {
    int status;
    const char *body; /* never NULL */
    size_t size;
    const struct http_response *r;
    const struct fault *f; /* NULL if there is an answer */
};
typedef void login_step(struct login *l, const struct login_answer *a);
typedef void login_ran(struct login *l, struct process_result *r, const struct fault *f);

typedef void login_over(void *ud, const struct fault *f);

struct login {
    struct loop *loop;
    struct http *http;
    struct config *config;
    const struct azure_cloud *azure; /* NULL: by CONFIG_AZURE_ENVIRONMENT */
    bool renew;         /* the last token was refused, so a cached one is of no use */
    struct buf refused; /* that token, if it is known; wiped */
    login_over *over;
    void *ud;

    /* kept from one log-in to the next */
    char *token_endpoint, *authorize_endpoint, *revoke_endpoint; /* see login_discover */
    char *audience, *tenant, *cli;
    bool no_profile_option, no_refresh_option; /* the CLI is too old for them */

    /* the outcome */
    struct token token, management;

    /* what is under way */
    struct http_call *call;
    struct process *process;
    struct timer again; /* the next try of the request */
    login_step *step;
    login_ran *ran;
    void (*discovered)(struct login *l);
    struct login_sent {
        const char *method;
        struct buf url, header, basic, body; /* for further tries; wiped */
        bool patient, once;
        int tries;
        int64_t until;
    } sent;
    const char *resource; /* azure: what the token that is asked for is for */
    bool az_plain;        /* azure: ask az without tenant and subscription */
    bool no_management;   /* azure: a management token cannot be got */
    struct login_cache {  /* u2m: tokens in the file that tools share */
        char *path, *key, *host_key;
        struct token token; /* as it was found there */
        struct timer again; /* the next try to lock the key */
        int64_t until;      /* when to give up */
        int lock;           /* -1: not locked */
    } cache;
    struct buf subject; /* oidc: the token that is to be exchanged; wiped */
    char why_not[200];  /* why the CLI gives no token, if az is tried instead */
};

/* Zero all fields but loop, http, config and azure, which the caller sets. */
void login_init(struct login *l);
/* Cancel what is under way, and free what is kept. */
void login_close(struct login *l);

/* ---- for the methods ---- */

/* Milliseconds since 1970. */
int64_t login_wall_ms(void);

struct login_request {
    const char *url;
    const char *header; /* a secret one, or NULL */
    const char *basic;  /* "user:password", or NULL */
    const char *form;   /* POSTed if not NULL: a secret */
    bool patient;       /* 429, 502, 503 and 504 are tried again, for up to a minute */
    bool once;          /* a second try could do harm, over a new connection as well */
};
void login_send(struct login *l, const struct login_request *q, login_step *next);

/* Find the endpoints of the host, and call `discovered` when token_endpoint is known; the
 * other two may be NULL. If nothing is known the log-in fails. What was found is kept, until
 * it is forgotten because an endpoint does not answer. */
void login_discover(struct login *l, void (*discovered)(struct login *l));
void login_forget_endpoints(struct login *l);

/* Let go of the place in the cache, which u2m.c has found. */
void login_forget_cache(struct login *l);

/* `out` is a secret. */
void login_run(struct login *l, const char *const *argv, const char *const *env,
               login_ran *next);

const char *login_value(const struct login *l, enum config_attr a); /* NULL: not set */
/* Set an attribute that was found out during the log-in. False when memory runs out. */
bool login_learn(struct login *l, enum config_attr a, const char *value,
                 const char *source);

void login_done(struct login *l);
void login_fail(struct login *l, const struct fault *f);
void login_no_memory(struct login *l);
/* Fail with kind auth, and the hint of the method. */
void login_refused(struct login *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Fail because of an answer that is no success, or because of a fault. */
void login_unanswered(struct login *l, const char *who, const struct login_answer *a);
/* Read a token from an answer of `who`. If there is none, the log-in fails, and this
 * returns false. */
bool login_read(struct login *l, const char *who, const char *text, size_t size,
                struct token *t);

/* Append "name=value", escaped, after a "&" if the form is not empty. */
bool login_field(struct buf *form, const char *name, const char *value);

/* Copy the line of a program's output that says what is wrong. */
void login_last_words(const struct process_result *r, char *out, size_t room);

#endif
