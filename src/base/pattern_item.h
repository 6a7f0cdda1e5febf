/* pattern_item.h -- a pattern split into items, as pattern.c makes it and
 * pattern_search.c reads it. For nobody else. */

#ifndef TARN_PATTERN_ITEM_H
#define TARN_PATTERN_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pattern_kind {
    CHAR, /* one byte that is `c`; the first three kinds may have a quantifier */
    ANY,
    SET,
    BALANCE,  /* %bxy: c, d */
    FRONTIER, /* %f[set] */
    BACK,     /* %1: index */
    OPEN,     /* ( : index */
    CLOSE,
    PLACE, /* () */
    END,   /* $ */
    DONE,
    MISTAKE,
};

struct pattern_item {
    unsigned char kind;
    char quantifier; /* 0, '?', '*', '+', '-' */
    unsigned char c, d;
    int index; /* of a set, or of a capture */
};

struct pattern_set {
    uint32_t bits[8];
};

/* A place to come back to: item `item` has taken `count` bytes from `from` on. */
struct pattern_choice {
    const char *from;
    size_t count;
    int item;
};

/* Items, choices and sets follow this header in memory. */
struct pattern {
    int items, sets;
    bool anchored;
    int first; /* the byte that every match begins with; -1: not known */
    size_t choices_at, sets_at;
    char mistake[64];
    struct pattern_item item[];
};

static inline struct pattern_choice *pattern_choices(struct pattern *p) {
    return (struct pattern_choice *)((char *)p + p->choices_at);
}

static inline struct pattern_set *pattern_sets(struct pattern *p) {
    return (struct pattern_set *)((char *)p + p->sets_at);
}

static inline bool pattern_set_has(const struct pattern_set *set, unsigned char c) {
    return set->bits[c / 32] >> (c % 32) & 1;
}

#endif
