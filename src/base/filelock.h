/* filelock.h -- locks that processes of this program, and parts of one process, take before
 * they change a file that they share. Other programs do not know of them.
 *
 * A lock is a byte of the file `path`.lock, which is made and stays. It belongs to the
 * descriptor, so a process that dies holds none. */

#ifndef TARN_FILELOCK_H
#define TARN_FILELOCK_H

#include "base/fault.h"

#include <stdbool.h>
#include <stdint.h>

#define FILELOCK_WRITE 0 /* the byte of those who write the file */

/* A byte other than FILELOCK_WRITE that belongs to a name. Two names may have the same one,
 * which then wait for each other. */
uint32_t filelock_byte(const char *name);

/* Take the lock; `*fd` is -1 if another one has it. False with `*f` if there can be none. */
bool filelock_try(const char *path, uint32_t byte, int *fd, struct fault *f);

/* Take a lock that others hold for as long as one write takes: waits up to two seconds. -1
 * with `*f` if it cannot be had. */
int filelock_wait(const char *path, uint32_t byte, struct fault *f);

void filelock_release(int *fd); /* harmless for -1; sets it to -1 */

#endif
