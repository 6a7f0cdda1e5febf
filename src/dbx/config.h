/* config.h -- where a workspace's host and credentials come from: arguments, environment,
 * config file, by the rules all Databricks tools share (reference F.1 to F.4). Reads the file
 * and the environment it is given; sends nothing. */

#ifndef TARN_CONFIG_H
#define TARN_CONFIG_H

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>

/* The attributes of reference F.1, in its words. */
enum config_attr {
    CONFIG_HOST,
    CONFIG_ACCOUNT_ID,
    CONFIG_WORKSPACE_ID,
    CONFIG_TOKEN,
    CONFIG_USERNAME,
    CONFIG_PASSWORD,
    CONFIG_CLIENT_ID,
    CONFIG_CLIENT_SECRET,
    CONFIG_SCOPES,
    CONFIG_PROFILE,
    CONFIG_CONFIG_FILE,
    CONFIG_AUTH_TYPE,
    CONFIG_CLUSTER_ID,
    CONFIG_WAREHOUSE_ID,
    CONFIG_SERVERLESS_COMPUTE_ID,
    CONFIG_DATABRICKS_CLI_PATH,
    CONFIG_METADATA_SERVICE_URL,
    CONFIG_GOOGLE_SERVICE_ACCOUNT,
    CONFIG_GOOGLE_CREDENTIALS,
    CONFIG_AZURE_WORKSPACE_RESOURCE_ID,
    CONFIG_AZURE_USE_MSI,
    CONFIG_AZURE_CLIENT_ID,
    CONFIG_AZURE_CLIENT_SECRET,
    CONFIG_AZURE_TENANT_ID,
    CONFIG_AZURE_ENVIRONMENT,
    CONFIG_OIDC_TOKEN_ENV,
    CONFIG_OIDC_TOKEN_FILEPATH,
    CONFIG_AUDIENCE,
    CONFIG_GITHUB_URL,   /* ACTIONS_ID_TOKEN_REQUEST_URL, environment only */
    CONFIG_GITHUB_TOKEN, /* ACTIONS_ID_TOKEN_REQUEST_TOKEN, environment only */
    CONFIG_DISCOVERY_URL,
    CONFIG_SKIP_VERIFY,
    CONFIG_HTTP_TIMEOUT_SECONDS,
    CONFIG_RETRY_TIMEOUT_SECONDS,
    CONFIG_ATTRS
};

/* Values are malloced; each says where it came from ("argument", "DATABRICKS_TOKEN",
 * "profile prod in /home/x/.databrickscfg"). Secrets are wiped by config_free. */
struct config {
    struct config_value {
        char *value; /* NULL: not set */
        char *source;
    } attr[CONFIG_ATTRS];
    const char *auth_type; /* the method that will be used: "pat", ...; a constant */
};

/* Name as in the config file ("host"), and whether output must show "***" for it. */
const char *config_name(enum config_attr a);
bool config_secret(enum config_attr a);

typedef const char *config_getenv(void *ud, const char *name);

struct config_args {
    const char *profile;      /* explicit; beats the environment's credentials */
    const char *host, *token; /* explicit; then neither environment nor file is read */
    const char *config_file;  /* explicit */
    config_getenv *env;       /* never NULL */
    void *env_ud;
};

/* Fill `*c` by the rules of F.2 and F.3 and choose the method (F.4). False with `*f` (kind auth
 * or usage-like io) and `*c` empty: missing file or profile, no credentials, more than one
 * method, a method we do not support (named), a host that is no URL, http:// that is not
 * loopback. */
bool config_resolve(const struct config_args *args, struct config *c, struct fault *f);
void config_free(struct config *c);

#endif
