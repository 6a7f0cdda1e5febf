/* Raw bytes to the server: what it takes for requests is answered once each, and in order; what
 * it sends is HTTP; and then it answers others as before. The input is what is sent, in pieces
 * with "\0" between. */

#include "fuzz.h"
#include "loopback.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct loopback server;

/* The end of the answer's header, and what it says of the body; NULL if it is none. */
static const char *head_of(const char *at, const char *end, int *status, size_t *length) {
    const char *stop = strstr(at, "\r\n\r\n"),
               *field = strstr(at, "\r\nContent-Length: ");
    if (end - at < 13 || strncmp(at, "HTTP/1.", 7) != 0 || stop == NULL)
        return NULL;
    *status = (int)strtol(at + 9, NULL, 10);
    *length = field != NULL && field < stop ? strtoul(field + 18, NULL, 10) : 0;
    return stop + 4;
}

/* What was sent: answers to what was taken, perhaps one more to what was no request. */
static void check_answers(const struct buf *all) {
    const char *at = all->size > 0 ? all->bytes : "", *end = at + all->size;
    const char *method = server.methods.bytes;
    int answered = 0, status = 0;
    size_t length = 0;
    while (at < end) {
        at = head_of(at, end, &status, &length);
        if (at == NULL && server.reset)
            return;
        FUZZ_CHECK(at != NULL);
        if (status == 100)
            continue;
        if (status !=
            200) { /* a refusal, without a body if it was a HEAD; then it hangs up */
            FUZZ_CHECK(status >= 400 && status < 600);
            FUZZ_CHECK(at == end || (size_t)(end - at) == length || server.reset);
            break;
        }
        FUZZ_CHECK(answered < server.taken);
        answered++;
        if (strcmp(method, "HEAD") == 0)
            length = 0;
        method += strlen(method) + 1;
        FUZZ_CHECK((size_t)(end - at) >= length || server.reset);
        at += length;
    }
    FUZZ_CHECK(answered == server.taken || server.reset);
}

static void check_alive(void) {
    static const char request[] = "GET /alive HTTP/1.1\r\nHost: localhost\r\n\r\n";
    struct buf answer = {0};
    int fd = loopback_connect(&server);
    FUZZ_CHECK(loopback_send(&server, fd, request, sizeof request - 1));
    for (int i = 0; i < 100 && answer.size == 0; i++)
        FUZZ_CHECK(loopback_receive(&server, fd, &answer));
    FUZZ_CHECK(fuzz_holds(answer.bytes, answer.size, "HTTP/1.1 200"));
    FUZZ_CHECK(fuzz_holds(answer.bytes, answer.size, "\r\n\r\n/alive"));
    buf_free(&answer);
    loopback_close(&server, fd);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    loopback_start(&server, NULL, NULL);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    struct buf answer = {0};
    int fd = loopback_connect(&server);
    bool open = true;
    for (int i = 0; open && in.size > 0 && i < 8; i++) {
        size_t part_size;
        char *part = fuzz_part(&in, &part_size);
        open = loopback_send(&server, fd, part, part_size) &&
               loopback_receive(&server, fd, &answer);
        free(part);
    }
    if (open) { /* no more comes */
        shutdown(fd, SHUT_WR);
        loopback_receive(&server, fd, &answer);
    }
    check_answers(&answer);
    buf_free(&answer);
    loopback_close(&server, fd);
    check_alive();
    return 0;
}
