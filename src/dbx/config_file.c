#include "dbx/config_file.h"

#include "base/buf.h"
#include "dbx/attribute.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE (1 << 20)

const char *config_variable(const struct config_args *args, const char *name) {
    const char *value = name == NULL ? NULL : args->env(args->env_ud, name);
    return value != NULL && *value != '\0' ? value : NULL;
}

/* The path with "~" or "~/" at its beginning replaced; malloced. */
static char *expand(const struct config_args *args, const char *path, struct fault *f) {
    struct buf b = {0};
    bool tilde = path[0] == '~' && (path[1] == '\0' || path[1] == '/');
    const char *home = tilde ? config_variable(args, "HOME") : NULL;
    if (tilde && home == NULL) {
        fault_set(f, FAULT_IO, "%s: HOME is not set", path);
        fault_hint(f, "name the config file in DATABRICKS_CONFIG_FILE");
        return NULL;
    }
    if (!buf_str(&b, tilde ? home : "") || !buf_str(&b, path + tilde)) {
        buf_free(&b);
        config_no_memory(f);
        return NULL;
    }
    return b.bytes;
}

const char *config_file_named(const struct config_args *args, const char **source) {
    const char *path = args->config_file;
    *source = "argument";
    if (path == NULL || *path == '\0') {
        path = config_variable(args, attribute_of(CONFIG_CONFIG_FILE)->variable);
        *source = attribute_of(CONFIG_CONFIG_FILE)->variable;
    }
    return path;
}

char *config_path(const struct config_args *args, struct fault *f) {
    const char *source, *path = config_file_named(args, &source);
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

/* False with errno. O_NONBLOCK keeps a fifo of that name from blocking the program. */
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
    /* in one piece if the size is known: a buffer that grows leaves copies behind */
    if (ok && S_ISREG(st.st_mode) && st.st_size <= MAX_FILE)
        ok = buf_grow(b, (size_t)st.st_size + 8192);
    ok = ok && read_all(fd, b);
    int err = errno; /* close() may change it */
    close(fd);
    errno = err;
    return ok;
}

bool config_file_load(const struct config_args *args, struct ini *ini, char **path,
                      struct fault *f) {
    const char *source;
    bool named = config_file_named(args, &source) != NULL;
    struct buf b = {0};
    *ini = (struct ini){0};
    *path = config_path(args, f);
    if (*path == NULL)
        return !named && config_variable(args, "HOME") == NULL;
    if (!read_file(*path, &b)) {
        int err = errno;
        buf_wipe(&b);
        if (!named && (err == ENOENT || err == ENOTDIR))
            return true;
        fault_set(f, FAULT_AUTH, "config file %s: %s", *path, strerror(err));
        if (err == EFBIG)
            fault_set(f, FAULT_AUTH, "config file %s: larger than %d MiB", *path,
                      MAX_FILE >> 20);
        if (err == EFBIG)
            fault_hint(f, "is it one? DATABRICKS_CONFIG_FILE names another");
        else if (named && err == ENOENT)
            fault_hint(f, "it was named by %s", source);
        else
            fault_hint(f,
                       "make it readable, or name another with DATABRICKS_CONFIG_FILE");
        return false;
    }
    bool ok = ini_parse(b.bytes != NULL ? b.bytes : "", b.size, ini, f);
    buf_wipe(&b);
    if (!ok) {
        struct fault cause = *f;
        /* Whatever is wrong with the file, there are no credentials to send. */
        fault_set(f, cause.kind == FAULT_PARSE ? FAULT_AUTH : cause.kind,
                  "config file %s: %.400s", *path, cause.message);
        if (cause.kind == FAULT_PARSE)
            fault_hint(
                f, "mend that line, or name another file with DATABRICKS_CONFIG_FILE");
    }
    return ok;
}

bool config_file_is_profile(const struct ini_section *section) {
    return section->count > 0 && strncmp(section->name, "__", 2) != 0;
}

void config_file_list_profiles(const struct ini *ini, char *out, size_t room) {
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < ini->count; i++) {
        const struct ini_section *section = &ini->sections[i];
        if (!config_file_is_profile(section))
            continue;
        if (used + strlen(section->name) + 8 > room) {
            snprintf(out + used, room - used, ", ...");
            return;
        }
        used += (size_t)snprintf(out + used, room - used, "%s%s", used > 0 ? ", " : "",
                                 section->name);
    }
}
