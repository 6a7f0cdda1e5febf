/* swar.h -- SIMD within a register: look at eight bytes of a text at once, in a 64-bit
 * integer. Each function returns 0 if none of the eight bytes is what it looks for.
 * Otherwise one of them is; which one, the result does not say. */

#ifndef TARN_SWAR_H
#define TARN_SWAR_H

#include <stdint.h>
#include <string.h>

#define SWAR_ONES  UINT64_C(0x0101010101010101)
#define SWAR_HIGHS UINT64_C(0x8080808080808080)

static inline uint64_t swar_load(const char *p) {
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* Look for a byte below `c`, which is at most 0x80. */
static inline uint64_t swar_below(uint64_t word, unsigned char c) {
    return (word - SWAR_ONES * c) & ~word & SWAR_HIGHS;
}

static inline uint64_t swar_equal(uint64_t word, unsigned char c) {
    return swar_below(word ^ (SWAR_ONES * c), 1);
}

#endif
