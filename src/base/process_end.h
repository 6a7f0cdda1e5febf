/* process_end.h -- a child process under way, and how it ends: what process.c and
 * process_stream.c share. For nobody else. */

#ifndef TARN_PROCESS_END_H
#define TARN_PROCESS_END_H

#include "base/process.h"

#include <sys/types.h>

/* One end of a pipe that we read, and what came through. */
struct process_stream {
    struct process *owner;
    struct watch watch; /* .fd -1: closed */
    struct buf buf;
};

struct process {
    struct loop *loop;
    process_done *done;
    void *ud;
    pid_t pid;
    bool grouped; /* leads a process group of its own */
    bool ended;   /* the child has ended, but keeps its pid until it is reaped */
    bool secret;
    size_t max_output;
    int timeout_ms;
    char *name;                /* for messages */
    struct watch end;          /* the pidfd; .fd -1: none */
    struct timer look, linger; /* `look` without a pidfd, `linger` after the end */
    struct timer deadline;
    struct watch in; /* .fd -1: closed */
    char *in_bytes;
    size_t in_size, in_sent;
    struct process_stream out, err;
};

/* Set the timers. False when memory runs out. */
bool process_end_arm(struct process *p);

/* Hear of the child's end. */
void process_end_watch(struct process *p);

/* Stop watching a descriptor, and close it. */
void process_end_close(struct process *p, struct watch *w);

/* Call back if the child has ended and its output has too. A grandchild that holds a stream
 * open is waited for, but not for long. */
void process_end_check(struct process *p);

/* Kill the child, call back with `f`, and free `*p`. */
void process_end_fail(struct process *p, const struct fault *f);

/* Kill the child and free `*p`, without calling back. */
void process_end_now(struct process *p);

/* Free `*p`, whose child is gone or was never there, but for its output. */
void process_end_release(struct process *p);

#endif
