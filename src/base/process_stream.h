/* process_stream.h -- what goes into a child process and comes out of it. For
 * process.c. */

#ifndef TARN_PROCESS_STREAM_H
#define TARN_PROCESS_STREAM_H

#include "base/process_end.h"

/* Start writing to the child's stdin and reading its output, as far as they are open. */
void process_stream_start(struct process *p);

#endif
