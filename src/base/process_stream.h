/* process_stream.h -- what goes into a child process and comes out of it. For process.c alone. */

#ifndef TARN_PROCESS_STREAM_H
#define TARN_PROCESS_STREAM_H

#include "base/process_end.h"

/* Write to its stdin and read its output, through the ends that are open. */
void process_stream_start(struct process *p);

#endif
