/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lang/literal.h"

#include <string.h>

#include "base/arena.h"

typedef unsigned __int128 u128;

/*
 * A decimal as mantissa / scale.  False: more digits than fit.  18 digits fit whatever they are, so
 * that most literals are read without asking.
 */
static inline bool decimal(const char **s, const char *end, uint64_t *mantissa, uint64_t *scale)
{
	const char *p = *s;
	bool check = end - p > 18, fraction = false;
	uint64_t m = 0, d = 1;

	for (;; p++) {
		unsigned digit = (unsigned)(unsigned char)*p - '0';

		if (digit > 9) {
			if (*p != '.' || fraction || p == end)
				break;
			fraction = true;
			continue;
		}
		if (check && (m > (UINT64_MAX - 9) / 10 || d > UINT64_MAX / 10))
			return false;
		m = m * 10 + digit;
		if (fraction)
			d *= 10;
	}
	*s = p;
	*mantissa = m;
	*scale = d;
	return true;
}

/* floor(mantissa * unit / scale), if that is below 2^63. */
static inline bool scaled(uint64_t mantissa, uint64_t unit, uint64_t scale, uint64_t *out)
{
	u128 v = (u128)mantissa * unit;

	if (v <= INT64_MAX && scale == 1) {
		*out = (uint64_t)v;
		return true;
	}
	v /= scale;
	if (v > INT64_MAX)
		return false;
	*out = (uint64_t)v;
	return true;
}

static struct ast_expr *node(struct scan *x, enum ast_expr_kind kind, struct span at)
{
	struct ast_expr *e = arena_new(x->arena, struct ast_expr);

	e->kind = (uint8_t)kind;
	e->at = at;
	e->depth = 1;
	return e;
}

static struct ast_expr *too_large(struct scan *x, struct span at, const char *what)
{
	diag_at(&x->unit->diags, E_BIG_LITERAL, at,
		"this %s is too large or too long to be held exactly", what);
	x->bad_end = at.end;
	return node(x, AE_ERROR, at);
}

static uint64_t size_unit(char c)
{
	switch (c) {
	case 'K':
		return KIB;
	case 'M':
		return MIB;
	case 'G':
		return GIB;
	case 'T':
		return GIB * 1024;
	default:
		return 1;
	}
}

static struct ast_expr *bytes(struct scan *x, enum ast_expr_kind kind, const char *s, size_t n,
			      struct span at, const char *what)
{
	uint64_t mantissa, scale, v;
	struct ast_expr *e;

	if (!decimal(&s, s + n, &mantissa, &scale) || !scaled(mantissa, size_unit(*s), scale, &v))
		return too_large(x, at, what);
	e = node(x, kind, at);
	e->u = v;
	return e;
}

struct ast_expr *literal_size(struct scan *x, const char *s, size_t n, struct span at)
{
	return bytes(x, AE_SIZE, s, n, at, "size");
}

struct ast_expr *literal_rate(struct scan *x, const char *s, size_t n, struct span at)
{
	return bytes(x, AE_RATE, s, n, at, "rate");
}

/* The unit at *s, which is moved behind it.  Descending order is by value. */
static inline uint64_t time_unit(const char **s, const char *end)
{
	char c = *(*s)++;

	if (c == 's')
		return NS_PER_SEC;
	if (*s < end && **s == 's') {
		(*s)++;
		return c == 'm' ? NS_PER_MS : c == 'u' ? NS_PER_US : 1;
	}
	return c == 'm' ? 60 * NS_PER_SEC : 3600 * NS_PER_SEC;
}

struct ast_expr *literal_duration(struct scan *x, const char *s, size_t n, struct span at)
{
	const char *end = s + n;
	uint64_t total = 0, last = UINT64_MAX;
	struct ast_expr *e;

	while (s < end) {
		uint64_t mantissa, scale, unit, v;

		if (!decimal(&s, end, &mantissa, &scale))
			return too_large(x, at, "duration");
		unit = time_unit(&s, end);
		if (unit >= last) {
			diag_at(&x->unit->diags, E_DURATION_ORDER, at,
				"the parts of a duration go from the longest unit to the shortest");
			diag_hint(&x->unit->diags, "like 1h30m or 1m30s500ms");
			x->bad_end = at.end;
			return node(x, AE_ERROR, at);
		}
		last = unit;
		if (!scaled(mantissa, unit, scale, &v) || total + v > INT64_MAX)
			return too_large(x, at, "duration");
		total += v;
	}
	e = node(x, AE_DURATION, at);
	e->u = total;
	return e;
}

