/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/trace_value.h"

#include <errno.h>
#include <string.h>

#include "base/units.h"

#define FRACTION_DIGITS 18 /* 10^18 is the largest power of ten below 2^63 */

struct text {
	const char *s, *end;
};

static bool is_digit(const struct text *t)
{
	return t->s < t->end && *t->s >= '0' && *t->s <= '9';
}

static bool take(struct text *t, char c)
{
	if (t->s == t->end || *t->s != c)
		return false;
	t->s++;
	return true;
}

static void skip_blanks(struct text *t)
{
	while (t->s < t->end && (*t->s == ' ' || *t->s == '\t'))
		t->s++;
}

/* ---- amounts of memory ---------------------------------------------------------------------- */

static int take_unit(struct text *t, enum trace_units units, uint64_t *factor)
{
	static const struct {
		const char *name;
		uint64_t decimal, binary;
	} table[] = {
	    {"B", 1, 1},
	    {"kB", 1000, KIB},
	    {"KB", 1000, KIB},
	    {"MB", 1000000, MIB},
	    {"GB", 1000000000, GIB},
	    {"TB", UINT64_C(1000000000000), GIB * KIB},
	    {"KiB", KIB, KIB},
	    {"MiB", MIB, MIB},
	    {"GiB", GIB, GIB},
	    {"TiB", GIB * KIB, GIB * KIB},
	};
	size_t n = 0;

	while (t->s + n < t->end && t->s[n] != ' ' && t->s[n] != '\t' && t->s[n] != '/')
		n++;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (strlen(table[i].name) != n || memcmp(table[i].name, t->s, n))
			continue;
		*factor = units == TRACE_BINARY ? table[i].binary : table[i].decimal;
		t->s += n;
		return 0;
	}
	return -EINVAL;
}

static int take_amount(struct text *t, enum trace_units units, uint64_t *bytes)
{
	uint64_t whole = 0, fraction = 0, scale = 1, factor, total;
	bool huge = false;
	int digits = 0;

	skip_blanks(t);
	if (!is_digit(t))
		return -EINVAL;
	for (; is_digit(t); t->s++) {
		uint64_t digit = (uint64_t)(*t->s - '0');

		huge |= __builtin_mul_overflow(whole, 10, &whole) ||
			__builtin_add_overflow(whole, digit, &whole);
	}
	if (take(t, '.')) {
		if (!is_digit(t))
			return -EINVAL;
		for (; is_digit(t); t->s++) {
			if (++digits > FRACTION_DIGITS)
				return -EINVAL;
			fraction = fraction * 10 + (uint64_t)(*t->s - '0');
			scale *= 10;
		}
	}
	skip_blanks(t);
	if (take_unit(t, units, &factor))
		return -EINVAL;
	skip_blanks(t);
	/* A unit is a whole number of bytes, so only the fraction's part needs to be floored. */
	if (huge || __builtin_mul_overflow(whole, factor, &total) ||
	    __builtin_add_overflow(total, mul_div(fraction, factor, scale), &total) ||
	    total > INT64_MAX)
		return -ERANGE;
	*bytes = total;
	return 0;
}

int trace_parse_memory(const char *s, size_t n, enum trace_units units, uint64_t *bytes)
{
	struct text t = {s, s + n};
	uint64_t used, limit;
	int err = take_amount(&t, units, &used);

	if (err)
		return err;
	if (take(&t, '/') && (err = take_amount(&t, units, &limit)))
		return err;
	if (t.s != t.end)
		return -EINVAL;
	*bytes = used;
	return 0;
}

/* ---- seconds -------------------------------------------------------------------------------- */

/* The number's digits without the point, and where the point would be. */
struct digits {
	const char *whole, *fraction;
	size_t nwhole, nfraction;
	int64_t exponent;
};

