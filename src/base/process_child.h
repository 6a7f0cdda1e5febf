/* process_child.h -- a child process between fork and exec. What it needs is made ready
 * before the fork. For process.c alone. */

#ifndef TARN_PROCESS_CHILD_H
#define TARN_PROCESS_CHILD_H

#include <stdbool.h>

/* What the child needs. */
struct process_launch {
    char *const *argv;
    char **env;
    const char *cwd;
    int in, out, err; /* -1: the child keeps ours */
    int report;       /* the pipe that says why exec failed */
    bool grouped;     /* the child leads a process group of its own */
};

/* What comes through that pipe. */
struct process_failure {
    int error;
    bool in_cwd;
};

/* In the child: become the program, or write a process_failure and exit. */
_Noreturn void process_child_run(const struct process_launch *l);

/* Our environment with the changes. The array is malloced; its strings belong to
 * others. */
char **process_child_environment(const char *const *changes);

/* A pipe whose ends are above the three streams, and close at exec. */
bool process_child_pipe(int fds[2]);

/* Move a descriptor above the three streams. One of ours may be closed, and a pipe that had
 * its number would be closed by dup2 in the child. */
bool process_child_above(int *fd);

void process_child_close(int *fd); /* harmless for -1, which it becomes */

#endif
