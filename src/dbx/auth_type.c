#include "dbx/auth_type.h"

#include "base/buf.h"
#include "dbx/attribute.h"
#include "dbx/config_file.h"

#include <stdlib.h>
#include <string.h>

/* What a method needs beside its attributes. */
enum needs { HOST, HOST_OR_RESOURCE };

/* The methods in the order in which they are tried (F.4). */
static const struct method {
    const char *name;
    bool supported;
    enum needs needs;
    int required[3]; /* attributes, each + 1; 0 ends the list */
    int also; /* one more attribute, + 1, needed unless auth_type is set; 0: none */
} METHODS[] = {
    {"pat", true, HOST, {CONFIG_TOKEN + 1}, 0},
    {"basic", false, HOST, {CONFIG_USERNAME + 1, CONFIG_PASSWORD + 1}, 0},
    {"oauth-m2m", true, HOST, {CONFIG_CLIENT_ID + 1, CONFIG_CLIENT_SECRET + 1}, 0},
    {"metadata-service", false, HOST, {CONFIG_METADATA_SERVICE_URL + 1}, 0},
    {"github-oidc",
     true,
     HOST,
     {CONFIG_GITHUB_URL + 1, CONFIG_GITHUB_TOKEN + 1},
     CONFIG_CLIENT_ID + 1},
    {"env-oidc", true, HOST, {CONFIG_OIDC_TOKEN + 1}, 0},
    {"file-oidc", true, HOST, {CONFIG_OIDC_TOKEN_FILEPATH + 1}, 0},
    {"azure-msi", false, HOST_OR_RESOURCE, {CONFIG_AZURE_USE_MSI + 1}, 0},
    {"azure-client-secret",
     true,
     HOST_OR_RESOURCE,
     {CONFIG_AZURE_CLIENT_ID + 1, CONFIG_AZURE_CLIENT_SECRET + 1},
     0},
    {"google-credentials", false, HOST, {CONFIG_GOOGLE_CREDENTIALS + 1}, 0},
    {"google-id", false, HOST, {CONFIG_GOOGLE_SERVICE_ACCOUNT + 1}, 0},
};
#define METHOD_COUNT (sizeof METHODS / sizeof METHODS[0])

/* These two methods ask another program, and need no attribute. */
static const struct method CLI = {"databricks-cli", true, HOST, {0}, 0};
static const struct method AZ = {"azure-cli", true, HOST_OR_RESOURCE, {0}, 0};

static const char SUPPORTED[] = "pat, oauth-m2m, databricks-cli, azure-cli, "
                                "azure-client-secret, github-oidc, env-oidc, file-oidc";

static const struct method *method_named(const char *name) {
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (strcmp(METHODS[i].name, name) == 0)
            return &METHODS[i];
    if (strcmp(name, CLI.name) == 0)
        return &CLI;
    return strcmp(name, AZ.name) == 0 ? &AZ : NULL;
}

/* The group of an attribute. client_id belongs to the OIDC methods too, so client_id
 * alone is no second method. */
static const char *group_of(const struct config *c, enum config_attr a) {
    if (a == CONFIG_CLIENT_ID && !config_has(c, CONFIG_CLIENT_SECRET) &&
        (config_has(c, CONFIG_OIDC_TOKEN_ENV) ||
         config_has(c, CONFIG_OIDC_TOKEN_FILEPATH)))
        return NULL;
    if (a == CONFIG_AZURE_USE_MSI && !config_truth(config_get(c, a)))
        return NULL;
    return attribute_of(a)->group;
}

/* The groups of the attributes that are set, each once and sorted, with the
 * source of the first attribute. */
struct groups {
    struct group {
        const char *name, *source;
    } list[CONFIG_ATTRS];
    size_t count;
};

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct group *)a)->name, ((const struct group *)b)->name);
}

