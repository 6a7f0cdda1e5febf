/* text.h -- text from elsewhere, made fit to be shown to a person. Pure. */

#ifndef TARN_TEXT_H
#define TARN_TEXT_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* Append `text` so that no terminal, editor or log viewer takes any of it for a
 * command. Control characters (C0, DEL, C1) and the line separators of Unicode become
 * blanks, a tab becomes four, and "\r\n" is one line end. Controls of the writing
 * direction and bytes that are no UTF-8 become U+FFFD. With `lines`, line ends stay.
 * False when memory runs out. */
bool text_clean(struct buf *out, const char *text, size_t size, bool lines);

/* Into `out` of `room` bytes, with a 0: clean, in one line, without blanks at its ends, cut to fit
 * and never in the middle of a character. Empty when memory runs out. */
void text_copy(char *out, size_t room, const char *text, size_t size);

/* True if text_clean would leave it as it is. */
bool text_is_clean(const char *text, size_t size, bool lines);

#endif
