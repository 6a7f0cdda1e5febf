/* A config file by chance: what is resolved has a host that is one and a method; a refusal shows
 * no secret, wherever in the file the secret's value went wrong. 0x01 stands for the secret. */

#define _GNU_SOURCE /* memfd_create */
#include "base/ini.h"
#include "dbx/attribute.h"
#include "dbx/config.h"
#include "dbx/host.h"
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *no_variable(void *ud, const char *name) {
    (void)ud;
    (void)name;
    return NULL;
}

/* A file in memory that holds these bytes, and its name. */
static const char *file_of(const char *text, size_t size) {
    static int fd = -1;
    static char path[32];
    if (fd == -1) {
        fd = memfd_create("config", MFD_CLOEXEC);
        FUZZ_CHECK(fd != -1 && fchmod(fd, 0600) == 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    FUZZ_CHECK(ftruncate(fd, 0) == 0);
    FUZZ_CHECK(pwrite(fd, text, size, 0) == (ssize_t)size);
    return path;
}

/* Does the secret stand only where a file may have one: as the value of a key for secrets? What
 * is no such file is not quoted at all. */
static bool well_kept(const char *text, size_t size) {
    struct ini ini;
    struct fault f;
    bool well = true;
    if (!ini_parse(text, size, &ini, &f))
        return true;
    for (size_t i = 0; i < ini.count; i++) {
        const struct ini_section *s = &ini.sections[i];
        well = well && strstr(s->name, FUZZ_SECRET) == NULL;
        for (size_t k = 0; k < s->count; k++) {
            int a = attribute_named(s->entries[k].key);
            bool secret = a >= 0 && config_secret((enum config_attr)a);
            well = well && strstr(s->entries[k].key, FUZZ_SECRET) == NULL &&
                   (secret || strstr(s->entries[k].value, FUZZ_SECRET) == NULL);
        }
    }
    ini_free(&ini);
    return well;
}

static void check_resolved(const struct config *c) {
    struct host h;
    struct fault f;
    const char *host = config_get(c, CONFIG_HOST);
    FUZZ_CHECK(c->auth_type != NULL);
    FUZZ_CHECK(host == NULL || (host_parse(host, &h, &f) && strcmp(h.url, host) == 0));
    for (enum config_attr a = 0; a < CONFIG_ATTRS; a++)
        FUZZ_CHECK((c->attr[a].value == NULL) == (c->attr[a].source == NULL));
}

static void check_profiles(const struct config_args *args, bool well) {
    struct config_profiles p;
    struct fault f = {0};
    int defaults = 0;
    if (!config_profiles(args, &p, &f)) {
        if (well)
            fuzz_check_hidden(&f);
        return;
    }
    for (size_t i = 0; i < p.count; i++) {
        defaults += p.list[i].is_default;
        FUZZ_CHECK((p.list[i].auth_type == NULL) == (p.list[i].problem[0] != '\0'));
        FUZZ_CHECK(!well || strstr(p.list[i].problem, FUZZ_SECRET) == NULL);
    }
    FUZZ_CHECK(defaults <= 1);
    config_profiles_free(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct config c;
    struct fault f = {0};
    size_t n;
    char *text = fuzz_with_secret((const char *)data, size, &n);
    bool well = well_kept(text, n);
    const struct config_args args = {.config_file = file_of(text, n), .env = no_variable};
    if (config_resolve(&args, &c, &f)) {
        check_resolved(&c);
        config_free(&c);
    } else {
        FUZZ_CHECK(f.message[0] != '\0' && c.auth_type == NULL);
        if (well)
            fuzz_check_hidden(&f);
    }
    check_profiles(&args, well);
    free(text);
    return 0;
}
