/* azure.c -- tokens of Microsoft Entra, for a service principal with a secret, or for the
 * user who is logged in with `az` (F.9). */

#include "base/json.h"
#include "base/url.h"
#include "dbx/host.h"
#include "dbx/login_methods.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The id of Databricks in Entra, the same in all clouds. */
#define DATABRICKS "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"

static const struct {
    const char *name;
    struct azure_cloud cloud;
} CLOUDS[] = {
    {"public",
     {"https://login.microsoftonline.com/", "https://management.core.windows.net/",
      "https://management.azure.com/"}},
    {"usgovernment",
     {"https://login.microsoftonline.us/", "https://management.core.usgovcloudapi.net/",
      "https://management.usgovcloudapi.net/"}},
    {"china",
     {"https://login.chinacloudapi.cn/", "https://management.core.chinacloudapi.cn/",
      "https://management.chinacloudapi.cn/"}},
};

/* Ask for what is still missing. */
static void next(struct login *l);

static bool is_cli(const struct login *l) {
    return strcmp(l->config->auth_type, "azure-cli") == 0;
}

/* `az` gives no token. If it was the management token, the log-in goes on without one;
 * otherwise it has failed. */
static void gave_up(struct login *l, const char *why) {
    if (l->resource == l->azure->management) {
        l->no_management = true;
        next(l);
    } else if (l->why_not[0] == '\0') {
        login_refused(l, "%s", why);
    } else {
        struct fault f;
        const char *host = login_value(l, CONFIG_HOST);
        l->config->auth_type = "databricks-cli"; /* az was tried unasked */
        fault_set(&f, FAULT_AUTH,
                  "no credentials for %s: no token is set, %s, and az has none: %s",
                  host != NULL ? host : "Azure", l->why_not, why);
        fault_hint(&f, "log in: tarn auth login --host %s, or: az login",
                   host != NULL ? host : "URL");
        login_fail(l, &f);
    }
}

/* ---- the address, from the id of the resource ---- */

static void on_resource(struct login *l, const struct login_answer *a) {
    char name[256];
    struct host h;
    struct fault f;
    struct json url = json_at(json_root(a->body, a->size), "properties.workspaceUrl");
    if (a->f != NULL || a->status != 200) {
        login_unanswered(l, "the resource manager of Azure", a);
        return;
    }
    if (!json_text(url, name, sizeof name) || !host_parse(name, &h, &f)) {
        login_refused(l, "the resource manager of Azure does not tell the address of %s",
                      login_value(l, CONFIG_AZURE_WORKSPACE_RESOURCE_ID));
        return;
    }
    if (login_learn(l, CONFIG_HOST, h.url, "azure_workspace_resource_id"))
        next(l);
    else
        login_no_memory(l);
}

/* Ask the resource manager for the host. Uses up the token, which is for the resource
 * manager. */
static void look_up_host(struct login *l) {
    const char *id = login_value(l, CONFIG_AZURE_WORKSPACE_RESOURCE_ID);
    struct buf url = {0}, header = {0};
    bool ok = buf_str(&url, l->azure->resources) &&
              url_path(&url, id + (id[0] == '/'), strlen(id + (id[0] == '/'))) &&
              buf_str(&url, "?api-version=2018-04-01") &&
              buf_grow(&header, strlen(l->token.text) + 64) &&
              buf_str(&header, "Authorization: Bearer ") &&
              buf_str(&header, l->token.text);
    token_free(&l->token);
    if (ok)
        login_send(l,
                   &(struct login_request){
                       .url = url.bytes, .header = header.bytes, .patient = true},
                   on_resource);
    buf_free(&url);
    buf_wipe(&header);
    if (!ok)
        login_no_memory(l);
}

/* ---- one token ---- */

static struct token *wanted(struct login *l) {
    return l->resource == l->azure->management ? &l->management : &l->token;
}

/* A token has come: the one for the resource manager, or one of the two that are
 * wanted. */
static void got(struct login *l) {
    if (l->resource == l->azure->resources)
        look_up_host(l);
    else
        next(l);
}

static void on_token(struct login *l, const struct login_answer *a) {
    const char *who = "Microsoft Entra";
    if (a->f != NULL || a->status != 200)
        login_unanswered(l, who, a);
    else if (login_read(l, who, a->body, a->size, wanted(l)))
        got(l);
}

static const char *tenant(const struct login *l) {
    const char *set = login_value(l, CONFIG_AZURE_TENANT_ID);
    return set != NULL ? set : l->tenant;
}

static void ask_with_secret(struct login *l) {
    struct buf url = {0}, form = {0};
    const char *directory = tenant(l);
    bool ok =
        buf_str(&url, l->azure->login) &&
        url_escape(&url, directory, strlen(directory)) &&
        buf_str(&url, "/oauth2/token") &&
        login_field(&form, "grant_type", "client_credentials") &&
        login_field(&form, "client_id", login_value(l, CONFIG_AZURE_CLIENT_ID)) &&
        login_field(&form, "client_secret", login_value(l, CONFIG_AZURE_CLIENT_SECRET)) &&
        login_field(&form, "resource", l->resource);
    if (ok)
        login_send(l,
                   &(struct login_request){
                       .url = url.bytes, .form = form.bytes, .patient = true},
                   on_token);
    buf_free(&url);
    buf_wipe(&form);
    if (!ok)
        login_no_memory(l);
}

