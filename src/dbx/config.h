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
    CONFIG_OIDC_TOKEN, /* the value of the variable that oidc_token_env names */
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

/* Is the value of a switch (skip_verify) on? NULL is off. */
bool config_truth(const char *value);

typedef const char *config_getenv(void *ud, const char *name);

struct config_args {
    const char *profile;      /* explicit; its values beat those of the environment */
    const char *host, *token; /* explicit; both: neither environment nor file is read */
    const char *config_file;  /* explicit */
    bool
        alone; /* with a profile: nothing of a workspace is taken from the environment; for
                 * the second of two workspaces (F.11) */
    config_getenv *env; /* never NULL; "" counts as not set */
    void *env_ud;
};

/* Fill `*c` by the rules of F.2 and F.3 and choose the method (F.4). False with `*f` and `*c`
 * empty. Kind auth: an unknown profile, no credentials, two hosts, more than one method, a method
 * that we do not support (named), a host that is no URL, http:// that is not loopback. Kind io or
 * parse: the file cannot be read, or line N of it makes no sense.
 *
 * Sources are asked in this order: arguments; the profile that an argument or
 * DATABRICKS_CONFIG_PROFILE names; the environment; the profile that nobody named
 * (default_profile of [__settings__], or [DEFAULT]). A later source completes what the earlier
 * ones leave out. Two of the first three that name different hosts are refused, so that no
 * credential goes to a host that its own source does not name; a default profile of another host
 * is passed over. Once a source has chosen a method, later ones add only what belongs to that
 * method. A host and a token as arguments need no other source.
 *
 * The default file may be missing (or HOME); one that was named may not. Where the method is
 * "databricks-cli" and CONFIG_AUTH_TYPE is not set, nothing more specific was configured: another
 * may be tried if it turns out not to be. */
bool config_resolve(const struct config_args *args, struct config *c, struct fault *f);
void config_free(struct config *c);

/* The config file that these arguments lead to, whether it is there or not, malloced; NULL with
 * `*f` if there is none to look for (HOME not set) or memory runs out. */
char *config_path(const struct config_args *args, struct fault *f);

/* The profiles of the config file in its order, each with what would be used. */
struct config_profiles {
    struct config_profile {
        char *name, *host; /* host NULL: not set, or no URL */
        const char
            *auth_type; /* NULL if it cannot be told, with the reason in `problem` */
        bool is_default;
        char problem[512];
    } * list;
    size_t count;
    char *path; /* NULL: no HOME */
};

/* A missing default file is an empty list; `args->profile` does not matter. */
bool config_profiles(const struct config_args *args, struct config_profiles *p,
                     struct fault *f);
void config_profiles_free(struct config_profiles *p);

#endif
