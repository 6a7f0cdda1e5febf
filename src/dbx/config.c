#include "dbx/config.h"

#include "dbx/attribute.h"
#include "dbx/auth_type.h"
#include "dbx/config_file.h"
#include "dbx/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The state of one config_resolve. */
struct search {
    const struct config_args *args;
    struct config *c;
    struct fault *f;
    const struct ini *ini; /* the config file, once it is loaded */
    char *path;            /* of it */
    const char *profile;   /* the section that is used; owned by args, env or ini */
    char unknown[64];      /* an unknown key in the section */
    bool file_read;
    struct ini own; /* what `ini` is, unless the caller has loaded the file */
};

/* ---- who may set what ---- */

/* True if a credential is set, which chooses a method. */
static bool has_credential(const struct config *c) {
    for (int a = 0; a < CONFIG_ATTRS; a++)
        if (attribute_of((enum config_attr)a)->group != NULL &&
            config_has(c, (enum config_attr)a))
            return true;
    return config_has(c, CONFIG_AUTH_TYPE);
}

/* What the sources so far have chosen. A later source completes it, and never adds
 * a credential of its own. */
struct choice {
    bool made;               /* a credential, or auth_type */
    bool named;              /* auth_type is set: all that it needs may be added */
    bool waits_for_id_token; /* client_id without a secret: an OIDC token may follow */
    const char *groups[CONFIG_ATTRS];
    size_t count;
};

static struct choice choice_of(const struct config *c) {
    struct choice made = {.made = has_credential(c),
                          .named = config_has(c, CONFIG_AUTH_TYPE)};
    for (int a = 0; a < CONFIG_ATTRS; a++)
        if (config_has(c, (enum config_attr)a) &&
            attribute_of((enum config_attr)a)->group != NULL)
            made.groups[made.count++] = attribute_of((enum config_attr)a)->group;
    made.waits_for_id_token =
        config_has(c, CONFIG_CLIENT_ID) && !config_has(c, CONFIG_CLIENT_SECRET);
    return made;
}

static bool completes(const struct choice *made, enum config_attr a) {
    const char *group = attribute_of(a)->group;
    if (!made->made || made->named)
        return true;
    if (a == CONFIG_AUTH_TYPE)
        return false;
    if (group == NULL)
        return true;
    for (size_t i = 0; i < made->count; i++)
        if (strcmp(made->groups[i], group) == 0)
            return true;
    return made->waits_for_id_token &&
           (strcmp(group, "env-oidc") == 0 || strcmp(group, "file-oidc") == 0);
}

/* ---- one workspace ---- */

/* Compare two hosts: their URLs in normal form, or else their texts. */
static bool same_host(const char *a, const char *b) {
    struct host one, other;
    struct fault ignored;
    if (!host_parse(a, &one, &ignored) || !host_parse(b, &other, &ignored))
        return strcmp(a, b) == 0;
    return strcmp(one.url, other.url) == 0;
}

/* A credential is only sent to the host that its own source names. If two sources name
 * different hosts, it is unknown which workspace is wanted. */
static bool agrees_on_host(struct search *s, const char *value, const char *source) {
    const struct config_value *known = &s->c->attr[CONFIG_HOST];
    if (value == NULL || *value == '\0' || known->value == NULL ||
        same_host(known->value, value))
        return true;
    fault_set(s->f, FAULT_AUTH, "two hosts are configured: %s (%s) and %s (%s)",
              known->value, known->source, value, source);
    return fault_hint(s->f,
                      "unset one of them: a credential is never sent to the host of "
                      "another source");
}

/* ---- the sources ---- */

static bool from_arguments(struct search *s) {
    const struct config_args *args = s->args;
    return config_set(s->c, CONFIG_HOST, args->host, "argument", s->f) &&
           config_set(s->c, CONFIG_TOKEN, args->token, "argument", s->f) &&
           config_set(s->c, CONFIG_ACCOUNT_ID, args->account_id, "argument", s->f) &&
           config_set(s->c, CONFIG_AUTH_TYPE, args->auth_type, "argument", s->f) &&
           config_set(s->c, CONFIG_CONFIG_FILE, args->config_file, "argument", s->f);
}

/* True for an attribute that tells, beside the host's name, which workspace is meant. */
static bool is_address(int a) {
    return a == CONFIG_ACCOUNT_ID || a == CONFIG_WORKSPACE_ID ||
           a == CONFIG_DISCOVERY_URL;
}

