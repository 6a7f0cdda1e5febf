/* bare.c -- the least that an HTTP server over libmicrohttpd can be: it sends the bytes of one
 * file to whoever asks for anything.
 *
 *   bare FILE    prints its port, and serves until its standard input ends */

#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct content {
    char *bytes;
    size_t size;
};

static enum MHD_Result answer(void *ud, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **context) {
    static int seen;
    const struct content *content = ud;
    (void)url, (void)method, (void)version, (void)data, (void)size;
    if (*context == NULL) {
        *context = &seen;
        return MHD_YES;
    }
    struct MHD_Response *r = MHD_create_response_from_buffer(
        content->size, content->bytes, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    enum MHD_Result result = MHD_queue_response(c, MHD_HTTP_OK, r);
    MHD_destroy_response(r);
    return result;
}

static struct content read_file(const char *path) {
    struct content c = {malloc((size_t)16 << 20), 0};
    FILE *file = fopen(path, "rb");
    if (file == NULL || c.bytes == NULL)
        exit(1);
    c.size = fread(c.bytes, 1, (size_t)16 << 20, file);
    fclose(file);
    return c;
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    struct content content = read_file(argv[1]);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, &content,
                         MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END);
    if (daemon == NULL)
        return 1;
    printf("%d\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    MHD_stop_daemon(daemon);
    free(content.bytes);
    return 0;
}
