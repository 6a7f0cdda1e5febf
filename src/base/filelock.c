#define _GNU_SOURCE /* F_OFD_SETLK */
#include "base/filelock.h"

#include "base/oserror.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TRIES    500
#define PAUSE_NS 4000000L

/* FNV-1a */
uint32_t filelock_byte(const char *name) {
    uint32_t h = 2166136261u;
    for (; *name != '\0'; name++)
        h = (h ^ (unsigned char)*name) * 16777619u;
    return (h >> 2) + FILELOCK_WRITE + 1;
}

static int open_lock(const char *path, struct fault *f) {
    char name[PATH_MAX];
    snprintf(name, sizeof name, "%s.lock", path);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd == -1)
        oserror_set(f, errno, name);
    return fd;
}

static bool take(int fd, uint32_t byte) {
    struct flock l = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)byte, .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &l) == 0;
}

static bool is_taken(int error) {
    return error == EAGAIN || error == EACCES;
}

bool filelock_try(const char *path, uint32_t byte, int *fd, struct fault *f) {
    *fd = open_lock(path, f);
    if (*fd == -1)
        return false;
    if (take(*fd, byte))
        return true;
    int error = errno;
    filelock_release(fd);
    return is_taken(error) ||
           fault_set(f, FAULT_IO, "%s.lock: %s", path, strerror(error));
}

int filelock_wait(const char *path, uint32_t byte, struct fault *f) {
    static const struct timespec pause = {.tv_nsec = PAUSE_NS};
    for (int i = 0; i < TRIES; i++) {
        int fd;
        if (!filelock_try(path, byte, &fd, f))
            return -1;
        if (fd != -1)
            return fd;
        nanosleep(&pause, NULL);
    }
    fault_set(f, FAULT_IO, "%s.lock: another process keeps it", path);
    return -1;
}

void filelock_release(int *fd) {
    if (*fd != -1)
        close(*fd);
    *fd = -1;
}
