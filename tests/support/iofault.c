/* iofault.c -- makes one call for a file fail: for LD_PRELOAD, in front of a program under test.
 *
 * Calls for files below $IOFAULT_BELOW are counted, in the order in which they come: open, mkdir,
 * read, write, fsync, ftruncate, rename, unlink, close, and their kin. Number
 * $IOFAULT_AT fails as $IOFAULT_HOW says: EIO, ENOSPC, EROFS, EACCES, or SHORT, where a write
 * takes only half of its bytes and anything else succeeds. With $IOFAULT_LASTS all that follow and
 * change something fail too, behind SHORT with ENOSPC. A file that was to be closed is closed all the same. Each counted
 * call is a line in $IOFAULT_LOG, "12 write /path", and " failed" behind the one that did. */

#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PATH_ROOM 4096

static struct {
    bool ready, lasts, is_short;
    long at, calls;
    int error, log;
    char below[PATH_ROOM];
    size_t below_size;
} fault;

static int error_named(const char *name) {
    static const struct {
        const char *name;
        int error;
    } errors[] = {{"ENOSPC", ENOSPC}, {"EROFS", EROFS}, {"EACCES", EACCES}, {"EIO", EIO}};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (strcmp(errors[i].name, name) == 0)
            return errors[i].error;
    return EIO;
}

static const char *setting(const char *name) {
    const char *value = getenv(name);
    return value != NULL ? value : "";
}

