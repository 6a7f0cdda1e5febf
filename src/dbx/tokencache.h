/* tokencache.h -- the file in which Databricks' tools keep the tokens of people who have
 * logged in with a browser: ~/.databricks/token-cache.json (F.8). Knows what the file
 * looks like; sends nothing, and does not know what a token is for.
 *
 * What the file holds beside an entry that is written stays as it is: entries of others,
 * and fields that this version does not know. The file is replaced as a whole and has mode
 * 0600. Processes of this program write one after the other; other tools take no lock, but
 * never see a half-written file. A file of another version is never written to. */

#ifndef TARN_TOKENCACHE_H
#define TARN_TOKENCACHE_H

#include "base/fault.h"
#include "dbx/token.h"

#include <stdbool.h>
#include <stdint.h>

/* The path of the file, malloced. NULL with `*f` if HOME is not set. */
char *tokencache_path(struct fault *f);

/* Make the folder of the file, which other users cannot look into. */
bool tokencache_make_folder(const char *path, struct fault *f);

/* The key of an entry of no profile: the host, or the host with the account; malloced, NULL
 * when memory runs out. */
char *tokencache_host_key(const char *host, const char *account_id);

/* Read the entry of `key` at `now` (ms since 1970). If there is none, t->text and t->refresh
 * are NULL. A token that has expired has a lifetime of 0. False with `*f` (kind io or
 * parse), whose text has no byte of the file. */
bool tokencache_find(const char *path, const char *key, int64_t now, struct token *t,
                     struct fault *f);

/* Write the entries of `keys` (NULL-terminated), all with the same token. */
bool tokencache_store(const char *path, const char *const *keys, const struct token *t,
                      int64_t now, struct fault *f);

/* Remove the entries of `keys`. What is not there is fine. */
bool tokencache_remove(const char *path, const char *const *keys, struct fault *f);

/* Find out whether a token could be written, before a server is asked for one that would
 * then be lost: the disk may be full, the folder somebody else's, the file of another
 * version. */
bool tokencache_can_store(const char *path, struct fault *f);

/* Try to become the only one, of all processes and of all log-ins of this process, that
 * renews the token of `key`. `*fd` is for filelock_release; it is -1 if another one has the
 * lock. False with `*f` if there can be no lock. */
bool tokencache_try_lock(const char *path, const char *key, int *fd, struct fault *f);

#endif
