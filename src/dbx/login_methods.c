#include "dbx/login_methods.h"

#include <string.h>

void login_methods_start(struct login *l, login_over *over, void *ud) {
    const char *method = l->config->auth_type;
    l->over = over;
    l->ud = ud;
    l->why_not[0] = '\0';
    token_free(&l->token);
    token_free(&l->management);
    if (strcmp(method, "oauth-m2m") == 0)
        oidc_client_secret(l);
    else if (strcmp(method, "databricks-cli") == 0)
        u2m(l);
    else if (strcmp(method, "azure-cli") == 0)
        azure_cli(l);
    else if (strcmp(method, "azure-client-secret") == 0)
        azure_client_secret(l);
    else
        oidc_federated(l);
}
