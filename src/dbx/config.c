#include "dbx/config.h"

#include "dbx/attribute.h"
#include "dbx/auth_type.h"
#include "dbx/config_file.h"
#include "dbx/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one config_resolve knows. */
struct search {
    const struct config_args *args;
    struct config *c;
    struct fault *f;
    struct ini ini;
    char *path;          /* of the file, once it is loaded */
    const char *profile; /* the section, if one is used; of args, env or ini */
    char unknown[64];    /* a key in it that nobody knows */
    bool file_read;
};

static bool from_arguments(struct search *s) {
    const struct config_args *args = s->args;
    return config_set(s->c, CONFIG_HOST, args->host, "argument", s->f) &&
           config_set(s->c, CONFIG_TOKEN, args->token, "argument", s->f) &&
           config_set(s->c, CONFIG_PROFILE, args->profile, "argument", s->f) &&
           config_set(s->c, CONFIG_CONFIG_FILE, args->config_file, "argument", s->f);
}

/* The variables of all attributes that have `flags`, or of all if it is 0. */
static bool from_environment(struct search *s, unsigned flags) {
    for (int a = 0; a < CONFIG_ATTRS; a++) {
        const struct attribute *d = attribute_of((enum config_attr)a);
        const char *name = d->variable, *value = config_variable(s->args, name);
        if (flags != 0 && !(d->flags & flags))
            continue;
        if (value == NULL) {
            name = d->other_variable;
            value = config_variable(s->args, name);
        }
        if (!config_set(s->c, (enum config_attr)a, value, name, s->f))
            return false;
    }
    return true;
}

static bool from_section(struct search *s, const struct ini_section *section) {
    char source[512];
    snprintf(source, sizeof source, "profile %s in %s", section->name, s->path);
    for (size_t i = 0; i < section->count; i++) {
        const struct ini_entry *e = &section->entries[i];
        int a = attribute_named(e->key);
        if (a >= 0) {
            if (!config_set(s->c, (enum config_attr)a, e->value, source, s->f))
                return false;
        } else if (!attribute_is_foreign(e->key) && s->unknown[0] == '\0') {
            snprintf(s->unknown, sizeof s->unknown, "%s", e->key);
        }
    }
    return true;
}

static bool missing_profile(struct search *s, const char *named_by) {
    char names[200];
    if (s->path == NULL)
        fault_set(s->f, FAULT_AUTH, "no profile %s: HOME is not set, so there is no file",
                  s->profile);
    else
        fault_set(s->f, FAULT_AUTH, "%s has no %s profile configured%s", s->path,
                  s->profile, named_by);
    config_file_list_profiles(&s->ini, names, sizeof names);
    if (names[0] != '\0')
        return fault_hint(s->f, "profiles there: %s", names);
    return fault_hint(s->f, "make it with: databricks auth login --profile %s",
                      s->profile);
}

static bool is_anything_configured(const struct config *c) {
    for (int a = 0; a < CONFIG_ATTRS; a++)
        if (attribute_of((enum config_attr)a)->group != NULL &&
            config_has(c, (enum config_attr)a))
            return true;
    return config_has(c, CONFIG_HOST);
}

/* The profile's values, unless nobody named one and there is something already. */
static bool from_file(struct search *s) {
    const char *named_by = "";
    s->profile = config_get(s->c, CONFIG_PROFILE);
    if (s->profile == NULL && is_anything_configured(s->c))
        return true;
    if (!config_file_load(s->args, &s->ini, &s->path, s->f))
        return false;
    s->file_read = true;
    if (s->profile == NULL) {
        s->profile = ini_get(ini_section(&s->ini, "__settings__"), "default_profile");
        named_by = " (default_profile in [__settings__])";
    }
    bool named = s->profile != NULL && *s->profile != '\0';
    if (!named)
        s->profile = "DEFAULT";
    const struct ini_section *section = ini_section(&s->ini, s->profile);
    if (section == NULL || !config_file_is_profile(section))
        return !named || missing_profile(s, named_by);
    const char *file_source;
    char source[512];
    snprintf(source, sizeof source, "%s%s", s->path, named ? named_by : " (the default)");
    if (config_file_named(s->args, &file_source) == NULL)
        file_source = "default";
    return config_set(s->c, CONFIG_PROFILE, s->profile, source, s->f) &&
           config_set(s->c, CONFIG_CONFIG_FILE, s->path, file_source, s->f) &&
           from_section(s, section);
}

/* The token in the variable that oidc_token_env names. The usual variable is a credential of
 * the environment: a profile that was named explicitly must ask for it. */
static bool from_token_variable(struct search *s, bool unasked) {
    const char *name = config_get(s->c, CONFIG_OIDC_TOKEN_ENV);
    const char *method = config_get(s->c, CONFIG_AUTH_TYPE);
    if (name == NULL && (unasked || (method != NULL && strcmp(method, "env-oidc") == 0)))
        name = "DATABRICKS_OIDC_TOKEN";
    return config_set(s->c, CONFIG_OIDC_TOKEN, config_variable(s->args, name), name,
                      s->f);
}

