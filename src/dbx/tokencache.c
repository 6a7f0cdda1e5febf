#include "dbx/tokencache.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/filelock.h"
#include "base/json.h"
#include "base/jsonput.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FILE_MAX ((size_t)8 << 20)
#define VERSION  1

#define ROOM_FOR_TOKEN 32768 /* bytes: more than two entries with their tokens */

static const struct file_writing PRIVATE = {.mode = 0600};

char *tokencache_path(struct fault *f) {
    const char *home = getenv("HOME");
    struct buf b = {0};
    if (home == NULL || home[0] == '\0') {
        fault_set(f, FAULT_IO, "there is no place for tokens: HOME is not set");
        return NULL;
    }
    if (!buf_fmt(&b, "%s/.databricks/token-cache.json", home)) {
        buf_free(&b);
        fault_memory(f, "a path");
    }
    return b.bytes;
}

char *tokencache_host_key(const char *host, const char *account_id) {
    struct buf b = {0};
    if (!buf_str(&b, host) ||
        (account_id != NULL && !buf_fmt(&b, "/oidc/accounts/%s", account_id)))
        buf_free(&b);
    return b.bytes;
}

bool tokencache_make_folder(const char *path, struct fault *f) {
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path)
        return true;
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    return file_mkdir(folder, false, 0700, f);
}

bool tokencache_try_lock(const char *path, const char *key, int *fd, struct fault *f) {
    *fd = -1;
    return tokencache_make_folder(path, f) &&
           filelock_try(path, filelock_byte(key), fd, f);
}

/* ---- read ---- */

static bool unusable(const char *path, const char *why, struct fault *f) {
    fault_set(f, FAULT_IO, "the token cache %s %s; it was left as it is", path, why);
    return fault_hint(f,
                      "move it away, and log in again; or choose another way to log in");
}

/* Read the file, and check that it is one of ours. `*root` has no text if there is no file,
 * or if it is empty. */
static bool load(const char *path, struct buf *b, struct json *root, struct fault *f) {
    int64_t version;
    char why[80];
    *root = (struct json){0};
    if (!file_read(path, FILE_MAX, b, f))
        return file_missing(f);
    if (b->size == 0)
        return true;
    *root = json_root(b->bytes, b->size);
    if (json_type(*root) != '{')
        return unusable(path, "is not a JSON object", f);
    if (!json_int(json_at(*root, "version"), &version))
        return unusable(path, "has no version", f);
    if (version != VERSION) {
        snprintf(why, sizeof why, "has version %lld, and this program knows version %d",
                 (long long)version, VERSION);
        return unusable(path, why, f);
    }
    char type = json_type(json_at(*root, "tokens"));
    return type == '{' || type == 0 || unusable(path, "has no object 'tokens'", f);
}

static bool is_name(struct json key, const char *name) {
    size_t size;
    char *text = json_string(key, &size);
    bool same = text != NULL && strlen(name) == size && memcmp(text, name, size) == 0;
    free(text);
    return same;
}

/* The last member of that name, as JSON readers agree. */
static struct json member(struct json object, const char *name) {
    struct json it = {0}, key, value, found = {0};
    while ((value = json_pair(object, &it, &key)).text != NULL)
        if (is_name(key, name))
            found = value;
    return found;
}

/* Go writes the year 1 for a token that does not expire. */
static int64_t lifetime(struct json entry, int64_t now) {
    char text[64];
    int64_t end;
    if (!json_text(json_at(entry, "expiry"), text, sizeof text) || text[0] == '\0' ||
        !token_time(text, &end) || end <= 0)
        return INT64_MAX;
    return end > now ? end - now : 0;
}

/* NULL if the field is not there, or no string. */
static bool take_text(struct json entry, const char *name, char **out, struct fault *f) {
    struct json value = json_at(entry, name);
    *out = json_string(value, NULL);
    return *out != NULL || json_type(value) != '"' || fault_memory(f, "a token");
}

bool tokencache_find(const char *path, const char *key, int64_t now, struct token *t,
                     struct fault *f) {
    struct buf b = {0};
    struct json root;
    *t = (struct token){0};
    bool ok = load(path, &b, &root, f);
    struct json entry = ok ? member(json_at(root, "tokens"), key) : (struct json){0};
    if (json_type(entry) == '{') {
        t->lifetime_ms = lifetime(entry, now);
        ok = take_text(entry, "access_token", &t->text, f) &&
             take_text(entry, "refresh_token", &t->refresh, f);
        if (ok && t->text != NULL && !token_is_clean(t->text))
            ok = unusable(path, "holds an access token with odd characters", f);
        if (!ok)
            token_free(t);
    }
    buf_wipe(&b);
    return ok;
}

/* ---- write ---- */

