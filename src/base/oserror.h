/* oserror.h -- errors of the operating system as faults. Pure. */

#ifndef TARN_OSERROR_H
#define TARN_OSERROR_H

#include "base/fault.h"

/* Fill `*f` from an errno: "WHAT: No space left on device", kind io, the errno's name as the
 * code, and what to do about it where that is known. Always false. */
bool oserror_set(struct fault *f, int error, const char *what);

/* "ENOSPC", ...; "" for an errno that no file or stream gives. */
const char *oserror_name(int error);

#endif
