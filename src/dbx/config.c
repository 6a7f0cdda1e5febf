#define _DEFAULT_SOURCE /* explicit_bzero */
#include "dbx/config.h"

#include "base/buf.h"
#include "base/ini.h"
#include "dbx/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE (1 << 20)

enum {
    SECRET = 1,      /* shown as *** */
    FILE_ONLY = 2,   /* has no variable */
    OF_MACHINE = 4,  /* not of a workspace: read whatever profile was named */
    OF_WORKLOAD = 8, /* no credential: fills what an explicit profile leaves open */
    WHOLE = 16,      /* a whole number */
};

/* Reference F.1. `group` is what "more than one authorization method" counts. */
static const struct definition {
    const char *name, *other_name, *variable, *other_variable, *group;
    unsigned flags;
} DEFINITIONS[CONFIG_ATTRS] = {
    [CONFIG_HOST] = {"host", NULL, "DATABRICKS_HOST", NULL, NULL, 0},
    [CONFIG_ACCOUNT_ID] = {"account_id", NULL, "DATABRICKS_ACCOUNT_ID", NULL, NULL, 0},
    [CONFIG_WORKSPACE_ID] = {"workspace_id", NULL, "DATABRICKS_WORKSPACE_ID", NULL, NULL,
                             0},
    [CONFIG_TOKEN] = {"token", NULL, "DATABRICKS_TOKEN", NULL, "pat", SECRET},
    [CONFIG_USERNAME] = {"username", NULL, "DATABRICKS_USERNAME", NULL, "basic", 0},
    [CONFIG_PASSWORD] = {"password", NULL, "DATABRICKS_PASSWORD", NULL, "basic", SECRET},
    [CONFIG_CLIENT_ID] = {"client_id", NULL, "DATABRICKS_CLIENT_ID", NULL, "oauth", 0},
    [CONFIG_CLIENT_SECRET] = {"client_secret", NULL, "DATABRICKS_CLIENT_SECRET", NULL,
                              "oauth", SECRET},
    [CONFIG_SCOPES] = {"scopes", NULL, NULL, NULL, NULL, FILE_ONLY},
    [CONFIG_PROFILE] = {"profile", NULL, "DATABRICKS_CONFIG_PROFILE", NULL, NULL, 0},
    [CONFIG_CONFIG_FILE] = {"config_file", NULL, "DATABRICKS_CONFIG_FILE", NULL, NULL, 0},
    [CONFIG_AUTH_TYPE] = {"auth_type", NULL, "DATABRICKS_AUTH_TYPE", NULL, NULL, 0},
    [CONFIG_CLUSTER_ID] = {"cluster_id", NULL, "DATABRICKS_CLUSTER_ID", NULL, NULL,
                           OF_WORKLOAD},
    [CONFIG_WAREHOUSE_ID] = {"warehouse_id", NULL, "DATABRICKS_WAREHOUSE_ID", NULL, NULL,
                             OF_WORKLOAD},
    [CONFIG_SERVERLESS_COMPUTE_ID] = {"serverless_compute_id", NULL,
                                      "DATABRICKS_SERVERLESS_COMPUTE_ID", NULL, NULL,
                                      OF_WORKLOAD},
    [CONFIG_DATABRICKS_CLI_PATH] = {"databricks_cli_path", NULL, "DATABRICKS_CLI_PATH",
                                    NULL, NULL, OF_MACHINE},
    [CONFIG_METADATA_SERVICE_URL] = {"metadata_service_url", NULL,
                                     "DATABRICKS_METADATA_SERVICE_URL", NULL,
                                     "metadata-service", SECRET},
    [CONFIG_GOOGLE_SERVICE_ACCOUNT] = {"google_service_account", NULL,
                                       "DATABRICKS_GOOGLE_SERVICE_ACCOUNT", NULL,
                                       "google", 0},
    [CONFIG_GOOGLE_CREDENTIALS] = {"google_credentials", NULL, "GOOGLE_CREDENTIALS", NULL,
                                   "google", SECRET},
    [CONFIG_AZURE_WORKSPACE_RESOURCE_ID] = {"azure_workspace_resource_id", NULL,
                                            "DATABRICKS_AZURE_RESOURCE_ID", NULL, "azure",
                                            0},
    [CONFIG_AZURE_USE_MSI] = {"azure_use_msi", NULL, "ARM_USE_MSI", NULL, "azure", 0},
    [CONFIG_AZURE_CLIENT_ID] = {"azure_client_id", NULL, "ARM_CLIENT_ID", NULL, "azure",
                                0},
    [CONFIG_AZURE_CLIENT_SECRET] = {"azure_client_secret", NULL, "ARM_CLIENT_SECRET",
                                    NULL, "azure", SECRET},
    [CONFIG_AZURE_TENANT_ID] = {"azure_tenant_id", NULL, "ARM_TENANT_ID", NULL, "azure",
                                0},
    [CONFIG_AZURE_ENVIRONMENT] = {"azure_environment", NULL, "ARM_ENVIRONMENT", NULL,
                                  NULL, 0},
    [CONFIG_OIDC_TOKEN_ENV] = {"oidc_token_env", NULL, "DATABRICKS_OIDC_TOKEN_ENV", NULL,
                               "env-oidc", 0},
    [CONFIG_OIDC_TOKEN] = {"oidc_token", NULL, NULL, NULL, NULL, SECRET},
    [CONFIG_OIDC_TOKEN_FILEPATH] = {"oidc_token_filepath", "databricks_id_token_filepath",
                                    "DATABRICKS_OIDC_TOKEN_FILEPATH",
                                    "DATABRICKS_OIDC_TOKEN_FILE", "file-oidc", 0},
    [CONFIG_AUDIENCE] = {"audience", NULL, "DATABRICKS_TOKEN_AUDIENCE", NULL, NULL, 0},
    [CONFIG_GITHUB_URL] = {"actions_id_token_request_url", NULL,
                           "ACTIONS_ID_TOKEN_REQUEST_URL", NULL, NULL,
                           OF_MACHINE | SECRET},
    [CONFIG_GITHUB_TOKEN] = {"actions_id_token_request_token", NULL,
                             "ACTIONS_ID_TOKEN_REQUEST_TOKEN", NULL, NULL,
                             OF_MACHINE | SECRET},
    [CONFIG_DISCOVERY_URL] = {"discovery_url", NULL, "DATABRICKS_DISCOVERY_URL", NULL,
                              NULL, 0},
    [CONFIG_SKIP_VERIFY] = {"skip_verify", NULL, NULL, NULL, NULL, FILE_ONLY},
    [CONFIG_HTTP_TIMEOUT_SECONDS] = {"http_timeout_seconds", NULL, NULL, NULL, NULL,
                                     FILE_ONLY | WHOLE},
    [CONFIG_RETRY_TIMEOUT_SECONDS] = {"retry_timeout_seconds", NULL, NULL, NULL, NULL,
                                      FILE_ONLY | WHOLE},
};