static int take_number(struct text *t, struct digits *d)
{
	*d = (struct digits){.whole = t->s};
	for (; is_digit(t); t->s++)
		d->nwhole++;
	if (!d->nwhole)
		return -EINVAL;
	if (take(t, '.')) {
		d->fraction = t->s;
		for (; is_digit(t); t->s++)
			d->nfraction++;
		if (!d->nfraction)
			return -EINVAL;
	}
	if (take(t, 'e') || take(t, 'E')) {
		bool minus = take(t, '-');

		if (!minus)
			take(t, '+');
		if (!is_digit(t))
			return -EINVAL;
		for (; is_digit(t); t->s++)
			if (d->exponent < INT32_MAX)
				d->exponent = d->exponent * 10 + (*t->s - '0');
		if (minus)
			d->exponent = -d->exponent;
	}
	return t->s == t->end ? 0 : -EINVAL;
}

int trace_parse_epoch(const char *s, size_t n, int64_t *ns)
{
	struct text t = {s, s + n};
	bool minus = take(&t, '-');
	struct digits d;
	int64_t wanted, value = 0;
	int err = take_number(&t, &d);

	if (err)
		return err;
	if (minus)
		return -ERANGE;
	/* Floor by taking only the digits that count whole nanoseconds. */
	wanted = (int64_t)d.nwhole + d.exponent + 9;
	for (int64_t i = 0; i < wanted; i++) {
		size_t at = (size_t)i;
		char c = '0';

		if (at < d.nwhole)
			c = d.whole[at];
		else if (at - d.nwhole < d.nfraction)
			c = d.fraction[at - d.nwhole];
		else if (!value)
			break; /* only zeros are left: 0e999999999 */
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, c - '0', &value))
			return -ERANGE;
	}
	*ns = value;
	return 0;
}

/* ---- dates ---------------------------------------------------------------------------------- */

static bool take_digits(struct text *t, int n, int *v)
{
	int x = 0;

	while (n--) {
		if (!is_digit(t))
			return false;
		x = x * 10 + (*t->s++ - '0');
	}
	*v = x;
	return true;
}

/* Days from 1970-01-01 in the proleptic Gregorian calendar; years count from March here. */
static int64_t days_from_civil(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* Seconds to subtract from the local time. */
static int take_zone(struct text *t, int64_t *offset)
{
	int sign, hours, minutes = 0;

	if (t->s == t->end)
		return -EDOM;
	if (take(t, 'Z') || take(t, 'z')) {
		*offset = 0;
		return t->s == t->end ? 0 : -EINVAL;
	}
	if (take(t, '+'))
		sign = 1;
	else if (take(t, '-'))
		sign = -1;
	else
		return -EINVAL;
	if (!take_digits(t, 2, &hours))
		return -EINVAL;
	if (t->s < t->end) {
		take(t, ':');
		if (!take_digits(t, 2, &minutes))
			return -EINVAL;
	}
	if (t->s != t->end || hours > 23 || minutes > 59)
		return -EINVAL;
	*offset = sign * (hours * 3600 + minutes * 60);
	return 0;
}

int trace_parse_timestamp(const char *s, size_t n, int64_t *ns)
{
	struct text t = {s, s + n};
	int year, month, day, hour, minute, second, err;
	int64_t seconds, offset, value, fraction = 0;

	if (!take_digits(&t, 4, &year) || !take(&t, '-') || !take_digits(&t, 2, &month) ||
	    !take(&t, '-') || !take_digits(&t, 2, &day) ||
	    !(take(&t, 'T') || take(&t, 't') || take(&t, ' ')) || !take_digits(&t, 2, &hour) ||
	    !take(&t, ':') || !take_digits(&t, 2, &minute) || !take(&t, ':') ||
	    !take_digits(&t, 2, &second))
		return -EINVAL;
	/* 60 is a leap second; it counts as the next one, as in POSIX time. */
	if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 ||
	    minute > 59 || second > 60)
		return -EINVAL;
	if (take(&t, '.')) {
		int64_t worth = (int64_t)NS_PER_SEC;

		if (!is_digit(&t))
			return -EINVAL;
		for (; is_digit(&t); t.s++) {
			worth /= 10; /* 0 from the tenth digit on: floored */
			fraction += worth * (*t.s - '0');
		}
	}
	err = take_zone(&t, &offset);
	if (err)
		return err;
	seconds =
	    days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
	if (seconds < 0 || __builtin_mul_overflow(seconds, (int64_t)NS_PER_SEC, &value) ||
	    __builtin_add_overflow(value, fraction, &value))
		return -ERANGE;
	*ns = value;
	return 0;
}
