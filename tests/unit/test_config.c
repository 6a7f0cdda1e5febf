#include "dbx/config.h"
#include "variables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* A home directory for the whole group. */
static char home[64], home_line[80], file[96];

static int make_home(void **state) {
    (void)state;
    snprintf(home, sizeof home, "/tmp/tarn-config-XXXXXX");
    if (mkdtemp(home) == NULL)
        return -1;
    snprintf(home_line, sizeof home_line, "HOME=%s", home);
    snprintf(file, sizeof file, "%s/.databrickscfg", home);
    return 0;
}

static int remove_home(void **state) {
    (void)state;
    unlink(file);
    return rmdir(home);
}

static void write_file(const char *text) {
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    fclose(out);
    chmod(file, 0600);
}

#define ENV 8

struct row {
    const char *why;
    const char *env[ENV];
    const char *file; /* NULL: there is none */
    const char *profile, *host, *token;
    bool alone;
    const char *want_method, *want_host;
    struct {
        int attr;
        const char *value, *source;
    } want;            /* one more; a source of NULL is any */
    const char *error; /* part of the message, for a row that fails */
    const char *hint;
};

static void check(const struct row *row) {
    const char *env[ENV + 2] = {home_line};
    for (size_t i = 0; i < ENV && row->env[i] != NULL; i++)
        env[i + 1] = row->env[i];
    if (row->file != NULL)
        write_file(row->file);
    else
        unlink(file);

    struct config c;
    struct fault f = {0};
    const struct config_args args = {.profile = row->profile,
                                     .host = row->host,
                                     .token = row->token,
                                     .alone = row->alone,
                                     .env = variables_get,
                                     .env_ud = env};
    bool ok = config_resolve(&args, &c, &f);
    if (ok != (row->error == NULL))
        fail_msg("%s: %s", row->why, ok ? "succeeds" : f.message);
    if (!ok) {
        if (row->error != NULL && strstr(f.message, row->error) == NULL)
            fail_msg("%s: got '%s'", row->why, f.message);
        if (row->hint != NULL && strstr(f.hint, row->hint) == NULL)
            fail_msg("%s: got hint '%s'", row->why, f.hint);
        for (int a = 0; a < CONFIG_ATTRS; a++)
            assert_null(c.attr[a].value);
        return;
    }
    const char *host = c.attr[CONFIG_HOST].value;
    if (row->want_method == NULL || strcmp(c.auth_type, row->want_method) != 0)
        fail_msg("%s: got method %s", row->why, c.auth_type);
    if (row->want_host != NULL && (host == NULL || strcmp(host, row->want_host) != 0))
        fail_msg("%s: got host %s", row->why, host ? host : "(none)");
    if (row->want.attr != 0) {
        const struct config_value *v = &c.attr[row->want.attr];
        const char *want = row->want.value;
        if ((v->value == NULL) != (want == NULL) ||
            (want != NULL && strcmp(v->value, want) != 0))
            fail_msg("%s: got value '%s'", row->why, v->value ? v->value : "(none)");
        if (row->want.source != NULL && strstr(v->source, row->want.source) == NULL)
            fail_msg("%s: got source '%s'", row->why, v->source);
    }
    config_free(&c);
}

#define CHECK_ALL(rows)                                                                  \
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows)[0]; i++)                          \
    check(&(rows)[i])

#define PROFILES                                                                         \
    "[DEFAULT]\nhost = https://default.net\ntoken = t-default\n"                         \
    "[prod]\nhost = https://prod.net\ntoken = t-prod\nwarehouse_id = w-prod\n"           \
    "[m2m]\nhost = https://m2m.net\nclient_id = id\nclient_secret = secret\n"            \
    "[u2m]\nhost = https://u2m.net\nauth_type = databricks-cli\n"                        \
    "[bare]\nhost = https://bare.net\n"

