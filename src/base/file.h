/* file.h -- whole files, and the folders they are in. Each call opens and closes what it
 * needs; failures are FAULT_IO with the path in the message and the errno's name as code. */

#ifndef TARN_FILE_H
#define TARN_FILE_H

#include "base/buf.h"
#include "base/fault.h"

#include <stdint.h>

/* Append the whole file to `out`; more than `max_bytes` is a fault. */
bool file_read(const char *path, size_t max_bytes, struct buf *out, struct fault *f);

/* Replace the file, or make it: either all of the new bytes are on the disk, or none are.
 * The target of a link is replaced, not the link. What is no regular file (/dev/null) is
 * written to. `mode` -1 means the mode of the file that is there, or 0644 less the umask.
 * With `exclusive`, a file that is there is a fault (EEXIST). */
struct file_writing {
    int mode;
    bool exclusive;
};
bool file_write(const char *path, const void *bytes, size_t size,
                const struct file_writing *how, struct fault *f);

/* Append to a file, or make it with `mode`. If the disk is full, what was appended is
 * removed. */
bool file_append(const char *path, const void *bytes, size_t size, int mode,
                 struct fault *f);

enum file_type { FILE_REGULAR, FILE_DIRECTORY, FILE_LINK, FILE_OTHER };
struct file_stat {
    enum file_type type; /* FILE_LINK only for a link that leads nowhere */
    int64_t size;
    int64_t mtime_ms; /* since 1970 */
    int mode;         /* permission bits */
};
bool file_stat(const char *path, struct file_stat *st, struct fault *f);

/* The same of what the system has told of a file. */
struct stat;
void file_stat_of(const struct stat *st, struct file_stat *out);

/* True if a fault says that nothing is there. */
bool file_missing(const struct fault *f);

/* Append the names in a directory, sorted by their bytes, each with a 0 behind it. */
bool file_list(const char *path, struct buf *out, struct fault *f);

/* It is no fault if the directory is there. */
bool file_mkdir(const char *path, bool parents, int mode, struct fault *f);

/* It is no fault if nothing is there. Links are removed, and never followed. */
bool file_remove(const char *path, bool recursive, struct fault *f);

bool file_rename(const char *from, const char *to, struct fault *f);
bool file_cwd(struct buf *out, struct fault *f);
bool file_realpath(const char *path, struct buf *out, struct fault *f);

/* Make a directory for temporary files, mode 0700, under TMPDIR or /tmp. */
bool file_mktemp(struct buf *out, struct fault *f);

#endif
