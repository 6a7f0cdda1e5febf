#define _GNU_SOURCE /* memmem */
/* databricks_cli.c -- tokens of the Databricks CLI, which keeps and renews them (F.8). */

#include "base/file.h"
#include "dbx/host.h"
#include "dbx/login_methods.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The legacy CLI is a Python script of the same name that knows no OAuth. A launcher of the
 * new one may be a script, too, so a small file is read. */
#define SMALLEST    (1 << 20)
#define LEGACY_MARK "from databricks_cli.cli import "

/* Set for the CLI that is run. A program that serves other tools in place of the CLI may be
 * this one, which must not ask itself. */
#define ASKED     "TARN_ASKS_CLI"
#define ASKED_SET "TARN_ASKS_CLI=1"

enum found { MISSING, LEGACY, FOUND };

static bool is_legacy(const char *path) {
    struct buf b = {0};
    struct fault unreadable; /* it may be run all the same */
    bool legacy = file_read(path, SMALLEST, &b, &unreadable) && b.bytes != NULL &&
                  memmem(b.bytes, b.size, LEGACY_MARK, strlen(LEGACY_MARK)) != NULL;
    buf_free(&b);
    return legacy;
}

static enum found look_at(const char *path) {
    struct stat st;
    if (stat(path, &st) == -1 || !S_ISREG(st.st_mode) || access(path, X_OK) == -1)
        return MISSING;
    return st.st_size < SMALLEST && is_legacy(path) ? LEGACY : FOUND;
}

/* Find the CLI in PATH. `out` is the path of the first new one, or else of a legacy
 * one. */
static enum found search(const char *name, char *out, size_t room) {
    const char *dir = getenv("PATH");
    enum found best = MISSING;
    char path[PATH_MAX];
    if (strchr(name, '/') != NULL) {
        snprintf(out, room, "%s", name);
        return look_at(name);
    }
    while (dir != NULL && best != FOUND) {
        size_t size = strcspn(dir, ":");
        int n = snprintf(path, sizeof path, "%.*s/%s", size > 0 ? (int)size : 1,
                         size > 0 ? dir : ".", name);
        enum found seen = n < (int)sizeof path ? look_at(path) : MISSING;
        if (seen > best) {
            best = seen;
            snprintf(out, room, "%s", path);
        }
        dir = dir[size] == ':' ? dir + size + 1 : NULL;
    }
    return best;
}

/* The CLI cannot give a token here. If it was not asked for, the next method is tried. */
static void not_configured(struct login *l, const char *why) {
    const char *host = login_value(l, CONFIG_HOST);
    const char *profile = login_value(l, CONFIG_PROFILE);
    struct fault f;
    if (login_value(l, CONFIG_AUTH_TYPE) != NULL) {
        login_refused(l, "nobody has logged in to %s, and %s",
                      profile != NULL ? profile : host, why);
        return;
    }
    if (host_is_azure(host)) {
        snprintf(l->why_not, sizeof l->why_not, "%s", why);
        l->config->auth_type = "azure-cli";
        azure_cli(l);
        return;
    }
    fault_set(&f, FAULT_AUTH,
              "no credentials for %s: no token or other method is set, nobody has logged "
              "in there, and %s",
              host, why);
    fault_hint(
        &f,
        "log in: tarn auth login --host %s; or set DATABRICKS_TOKEN, or a token in "
        "the profile",
        host);
    login_fail(l, &f);
}

static const char *cli_name(const struct login *l) {
    const char *name = login_value(l, CONFIG_DATABRICKS_CLI_PATH);
    return name != NULL ? name : "databricks";
}

bool databricks_cli_is_there(const struct login *l) {
    char path[PATH_MAX];
    return getenv(ASKED) == NULL && search(cli_name(l), path, sizeof path) == FOUND;
}

static bool find_cli(struct login *l) {
    const char *name = cli_name(l);
    char path[PATH_MAX] = "", why[400];
    if (l->cli != NULL)
        return true;
    switch (search(name, path, sizeof path)) {
    case FOUND:
        l->cli = strdup(path);
        if (l->cli == NULL)
            login_no_memory(l);
        return l->cli != NULL;
    case LEGACY:
        snprintf(why, sizeof why,
                 "%.300s is the old CLI in Python, which cannot log in: version 0.205 or "
                 "later can",
                 path);
        break;
    case MISSING:
        snprintf(why, sizeof why, "the Databricks CLI (%.300s) is not installed", name);
        break;
    }
    not_configured(l, why);
    return false;
}

static void run(struct login *l);

static bool says(const struct process_result *r, const char *words) {
    return (r->err.bytes != NULL && strstr(r->err.bytes, words) != NULL) ||
           (r->out.bytes != NULL && strstr(r->out.bytes, words) != NULL);
}

static void on_ran(struct login *l, struct process_result *r, const struct fault *f) {
    char words[300];
    if (f != NULL) {
        login_refused(l, "%s", f->message);
    } else if (r->status == 0) {
        if (login_read(l, "databricks auth token",
                       r->out.bytes != NULL ? r->out.bytes : "", r->out.size, &l->token))
            login_done(l);
    } else if (says(r, "databricks OAuth is not configured for this host")) {
        not_configured(l, "the Databricks CLI is not logged in there");
    } else if (says(r, "unknown flag: --force-refresh") && !l->no_refresh_option) {
        l->no_refresh_option = true;
        run(l);
    } else if (says(r, "unknown flag: --profile") && !l->no_profile_option) {
        l->no_profile_option = true;
        run(l);
    } else {
        login_last_words(r, words, sizeof words);
        login_refused(l, "databricks auth token: %s", words);
    }
}

/* Run the CLI without the variables of the environment, which could name another
 * workspace. */
static void run(struct login *l) {
    char file[PATH_MAX + 32];
    const char *env[] = {"DATABRICKS_HOST",
                         "DATABRICKS_TOKEN",
                         "DATABRICKS_ACCOUNT_ID",
                         "DATABRICKS_CLIENT_ID",
                         "DATABRICKS_CLIENT_SECRET",
                         "DATABRICKS_AUTH_TYPE",
                         "DATABRICKS_CONFIG_PROFILE",
                         ASKED_SET,
                         NULL,
                         NULL};
    const char *argv[10] = {l->cli, "auth", "token"};
    const char *profile = login_value(l, CONFIG_PROFILE);
    const char *host = login_value(l, CONFIG_HOST);
    const char *config_file = login_value(l, CONFIG_CONFIG_FILE);
    const char *account = login_value(l, CONFIG_ACCOUNT_ID);
    size_t n = 3;
    if (profile != NULL && !l->no_profile_option) {
        argv[n++] = "--profile";
        argv[n++] = profile;
    } else {
        argv[n++] = "--host";
        argv[n++] = host;
        if (account != NULL && host_is_account(host)) {
            argv[n++] = "--account-id";
            argv[n++] = account;
        }
    }
    if (l->renew && !l->no_refresh_option)
        argv[n] = "--force-refresh";
    if (config_file != NULL) {
        snprintf(file, sizeof file, "DATABRICKS_CONFIG_FILE=%s", config_file);
        env[8] = file;
    }
    login_run(l, argv, env, on_ran);
}

void databricks_cli(struct login *l) {
    if (getenv(ASKED) != NULL)
        not_configured(l, "databricks OAuth is not configured for this host");
    else if (find_cli(l))
        run(l);
}