static void sources_are_asked_in_their_order(void **state) {
    (void)state;
    static const struct row rows[] = {
        {.why = "the DEFAULT profile of the default file",
         .file = PROFILES,
         .want_method = "pat",
         .want_host = "https://default.net",
         .want = {CONFIG_TOKEN, "t-default", "profile DEFAULT in "}},
        {.why = "keys in front of any section are DEFAULT's",
         .file = "host = https://x.net\ntoken = t\n",
         .want_method = "pat",
         .want_host = "https://x.net"},
        {.why = "the environment alone",
         .env = {"DATABRICKS_HOST=https://env.net", "DATABRICKS_TOKEN=t-env"},
         .want_method = "pat",
         .want_host = "https://env.net",
         .want = {CONFIG_TOKEN, "t-env", "DATABRICKS_TOKEN"}},
        {.why = "a default profile of another host is passed over",
         .env = {"DATABRICKS_HOST=https://env.net"},
         .file = PROFILES,
         .want_method = "databricks-cli",
         .want_host = "https://env.net",
         .want = {CONFIG_TOKEN, NULL, NULL}},
        {.why = "one of the same host completes it",
         .env = {"DATABRICKS_HOST=default.net"},
         .file = PROFILES,
         .want_method = "pat",
         .want_host = "https://default.net",
         .want = {CONFIG_TOKEN, "t-default", "profile DEFAULT in "}},
        {.why = "a token in the environment is completed by the default profile's host",
         .env = {"DATABRICKS_TOKEN=t-env"},
         .file = PROFILES,
         .want_method = "pat",
         .want_host = "https://default.net",
         .want = {CONFIG_TOKEN, "t-env", "DATABRICKS_TOKEN"}},
        {.why = "also by the host of default_profile",
         .env = {"DATABRICKS_TOKEN=t-env"},
         .file = PROFILES "[__settings__]\ndefault_profile = bare\n",
         .want_method = "pat",
         .want_host = "https://bare.net",
         .want = {CONFIG_TOKEN, "t-env", "DATABRICKS_TOKEN"}},
        {.why = "an id and a secret too, and no token of the file comes beside them",
         .env = {"DATABRICKS_CLIENT_ID=id", "DATABRICKS_CLIENT_SECRET=s"},
         .file = PROFILES,
         .want_method = "oauth-m2m",
         .want_host = "https://default.net",
         .want = {CONFIG_TOKEN, NULL, NULL}},
        {.why = "a complete environment needs no file",
         .env = {"DATABRICKS_HOST=https://env.net", "DATABRICKS_TOKEN=t-env"},
         .file = "[broken\n",
         .want_method = "pat"},
        {.why = "an empty variable is not set",
         .env = {"DATABRICKS_HOST=", "DATABRICKS_TOKEN=", "DATABRICKS_CONFIG_PROFILE="},
         .file = PROFILES,
         .want_method = "pat",
         .want_host = "https://default.net"},
        {.why = "a blank one neither",
         .env = {"DATABRICKS_HOST= ", "DATABRICKS_TOKEN=\n"},
         .file = PROFILES,
         .want_method = "pat",
         .want_host = "https://default.net"},
        {.why = "blanks around a value are not the value's",
         .env = {"DATABRICKS_HOST= https://env.net\n", "DATABRICKS_TOKEN=t-env\n"},
         .want_method = "pat",
         .want = {CONFIG_TOKEN, "t-env", NULL}},
        {.why = "a warehouse in the environment is no reason to skip the file",
         .env = {"DATABRICKS_WAREHOUSE_ID=w-env"},
         .file = PROFILES,
         .want_method = "pat",
         .want_host = "https://default.net",
         .want = {CONFIG_WAREHOUSE_ID, "w-env", "DATABRICKS_WAREHOUSE_ID"}},
        {.why = "a profile named in the environment",
         .env = {"DATABRICKS_CONFIG_PROFILE=prod"},
         .file = PROFILES,
         .want_method = "pat",
         .want_host = "https://prod.net",
         .want = {CONFIG_PROFILE, "prod", "DATABRICKS_CONFIG_PROFILE"}},
        {.why = "its own token beats the one of the environment",
         .env = {"DATABRICKS_CONFIG_PROFILE=prod", "DATABRICKS_TOKEN=t-env"},
         .file = PROFILES,
         .want_method = "pat",
         .want_host = "https://prod.net",
         .want = {CONFIG_TOKEN, "t-prod", "profile prod"}},
        {.why = "another host in the environment is refused",
         .env = {"DATABRICKS_CONFIG_PROFILE=prod", "DATABRICKS_HOST=env.net"},
         .file = PROFILES,
         .error = "two hosts are configured: https://prod.net (profile prod in ",
         .hint = "a credential is never sent to the host of another source"},
        {.why = "the same host in other words is not another one",
         .env = {"DATABRICKS_CONFIG_PROFILE=prod", "DATABRICKS_HOST=PROD.net/?o=1"},
         .file = PROFILES,
         .want_method = "pat",
         .want_host = "https://prod.net"},
        {.why = "its own warehouse too",
         .env = {"DATABRICKS_CONFIG_PROFILE=prod", "DATABRICKS_WAREHOUSE_ID=w-env"},
         .file = PROFILES,
         .want_method = "pat",
         .want = {CONFIG_WAREHOUSE_ID, "w-prod", NULL}},
        {.why = "an explicit profile beats credentials in the environment",
         .env = {"DATABRICKS_TOKEN=t-env", "DATABRICKS_CLIENT_ID=id",
                 "DATABRICKS_CLIENT_SECRET=s", "ARM_TENANT_ID=t",
                 "DATABRICKS_WORKSPACE_ID=1"},
         .file = PROFILES,
         .profile = "prod",
         .want_method = "pat",
         .want_host = "https://prod.net",
         .want = {CONFIG_TOKEN, "t-prod", "profile prod in "}},
        {.why = "and a profile named there",
         .env = {"DATABRICKS_CONFIG_PROFILE=m2m"},
         .file = PROFILES,
         .profile = "prod",
         .want_method = "pat",
         .want_host = "https://prod.net",
         .want = {CONFIG_PROFILE, "prod", "argument"}},
        {.why = "and a method",
         .env = {"DATABRICKS_AUTH_TYPE=azure-cli"},
         .file = PROFILES,
         .profile = "prod",
         .want_method = "pat"},
        {.why = "another host in the environment is refused",
         .env = {"DATABRICKS_HOST=https://env.net", "DATABRICKS_TOKEN=t-env"},
         .file = PROFILES,
         .profile = "prod",
         .error = "and https://env.net (DATABRICKS_HOST)"},
        {.why = "not for the second workspace of two, which does not ask the environment",
         .env = {"DATABRICKS_HOST=https://env.net", "DATABRICKS_TOKEN=t-env"},
         .file = PROFILES,
         .profile = "prod",
         .alone = true,
         .want_method = "pat",
         .want_host = "https://prod.net",
         .want = {CONFIG_TOKEN, "t-prod", "profile prod in "}},
        {.why = "a host alone is completed by a token from the environment",
         .env = {"DATABRICKS_TOKEN=t-env"},
         .file = PROFILES,
         .profile = "bare",
         .want_method = "pat",
         .want_host = "https://bare.net",
         .want = {CONFIG_TOKEN, "t-env", "DATABRICKS_TOKEN"}},
        {.why = "by an id and a secret",
         .env = {"DATABRICKS_CLIENT_ID=id", "DATABRICKS_CLIENT_SECRET=s"},
         .file = PROFILES,
         .profile = "bare",
         .want_method = "oauth-m2m",
         .want_host = "https://bare.net"},
        {.why = "by an OIDC token",
         .env = {"DATABRICKS_OIDC_TOKEN=jwt"},
         .file = PROFILES,
         .profile = "bare",
         .want_method = "env-oidc",
         .want = {CONFIG_OIDC_TOKEN, "jwt", NULL}},
        {.why = "by two methods it is not",
         .env = {"DATABRICKS_TOKEN=t-env", "DATABRICKS_CLIENT_ID=id"},
         .file = PROFILES,
         .profile = "bare",
         .error = "configured: oauth and pat"},
        {.why = "a secret in the environment completes an id in the profile",
         .env = {"DATABRICKS_CLIENT_SECRET=s", "DATABRICKS_TOKEN=t-env"},
         .file = "[ci]\nhost = https://ci.net\nclient_id = id\n",
         .profile = "ci",
         .want_method = "oauth-m2m",
         .want = {CONFIG_CLIENT_SECRET, "s", "DATABRICKS_CLIENT_SECRET"}},
        {.why = "also where the profile names the method",
         .env = {"DATABRICKS_CLIENT_SECRET=s"},
         .file = "[ci]\nhost = https://ci.net\nclient_id = id\nauth_type = oauth-m2m\n",
         .profile = "ci",
         .want_method = "oauth-m2m"},
        {.why = "a host in the environment completes a token in the profile",
         .env = {"DATABRICKS_HOST=https://env.net"},
         .file = "[a]\ntoken = t\n",
         .profile = "a",
         .want_method = "pat",
         .want_host = "https://env.net"},
        {.why = "its own warehouse beats the environment's",
         .env = {"DATABRICKS_WAREHOUSE_ID=w-env"},
         .file = PROFILES,
         .profile = "prod",
         .want_method = "pat",
         .want = {CONFIG_WAREHOUSE_ID, "w-prod", "profile prod"}},
        {.why = "which serves where it has none",
         .env = {"DATABRICKS_WAREHOUSE_ID=w-env"},
         .file = PROFILES,
         .profile = "m2m",
         .want_method = "oauth-m2m",
         .want = {CONFIG_WAREHOUSE_ID, "w-env", NULL}},
        {.why = "but not for the second workspace of two",
         .env = {"DATABRICKS_WAREHOUSE_ID=w-env"},
         .file = PROFILES,
         .profile = "m2m",
         .alone = true,
         .want_method = "oauth-m2m",
         .want = {CONFIG_WAREHOUSE_ID, NULL, NULL}},
        {.why = "where the CLI is, is a matter of the machine",
         .env = {"DATABRICKS_CLI_PATH=/opt/databricks"},
         .file = PROFILES,
         .profile = "u2m",
         .alone = true,
         .want_method = "databricks-cli",
         .want = {CONFIG_DATABRICKS_CLI_PATH, "/opt/databricks", NULL}},
        {.why = "an explicit host and token need nothing else",
         .env = {"DATABRICKS_CLIENT_ID=id", "DATABRICKS_WAREHOUSE_ID=w-env",
                 "DATABRICKS_CONFIG_PROFILE=none"},
         .file = "[broken\n",
         .host = "arg.net",
         .token = "t-arg",
         .want_method = "pat",
         .want_host = "https://arg.net",
         .want = {CONFIG_WAREHOUSE_ID, NULL, NULL}},
        {.why = "an explicit host gets no token that the environment has for another",
         .env = {"DATABRICKS_HOST=https://env.net", "DATABRICKS_TOKEN=t-env"},
         .host = "https://arg.net",
         .error = "two hosts are configured: https://arg.net (argument)"},
        {.why = "nor a profile's",
         .file = PROFILES,
         .profile = "prod",
         .host = "https://arg.net",
         .error = "and https://prod.net (profile prod in "},
        {.why = "it gets the one that the environment has for no host",
         .env = {"DATABRICKS_TOKEN=t-env"},
         .host = "https://arg.net",
         .want_method = "pat",
         .want_host = "https://arg.net",
         .want = {CONFIG_TOKEN, "t-env", NULL}},
    };
    CHECK_ALL(rows);
}

