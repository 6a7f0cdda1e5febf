/* process.h -- run a program with an argument list, never through a shell, inside the
 * loop. Knows nothing of what it runs. */

#ifndef TARN_PROCESS_H
#define TARN_PROCESS_H

#include "base/buf.h"
#include "base/fault.h"
#include "net/loop.h"

struct process;

struct process_request {
    const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
    const char *const *env;  /* "NAME=value" to set, "NAME" to unset; may be NULL */
    const char *cwd;         /* NULL: ours */
    const void *stdin_bytes; /* copied */
    size_t stdin_size;
    int timeout_ms;        /* 0: 60 s; then the child is killed: FAULT_TIMEOUT */
    size_t max_output;     /* of each stream; 0: 16 MiB; over it: FAULT_IO */
    bool inherit;          /* the child uses our three streams */
    bool secret_output;    /* wiped after use */
    struct budget *memory; /* for input and output; NULL: none */
};

struct process_result {
    int status; /* exit status, or 128 + signal */
    struct buf out, err;
};

/* Called once, from loop_turn. `r` is NULL if `f` is not. The callee may take buffers
 * over by copying and zeroing them. */
typedef void process_done(void *ud, struct process_result *r, const struct fault *f);

/* Start a program. NULL with `*f` filled if it cannot be started. Our descriptors are
 * closed in the child; its signal mask and handlers are the defaults. Without
 * `inherit` the child leads a process group of its own, which is killed as a whole,
 * and reads /dev/null if there is nothing for its stdin. The process is over when the
 * child has ended and its output is closed; what a grandchild writes later is lost.
 * This program must ignore SIGPIPE. */
struct process *process_start(struct loop *l, const struct process_request *r,
                              process_done *done, void *ud, struct fault *f);

/* Kill and forget a process that has not called back yet. It will not call back. */
void process_cancel(struct process *p);

#endif
