#include "dbx/profilefile.h"

#include "base/file.h"
#include "base/filelock.h"
#include "base/ini.h"
#include "dbx/attribute.h"
#include "dbx/config_file.h"
#include "dbx/tokencache.h"

#include <stdlib.h>
#include <string.h>

#define FILE_MAX    ((size_t)1 << 20)
#define SETTINGS    "__settings__"
#define DEFAULT_KEY "default_profile"

/* One change of the file. */
struct change {
    const struct config_args *args;
    struct fault *f;
    char *path;
    struct buf text; /* as the file is */
    struct ini ini;
    int lock; /* -1: none */
};

/* ---- open and write ---- */

/* The lock lies beside the token cache, so that no other file appears in the home directory.
 * Without a home directory there is none. */
static bool lock(struct change *c) {
    struct fault none, *f = c->f;
    char *beside = tokencache_path(&none);
    if (beside == NULL)
        return true;
    bool ok = tokencache_make_folder(beside, f);
    if (ok)
        c->lock = filelock_wait(beside, filelock_byte(c->path), f);
    free(beside);
    return ok && c->lock != -1;
}

static bool read_whole(struct change *c) {
    if (!file_read(c->path, FILE_MAX, &c->text, c->f))
        return file_missing(c->f) && buf_str(&c->text, "");
    return true;
}

static bool open_file(struct change *c) {
    struct fault wrong;
    c->path = config_path(c->args, c->f);
    if (c->path == NULL || !lock(c) || !read_whole(c))
        return false;
    if (ini_parse(c->text.bytes != NULL ? c->text.bytes : "", c->text.size, &c->ini,
                  &wrong))
        return true;
    fault_set(c->f, FAULT_AUTH, "config file %s: %.400s", c->path, wrong.message);
    return fault_hint(c->f, "mend that line first; the file was not changed");
}

static bool write_whole(struct change *c, const struct buf *text) {
    static const struct file_writing private = {.mode = 0600};
    return file_write(c->path, text->bytes != NULL ? text->bytes : "", text->size,
                      &private, c->f);
}

static void close_file(struct change *c) {
    filelock_release(&c->lock);
    ini_free(&c->ini);
    buf_wipe(&c->text);
    free(c->path);
}

/* Set keys of a section in `*text`, which is replaced. */
static bool edit(struct change *c, struct buf *text, const char *section,
                 const struct iniedit_change *changes, size_t count) {
    struct buf made = {0};
    /* in one piece: a buffer that grows leaves copies behind */
    bool ok = buf_grow(&made, text->size + 65536) &&
              iniedit_set(text->bytes != NULL ? text->bytes : "", text->size, section,
                          changes, count, &made);
    if (!ok) {
        buf_wipe(&made);
        return fault_set(c->f, FAULT_USAGE,
                         "a value of profile %.60s cannot be written in one line",
                         section);
    }
    buf_wipe(text);
    *text = made;
    return true;
}

/* ---- names ---- */

bool profilefile_check_name(const char *name, struct fault *f) {
    size_t size = strlen(name);
    bool ok = size > 0 && size <= 128 && name[0] != ' ' && name[size - 1] != ' ' &&
              strncmp(name, "__", 2) != 0;
    for (size_t i = 0; ok && i < size; i++)
        ok = (unsigned char)name[i] >= ' ' && name[i] != 0x7f && name[i] != ']' &&
             name[i] != '[';
    if (ok)
        return true;
    fault_set(f, FAULT_USAGE, "'%.60s' cannot be the name of a profile", name);
    return fault_hint(f,
                      "a name has 1 to 128 characters, no brackets, and does not begin "
                      "with '__'");
}

static bool has_profile(const struct ini *ini, const char *name) {
    const struct ini_section *section = ini_section(ini, name);
    return section != NULL && config_file_is_profile(section);
}

static bool has_any_profile(const struct ini *ini) {
    for (size_t i = 0; i < ini->count; i++)
        if (config_file_is_profile(&ini->sections[i]))
            return true;
    return false;
}

/* Open the file, in which that profile must be. */
static bool open_with(struct change *c, const char *name) {
    char names[200];
    if (!open_file(c))
        return false;
    if (has_profile(&c->ini, name))
        return true;
    fault_set(c->f, FAULT_AUTH, "%s has no %s profile", c->path, name);
    config_file_list_profiles(&c->ini, names, sizeof names);
    return names[0] != '\0' && fault_hint(c->f, "profiles there: %s", names);
}

