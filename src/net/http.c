#include "net/http.h"

struct http *http_new(struct loop *l) {
    (void)l;
    return NULL;
}

void http_free(struct http *h) {
    (void)h;
}
