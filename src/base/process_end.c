#define _GNU_SOURCE /* syscall */
#include "base/process_end.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A descriptor that becomes readable when the process ends. -1 if the kernel has none;
 * then a timer looks now and then. */
#ifdef SYS_pidfd_open
#define open_pidfd(pid) ((int)syscall(SYS_pidfd_open, (pid), 0))
#else
#define open_pidfd(pid) (-1)
#endif

#define LOOK_MS   20  /* between two looks, without a pidfd */
#define LINGER_MS 250 /* for output of grandchildren after the end of the child */
#define DYING_MS  500 /* for a killed child to be gone */

void process_end_close(struct process *p, struct watch *w) {
    loop_unwatch(p->loop, w);
    if (w->fd != -1)
        close(w->fd);
    w->fd = -1;
}

void process_end_release(struct process *p) {
    process_end_close(p, &p->end);
    process_end_close(p, &p->in);
    process_end_close(p, &p->out.watch);
    process_end_close(p, &p->err.watch);
    loop_clear_timer(p->loop, &p->look);
    loop_clear_timer(p->loop, &p->linger);
    loop_clear_timer(p->loop, &p->deadline);
    budget_free(p->in_bytes);
    free(p->name);
    free(p);
}

static void forget_output(struct buf *b, bool secret) {
    if (secret)
        buf_wipe(b);
    else
        buf_free(b);
}

/* The exit status, or 128 + signal; -1 if the child does not end (stuck in the
 * kernel). */
static int reap(struct process *p, bool wait) {
    int status;
    if (wait && p->end.fd != -1) {
        struct pollfd end = {.fd = p->end.fd, .events = POLLIN};
        poll(&end, 1, DYING_MS);
    }
    for (int tries = 0;; tries++) {
        pid_t got = waitpid(p->pid, &status, WNOHANG);
        if (got == p->pid)
            return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        if (!wait || (got == -1 && errno != EINTR) || tries * 5 > DYING_MS)
            return -1;
        poll(NULL, 0, 5);
    }
}

static void kill_all(struct process *p) {
    kill(p->grouped ? -p->pid : p->pid, SIGKILL);
}

/* Call back with what was read, or with `f`, and free `*p`. */
static void finish(struct process *p, const struct fault *f) {
    struct process_result r = {0, p->out.buf, p->err.buf};
    process_done *done = p->done;
    void *ud = p->ud;
    bool secret = p->secret;
    if (f != NULL)
        kill_all(p);
    r.status = reap(p, f != NULL);
    process_end_release(p);
    if (f != NULL) {
        forget_output(&r.out, secret);
        forget_output(&r.err, secret);
        done(ud, NULL, f);
        return;
    }
    done(ud, &r, NULL);
    forget_output(&r.out, secret);
    forget_output(&r.err, secret);
}

static void on_deadline(void *ud) {
    struct process *p = ud;
    struct fault f;
    fault_set(&f, FAULT_TIMEOUT, "%s did not end within %d ms and was stopped", p->name,
              p->timeout_ms);
    finish(p, &f);
}

static void on_lingered(void *ud) {
    finish(ud, NULL);
}

static bool has_ended(struct process *p) {
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == p->pid;
}

void process_end_check(struct process *p) {
    if (!p->ended)
        return;
    bool silent = p->out.watch.fd == -1 && p->err.watch.fd == -1;
    if (!silent && (p->linger.place != 0 ||
                    loop_set_timer(p->loop, &p->linger, loop_now() + LINGER_MS)))
        return;
    finish(p, NULL);
}

static void look_for_end(struct process *p) {
    if (!p->ended && has_ended(p)) {
        p->ended = true;
        loop_unwatch(p->loop, &p->end);
    }
    process_end_check(p);
}

static void on_end(void *ud, short revents) {
    (void)revents;
    look_for_end(ud);
}

static void on_look(void *ud) {
    struct process *p = ud;
    if (!p->ended && !has_ended(p)) {
        loop_set_timer(p->loop, &p->look,
                       loop_now() +
                           LOOK_MS); /* cannot fail: the timer was set a moment ago */
        return;
    }
    look_for_end(p);
}

bool process_end_arm(struct process *p) {
    p->deadline.fire = on_deadline;
    p->linger.fire = on_lingered;
    p->look.fire = on_look;
    p->deadline.ud = p->linger.ud = p->look.ud = p;
    /* set both now: a timer that was set once can be set again without memory */
    return loop_set_timer(p->loop, &p->deadline, loop_now() + p->timeout_ms) &&
           loop_set_timer(p->loop, &p->look, loop_now() + LOOK_MS);
}

void process_end_watch(struct process *p) {
    p->end.fd = open_pidfd(p->pid);
    if (p->end.fd == -1)
        return;
    loop_clear_timer(p->loop, &p->look);
    p->end.events = POLLIN;
    p->end.ready = on_end;
    p->end.ud = p;
    loop_watch(p->loop, &p->end);
}

void process_end_fail(struct process *p, const struct fault *f) {
    finish(p, f);
}

void process_end_now(struct process *p) {
    kill_all(p);
    reap(p, true);
    forget_output(&p->out.buf, p->secret);
    forget_output(&p->err.buf, p->secret);
    process_end_release(p);
}
