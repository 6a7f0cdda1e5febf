/* address.h -- whether an address is public, or leads to this machine and its
 * surroundings. Pure. */

#ifndef TARN_ADDRESS_H
#define TARN_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* False for each address of IANA's special-purpose registries (loopback, private, link-local,
 * shared, documentation, ...), for multicast and reserved ones, for those that a cloud keeps
 * for its machines, and for an IPv6 address that carries such an IPv4 address. */
bool address_is_public(const struct sockaddr *a);

#endif
