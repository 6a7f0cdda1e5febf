/* fault.h -- how C code that knows nothing of Lua reports what went wrong.
 *
 * A function that can fail returns bool and takes `struct fault *` last. The
 * fields are fixed arrays on purpose: a fault owns no memory, so it can be
 * dropped, copied, or outlive the thing that failed. src/api turns a fault into
 * a Lua error; nothing below src/api may raise. */

#ifndef TARN_FAULT_H
#define TARN_FAULT_H

#include <stdbool.h>
#include <stddef.h>

enum fault_kind {
    FAULT_NETWORK,   /* no response: DNS, connect, TLS, reset */
    FAULT_TIMEOUT,   /* our deadline has passed */
    FAULT_HTTP,      /* a response, with a status that is not 2xx */
    FAULT_AUTH,      /* 401 or 403, or no credentials to send */
    FAULT_SQL,       /* the statement reached the warehouse and failed there */
    FAULT_PARSE,     /* bytes in another format than they should have */
    FAULT_IO,        /* the local machine: files, sockets, memory */
    FAULT_CANCELLED, /* cancelled on request */
    FAULT_USAGE,     /* the caller asked for something that was forbidden */
};

struct fault {
    enum fault_kind kind;
    int status;          /* HTTP status; 0 if no response came */
    bool retryable;      /* the same call may well succeed later */
    bool ambiguous;      /* the request may have taken effect although it failed */
    int after_ms;        /* how long the server asked us to wait; 0: it did not */
    char code[64];       /* Databricks error_code; "" if none */
    char request_id[64]; /* the workspace's id of the request; "" if unknown */
    char message[512];   /* one line; never holds a token or a URL query */
    char hint[256];      /* one line: what to do about it; "" if nothing is known */
};

/* Fill `*f`, with zero in all other fields. Always returns false, so that a caller can
 * `return fault_set(...)`. Control characters in the text become spaces. */
bool fault_set(struct fault *f, enum fault_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The code of faults for lack of memory. */
#define FAULT_OUT_OF_MEMORY "OUT_OF_MEMORY"

/* Fill `*f` for memory that has run out, or that a limit does not allow: "not enough memory
 * for ...", with that code. Always returns false. */
bool fault_memory(struct fault *f, const char *what, ...)
    __attribute__((format(printf, 2, 3)));

/* Set the hint of a fault that is already filled. Always returns false. */
bool fault_hint(struct fault *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Set its code, which a server may have chosen: cut to fit, one line. Always returns false. */
bool fault_code(struct fault *f, const char *code);

/* The name that scripts see: "network", "timeout", ... Never NULL. */
const char *fault_kind_name(enum fault_kind kind);

#endif
