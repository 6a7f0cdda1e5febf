/* address.h -- whether an address is public, or leads to this machine and its
 * surroundings. Pure. */

#ifndef TARN_ADDRESS_H
#define TARN_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* False for loopback, private, link-local, shared, multicast and reserved addresses, and
 * for an IPv6 address that carries such an IPv4 address. */
bool address_is_public(const struct sockaddr *a);

#endif
