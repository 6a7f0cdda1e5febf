/* base64.h -- standard base64 (RFC 4648, with padding, without line breaks). Pure. */

#ifndef TARN_BASE64_H
#define TARN_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* Characters that `size` bytes become, and the most bytes that `size` characters can be. */
static inline size_t base64_encoded_size(size_t size) {
    return (size + 2) / 3 * 4;
}
static inline size_t base64_decoded_room(size_t size) {
    return size / 4 * 3;
}

/* Into `out`, which has room for base64_encoded_size(size). No 0 at the end. */
void base64_encode(const void *bytes, size_t size, char *out);

/* Into `out`, which has room for base64_decoded_room(size); `*n` bytes were written. False for
 * what is not standard base64: other characters, blanks, missing padding, bits left over. */
bool base64_decode(const char *text, size_t size, void *out, size_t *n);

#endif
