#include "base/jsonnumber.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A decimal number: 0.DIGITS times ten to the power `point`. The digits have no zeros at
 * either end, so that equal numbers are equal structs. Zero has no digits. */
#define DIGITS_MAX 17 /* a double never needs more */
struct decimal {
    bool negative;
    int size;
    int point;
    char digits[DIGITS_MAX + 1];
};

/* A decimal of so many digits always comes back from a double unchanged. */
#define DIGITS_SAFE 15

static const double POWERS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
#define POWER_MAX 22 /* the last power of ten that a double holds exactly */

static bool isdigit_ascii(char c) {
    return '0' <= c && c <= '9';
}

static const char *skip_digits(const char *p) {
    while (isdigit_ascii(*p))
        p++;
    return p;
}

/* strtod in the C locale, whatever locale a script has set. */
static double read_double(const char *text) {
    locale_t c =
        newlocale(LC_ALL_MASK, "C", (locale_t)0); /* built in, so this never fails */
    locale_t old = uselocale(c);
    double d = strtod(text, NULL);
    uselocale(old);
    freelocale(c);
    return d;
}

static void strip_zeros(struct decimal *n) {
    while (n->size > 0 && n->digits[n->size - 1] == '0')
        n->size--;
    n->digits[n->size] = '\0';
}

/* The nearest decimal of `size` digits to `d`, which is finite and not 0. */
static void round_to(double d, int size, struct decimal *n) {
    char text[JSONNUMBER_ROOM];
    /* the point may be a comma, or more than one byte: it is skipped */
    int length = snprintf(text, sizeof text, "%.*e", size - 1, fabs(d));
    *n = (struct decimal){.negative = signbit(d) != 0};
    const char *e = memchr(text, 'e', (size_t)length);
    for (const char *p = text; p < e && n->size < size; p++)
        if (isdigit_ascii(*p))
            n->digits[n->size++] = *p;
    n->point = (int)strtol(e + 1, NULL, 10) + 1;
    strip_zeros(n);
}

/* Compute the value without strtod, if the digits and the power of ten are both exact as
 * doubles. Then the one operation rounds only once, as it should. */
static bool value_small(const struct decimal *n, double *d) {
    int power = n->point - n->size;
    uint64_t digits = 0;
    if (n->size > 16 || power < -POWER_MAX || power > POWER_MAX)
        return false;
    for (int i = 0; i < n->size; i++)
        digits = digits * 10 + (uint64_t)(n->digits[i] - '0');
    if (digits > UINT64_C(1) << 53)
        return false;
    double value = (double)digits;
    value = power < 0 ? value / POWERS[-power] : value * POWERS[power];
    *d = n->negative ? -value : value;
    return true;
}

static double value_of(const struct decimal *n) {
    char text[JSONNUMBER_ROOM];
    double d;
    if (value_small(n, &d))
        return d;
    snprintf(text, sizeof text, "%s0.%se%d", n->negative ? "-" : "", n->digits, n->point);
    return read_double(text);
}

/* Add one to the last digit of a decimal that is written with `size` digits. */
static void step_up(struct decimal *n, int size) {
    while (n->size < size)
        n->digits[n->size++] = '0';
    int last = size - 1;
    while (last >= 0 && n->digits[last] == '9')
        n->digits[last--] = '0';
    if (last >= 0) {
        n->digits[last]++;
    } else {
        n->digits[0] = '1';
        n->point++;
    }
    strip_zeros(n);
}

/* As round_to, but from the digits of `full`, the nearest decimal of DIGITS_MAX, which is
 * cheaper than asking for the digits again. Rounding twice only goes wrong if the digits
 * that are cut off are exactly one half. */
static void cut_to(double d, const struct decimal *full, int size, struct decimal *n) {
    const char *rest =
        full->digits + size; /* trailing zeros are stripped: "5" stands for "50..." */
    if (size >= full->size) {
        *n = *full;
        return;
    }
    if (strcmp(rest, "5") == 0) {
        round_to(d, size, n);
        return;
    }
    *n = *full;
    n->size = size;
    if (*rest >= '5')
        step_up(n, size);
    else
        strip_zeros(n);
}

/* The shortest decimal that reads back as `d`, finite and not 0. */
static void shortest(double d, struct decimal *n) {
    struct decimal full;
    int exponent;
    round_to(d, DIGITS_MAX, &full);
    /* below DBL_MIN a double holds fewer digits than DIGITS_SAFE */
    for (int size = fabs(d) < DBL_MIN ? 1 : DIGITS_SAFE; size < DIGITS_MAX; size++) {
        cut_to(d, &full, size, n);
        if (value_of(n) == d)
            return;
        /* Doubles are twice as far apart above a power of two as below it. So the farther
         * decimal above may read back as `d` although the nearer decimal below does
         * not. */
        if (fabs(frexp(d, &exponent)) == 0.5) {
            step_up(n, size);
            if (value_of(n) == d)
                return;
        }
    }
    *n = full;
}

/* Read the exponent behind `p`, an 'e'. It is clipped to a size that no double has. */
static long read_exponent(const char *p, const char *end) {
    long value = 0;
    bool negative = p + 1 < end && p[1] == '-';
    for (p++; p < end; p++)
        if (isdigit_ascii(*p) && value < 100000000)
            value = value * 10 + (*p - '0');
    return negative ? -value : value;
}

/* Read a decimal from a text of any length. False if it has more digits than fit, or an
 * exponent that no double has. */
