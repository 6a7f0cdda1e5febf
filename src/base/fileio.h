/* fileio.h -- reading and writing all of a descriptor. */

#ifndef TARN_FILEIO_H
#define TARN_FILEIO_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* False with errno. */
bool fileio_write(int fd, const char *bytes, size_t size);

/* Append all that is left to read, with a 0 behind it; false with errno, which is EFBIG for more
 * than `max_bytes`. */
bool fileio_read(int fd, size_t max_bytes, struct buf *out);

/* Close, keeping the errno of what went wrong before; -1 is nothing to close. */
void fileio_close(int fd);

#endif
