/* login_methods.h -- the methods of a log-in, each by its first step, and the choice between
 * them. */

#ifndef TARN_LOGIN_METHODS_H
#define TARN_LOGIN_METHODS_H

#include "dbx/login.h"
#include "dbx/u2m.h"

/* Get a token by the method of the config, and call `over` from loop_turn. To be called
 * from loop_turn, and not while another log-in is under way. */
void login_methods_start(struct login *l, login_over *over, void *ud);

void oidc_client_secret(struct login *l);
void oidc_federated(struct login *l);
void azure_client_secret(struct login *l);
void azure_cli(struct login *l);
void databricks_cli(struct login *l);

/* True if the Databricks CLI can be run. */
bool databricks_cli_is_there(const struct login *l);

#endif
