#include "base/folder.h"

#include "base/fileio.h"
#include "base/oserror.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a name below the folder leads to: the open folder that it is in, and its last part. */
struct place {
    int dir;
    const char *last;
};

static bool failed(const struct folder *d, const char *name, int error, struct fault *f) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", d->path, name);
    if (error == ELOOP) {
        fault_set(f, FAULT_IO, "%.*s: a link is on the way, and is not followed",
                  (int)sizeof f->message / 2, path);
        snprintf(f->code, sizeof f->code, "ELOOP");
        return fault_hint(f, "remove the link, or put what it leads to in its place");
    }
    return oserror_set(f, error, path);
}

/* ---- names ---- */

/* No part of it is empty, "." or "..": it stays below the folder. */
static bool is_inside(const char *name) {
    for (;;) {
        size_t size = strcspn(name, "/");
        if (size == 0 || (size == 1 && name[0] == '.') ||
            (size == 2 && name[0] == '.' && name[1] == '.'))
            return false;
        if (name[size] == '\0')
            return true;
        name += size + 1;
    }
}

/* A folder in a folder, which is made if `make`; -1 with errno. Where a link stands, systems
 * differ in what they say: ELOOP or ENOTDIR. */
static int step(int dir, const char *part, bool make) {
    struct stat st;
    int fd = openat(dir, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd == -1 && errno == ENOENT && make &&
        (mkdirat(dir, part, 0755) == 0 || errno == EEXIST))
        fd = openat(dir, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd == -1 && errno == ENOTDIR &&
        fstatat(dir, part, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
        errno = ELOOP;
    return fd;
}

/* Go to where `name` is; false with errno. The place's folder is closed by leave. */
static bool enter(const struct folder *d, const char *name, bool make, struct place *p) {
    char part[NAME_MAX + 1];
    *p = (struct place){.dir = d->fd, .last = name};
    if (!is_inside(name)) {
        errno = EINVAL;
        return false;
    }
    for (const char *slash; (slash = strchr(p->last, '/')) != NULL; p->last = slash + 1) {
        size_t size = (size_t)(slash - p->last);
        int next = -1;
        if (size >= sizeof part) {
            errno = ENAMETOOLONG;
        } else {
            memcpy(part, p->last, size);
            part[size] = '\0';
            next = step(p->dir, part, make);
        }
        if (p->dir != d->fd)
            fileio_close(p->dir);
        if (next == -1)
            return false;
        p->dir = next;
    }
    return true;
}

static void leave(const struct folder *d, const struct place *p) {
    if (p->dir != d->fd)
        fileio_close(p->dir);
}

/* ---- open and close ---- */

bool folder_open(struct folder *d, const char *path, struct fault *f) {
    *d = (struct folder){.fd = -1};
    d->path = strdup(path);
    if (d->path == NULL)
        return oserror_set(f, ENOMEM, path);
    d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->fd == -1) {
        oserror_set(f, errno, path);
        folder_close(d);
        return false;
    }
    return true;
}

void folder_close(struct folder *d) {
    if (d->fd != -1)
        close(d->fd);
    free(d->path);
    *d = (struct folder){.fd = -1};
}

/* ---- read ---- */

/* A fifo of that name must not hang us, nor a device be read for ever. */
static int open_regular(int dir, const char *last) {
    struct stat st;
    int fd = openat(dir, last, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd == -1 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
        return fd;
    close(fd);
    errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
    return -1;
}

bool folder_read(const struct folder *d, const char *name, size_t max_bytes,
                 struct buf *out, struct fault *f) {
    struct place p;
    if (!enter(d, name, false, &p))
        return failed(d, name, errno, f);
    int fd = open_regular(p.dir, p.last);
    bool ok = fd != -1 && fileio_read(fd, max_bytes, out);
    fileio_close(fd);
    leave(d, &p);
    return ok || failed(d, name, errno, f);
}

/* ---- write ---- */

/* A file that was not there, beside `last`; its name into `temp`. */
static int open_neighbour(int dir, const char *last, int mode, char *temp, size_t room) {
    for (int i = 0; i < 1000; i++) {
        snprintf(temp, room, ".%.100s.%ld-%d.tmp", last, (long)getpid(), i);
        int fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                        (mode_t)mode);
        if (fd != -1 || errno != EEXIST)
            return fd;
    }
    return -1;
}

/* linkat() is the rename that fails if the name is taken. */
static bool move_into_place(int dir, const char *temp, const char *last, bool exclusive) {
    if (!exclusive)
        return renameat(dir, temp, dir, last) == 0;
    if (linkat(dir, temp, dir, last, 0) != 0)
        return false;
    unlinkat(dir, temp, 0);
    return true;
}

/* May something be put in the place of what is there? *mode is what the file has. */
static bool is_replaceable(int dir, const char *last, const struct file_writing *how,
                           int *mode) {
    struct stat st;
    if (fstatat(dir, last, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT;
    errno = how->exclusive        ? EEXIST
            : S_ISLNK(st.st_mode) ? ELOOP
            : S_ISDIR(st.st_mode) ? EISDIR
                                  : EINVAL;
    if (how->exclusive || !S_ISREG(st.st_mode))
        return false;
    *mode = how->mode != -1 ? how->mode : (int)(st.st_mode & 0777);
    return true;
}

static bool write_at(int dir, const char *last, const void *bytes, size_t size,
                     const struct file_writing *how) {
    char temp[NAME_MAX + 1];
    int mode = how->mode != -1 ? how->mode : 0644;
    if (!is_replaceable(dir, last, how, &mode))
        return false;
    int fd = open_neighbour(dir, last, mode, temp, sizeof temp);
    if (fd == -1)
        return false;
    bool ok = fileio_write(fd, bytes, size) && fsync(fd) == 0;
    int error = errno;
    if (close(fd) != 0 &&
        ok) { /* a network file system may say only here that it is full */
        ok = false;
        error = errno;
    }
    if (ok && !move_into_place(dir, temp, last, how->exclusive)) {
        ok = false;
        error = errno;
    }
    if (!ok)
        unlinkat(dir, temp, 0);
    errno = error;
    return ok && (fsync(dir) == 0 || errno == EINVAL || errno == ENOTSUP);
}

bool folder_write(const struct folder *d, const char *name, const void *bytes,
                  size_t size, const struct file_writing *how, struct fault *f) {
    struct place p;
    if (!enter(d, name, true, &p))
        return failed(d, name, errno, f);
    bool ok = write_at(p.dir, p.last, bytes, size, how);
    leave(d, &p);
    return ok || failed(d, name, errno, f);
}

/* ---- the rest ---- */

bool folder_stat(const struct folder *d, const char *name, struct file_stat *out,
                 struct fault *f) {
    struct place p;
    struct stat st;
    if (!enter(d, name, false, &p))
        return failed(d, name, errno, f);
    bool ok = fstatat(p.dir, p.last, &st, AT_SYMLINK_NOFOLLOW) == 0;
    leave(d, &p);
    if (!ok)
        return failed(d, name, errno, f);
    file_stat_of(&st, out);
    return true;
}

static bool add_names(DIR *dir, struct buf *out) {
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL)
            return errno == 0;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (!buf_add(out, entry->d_name, strlen(entry->d_name) + 1)) {
            errno = ENOMEM;
            return false;
        }
    }
}

static int by_bytes(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Put the names from `from` on into the order of their bytes. */
static bool sort_names(struct buf *out, size_t from) {
    size_t count = 0, size = out->size - from;
    for (size_t i = 0; i < size; i++)
        count += out->bytes[from + i] == '\0';
    if (count < 2)
        return true;
    char *copy = malloc(size);
    const char **names = malloc(count * sizeof *names);
    bool ok = copy != NULL && names != NULL;
    if (ok) {
        memcpy(copy, out->bytes + from, size);
        for (size_t i = 0, at = 0; i < count; i++, at += strlen(copy + at) + 1)
            names[i] = copy + at;
        qsort(names, count, sizeof *names, by_bytes);
        out->size = from;
        for (size_t i = 0; i < count; i++)
            buf_add(out, names[i],
                    strlen(names[i]) + 1); /* it had room for all of them */
    }
    free(copy);
    free(names);
    errno = ENOMEM;
    return ok;
}

bool folder_list(const struct folder *d, const char *name, struct buf *out,
                 struct fault *f) {
    struct place p = {.dir = d->fd, .last = "."};
    if (*name != '\0' && !enter(d, name, false, &p))
        return failed(d, name, errno, f);
    int fd = step(p.dir, p.last, false);
    leave(d, &p);
    DIR *dir = fd == -1 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        fileio_close(fd);
        return failed(d, name, errno, f);
    }
    size_t from = out->size;
    bool ok = add_names(dir, out) && sort_names(out, from);
    int error = errno;
    closedir(dir);
    return ok || failed(d, name, error, f);
}

bool folder_mkdir(const struct folder *d, const char *name, struct fault *f) {
    struct place p;
    if (!enter(d, name, true, &p))
        return failed(d, name, errno, f);
    int fd = step(p.dir, p.last, true);
    fileio_close(fd);
    leave(d, &p);
    return fd != -1 || failed(d, name, errno, f);
}

bool folder_remove(const struct folder *d, const char *name, struct fault *f) {
    struct place p;
    struct stat st;
    if (!enter(d, name, false, &p)) {
        failed(d, name, errno, f);
        return file_missing(f);
    }
    bool ok = fstatat(p.dir, p.last, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
              unlinkat(p.dir, p.last, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) == 0;
    ok = ok || errno == ENOENT;
    leave(d, &p);
    return ok || failed(d, name, errno, f);
}
