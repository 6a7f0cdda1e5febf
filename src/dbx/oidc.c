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

#define SUBJECT_MAX 65536

static bool is_method(const struct login *l, const char *name) {
    return strcmp(l->config->auth_type, name) == 0;
}

/* ---- the answer ---- */

static void on_token(struct login *l, const struct login_answer *a) {
    const char *who = "the token endpoint";
    if (a->f != NULL || a->status != 200) {
        login_forget_endpoints(l); /* they may have moved */
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

/* Ask for a token that has the rights of a group, if one is configured. */
static bool add_group(struct login *l, struct buf *form) {
    const char *group = login_value(l, CONFIG_GROUP_ID);
    return group == NULL || login_field(form, "assume_group", group);
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
              add_scopes(l, &form) && add_group(l, &form);
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
              add_scopes(l, &form) && add_group(l, &form) &&
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

/* ---- the methods ---- */

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

void oidc_client_secret(struct login *l) {
    login_discover(l, ask);
}

void oidc_federated(struct login *l) {
    login_discover(l, ask);
}
