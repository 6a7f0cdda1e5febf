/* jsonput.h -- write a string as JSON. Pure. */

#ifndef TARN_JSONPUT_H
#define TARN_JSONPUT_H

#include "base/buf.h"

/* Append the bytes as a JSON string, with quotes. Control characters are escaped, and so
 * are surrogates (in UTF-8's manner) without their other half, which JSON can express in
 * no other way. All other bytes stay as they are. False when memory runs out. */
bool jsonput_string(struct buf *b, const char *bytes, size_t size);

#endif
