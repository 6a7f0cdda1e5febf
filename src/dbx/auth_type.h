/* auth_type.h -- which way to a token the attributes lead to (reference F.4). For config.c only. */

#ifndef TARN_AUTH_TYPE_H
#define TARN_AUTH_TYPE_H

#include "base/ini.h"
#include "dbx/config.h"

/* What is known beside the attributes: for the words of a failure. */
struct auth_type_search {
    struct config *c;
    struct fault *f;
    const struct ini *ini;
    const char *path;    /* of the file, if one was loaded */
    const char *profile; /* the section that was used, or looked for; may be NULL */
    bool searched;       /* a file was looked for */
    const char *unknown; /* a key in it that nobody knows; "" if there is none */
};

/* Set c->auth_type. False with `*f`: too many methods, one that we do not have, one that lacks
 * something, or none. */
bool auth_type_choose(struct auth_type_search *s);

#endif
