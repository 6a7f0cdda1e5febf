/* httptext.h -- which bytes may stand where in HTTP/1.1 (RFC 9110, 9112). Pure. */

#ifndef TARN_HTTPTEXT_H
#define TARN_HTTPTEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A name of a method or a field: at least one letter, digit, or sign of a token. */
bool httptext_is_token(const char *text, size_t size);

/* A field's value: anything but control characters. A tab is none. */
bool httptext_is_value(const char *text, size_t size);

/* A host and a port as they stand in Host: they may be missing. */
bool httptext_is_host(const char *text, size_t size);

/* The two texts are the same but for the case of letters; `word` ends with a 0. */
bool httptext_equal(const char *text, size_t size, const char *word);

/* True if `word` is among the words of a list with commas. */
bool httptext_lists(const char *text, size_t size, const char *word);

#endif
