/* httptext.h -- the character classes of HTTP/1.1 (RFC 9110, 9112). Pure. */

#ifndef TARN_HTTPTEXT_H
#define TARN_HTTPTEXT_H

#include <stdbool.h>
#include <stddef.h>

/* True for a token, which names of methods and fields are. */
bool httptext_is_token(const char *text, size_t size);

/* True for the value of a field: no control characters except tabs. */
bool httptext_is_value(const char *text, size_t size);

/* True if only characters of a host and a port occur. Empty text is allowed. */
bool httptext_is_host(const char *text, size_t size);

/* Compare without regard to case. `word` ends with a 0. */
bool httptext_equal(const char *text, size_t size, const char *word);

/* True if a list with commas contains `word`. */
bool httptext_lists(const char *text, size_t size, const char *word);

#endif
