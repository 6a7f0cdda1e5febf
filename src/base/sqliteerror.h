/* sqliteerror.h -- SQLite's result codes as faults. Knows no database handle: codes and
 * messages come in as arguments. */

#ifndef TARN_SQLITEERROR_H
#define TARN_SQLITEERROR_H

#include "base/fault.h"

/* The name of a result code as in SQLite's documentation, "SQLITE_BUSY_SNAPSHOT". For an
 * unknown extended code it is the name of the primary code. Never NULL. */
const char *sqliteerror_name(int code);

/* Fill `*f` with kind sql, the message, the name of the code and what to do about it. What
 * went wrong with the database's file begins with its `path`, which may be NULL. Always
 * returns false. */
bool sqliteerror_set(struct fault *f, int code, const char *path, const char *message);

#endif
