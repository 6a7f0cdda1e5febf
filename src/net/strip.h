/* strip.h -- take what is secret out of a request before anybody reads it. Pure. */

#ifndef TARN_STRIP_H
#define TARN_STRIP_H

#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>

/* The members with this name in a JSON text, however deep and however their names are
 * written: `found` gets the value of the last one of the outermost object (text NULL if there
 * is none, or it is no string). Sends nothing anywhere: look at `found`, then cut. */
struct json strip_find(struct json root, const char *name);

/* Overwrite the values of all members of that name: a string becomes "***", anything else
 * null, each with blanks up to its old length. */
void strip_members(char *text, struct json root, const char *name);

/* Cut the value of each parameter of that name, escaped or not, to at most "***". */
void strip_query(char *query, const char *name);

#endif