static void prepare(void) {
    if (fault.ready)
        return;
    fault.ready = true;
    snprintf(fault.below, sizeof fault.below, "%s", setting("IOFAULT_BELOW"));
    fault.below_size = strlen(fault.below);
    fault.at = strtol(setting("IOFAULT_AT"), NULL, 10);
    fault.lasts = *setting("IOFAULT_LASTS") != '\0';
    fault.is_short = strcmp(setting("IOFAULT_HOW"), "SHORT") == 0;
    fault.error = error_named(fault.is_short ? "ENOSPC" : setting("IOFAULT_HOW"));
    fault.log = -1;
    if (*setting("IOFAULT_LOG") != '\0')
        fault.log = (int)syscall(SYS_openat, AT_FDCWD, setting("IOFAULT_LOG"),
                                 O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* The whole path of one that may be relative to a descriptor. */
static void whole_path(int dir, const char *path, char out[PATH_ROOM]) {
    char link[64], base[PATH_ROOM] = "";
    if (path[0] == '/') {
        snprintf(out, PATH_ROOM, "%s", path);
        return;
    }
    if (dir == AT_FDCWD)
        snprintf(link, sizeof link, "/proc/self/cwd");
    else
        snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
    ssize_t n = readlink(link, base, sizeof base - 1);
    base[n > 0 ? n : 0] = '\0';
    if (path[0] == '\0')
        snprintf(out, PATH_ROOM, "%s", base);
    else
        snprintf(out, PATH_ROOM, "%.2000s/%.2000s", base, path);
}

/* True if this call is to fail. `changes` is false for one that only reads. */
static bool fails(const char *call, int dir, const char *path, bool changes) {
    char whole[PATH_ROOM], line[PATH_ROOM + 64];
    int before = errno;
    prepare();
    if (fault.below_size == 0)
        return false;
    whole_path(dir, path, whole);
    bool ours = strncmp(whole, fault.below, fault.below_size) == 0 &&
                (whole[fault.below_size] == '/' || whole[fault.below_size] == '\0');
    bool now = false;
    if (ours) {
        long number = ++fault.calls;
        now = fault.at > 0 &&
              (number == fault.at || (fault.lasts && changes && number > fault.at));
        int n = snprintf(line, sizeof line, "%ld %s %s%s\n", number, call, whole,
                         now ? " failed" : "");
        if (fault.log != -1)
            (void)!syscall(SYS_write, fault.log, line, (size_t)n);
    }
    errno = before;
    return now;
}

static bool descriptor_fails(const char *call, int fd) {
    return fails(call, fd, "", true);
}

static bool reading_fails(const char *call, int fd) {
    return fails(call, fd, "", false);
}

/* After `fails`: true, with errno set, if the call is not to be made. */
static bool refused(void) {
    if (fault.is_short && fault.calls == fault.at)
        return false;
    errno = fault.error;
    return true;
}

/* POSIX says that this works, ISO C does not. */
#define NEXT(name, type) (__extension__(type) dlsym(RTLD_NEXT, name))

typedef int open_function(const char *path, int flags, ...);
typedef int openat_function(int dir, const char *path, int flags, ...);

static bool makes(int flags) {
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

static bool open_fails(int dir, const char *path, int flags) {
    return fails("open", dir, path, (flags & O_ACCMODE) != O_RDONLY) && refused();
}

#define MODE_OF(flags)                                                                   \
    mode_t mode = 0;                                                                     \
    if (makes(flags)) {                                                                  \
        va_list args;                                                                    \
        va_start(args, flags);                                                           \
        mode = va_arg(args, mode_t);                                                     \
        va_end(args);                                                                    \
    }

/* The C library calls its parameters by reserved names. */
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)

int open(const char *path, int flags, ...) {
    MODE_OF(flags)
    if (open_fails(AT_FDCWD, path, flags))
        return -1;
    return NEXT("open", open_function *)(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    MODE_OF(flags)
    if (open_fails(AT_FDCWD, path, flags))
        return -1;
    return NEXT("open64", open_function *)(path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...) {
    MODE_OF(flags)
    if (open_fails(dir, path, flags))
        return -1;
    return NEXT("openat", openat_function *)(dir, path, flags, mode);
}

int openat64(int dir, const char *path, int flags, ...) {
    MODE_OF(flags)
    if (open_fails(dir, path, flags))
        return -1;
    return NEXT("openat64", openat_function *)(dir, path, flags, mode);
}

/* How much of a write is made; -1: none. */
static ssize_t part_of(const char *call, int fd, size_t size) {
    if (!descriptor_fails(call, fd))
        return (ssize_t)size;
    if (refused())
        return -1;
    return (ssize_t)(size > 1 ? size / 2 : size);
}

ssize_t write(int fd, const void *bytes, size_t size) {
    ssize_t part = part_of("write", fd, size);
    return part < 0 ? -1
                    : NEXT("write", ssize_t(*)(int, const void *, size_t))(fd, bytes,
                                                                           (size_t)part);
}

typedef ssize_t pwrite_function(int fd, const void *bytes, size_t size, off_t at);

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
    ssize_t part = part_of("pwrite", fd, size);
    return part < 0 ? -1 : NEXT("pwrite", pwrite_function *)(fd, bytes, (size_t)part, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
    ssize_t part = part_of("pwrite", fd, size);
    return part < 0 ? -1
                    : NEXT("pwrite64", pwrite_function *)(fd, bytes, (size_t)part, at);
}

ssize_t read(int fd, void *bytes, size_t size) {
    if (reading_fails("read", fd) && refused())
        return -1;
    return NEXT("read", ssize_t(*)(int, void *, size_t))(fd, bytes, size);
}

typedef ssize_t pread_function(int fd, void *bytes, size_t size, off_t at);

ssize_t pread(int fd, void *bytes, size_t size, off_t at) {
    if (reading_fails("pread", fd) && refused())
        return -1;
    return NEXT("pread", pread_function *)(fd, bytes, size, at);
}

ssize_t pread64(int fd, void *bytes, size_t size, off64_t at) {
    if (reading_fails("pread", fd) && refused())
        return -1;
    return NEXT("pread64", pread_function *)(fd, bytes, size, at);
}

typedef int descriptor_function(int fd);

int fsync(int fd) {
    if (descriptor_fails("fsync", fd) && refused())
        return -1;
    return NEXT("fsync", descriptor_function *)(fd);
}

int fdatasync(int fd) {
    if (descriptor_fails("fdatasync", fd) && refused())
        return -1;
    return NEXT("fdatasync", descriptor_function *)(fd);
}

int close(int fd) {
    bool failing = descriptor_fails("close", fd);
    int result = NEXT("close", descriptor_function *)(fd);
    return failing && refused() ? -1 : result;
}

typedef int truncate_function(int fd, off_t size);

int ftruncate(int fd, off_t size) {
    if (descriptor_fails("ftruncate", fd) && refused())
        return -1;
    return NEXT("ftruncate", truncate_function *)(fd, size);
}

int ftruncate64(int fd, off64_t size) {
    if (descriptor_fails("ftruncate", fd) && refused())
        return -1;
    return NEXT("ftruncate64", truncate_function *)(fd, size);
}

int rename(const char *from, const char *to) {
    if (fails("rename", AT_FDCWD, to, true) && refused())
        return -1;
    return NEXT("rename", int (*)(const char *, const char *))(from, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to) {
    if (fails("rename", to_dir, to, true) && refused())
        return -1;
    return NEXT("renameat", int (*)(int, const char *, int, const char *))(from_dir, from,
                                                                           to_dir, to);
}

int unlink(const char *path) {
    if (fails("unlink", AT_FDCWD, path, true) && refused())
        return -1;
    return NEXT("unlink", int (*)(const char *))(path);
}

int unlinkat(int dir, const char *path, int flags) {
    if (fails("unlink", dir, path, true) && refused())
        return -1;
    return NEXT("unlinkat", int (*)(int, const char *, int))(dir, path, flags);
}

int mkdir(const char *path, mode_t mode) {
    if (fails("mkdir", AT_FDCWD, path, true) && refused())
        return -1;
    return NEXT("mkdir", int (*)(const char *, mode_t))(path, mode);
}

int mkdirat(int dir, const char *path, mode_t mode) {
    if (fails("mkdir", dir, path, true) && refused())
        return -1;
    return NEXT("mkdirat", int (*)(int, const char *, mode_t))(dir, path, mode);
}

/* Streams of the C library do not come past the functions above. */
typedef FILE *fopen_function(const char *path, const char *mode);

FILE *fopen(const char *path, const char *mode) {
    if (fails("open", AT_FDCWD, path, mode[0] != 'r') && refused())
        return NULL;
    return NEXT("fopen", fopen_function *)(path, mode);
}

FILE *fopen64(const char *path, const char *mode) {
    if (fails("open", AT_FDCWD, path, mode[0] != 'r') && refused())
        return NULL;
    return NEXT("fopen64", fopen_function *)(path, mode);
}

typedef int stream_function(FILE *stream);

int fflush(FILE *stream) {
    if (stream != NULL && descriptor_fails("write", fileno(stream)) && refused())
        return EOF;
    return NEXT("fflush", stream_function *)(stream);
}

int fclose(FILE *stream) {
    bool failing = descriptor_fails("close", fileno(stream));
    int result = NEXT("fclose", stream_function *)(stream);
    return failing && refused() ? EOF : result;
}

// NOLINTEND(readability-inconsistent-declaration-parameter-name)