/* ---- public ---- */

static bool is_changed(enum config_attr a, const struct iniedit_change *changes,
                       size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(changes[i].key, config_name(a)) == 0)
            return true;
    return false;
}

static bool is_log_in(const struct ini_section *s) {
    const char *method = ini_get(s, config_name(CONFIG_AUTH_TYPE));
    return method != NULL && strcmp(method, "databricks-cli") == 0;
}

/* True if the changes are those of a log-in with a browser, the first one in this file. */
static bool is_first_log_in(const struct change *c, const char *name,
                            const struct iniedit_change *changes, size_t count) {
    bool log_in = false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(changes[i].key, config_name(CONFIG_AUTH_TYPE)) == 0)
            log_in = changes[i].value != NULL &&
                     strcmp(changes[i].value, "databricks-cli") == 0;
    for (size_t i = 0; log_in && i < c->ini.count; i++)
        log_in =
            strcmp(c->ini.sections[i].name, name) == 0 || !is_log_in(&c->ini.sections[i]);
    return log_in;
}

/* The Databricks CLI looks for log-ins in the system's keyring, unless it is told that they are
 * in the file that all tools can read. If it has log-ins there already, it is not told so. */
static bool share_log_ins(struct change *c, const char *name,
                          const struct iniedit_change *changes, size_t count) {
    const char *key = config_name(CONFIG_AUTH_STORAGE);
    const struct iniedit_change plain = {key, "plaintext"};
    if (ini_get(ini_section(&c->ini, SETTINGS), key) != NULL ||
        config_variable(c->args, attribute_of(CONFIG_AUTH_STORAGE)->variable) != NULL ||
        !is_first_log_in(c, name, changes, count))
        return true;
    return edit(c, &c->text, SETTINGS, &plain, 1);
}

static bool save(struct change *c, const char *name, const struct iniedit_change *changes,
                 size_t count) {
    struct iniedit_change all[CONFIG_ATTRS + 1] = {
        {"experimental_is_unified_host", NULL}};
    size_t n = 1;
    for (int a = 0; a < CONFIG_ATTRS; a++)
        if (attribute_of((enum config_attr)a)->group != NULL &&
            !is_changed((enum config_attr)a, changes, count))
            all[n++] = (struct iniedit_change){config_name((enum config_attr)a), NULL};
    const struct iniedit_change settings = {DEFAULT_KEY, name};
    bool first = !has_any_profile(&c->ini) && strcmp(name, "DEFAULT") != 0;
    return edit(c, &c->text, name, all, n) && edit(c, &c->text, name, changes, count) &&
           (!first || edit(c, &c->text, SETTINGS, &settings, 1)) &&
           share_log_ins(c, name, changes, count) && write_whole(c, &c->text);
}

bool profilefile_save(const struct config_args *args, const char *name,
                      const struct iniedit_change *changes, size_t count,
                      struct fault *f) {
    struct change c = {.args = args, .f = f, .lock = -1};
    bool ok = profilefile_check_name(name, f) && open_file(&c) &&
              save(&c, name, changes, count);
    close_file(&c);
    return ok;
}

bool profilefile_choose(const struct config_args *args, const char *name,
                        struct fault *f) {
    struct change c = {.args = args, .f = f, .lock = -1};
    const struct iniedit_change settings = {DEFAULT_KEY, name};
    bool ok = open_with(&c, name) && edit(&c, &c.text, SETTINGS, &settings, 1) &&
              write_whole(&c, &c.text);
    close_file(&c);
    return ok;
}

static bool remove_section(struct change *c, const char *name) {
    const char *chosen = ini_get(ini_section(&c->ini, SETTINGS), DEFAULT_KEY);
    const struct iniedit_change settings = {DEFAULT_KEY, NULL};
    struct buf made = {0};
    bool ok = buf_grow(&made, c->text.size + 1) &&
              iniedit_remove(c->text.bytes, c->text.size, name, &made);
    if (!ok)
        fault_memory(c->f, "a file");
    if (ok && chosen != NULL && strcmp(chosen, name) == 0)
        ok = edit(c, &made, SETTINGS, &settings, 1);
    ok = ok && write_whole(c, &made);
    buf_wipe(&made);
    return ok;
}

bool profilefile_remove(const struct config_args *args, const char *name,
                        struct fault *f) {
    struct change c = {.args = args, .f = f, .lock = -1};
    bool ok = open_with(&c, name) && remove_section(&c, name);
    close_file(&c);
    return ok;
}
