/* profilefile.h -- change the profiles of the config file. All other bytes of the file stay:
 * comments, order, the profiles of others. The file is replaced as a whole, and only its owner
 * may read it. A malformed file is not changed. */

#ifndef TARN_PROFILEFILE_H
#define TARN_PROFILEFILE_H

#include "base/iniedit.h"
#include "dbx/config.h"

/* False with `*f` (kind usage) for a name that cannot be a profile's. */
bool profilefile_check_name(const char *name, struct fault *f);

/* Write the values of a profile. Keys of other methods of log-in, which would contradict them,
 * are removed, and so is what else the changes say. The first profile of a file becomes the
 * default one, and its first log-in with a browser tells other tools where log-ins are kept,
 * unless that is said already. `args` tells which file. False with `*f`: kind usage for a name that cannot be
 * a profile's, auth for a malformed file, io. */
bool profilefile_save(const struct config_args *args, const char *name,
                      const struct iniedit_change *changes, size_t count,
                      struct fault *f);

/* Make a profile the default one. Kind auth if there is no such profile. */
bool profilefile_choose(const struct config_args *args, const char *name,
                        struct fault *f);

/* Remove a profile. If it was the default one, there is none afterwards. */
bool profilefile_remove(const struct config_args *args, const char *name,
                        struct fault *f);

#endif
