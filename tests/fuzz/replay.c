/* replay.c -- goes through the seeds of a target in a build without libFuzzer, so that each
 * build and each sanitizer has seen all of them. Ends in "N passed, N failed". */

#define _GNU_SOURCE /* asprintf */
#include "base/buf.h"
#include "base/file.h"
#include "fuzz.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A copy without a 0 behind it, so that the sanitizer sees a read beyond the end. */
static void try_bytes(const char *bytes, size_t size) {
    uint8_t *bare = malloc(size == 0 ? 1 : size);
    if (bare == NULL)
        abort();
    if (size > 0)
        memcpy(bare, bytes, size);
    LLVMFuzzerTestOneInput(bare, size);
    free(bare);
}

/* Named before it is tried: a crash leaves the name as the last line. */
static bool try_seed(const char *folder, const char *name) {
    struct buf seed = {0};
    struct fault f;
    char *path;
    if (asprintf(&path, "%s/%s", folder, name) == -1)
        return false;
    printf("%s\n", path);
    fflush(stdout);
    bool ok = file_read(path, 1 << 24, &seed, &f);
    if (ok)
        try_bytes(seed.size > 0 ? seed.bytes : "", seed.size);
    else
        printf("  %s\n", f.message);
    buf_free(&seed);
    free(path);
    return ok;
}

__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    return 0;
}

int main(int argc, char **argv) {
    const char *folder = argc > 1 ? argv[1] : FUZZ_SEEDS;
    struct buf names = {0};
    struct fault f;
    int passed = 0, failed = 0;
    signal(SIGPIPE, SIG_IGN);
    LLVMFuzzerInitialize(&argc, &argv);
    if (!file_list(folder, &names, &f)) {
        printf("%s\n0 passed, 1 failed\n", f.message);
        return EXIT_FAILURE;
    }
    try_bytes("", 0);
    for (size_t i = 0; i < names.size; i += strlen(names.bytes + i) + 1)
        *(try_seed(folder, names.bytes + i) ? &passed : &failed) += 1;
    buf_free(&names);
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 && passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
