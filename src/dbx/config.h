/* config.h -- where a workspace's host and credentials come from: arguments, the
 * environment and the config file, by the rules that all Databricks tools share
 * (reference F.1 to F.4). Reads the file and the environment that it is given; sends
 * nothing. */

#ifndef TARN_CONFIG_H
#define TARN_CONFIG_H

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>

/* The attributes of reference F.1. */
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
    CONFIG_OIDC_TOKEN, /* the value of the variable that oidc_token_env names */
    CONFIG_OIDC_TOKEN_FILEPATH,
    CONFIG_AUDIENCE,
    CONFIG_GITHUB_URL,   /* ACTIONS_ID_TOKEN_REQUEST_URL, environment only */
    CONFIG_GITHUB_TOKEN, /* ACTIONS_ID_TOKEN_REQUEST_TOKEN, environment only */
    CONFIG_DISCOVERY_URL,
    CONFIG_GROUP_ID,     /* act with the rights of a group, and no more */
    CONFIG_AUTH_STORAGE, /* where log-ins are kept: "plaintext", "secure"; or not set */
    CONFIG_SKIP_VERIFY,
    CONFIG_HTTP_TIMEOUT_SECONDS,
    CONFIG_RETRY_TIMEOUT_SECONDS,
    CONFIG_ATTRS
};

/* Values are malloced. Each has its source ("argument", "DATABRICKS_TOKEN", "profile prod
 * in /home/x/.databrickscfg"). config_free wipes secrets. */
struct config {
    struct config_value {
        char *value; /* NULL: not set */
        char *source;
    } attr[CONFIG_ATTRS];
    const char *auth_type; /* the method that will be used: "pat", ...; a constant */
};

/* The attribute's name in the config file ("host"), and whether output must show
 * "***" instead of the value. */
const char *config_name(enum config_attr a);
bool config_secret(enum config_attr a);

/* True if a switch with this value (skip_verify) is on. NULL is off. */
bool config_truth(const char *value);

typedef const char *config_getenv(void *ud, const char *name);

struct config_args {
    const char *profile;                /* explicit; used before the environment */
    const char *host, *token;           /* explicit; with both nothing else is read */
    const char *account_id, *auth_type; /* explicit */
    const char *config_file;            /* explicit */
    bool alone;         /* take nothing of a workspace from the environment (F.11) */
    config_getenv *env; /* never NULL; "" counts as not set */
    void *env_ud;
};

/* Fill `*c` by the rules of F.2 and F.3, and choose the method (F.4). False with `*f` and
 * an empty `*c`. Kind auth: an unknown profile, no credentials, two hosts, more than one
 * method, a method that is not supported (named), a host that is no URL, http:// to
 * another machine. Kind io or parse: the file cannot be read, or line N of it is
 * malformed.
 *
 * The order of the sources is: arguments; the profile that an argument or
 * DATABRICKS_CONFIG_PROFILE names; the environment; the default profile (default_profile
 * of [__settings__], or [DEFAULT]). A later source adds what the earlier ones do not set.
 * If two of the first three name different hosts, that is refused, so that no credential
 * is sent to a host that its own source does not name; a default profile with another
 * host is ignored. Once a source has chosen a method, later sources only add what belongs
 * to that method. A host and a token as arguments need no other source.
 *
 * The default file, or HOME, may be missing; a file that was named must be there. If the
 * method is "databricks-cli" and CONFIG_AUTH_TYPE is not set, nothing more specific was
 * configured. Then another method may be tried when the CLI turns out not to be
 * configured. */
bool config_resolve(const struct config_args *args, struct config *c, struct fault *f);
void config_free(struct config *c);

/* The path of the config file for these arguments, malloced, whether the file is there or
 * not. NULL with `*f` if there is no path (HOME is not set), or if memory runs out. */
char *config_path(const struct config_args *args, struct fault *f);

/* The profiles of the config file in their order, each with the host and method that
 * would be used. */
struct config_profiles {
    struct config_profile {
        char *name, *host;     /* host NULL: not set, or no URL */
        const char *auth_type; /* NULL if there is a `problem` */
        bool is_default;
        char problem[512];
    } * list;
    size_t count;
    char *path;    /* NULL: no HOME */
    char *storage; /* CONFIG_AUTH_STORAGE; NULL: not set */
};

/* List the profiles. A missing default file gives an empty list; `args->profile` is not
 * used. */
bool config_profiles(const struct config_args *args, struct config_profiles *p,
                     struct fault *f);
void config_profiles_free(struct config_profiles *p);

#endif