/* Read the variables of the attributes that have `flags`, or of all if `flags` is 0. */
static bool from_environment(struct search *s, unsigned flags) {
    const struct choice made = choice_of(s->c);
    bool elsewhere =
        config_has(s->c, CONFIG_HOST) &&
        config_variable(s->args, attribute_of(CONFIG_HOST)->variable) == NULL;
    for (int a = 0; a < CONFIG_ATTRS; a++) {
        const struct attribute *d = attribute_of((enum config_attr)a);
        const char *name = d->variable, *value = config_variable(s->args, name);
        if ((flags != 0 && !(d->flags & flags)) || (elsewhere && is_address(a)))
            continue;
        if (value == NULL) {
            name = d->other_variable;
            value = config_variable(s->args, name);
        }
        if (a == CONFIG_HOST && !agrees_on_host(s, value, name))
            return false;
        if (!(d->flags & ATTR_OF_MACHINE) && !completes(&made, (enum config_attr)a))
            continue;
        if (!config_set(s->c, (enum config_attr)a, value, name, s->f))
            return false;
    }
    return true;
}

static bool from_section(struct search *s, const struct ini_section *section) {
    const struct choice made = choice_of(s->c);
    char source[512];
    snprintf(source, sizeof source, "profile %s in %s", section->name, s->path);
    for (size_t i = 0; i < section->count; i++) {
        const struct ini_entry *e = &section->entries[i];
        int a = attribute_named(e->key);
        if (a == CONFIG_HOST && !agrees_on_host(s, e->value, source))
            return false;
        if (a >= 0) {
            if (completes(&made, (enum config_attr)a) &&
                !config_set(s->c, (enum config_attr)a, e->value, source, s->f))
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
    config_file_list_profiles(s->ini, names, sizeof names);
    if (names[0] != '\0')
        return fault_hint(s->f, "profiles there: %s", names);
    return fault_hint(s->f, "make it with: tarn auth login --host URL --profile %s",
                      s->profile);
}

/* Where log-ins are kept, which is said by a variable, or in [__settings__]. */
static bool from_settings(struct search *s) {
    const char *variable = attribute_of(CONFIG_AUTH_STORAGE)->variable;
    const char *set = ini_get(ini_section(s->ini, "__settings__"), "auth_storage");
    char source[512];
    snprintf(source, sizeof source, "[__settings__] in %s", s->path);
    return config_set(s->c, CONFIG_AUTH_STORAGE, config_variable(s->args, variable),
                      variable, s->f) &&
           config_set(s->c, CONFIG_AUTH_STORAGE, set, source, s->f);
}

static bool load_file(struct search *s) {
    s->file_read =
        s->ini != &s->own || config_file_load(s->args, &s->own, &s->path, s->f);
    return s->file_read && from_settings(s);
}

/* Take the section `s->profile` of the file, which `source` has named. */
static bool use_section(struct search *s, const struct ini_section *section,
                        const char *source) {
    const char *file_source;
    if (config_file_named(s->args, &file_source) == NULL)
        file_source = "default";
    return config_set(s->c, CONFIG_PROFILE, s->profile, source, s->f) &&
           config_set(s->c, CONFIG_CONFIG_FILE, s->path, file_source, s->f) &&
           from_section(s, section);
}

/* Read the profile that an argument or a variable names. */
static bool from_named_profile(struct search *s, const char *source) {
    if (!load_file(s))
        return false;
    const struct ini_section *section = ini_section(s->ini, s->profile);
    if (section == NULL || !config_file_is_profile(section))
        return missing_profile(s, "");
    return use_section(s, section, source);
}

/* Read the default profile: default_profile of [__settings__], or [DEFAULT]. It completes
 * the environment, unless it is about another workspace. */
static bool from_default_profile(struct search *s) {
    bool addressed = config_has(s->c, CONFIG_HOST) ||
                     config_has(s->c, CONFIG_AZURE_WORKSPACE_RESOURCE_ID);
    if (addressed && has_credential(s->c))
        return true;
    if (!load_file(s))
        return false;
    const char *named_by = " (default_profile in [__settings__])";
    s->profile = ini_get(ini_section(s->ini, "__settings__"), "default_profile");
    bool named = s->profile != NULL && *s->profile != '\0';
    if (!named)
        s->profile = "DEFAULT";
    const struct ini_section *section = ini_section(s->ini, s->profile);
    if (section == NULL || !config_file_is_profile(section))
        return !named || missing_profile(s, named_by);
    const char *host = ini_get(section, "host"), *known = config_get(s->c, CONFIG_HOST);
    if (host != NULL && known != NULL && !same_host(host, known)) {
        s->profile = NULL;
        return true;
    }
    char source[512];
    snprintf(source, sizeof source, "%s%s", s->path, named ? named_by : " (the default)");
    return use_section(s, section, source);
}

/* Read the token in the variable that oidc_token_env names, or in the default variable if
 * no other credential was chosen. */
static bool from_token_variable(struct search *s, bool unasked) {
    const char *name = config_get(s->c, CONFIG_OIDC_TOKEN_ENV);
    const char *method = config_get(s->c, CONFIG_AUTH_TYPE);
    if (name == NULL && (unasked || (method != NULL && strcmp(method, "env-oidc") == 0)))
        name = "DATABRICKS_OIDC_TOKEN";
    return config_set(s->c, CONFIG_OIDC_TOKEN, config_variable(s->args, name), name,
                      s->f);
}

/* Read the arguments, the profile that was named, the environment, and the default
 * profile, in this order. Each source adds what those before it leave out. */
static bool gather(struct search *s) {
    const struct config_args *args = s->args;
    const char *variable = attribute_of(CONFIG_PROFILE)->variable;
    if (!from_arguments(s))
        return false;
    if (config_has(s->c, CONFIG_HOST) && config_has(s->c, CONFIG_TOKEN))
        return true;
    s->profile = args->profile != NULL ? args->profile : config_variable(args, variable);
    bool named = s->profile != NULL && *s->profile != '\0';
    if (named && !from_named_profile(s, args->profile != NULL ? "argument" : variable))
        return false;
    const struct choice made = choice_of(s->c);
    bool chosen = made.made && !made.waits_for_id_token;
    if (named && args->alone)
        return from_environment(s, ATTR_OF_MACHINE) && from_token_variable(s, false);
    return from_environment(s, 0) && (named || from_default_profile(s)) &&
           from_token_variable(s, !chosen);
}

/* ---- the host ---- */

/* Read a part of the host's query that names a workspace or an account. */
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
                                     .ini = s->ini,
                                     .path = s->path,
                                     .profile = s->profile,
                                     .searched = s->file_read,
                                     .unknown = s->unknown};
    return auth_type_choose(&found);
}

