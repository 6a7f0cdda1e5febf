/* budget.h -- how much memory may be used, and how much is. The engine has one budget for
 * what its script uses up: the values of Lua and the buffers that C fills for them are one
 * sum. Knows nothing of either. */

#ifndef TARN_BUDGET_H
#define TARN_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

struct budget {
    size_t used, limit; /* bytes; limit 0: none */
};

/* Count `bytes` as used. False, with nothing changed, if the limit does not allow them. No
 * budget (NULL) allows anything. */
bool budget_take(struct budget *b, size_t bytes);

/* Count `bytes` as free again. */
void budget_give(struct budget *b, size_t bytes);

/* A block of memory that counts, and must be freed by budget_free. NULL when memory runs out
 * or the limit does not allow it. */
void *budget_alloc(struct budget *b, size_t size);

/* `block` may be NULL. */
void budget_free(void *block);

#endif
