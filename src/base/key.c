#include "base/key.h"

#include <string.h>

const struct key_binding key_bound[] = {
    {"\33[A", "ed-prev-history"},
    {"\33[B", "ed-next-history"},
    {"\33[C", "ed-next-char"},
    {"\33[D", "ed-prev-char"},
    {"\33OA", "ed-prev-history"},
    {"\33OB", "ed-next-history"},
    {"\33OC", "ed-next-char"},
    {"\33OD", "ed-prev-char"},
    {"\33[1;5C", "em-next-word"},
    {"\33[1;5D", "ed-prev-word"},
    {"\33[1;3C", "em-next-word"},
    {"\33[1;3D", "ed-prev-word"},
    {"\33[H", "ed-move-to-beg"},
    {"\33[F", "ed-move-to-end"},
    {"\33OH", "ed-move-to-beg"},
    {"\33OF", "ed-move-to-end"},
    {"\33[1~", "ed-move-to-beg"},
    {"\33[4~", "ed-move-to-end"},
    {KEY_DELETE, "ed-delete-next-char"},
    {"\33[5~", "ed-search-prev-history"},
    {"\33[6~", "ed-search-next-history"},
    {NULL, NULL},
};

/* The size of the UTF-8 character that begins with `c`; 1 if `c` begins none. */
static size_t character_size(unsigned char c) {
    return c >= 0xf0 && c < 0xf8   ? 4
           : c >= 0xe0 && c < 0xf0 ? 3
           : c >= 0xc2 && c < 0xe0 ? 2
                                   : 1;
}

/* The size of a key that is `before` bytes and then a character; 0 if that has not come
 * yet. */
static size_t with_character(const char *b, size_t size, size_t before) {
    size_t n = size > before ? before + character_size((unsigned char)b[before]) : 0;
    return n <= size ? n : 0;
}

size_t key_size(const char *b, size_t size) {
    if (size == 0)
        return 0;
    if (b[0] == KEY_CONTROL('V') || b[0] == KEY_CONTROL('X'))
        return with_character(b, size, 1);
    if (b[0] != KEY_ESC)
        return with_character(b, size, 0);
    if (size > 1 && b[1] == KEY_ESC)
        return 1; /* the second KEY_ESC begins another key */
    if (size > 1 && b[1] == '[') {
        for (size_t i = 2; i < size; i++)
            if (b[i] >= '@' && b[i] <= '~')
                return i + 1;
        return 0;
    }
    if (size > 1 && b[1] == 'O')
        return size > 2 ? 3 : 0;
    return with_character(b, size, 1);
}

bool key_is(const char *key, size_t size, const char *wanted) {
    return size == strlen(wanted) && memcmp(key, wanted, size) == 0;
}

bool key_is_known(const char *key, size_t size) {
    if (key[0] != KEY_ESC || size < 3 || (key[1] != '[' && key[1] != 'O'))
        return true;
    for (int i = 0; key_bound[i].bytes != NULL; i++)
        if (key_is(key, size, key_bound[i].bytes))
            return true;
    return false;
}
