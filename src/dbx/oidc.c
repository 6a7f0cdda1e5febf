/* oidc.c -- the two methods that ask Databricks itself for a token: with a client secret,
 * and with a token of an issuer that the workspace trusts (F.6, F.7). */

#include "base/json.h"
#include "base/url.h"
#include "dbx/host.h"
#include "dbx/login_methods.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WELL_KNOWN  ".well-known/oauth-authorization-server"
#define SUBJECT_MAX 65536

static bool is_method(const struct login *l, const char *name) {
    return strcmp(l->config->auth_type, name) == 0;
}

/* ---- the answer ---- */

static void on_token(struct login *l, const struct login_answer *a) {
    const char *who = "the token endpoint";
    if (a->f != NULL || a->status != 200) {
        free(l->token_endpoint); /* the endpoint may have moved */
        l->token_endpoint = NULL;
        login_unanswered(l, who, a);
        return;
    }
    if (login_read(l, who, a->body, a->size, &l->token))
        login_done(l);
}

/* Add the scopes, which people separate by commas or blanks. */
static bool add_scopes(struct login *l, struct buf *form) {
    const char *scopes = login_value(l, CONFIG_SCOPES);
    struct buf list = {0};
    bool ok = true;
    while (scopes != NULL && *scopes != '\0' && ok) {
        size_t size = strcspn(scopes, ", ");
        if (size > 0)
            ok = (list.size == 0 || buf_str(&list, " ")) && buf_add(&list, scopes, size);
        scopes += size + (scopes[size] != '\0');
    }
    ok = ok && login_field(form, "scope", list.size > 0 ? list.bytes : "all-apis");
    buf_free(&list);
    return ok;
}

/* ---- with a client secret ---- */

/* RFC 6749, 2.3.1: both parts are escaped before they are joined. */
static bool add_basic(struct login *l, struct buf *b) {
    const char *id = login_value(l, CONFIG_CLIENT_ID);
    const char *secret = login_value(l, CONFIG_CLIENT_SECRET);
    return url_escape(b, id, strlen(id)) && buf_str(b, ":") &&
           url_escape(b, secret, strlen(secret));
}

static void ask_with_secret(struct login *l) {
    struct buf form = {0}, basic = {0};
    bool ok = add_basic(l, &basic) &&
              login_field(&form, "grant_type", "client_credentials") &&
              add_scopes(l, &form);
    if (ok)
        login_send(l,
                   &(struct login_request){.url = l->token_endpoint,
                                           .basic = basic.bytes,
                                           .form = form.bytes,
                                           .patient = true},
                   on_token);
    buf_wipe(&basic);
    buf_wipe(&form);
    if (!ok)
        login_no_memory(l);
}

/* ---- with somebody else's token ---- */

static void ask_with_subject(struct login *l) {
    const char *client = login_value(l, CONFIG_CLIENT_ID);
    struct buf form = {0};
    bool ok = login_field(&form, "grant_type",
                          "urn:ietf:params:oauth:grant-type:token-exchange") &&
              login_field(&form, "subject_token_type",
                          "urn:ietf:params:oauth:token-type:jwt") &&
              login_field(&form, "subject_token", l->subject.bytes) &&
              add_scopes(l, &form) &&
              (client == NULL || login_field(&form, "client_id", client));
    if (ok)
        login_send(l,
                   &(struct login_request){
                       .url = l->token_endpoint, .form = form.bytes, .patient = true},
                   on_token);
    buf_wipe(&form);
    if (!ok)
        login_no_memory(l);
}

/* The audience of GitHub's token. */
static const char *audience(const struct login *l) {
    const char *set = login_value(l, CONFIG_AUDIENCE);
    const char *account = login_value(l, CONFIG_ACCOUNT_ID);
    if (set != NULL)
        return set;
    if (account != NULL && host_is_account(login_value(l, CONFIG_HOST)))
        return account;
    return l->audience != NULL ? l->audience : l->token_endpoint;
}

static void on_github(struct login *l, const struct login_answer *a) {
    if (a->f != NULL || a->status != 200) {
        login_unanswered(l, "GitHub", a);
        return;
    }
    size_t size;
    char *value = json_string(json_at(json_root(a->body, a->size), "value"), &size);
    buf_wipe(&l->subject);
    l->subject =
        (struct buf){.bytes = value, .size = size, .room = value != NULL ? size + 1 : 0};
    if (value == NULL || !token_is_clean(value))
        login_refused(l, "GitHub's answer holds no token");
    else
        ask_with_subject(l);
}

static void ask_github(struct login *l) {
    struct buf url = {0}, header = {0};
    const char *whom = audience(l);
    bool ok = buf_str(&url, login_value(l, CONFIG_GITHUB_URL)) &&
              url_query(&url, "audience", whom, strlen(whom)) &&
              buf_str(&header, "Authorization: Bearer ") &&
              buf_str(&header, login_value(l, CONFIG_GITHUB_TOKEN));
    if (ok)
        login_send(l,
                   &(struct login_request){
                       .url = url.bytes, .header = header.bytes, .patient = true},
                   on_github);
    buf_free(&url);
    buf_wipe(&header);
    if (!ok)
        login_no_memory(l);
}

/* Read the file's text without the blanks around it; false with errno. The file is read
 * for each log-in, since another program renews it. */
static bool read_subject(const char *path, struct buf *b) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd == -1)
        return false;
    ssize_t n = -1;
    if (buf_grow(b, SUBJECT_MAX))
        n = read(fd, b->bytes, SUBJECT_MAX);
    int err = errno; /* close() may change it */
    close(fd);
    errno = err;
    if (n < 0)
        return false;
    b->size = (size_t)n;
    while (b->size > 0 && (unsigned char)b->bytes[b->size - 1] <= ' ')
        b->size--;
    b->bytes[b->size] = '\0';
    return true;
}