static struct groups groups_of(const struct config *c) {
    struct groups g = {.count = 0};
    for (int a = 0; a < CONFIG_ATTRS; a++) {
        const char *name =
            config_has(c, (enum config_attr)a) ? group_of(c, (enum config_attr)a) : NULL;
        size_t i = 0;
        while (name != NULL && i < g.count && strcmp(g.list[i].name, name) != 0)
            i++;
        if (name != NULL && i == g.count)
            g.list[g.count++] = (struct group){name, c->attr[a].source};
    }
    qsort(g.list, g.count, sizeof g.list[0], by_name);
    return g;
}

static bool only_one_group(const struct config *c, struct fault *f) {
    const struct groups g = groups_of(c);
    struct buf names = {0}, sources = {0};
    bool ok = true;
    if (g.count <= 1)
        return true;
    for (size_t i = 0; i < g.count && ok; i++)
        ok = buf_fmt(&names, "%s%s", i > 0 ? " and " : "", g.list[i].name) &&
             buf_fmt(&sources, "%s%s: %s", i > 0 ? ", " : "", g.list[i].name,
                     g.list[i].source);
    if (ok) {
        fault_set(f, FAULT_AUTH,
                  "validate: more than one authorization method configured: %s",
                  names.bytes);
        fault_hint(f, "choose one with auth_type or DATABRICKS_AUTH_TYPE (%s)",
                   sources.bytes);
    } else {
        config_no_memory(f);
    }
    buf_free(&names);
    buf_free(&sources);
    return false;
}

static bool unsupported(const char *name, const char *source, struct fault *f) {
    fault_set(f, FAULT_AUTH, "auth_type %s (%s) is not supported; supported are %s", name,
              source, SUPPORTED);
    if (strcmp(name, "external-browser") == 0)
        return fault_hint(f, "use databricks-cli, after: tarn auth login");
    return fault_hint(f, "choose one of these with auth_type or DATABRICKS_AUTH_TYPE");
}

/* The source of a method's first attribute, for a message. */
static const char *source_of(const struct config *c, const struct method *m) {
    return m->required[0] == 0 ? "" : c->attr[m->required[0] - 1].source;
}

/* True if the attributes of `m` are set. Otherwise *lacks is the first that is not, +
 * 1. */
static bool is_complete(const struct config *c, const struct method *m, int *lacks) {
    for (size_t i = 0; i < 3 && m->required[i] != 0; i++) {
        enum config_attr a = (enum config_attr)(m->required[i] - 1);
        if (!config_has(c, a) || (a == CONFIG_AZURE_USE_MSI && group_of(c, a) == NULL)) {
            *lacks = m->required[i];
            return false;
        }
    }
    return true;
}

static bool lacks_credentials(struct auth_type_search *s) {
    const char *where = s->path != NULL ? s->path : "a config file";
    if (s->profile != NULL && config_has(s->c, CONFIG_PROFILE))
        fault_set(s->f, FAULT_AUTH, "profile %s in %s names no host", s->profile, where);
    else if (s->searched && groups_of(s->c).count == 0 &&
             !config_has(s->c, CONFIG_AUTH_TYPE))
        fault_set(s->f, FAULT_AUTH,
                  "no credentials: no workspace is named by arguments, by "
                  "DATABRICKS_HOST, or by [DEFAULT] in %s",
                  where);
    else
        fault_set(s->f, FAULT_AUTH, "no host is configured");
    if (s->unknown[0] != '\0')
        return fault_hint(s->f, "the key '%s' there has no meaning", s->unknown);
    char names[160];
    config_file_list_profiles(s->ini, names, sizeof names);
    if (names[0] != '\0' && !config_has(s->c, CONFIG_PROFILE))
        return fault_hint(s->f, "choose a profile with --profile; there are: %s", names);
    return fault_hint(s->f, "set DATABRICKS_HOST and DATABRICKS_TOKEN, or run: tarn auth "
                            "login --host URL; --profile demo needs neither");
}

