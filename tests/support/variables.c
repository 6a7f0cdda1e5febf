#include "variables.h"

#include <stddef.h>
#include <string.h>

const char *variables_get(void *ud, const char *name) {
    size_t size = strlen(name);
    for (const char *const *line = ud; *line != NULL; line++)
        if (strncmp(*line, name, size) == 0 && (*line)[size] == '=')
            return *line + size + 1;
    return NULL;
}
