/* Text that was made fit to be shown is so, is UTF-8, and is not changed a second time; what was
 * fit before is as it was. */

#include "base/text.h"
#include "base/yamlscalar.h"
#include "fuzz.h"

#include <string.h>

static void check(const char *text, size_t size, bool lines) {
    struct buf once = {0}, twice = {0};
    FUZZ_CHECK(text_clean(&once, text, size, lines));
    FUZZ_CHECK(text_is_clean(once.bytes, once.size, lines));
    FUZZ_CHECK(yamlscalar_utf8(once.bytes, once.size));
    for (size_t i = 0; i < once.size; i++)
        FUZZ_CHECK(((unsigned char)once.bytes[i] >= ' ' && once.bytes[i] != 0x7f) ||
                   (lines && once.bytes[i] == '\n'));
    FUZZ_CHECK(text_clean(&twice, once.bytes, once.size, lines));
    FUZZ_CHECK(twice.size == once.size &&
               (once.size == 0 || memcmp(twice.bytes, once.bytes, once.size) == 0));
    if (text_is_clean(text, size, lines))
        FUZZ_CHECK(once.size == size &&
                   (size == 0 || memcmp(once.bytes, text, size) == 0));
    buf_free(&once);
    buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    check((const char *)data, size, false);
    check((const char *)data, size, true);
    return 0;
}
