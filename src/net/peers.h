/* peers.h -- who is connected from where: a count for each address, and who of an address has
 * been there longest. Knows nothing of connections but their place in here. */

#ifndef TARN_PEERS_H
#define TARN_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct peers;
struct peer; /* one address; of IPv6 its first 64 bits, which are one customer's */

/* A place in the count; all zero: none. Memory of its owner. */
struct peers_place {
    struct peer *peer;
    struct peers_place *newer, *older;
    void *owner;
};

struct peers *peers_new(void); /* NULL when memory runs out */
void peers_free(struct peers *p);

/* Count one more from that address; false when memory runs out. */
bool peers_join(struct peers *p, struct peers_place *at, const struct sockaddr *a,
                void *owner);

/* Count it no longer; harmless if it is not counted. */
void peers_leave(struct peers *p, struct peers_place *at);

/* Make it the newest of its address; harmless if it is not counted. */
void peers_renew(struct peers_place *at);

size_t peers_count(const struct peers_place *at);

/* The oldest from its address; then `newer` leads on. */
struct peers_place *peers_oldest(const struct peers_place *at);

/* The oldest from the address with the most; NULL if nobody is counted. */
struct peers_place *peers_crowd(const struct peers *p);

#endif
