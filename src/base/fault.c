#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>

/* Make one line of the text, whatever a server put into it. */
static void one_line(char *text) {
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
}

bool fault_set(struct fault *f, enum fault_kind kind, const char *fmt, ...) {
    va_list ap;
    *f = (struct fault){.kind = kind};
    va_start(ap, fmt);
    vsnprintf(f->message, sizeof f->message, fmt, ap);
    va_end(ap);
    one_line(f->message);
    return false;
}

bool fault_memory(struct fault *f, const char *what, ...) {
    char text[300];
    va_list ap;
    va_start(ap, what);
    vsnprintf(text, sizeof text, what, ap);
    va_end(ap);
    fault_set(f, FAULT_IO, "not enough memory for %s", text);
    snprintf(f->code, sizeof f->code, FAULT_OUT_OF_MEMORY);
    return fault_hint(f, "--memory-limit MIB allows more, and 0 any");
}

bool fault_hint(struct fault *f, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(f->hint, sizeof f->hint, fmt, ap);
    va_end(ap);
    one_line(f->hint);
    return false;
}

bool fault_code(struct fault *f, const char *code) {
    snprintf(f->code, sizeof f->code, "%s", code);
    one_line(f->code);
    return false;
}

const char *fault_kind_name(enum fault_kind kind) {
    switch (kind) {
    case FAULT_NETWORK:
        return "network";
    case FAULT_TIMEOUT:
        return "timeout";
    case FAULT_HTTP:
        return "http";
    case FAULT_AUTH:
        return "auth";
    case FAULT_SQL:
        return "sql";
    case FAULT_PARSE:
        return "parse";
    case FAULT_IO:
        return "io";
    case FAULT_CANCELLED:
        return "cancelled";
    case FAULT_USAGE:
        return "usage";
    }
    return "unknown"; /* not reached: -Wswitch keeps the list complete */
}
