#define _GNU_SOURCE /* ppoll */
#include "loopback.h"

#include "fuzz.h"
#include "net/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define IDLE_MS       4
#define LOOKS_AT_MOST 20 /* while it is idle: a server that does not wait has hundreds */

static void check_fields(const struct server_request *r) {
    for (size_t i = 0; i < r->field_count; i++) {
        const struct server_field *f = &r->fields[i];
        FUZZ_CHECK(memchr(f->name, '\n', f->name_size) == NULL);
        FUZZ_CHECK(f->value_size == 0 || (memchr(f->value, '\n', f->value_size) == NULL &&
                                          memchr(f->value, '\r', f->value_size) == NULL));
    }
}

static void answer(struct loopback *l, struct exchange *x) {
    struct server_request r;
    struct fault f;
    if (!exchange_request(x, &r))
        return;
    FUZZ_CHECK(r.method[0] != '\0' && strpbrk(r.method, " \r\n") == NULL);
    FUZZ_CHECK(strpbrk(r.path, " \r\n?") == NULL && r.body_size <= LOOPBACK_MAX_BODY);
    check_fields(&r);
    l->taken++;
    FUZZ_CHECK(buf_add(&l->methods, r.method, strlen(r.method) + 1));
    const struct server_reply reply = {
        .status = 200, .body = r.path, .body_size = strlen(r.path)};
    FUZZ_CHECK(exchange_answer(x, &reply, &f));
}

static void changed(void *ud) {
    (void)ud;
}

/* Requests are taken by take_all, and not inside the callback. */
static void ready(void *ud) {
    (void)ud;
}

static void take_all(struct loopback *l) {
    struct exchange *x;
    while ((x = server_take(l->server, changed, NULL)) != NULL) {
        answer(l, x);
        exchange_release(x);
    }
}

void loopback_start(struct loopback *l, const char *certificate, const char *key) {
    struct fault f;
    const struct server_options o = {.host = "127.0.0.1",
                                     .max_body = LOOPBACK_MAX_BODY,
                                     .max_connections = 64,
                                     .idle_ms = 5000,
                                     .header_ms = 5000,
                                     .max_header = 16384,
                                     .certificate = certificate,
                                     .key = key};
    *l = (struct loopback){.loop = loop_new()};
    FUZZ_CHECK(l->loop != NULL);
    l->server = server_new(l->loop, &o, ready, NULL, &f);
    if (l->server == NULL)
        fuzz_fail(__FILE__, __LINE__, f.message);
}

/* What is sent over the loopback is there at once: when some turns without a wait have brought
 * nothing, nothing more comes. */
void loopback_settle(struct loopback *l) {
    for (int quiet = 0; quiet < 8; quiet++) {
        int taken = l->taken;
        loop_turn(l->loop, 0);
        take_all(l);
        if (l->taken != taken)
            quiet = 0;
    }
}

/* A port that was used stays taken for a minute; so each client has an address of its own. */
static bool bind_anywhere(int fd) {
    static uint32_t next = 1;
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(0x7f010000 + next++ % 0xfe0000)};
    return bind(fd, (struct sockaddr *)&a, sizeof a) == 0;
}

/* A connected socket. The system may have to forget some of the many connections before. */
static int new_client(const struct loopback *l) {
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((unsigned short)server_port(l->server)),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int tries = 1;; tries++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        FUZZ_CHECK(fd != -1);
        if (bind_anywhere(fd) && connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
            return fd;
        int reason = errno;
        close(fd);
        if (tries == 50)
            fuzz_fail(__FILE__, __LINE__, strerror(reason));
        poll(NULL, 0, 100);
    }
}

/* Small pieces go out at once, one after another. */
int loopback_connect(struct loopback *l) {
    const int on = 1;
    int fd = new_client(l);
    FUZZ_CHECK(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    FUZZ_CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    loopback_settle(l);
    return fd;
}

bool loopback_send(struct loopback *l, int fd, const void *bytes, size_t size) {
    const char *at = bytes;
    while (size > 0) {
        ssize_t n = send(fd, at, size, MSG_NOSIGNAL);
        if (n == -1 && errno != EAGAIN) {
            l->reset = true;
            return false;
        }
        if (n > 0) {
            at += n;
            size -= (size_t)n;
        }
        loopback_settle(l);
    }
    return true;
}

bool loopback_receive(struct loopback *l, int fd, struct buf *answer) {
    char bytes[4096];
    ssize_t n;
    loopback_settle(l);
    while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0)
        FUZZ_CHECK(buf_add(answer, bytes, (size_t)n));
    l->reset = l->reset || (n == -1 && errno != EAGAIN);
    return n == -1 && errno == EAGAIN;
}

/* The C library calls its parameters by reserved names. */
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)

/* Who asks whether there is something to do, the server or libcurl, asks these. */
static int looks;
int epoll_wait(int fd, struct epoll_event *events, int count, int wait_ms) {
    looks++;
    return epoll_pwait(fd, events, count, wait_ms, NULL);
}
int poll(struct pollfd *fds, nfds_t count, int wait_ms) {
    const struct timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000L};
    looks++;
    return ppoll(fds, count, wait_ms < 0 ? NULL : &wait, NULL);
}

// NOLINTEND(readability-inconsistent-declaration-parameter-name)

void loopback_check_idle(struct loopback *l) {
    int64_t start = loop_now();
    looks = 0;
    while (loop_now() - start < IDLE_MS) {
        loop_turn(l->loop, IDLE_MS);
        take_all(l);
    }
    FUZZ_CHECK(looks <= LOOKS_AT_MOST);
}

void loopback_close(struct loopback *l, int fd) {
    close(fd);
    loopback_settle(l);
    l->taken = 0;
    l->reset = false;
    buf_free(&l->methods);
}
