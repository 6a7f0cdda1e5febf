#define _DEFAULT_SOURCE /* SOCK_NONBLOCK with the older headers */
#include "net/listener.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 511

int listener_open(const char *host, int port, int *bound, struct fault *f) {
    struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM}, *found;
    struct sockaddr_storage own;
    socklen_t size = sizeof own;
    char service[8], number[8];
    int on = 1;

    snprintf(service, sizeof service, "%d", port);
    int error = getaddrinfo(host, service, &hints, &found);
    if (error != 0) {
        fault_set(f, FAULT_IO, "%s: %s", host, gai_strerror(error));
        return -1;
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        bind(fd, found->ai_addr, found->ai_addrlen) == -1 || listen(fd, BACKLOG) == -1 ||
        getsockname(fd, (struct sockaddr *)&own, &size) == -1 ||
        getnameinfo((struct sockaddr *)&own, size, NULL, 0, number, sizeof number,
                    NI_NUMERICSERV) != 0) {
        fault_set(f, FAULT_IO, "port %d: %s", port, strerror(errno));
        if (fd != -1)
            close(fd);
        fd = -1;
    } else {
        *bound = (int)strtol(number, NULL, 10);
    }
    freeaddrinfo(found);
    return fd;
}
