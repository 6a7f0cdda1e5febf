#define _GNU_SOURCE /* syscall, environ */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A descriptor that becomes readable when the process ends; -1 where the kernel has none
 * (then a timer looks now and then). */
#ifdef SYS_pidfd_open
#define open_pidfd(pid) ((int)syscall(SYS_pidfd_open, (pid), 0))
#else
#define open_pidfd(pid) (-1)
#endif

/* Everything from 3 up closes at exec, whoever opened it. */
#ifdef SYS_close_range
#define close_later() syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */)
#else
#define close_later() (-1L)
#endif

#define LOOK_MS     20  /* between two looks, without a pidfd */
#define LINGER_MS   250 /* for output of grandchildren after the end of the child */
#define DYING_MS    500 /* for a killed child to be gone */
#define SECRET_ROOM 65536

/* One end of a pipe that we read, and what came through. */
struct stream {
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
    bool ended;   /* but not reaped: its number stays taken until then */
    bool secret;
    size_t max_output;
    int timeout_ms;
    char *name;                /* for messages */
    struct watch end;          /* the pidfd; .fd -1: none */
    struct timer look, linger; /* without a pidfd; after the end */
    struct timer deadline;
    struct watch in; /* .fd -1: closed */
    char *in_bytes;
    size_t in_size, in_sent;
    struct stream out, err;
};

/* ---- in the child, between fork and exec: async-signal-safe calls only ---- */

/* What the child needs, made ready before the fork. */
struct launch {
    char *const *argv;
    char **env;
    const char *cwd;
    int in, out, err; /* -1: ours stay */
    int report;       /* the pipe that says why exec failed */
};

struct failure {
    int error;
    bool in_cwd;
};

static void default_signals(void) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int s = 1; s < NSIG; s++)
        sigaction(s, &standard, NULL); /* fails for two of them, which have no other */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static const char *path_of(char **env) {
    for (; *env != NULL; env++)
        if (strncmp(*env, "PATH=", 5) == 0)
            return *env + 5;
    return "/usr/local/bin:/usr/bin:/bin";
}

/* As execvp with the PATH of the child, but never with a shell for what is no program. Comes
 * back only if nothing could be run, with errno. */
static void search_and_exec(const struct launch *l) {
    const char *name = l->argv[0], *dir = path_of(l->env);
    char path[PATH_MAX];
    int error = ENOENT;
    if (strchr(name, '/') != NULL) {
        execve(name, l->argv, l->env);
        return;
    }
    for (;; dir++) {
        size_t size = strcspn(dir, ":"), length = strlen(name);
        if (size + length + 2 <= sizeof path) {
            memcpy(path, size == 0 ? "." : dir, size == 0 ? 1 : size);
            size_t at = size == 0 ? 1 : size;
            path[at] = '/';
            memcpy(path + at + 1, name, length + 1);
            execve(path, l->argv, l->env);
            if (errno != ENOENT && errno != ENOTDIR)
                error = errno;
        }
        dir += size;
        if (*dir == '\0')
            break;
    }
    errno = error;
}