static void the_profile_is_chosen_by_the_rules(void **state) {
    (void)state;
    static const struct row rows[] = {
        {.why = "[__settings__] names the profile to use",
         .file = PROFILES "[__settings__]\ndefault_profile = prod\n",
         .want_method = "pat",
         .want_host = "https://prod.net",
         .want = {CONFIG_PROFILE, "prod", "[__settings__]"}},
        {.why = "an explicit one beats it",
         .file = PROFILES "[__settings__]\ndefault_profile = prod\n",
         .profile = "u2m",
         .want_method = "databricks-cli",
         .want_host = "https://u2m.net"},
        {.why = "DEFAULT by name beats it too",
         .file = PROFILES "[__settings__]\ndefault_profile = prod\n",
         .profile = "DEFAULT",
         .want_method = "pat",
         .want_host = "https://default.net"},
        {.why = "a variable beats it",
         .env = {"DATABRICKS_CONFIG_PROFILE=m2m"},
         .file = PROFILES "[__settings__]\ndefault_profile = prod\n",
         .want_method = "oauth-m2m"},
        {.why = "an empty one is none",
         .file = PROFILES "[__settings__]\ndefault_profile =\n",
         .want_method = "pat",
         .want_host = "https://default.net"},
        {.why = "one that is not there is an error that says who named it",
         .file = PROFILES "[__settings__]\ndefault_profile = gone\n",
         .error = "has no gone profile configured (default_profile in [__settings__])"},
        {.why = "an unknown profile is an error that lists what there is",
         .file = PROFILES,
         .profile = "gone",
         .error = "/.databrickscfg has no gone profile configured",
         .hint = "profiles there: DEFAULT, prod, m2m, u2m, bare"},
        {.why = "names have a case",
         .file = PROFILES,
         .profile = "PROD",
         .error = "has no PROD profile configured"},
        {.why = "the reserved section is no profile",
         .file = PROFILES "[__settings__]\nhost = https://x.net\n",
         .profile = "__settings__",
         .error = "has no __settings__ profile configured",
         .hint = "profiles there: DEFAULT, prod, m2m, u2m, bare"},
        {.why = "an empty section is no profile",
         .file = "[empty]\n[full]\nhost = https://x.net\n",
         .profile = "empty",
         .error = "has no empty profile configured",
         .hint = "profiles there: full"},
        {.why = "an unknown profile from the environment",
         .env = {"DATABRICKS_CONFIG_PROFILE=gone", "DATABRICKS_HOST=x.net"},
         .file = PROFILES,
         .error = "has no gone profile configured"},
        {.why = "a named profile without a file",
         .profile = "prod",
         .error = "has no prod profile configured",
         .hint = "tarn auth login --host URL --profile prod"},
        {.why = "no DEFAULT is no error by itself",
         .file = "[prod]\nhost = https://prod.net\ntoken = t\n",
         .error = "no credentials: ",
         .hint = "choose a profile with --profile; there are: prod"},
        {.why = "nothing at all",
         .error = "no credentials: ",
         .hint = "set DATABRICKS_HOST and DATABRICKS_TOKEN"},
        {.why = "nothing is inherited from DEFAULT",
         .file =
             "[DEFAULT]\nhost = https://d.net\ntoken = t\n[a]\nhost = https://a.net\n",
         .profile = "a",
         .want_method = "databricks-cli",
         .want = {CONFIG_TOKEN, NULL, NULL}},
        {.why = "a profile without a host",
         .file = "[a]\ntoken = t\n",
         .profile = "a",
         .error = "profile a in "},
        {.why = "a misspelt key is named where it may be the reason",
         .file = "[a]\nhots = https://a.net\ntoken = t\n",
         .profile = "a",
         .error = "names no host",
         .hint = "the key 'hots' there has no meaning"},
        {.why = "a key of another tool is not",
         .file = "[a]\ncloud = AWS\n",
         .profile = "a",
         .error = "names no host",
         .hint = "tarn auth login"},
        {.why = "a profile may not name another",
         .file = "[a]\nhost = https://a.net\nprofile = b\n",
         .profile = "a",
         .want_method = "databricks-cli",
         .want = {CONFIG_PROFILE, "a", "argument"}},
        {.why = "a value that is empty is not set",
         .file = "[a]\nhost = https://a.net\ntoken =\nclient_id = i\nclient_secret = s\n",
         .profile = "a",
         .want_method = "oauth-m2m"},
        {.why = "the last of two values",
         .file = "[a]\nhost = https://a.net\ntoken = 1\ntoken = 2\n",
         .profile = "a",
         .want_method = "pat",
         .want = {CONFIG_TOKEN, "2", NULL}},
        {.why = "the Go name of an attribute",
         .file = "[a]\nhost = https://a.net\ndatabricks_id_token_filepath = /x\n",
         .profile = "a",
         .want_method = "file-oidc",
         .want = {CONFIG_OIDC_TOKEN_FILEPATH, "/x", NULL}},
        {.why = "scopes come from the file",
         .file = "[a]\nhost = https://a.net\nscopes = sql, jobs\nclient_id = i\n"
                 "client_secret = s\n",
         .profile = "a",
         .want_method = "oauth-m2m",
         .want = {CONFIG_SCOPES, "sql, jobs", "profile a"}},
    };
    CHECK_ALL(rows);
}

