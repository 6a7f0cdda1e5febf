#include "dbx/readonly.h"

#include "base/json.h"
#include "base/retry.h"
#include "base/sqlreadonly.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool readonly_refuse(struct fault *f, const char *what) {
    fault_set(f, FAULT_USAGE, "read-only: %s", what);
    fault_code(f, READONLY_CODE);
    return fault_hint(f, "--read-only or TARN_READ_ONLY is set; nothing was sent");
}

/* ---- bodies ---- */

/* Compare as lenient readers do, for which "dryRun" and "DRY_RUN" are dry_run. */
static bool same_name(const char *a, const char *b) {
    for (;; a++, b++) {
        a += strspn(a, "_");
        b += strspn(b, "_");
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
            return false;
        if (*a == '\0')
            return true;
    }
}

/* The member with exactly that name. `text` NULL if there is none, or if there are
 * several with a similar name, since two readers may take a different one. */
static struct json only_member(struct json object, const char *name) {
    struct json it = {0}, key, value, found = {0};
    int count = 0;
    while ((value = json_pair(object, &it, &key)).text != NULL) {
        char text[64];
        if (!json_text(key, text, sizeof text) || !same_name(text, name))
            continue;
        found = strcmp(text, name) == 0 ? value : (struct json){0};
        count++;
    }
    return count == 1 ? found : (struct json){0};
}

static bool is_dry_run(struct json body, char *why, size_t room) {
    snprintf(why, room, "\"dry_run\": true is not in its body");
    return json_type(only_member(body, "dry_run")) == 't';
}

static bool is_reading_statement(struct json body, char *why, size_t room) {
    size_t size;
    char *text = json_string(only_member(body, "statement"), &size);
    snprintf(why, room, "it has no statement, or more than one");
    bool reads = text != NULL && sqlreadonly_check(text, size, why, room);
    free(text);
    return reads;
}

/* ---- requests ---- */

/* POST requests that only read. A path is compared byte for byte as it is sent, so that
 * `//`, dots, escapes and a query make another path. The cancellation of our own
 * statement is not in this table: statement_run.c sends it by workspace_start_detached,
 * which does not look here. */
static const struct {
    const char *path;
    bool (*reads)(struct json body, char *why, size_t room);
} readers[] = {
    /* with dry_run the workspace validates the settings and makes nothing (reference
     * A.5) */
    {"/api/2.0/pipelines", is_dry_run},
    /* there is no GET for a statement, whose text says what it does */
    {"/api/2.0/sql/statements", is_reading_statement},
};

bool readonly_disguises(const char *line) {
    static const char *const names[] = {"X-HTTP-Method-Override", "X-HTTP-Method",
                                        "X-Method-Override"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t size = strlen(names[i]);
        if (strncasecmp(line, names[i], size) == 0 && strchr(":; \t", line[size]) != NULL)
            return true;
    }
    return false;
}

/* True for a header that names another encoding of the body than the one that is_dry_run
 * and the other functions here have read. */
static bool changes_body(const char *line) {
    return strncasecmp(line, "Content-", 8) == 0 ||
           strncasecmp(line, "Transfer-", 9) == 0;
}

static bool refuse_request(const struct workspace_request *r, const char *why,
                           struct fault *f) {
    char what[400];
    int path = (int)strcspn(r->path, "?");
    snprintf(what, sizeof what, "%s %.*s was refused%s%s", r->method,
             path < 200 ? path : 200, r->path, why[0] != '\0' ? ": " : "", why);
    return readonly_refuse(f, what);
}

bool readonly_allows(const struct workspace_request *r, struct fault *f) {
    bool plain = true;
    char why[160] = "";
    for (const char *const *h = r->headers; h != NULL && *h != NULL; h++) {
        if (readonly_disguises(*h))
            return refuse_request(r, "a header names another method", f);
        plain = plain && !changes_body(*h);
    }
    if (retry_safe(r->method))
        return true;
    if (strcmp(r->method, "POST") == 0 && !r->external) {
        for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
            if (strcmp(r->path, readers[i].path) != 0)
                continue;
            if (!plain)
                return refuse_request(r, "a header says that its body is not JSON", f);
            struct json body = json_root(r->body, r->body_size);
            if (json_type(body) == '{' && readers[i].reads(body, why, sizeof why))
                return true;
        }
    }
    return refuse_request(r, why, f);
}