static bool gather(struct search *s) {
    const struct config_args *args = s->args;
    if (!from_arguments(s))
        return false;
    if (config_has(s->c, CONFIG_HOST) && config_has(s->c, CONFIG_TOKEN))
        return true;
    if (!config_has(s->c, CONFIG_PROFILE))
        return from_environment(s, 0) && from_file(s) && from_token_variable(s, true);
    return from_file(s) &&
           from_environment(s, args->alone ? ATTR_OF_MACHINE
                                           : ATTR_OF_MACHINE | ATTR_OF_WORKLOAD) &&
           from_token_variable(s, false);
}

/* ---- the host ---- */

/* A part of the host's query that names a workspace or an account. */
static bool from_host_query(struct search *s, enum config_attr a, const char *value) {
    char source[256];
    if (value[0] == '\0')
        return true;
    snprintf(source, sizeof source, "host (%s)", s->c->attr[CONFIG_HOST].source);
    return config_set(s->c, a, value, source, s->f);
}

static bool normalise_host(struct search *s) {
    struct config_value *host = &s->c->attr[CONFIG_HOST];
    struct host parsed;
    if (host->value == NULL)
        return true;
    if (!host_parse(host->value, &parsed, s->f)) {
        fault_hint(s->f, "it came from %s", host->source);
        return false;
    }
    char *url = strdup(parsed.url);
    if (url == NULL)
        return config_no_memory(s->f);
    free(host->value);
    host->value = url;
    if (parsed.azure_environment != NULL &&
        !from_host_query(s, CONFIG_AZURE_ENVIRONMENT, parsed.azure_environment))
        return false;
    return from_host_query(s, CONFIG_WORKSPACE_ID, parsed.workspace_id) &&
           from_host_query(s, CONFIG_ACCOUNT_ID, parsed.account_id);
}

/* ---- all of it ---- */

static bool choose_method(struct search *s) {
    struct auth_type_search found = {.c = s->c,
                                     .f = s->f,
                                     .ini = &s->ini,
                                     .path = s->path,
                                     .profile = s->profile,
                                     .searched = s->file_read,
                                     .unknown = s->unknown};
    return auth_type_choose(&found);
}

bool config_resolve(const struct config_args *args, struct config *c, struct fault *f) {
    struct search s = {.args = args, .c = c, .f = f};
    *c = (struct config){0};
    bool ok = gather(&s) && normalise_host(&s) && choose_method(&s);
    ini_free(&s.ini);
    free(s.path);
    if (!ok)
        config_free(c);
    return ok;
}

/* ---- the list of profiles ---- */

static bool add_profile(const struct config_args *args, struct config_profiles *p,
                        const char *name, bool is_default) {
    struct config_profile *grown = realloc(p->list, (p->count + 1) * sizeof *p->list);
    if (grown == NULL)
        return false;
    p->list = grown;
    struct config_profile *made = &grown[p->count];
    *made = (struct config_profile){.name = strdup(name), .is_default = is_default};
    if (made->name == NULL)
        return false;
    p->count++;

    struct config c;
    struct fault f;
    struct config_args only = *args;
    only.profile = name;
    only.host = only.token = NULL;
    only.config_file = p->path;
    only.alone = true;
    if (!config_resolve(&only, &c, &f)) {
        snprintf(made->problem, sizeof made->problem, "%s", f.message);
        return true;
    }
    made->auth_type = c.auth_type;
    made->host = c.attr[CONFIG_HOST].value; /* taken over */
    c.attr[CONFIG_HOST].value = NULL;
    config_free(&c);
    return true;
}

bool config_profiles(const struct config_args *args, struct config_profiles *p,
                     struct fault *f) {
    struct ini ini;
    *p = (struct config_profiles){0};
    if (!config_file_load(args, &ini, &p->path, f)) {
        config_profiles_free(p);
        return false;
    }
    const char *chosen = ini_get(ini_section(&ini, "__settings__"), "default_profile");
    if (chosen == NULL || *chosen == '\0')
        chosen = "DEFAULT";
    bool ok = true;
    for (size_t i = 0; ok && i < ini.count; i++)
        if (config_file_is_profile(&ini.sections[i]))
            ok = add_profile(args, p, ini.sections[i].name,
                             strcmp(ini.sections[i].name, chosen) == 0);
    ini_free(&ini);
    if (ok)
        return true;
    config_profiles_free(p);
    return config_no_memory(f);
}

void config_profiles_free(struct config_profiles *p) {
    for (size_t i = 0; i < p->count; i++) {
        free(p->list[i].name);
        free(p->list[i].host);
    }
    free(p->list);
    free(p->path);
    *p = (struct config_profiles){0};
}
