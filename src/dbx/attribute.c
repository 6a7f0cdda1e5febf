#define _DEFAULT_SOURCE /* explicit_bzero */
#include "dbx/attribute.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct attribute ATTRIBUTES[CONFIG_ATTRS] = {
    [CONFIG_HOST] = {"host", NULL, "DATABRICKS_HOST", NULL, NULL, 0},
    [CONFIG_ACCOUNT_ID] = {"account_id", NULL, "DATABRICKS_ACCOUNT_ID", NULL, NULL, 0},
    [CONFIG_WORKSPACE_ID] = {"workspace_id", NULL, "DATABRICKS_WORKSPACE_ID", NULL, NULL,
                             0},
    [CONFIG_TOKEN] = {"token", NULL, "DATABRICKS_TOKEN", NULL, "pat", ATTR_SECRET},
    [CONFIG_USERNAME] = {"username", NULL, "DATABRICKS_USERNAME", NULL, "basic", 0},
    [CONFIG_PASSWORD] = {"password", NULL, "DATABRICKS_PASSWORD", NULL, "basic",
                         ATTR_SECRET},
    [CONFIG_CLIENT_ID] = {"client_id", NULL, "DATABRICKS_CLIENT_ID", NULL, "oauth", 0},
    [CONFIG_CLIENT_SECRET] = {"client_secret", NULL, "DATABRICKS_CLIENT_SECRET", NULL,
                              "oauth", ATTR_SECRET},
    [CONFIG_SCOPES] = {"scopes", NULL, NULL, NULL, NULL, 0},
    [CONFIG_PROFILE] = {"profile", NULL, "DATABRICKS_CONFIG_PROFILE", NULL, NULL, 0},
    [CONFIG_CONFIG_FILE] = {"config_file", NULL, "DATABRICKS_CONFIG_FILE", NULL, NULL, 0},
    [CONFIG_AUTH_TYPE] = {"auth_type", NULL, "DATABRICKS_AUTH_TYPE", NULL, NULL, 0},
    [CONFIG_CLUSTER_ID] = {"cluster_id", NULL, "DATABRICKS_CLUSTER_ID", NULL, NULL, 0},
    [CONFIG_WAREHOUSE_ID] = {"warehouse_id", NULL, "DATABRICKS_WAREHOUSE_ID", NULL, NULL,
                             0},
    [CONFIG_SERVERLESS_COMPUTE_ID] = {"serverless_compute_id", NULL,
                                      "DATABRICKS_SERVERLESS_COMPUTE_ID", NULL, NULL, 0},
    [CONFIG_DATABRICKS_CLI_PATH] = {"databricks_cli_path", NULL, "DATABRICKS_CLI_PATH",
                                    NULL, NULL, ATTR_OF_MACHINE},
    [CONFIG_METADATA_SERVICE_URL] = {"metadata_service_url", NULL,
                                     "DATABRICKS_METADATA_SERVICE_URL", NULL,
                                     "metadata-service", ATTR_SECRET},
    [CONFIG_GOOGLE_SERVICE_ACCOUNT] = {"google_service_account", NULL,
                                       "DATABRICKS_GOOGLE_SERVICE_ACCOUNT", NULL,
                                       "google", 0},
    [CONFIG_GOOGLE_CREDENTIALS] = {"google_credentials", NULL, "GOOGLE_CREDENTIALS", NULL,
                                   "google", ATTR_SECRET},
    [CONFIG_AZURE_WORKSPACE_RESOURCE_ID] = {"azure_workspace_resource_id", NULL,
                                            "DATABRICKS_AZURE_RESOURCE_ID", NULL, "azure",
                                            0},
    [CONFIG_AZURE_USE_MSI] = {"azure_use_msi", NULL, "ARM_USE_MSI", NULL, "azure", 0},
    [CONFIG_AZURE_CLIENT_ID] = {"azure_client_id", NULL, "ARM_CLIENT_ID", NULL, "azure",
                                0},
    [CONFIG_AZURE_CLIENT_SECRET] = {"azure_client_secret", NULL, "ARM_CLIENT_SECRET",
                                    NULL, "azure", ATTR_SECRET},
    [CONFIG_AZURE_TENANT_ID] = {"azure_tenant_id", NULL, "ARM_TENANT_ID", NULL, "azure",
                                0},
    [CONFIG_AZURE_ENVIRONMENT] = {"azure_environment", NULL, "ARM_ENVIRONMENT", NULL,
                                  NULL, 0},
    [CONFIG_OIDC_TOKEN_ENV] = {"oidc_token_env", NULL, "DATABRICKS_OIDC_TOKEN_ENV", NULL,
                               "env-oidc", 0},
    [CONFIG_OIDC_TOKEN] = {"oidc_token", NULL, NULL, NULL, NULL, ATTR_SECRET},
    [CONFIG_OIDC_TOKEN_FILEPATH] = {"oidc_token_filepath", "databricks_id_token_filepath",
                                    "DATABRICKS_OIDC_TOKEN_FILEPATH",
                                    "DATABRICKS_OIDC_TOKEN_FILE", "file-oidc", 0},
    [CONFIG_AUDIENCE] = {"audience", NULL, "DATABRICKS_TOKEN_AUDIENCE", NULL, NULL, 0},
    [CONFIG_GITHUB_URL] = {"actions_id_token_request_url", NULL,
                           "ACTIONS_ID_TOKEN_REQUEST_URL", NULL, NULL,
                           ATTR_OF_MACHINE | ATTR_SECRET},
    [CONFIG_GITHUB_TOKEN] = {"actions_id_token_request_token", NULL,
                             "ACTIONS_ID_TOKEN_REQUEST_TOKEN", NULL, NULL,
                             ATTR_OF_MACHINE | ATTR_SECRET},
    [CONFIG_DISCOVERY_URL] = {"discovery_url", NULL, "DATABRICKS_DISCOVERY_URL", NULL,
                              NULL, 0},
    [CONFIG_GROUP_ID] = {"group_id", NULL, "DATABRICKS_GROUP_ID", NULL, NULL, 0},
    [CONFIG_AUTH_STORAGE] = {"auth_storage", NULL, "DATABRICKS_AUTH_STORAGE", NULL, NULL,
                             ATTR_OF_MACHINE},
    [CONFIG_SKIP_VERIFY] = {"skip_verify", NULL, NULL, NULL, NULL, 0},
    [CONFIG_HTTP_TIMEOUT_SECONDS] = {"http_timeout_seconds", NULL, NULL, NULL, NULL,
                                     ATTR_WHOLE},
    [CONFIG_RETRY_TIMEOUT_SECONDS] = {"retry_timeout_seconds", NULL, NULL, NULL, NULL,
                                      ATTR_WHOLE},
};