static bool read_decimal(const char *text, size_t size, struct decimal *n) {
    const char *p = text, *end = text + size;
    long point = 0;
    size_t zeros = 0; /* kept back until another digit follows them */
    bool behind_point = false;
    *n = (struct decimal){.negative = *p == '-'};
    for (; p < end && *p != 'e' && *p != 'E'; p++) {
        if (*p == '.')
            behind_point = true;
        if (!isdigit_ascii(*p))
            continue;
        if (*p == '0' && n->size == 0) {
            point -= behind_point;
            continue;
        }
        point += !behind_point;
        if (*p == '0') {
            zeros++;
            continue;
        }
        if (zeros + (size_t)n->size >= DIGITS_MAX)
            return false;
        for (; zeros > 0; zeros--)
            n->digits[n->size++] = '0';
        n->digits[n->size++] = *p;
    }
    if (p < end)
        point += read_exponent(p, end);
    if (n->size > 0 && (point < -400 || point > 400))
        return false;
    n->point = n->size > 0 ? (int)point : 0;
    return true;
}

static bool is_integer(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (text[i] == '.' || text[i] == 'e' || text[i] == 'E')
            return false;
    return true;
}

static bool read_integer(const char *text, size_t size, int64_t *i) {
    const char *p = text, *end = text + size;
    bool negative = *p == '-';
    uint64_t value = 0, limit = (uint64_t)INT64_MAX + negative;
    for (p += negative; p < end; p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (value > (limit - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *i = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

const char *jsonnumber_scan(const char *p, struct jsonnumber_shape *shape,
                            const char **wrong) {
    *shape = (struct jsonnumber_shape){0};
    p += *p == '-';
    const char *first = p;
    p = *p == '0' ? p + 1 : skip_digits(p);
    *wrong = p;
    if (p == first || isdigit_ascii(*p))
        return NULL;
    shape->digits = (size_t)(p - first);
    if (*p == '.') {
        first = ++p;
        while (*p == '0')
            p++;
        const char *nonzero = p;
        *wrong = p = skip_digits(p);
        if (p == first)
            return NULL;
        shape->fraction = true;
        shape->zero_fraction = nonzero == p;
        shape->digits += (size_t)(p - first);
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '+' || *p == '-';
        first = p;
        *wrong = p = skip_digits(p);
        if (p == first)
            return NULL;
        shape->exponent = true;
    }
    return p;
}

enum jsonnumber_kind jsonnumber_read(const char *text, size_t size, int64_t *i,
                                     double *d) {
    struct decimal said, nearest;
    if (is_integer(text, size))
        return read_integer(text, size, i) ? JSONNUMBER_INTEGER : JSONNUMBER_OTHER;
    if (!read_decimal(text, size, &said))
        return JSONNUMBER_OTHER;
    if (said.size <= DIGITS_SAFE && value_small(&said, d))
        return JSONNUMBER_DOUBLE;
    *d = value_of(&said);
    if (*d == 0 || isinf(*d))
        return JSONNUMBER_OTHER;
    shortest(*d, &nearest);
    bool same = said.size == nearest.size && said.point == nearest.point &&
                memcmp(said.digits, nearest.digits, (size_t)said.size) == 0;
    return same ? JSONNUMBER_DOUBLE : JSONNUMBER_OTHER;
}

static size_t put_unsigned(uint64_t value, char *out) {
    char digits[20];
    size_t n = sizeof digits;
    do {
        digits[--n] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    memcpy(out, digits + n, sizeof digits - n);
    return sizeof digits - n;
}

size_t jsonnumber_put_integer(int64_t i, char out[JSONNUMBER_ROOM]) {
    if (i >= 0)
        return put_unsigned((uint64_t)i, out);
    out[0] = '-';
    return 1 + put_unsigned(0 - (uint64_t)i, out + 1);
}

/* Most doubles that people write are a whole number of up to 15 digits divided
 * by a power of ten. Write such a double without snprintf, which is slower.
 * Returns 0 for any other. */
static size_t put_small(double a, char *out) {
    if (a != 0 && a < 1e-4)
        return 0; /* it is shorter with an exponent */
    for (int k = 0; k < DIGITS_SAFE; k++) {
        double whole = nearbyint(a * POWERS[k]);
        if (whole >= 1e15)
            return 0;
        if (whole / POWERS[k] != a)
            continue;
        uint64_t all = (uint64_t)whole, unit = (uint64_t)POWERS[k];
        size_t size = put_unsigned(all / unit, out);
        out[size++] = '.';
        if (k == 0) {
            out[size++] = '0';
            return size;
        }
        uint64_t rest = all % unit;
        for (int i = k - 1; i >= 0; i--, rest /= 10)
            out[size + (size_t)i] = (char)('0' + rest % 10);
        return size + (size_t)k;
    }
    return 0;
}

static size_t put_decimal(const struct decimal *n, char *out) {
    int written;
    if (n->point < -3 || n->point > 16) {
        written = snprintf(out, JSONNUMBER_ROOM - 1, "%c%s%se%+03d", n->digits[0],
                           n->size > 1 ? "." : "", n->digits + 1, n->point - 1);
    } else if (n->point <= 0) {
        written =
            snprintf(out, JSONNUMBER_ROOM - 1, "0.%.*s%s", -n->point, "000", n->digits);
    } else if (n->point >= n->size) {
        written = snprintf(out, JSONNUMBER_ROOM - 1, "%s%.*s.0", n->digits,
                           n->point - n->size, "0000000000000000");
    } else {
        written = snprintf(out, JSONNUMBER_ROOM - 1, "%.*s.%s", n->point, n->digits,
                           n->digits + n->point);
    }
    return (size_t)written;
}

size_t jsonnumber_put_double(double d, char out[JSONNUMBER_ROOM]) {
    struct decimal n;
    size_t sign = signbit(d) ? 1 : 0;
    if (sign)
        out[0] = '-';
    size_t size = put_small(fabs(d), out + sign);
    if (size == 0) {
        shortest(d, &n);
        size = put_decimal(&n, out + sign);
    }
    return sign + size;
}
