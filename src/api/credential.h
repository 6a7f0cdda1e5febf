/* credential.h -- tokens in boxes that Lua cannot open. */

#ifndef TARN_API_CREDENTIAL_H
#define TARN_API_CREDENTIAL_H

#include "base/json.h"

#include <lua.h>

/* databricks.credential{token=|token_env=|token_file=} -> credential */
int api_credential(lua_State *L);

/* Push a credential with these bytes and that source. False, with nothing pushed and `*problem`
 * set, if they are no token. [-0, +(0|1), m] */
bool api_pushcredential(lua_State *L, const char *bytes, size_t size, const char *source,
                        const char **problem);

/* The token in the credential at `index`, valid as long as that lives. NULL if it is
 * no credential. [-0, +0, -] */
const char *api_totoken(lua_State *L, int index);

/* Push a credential with the token that is in a JSON text, and call it "request NAME".
 * False, with nothing pushed, if that is no token. [-0, +(0|1), m] */
bool api_pushjsontoken(lua_State *L, struct json value, const char *name);

#endif
