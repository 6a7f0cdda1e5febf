#define _DEFAULT_SOURCE /* getentropy, explicit_bzero */
#include "dbx/pkce.h"

#include "base/base64.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <unistd.h>

#define VERIFIER_BYTES 64
#define STATE_BYTES    16
#define DIGEST_BYTES   32

/* Base64 for URLs, without padding. */
static void encode(const unsigned char *bytes, size_t size, char *out) {
    char text[128];
    size_t n = (size * 4 + 2) / 3;
    base64_encode(bytes, size, text);
    for (size_t i = 0; i < n; i++)
        out[i] = (char)(text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i]);
    out[n] = '\0';
    explicit_bzero(text, sizeof text);
}

bool pkce_challenge(const char *verifier, char out[PKCE_DIGEST]) {
    unsigned char digest[DIGEST_BYTES];
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, verifier, strlen(verifier), digest) != 0)
        return false;
    encode(digest, sizeof digest, out);
    return true;
}

bool pkce_new(struct pkce *p, struct fault *f) {
    unsigned char bytes[VERIFIER_BYTES + STATE_BYTES];
    *p = (struct pkce){0};
    if (getentropy(bytes, sizeof bytes) == -1)
        return fault_set(f, FAULT_IO, "the system has no random numbers");
    encode(bytes, VERIFIER_BYTES, p->verifier);
    encode(bytes + VERIFIER_BYTES, STATE_BYTES, p->state);
    explicit_bzero(bytes, sizeof bytes);
    return pkce_challenge(p->verifier, p->challenge) ||
           fault_set(f, FAULT_IO, "no digest can be computed");
}

bool pkce_same(const char *a, const char *b) {
    return strlen(a) == strlen(b) && gnutls_memcmp(a, b, strlen(a)) == 0;
}

void pkce_wipe(struct pkce *p) {
    explicit_bzero(p, sizeof *p);
}