static bool resolve(struct search *s) {
    *s->c = (struct config){0};
    bool ok = gather(s) && normalise_host(s) && choose_method(s);
    if (!ok)
        config_free(s->c);
    return ok;
}

bool config_resolve(const struct config_args *args, struct config *c, struct fault *f) {
    struct search s = {.args = args, .c = c, .f = f};
    s.ini = &s.own;
    bool ok = resolve(&s);
    ini_free(&s.own);
    free(s.path);
    return ok;
}

/* ---- the list of profiles ---- */

/* The file is read once for all of them, and there is room for all. */
static bool add_profile(const struct config_args *args, struct config_profiles *p,
                        const struct ini *ini, const char *name, bool is_default) {
    struct config_profile *made = &p->list[p->count];
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
    struct search s = {.args = &only, .c = &c, .f = &f, .ini = ini, .path = p->path};
    if (!resolve(&s)) {
        snprintf(made->problem, sizeof made->problem, "%s", f.message);
        return true;
    }
    made->auth_type = c.auth_type;
    made->host = c.attr[CONFIG_HOST].value; /* taken over from `c` */
    c.attr[CONFIG_HOST].value = NULL;
    config_free(&c);
    return true;
}

/* Where log-ins are kept is said for all profiles at once. */
static bool copy_storage(const struct config_args *args, const struct ini *ini,
                         struct config_profiles *p) {
    const char *set = config_variable(args, attribute_of(CONFIG_AUTH_STORAGE)->variable);
    if (set == NULL)
        set = ini_get(ini_section(ini, "__settings__"), "auth_storage");
    if (set == NULL || *set == '\0')
        return true;
    p->storage = strdup(set);
    return p->storage != NULL;
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
    p->list = calloc(ini.count + 1, sizeof *p->list);
    bool ok = p->list != NULL && copy_storage(args, &ini, p);
    for (size_t i = 0; ok && i < ini.count; i++)
        if (config_file_is_profile(&ini.sections[i]))
            ok = add_profile(args, p, &ini, ini.sections[i].name,
                             strcmp(ini.sections[i].name, chosen) == 0);
    ini_free(&ini);
    if (ok)
        return true;
    config_profiles_free(p);
    return config_no_memory(f);
}

void config_profiles_free(struct config_profiles *p) {
    for (size_t i = 0; p->list != NULL && i < p->count; i++) {
        free(p->list[i].name);
        free(p->list[i].host);
    }
    free(p->list);
    free(p->path);
    free(p->storage);
    *p = (struct config_profiles){0};
}