/* Keys that other tools read and we do not: no reason to wonder about them. */
static const char *const FOREIGN[] = {
    "cloud",
    "oauth_callback_port",
    "rate_limit",
    "auth_storage",
    "debug_truncate_bytes",
    "debug_headers",
    "jobs-api-version",
    "azure_login_app_id",
    "experimental_is_unified_host",
};

const char *config_name(enum config_attr a) {
    return DEFINITIONS[a].name;
}

bool config_secret(enum config_attr a) {
    return (DEFINITIONS[a].flags & SECRET) != 0;
}

bool config_truth(const char *value) {
    return value != NULL && (strcasecmp(value, "true") == 0 || strcmp(value, "1") == 0);
}

/* ---- values ---- */

static bool no_memory(struct fault *f) {
    return fault_set(f, FAULT_IO, "out of memory");
}

static void wipe(char *text) {
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

static const char *get(const struct config *c, enum config_attr a) {
    return c->attr[a].value;
}

static bool has(const struct config *c, enum config_attr a) {
    return c->attr[a].value != NULL;
}

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static char *copy_trimmed(const char *text) {
    while (is_blank(*text))
        text++;
    size_t size = strlen(text);
    while (size > 0 && is_blank(text[size - 1]))
        size--;
    char *copied = malloc(size + 1);
    if (copied != NULL) {
        memcpy(copied, text, size);
        copied[size] = '\0';
    }
    return copied;
}

/* What cannot travel in a header or an argument list: found here, where its source is known. */
static bool is_clean(const char *value) {
    for (; *value != '\0'; value++)
        if ((unsigned char)*value < ' ' || *value == 0x7f)
            return false;
    return true;
}

static bool is_whole(const char *value) {
    char *end;
    errno = 0;
    strtol(value, &end, 10);
    return errno == 0 && end != value && *end == '\0';
}

/* Set an attribute unless an earlier source has, or `value` is blank. */
static bool set(struct config *c, enum config_attr a, const char *value,
                const char *source, struct fault *f) {
    if (has(c, a) || value == NULL)
        return true;
    struct config_value made = {copy_trimmed(value), NULL};
    if (made.value == NULL)
        return no_memory(f);
    if (made.value[0] == '\0') {
        free(made.value);
        return true;
    }
    bool ok = true;
    if (a != CONFIG_GOOGLE_CREDENTIALS && !is_clean(made.value))
        ok =
            fault_set(f, FAULT_AUTH, "%s from %s holds a control character (a line end?)",
                      DEFINITIONS[a].name, source);
    else if ((DEFINITIONS[a].flags & WHOLE) && !is_whole(made.value))
        ok = fault_set(f, FAULT_AUTH, "%s from %s is not a whole number",
                       DEFINITIONS[a].name, source);
    else if ((made.source = strdup(source)) == NULL)
        ok = no_memory(f);
    if (ok)
        c->attr[a] = made;
    else
        wipe(made.value);
    return ok;
}

void config_free(struct config *c) {
    for (int a = 0; a < CONFIG_ATTRS; a++) {
        wipe(c->attr[a].value);
        free(c->attr[a].source);
    }
    *c = (struct config){0};
}

/* ---- the file ---- */

static const char *variable(const struct config_args *args, const char *name) {
    const char *value = name == NULL ? NULL : args->env(args->env_ud, name);
    return value != NULL && *value != '\0' ? value : NULL;
}

/* `path` with "~" or "~/" at its front replaced; malloced. */
static char *expand(const struct config_args *args, const char *path, struct fault *f) {
    struct buf b = {0};
    bool tilde = path[0] == '~' && (path[1] == '\0' || path[1] == '/');
    const char *home = tilde ? variable(args, "HOME") : NULL;
    if (tilde && home == NULL) {
        fault_set(f, FAULT_IO, "%s: HOME is not set", path);
        fault_hint(f, "name the config file in DATABRICKS_CONFIG_FILE");
        return NULL;
    }
    if (!buf_str(&b, tilde ? home : "") || !buf_str(&b, path + tilde)) {
        buf_free(&b);
        no_memory(f);
        return NULL;
    }
    return b.bytes;
}

/* Who named the file; NULL if nobody did. */
static const char *named_file(const struct config_args *args, const char **source) {
    const char *path = args->config_file;
    *source = "argument";
    if (path == NULL || *path == '\0') {
        path = variable(args, DEFINITIONS[CONFIG_CONFIG_FILE].variable);
        *source = DEFINITIONS[CONFIG_CONFIG_FILE].variable;
    }
    return path;
}

char *config_path(const struct config_args *args, struct fault *f) {
    const char *source, *path = named_file(args, &source);
    return expand(args, path != NULL ? path : "~/.databrickscfg", f);
}

static bool read_all(int fd, struct buf *b) {
    for (;;) {
        if (!buf_grow(b, 4096)) {
            errno = ENOMEM;
            return false;
        }
        ssize_t n = read(fd, b->bytes + b->size, 4096);
        if (n == -1 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        b->size += (size_t)n;
        if (b->size > MAX_FILE) {
            errno = EFBIG;
            return false;
        }
    }
}

/* errno says why not. O_NONBLOCK: a fifo of that name must not hang us. */
static bool read_file(const char *path, struct buf *b) {
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd == -1)
        return false;
    bool ok = fstat(fd, &st) == 0;
    if (ok && S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        ok = false;
    }
    /* in one piece, if the size is known: a buffer that grows leaves copies behind */
    if (ok && S_ISREG(st.st_mode) && st.st_size <= MAX_FILE)
        ok = buf_grow(b, (size_t)st.st_size + 8192);
    ok = ok && read_all(fd, b);
    int err = errno; /* close() may change it */
    close(fd);
    errno = err;
    return ok;
}

/* The file's contents, empty if it need not be there and is not; *path NULL if there is no
 * name to look for. */
static bool load_file(const struct config_args *args, struct ini *ini, char **path,
                      struct fault *f) {
    const char *source;
    bool named = named_file(args, &source) != NULL;
    struct buf b = {0};
    *ini = (struct ini){0};
    *path = config_path(args, f);
    if (*path == NULL)
        return !named && variable(args, "HOME") == NULL;
    if (!read_file(*path, &b)) {
        int err = errno;
        buf_wipe(&b);
        if (!named && (err == ENOENT || err == ENOTDIR))
            return true;
        fault_set(f, FAULT_IO, "config file %s: %s", *path, strerror(err));
        if (named && err == ENOENT)
            fault_hint(f, "it was named by %s", source);
        return false;
    }
    bool ok = ini_parse(b.bytes != NULL ? b.bytes : "", b.size, ini, f);
    buf_wipe(&b);
    if (!ok) {
        struct fault cause = *f;
        fault_set(f, cause.kind, "config file %s: %.400s", *path, cause.message);
    }
    return ok;
}

/* ---- sources in their order ---- */

/* What one config_resolve knows. */
struct search {
    const struct config_args *args;
    struct config *c;
    struct fault *f;
    struct ini ini;
    char *path;          /* of the file, once it is loaded */
    const char *profile; /* the section, if one is used; of args, env or ini */
    char
        unknown[64]; /* a key in it that nobody knows: worth a word if credentials lack */
    bool file_read;
};

static bool from_arguments(struct search *s) {
    const struct config_args *args = s->args;
    return set(s->c, CONFIG_HOST, args->host, "argument", s->f) &&
           set(s->c, CONFIG_TOKEN, args->token, "argument", s->f) &&
           set(s->c, CONFIG_PROFILE, args->profile, "argument", s->f) &&
           set(s->c, CONFIG_CONFIG_FILE, args->config_file, "argument", s->f);
}

/* The variables of all attributes that have `flags`, or of all if it is 0. */
static bool from_environment(struct search *s, unsigned flags) {
    for (int a = 0; a < CONFIG_ATTRS; a++) {
        const struct definition *d = &DEFINITIONS[a];
        const char *name = d->variable, *value = variable(s->args, name);
        if (flags != 0 && !(d->flags & flags))
            continue;
        if (value == NULL) {
            name = d->other_variable;
            value = variable(s->args, name);
        }
        if (!set(s->c, (enum config_attr)a, value, name, s->f))
            return false;
    }
    return true;
}

static bool is_foreign(const char *key) {
    for (size_t i = 0; i < sizeof FOREIGN / sizeof FOREIGN[0]; i++)
        if (strcmp(FOREIGN[i], key) == 0)
            return true;
    return false;
}

static int attribute_named(const char *key) {
    for (int a = 0; a < CONFIG_ATTRS; a++) {
        const struct definition *d = &DEFINITIONS[a];
        if (a == CONFIG_PROFILE || a == CONFIG_CONFIG_FILE || a == CONFIG_OIDC_TOKEN)
            continue; /* they mean nothing in a file */
        if (strcmp(d->name, key) == 0 ||
            (d->other_name != NULL && strcmp(d->other_name, key) == 0))
            return a;
    }
    return -1;
}

static bool from_section(struct search *s, const struct ini_section *section) {
    char source[512];
    snprintf(source, sizeof source, "profile %s in %s", section->name, s->path);
    for (size_t i = 0; i < section->count; i++) {
        const struct ini_entry *e = &section->entries[i];
        int a = attribute_named(e->key);
        if (a >= 0) {
            if (!set(s->c, (enum config_attr)a, e->value, source, s->f))
                return false;
        } else if (!is_foreign(e->key) && s->unknown[0] == '\0') {
            snprintf(s->unknown, sizeof s->unknown, "%s", e->key);
        }
    }
    return true;
}

static bool is_profile(const struct ini_section *section) {
    return section->count > 0 && strncmp(section->name, "__", 2) != 0;
}

/* "a, b, c" of what there is; ends in "..." where it does not fit. */
static void list_profiles(const struct ini *ini, char *out, size_t room) {
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < ini->count; i++) {
        const struct ini_section *section = &ini->sections[i];
        if (!is_profile(section))
            continue;
        if (used + strlen(section->name) + 8 > room) {
            snprintf(out + used, room - used, ", ...");
            return;
        }
        used += (size_t)snprintf(out + used, room - used, "%s%s", used > 0 ? ", " : "",
                                 section->name);
    }
}

