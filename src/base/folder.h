/* folder.h -- the files below one folder that somebody named. What is inside may come from
 * anybody (a repository that was cloned, an archive), so no step below the folder follows a link,
 * whoever puts one there and when. */

#ifndef TARN_FOLDER_H
#define TARN_FOLDER_H

#include "base/file.h"

/* `fd` -1: it is not open. */
struct folder {
    int fd;
    char *path; /* as it was named, for messages */
};

/* Open a folder that is there; the way to it may have links. */
bool folder_open(struct folder *d, const char *path, struct fault *f);
void folder_close(struct folder *d);

/* All below take the name of a file relative to the folder: parts with a "/" between them, none
 * of them empty, "." or "..". A link on the way, or in the file's place, is a fault with the code
 * ELOOP; a name that leaves the folder is one with the code EINVAL. */

bool folder_read(const struct folder *d, const char *name, size_t max_bytes,
                 struct buf *out, struct fault *f);

/* As file_write; folders on the way are made. */
bool folder_write(const struct folder *d, const char *name, const void *bytes,
                  size_t size, const struct file_writing *how, struct fault *f);

/* Of the thing itself: FILE_LINK for every link. */
bool folder_stat(const struct folder *d, const char *name, struct file_stat *st,
                 struct fault *f);

/* Append the names in a folder below, "" for the folder itself; as file_list. */
bool folder_list(const struct folder *d, const char *name, struct buf *out,
                 struct fault *f);

/* Make a folder, and those above it. One that is there is fine. */
bool folder_mkdir(const struct folder *d, const char *name, struct fault *f);

/* Remove a file, a link, or an empty folder. What is not there is fine. */
bool folder_remove(const struct folder *d, const char *name, struct fault *f);

#endif
