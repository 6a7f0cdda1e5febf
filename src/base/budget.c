#include "base/budget.h"

#include <stdint.h>
#include <stdlib.h>

/* What lies before a block. */
union head {
    struct {
        struct budget *budget;
        size_t size;
    } of;
    max_align_t align;
};

bool budget_take(struct budget *b, size_t bytes) {
    if (b == NULL)
        return true;
    if (b->limit > 0 && (b->used > b->limit || bytes > b->limit - b->used))
        return false;
    b->used += bytes;
    return true;
}

void budget_give(struct budget *b, size_t bytes) {
    if (b != NULL)
        b->used -= bytes;
}

void *budget_alloc(struct budget *b, size_t size) {
    if (size > SIZE_MAX - sizeof(union head) || !budget_take(b, size))
        return NULL;
    union head *head = malloc(sizeof *head + size);
    if (head == NULL) {
        budget_give(b, size);
        return NULL;
    }
    head->of.budget = b;
    head->of.size = size;
    return head + 1;
}

void budget_free(void *block) {
    if (block == NULL)
        return;
    union head *head = (union head *)block - 1;
    budget_give(head->of.budget, head->of.size);
    free(head);
}