static bool missing_profile(struct search *s, const char *named_by) {
    char names[200];
    if (s->path == NULL)
        fault_set(s->f, FAULT_AUTH, "no profile %s: HOME is not set, so there is no file",
                  s->profile);
    else
        fault_set(s->f, FAULT_AUTH, "%s has no %s profile configured%s", s->path,
                  s->profile, named_by);
    list_profiles(&s->ini, names, sizeof names);
    if (names[0] != '\0')
        return fault_hint(s->f, "profiles there: %s", names);
    return fault_hint(s->f, "make it with: databricks auth login --profile %s",
                      s->profile);
}

static bool is_anything_configured(const struct config *c) {
    for (int a = 0; a < CONFIG_ATTRS; a++)
        if (DEFINITIONS[a].group != NULL && has(c, (enum config_attr)a))
            return true;
    return has(c, CONFIG_HOST);
}

/* The profile's values, unless nobody named one and there is something already. */
static bool from_file(struct search *s) {
    const char *named_by = "";
    s->profile = get(s->c, CONFIG_PROFILE);
    if (s->profile == NULL && is_anything_configured(s->c))
        return true;
    if (!load_file(s->args, &s->ini, &s->path, s->f))
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
    if (section == NULL || !is_profile(section))
        return !named || missing_profile(s, named_by);
    const char *file_source;
    char source[512];
    snprintf(source, sizeof source, "%s%s", s->path, named ? named_by : " (the default)");
    if (named_file(s->args, &file_source) == NULL)
        file_source = "default";
    return set(s->c, CONFIG_PROFILE, s->profile, source, s->f) &&
           set(s->c, CONFIG_CONFIG_FILE, s->path, file_source, s->f) &&
           from_section(s, section);
}

