/* config_file.h -- which config file there is, and its sections. For config.c and its parts
 * only; the public part is config_path, in config.h. */

#ifndef TARN_CONFIG_FILE_H
#define TARN_CONFIG_FILE_H

#include "base/ini.h"
#include "dbx/config.h"

/* A variable of the environment; NULL if it is empty or `name` is NULL. */
const char *config_variable(const struct config_args *args, const char *name);

/* The file that was named, as it was named, and the source of the name. NULL if none was
 * named. */
const char *config_file_named(const struct config_args *args, const char **source);

/* Read the file; `ini` is empty if the file is missing and need not be there. *path is
 * malloced, or NULL if there is no name to look for. */
bool config_file_load(const struct config_args *args, struct ini *ini, char **path,
                      struct fault *f);

/* True if the section is a profile: neither empty nor reserved. */
bool config_file_is_profile(const struct ini_section *section);

/* Write the names of the profiles, "a, b, c"; ends in "..." if they do not fit. */
void config_file_list_profiles(const struct ini *ini, char *out, size_t room);

#endif
