/* yamlscalar.h -- the texts of YAML's scalars, and what they mean to its readers. Pure: no
 * memory, no I/O. */

#ifndef TARN_YAMLSCALAR_H
#define TARN_YAMLSCALAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True if the text may stand without quotes and is a string to every reader: those of YAML
 * 1.1, to which `no`, `1_000` and `12:30` are no strings, and those of 1.2. It says no when
 * in doubt. */
bool yamlscalar_plain(const char *text, size_t size);

/* True for UTF-8 without surrogates and without longer forms than needed: all that YAML can
 * hold. */
bool yamlscalar_utf8(const char *text, size_t size);

enum yamlscalar_kind {
    YAMLSCALAR_STRING,
    YAMLSCALAR_NULL,
    YAMLSCALAR_TRUE,
    YAMLSCALAR_FALSE,
    YAMLSCALAR_INTEGER, /* written in octal or hexadecimal */
    YAMLSCALAR_NUMBER,  /* decimal */
    YAMLSCALAR_INFINITE,
    YAMLSCALAR_MINUS_INFINITE,
    YAMLSCALAR_NAN,
};

/* What a text without quotes means by the core schema of YAML 1.2. */
enum yamlscalar_kind yamlscalar_kind(const char *text, size_t size, int64_t *integer);

/* Write a decimal number of YAML by JSON's grammar, with a 0 behind it; returns the size.
 * `out` has room for size + YAMLSCALAR_MORE. */
#define YAMLSCALAR_MORE 4
size_t yamlscalar_to_json(const char *text, size_t size, char *out);

/* The other way: as YAML 1.1 wants it, which sees no number in 1e5. The same room. */
size_t yamlscalar_from_json(const char *text, size_t size, char *out);

#endif
