/* attribute.h -- the attributes of reference F.1, and how they are set. For
 * config.c and its parts, and for those who write what config.c reads. */

#ifndef TARN_ATTRIBUTE_H
#define TARN_ATTRIBUTE_H

#include "dbx/config.h"

enum {
    ATTR_SECRET = 1,     /* shown as *** */
    ATTR_OF_MACHINE = 2, /* of the machine, not of a workspace: always read */
    ATTR_WHOLE = 4,      /* a whole number */
};

/* `variable` NULL: the attribute comes from the file only. `group` is the method that it
 * belongs to, for the message "more than one authorization method". */
struct attribute {
    const char *name, *other_name, *variable, *other_variable, *group;
    unsigned flags;
};

const struct attribute *attribute_of(enum config_attr a);

/* The attribute that a key of the config file names, or -1; and whether the key belongs
 * to other tools, so that it is no mistake. */
int attribute_named(const char *key);
bool attribute_is_foreign(const char *key);

static inline const char *config_get(const struct config *c, enum config_attr a) {
    return c->attr[a].value;
}
static inline bool config_has(const struct config *c, enum config_attr a) {
    return c->attr[a].value != NULL;
}

/* Set an attribute, unless an earlier source has set it, or `value` is NULL or blank.
 * False with `*f` if the value cannot be used, or memory runs out. */
bool config_set(struct config *c, enum config_attr a, const char *value,
                const char *source, struct fault *f);

/* Fill `*f`: memory ran out. Always false. */
bool config_no_memory(struct fault *f);

#endif