/* The token in the variable that oidc_token_env names. The usual variable is a credential of
 * the environment: a profile that was named explicitly must ask for it. */
static bool from_token_variable(struct search *s, bool unasked) {
    const char *name = get(s->c, CONFIG_OIDC_TOKEN_ENV);
    const char *method = get(s->c, CONFIG_AUTH_TYPE);
    if (name == NULL && (unasked || (method != NULL && strcmp(method, "env-oidc") == 0)))
        name = "DATABRICKS_OIDC_TOKEN";
    return set(s->c, CONFIG_OIDC_TOKEN, variable(s->args, name), name, s->f);
}

static bool gather(struct search *s) {
    const struct config_args *args = s->args;
    if (!from_arguments(s))
        return false;
    if (has(s->c, CONFIG_HOST) && has(s->c, CONFIG_TOKEN))
        return true;
    if (!has(s->c, CONFIG_PROFILE))
        return from_environment(s, 0) && from_file(s) && from_token_variable(s, true);
    return from_file(s) &&
           from_environment(s, args->alone ? OF_MACHINE : OF_MACHINE | OF_WORKLOAD) &&
           from_token_variable(s, false);
}

/* ---- the host ---- */

/* A part of the host's query that names a workspace or an account. */
static bool from_host_query(struct search *s, enum config_attr a, const char *value) {
    char source[256];
    if (value[0] == '\0')
        return true;
    snprintf(source, sizeof source, "host (%s)", s->c->attr[CONFIG_HOST].source);
    return set(s->c, a, value, source, s->f);
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
        return no_memory(s->f);
    free(host->value);
    host->value = url;
    if (has(s->c, CONFIG_AZURE_ENVIRONMENT) == false &&
        parsed.azure_environment != NULL &&
        !from_host_query(s, CONFIG_AZURE_ENVIRONMENT, parsed.azure_environment))
        return false;
    return from_host_query(s, CONFIG_WORKSPACE_ID, parsed.workspace_id) &&
           from_host_query(s, CONFIG_ACCOUNT_ID, parsed.account_id);
}