static void ask_az(struct login *l);

static void on_az(struct login *l, struct process_result *r, const struct fault *f) {
    char words[300];
    if (f != NULL) {
        gave_up(l, f->message);
        return;
    }
    if (r->status == 0) {
        if (login_read(l, "az", r->out.bytes != NULL ? r->out.bytes : "", r->out.size,
                       wanted(l)))
            got(l);
        return;
    }
    if (!l->az_plain) {
        /* a managed identity has no tenant to choose, and a guest may not see the
         * subscription */
        l->az_plain = true;
        ask_az(l);
        return;
    }
    login_last_words(r, words, sizeof words);
    gave_up(l, words);
}

/* Write the subscription of "/subscriptions/<id>/..." to `out`. */
static bool subscription(const struct login *l, char *out, size_t room) {
    const char *id = login_value(l, CONFIG_AZURE_WORKSPACE_RESOURCE_ID);
    static const char start[] = "/subscriptions/";
    if (id == NULL || strncasecmp(id, start, sizeof start - 1) != 0)
        return false;
    id += sizeof start - 1;
    size_t size = strcspn(id, "/");
    if (size == 0 || size >= room)
        return false;
    snprintf(out, room, "%.*s", (int)size, id);
    return true;
}

static void ask_az(struct login *l) {
    char id[128];
    const char *argv[10] = {"az",         "account",   "get-access-token",
                            "--resource", l->resource, "--output",
                            "json"};
    size_t n = 7;
    if (!l->az_plain && tenant(l) != NULL) {
        argv[n++] = "--tenant";
        argv[n] = tenant(l);
    } else if (!l->az_plain && subscription(l, id, sizeof id)) {
        argv[n++] = "--subscription";
        argv[n] = id;
    } else {
        l->az_plain = true;
    }
    login_run(l, argv, NULL, on_az);
}

/* ---- the order of things ---- */

static void next(struct login *l) {
    if (login_value(l, CONFIG_HOST) == NULL)
        l->resource = l->azure->resources;
    else if (l->token.text == NULL)
        l->resource = DATABRICKS;
    else if (login_value(l, CONFIG_AZURE_WORKSPACE_RESOURCE_ID) != NULL &&
             l->management.text == NULL && !l->no_management)
        l->resource = l->azure->management;
    else
        l->resource = NULL;

    if (l->resource == NULL)
        login_done(l);
    else if (is_cli(l))
        ask_az(l);
    else
        ask_with_secret(l);
}

/* The first segment of a URL's path, if it can be the name of a directory; malloced. */
static char *first_segment(const char *url) {
    const char *path = strstr(url, "://");
    path = path != NULL ? strchr(path + 3, '/') : NULL;
    if (path == NULL)
        return NULL;
    size_t size = strspn(++path, "0123456789abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ-.");
    return size > 0 && path[size] == '/' ? strndup(path, size) : NULL;
}

/* The workspace redirects to the log-in page of its directory, which names the tenant. */
static void on_tenant(struct login *l, const struct login_answer *a) {
    char location[1024];
    if (a->f == NULL && a->status >= 300 && a->status < 400 &&
        response_header(a->r, "Location", location, sizeof location))
        l->tenant = first_segment(location);
    if (l->tenant != NULL || is_cli(l)) {
        next(l); /* az knows its own tenant */
        return;
    }
    if (a->f != NULL)
        login_unanswered(l, login_value(l, CONFIG_HOST), a);
    else
        login_refused(l, "%s does not tell its tenant (HTTP %d); set azure_tenant_id",
                      login_value(l, CONFIG_HOST), a->status);
}

static void look_up_tenant(struct login *l) {
    struct buf url = {0};
    bool ok = buf_str(&url, login_value(l, CONFIG_HOST)) && buf_str(&url, "/aad/auth");
    if (ok)
        login_send(l, &(struct login_request){.url = url.bytes, .patient = !is_cli(l)},
                   on_tenant);
    buf_free(&url);
    if (!ok)
        login_no_memory(l);
}

static bool choose_cloud(struct login *l) {
    const char *name = login_value(l, CONFIG_AZURE_ENVIRONMENT);
    if (name == NULL)
        name = CLOUDS[0].name;
    for (size_t i = 0; l->azure == NULL && i < sizeof CLOUDS / sizeof CLOUDS[0]; i++)
        if (strcasecmp(CLOUDS[i].name, name) == 0)
            l->azure = &CLOUDS[i].cloud;
    if (l->azure == NULL)
        login_refused(l,
                      "azure_environment %s (%s) is none of public, usgovernment, china",
                      name, l->config->attr[CONFIG_AZURE_ENVIRONMENT].source);
    return l->azure != NULL;
}

static void start(struct login *l) {
    l->az_plain = l->no_management = false;
    if (!choose_cloud(l))
        return;
    if (tenant(l) == NULL && login_value(l, CONFIG_HOST) != NULL)
        look_up_tenant(l);
    else
        next(l);
}

void azure_client_secret(struct login *l) {
    start(l);
}

void azure_cli(struct login *l) {
    start(l);
}