static bool put_time(struct buf *b, int64_t ms) {
    struct tm tm;
    char text[40];
    time_t seconds = (time_t)(ms / 1000);
    if (gmtime_r(&seconds, &tm) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
        return false;
    return buf_fmt(b, "\"%s.%03dZ\"", text, (int)(ms % 1000));
}

static bool is_ours(struct json key) {
    static const char *const names[] = {"access_token", "token_type", "refresh_token",
                                        "expiry", "expires_in"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (is_name(key, names[i]))
            return true;
    return false;
}

/* Write an entry; `old` is the one that it replaces, whose other fields stay. */
static bool put_entry(struct buf *b, const struct token *t, struct json old,
                      int64_t now) {
    struct json it = {0}, key, value;
    bool ok = buf_str(b, "{\n      \"access_token\": ") &&
              jsonput_string(b, t->text, strlen(t->text)) &&
              buf_str(b, ",\n      \"token_type\": \"Bearer\"");
    if (ok && t->refresh != NULL)
        ok = buf_str(b, ",\n      \"refresh_token\": ") &&
             jsonput_string(b, t->refresh, strlen(t->refresh));
    ok = ok && buf_str(b, ",\n      \"expiry\": ") &&
         (t->lifetime_ms == INT64_MAX ? buf_str(b, "\"0001-01-01T00:00:00Z\"")
                                      : put_time(b, now + t->lifetime_ms));
    while (ok && json_type(old) == '{' &&
           (value = json_pair(old, &it, &key)).text != NULL)
        if (!is_ours(key))
            ok = buf_str(b, ",\n      ") && buf_add(b, key.text, key.size) &&
                 buf_str(b, ": ") && buf_add(b, value.text, value.size);
    return ok && buf_str(b, "\n    }");
}

static bool is_among(struct json key, const char *const *names) {
    for (; *names != NULL; names++)
        if (is_name(key, *names))
            return true;
    return false;
}

static bool separate(struct buf *b, size_t *count) {
    return buf_str(b, (*count)++ == 0 ? "\n    " : ",\n    ");
}

/* The entries of all others as they are, and then those of `keys` if there is a token. */
static bool put_entries(struct buf *b, struct json entries, const char *const *keys,
                        const struct token *t, int64_t now) {
    struct json it = {0}, key, value;
    size_t count = 0;
    bool ok = buf_str(b, "{");
    while (ok && json_type(entries) == '{' &&
           (value = json_pair(entries, &it, &key)).text != NULL)
        if (!is_among(key, keys))
            ok = separate(b, &count) && buf_add(b, key.text, key.size) &&
                 buf_str(b, ": ") && buf_add(b, value.text, value.size);
    for (; ok && t != NULL && *keys != NULL; keys++)
        ok = separate(b, &count) && jsonput_string(b, *keys, strlen(*keys)) &&
             buf_str(b, ": ") && put_entry(b, t, member(entries, *keys), now);
    return ok && buf_str(b, count > 0 ? "\n  }" : "}");
}

static bool put_file(struct buf *b, struct json root, const char *const *keys,
                     const struct token *t, int64_t now) {
    struct json it = {0}, key, value;
    bool ok = buf_fmt(b, "{\n  \"version\": %d,\n  \"tokens\": ", VERSION) &&
              put_entries(b, json_at(root, "tokens"), keys, t, now);
    while (ok && json_type(root) == '{' &&
           (value = json_pair(root, &it, &key)).text != NULL)
        if (!is_name(key, "version") && !is_name(key, "tokens"))
            ok = buf_str(b, ",\n  ") && buf_add(b, key.text, key.size) &&
                 buf_str(b, ": ") && buf_add(b, value.text, value.size);
    return ok && buf_str(b, "\n}\n");
}

static bool change(const char *path, const char *const *keys, const struct token *t,
                   int64_t now, struct fault *f) {
    struct buf old = {0}, new = {0};
    struct json root;
    int lock =
        tokencache_make_folder(path, f) ? filelock_wait(path, FILELOCK_WRITE, f) : -1;
    if (lock == -1)
        return false;
    bool ok = load(path, &old, &root, f);
    /* in one piece: a buffer that grows leaves copies behind */
    if (ok && (!buf_grow(&new, old.size + 2 * (size_t)ROOM_FOR_TOKEN) ||
               !put_file(&new, root, keys, t, now)))
        ok = fault_memory(f, "the token cache");
    ok = ok && file_write(path, new.bytes, new.size, &PRIVATE, f);
    filelock_release(&lock);
    buf_wipe(&old);
    buf_wipe(&new);
    return ok;
}

bool tokencache_store(const char *path, const char *const *keys, const struct token *t,
                      int64_t now, struct fault *f) {
    return change(path, keys, t, now, f);
}

bool tokencache_remove(const char *path, const char *const *keys, struct fault *f) {
    struct file_stat st;
    if (!file_stat(path, &st, f))
        return file_missing(f);
    return change(path, keys, NULL, 0, f);
}

bool tokencache_can_store(const char *path, struct fault *f) {
    struct buf old = {0}, name = {0};
    struct json root;
    bool ok = tokencache_make_folder(path, f) && load(path, &old, &root, f);
    size_t size = old.size + ROOM_FOR_TOKEN;
    char *blanks = ok ? calloc(1, size) : NULL;
    if (ok && (blanks == NULL || !buf_fmt(&name, "%s.%ld.room", path, (long)getpid())))
        ok = fault_memory(f, "the token cache");
    if (ok) {
        struct fault ignored;
        ok = file_write(name.bytes, blanks, size, &PRIVATE, f);
        file_remove(name.bytes, false, &ignored);
    }
    free(blanks);
    buf_free(&name);
    buf_wipe(&old);
    return ok;
}
