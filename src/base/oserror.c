#include "base/oserror.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int error;
    const char *name;
    const char *hint;
} known[] = {
    {EACCES, "EACCES", "check the permissions of the path and of the folders above it"},
    {EAGAIN, "EAGAIN", ""},
    {EBADF, "EBADF", "the stream is closed"},
    {EBUSY, "EBUSY", ""},
    {EDQUOT, "EDQUOT", "the disk quota is used up; free some space and try again"},
    {EEXIST, "EEXIST", ""},
    {EFBIG, "EFBIG", "the size limit for files is reached (see ulimit -f)"},
    {EINVAL, "EINVAL", ""},
    {EIO, "EIO", "the device failed"},
    {EISDIR, "EISDIR", "a folder is there: name a file"},
    {ELOOP, "ELOOP", ""},
    {EMFILE, "EMFILE", "too many files are open (see ulimit -n)"},
    {ENAMETOOLONG, "ENAMETOOLONG", ""},
    {ENFILE, "ENFILE", ""},
    {ENODEV, "ENODEV", ""},
    {ENOENT, "ENOENT", ""},
    {ENOMEM, "ENOMEM", ""},
    {ENOSPC, "ENOSPC", "the disk is full; free some space and try again"},
    {ENOTDIR, "ENOTDIR", "a part of the path is a file, not a folder"},
    {ENOTEMPTY, "ENOTEMPTY", ""},
    {ENXIO, "ENXIO", ""},
    {EPERM, "EPERM", "the system forbids it, whatever the permissions of the path are"},
    {EPIPE, "EPIPE", ""},
    {EROFS, "EROFS", "name a place on another file system: this one is read-only"},
    {ETXTBSY, "ETXTBSY", "the program in it is running"},
    {EXDEV, "EXDEV", "the two paths are on different file systems"},
};

const char *oserror_name(int error) {
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].error == error)
            return known[i].name;
    return "";
}

bool oserror_set(struct fault *f, int error, const char *what) {
    fault_set(f, FAULT_IO, "%s: %s", what, strerror(error));
    fault_code(f, oserror_name(error));
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].error == error && known[i].hint[0] != '\0')
            fault_hint(f, "%s", known[i].hint);
    return false;
}