static void the_method_is_chosen_by_the_rules(void **state) {
    (void)state;
    static const struct row rows[] = {
        {.why = "client id and secret",
         .env = {"DATABRICKS_HOST=x.net", "DATABRICKS_CLIENT_ID=i",
                 "DATABRICKS_CLIENT_SECRET=s"},
         .want_method = "oauth-m2m"},
        {.why = "two methods are one too many, in the SDK's words",
         .env = {"DATABRICKS_HOST=x.net", "DATABRICKS_TOKEN=t", "ARM_CLIENT_ID=i"},
         .error =
             "validate: more than one authorization method configured: azure and pat",
         .hint = "auth_type or DATABRICKS_AUTH_TYPE (azure: ARM_CLIENT_ID, pat: "
                 "DATABRICKS_TOKEN)"},
        {.why = "three are sorted",
         .env = {"DATABRICKS_HOST=x.net", "DATABRICKS_TOKEN=t", "DATABRICKS_USERNAME=u",
                 "DATABRICKS_CLIENT_ID=i"},
         .error = "configured: basic and oauth and pat"},
        {.why = "a named profile has chosen: a token beside it is another one's",
         .env = {"DATABRICKS_CONFIG_PROFILE=m2m", "DATABRICKS_TOKEN=t"},
         .file = PROFILES,
         .want_method = "oauth-m2m",
         .want = {CONFIG_TOKEN, NULL, NULL}},
        {.why = "a tenant alone counts as Azure",
         .env = {"DATABRICKS_HOST=x.net", "DATABRICKS_TOKEN=t", "ARM_TENANT_ID=i"},
         .error = "configured: azure and pat"},
        {.why = "naming the method ends it",
         .env = {"DATABRICKS_HOST=x.net", "DATABRICKS_TOKEN=t", "ARM_CLIENT_ID=i",
                 "DATABRICKS_AUTH_TYPE=pat"},
         .want_method = "pat"},
        {.why = "also for the other",
         .env = {"DATABRICKS_HOST=x.net", "DATABRICKS_TOKEN=t", "ARM_CLIENT_ID=i",
                 "ARM_CLIENT_SECRET=s", "DATABRICKS_AUTH_TYPE=azure-client-secret"},
         .want_method = "azure-client-secret"},
        {.why = "client_id is no second method beside an OIDC token",
         .env = {"DATABRICKS_HOST=x.net", "DATABRICKS_CLIENT_ID=i",
                 "DATABRICKS_OIDC_TOKEN_ENV=MINE", "MINE=jwt"},
         .want_method = "env-oidc",
         .want = {CONFIG_OIDC_TOKEN, "jwt", "MINE"}},
        {.why = "with a secret it is",
         .env = {"DATABRICKS_HOST=x.net", "DATABRICKS_CLIENT_ID=i",
                 "DATABRICKS_CLIENT_SECRET=s", "DATABRICKS_OIDC_TOKEN_FILE=/x"},
         .error = "configured: file-oidc and oauth"},
        {.why = "the usual OIDC variable",
         .env = {"DATABRICKS_HOST=x.net", "DATABRICKS_OIDC_TOKEN=jwt"},
         .want_method = "env-oidc",
         .want = {CONFIG_OIDC_TOKEN, "jwt", "DATABRICKS_OIDC_TOKEN"}},
        {.why = "an OIDC token in a file",
         .env = {"DATABRICKS_HOST=x.net", "DATABRICKS_OIDC_TOKEN_FILEPATH=/run/t"},
         .want_method = "file-oidc"},
        {.why = "by the variable's other name",
         .env = {"DATABRICKS_HOST=x.net", "DATABRICKS_OIDC_TOKEN_FILE=/run/t"},
         .want_method = "file-oidc",
         .want = {CONFIG_OIDC_TOKEN_FILEPATH, "/run/t", "DATABRICKS_OIDC_TOKEN_FILE"}},
        {.why = "GitHub, where a service principal is named",
         .env = {"DATABRICKS_HOST=x.net", "ACTIONS_ID_TOKEN_REQUEST_URL=https://g",
                 "ACTIONS_ID_TOKEN_REQUEST_TOKEN=g", "DATABRICKS_CLIENT_ID=i"},
         .want_method = "github-oidc"},
        {.why = "to run at GitHub is not enough",
         .env = {"DATABRICKS_HOST=x.net", "ACTIONS_ID_TOKEN_REQUEST_URL=https://g",
                 "ACTIONS_ID_TOKEN_REQUEST_TOKEN=g"},
         .want_method = "databricks-cli"},
        {.why = "unless it is asked for",
         .env = {"DATABRICKS_HOST=x.net", "ACTIONS_ID_TOKEN_REQUEST_URL=https://g",
                 "ACTIONS_ID_TOKEN_REQUEST_TOKEN=g", "DATABRICKS_AUTH_TYPE=github-oidc"},
         .want_method = "github-oidc"},
        {.why = "GitHub does not get in the way of a profile",
         .env = {"ACTIONS_ID_TOKEN_REQUEST_URL=https://g",
                 "ACTIONS_ID_TOKEN_REQUEST_TOKEN=g"},
         .file = PROFILES,
         .want_method = "pat",
         .want_host = "https://default.net"},
        {.why = "Azure's service principal",
         .env = {"DATABRICKS_HOST=adb-1.2.azuredatabricks.net", "ARM_CLIENT_ID=i",
                 "ARM_CLIENT_SECRET=s", "ARM_TENANT_ID=t"},
         .want_method = "azure-client-secret"},
        {.why = "whose tenant the host can tell",
         .env = {"DATABRICKS_HOST=adb-1.2.azuredatabricks.net", "ARM_CLIENT_ID=i",
                 "ARM_CLIENT_SECRET=s"},
         .want_method = "azure-client-secret"},
        {.why = "or whose host its resource id can",
         .env = {"DATABRICKS_AZURE_RESOURCE_ID=/subscriptions/s/x", "ARM_CLIENT_ID=i",
                 "ARM_CLIENT_SECRET=s", "ARM_TENANT_ID=t"},
         .want_method = "azure-client-secret"},
        {.why = "but not both",
         .env = {"DATABRICKS_AZURE_RESOURCE_ID=/subscriptions/s/x", "ARM_CLIENT_ID=i",
                 "ARM_CLIENT_SECRET=s"},
         .error = "neither azure_tenant_id nor host",
         .hint = "ARM_TENANT_ID"},
        {.why = "a resource id alone is for the Azure CLI",
         .env = {"DATABRICKS_AZURE_RESOURCE_ID=/subscriptions/s/x"},
         .want_method = "azure-cli"},
        {.why = "a resource id keeps the file away",
         .env = {"DATABRICKS_AZURE_RESOURCE_ID=/subscriptions/s/x"},
         .file = PROFILES,
         .want_method = "azure-cli",
         .want = {CONFIG_TOKEN, NULL, NULL}},
        {.why = "a host alone is for the Databricks CLI",
         .host = "https://x.net",
         .want_method = "databricks-cli"},
        {.why = "the cloud is read from the name",
         .host = "https://adb-1.2.databricks.azure.us",
         .want_method = "databricks-cli",
         .want = {CONFIG_AZURE_ENVIRONMENT, "usgovernment", "host (argument)"}},
        {.why = "unless it is set",
         .env = {"ARM_ENVIRONMENT=public"},
         .host = "https://adb-1.2.databricks.azure.us",
         .want_method = "databricks-cli",
         .want = {CONFIG_AZURE_ENVIRONMENT, "public", "ARM_ENVIRONMENT"}},
        {.why = "auth_type of a profile",
         .file = PROFILES,
         .profile = "u2m",
         .want_method = "databricks-cli",
         .want = {CONFIG_AUTH_TYPE, "databricks-cli", "profile u2m"}},
        {.why = "a method without its attributes",
         .env = {"DATABRICKS_HOST=x.net", "DATABRICKS_AUTH_TYPE=oauth-m2m",
                 "DATABRICKS_CLIENT_ID=i"},
         .error =
             "auth_type is oauth-m2m (DATABRICKS_AUTH_TYPE), but client_secret is not",
         .hint = "set DATABRICKS_CLIENT_SECRET"},
        {.why = "a variable that is not set",
         .env = {"DATABRICKS_HOST=x.net", "DATABRICKS_AUTH_TYPE=env-oidc",
                 "DATABRICKS_OIDC_TOKEN_ENV=MINE"},
         .error = "oidc_token is not set",
         .hint = "variable MINE"},
        {.why = "a method without a host",
         .env = {"DATABRICKS_TOKEN=t", "DATABRICKS_AUTH_TYPE=pat"},
         .error = "no host is configured"},
        {.why = "a group, where the method can ask for its rights",
         .env = {"DATABRICKS_HOST=x.net", "DATABRICKS_CLIENT_ID=i",
                 "DATABRICKS_CLIENT_SECRET=s", "DATABRICKS_GROUP_ID=88"},
         .want_method = "oauth-m2m",
         .want = {CONFIG_GROUP_ID, "88", "DATABRICKS_GROUP_ID"}},
        {.why = "a group, where it cannot: all rights would be too many",
         .file = "[a]\nhost = https://a.net\ntoken = t\ngroup_id = 88\n",
         .profile = "a",
         .error =
             "auth_type pat cannot act as a group, and group_id is set (profile a in ",
         .hint = "remove group_id"},
        {.why = "a group beside a log-in",
         .env = {"DATABRICKS_HOST=x.net", "DATABRICKS_GROUP_ID=88"},
         .error = "auth_type databricks-cli cannot act as a group"},
        {.why = "an unknown method is named, and what there is",
         .env = {"DATABRICKS_HOST=x.net", "DATABRICKS_AUTH_TYPE=kerberos"},
         .error =
             "auth_type kerberos (DATABRICKS_AUTH_TYPE) is not supported; supported are "
             "pat, oauth-m2m, databricks-cli, azure-cli, azure-client-secret, "
             "github-oidc, env-oidc, file-oidc"},
        {.why = "a known one that we do not have",
         .file = "[a]\nhost = https://a.net\nauth_type = external-browser\n",
         .profile = "a",
         .error = "auth_type external-browser (profile a in ",
         .hint = "use databricks-cli"},
        {.why = "one that is only configured",
         .env = {"DATABRICKS_HOST=x.net", "DATABRICKS_USERNAME=u",
                 "DATABRICKS_PASSWORD=p"},
         .error = "auth_type basic (DATABRICKS_USERNAME) is not supported"},
        {.why = "Google's",
         .env = {"DATABRICKS_HOST=x.net", "DATABRICKS_GOOGLE_SERVICE_ACCOUNT=g"},
         .error = "auth_type google-id ("},
        {.why = "managed identity",
         .env = {"DATABRICKS_HOST=x.net", "ARM_USE_MSI=true"},
         .error = "auth_type azure-msi ("},
        {.why = "managed identity switched off",
         .env = {"DATABRICKS_HOST=x.net", "DATABRICKS_TOKEN=t", "ARM_USE_MSI=false"},
         .want_method = "pat"},
        {.why = "the metadata service",
         .env = {"DATABRICKS_HOST=x.net", "DATABRICKS_METADATA_SERVICE_URL=http://l"},
         .error = "auth_type metadata-service ("},
        {.why = "a user name alone is ignored, as it always was",
         .env = {"DATABRICKS_HOST=x.net", "DATABRICKS_USERNAME=u"},
         .want_method = "databricks-cli"},
    };
    CHECK_ALL(rows);
}

