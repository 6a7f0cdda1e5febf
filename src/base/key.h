/* key.h -- what a terminal sends for a key: the number of its bytes, and what it does in
 * a line. Pure: knows no terminal and no editor. */

#ifndef TARN_KEY_H
#define TARN_KEY_H

#include <stdbool.h>
#include <stddef.h>

#define KEY_ESC        '\33'
#define KEY_CONTROL(c) ((c)&0x1f)
#define KEY_DELETE     "\33[3~"

/* Keys of several bytes, with libedit's name for what they do; ends with NULL. */
struct key_binding {
    const char *bytes, *command;
};

extern const struct key_binding key_bound[];

/* The size of the key that `b` begins with; 0 if the whole key has not come yet. */
size_t key_size(const char *b, size_t size);

bool key_is(const char *key, size_t size, const char *wanted);

/* False for a key of several bytes that is not in `key_bound`. libedit would take the
 * end of such a key for text. */
bool key_is_known(const char *key, size_t size);

#endif
