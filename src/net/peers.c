#include "net/peers.h"

#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 256

struct key {
    unsigned char bytes[16];
};

struct peer {
    struct key key;
    size_t count;
    struct peers_entry *oldest, *newest;
    struct peer *next; /* the next one in the same slot */
};

struct peers {
    struct peer *slots[SLOTS];
};

struct peers *peers_new(void) {
    return calloc(1, sizeof(struct peers));
}

void peers_free(struct peers *p) {
    free(p); /* each peer was freed with its last entry */
}

static struct key key_of(const struct sockaddr *a) {
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct key k = {{0}};
    if (a->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, a, sizeof v4);
        memcpy(k.bytes, mapped, sizeof mapped);
        memcpy(k.bytes + 12, &v4.sin_addr, 4);
    } else if (a->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, a, sizeof v6);
        bool is_v4 = memcmp(&v6.sin6_addr, mapped, sizeof mapped) == 0;
        memcpy(k.bytes, &v6.sin6_addr, is_v4 ? 16 : 8);
    }
    return k;
}

/* The hash is FNV-1a. Addresses that are chosen to collide only make a list longer, and
 * the number of connections bounds its length. */
static struct peer **slot_of(struct peers *p, const struct key *k) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < sizeof k->bytes; i++)
        hash = (hash ^ k->bytes[i]) * 16777619u;
    struct peer **at = &p->slots[hash % SLOTS];
    while (*at != NULL && memcmp(&(*at)->key, k, sizeof *k) != 0)
        at = &(*at)->next;
    return at;
}

static void append(struct peer *peer, struct peers_entry *at) {
    at->newer = NULL;
    at->older = peer->newest;
    if (at->older != NULL)
        at->older->newer = at;
    else
        peer->oldest = at;
    peer->newest = at;
}

static void unlink_entry(struct peer *peer, struct peers_entry *at) {
    if (at->older != NULL)
        at->older->newer = at->newer;
    else
        peer->oldest = at->newer;
    if (at->newer != NULL)
        at->newer->older = at->older;
    else
        peer->newest = at->older;
}

bool peers_join(struct peers *p, struct peers_entry *at, const struct sockaddr *a,
                void *owner) {
    struct key key = key_of(a);
    struct peer **slot = slot_of(p, &key);
    if (*slot == NULL) {
        *slot = calloc(1, sizeof **slot);
        if (*slot == NULL)
            return false;
        (*slot)->key = key;
    }
    at->peer = *slot;
    at->owner = owner;
    at->peer->count++;
    append(at->peer, at);
    return true;
}

void peers_leave(struct peers *p, struct peers_entry *at) {
    struct peer *peer = at->peer;
    if (peer == NULL)
        return;
    unlink_entry(peer, at);
    at->peer = NULL;
    if (--peer->count > 0)
        return;
    struct peer **slot = slot_of(p, &peer->key);
    *slot = peer->next;
    free(peer);
}

void peers_renew(struct peers_entry *at) {
    if (at->peer == NULL)
        return;
    unlink_entry(at->peer, at);
    append(at->peer, at);
}

size_t peers_count(const struct peers_entry *at) {
    return at->peer == NULL ? 0 : at->peer->count;
}

struct peers_entry *peers_oldest(const struct peers_entry *at) {
    return at->peer == NULL ? NULL : at->peer->oldest;
}

struct peers_entry *peers_most(const struct peers *p) {
    const struct peer *most = NULL;
    for (size_t i = 0; i < SLOTS; i++)
        for (const struct peer *one = p->slots[i]; one != NULL; one = one->next)
            if (most == NULL || one->count > most->count)
                most = one;
    return most == NULL ? NULL : most->oldest;
}