static void values_are_checked_where_their_source_is_known(void **state) {
    (void)state;
    static const struct row rows[] = {
        {.why = "a host with a workspace id",
         .host = "https://x.net/?o=12",
         .token = "t",
         .want_method = "pat",
         .want_host = "https://x.net",
         .want = {CONFIG_WORKSPACE_ID, "12", "host (argument)"}},
        {.why = "which does not replace one that was set",
         .env = {"DATABRICKS_WORKSPACE_ID=7", "DATABRICKS_HOST=x.net?o=12"},
         .want_method = "databricks-cli",
         .want = {CONFIG_WORKSPACE_ID, "7", "DATABRICKS_WORKSPACE_ID"}},
        {.why = "a host that is none says where it came from",
         .env = {"DATABRICKS_HOST=ftp://x.net"},
         .error = "neither https:// nor http://",
         .hint = "it came from DATABRICKS_HOST"},
        {.why = "http is for this machine only",
         .file = "[a]\nhost = http://a.net\ntoken = t\n",
         .profile = "a",
         .error = "http://a.net: without https",
         .hint = "profile a in "},
        {.why = "this machine",
         .host = "http://127.0.0.1:8080",
         .token = "t",
         .want_method = "pat",
         .want_host = "http://127.0.0.1:8080"},
        {.why = "a token with a line end would be two headers",
         .host = "https://x.net",
         .token = "t\r\nX: y",
         .error = "token from argument holds a control character"},
        {.why = "a time limit that is no number",
         .file = "[a]\nhost = https://a.net\nhttp_timeout_seconds = soon\n",
         .profile = "a",
         .error = "http_timeout_seconds from profile a in "},
        {.why = "a time limit",
         .file = "[a]\nhost = https://a.net\nretry_timeout_seconds = -1\n",
         .profile = "a",
         .want_method = "databricks-cli",
         .want = {CONFIG_RETRY_TIMEOUT_SECONDS, "-1", NULL}},
    };
    CHECK_ALL(rows);
}

