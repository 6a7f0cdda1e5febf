/* swar.h -- look at eight bytes of a text at once, in a plain 64-bit integer. The answer
 * of each function is 0 if none of the eight bytes is what is asked for; if not, a byte is,
 * but which one is for a second look to say. */

#ifndef TARN_BYTES8_H
#define TARN_BYTES8_H

#include <stdint.h>
#include <string.h>

#define BYTES8_ONES  UINT64_C(0x0101010101010101)
#define BYTES8_HIGHS UINT64_C(0x8080808080808080)

static inline uint64_t bytes8_load(const char *p) {
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* A byte below `c`, which is at most 0x80? */
static inline uint64_t bytes8_below(uint64_t word, unsigned char c) {
    return (word - BYTES8_ONES * c) & ~word & BYTES8_HIGHS;
}

static inline uint64_t bytes8_equal(uint64_t word, unsigned char c) {
    return bytes8_below(word ^ (BYTES8_ONES * c), 1);
}

#endif
