/* discovery.c -- where a workspace or an account gives tokens: the endpoints of OAuth
 * (F.6). */

#include "base/json.h"
#include "base/url.h"
#include "dbx/host.h"
#include "dbx/login.h"

#include <stdlib.h>
#include <string.h>

#define WELL_KNOWN ".well-known/oauth-authorization-server"

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

/* Keep the endpoints of the answer, if there are any. */
static bool keep_endpoints(struct login *l, const struct login_answer *a) {
    if (a->f != NULL || a->status != 200)
        return false;
    struct json j = json_root(a->body, a->size);
    l->token_endpoint = json_string(json_at(j, "token_endpoint"), NULL);
    l->authorize_endpoint = json_string(json_at(j, "authorization_endpoint"), NULL);
    l->revoke_endpoint = json_string(json_at(j, "revocation_endpoint"), NULL);
    return l->token_endpoint != NULL;
}

static void on_discovered(struct login *l, const struct login_answer *a) {
    const char *host = login_value(l, CONFIG_HOST);
    if (keep_endpoints(l, a))
        l->discovered(l);
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
    if (keep_endpoints(l, a))
        l->discovered(l);
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

/* The address of an account's endpoint; malloced. */
static char *of_account(struct login *l, const char *account, const char *name) {
    struct buf b = {0};
    if (!buf_str(&b, login_value(l, CONFIG_HOST)) || !buf_str(&b, "/oidc/accounts/") ||
        !url_escape(&b, account, strlen(account)) || !buf_str(&b, "/v1/") ||
        !buf_str(&b, name))
        buf_free(&b);
    return b.bytes;
}

/* The endpoints of an account need no call. */
static void use_account(struct login *l) {
    const char *account = login_value(l, CONFIG_ACCOUNT_ID);
    if (account == NULL) {
        login_refused(l, "%s is the address of an account, but account_id is not set",
                      login_value(l, CONFIG_HOST));
        return;
    }
    l->token_endpoint = of_account(l, account, "token");
    l->authorize_endpoint = of_account(l, account, "authorize");
    if (l->token_endpoint != NULL && l->authorize_endpoint != NULL)
        l->discovered(l);
    else
        login_no_memory(l);
}

void login_discover(struct login *l, void (*discovered)(struct login *l)) {
    const char *url = login_value(l, CONFIG_DISCOVERY_URL);
    l->discovered = discovered;
    if (l->token_endpoint != NULL)
        discovered(l);
    else if (url != NULL)
        look(l, url, "", true, on_discovered);
    else if (host_is_account(login_value(l, CONFIG_HOST)))
        use_account(l);
    else
        look(l, login_value(l, CONFIG_HOST), ".well-known/databricks-config", false,
             on_metadata);
}