static bool resolve(const char *const *env, const char *config_file, struct fault *f) {
    struct config c;
    const struct config_args args = {.config_file = config_file,
                                     .env = variables_get,
                                     .env_ud = (void *)(uintptr_t)env};
    bool ok = config_resolve(&args, &c, f);
    config_free(&c);
    return ok;
}

static void a_file_that_cannot_be_read_says_why(void **state) {
    (void)state;
    const char *env[] = {home_line, NULL};
    char named[128];
    struct fault f;

    write_file("[a]\nhost https\n");
    assert_false(resolve(env, NULL, &f));
    assert_int_equal(FAULT_AUTH, f.kind);
    assert_non_null(strstr(f.message, file));
    assert_non_null(strstr(f.message, "line 2: neither"));

    snprintf(named, sizeof named, "DATABRICKS_CONFIG_FILE=%s", home);
    const char *directory[] = {home_line, named, NULL};
    assert_false(resolve(directory, NULL, &f));
    assert_int_equal(FAULT_AUTH, f.kind);
    assert_non_null(strstr(f.message, "Is a directory"));

    const char *gone[] = {home_line, "DATABRICKS_CONFIG_FILE=/nowhere/x", NULL};
    assert_false(resolve(gone, NULL, &f));
    assert_non_null(strstr(f.message, "/nowhere/x: No such file"));
    assert_non_null(strstr(f.hint, "DATABRICKS_CONFIG_FILE"));

    const char *empty[] = {home_line, "DATABRICKS_CONFIG_FILE=/dev/null", NULL};
    assert_false(resolve(empty, NULL, &f));
    assert_non_null(strstr(f.message, "no credentials"));

    const char *endless[] = {home_line, "DATABRICKS_CONFIG_FILE=/dev/zero", NULL};
    assert_false(resolve(endless, NULL, &f));
    assert_non_null(strstr(f.message, "config file /dev/zero: larger than 1 MiB"));
    assert_non_null(strstr(f.hint, "DATABRICKS_CONFIG_FILE"));

    if (geteuid() != 0) {
        write_file(PROFILES);
        chmod(file, 0);
        assert_false(resolve(env, NULL, &f));
        assert_non_null(strstr(f.message, "Permission denied"));
    }
    unlink(file);
    assert_int_equal(0, mkfifo(file, 0600));
    assert_false(resolve(env, NULL, &f)); /* and does not wait for a writer */
    unlink(file);
}

