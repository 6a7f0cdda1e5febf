#define _DEFAULT_SOURCE /* explicit_bzero */
#include "base/process_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* Keep what was read. If that fails, the process is over, and `p` is freed. */
static void take(struct process *p, struct process_stream *s, const char *bytes,
                 size_t size) {
    struct fault f;
    if (s->buf.size + size > p->max_output)
        fault_set(&f, FAULT_IO, "%s wrote more than %zu bytes and was stopped", p->name,
                  p->max_output);
    else if (!buf_add(&s->buf, bytes, size))
        fault_memory(&f, "the output of %s", p->name);
    else
        return;
    process_end_fail(p, &f);
}

static void on_readable(void *ud, short revents) {
    struct process_stream *s = ud;
    struct process *p = s->owner;
    char bytes[16384];
    (void)revents;
    bool secret = p->secret; /* `p` may be freed below */
    ssize_t n = read(s->watch.fd, bytes, sizeof bytes);
    if (n > 0) {
        take(p, s, bytes, (size_t)n);
        if (secret)
            explicit_bzero(bytes, (size_t)n);
        return;
    }
    if (n == -1 && (errno == EAGAIN || errno == EINTR))
        return;
    process_end_close(p, &s->watch);
    process_end_check(p);
}

/* A child that stops reading is no failure. */
static void on_writable(void *ud, short revents) {
    struct process *p = ud;
    (void)revents;
    ssize_t n = write(p->in.fd, p->in_bytes + p->in_sent, p->in_size - p->in_sent);
    if (n >= 0)
        p->in_sent += (size_t)n;
    if ((n == -1 && errno != EAGAIN && errno != EINTR) || p->in_sent == p->in_size)
        process_end_close(p, &p->in);
}

static void start(struct process *p, struct watch *w, short events,
                  void (*ready)(void *, short), void *ud) {
    if (w->fd == -1)
        return;
    fcntl(w->fd, F_SETFL, fcntl(w->fd, F_GETFL) | O_NONBLOCK);
    w->events = events;
    w->ready = ready;
    w->ud = ud;
    loop_watch(p->loop, w);
}

void process_stream_start(struct process *p) {
    p->out.owner = p->err.owner = p;
    start(p, &p->in, POLLOUT, on_writable, p);
    start(p, &p->out.watch, POLLIN, on_readable, &p->out);
    start(p, &p->err.watch, POLLIN, on_readable, &p->err);
}