static void close_at_exec(void) {
    if (close_later() == 0)
        return;
    long max = sysconf(_SC_OPEN_MAX);
    for (int fd = 3; fd < (max < 0 || max > 65536 ? 65536 : (int)max); fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void run_child(const struct launch *l, bool grouped) {
    struct failure failure = {0, false};
    if (grouped)
        setpgid(0, 0);
    default_signals();
    if (l->in != -1)
        dup2(l->in, STDIN_FILENO);
    if (l->out != -1)
        dup2(l->out, STDOUT_FILENO);
    if (l->err != -1)
        dup2(l->err, STDERR_FILENO);
    close_at_exec();
    if (l->cwd != NULL && chdir(l->cwd) == -1)
        failure.in_cwd = true;
    else
        search_and_exec(l);
    failure.error = errno;
    ssize_t n = write(l->report, &failure, sizeof failure);
    (void)n;
    _exit(127);
}

/* ---- preparations ---- */

static void close_fd(int *fd) {
    if (*fd != -1)
        close(*fd);
    *fd = -1;
}

/* Our three streams may be closed: no end of a pipe may take their numbers, for dup2 in the
 * child would then close the wrong one. */
static bool above_streams(int *fd) {
    if (*fd > STDERR_FILENO)
        return fcntl(*fd, F_SETFD, FD_CLOEXEC) != -1;
    int moved = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(*fd);
    *fd = moved;
    return moved != -1;
}

static bool make_pipe(int fds[2]) {
    if (pipe(fds) == -1) {
        fds[0] = fds[1] = -1;
        return false;
    }
    bool ok = above_streams(&fds[0]) && above_streams(&fds[1]);
    if (!ok) {
        close_fd(&fds[0]);
        close_fd(&fds[1]);
    }
    return ok;
}

static bool same_name(const char *line, const char *change) {
    size_t size = strcspn(change, "=");
    return strncmp(line, change, size) == 0 && line[size] == '=';
}

/* Our environment with the changes: the array is malloced, its strings belong to others. */
static char **environment(const char *const *changes) {
    size_t ours = 0, count = 0, n = 0;
    while (environ != NULL && environ[ours] != NULL)
        ours++;
    while (changes != NULL && changes[count] != NULL)
        count++;
    char **env = malloc((ours + count + 1) * sizeof *env);
    if (env == NULL)
        return NULL;
    for (size_t i = 0; i < ours; i++) {
        bool changed = false;
        for (size_t k = 0; k < count && !changed; k++)
            changed = same_name(environ[i], changes[k]);
        if (!changed)
            env[n++] = environ[i];
    }
    for (size_t k = 0; k < count; k++)
        if (strchr(changes[k], '=') != NULL)
            env[n++] = (char *)(uintptr_t)changes[k];
    env[n] = NULL;
    return env;
}

/* ---- the end ---- */

static void close_watch(struct process *p, struct watch *w) {
    loop_unwatch(p->loop, w);
    close_fd(&w->fd);
}

static void release(struct process *p) {
    close_watch(p, &p->end);
    close_watch(p, &p->in);
    close_watch(p, &p->out.watch);
    close_watch(p, &p->err.watch);
    loop_clear_timer(p->loop, &p->look);
    loop_clear_timer(p->loop, &p->linger);
    loop_clear_timer(p->loop, &p->deadline);
    free(p->in_bytes);
    free(p->name);
    free(p);
}

static void forget_output(struct buf *b, bool secret) {
    if (secret)
        buf_wipe(b);
    else
        buf_free(b);
}

/* Its exit status; 128 + signal; -1 if it will not go (stuck in the kernel). */
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

/* Call back, with what was read or with `f`, and be gone. */
static void finish(struct process *p, const struct fault *f) {
    struct process_result r = {0, p->out.buf, p->err.buf};
    process_done *done = p->done;
    void *ud = p->ud;
    bool secret = p->secret;
    if (f != NULL)
        kill_all(p);
    r.status = reap(p, f != NULL);
    release(p);
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

/* Over when the child has ended and its output has too; but a grandchild that holds a stream
 * open is not waited for long. */
static void check_end(struct process *p) {
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
    check_end(p);
}

static void on_end(void *ud, short revents) {
    (void)revents;
    look_for_end(ud);
}

static void on_look(void *ud) {
    struct process *p = ud;
    if (!p->ended && !has_ended(p)) {
        loop_set_timer(p->loop, &p->look,
                       loop_now() + LOOK_MS); /* has room: was just set */
        return;
    }
    look_for_end(p);
}

/* ---- the streams ---- */

/* May call back, and then `p` is gone. */
static void take(struct process *p, struct stream *s, const char *bytes, size_t size) {
    struct fault f;
    if (s->buf.size + size > p->max_output)
        fault_set(&f, FAULT_IO, "%s wrote more than %zu bytes and was stopped", p->name,
                  p->max_output);
    else if (!buf_add(&s->buf, bytes, size))
        fault_set(&f, FAULT_IO, "out of memory");
    else
        return;
    finish(p, &f);
}

static void on_readable(void *ud, short revents) {
    struct stream *s = ud;
    struct process *p = s->owner;
    char bytes[16384];
    (void)revents;
    bool secret = p->secret; /* `p` may go */
    ssize_t n = read(s->watch.fd, bytes, sizeof bytes);
    if (n > 0) {
        take(p, s, bytes, (size_t)n);
        if (secret)
            explicit_bzero(bytes, (size_t)n);
        return;
    }
    if (n == -1 && (errno == EAGAIN || errno == EINTR))
        return;
    close_watch(p, &s->watch);
    check_end(p);
}

/* A child that does not read to the end is no mistake of ours. */
static void on_writable(void *ud, short revents) {
    struct process *p = ud;
    (void)revents;
    ssize_t n = write(p->in.fd, p->in_bytes + p->in_sent, p->in_size - p->in_sent);
    if (n >= 0)
        p->in_sent += (size_t)n;
    if ((n == -1 && errno != EAGAIN && errno != EINTR) || p->in_sent == p->in_size)
        close_watch(p, &p->in);
}

static void start_watch(struct process *p, struct watch *w, short events,
                        void (*ready)(void *, short), void *ud) {
    if (w->fd == -1)
        return;
    fcntl(w->fd, F_SETFL, fcntl(w->fd, F_GETFL) | O_NONBLOCK);
    w->events = events;
    w->ready = ready;
    w->ud = ud;
    loop_watch(p->loop, w);
}

/* ---- start ---- */

/* The ends that the child gets. */
struct ends {
    int in, out, err, report[2];
};

static bool open_ends(struct process *p, const struct process_request *r,
                      struct ends *e) {
    int fds[2];
    if (!make_pipe(e->report))
        return false;
    if (r->inherit)
        return true;
    if (r->stdin_size == 0) {
        e->in = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (e->in == -1 || !above_streams(&e->in))
            return false;
    } else {
        if (!make_pipe(fds))
            return false;
        e->in = fds[0];
        p->in.fd = fds[1];
    }
    if (!make_pipe(fds))
        return false;
    p->out.watch.fd = fds[0];
    e->out = fds[1];
    if (!make_pipe(fds))
        return false;
    p->err.watch.fd = fds[0];
    e->err = fds[1];
    return true;
}

static void close_ends(struct ends *e) {
    close_fd(&e->in);
    close_fd(&e->out);
    close_fd(&e->err);
    close_fd(&e->report[0]);
    close_fd(&e->report[1]);
}

/* Wait until the child has become the program, which closes the pipe; or for why not. */
static bool has_started(struct process *p, int report, const char *cwd, struct fault *f) {
    struct failure failure;
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
    struct launch l = {.argv = (char *const *)(uintptr_t)r->argv,
                       .env = environment(r->env),
                       .cwd = r->cwd,
                       .in = e->in,
                       .out = e->out,
                       .err = e->err,
                       .report = e->report[1]};
    if (l.env == NULL)
        return fault_set(f, FAULT_IO, "out of memory");
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before); /* our handlers must not run in the child */
    p->pid = fork();
    if (p->pid == 0)
        run_child(&l, p->grouped);
    int error = errno; /* what follows may change it */
    sigprocmask(SIG_SETMASK, &before, NULL);
    free(l.env);
    if (p->pid == -1)
        return fault_set(f, FAULT_IO, "cannot run %s: %s", p->name, strerror(error));
    close_fd(&e->report[1]);
    return has_started(p, e->report[0], r->cwd, f);
}

static bool prepare(struct process *p, const struct process_request *r) {
    p->name = strdup(r->argv[0]);
    p->in_size = r->stdin_size;
    p->in_bytes = malloc(r->stdin_size + 1);
    if (p->name == NULL || p->in_bytes == NULL)
        return false;
    if (r->stdin_size > 0)
        memcpy(p->in_bytes, r->stdin_bytes, r->stdin_size);
    /* a buffer that never moves leaves no copies behind */
    if (p->secret && !(buf_grow(&p->out.buf, SECRET_ROOM) && buf_grow(&p->err.buf, 4096)))
        return false;
    p->deadline.fire = on_deadline;
    p->linger.fire = on_lingered;
    p->look.fire = on_look;
    p->deadline.ud = p->linger.ud = p->look.ud = p;
    /* both now: a timer that was set once can be set again without memory */
    return loop_set_timer(p->loop, &p->deadline, loop_now() + p->timeout_ms) &&
           loop_set_timer(p->loop, &p->look, loop_now() + LOOK_MS);
}

static void give_up(struct process *p) {
    buf_free(&p->out.buf);
    buf_free(&p->err.buf);
    release(p);
}

/* An ignored SIGCHLD, which we may have inherited, would take the exit status from us. */
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
        fault_set(f, FAULT_IO, "out of memory");
        return NULL;
    }
    p->loop = l;
    p->done = done;
    p->ud = ud;
    p->grouped =
        !r->inherit; /* a terminal's Ctrl-C must reach one that uses our streams */
    p->secret = r->secret_output;
    p->max_output = r->max_output != 0 ? r->max_output : (size_t)16 << 20;
    p->timeout_ms = r->timeout_ms > 0 ? r->timeout_ms : 60000;
    p->end.fd = p->in.fd = p->out.watch.fd = p->err.watch.fd = -1;
    p->out.owner = p->err.owner = p;

    keep_children();
    bool ok = true;
    if (!prepare(p, r))
        ok = fault_set(f, FAULT_IO, "out of memory");
    else if (!open_ends(p, r, &e))
        ok = fault_set(f, FAULT_IO, "cannot run %s: %s", p->name, strerror(errno));
    else
        ok = launch(p, r, &e, f);
    close_ends(&e);
    if (!ok) {
        give_up(p);
        return NULL;
    }
    p->end.fd = open_pidfd(p->pid);
    if (p->end.fd != -1) {
        loop_clear_timer(l, &p->look);
        start_watch(p, &p->end, POLLIN, on_end, p);
    }
    start_watch(p, &p->in, POLLOUT, on_writable, p);
    start_watch(p, &p->out.watch, POLLIN, on_readable, &p->out);
    start_watch(p, &p->err.watch, POLLIN, on_readable, &p->err);
    return p;
}

void process_cancel(struct process *p) {
    if (p == NULL)
        return;
    kill_all(p);
    reap(p, true);
    forget_output(&p->out.buf, p->secret);
    forget_output(&p->err.buf, p->secret);
    release(p);
}
