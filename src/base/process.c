#include "base/process.h"

#include "base/process_child.h"
#include "base/process_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET_ROOM 65536

/* The ends that the child gets. */
struct ends {
    int in, out, err, report[2];
};

static bool open_ends(struct process *p, const struct process_request *r,
                      struct ends *e) {
    int fds[2];
    if (!process_child_pipe(e->report))
        return false;
    if (r->inherit)
        return true;
    if (r->stdin_size == 0) {
        e->in = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (e->in == -1 || !process_child_above(&e->in))
            return false;
    } else {
        if (!process_child_pipe(fds))
            return false;
        e->in = fds[0];
        p->in.fd = fds[1];
    }
    if (!process_child_pipe(fds))
        return false;
    p->out.watch.fd = fds[0];
    e->out = fds[1];
    if (!process_child_pipe(fds))
        return false;
    p->err.watch.fd = fds[0];
    e->err = fds[1];
    return true;
}

static void close_ends(struct ends *e) {
    process_child_close(&e->in);
    process_child_close(&e->out);
    process_child_close(&e->err);
    process_child_close(&e->report[0]);
    process_child_close(&e->report[1]);
}

/* Wait until the child has become the program, which closes the pipe, or until it
 * writes why it could not. */
static bool has_started(struct process *p, int report, const char *cwd, struct fault *f) {
    struct process_failure failure;
    ssize_t n;
    do
        n = read(report, &failure, sizeof failure);
    while (n == -1 && errno == EINTR);
    if (n != (ssize_t)sizeof failure)
        return true;
    while (waitpid(p->pid, NULL, 0) == -1 && errno == EINTR)
        ;
    const char *why = strerror(failure.error);
    if (failure.in_cwd)
        return fault_set(f, FAULT_IO, "cannot run %s in %s: %s", p->name, cwd, why);
    return fault_set(f, FAULT_IO, "cannot run %s: %s", p->name, why);
}

static bool launch(struct process *p, const struct process_request *r, struct ends *e,
                   struct fault *f) {
    struct process_launch l = {.argv = (char *const *)(uintptr_t)r->argv,
                               .env = process_child_environment(r->env),
                               .cwd = r->cwd,
                               .in = e->in,
                               .out = e->out,
                               .err = e->err,
                               .report = e->report[1],
                               .grouped = p->grouped};
    if (l.env == NULL)
        return fault_memory(f, "the environment of %s", p->name);
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before); /* our handlers must not run in the child */
    p->pid = fork();
    if (p->pid == 0)
        process_child_run(&l);
    int error = errno; /* the next call may change it */
    sigprocmask(SIG_SETMASK, &before, NULL);
    free(l.env);
    if (p->pid == -1)
        return fault_set(f, FAULT_IO, "cannot run %s: %s", p->name, strerror(error));
    process_child_close(&e->report[1]);
    return has_started(p, e->report[0], r->cwd, f);
}

static bool prepare(struct process *p, const struct process_request *r) {
    p->name = strdup(r->argv[0]);
    p->in_size = r->stdin_size;
    p->in_bytes = budget_alloc(r->memory, r->stdin_size + 1);
    if (p->name == NULL || p->in_bytes == NULL)
        return false;
    if (r->stdin_size > 0)
        memcpy(p->in_bytes, r->stdin_bytes, r->stdin_size);
    /* a buffer that never moves leaves no copies behind */
    if (p->secret && !(buf_grow(&p->out.buf, SECRET_ROOM) && buf_grow(&p->err.buf, 4096)))
        return false;
    return process_end_arm(p);
}

static void give_up(struct process *p) {
    buf_free(&p->out.buf);
    buf_free(&p->err.buf);
    process_end_release(p);
}

/* If SIGCHLD is ignored, which may be inherited, the exit status is lost. */
static void keep_children(void) {
    struct sigaction now, standard = {.sa_handler = SIG_DFL};
    if (sigaction(SIGCHLD, NULL, &now) == 0 && now.sa_handler == SIG_IGN)
        sigaction(SIGCHLD, &standard, NULL);
}

struct process *process_start(struct loop *l, const struct process_request *r,
                              process_done *done, void *ud, struct fault *f) {
    struct ends e = {-1, -1, -1, {-1, -1}};
    struct process *p = calloc(1, sizeof *p);
    if (p == NULL) {
        fault_memory(f, "%s", r->argv[0]);
        return NULL;
    }
    p->loop = l;
    p->done = done;
    p->ud = ud;
    p->grouped =
        !r->inherit; /* a terminal's Ctrl-C must reach a child that uses our streams */
    p->secret = r->secret_output;
    p->max_output = r->max_output != 0 ? r->max_output : (size_t)16 << 20;
    p->timeout_ms = r->timeout_ms > 0 ? r->timeout_ms : 60000;
    p->out.buf.budget = p->err.buf.budget = r->memory;
    p->end.fd = p->in.fd = p->out.watch.fd = p->err.watch.fd = -1;

    keep_children();
    bool ok = true;
    if (!prepare(p, r))
        ok = fault_memory(f, "%s", r->argv[0]);
    else if (!open_ends(p, r, &e))
        ok = fault_set(f, FAULT_IO, "cannot run %s: %s", p->name, strerror(errno));
    else
        ok = launch(p, r, &e, f);
    close_ends(&e);
    if (!ok) {
        give_up(p);
        return NULL;
    }
    process_end_watch(p);
    process_stream_start(p);
    return p;
}

void process_cancel(struct process *p) {
    if (p != NULL)
        process_end_now(p);
}
