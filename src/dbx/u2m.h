/* u2m.h -- tokens of a person who has logged in with a browser. They are in the file that
 * Databricks' tools share (dbx/tokencache.h), or in the Databricks CLI's own store. For
 * login.c, its methods, and those that write the file. */

#ifndef TARN_U2M_H
#define TARN_U2M_H

#include <stdbool.h>

#define U2M_CLIENT "databricks-cli" /* the client that workspaces know for all tools */

struct login;

/* Find out under which keys the cache has the log-in: the profile's name, and the host with
 * the account, if `account` is neither NULL nor "". False if the log-in has failed by that. */
bool u2m_keys(struct login *l, const char *account);

/* Write l->token into the cache under those keys. False if the log-in has failed by that. */
bool u2m_store(struct login *l);

/* The method: take the token from the cache, and renew it there in time. */
void u2m(struct login *l);

#endif
