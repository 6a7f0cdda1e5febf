/* sqliteerror.h -- SQLite's result codes as faults. Knows no database handle: codes and
 * messages come in as arguments. */

#ifndef TARN_SQLITEERROR_H
#define TARN_SQLITEERROR_H

#include "base/fault.h"

/* The name of a result code as SQLite's documentation writes it, "SQLITE_BUSY_SNAPSHOT";
 * of an extended code that is not known, the name of its primary code. Never NULL. */
const char *sqliteerror_name(int code);

/* Fill `*f` with kind sql, the message, the name of the code and what to do about it.
 * Always returns false. */
bool sqliteerror_set(struct fault *f, int code, const char *message);

#endif