static void a_tilde_is_the_home_directory(void **state) {
    (void)state;
    const char *env[] = {home_line, "DATABRICKS_CONFIG_FILE=~/.databrickscfg", NULL};
    struct fault f;
    write_file(PROFILES);
    assert_true(resolve(env, NULL, &f));
    assert_true(resolve(env, "~/.databrickscfg", &f));
    assert_false(resolve(env, "~nobody/x", &f));
    assert_non_null(strstr(f.message, "config file ~nobody/x: "));
}

static void no_home_directory_is_no_error_by_itself(void **state) {
    (void)state;
    struct fault f;
    const char *none[] = {NULL};
    assert_false(resolve(none, NULL, &f));
    assert_int_equal(FAULT_AUTH, f.kind);
    assert_non_null(strstr(f.message, "no credentials"));

    const char *enough[] = {"DATABRICKS_HOST=x.net", "DATABRICKS_TOKEN=t", NULL};
    assert_true(resolve(enough, NULL, &f));

    const char *profile[] = {"DATABRICKS_CONFIG_PROFILE=a", NULL};
    assert_false(resolve(profile, NULL, &f));
    assert_non_null(strstr(f.message, "no profile a: HOME is not set"));

    const char *tilde[] = {"DATABRICKS_CONFIG_FILE=~/x", NULL};
    assert_false(resolve(tilde, NULL, &f));
    assert_non_null(strstr(f.message, "~/x: HOME is not set"));
}

