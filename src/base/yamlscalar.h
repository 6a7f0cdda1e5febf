/* yamlscalar.h -- the texts of YAML's scalars, and what they mean to its readers. Pure: no
 * memory, no I/O. */

#ifndef TARN_YAMLTEXT_H
#define TARN_YAMLTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True if the text may stand without quotes and is a string to every reader: those of YAML
 * 1.1, to which `no`, `1_000` and `12:30` are no strings, and those of 1.2. It says no when
 * in doubt. */
bool yamltext_plain(const char *text, size_t size);

/* True for UTF-8 without surrogates and without longer forms than needed: all that YAML can
 * hold. */
bool yamltext_utf8(const char *text, size_t size);

enum yamltext_kind {
    YAMLTEXT_STRING,
    YAMLTEXT_NULL,
    YAMLTEXT_TRUE,
    YAMLTEXT_FALSE,
    YAMLTEXT_INTEGER, /* written in octal or hexadecimal */
    YAMLTEXT_NUMBER,  /* decimal */
    YAMLTEXT_INFINITE,
    YAMLTEXT_MINUS_INFINITE,
    YAMLTEXT_NAN,
};

/* What a text without quotes means by the core schema of YAML 1.2. */
enum yamltext_kind yamltext_kind(const char *text, size_t size, int64_t *integer);

/* Write a decimal number of YAML by JSON's grammar, with a 0 behind it; returns the size.
 * `out` has room for size + YAMLTEXT_MORE. */
#define YAMLTEXT_MORE 4
size_t yamltext_to_json(const char *text, size_t size, char *out);

/* The other way: as YAML 1.1 wants it, which sees no number in 1e5. The same room. */
size_t yamltext_from_json(const char *text, size_t size, char *out);

#endif