/* True if the workspace can be reached: there is its address, or the id by which
 * Azure knows the address. */
static bool has_address(struct auth_type_search *s, const struct method *m) {
    if (config_has(s->c, CONFIG_HOST))
        return true;
    if (m->needs != HOST_OR_RESOURCE ||
        !config_has(s->c, CONFIG_AZURE_WORKSPACE_RESOURCE_ID))
        return lacks_credentials(s);
    if (strcmp(m->name, "azure-client-secret") == 0 &&
        !config_has(s->c, CONFIG_AZURE_TENANT_ID)) {
        fault_set(s->f, FAULT_AUTH,
                  "azure-client-secret: neither azure_tenant_id nor host");
        return fault_hint(s->f, "set ARM_TENANT_ID, or the host, which tells the tenant");
    }
    return true;
}

static bool forced_method(struct auth_type_search *s) {
    const struct config_value *wanted = &s->c->attr[CONFIG_AUTH_TYPE];
    const struct method *m = method_named(wanted->value);
    int lacks = 0;
    if (m == NULL || !m->supported)
        return unsupported(wanted->value, wanted->source, s->f);
    if (!is_complete(s->c, m, &lacks)) {
        const struct attribute *d = attribute_of((enum config_attr)(lacks - 1));
        const char *name = config_get(s->c, CONFIG_OIDC_TOKEN_ENV);
        fault_set(s->f, FAULT_AUTH, "auth_type is %s (%s), but %s is not set", m->name,
                  wanted->source, d->name);
        if (lacks - 1 == CONFIG_OIDC_TOKEN)
            return fault_hint(s->f, "it is read from the variable %s",
                              name != NULL ? name : "DATABRICKS_OIDC_TOKEN");
        if (d->variable != NULL)
            return fault_hint(s->f, "set %s%s", d->variable,
                              d->flags & ATTR_OF_MACHINE ? ""
                                                         : ", or the key in the profile");
        return false;
    }
    s->c->auth_type = m->name;
    return has_address(s, m);
}

/* Choose the first method whose attributes are set, or else a method that asks another
 * program. */
static bool first_method(struct auth_type_search *s) {
    int lacks;
    if (!only_one_group(s->c, s->f))
        return false;
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        const struct method *m = &METHODS[i];
        if (!is_complete(s->c, m, &lacks))
            continue;
        if (m->also != 0 && !config_has(s->c, (enum config_attr)(m->also - 1)))
            continue;
        if (!m->supported)
            return unsupported(m->name, source_of(s->c, m), s->f);
        s->c->auth_type = m->name;
        return has_address(s, m);
    }
    bool by_resource = !config_has(s->c, CONFIG_HOST) &&
                       config_has(s->c, CONFIG_AZURE_WORKSPACE_RESOURCE_ID);
    s->c->auth_type = by_resource ? AZ.name : CLI.name;
    return has_address(s, by_resource ? &AZ : &CLI);
}

/* Who names a group wants to act with its rights alone. A method that cannot ask for that must
 * not act with all the rights of the principal instead. */
static bool can_assume(struct auth_type_search *s) {
    static const char *const able[] = {"oauth-m2m", "env-oidc", "file-oidc",
                                       "github-oidc"};
    const struct config_value *group = &s->c->attr[CONFIG_GROUP_ID];
    if (group->value == NULL)
        return true;
    for (size_t i = 0; i < sizeof able / sizeof able[0]; i++)
        if (strcmp(s->c->auth_type, able[i]) == 0)
            return true;
    fault_set(s->f, FAULT_AUTH,
              "auth_type %s cannot act as a group, and group_id is set (%s)",
              s->c->auth_type, group->source);
    return fault_hint(s->f,
                      "remove group_id, or log in with client_id and client_secret");
}

bool auth_type_choose(struct auth_type_search *s) {
    return (config_has(s->c, CONFIG_AUTH_TYPE) ? forced_method(s) : first_method(s)) &&
           can_assume(s);
}
