/* quiet.h -- standard error somewhere else for a while. */

#ifndef TARN_TESTS_QUIET_H
#define TARN_TESTS_QUIET_H

#include <stdio.h>

/* What is written to stderr goes to `file` until stderr_back gets what this returns. */
int stderr_into(FILE *file);
void stderr_back(int saved);

/* Set-up and tear-down of a CMocka test: many a task says that it has failed, when memory
 * runs out. */
int be_quiet(void **state);
int be_loud(void **state);

#endif
