/* peers.h -- counts connections for each address, and keeps them in the order of their
 * age. Knows nothing else of connections. */

#ifndef TARN_PEERS_H
#define TARN_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct peers;
struct peer; /* one IPv4 address, or the first 64 bits of an IPv6 address */

/* Embedded in a connection. All zero: not counted. */
struct peers_entry {
    struct peer *peer;
    struct peers_entry *newer, *older;
    void *owner;
};

struct peers *peers_new(void); /* NULL when memory runs out */
void peers_free(struct peers *p);

/* Count a connection from an address; false when memory runs out. */
bool peers_join(struct peers *p, struct peers_entry *at, const struct sockaddr *a,
                void *owner);

/* Stop counting it; harmless if it is not counted. */
void peers_leave(struct peers *p, struct peers_entry *at);

/* Make it the newest one of its address; harmless if it is not counted. */
void peers_renew(struct peers_entry *at);

size_t peers_count(const struct peers_entry *at);

/* The oldest one of the same address. `newer` leads to the others. */
struct peers_entry *peers_oldest(const struct peers_entry *at);

/* The oldest one of the address with the most connections; NULL if there is none. */
struct peers_entry *peers_most(const struct peers *p);

#endif
