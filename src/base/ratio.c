/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ratio.c - exact numbers (units.h).  Products of two 64-bit numbers are exact in 128 bits. */
#include <inttypes.h>

#include "base/buf.h"
#include "base/units.h"

static uint64_t gcd64(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t r = a % b;

		a = b;
		b = r;
	}
	return a;
}

static unsigned __int128 gcd(unsigned __int128 a, unsigned __int128 b)
{
	while (b) {
		if (a <= UINT64_MAX && b <= UINT64_MAX)
			return gcd64((uint64_t)a, (uint64_t)b);
		unsigned __int128 r = a % b;

		a = b;
		b = r;
	}
	return a;
}

static bool reduce(__int128 num, __int128 den, struct ratio *out)
{
	if (!den)
		return false;

	bool negative = (num < 0) != (den < 0) && num;
	unsigned __int128 n = num < 0 ? -(unsigned __int128)num : (unsigned __int128)num;
	unsigned __int128 d = den < 0 ? -(unsigned __int128)den : (unsigned __int128)den;

	if (d != 1) {
		unsigned __int128 g = gcd(n, d);

		n /= g;
		d /= g;
	}
	if (d > INT64_MAX || n > (unsigned __int128)INT64_MAX + negative)
		return false;
	out->num = (int64_t)(negative ? -(uint64_t)n : (uint64_t)n);
	out->den = (int64_t)d;
	return true;
}

bool ratio_make(int64_t num, int64_t den, struct ratio *out)
{
	return reduce(num, den, out);
}

bool ratio_add(struct ratio a, struct ratio b, struct ratio *out)
{
	return reduce((__int128)a.num * b.den + (__int128)b.num * a.den, (__int128)a.den * b.den,
		      out);
}

bool ratio_sub(struct ratio a, struct ratio b, struct ratio *out)
{
	return reduce((__int128)a.num * b.den - (__int128)b.num * a.den, (__int128)a.den * b.den,
		      out);
}

bool ratio_mul(struct ratio a, struct ratio b, struct ratio *out)
{
	return reduce((__int128)a.num * b.num, (__int128)a.den * b.den, out);
}

bool ratio_div(struct ratio a, struct ratio b, struct ratio *out)
{
	return reduce((__int128)a.num * b.den, (__int128)a.den * b.num, out);
}

bool ratio_floor_mod(struct ratio a, struct ratio b, struct ratio *out)
{
	__int128 x = (__int128)a.num * b.den, y = (__int128)b.num * a.den, r;

	if (!y)
		return false;
	r = x % y;
	if (r && (r < 0) != (y < 0))
		r += y;
	return reduce(r, (__int128)a.den * b.den, out);
}

int ratio_cmp(struct ratio a, struct ratio b)
{
	__int128 x = (__int128)a.num * b.den, y = (__int128)b.num * a.den;

	return (x > y) - (x < y);
}

int64_t ratio_floor(struct ratio a)
{
	return a.num / a.den - (a.num % a.den < 0);
}

void fmt_ratio(struct buf *b, struct ratio r)
{
	uint64_t num = r.num < 0 ? -(uint64_t)r.num : (uint64_t)r.num;
	uint64_t den = (uint64_t)r.den, power = 1;
	int digits = 0;

	if (r.num < 0)
		buf_putc(b, '-');
	/* The smallest power of ten that den divides, if there is one that 64 bits hold. */
	while (power % den && digits < 18) {
		power *= 10;
		digits++;
	}
	buf_printf(b, "%" PRIu64, power % den ? num : num / den);
	if (power % den)
		buf_printf(b, "/%" PRIu64, den);
	else if (digits)
		buf_printf(b, ".%0*" PRIu64, digits, num % den * (power / den));
}
