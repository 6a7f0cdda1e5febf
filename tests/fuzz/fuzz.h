/* fuzz.h -- what the targets share. A target is LLVMFuzzerTestOneInput over some bytes; it
 * stops the program when a property does not hold, and always returns 0. Built with libFuzzer
 * (-D TARN_FUZZ=ON), or with replay.c, which goes through the seeds. */

#ifndef TARN_FUZZ_H
#define TARN_FUZZ_H

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* libFuzzer's names. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* A property of what is tested. */
#define FUZZ_CHECK(holds)                                                                \
    do {                                                                                 \
        if (!(holds))                                                                    \
            fuzz_fail(__FILE__, __LINE__, #holds);                                       \
    } while (0)
_Noreturn void fuzz_fail(const char *file, int line, const char *what);

/* An input in several parts, with a 0 between them. */
struct fuzz_input {
    const uint8_t *at;
    size_t size;
};

/* The next part, in memory of its own that the caller frees, with a 0 behind it that `*size`
 * (which may be NULL) does not count; "" when there is no more. */
char *fuzz_part(struct fuzz_input *in, size_t *size);

/* The next byte, 0 when there is no more. */
int fuzz_byte(struct fuzz_input *in);

/* All of the input likewise, zeros included. */
char *fuzz_text(const uint8_t *data, size_t size);

/* A token by its look, which nothing may show. */
#define FUZZ_SECRET "dapi5f0c9a7e3b1d8264"

/* A copy in which FUZZ_SECRET stands for each byte 0x01. The caller frees. */
char *fuzz_with_secret(const char *text, size_t size, size_t *new_size);

/* Does `secret` occur in these bytes? */
bool fuzz_holds(const char *bytes, size_t size, const char *secret);

/* All texts of a fault end, and hold no control characters; there is a message. */
void fuzz_check_fault(const struct fault *f);

/* None of its texts holds FUZZ_SECRET. */
void fuzz_check_hidden(const struct fault *f);

#endif
