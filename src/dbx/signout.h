/* signout.h -- end a log-in that was done with a browser: the workspace is asked to revoke it, and
 * its tokens are removed from the cache that Databricks' tools share. */

#ifndef TARN_SIGNOUT_H
#define TARN_SIGNOUT_H

#include "dbx/config.h"
#include "net/http.h"

#include <stdbool.h>

struct signout;

/* What has become of it, once it is over. */
struct signout_outcome {
    bool over, failed;
    bool found;    /* there were tokens, and they are removed */
    bool revoked;  /* the workspace knows them no more */
    char why[256]; /* if not: why */
    struct fault fault;
};

/* Takes over the contents of `*c`. `changed` is called in loop_turn when it is over. NULL when
 * memory runs out. */
struct signout *signout_new(struct loop *l, struct http *h, struct config *c,
                            void (*changed)(void *ud), void *ud);
const struct signout_outcome *signout_outcome(const struct signout *s);
void signout_free(struct signout *s); /* NULL is fine */

#endif
