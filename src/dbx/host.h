/* host.h -- the address of a workspace, read from what a person has pasted. Pure. */

#ifndef TARN_HOST_H
#define TARN_HOST_H

#include "base/fault.h"

#include <stdbool.h>

struct host {
    char url[300];         /* "https://name[:port]", in lower case, no slash at the end */
    char workspace_id[32]; /* from ?o=, ?workspace_id= or ?w=; "" if not there */
    char account_id[64];   /* from ?a= or ?account_id=; "" if not there */
    const char
        *azure_environment; /* "usgovernment" or "china" if the name says so, or NULL */
};

/* Read a host by the rules of reference F.3. False with `*f` (kind auth) if it is no
 * host, or if it is http:// and not this machine. */
bool host_parse(const char *text, struct host *h, struct fault *f);

/* True if the URL is one of an account console, or of a workspace on Azure. */
bool host_is_account(const char *url);
bool host_is_azure(const char *url);

#endif
