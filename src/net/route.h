/* route.h -- decide about the way of a request: whether it may carry credentials,
 * and whether it goes through a proxy. Pure: reads the environment that it is
 * given, and nothing else. */

#ifndef TARN_ROUTE_H
#define TARN_ROUTE_H

#include "base/fault.h"
#include "base/url.h"

#include <stdbool.h>

typedef const char *route_getenv(const char *name);

struct route {
    const char *proxy; /* as the variable has it, perhaps with a password; NULL: none */
    const char *variable; /* that named the proxy */
};

/* Decide the way to `u`. A request to this machine never goes through a proxy, nor does a
 * request that must end at a public address (`public_only`), since the proxy would
 * resolve the name itself. All others go where https_proxy, http_proxy or all_proxy (also
 * in capitals) say, except to the hosts that no_proxy lists: names with their subdomains,
 * ".suffix", addresses, CIDR ranges, each with ":port" or without, or "*". False with
 * `*f` if `secrets` would go over plain http to another machine. */
bool route_decide(const struct url_parts *u, bool secrets, bool public_only,
                  route_getenv *env, struct route *r, struct fault *f);

/* The proxy's host and port without its user and password, for messages. */
void route_proxy_host(const struct route *r, char *out, size_t room);

/* True if the list of no_proxy names that host ("name", "name:port", "[::1]:port"). */
bool route_is_excepted(const char *list, const char *host, size_t host_size, bool https);

#endif