static void profiles_are_listed_with_what_each_would_use(void **state) {
    (void)state;
    const char *env[] = {home_line, "DATABRICKS_TOKEN=t-env", NULL};
    const struct config_args args = {.env = variables_get, .env_ud = env};
    struct config_profiles p;
    struct fault f;
    write_file(PROFILES "[bad]\nhost = https://b.net\ntoken = t\nclient_id = i\n"
                        "[__settings__]\ndefault_profile = m2m\n");
    assert_true(config_profiles(&args, &p, &f));
    assert_string_equal(file, p.path);
    assert_int_equal(6, p.count);
    assert_string_equal("DEFAULT", p.list[0].name);
    assert_false(p.list[0].is_default);
    assert_string_equal("https://m2m.net", p.list[2].host);
    assert_string_equal("oauth-m2m", p.list[2].auth_type);
    assert_true(p.list[2].is_default);
    assert_string_equal("databricks-cli", p.list[4].auth_type);
    assert_null(p.list[5].auth_type);
    assert_non_null(strstr(p.list[5].problem, "oauth and pat"));
    config_profiles_free(&p);

    unlink(file);
    assert_true(config_profiles(&args, &p, &f));
    assert_int_equal(0, p.count);
    assert_string_equal(file, p.path);
    config_profiles_free(&p);

    write_file("[x\n");
    assert_false(config_profiles(&args, &p, &f));
    assert_int_equal(FAULT_AUTH, f.kind);

    const char *none[] = {NULL};
    const struct config_args homeless = {.env = variables_get, .env_ud = none};
    assert_true(config_profiles(&homeless, &p, &f));
    assert_null(p.path);
    config_profiles_free(&p);
}

/* The file is not read again for each of them. */
static void many_profiles_are_listed_in_no_long_time(void **state) {
    enum { COUNT = 10000 };
    (void)state;
    const char *env[] = {home_line, NULL};
    const struct config_args args = {.env = variables_get, .env_ud = env};
    struct config_profiles p;
    struct fault f;
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    for (int i = 0; i < COUNT; i++)
        fprintf(out, "[p%d]\nhost = https://x%d.net\ntoken = t\n", i, i);
    fclose(out);
    clock_t began = clock();
    assert_true(config_profiles(&args, &p, &f));
    assert_true((clock() - began) / CLOCKS_PER_SEC < 8);
    assert_int_equal(COUNT, p.count);
    assert_string_equal("https://x9999.net", p.list[COUNT - 1].host);
    config_profiles_free(&p);
}

static void no_secret_is_in_a_message(void **state) {
    (void)state;
    static const char *const env[] = {
        "DATABRICKS_HOST=x.net", "DATABRICKS_TOKEN=dapi-shh",
        "DATABRICKS_PASSWORD=shh-pw", "ARM_CLIENT_SECRET=shh", NULL};
    struct fault f;
    assert_false(resolve(env, NULL, &f));
    assert_null(strstr(f.message, "shh"));
    assert_null(strstr(f.hint, "shh"));
    for (int a = 0; a < CONFIG_ATTRS; a++)
        assert_non_null(config_name((enum config_attr)a));
    assert_true(config_secret(CONFIG_TOKEN));
    assert_true(config_secret(CONFIG_CLIENT_SECRET));
    assert_true(config_secret(CONFIG_OIDC_TOKEN));
    assert_true(config_secret(CONFIG_GITHUB_TOKEN));
    assert_false(config_secret(CONFIG_HOST));
    assert_false(config_secret(CONFIG_CLIENT_ID));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_are_asked_in_their_order),
        cmocka_unit_test(the_profile_is_chosen_by_the_rules),
        cmocka_unit_test(the_method_is_chosen_by_the_rules),
        cmocka_unit_test(values_are_checked_where_their_source_is_known),
        cmocka_unit_test(a_file_that_cannot_be_read_says_why),
        cmocka_unit_test(a_tilde_is_the_home_directory),
        cmocka_unit_test(no_home_directory_is_no_error_by_itself),
        cmocka_unit_test(profiles_are_listed_with_what_each_would_use),
        cmocka_unit_test(many_profiles_are_listed_in_no_long_time),
        cmocka_unit_test(no_secret_is_in_a_message),
    };
    return cmocka_run_group_tests_name("config", tests, make_home, remove_home);
}
