/* strip.h -- take what is secret out of a request before anybody reads it. Pure. */

#ifndef TARN_STRIP_H
#define TARN_STRIP_H

#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>

/* True if a JSON text is nested deeper than `most`; of a text that is none it may say either. */
bool strip_is_deeper(const char *text, size_t size, size_t most);

/* The value of the outermost object's last member with that name, however the name is
 * written; text NULL if there is none, or it is no string. Look at it before the text is
 * changed. */
struct json strip_find(struct json root, const char *name);

/* Overwrite the values of all members with one of these names, of which the last is NULL,
 * however deep they are: a string becomes "***", anything else null, each with blanks up to
 * its old length. Takes time in proportion to the text. */
void strip_members(char *text, struct json root, const char *const *names);

/* Cut the value of each parameter of that name, escaped or not, to at most "***". */
void strip_query(char *query, const char *name);

#endif
