/* sqlreadonly.h -- whether an SQL statement only reads. It says no to everything that it
 * does not understand for certain. Pure; knows words, no grammar. */

#ifndef TARN_SQLREADONLY_H
#define TARN_SQLREADONLY_H

#include <stdbool.h>
#include <stddef.h>

/* True if the text is one statement that begins with a word for reading and holds, outside of
 * strings, quoted names and comments, no word that writes, no built-in function that calls
 * somebody or runs code, and no call of a name that is quoted or made by IDENTIFIER. Else `why`
 * (of `room` bytes) says what was in the way. What a function of the user's own does is not known
 * here. */
bool sqlreadonly_check(const char *text, size_t size, char *why, size_t room);

#endif
