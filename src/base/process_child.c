#define _GNU_SOURCE /* syscall, environ */
#include "base/process_child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Close all descriptors from 3 up at exec, whoever opened them. */
#ifdef SYS_close_range
#define close_later() syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */)
#else
#define close_later() (-1L)
#endif

/* ---- in the child, between fork and exec: async-signal-safe calls only ---- */

static void default_signals(void) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int s = 1; s < NSIG; s++)
        sigaction(s, &standard,
                  NULL); /* fails for SIGKILL and SIGSTOP, which need no reset */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static const char *path_of(char **env) {
    for (; *env != NULL; env++)
        if (strncmp(*env, "PATH=", 5) == 0)
            return *env + 5;
    return "/usr/local/bin:/usr/bin:/bin";
}

/* As execvp, but with the PATH of the child, and never with a shell for a file that is no
 * program. Returns only if nothing could be run, with errno. */
static void search_and_exec(const struct process_launch *l) {
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

_Noreturn void process_child_run(const struct process_launch *l) {
    struct process_failure failure = {0, false};
    if (l->grouped)
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

void process_child_close(int *fd) {
    if (*fd != -1)
        close(*fd);
    *fd = -1;
}

bool process_child_above(int *fd) {
    if (*fd > STDERR_FILENO)
        return fcntl(*fd, F_SETFD, FD_CLOEXEC) != -1;
    int moved = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(*fd);
    *fd = moved;
    return moved != -1;
}

bool process_child_pipe(int fds[2]) {
    if (pipe(fds) == -1) {
        fds[0] = fds[1] = -1;
        return false;
    }
    bool ok = process_child_above(&fds[0]) && process_child_above(&fds[1]);
    if (!ok) {
        process_child_close(&fds[0]);
        process_child_close(&fds[1]);
    }
    return ok;
}

static bool same_name(const char *line, const char *change) {
    size_t size = strcspn(change, "=");
    return strncmp(line, change, size) == 0 && line[size] == '=';
}

char **process_child_environment(const char *const *changes) {
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
