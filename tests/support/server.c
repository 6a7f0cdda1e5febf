#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct connection {
    int fd;
    server_handler *handle;
    struct server_tally *tally;
};

static int64_t now_ms(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void server_sleep(int ms) {
    struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    nanosleep(&ts, NULL);
}

void server_send(struct server_request *r, const void *bytes, size_t size) {
    const char *at = bytes;
    while (size > 0) {
        ssize_t n = send(r->fd, at, size, MSG_NOSIGNAL);
        if (n <= 0) {
            r->close = true;
            return;
        }
        at += n;
        size -= (size_t)n;
    }
}

void server_reply(struct server_request *r, int status, const char *headers,
                  const char *body) {
    char head[1024];
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 %d Whatever\r\n%sContent-Length: %zu\r\n\r\n", status,
                     headers, strlen(body));
    size_t room = (size_t)n + strlen(body) + 1;
    char *all = malloc(room);
    snprintf(all, room, "%s%s", head, body); /* one packet, if it is small */
    server_send(r, all, room - 1);
    free(all);
}

void server_reset(struct server_request *r) {
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    setsockopt(r->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    r->close = true;
}

int server_number(const struct server_request *r, const char *name, int otherwise) {
    size_t n = strlen(name);
    for (const char *at = r->path; (at = strstr(at, name)) != NULL; at++)
        if (at[n] == '=' && (at[-1] == '?' || at[-1] == '&'))
            return (int)strtol(at + n + 1, NULL, 10);
    return otherwise;
}

/* Read one request; what came beyond it stays in `in`. */
static bool read_request(struct server_request *r, char *in, size_t room, size_t *have) {
    char *end;
    in[*have] = '\0';
    while ((end = strstr(in, "\r\n\r\n")) == NULL) {
        ssize_t n = recv(r->fd, in + *have, room - *have - 1, 0);
        if (n <= 0)
            return false;
        *have += (size_t)n;
        in[*have] = '\0';
    }
    size_t head = (size_t)(end - in) + 4;
    char *line = strstr(in, "\r\n") + 2;
    sscanf(in, "%15s %2047s", r->method, r->path);
    snprintf(r->headers, sizeof r->headers, "%.*s", (int)(end + 2 - line), line);
    size_t length = 0;
    for (char *h = r->headers; *h != '\0'; h = strstr(h, "\r\n") + 2)
        if (strncasecmp(h, "Content-Length:", 15) == 0)
            length = strtoul(h + 15, NULL, 10);
    r->body_size = length;
    size_t got = *have - head, kept = got < length ? got : length;
    memcpy(r->body, in + head, kept < sizeof r->body - 1 ? kept : sizeof r->body - 1);
    memmove(in, in + head + kept, *have - head - kept);
    *have -= head + kept;
    for (char spill[4096]; kept < length;) {
        ssize_t n = recv(r->fd, spill,
                         sizeof spill < length - kept ? sizeof spill : length - kept, 0);
        if (n <= 0)
            return false;
        if (kept + (size_t)n < sizeof r->body)
            memcpy(r->body + kept, spill, (size_t)n);
        kept += (size_t)n;
    }
    r->body[length < sizeof r->body ? length : sizeof r->body - 1] = '\0';
    return true;
}

static void count(struct server_request *r) {
    struct server_tally *t = r->tally;
    r->number = atomic_fetch_add(&t->requests, 1) + 1;
    if (r->number <= SERVER_SEEN)
        t->at[r->number - 1] = now_ms();
    for (char *h = r->headers; *h != '\0'; h = strstr(h, "\r\n") + 2)
        if (strncasecmp(h, "Authorization:", 14) == 0)
            atomic_fetch_add(&t->authorized, 1);
    snprintf(t->headers, sizeof t->headers, "%s", r->headers);
    snprintf(t->body, sizeof t->body, "%.8000s", r->body);
    int busy = atomic_fetch_add(&t->busy, 1) + 1, most = atomic_load(&t->busiest);
    while (busy > most && !atomic_compare_exchange_weak(&t->busiest, &most, busy))
        ;
}

static void *serve(void *ud) {
    struct connection *c = ud;
    struct server_request *r = malloc(sizeof *r);
    size_t have = 0, room = 1 << 17;
    char *in = malloc(room);
    *r = (struct server_request){.fd = c->fd, .tally = c->tally};
    while (!r->close && read_request(r, in, room, &have)) {
        r->nth++;
        count(r);
        c->handle(r);
        atomic_fetch_sub(&c->tally->busy, 1);
    }
    close(c->fd);
    free(in);
    free(r);
    free(c);
    return NULL;
}

static _Noreturn void run(int listener, server_handler *handle,
                          struct server_tally *tally) {
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that dies takes us along */
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int fd = accept(listener, NULL, NULL), on = 1;
        if (fd == -1)
            continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct connection *c = malloc(sizeof *c);
        *c = (struct connection){fd, handle, tally};
        atomic_fetch_add(&tally->connections, 1);
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, c) == 0)
            pthread_detach(thread);
    }
}

void server_start(struct server *s, server_handler *handle) {
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_not_equal(fd, -1);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, size), 0);
    assert_int_equal(listen(fd, 256), 0);
    getsockname(fd, (struct sockaddr *)&a, &size);
    s->port = ntohs(a.sin_port);
    s->tally = mmap(NULL, sizeof *s->tally, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(s->tally, MAP_FAILED);
    s->pid = fork();
    if (s->pid == 0)
        run(fd, handle, s->tally);
    close(fd);
    assert_int_not_equal(s->pid, -1);
}

void server_stop(struct server *s) {
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    munmap(s->tally, sizeof *s->tally);
}