struct ast_expr *literal_number(struct scan *x, const char *s, size_t n, struct span at)
{
	uint64_t mantissa, scale;
	bool percent = s[n - 1] == '%';
	struct ast_expr *e;
	struct ratio r;

	if (!decimal(&s, s + n, &mantissa, &scale) || mantissa > INT64_MAX ||
	    scale > (uint64_t)INT64_MAX / 100)
		return too_large(x, at, "number");
	if (percent)
		scale *= 100;
	if (scale == 1)
		r = (struct ratio){(int64_t)mantissa, 1};
	else if (!ratio_make((int64_t)mantissa, (int64_t)scale, &r))
		return too_large(x, at, "number");
	e = node(x, AE_NUMBER, at);
	e->ratio = r;
	e->percent = percent;
	return e;
}

struct ast_expr *literal_version(struct scan *x, struct span at)
{
	return node(x, AE_VERSION, at);
}

/* ---- units that are none ------------------------------------------------------------------- */

/* What people write elsewhere, and what it is here. */
static const struct {
	const char *wrong, *right;
} units[] = {
    {"b", "B"},		 {"bytes", "B"},   {"byte", "B"},   {"k", "K"},	      {"kb", "K"},
    {"KB", "K"},	 {"kB", "K"},	   {"KiB", "K"},    {"Kb", "K"},      {"kib", "K"},
    {"MB", "M"},	 {"Mb", "M"},	   {"mb", "M"},	    {"MiB", "M"},     {"mib", "M"},
    {"g", "G"},		 {"GB", "G"},	   {"Gb", "G"},	    {"gb", "G"},      {"GiB", "G"},
    {"gib", "G"},	 {"t", "T"},	   {"TB", "T"},	    {"tb", "T"},      {"TiB", "T"},
    {"S", "s"},		 {"sec", "s"},	   {"secs", "s"},   {"second", "s"},  {"seconds", "s"},
    {"min", "m"},	 {"mins", "m"},	   {"minute", "m"}, {"minutes", "m"}, {"H", "h"},
    {"hr", "h"},	 {"hrs", "h"},	   {"hour", "h"},   {"hours", "h"},   {"msec", "ms"},
    {"msecs", "ms"},	 {"millis", "ms"}, {"usec", "us"},  {"usecs", "us"},  {"\xc2\xb5s", "us"},
    {"\xce\xbcs", "us"}, {"nsec", "ns"},   {"X", "x"},	    {"MB/s", "M/s"},  {"Mb/s", "M/s"},
    {"MiB/s", "M/s"},	 {"mb/s", "M/s"},  {"KB/s", "K/s"}, {"kB/s", "K/s"},  {"KiB/s", "K/s"},
    {"GB/s", "G/s"},	 {"GiB/s", "G/s"}, {"Mbps", "M/s"}, {"MBps", "M/s"},  {"GBps", "G/s"},
};

void literal_bad_unit(struct scan *x, const char *s, size_t n, struct span at)
{
	struct diags *d = &x->unit->diags;
	size_t digits = 0, len;
	const char *right = NULL;

	while (digits < n && ((s[digits] >= '0' && s[digits] <= '9') || s[digits] == '.'))
		digits++;
	len = n - digits;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units) && !right; i++)
		if (strlen(units[i].wrong) == len && !memcmp(units[i].wrong, s + digits, len))
			right = units[i].right;
	x->bad_end = at.end;
	if (memchr(s, '.', digits) && !len) {
		diag_at(d, E_BAD_UNIT, at, "a version has at most three numbers");
		return;
	}
	diag_at(d, E_BAD_UNIT, at, "`%.*s` is no unit", (int)(len < 40 ? len : 40), s + digits);
	if (right && strchr("KMGT", *right) && len > 1)
		diag_hint(d, "write %.*s%s (powers of 1024)", (int)(digits < 40 ? digits : 40), s,
			  right);
	else if (right)
		diag_hint(d, "write %.*s%s", (int)(digits < 40 ? digits : 40), s, right);
	else
		diag_hint(d, "sizes: B K M G T; times: ns us ms s m h; rates: M/s; numbers: %% x");
}
