/* letters.h -- upper and lower case of UTF-8, by Unicode's rules. Pure, but for the locale. */

#ifndef TARN_LETTERS_H
#define TARN_LETTERS_H

#include "base/buf.h"

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>

/* Append the text in lower case, as Java and Spark write it whatever the language: a capital
 * I with a dot becomes i and a combining dot, and a sigma at the end of a word is a final
 * one. `utf8` is a locale whose texts are UTF-8, as term_locale returns it; without one only
 * ASCII changes. Bytes that are no UTF-8 stay. The text grows to twice its size at most.
 * False when memory runs out. */
bool letters_lower(struct buf *out, const char *text, size_t size, locale_t utf8);

/* The same in upper case: a sharp s becomes SS. Other letters that would become several stay
 * as they are. */
bool letters_upper(struct buf *out, const char *text, size_t size, locale_t utf8);

/* Append the text in Unicode's composed form (NFC), with every blank as a space: two texts
 * that look the same have one form. Text that is not UTF-8 stays. False when memory runs
 * out. */
bool letters_composed(struct buf *out, const char *text, size_t size);

#endif
