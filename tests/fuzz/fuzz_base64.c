/* Encoding can be undone, and each text that decodes is the encoding of what it decodes to. */

#include "base/base64.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t encoded = base64_encoded_size(size), n = 0;
    char *text = malloc(encoded + 1), *bytes = malloc(base64_decoded_room(encoded) + 1);
    base64_encode(data, size, text);
    FUZZ_CHECK(base64_decode(text, encoded, bytes, &n) && n == size);
    FUZZ_CHECK(memcmp(bytes, data, size) == 0);
    free(text);
    free(bytes);

    bytes = malloc(base64_decoded_room(size) + 1);
    if (base64_decode((const char *)data, size, bytes, &n)) {
        FUZZ_CHECK(n <= base64_decoded_room(size) && base64_encoded_size(n) == size);
        text = malloc(size + 1);
        base64_encode(bytes, n, text);
        FUZZ_CHECK(memcmp(text, data, size) == 0);
        free(text);
    }
    free(bytes);
    return 0;
}