/* ---- the method ---- */

enum needs { /* what a method cannot do without, beside its attributes */
             HOST = 1,
             HOST_OR_RESOURCE = 2,
};

/* The methods in the order in which they are tried (F.4). */
static const struct method {
    const char *name;
    bool supported;
    enum needs needs;
    int required[3]; /* attributes, each + 1; 0 ends */
    int also;        /* one more to be chosen unasked, + 1; 0: none */
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

/* These two ask another program, and need no attribute. */
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

/* client_id belongs to the OIDC methods too, so by itself it is no second method. */
static const char *group_of(const struct config *c, enum config_attr a) {
    if (a == CONFIG_CLIENT_ID && !has(c, CONFIG_CLIENT_SECRET) &&
        (has(c, CONFIG_OIDC_TOKEN_ENV) || has(c, CONFIG_OIDC_TOKEN_FILEPATH)))
        return NULL;
    if (a == CONFIG_AZURE_USE_MSI && !config_truth(get(c, a)))
        return NULL;
    return DEFINITIONS[a].group;
}

/* The groups of which something is set, each once and sorted, with who set it first. */
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
            has(c, (enum config_attr)a) ? group_of(c, (enum config_attr)a) : NULL;
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
        no_memory(f);
    }
    buf_free(&names);
    buf_free(&sources);
    return false;
}

