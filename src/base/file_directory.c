#define _XOPEN_SOURCE 700 /* realpath */
/* The functions of file.h that are about directories and names. */

#include "base/file.h"

#include "base/oserror.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The deepest tree that can be removed: each level holds a descriptor. */
#define DEPTH_MAX 200

static enum file_type type_of(mode_t mode) {
    if (S_ISREG(mode))
        return FILE_REGULAR;
    if (S_ISDIR(mode))
        return FILE_DIRECTORY;
    return S_ISLNK(mode) ? FILE_LINK : FILE_OTHER;
}

void file_stat_of(const struct stat *st, struct file_stat *out) {
    *out = (struct file_stat){
        .type = type_of(st->st_mode),
        .size = st->st_size,
        .mtime_ms =
            (int64_t)st->st_mtim.tv_sec * 1000 + (int64_t)(st->st_mtim.tv_nsec / 1000000),
        .mode = (int)(st->st_mode & 07777),
    };
}

bool file_stat(const char *path, struct file_stat *out, struct fault *f) {
    struct stat st;
    if (stat(path, &st) != 0) {
        int error = errno;
        /* a link that leads nowhere is described itself */
        if (error != ENOENT || lstat(path, &st) != 0)
            return oserror_set(f, error, path);
    }
    file_stat_of(&st, out);
    return true;
}

bool file_missing(const struct fault *f) {
    return strcmp(f->code, "ENOENT") == 0 || strcmp(f->code, "ENOTDIR") == 0;
}

/* ---- list ---- */

static bool is_dots(const char *name) {
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int no_dots(const struct dirent *entry) {
    return !is_dots(entry->d_name);
}

static int by_bytes(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

bool file_list(const char *path, struct buf *out, struct fault *f) {
    struct dirent **entries;
    bool ok = true;
    int n = scandir(path, &entries, no_dots, by_bytes);
    if (n == -1)
        return oserror_set(f, errno, path);
    for (int i = 0; i < n; i++) {
        ok = ok && buf_add(out, entries[i]->d_name, strlen(entries[i]->d_name) + 1);
        free(entries[i]);
    }
    free(entries);
    return ok || oserror_set(f, ENOMEM, path);
}

/* ---- make ---- */

static bool make_one(const char *path, int mode) {
    struct stat st;
    if (mkdir(path, (mode_t)mode) == 0)
        return true;
    int error = errno;
    /* mkdir may fail with EROFS or EACCES although the directory is there */
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return true;
    errno = error;
    return false;
}

/* Make the directories above first. `path` is changed meanwhile, and restored. */
static bool make_above(char *path, int mode) {
    for (char *p = path + 1; *p != '\0'; p++) {
        if (*p != '/' || p[-1] == '/')
            continue;
        *p = '\0';
        bool ok = make_one(path, mode);
        *p = '/';
        if (!ok) {
            errno = errno == EEXIST ? ENOTDIR : errno; /* a file is in the way */
            return false;
        }
    }
    return true;
}

bool file_mkdir(const char *path, bool parents, int mode, struct fault *f) {
    if (parents && path[0] != '\0') {
        char *copy = strdup(path);
        if (copy == NULL)
            return oserror_set(f, ENOMEM, path);
        bool ok = make_above(copy, mode);
        int error = errno;
        free(copy);
        if (!ok)
            return oserror_set(f, error, path);
    }
    return make_one(path, mode) || oserror_set(f, errno, path);
}

/* ---- remove ---- */

static bool remove_at(int dir, const char *name, int depth);

static bool empty(DIR *dir, int depth) {
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(dir);
        if (entry == NULL)
            return errno == 0;
        if (!is_dots(entry->d_name) && !remove_at(dirfd(dir), entry->d_name, depth))
            return false;
    }
}

/* Remove everything in the directory `name` of `at`. Descriptors are used, so that a link
 * that replaces a directory meanwhile cannot lead out of the tree. */
static bool empty_at(int at, const char *name, int depth) {
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd == -1)
        return false;
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
        errno = ENOMEM;
        return false;
    }
    bool ok = empty(dir, depth);
    int error = errno;
    closedir(dir);
    errno = error;
    return ok;
}

static bool remove_at(int dir, const char *name, int depth) {
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT;
    if (!S_ISDIR(st.st_mode))
        return unlinkat(dir, name, 0) == 0 || errno == ENOENT;
    if (depth == 0) {
        errno = ELOOP;
        return false;
    }
    return empty_at(dir, name, depth - 1) && unlinkat(dir, name, AT_REMOVEDIR) == 0;
}

bool file_remove(const char *path, bool recursive, struct fault *f) {
    struct stat st;
    bool ok;
    if (recursive)
        ok = remove_at(AT_FDCWD, path, DEPTH_MAX);
    else if (lstat(path, &st) != 0)
        ok = errno == ENOENT;
    else
        ok = (S_ISDIR(st.st_mode) ? rmdir(path) : unlink(path)) == 0 || errno == ENOENT;
    return ok || oserror_set(f, errno, path);
}

bool file_rename(const char *from, const char *to, struct fault *f) {
    if (rename(from, to) == 0)
        return true;
    int error = errno;
    char what[400];
    snprintf(what, sizeof what, "%.190s to %.190s", from, to);
    return oserror_set(f, error, what);
}

/* ---- where ---- */

bool file_cwd(struct buf *out, struct fault *f) {
    for (size_t room = 512;; room *= 2) {
        if (!buf_grow(out, room))
            return oserror_set(f, ENOMEM, "working directory");
        if (getcwd(out->bytes, out->room) != NULL)
            break;
        if (errno != ERANGE)
            return oserror_set(f, errno, "working directory");
    }
    out->size = strlen(out->bytes);
    return true;
}

bool file_realpath(const char *path, struct buf *out, struct fault *f) {
    char *real = realpath(path, NULL);
    if (real == NULL)
        return oserror_set(f, errno, path);
    bool ok = buf_str(out, real);
    free(real);
    return ok || oserror_set(f, ENOMEM, path);
}

bool file_mktemp(struct buf *out, struct fault *f) {
    const char *base = getenv("TMPDIR");
    if (base == NULL || base[0] == '\0')
        base = "/tmp";
    if (!buf_fmt(out, "%s/tarn-XXXXXX", base))
        return oserror_set(f, ENOMEM, base);
    return mkdtemp(out->bytes) != NULL || oserror_set(f, errno, base);
}
