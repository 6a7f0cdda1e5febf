/* yamlscalar.h -- the texts of YAML's scalars, and what they mean to readers of YAML.
 * Pure: no memory, no I/O. */

#ifndef TARN_YAMLSCALAR_H
#define TARN_YAMLSCALAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True if the text needs no quotes and is a string to every reader, both of YAML 1.1, in
 * which `no`, `1_000` and `12:30` are no strings, and of YAML 1.2. False in doubt. */
bool yamlscalar_plain(const char *text, size_t size);

/* True for UTF-8 without surrogates and overlong forms, which is all that YAML can
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

/* What an unquoted text means by the core schema of YAML 1.2. */
enum yamlscalar_kind yamlscalar_kind(const char *text, size_t size, int64_t *integer);

/* Write a decimal number of YAML by JSON's grammar, with a 0 behind it; returns the size.
 * `out` has room for size + YAMLSCALAR_MORE. */
#define YAMLSCALAR_MORE 4
size_t yamlscalar_to_json(const char *text, size_t size, char *out);

/* Write a number of JSON for YAML 1.1, in which 1e5 is no number. The same room. */
size_t yamlscalar_from_json(const char *text, size_t size, char *out);

#endif