static bool unsupported(const char *name, const char *source, struct fault *f) {
    fault_set(f, FAULT_AUTH, "auth_type %s (%s) is not supported; supported are %s", name,
              source, SUPPORTED);
    if (strcmp(name, "external-browser") == 0)
        return fault_hint(f, "use databricks-cli, after: databricks auth login");
    return fault_hint(f, "choose one of these with auth_type or DATABRICKS_AUTH_TYPE");
}

/* Who set the first attribute of a method, for a message. */
static const char *source_of(const struct config *c, const struct method *m) {
    return m->required[0] == 0 ? "" : c->attr[m->required[0] - 1].source;
}

/* Are the attributes of `m` there? *lacks is the first that is not, + 1. */
static bool is_complete(const struct config *c, const struct method *m, int *lacks) {
    for (size_t i = 0; i < 3 && m->required[i] != 0; i++) {
        enum config_attr a = (enum config_attr)(m->required[i] - 1);
        if (!has(c, a) || (a == CONFIG_AZURE_USE_MSI && group_of(c, a) == NULL)) {
            *lacks = m->required[i];
            return false;
        }
    }
    return true;
}

static bool lacks_credentials(struct search *s) {
    const char *where = s->path != NULL ? s->path : "a config file";
    if (s->profile != NULL && has(s->c, CONFIG_PROFILE))
        fault_set(s->f, FAULT_AUTH, "profile %s in %s names no host", s->profile, where);
    else if (s->file_read)
        fault_set(
            s->f, FAULT_AUTH,
            "no credentials: no workspace is named by arguments, by DATABRICKS_HOST, "
            "or by [DEFAULT] in %s",
            where);
    else
        fault_set(s->f, FAULT_AUTH, "no host is configured");
    if (s->unknown[0] != '\0')
        return fault_hint(s->f, "the key '%s' there has no meaning", s->unknown);
    char names[160];
    list_profiles(&s->ini, names, sizeof names);
    if (names[0] != '\0' && !has(s->c, CONFIG_PROFILE))
        return fault_hint(s->f, "choose a profile with --profile; there are: %s", names);
    return fault_hint(s->f,
                      "set DATABRICKS_HOST and DATABRICKS_TOKEN, or run: databricks "
                      "auth login --host URL; --profile demo needs neither");
}