/* Keys of other tools, which are no mistakes. */
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

const struct attribute *attribute_of(enum config_attr a) {
    return &ATTRIBUTES[a];
}

bool attribute_is_foreign(const char *key) {
    for (size_t i = 0; i < sizeof FOREIGN / sizeof FOREIGN[0]; i++)
        if (strcmp(FOREIGN[i], key) == 0)
            return true;
    return false;
}

int attribute_named(const char *key) {
    for (int a = 0; a < CONFIG_ATTRS; a++) {
        const struct attribute *d = attribute_of((enum config_attr)a);
        if (a == CONFIG_PROFILE || a == CONFIG_CONFIG_FILE || a == CONFIG_OIDC_TOKEN ||
            a == CONFIG_AUTH_STORAGE)
            continue; /* these have no meaning in a profile */
        if (strcmp(d->name, key) == 0 ||
            (d->other_name != NULL && strcmp(d->other_name, key) == 0))
            return a;
    }
    return -1;
}

const char *config_name(enum config_attr a) {
    return attribute_of(a)->name;
}

bool config_secret(enum config_attr a) {
    return (attribute_of(a)->flags & ATTR_SECRET) != 0;
}

bool config_truth(const char *value) {
    return value != NULL && (strcasecmp(value, "true") == 0 || strcmp(value, "1") == 0);
}

bool config_no_memory(struct fault *f) {
    return fault_memory(f, "the settings of a workspace");
}

static void wipe(char *text) {
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
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

/* False for a value that cannot be sent in a header or an argument list. It is found
 * here, where the source of the value is known. */
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

bool config_set(struct config *c, enum config_attr a, const char *value,
                const char *source, struct fault *f) {
    if (config_has(c, a) || value == NULL)
        return true;
    struct config_value made = {copy_trimmed(value), NULL};
    if (made.value == NULL)
        return config_no_memory(f);
    if (made.value[0] == '\0') {
        free(made.value);
        return true;
    }
    bool ok = true;
    if (a != CONFIG_GOOGLE_CREDENTIALS && !is_clean(made.value))
        ok =
            fault_set(f, FAULT_AUTH, "%s from %s holds a control character (a line end?)",
                      attribute_of(a)->name, source);
    else if ((attribute_of(a)->flags & ATTR_WHOLE) && !is_whole(made.value))
        ok = fault_set(f, FAULT_AUTH, "%s from %s is not a whole number",
                       attribute_of(a)->name, source);
    else if ((made.source = strdup(source)) == NULL)
        ok = config_no_memory(f);
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
