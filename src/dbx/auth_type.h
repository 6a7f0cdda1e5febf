/* auth_type.h -- choose the method by which a token is got, from the attributes that are
 * set (reference F.4). For config.c only. */

#ifndef TARN_AUTH_TYPE_H
#define TARN_AUTH_TYPE_H

#include "base/ini.h"
#include "dbx/config.h"

/* What is known beside the attributes, for the message of a failure. */
struct auth_type_search {
    struct config *c;
    struct fault *f;
    const struct ini *ini;
    const char *path;    /* of the config file, if one was loaded */
    const char *profile; /* the section that was used or looked for; may be NULL */
    bool searched;       /* a config file was looked for */
    const char *unknown; /* an unknown key in the section; "" if there is none */
};

/* Set c->auth_type. False with `*f` if there are several methods or none, or if the
 * method is not supported or lacks something. */
bool auth_type_choose(struct auth_type_search *s);

#endif