static void ask_with_file(struct login *l) {
    const char *path = login_value(l, CONFIG_OIDC_TOKEN_FILEPATH);
    buf_wipe(&l->subject);
    if (!read_subject(path, &l->subject))
        login_refused(l, "cannot read the token in %s: %s", path, strerror(errno));
    else if (!token_is_clean(l->subject.bytes))
        login_refused(l, "%s holds no token", path);
    else
        ask_with_subject(l);
}

static void ask_with_variable(struct login *l) {
    const char *value = login_value(l, CONFIG_OIDC_TOKEN);
    buf_wipe(&l->subject);
    if (!token_is_clean(value))
        login_refused(l, "%s holds no token", l->config->attr[CONFIG_OIDC_TOKEN].source);
    else if (!buf_str(&l->subject, value))
        login_no_memory(l);
    else
        ask_with_subject(l);
}

/* ---- where to ask ---- */

static void ask(struct login *l) {
    if (is_method(l, "oauth-m2m"))
        ask_with_secret(l);
    else if (is_method(l, "github-oidc"))
        ask_github(l);
    else if (is_method(l, "file-oidc"))
        ask_with_file(l);
    else
        ask_with_variable(l);
}

/* Send GET for `base`/`tail`, or for `base` itself. */
static void look(struct login *l, const char *base, const char *tail, bool patient,
                 login_step *next) {
    struct buf url = {0};
    size_t size = strlen(base);
    while (tail[0] != '\0' && size > 0 && base[size - 1] == '/')
        size--;
    bool ok = buf_add(&url, base, size) && (tail[0] == '\0' || buf_str(&url, "/")) &&
              buf_str(&url, tail);
    if (ok)
        login_send(l, &(struct login_request){.url = url.bytes, .patient = patient},
                   next);
    buf_free(&url);
    if (!ok)
        login_no_memory(l);
}

/* Keep the token endpoint of the answer, if there is one. */
static bool keep_endpoint(struct login *l, const struct login_answer *a) {
    if (a->f == NULL && a->status == 200)
        l->token_endpoint =
            json_string(json_at(json_root(a->body, a->size), "token_endpoint"), NULL);
    return l->token_endpoint != NULL;
}

static void on_discovered(struct login *l, const struct login_answer *a) {
    const char *host = login_value(l, CONFIG_HOST);
    if (keep_endpoint(l, a))
        ask(l);
    else if (a->f != NULL || a->status >= 500 || a->status == 429)
        login_unanswered(l, host, a);
    else
        login_refused(l,
                      "%s does not say where to get tokens (HTTP %d): is it the address "
                      "of a workspace?",
                      host, a->status);
}

static void look_in_workspace(struct login *l) {
    look(l, login_value(l, CONFIG_HOST), "oidc/" WELL_KNOWN, true, on_discovered);
}

static void on_discovered_by_metadata(struct login *l, const struct login_answer *a) {
    if (keep_endpoint(l, a))
        ask(l);
    else
        look_in_workspace(l);
}

/* `text` with "{account_id}" replaced; malloced. */
static char *with_account(const char *text, const char *account) {
    static const char mark[] = "{account_id}";
    struct buf b = {0};
    const char *at = strstr(text, mark);
    bool ok = at == NULL ? buf_str(&b, text)
                         : buf_add(&b, text, (size_t)(at - text)) &&
                               buf_str(&b, account) && buf_str(&b, at + sizeof mark - 1);
    if (ok)
        return b.bytes;
    buf_free(&b);
    return NULL;
}

/* Use what the host says about itself. Any failure is ignored. */
static void on_metadata(struct login *l, const struct login_answer *a) {
    struct json j = {0};
    if (a->f == NULL && a->status == 200)
        j = json_root(a->body, a->size);
    char *issuer = json_string(json_at(j, "oidc_endpoint"), NULL);
    char *told = json_string(json_at(j, "account_id"), NULL);
    const char *account = login_value(l, CONFIG_ACCOUNT_ID);
    free(l->audience);
    l->audience =
        json_string(json_at(j, "token_federation_default_oidc_audiences.0"), NULL);
    if (account == NULL)
        account = told != NULL ? told : "";
    char *base = issuer != NULL ? with_account(issuer, account) : NULL;
    free(issuer);
    free(told);
    if (base != NULL)
        look(l, base, WELL_KNOWN, false, on_discovered_by_metadata);
    else
        look_in_workspace(l);
    free(base);
}

/* The endpoint of an account needs no call. */
static void use_account(struct login *l) {
    const char *account = login_value(l, CONFIG_ACCOUNT_ID);
    struct buf b = {0};
    if (account == NULL) {
        login_refused(l, "%s is the address of an account, but account_id is not set",
                      login_value(l, CONFIG_HOST));
        return;
    }
    if (buf_str(&b, login_value(l, CONFIG_HOST)) && buf_str(&b, "/oidc/accounts/") &&
        url_escape(&b, account, strlen(account)) && buf_str(&b, "/v1/token")) {
        l->token_endpoint = b.bytes;
        ask(l);
        return;
    }
    buf_free(&b);
    login_no_memory(l);
}

static void discover(struct login *l) {
    const char *url = login_value(l, CONFIG_DISCOVERY_URL);
    if (l->token_endpoint != NULL)
        ask(l);
    else if (url != NULL)
        look(l, url, "", true, on_discovered);
    else if (host_is_account(login_value(l, CONFIG_HOST)))
        use_account(l);
    else
        look(l, login_value(l, CONFIG_HOST), ".well-known/databricks-config", false,
             on_metadata);
}

void oidc_client_secret(struct login *l) {
    discover(l);
}

void oidc_federated(struct login *l) {
    discover(l);
}
