#include "base/retry.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct retry_policy retry_default = {
    .max_tries = 10, .base_ms = 500, .ceiling_ms = 10000, .after_ms = 120000};

static int min(int a, int b) {
    return a < b ? a : b;
}

/* Messages of temporary failures, whatever status they come with. The official clients
 * retry on the same texts. */
static bool passing(const char *message) {
    static const char *const texts[] = {
        "UnknownWorkerEnvironmentException",
        "does not have any associated worker environments",
        "There is no worker environment with id",
        "Unknown worker environment",
        "ClusterNotReadyException",
        "Please try again later or try a faster operation.",
        "RPC token bucket limit has been exceeded",
    };
    if (message == NULL)
        return false;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strstr(message, texts[i]) != NULL)
            return true;
    const char *env = strstr(message, "worker env ");
    return env != NULL && strstr(env, "not found") != NULL;
}

/* These messages come with statuses that do not say "try again", and possibly after the
 * request has taken effect. */
static bool perhaps_passing(const char *message) {
    return message != NULL && (strstr(message, "Unexpected error") != NULL ||
                               strstr(message, "Timed out after ") != NULL ||
                               strstr(message, "deadline exceeded") != NULL);
}

bool retry_refused(int status, const char *code) {
    if (status == 429 || status == 503)
        return true;
    return status >= 400 && code != NULL &&
           (strcmp(code, "RESOURCE_EXHAUSTED") == 0 ||
            strcmp(code, "REQUEST_LIMIT_EXCEEDED") == 0);
}

/* After no answer, and after most 5xx, the request may have taken effect. 501 is a final
 * refusal, but no reason to send the request again. */
bool retry_ambiguous(const struct retry_outcome *o) {
    if (o->status == 0)
        return !o->unsent;
    if (retry_refused(o->status, o->code) || passing(o->message))
        return false;
    return o->status == 408 || (o->status >= 500 && o->status != 501);
}

bool retry_worthwhile(const struct retry_outcome *o) {
    if (o->lasting)
        return false;
    if (o->status == 0 && o->unsent)
        return true;
    if (retry_refused(o->status, o->code))
        return true;
    if (o->status >= 400 && passing(o->message))
        return true;
    if (!o->idempotent)
        return false;
    return retry_ambiguous(o) || (o->status >= 400 && perhaps_passing(o->message));
}

int retry_delay_ms(const struct retry_policy *p, const struct retry_outcome *o,
                   double jitter) {
    if (o->tries >= p->max_tries || !retry_worthwhile(o))
        return RETRY_GIVE_UP;
    if (o->after_ms >= 0) {
        if (o->after_ms > p->after_ms)
            return RETRY_GIVE_UP;
        return o->after_ms + (int)(o->after_ms * jitter / 10);
    }
    int wait = min(p->base_ms, p->ceiling_ms);
    for (int i = 1; i < o->tries && wait < p->ceiling_ms; i++)
        wait = wait > p->ceiling_ms / 2 ? p->ceiling_ms : wait * 2; /* no overflow */
    return wait - (int)(wait * jitter / 2);
}

/* Days since 1970 of a date in the Gregorian calendar; timegm is not POSIX. */
static int64_t days(int64_t year, int64_t month, int64_t day) {
    year -= month <= 2;
    int64_t era = year / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Read "Sun, 06 Nov 1994 08:49:37 GMT", the one form that servers may still send. */
static bool http_date(const char *text, int64_t *seconds) {
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char name[4] = "";
    int day, year, hour, minute, second;
    const char *rest = strchr(text, ',');
    if (rest == NULL || sscanf(rest, ", %2d %3s %4d %2d:%2d:%2d", &day, name, &year,
                               &hour, &minute, &second) != 6)
        return false;
    const char *at = strstr(months, name);
    if (strlen(name) != 3 || at == NULL || (at - months) % 3 != 0 || year < 1970 ||
        day < 1 || day > 31 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
        second < 0 || second > 60)
        return false;
    *seconds = ((days(year, (at - months) / 3 + 1, day) * 24 + hour) * 60 + minute) * 60 +
               second;
    return true;
}

int retry_after_ms(const char *value, int64_t now) {
    while (*value == ' ')
        value++;
    int64_t seconds;
    if (isdigit((unsigned char)*value)) {
        char *end;
        double d = strtod(value, &end); /* some servers send "0.5" */
        return *end != '\0' && *end != ' ' ? -1
               : d > INT_MAX / 2000.0      ? INT_MAX / 2
                                           : (int)(d * 1000);
    }
    if (!http_date(value, &seconds))
        return -1;
    int64_t left = seconds - now;
    return left <= 0 ? 0 : left > INT_MAX / 2000 ? INT_MAX / 2 : (int)left * 1000;
}

bool retry_safe(const char *method) {
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

bool retry_idempotent(const char *method) {
    static const char *const methods[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcasecmp(method, methods[i]) == 0)
            return true;
    return false;
}
