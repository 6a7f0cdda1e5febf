/* variables.h -- an environment that a test makes up: a list of "NAME=value", ending with NULL. */

#ifndef TARN_VARIABLES_H
#define TARN_VARIABLES_H

/* A config_getenv; `ud` is the list. */
const char *variables_get(void *ud, const char *name);

#endif
