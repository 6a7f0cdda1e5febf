/* jsonput.h -- write a string as JSON. Pure. */

#ifndef TARN_JSONPUT_H
#define TARN_JSONPUT_H

#include "base/buf.h"

/* Append the bytes as a JSON string, quotes included. Control characters are escaped; so
 * are surrogates (in UTF-8's manner) without their other half, since JSON can say them in
 * no other way; everything else goes as it is. False when memory runs out. */
bool jsonput_string(struct buf *b, const char *bytes, size_t size);

#endif
