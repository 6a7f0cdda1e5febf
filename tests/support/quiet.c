#include "quiet.h"

#include <unistd.h>

int stderr_into(FILE *file) {
    int saved = dup(STDERR_FILENO);
    fflush(stderr);
    dup2(fileno(file), STDERR_FILENO);
    return saved;
}

void stderr_back(int saved) {
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
}

int be_quiet(void **state) {
    static int saved;
    FILE *messages = tmpfile();
    saved = stderr_into(messages);
    fclose(messages);
    *state = &saved;
    return 0;
}

int be_loud(void **state) {
    stderr_back(*(int *)*state);
    return 0;
}
