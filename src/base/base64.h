/* base64.h -- standard base64 (RFC 4648, with padding, without line breaks). Pure. */

#ifndef TARN_BASE64_H
#define TARN_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* The number of characters for `size` bytes, and the most bytes that `size` characters
 * decode to. */
static inline size_t base64_encoded_size(size_t size) {
    return (size + 2) / 3 * 4;
}
static inline size_t base64_decoded_room(size_t size) {
    return size / 4 * 3;
}

/* Write to `out`, which has room for base64_encoded_size(size). No 0 is added. */
void base64_encode(const void *bytes, size_t size, char *out);

/* Write `*n` bytes to `out`, which has room for base64_decoded_room(size). False for what
 * is not standard base64: other characters, blanks, missing padding, bits left over. */
bool base64_decode(const char *text, size_t size, void *out, size_t *n);

#endif
