#define _XOPEN_SOURCE 700 /* realpath */
#include "base/file.h"

#include "base/fileio.h"
#include "base/oserror.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_file(const char *path, int flags, int mode) {
    int fd;
    do
        fd = open(path, flags | O_CLOEXEC | O_NOCTTY, (mode_t)mode);
    while (fd == -1 && errno == EINTR);
    return fd;
}

/* ---- read ---- */

bool file_read(const char *path, size_t max_bytes, struct buf *out, struct fault *f) {
    int fd = open_file(path, O_RDONLY, 0);
    if (fd == -1)
        return oserror_set(f, errno, path);
    bool ok = fileio_read(fd, max_bytes, out);
    fileio_close(fd);
    if (!ok && errno == EFBIG)
        return fault_set(f, FAULT_IO, "%s: longer than %zu bytes", path, max_bytes);
    if (!ok && errno == ENOMEM)
        return fault_memory(f, "%s", path);
    return ok || oserror_set(f, errno, path);
}

/* ---- write ---- */

/* Where the last name of the path starts. */
static size_t name_start(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

/* Create a new file beside `path`, and write its name to `temp`. */
static int open_neighbour(const char *path, int mode, struct buf *temp) {
    size_t start = name_start(path);
    for (int i = 0; i < 1000; i++) {
        temp->size = 0;
        /* only a part of the name, so that the new name is not too long */
        if (!buf_fmt(temp, "%.*s.%.100s.%ld-%d.tmp", (int)start, path, path + start,
                     (long)getpid(), i)) {
            errno = ENOMEM;
            return -1;
        }
        int fd = open_file(temp->bytes, O_WRONLY | O_CREAT | O_EXCL, mode);
        if (fd != -1 || errno != EEXIST)
            return fd;
    }
    return -1;
}

/* Write a rename in the directory to the disk. Some file systems cannot, and need not. */
static bool sync_directory(const char *path) {
    char dir[PATH_MAX];
    size_t start = name_start(path);
    if (start >= sizeof dir)
        return true; /* otherwise the rename would have failed */
    memcpy(dir, start > 0 ? path : ".", start > 0 ? start : 1);
    dir[start > 0 ? start : 1] = '\0';
    int fd = open_file(dir, O_RDONLY | O_DIRECTORY, 0);
    if (fd == -1)
        return true; /* the directory may be written to, but not read */
    bool ok = fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS;
    fileio_close(fd);
    return ok;
}

static bool fill(int fd, const void *bytes, size_t size, int keep_mode) {
    if (keep_mode != -1 && fchmod(fd, (mode_t)keep_mode) != 0)
        return false;
    return fileio_write(fd, bytes, size) && fsync(fd) == 0;
}

/* link() is used because, unlike rename(), it fails if the name is taken. */
static bool move_into_place(const char *temp, const char *path, bool exclusive) {
    if (!exclusive)
        return rename(temp, path) == 0;
    if (link(temp, path) != 0)
        return false;
    unlink(temp);
    return true;
}

static bool replace(const char *path, const void *bytes, size_t size, int mode,
                    int keep_mode, bool exclusive) {
    struct buf temp = {0};
    int fd = open_neighbour(path, mode, &temp);
    bool ok = fd != -1 && fill(fd, bytes, size, keep_mode);
    int error = errno;
    if (fd != -1) {
        /* some network file systems report a full disk only here */
        if (close(fd) != 0 && ok) {
            ok = false;
            error = errno;
        }
        if (ok && !move_into_place(temp.bytes, path, exclusive)) {
            ok = false;
            error = errno;
        }
        if (!ok)
            unlink(temp.bytes);
    }
    buf_free(&temp);
    errno = error;
    return ok && sync_directory(path);
}

static bool write_into(const char *path, const void *bytes, size_t size) {
    int fd = open_file(path, O_WRONLY, 0);
    if (fd == -1)
        return false;
    bool ok = fileio_write(fd, bytes, size);
    fileio_close(fd);
    return ok;
}

static bool write_whole(const char *path, const void *bytes, size_t size,
                        const struct file_writing *how) {
    struct stat st;
    int mode = how->mode != -1 ? how->mode : 0644;
    if (stat(path, &st) != 0)
        return replace(path, bytes, size, mode, -1, how->exclusive);
    if (how->exclusive) {
        errno = EEXIST;
        return false;
    }
    if (S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return false;
    }
    if (!S_ISREG(st.st_mode))
        return write_into(path, bytes, size);
    char *real = realpath(path, NULL);
    if (real == NULL)
        return false;
    int keep = how->mode != -1 ? how->mode : (int)(st.st_mode & 07777);
    bool ok = replace(real, bytes, size, keep & 0777, keep, false);
    free(real); /* keeps errno */
    return ok;
}

bool file_write(const char *path, const void *bytes, size_t size,
                const struct file_writing *how, struct fault *f) {
    return write_whole(path, bytes, size, how) || oserror_set(f, errno, path);
}

/* Remove what was appended, unless another process has appended something since. */
static void take_back(int fd, off_t start, off_t position) {
    struct stat st;
    int error = errno;
    if (start != -1 && position != -1 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        st.st_size == position)
        (void)!ftruncate(fd, start);
    errno = error;
}

static bool append_all(int fd, const char *bytes, size_t size) {
    off_t start = -1;
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n == -1 && errno == EINTR)
            continue;
        off_t position = lseek(fd, 0, SEEK_CUR);
        if (n == -1) {
            take_back(fd, start, position);
            return false;
        }
        if (start == -1 && position != -1)
            start = position - n;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

bool file_append(const char *path, const void *bytes, size_t size, int mode,
                 struct fault *f) {
    int fd = open_file(path, O_WRONLY | O_APPEND | O_CREAT, mode);
    if (fd == -1)
        return oserror_set(f, errno, path);
    bool ok = append_all(fd, bytes, size);
    int error = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        error = errno;
    }
    return ok || oserror_set(f, error, path);
}
