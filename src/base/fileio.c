#include "base/fileio.h"

#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP 65536

bool fileio_write(int fd, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

static ssize_t read_some(int fd, char *bytes, size_t size) {
    ssize_t n;
    do
        n = read(fd, bytes, size);
    while (n == -1 && errno == EINTR);
    return n;
}

/* What the system says the size is may be wrong (/proc says 0): read to the end. */
bool fileio_read(int fd, size_t max_bytes, struct buf *out) {
    struct stat st;
    size_t start = out->size;
    bool sized =
        fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uintmax_t)st.st_size <= max_bytes;
    if (sized && !buf_grow(out, (size_t)st.st_size + 1)) {
        errno = ENOMEM;
        return false;
    }
    for (;;) {
        if (!buf_grow(out, out->room - out->size > 1 ? 1 : READ_STEP)) {
            errno = ENOMEM;
            return false;
        }
        ssize_t n = read_some(fd, out->bytes + out->size, out->room - out->size - 1);
        if (n == -1)
            return false;
        if (n == 0)
            break;
        out->size += (size_t)n;
        if (out->size - start > max_bytes) {
            errno = EFBIG;
            return false;
        }
    }
    out->bytes[out->size] = '\0';
    return true;
}

void fileio_close(int fd) {
    int error = errno;
    if (fd != -1)
        close(fd);
    errno = error;
}