/* A way to the workspace: its address, or what Azure can tell it from. */
static bool has_address(struct search *s, const struct method *m) {
    if (has(s->c, CONFIG_HOST))
        return true;
    if (m->needs != HOST_OR_RESOURCE || !has(s->c, CONFIG_AZURE_WORKSPACE_RESOURCE_ID))
        return lacks_credentials(s);
    if (strcmp(m->name, "azure-client-secret") == 0 &&
        !has(s->c, CONFIG_AZURE_TENANT_ID)) {
        fault_set(s->f, FAULT_AUTH,
                  "azure-client-secret: neither azure_tenant_id nor host");
        return fault_hint(s->f, "set ARM_TENANT_ID, or the host, which tells the tenant");
    }
    return true;
}

static bool forced_method(struct search *s) {
    const struct config_value *wanted = &s->c->attr[CONFIG_AUTH_TYPE];
    const struct method *m = method_named(wanted->value);
    int lacks = 0;
    if (m == NULL || !m->supported)
        return unsupported(wanted->value, wanted->source, s->f);
    if (!is_complete(s->c, m, &lacks)) {
        const struct definition *d = &DEFINITIONS[lacks - 1];
        const char *name = get(s->c, CONFIG_OIDC_TOKEN_ENV);
        fault_set(s->f, FAULT_AUTH, "auth_type is %s (%s), but %s is not set", m->name,
                  wanted->source, d->name);
        if (lacks - 1 == CONFIG_OIDC_TOKEN)
            return fault_hint(s->f, "it is read from the variable %s",
                              name != NULL ? name : "DATABRICKS_OIDC_TOKEN");
        if (d->variable != NULL)
            return fault_hint(s->f, "set %s%s", d->variable,
                              d->flags & OF_MACHINE ? "" : ", or the key in the profile");
        return false;
    }
    s->c->auth_type = m->name;
    return has_address(s, m);
}

/* The first method whose attributes are there; if none is, another program is asked. */
static bool first_method(struct search *s) {
    int lacks;
    if (!only_one_group(s->c, s->f))
        return false;
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        const struct method *m = &METHODS[i];
        if (!is_complete(s->c, m, &lacks))
            continue;
        if (m->also != 0 && !has(s->c, (enum config_attr)(m->also - 1)))
            continue;
        if (!m->supported)
            return unsupported(m->name, source_of(s->c, m), s->f);
        s->c->auth_type = m->name;
        return has_address(s, m);
    }
    bool by_resource =
        !has(s->c, CONFIG_HOST) && has(s->c, CONFIG_AZURE_WORKSPACE_RESOURCE_ID);
    s->c->auth_type = by_resource ? AZ.name : CLI.name;
    return has_address(s, by_resource ? &AZ : &CLI);
}

static bool resolve(struct search *s) {
    return gather(s) && normalise_host(s) &&
           (has(s->c, CONFIG_AUTH_TYPE) ? forced_method(s) : first_method(s));
}

bool config_resolve(const struct config_args *args, struct config *c, struct fault *f) {
    struct search s = {.args = args, .c = c, .f = f};
    *c = (struct config){0};
    bool ok = resolve(&s);
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
    if (!load_file(args, &ini, &p->path, f)) {
        config_profiles_free(p);
        return false;
    }
    const char *chosen = ini_get(ini_section(&ini, "__settings__"), "default_profile");
    if (chosen == NULL || *chosen == '\0')
        chosen = "DEFAULT";
    bool ok = true;
    for (size_t i = 0; ok && i < ini.count; i++)
        if (is_profile(&ini.sections[i]))
            ok = add_profile(args, p, ini.sections[i].name,
                             strcmp(ini.sections[i].name, chosen) == 0);
    ini_free(&ini);
    if (ok)
        return true;
    config_profiles_free(p);
    return no_memory(f);
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
