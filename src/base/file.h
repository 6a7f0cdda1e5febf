/* file.h -- whole files, and the folders they are in. Each call opens and closes what it
 * needs; failures are FAULT_IO with the path in the message and the errno's name as code. */

#ifndef TARN_FILE_H
#define TARN_FILE_H

#include "base/buf.h"
#include "base/fault.h"

#include <stdint.h>

/* Append the whole file to `out`; more than `max_bytes` is a fault. */
bool file_read(const char *path, size_t max_bytes, struct buf *out, struct fault *f);

/* Replace the file, or make it: all of the new bytes are there, on the disk, or none are.
 * A link's target is replaced, not the link; what is no regular file (/dev/null) is written
 * to. `mode` -1: as the file had, or 0644; less the umask for a new file. With `exclusive` a
 * file that is there is a fault (EEXIST). */
struct file_writing {
    int mode;
    bool exclusive;
};
bool file_write(const char *path, const void *bytes, size_t size,
                const struct file_writing *how, struct fault *f);

/* Append; a file that is not there is made with `mode`. What a full disk cut short is taken
 * back. */
bool file_append(const char *path, const void *bytes, size_t size, int mode,
                 struct fault *f);

enum file_type { FILE_REGULAR, FILE_DIRECTORY, FILE_LINK, FILE_OTHER };
struct file_stat {
    enum file_type type; /* FILE_LINK: it leads nowhere */
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

/* A directory that is there is fine. */
bool file_mkdir(const char *path, bool parents, int mode, struct fault *f);

/* What is not there is fine. Links are removed, never followed. */
bool file_remove(const char *path, bool recursive, struct fault *f);

bool file_rename(const char *from, const char *to, struct fault *f);
bool file_cwd(struct buf *out, struct fault *f);
bool file_realpath(const char *path, struct buf *out, struct fault *f);

/* Make a directory for temporary files, mode 0700, under TMPDIR or /tmp. */
bool file_mktemp(struct buf *out, struct fault *f);

#endif
