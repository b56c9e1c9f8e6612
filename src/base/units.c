/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/units.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/buf.h"

uint64_t mul_div_wide(uint64_t v, uint64_t mul, uint64_t div)
{
	unsigned __int128 q = (unsigned __int128)v * mul / div;

	return q > UINT64_MAX ? UINT64_MAX : (uint64_t)q;
}

void fmt_size(struct buf *b, uint64_t bytes)
{
	static const char units[] = "KMGT";
	int unit = -1;

	if (bytes == NO_LIMIT) {
		buf_puts(b, "max");
		return;
	}
	if (!bytes) {
		buf_putc(b, '0');
		return;
	}
	while (unit < 3 && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	buf_printf(b, "%" PRIu64 "%c", bytes, unit < 0 ? 'B' : units[unit]);
}

/* Below a microsecond the language has no unit: it is written as a fraction of one. */
static void fmt_us(struct buf *b, uint64_t ns)
{
	unsigned int digits = 3, frac = (unsigned int)(ns % 1000);

	buf_printf(b, "%" PRIu64, ns / 1000);
	if (frac) {
		for (; frac % 10 == 0; frac /= 10)
			digits--;
		buf_printf(b, ".%0*u", (int)digits, frac);
	}
	buf_puts(b, "us");
}

void fmt_duration(struct buf *b, uint64_t ns)
{
	if (ns == NEVER) {
		buf_puts(b, "never");
		return;
	}
	if (ns % NS_PER_MS) {
		fmt_us(b, ns);
		return;
	}
	if (ns % NS_PER_SEC) {
		buf_printf(b, "%" PRIu64 "ms", ns / NS_PER_MS);
		return;
	}

	uint64_t s = ns / NS_PER_SEC, m = s / 60 % 60, h = s / 3600;

	if (h)
		buf_printf(b, "%" PRIu64 "h", h);
	if (m)
		buf_printf(b, "%" PRIu64 "m", m);
	s %= 60;
	if (s || (!h && !m))
		buf_printf(b, "%" PRIu64 "s", s);
}

void fmt_size_short(struct buf *b, uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	uint64_t unit = 1;
	int u = -1;

	if (bytes == NO_LIMIT) {
		buf_puts(b, "max");
		return;
	}
	if (bytes < 1024) {
		buf_printf(b, bytes ? "%" PRIu64 "B" : "%" PRIu64, bytes);
		return;
	}
	/* Up a unit while the value, rounded to a whole one, would read as 1024 or more. */
	while (u < 5 && bytes >= unit * 1024 - unit / 2) {
		unit *= 1024;
		u++;
	}

	unsigned __int128 hundredths = ((unsigned __int128)bytes * 100 + unit / 2) / unit;
	uint64_t v = (uint64_t)hundredths;

	if (v < 1000) {
		buf_printf(b, "%" PRIu64 ".%02" PRIu64 "%c", v / 100, v % 100, units[u]);
		return;
	}
	v = (uint64_t)(((unsigned __int128)bytes * 10 + unit / 2) / unit);
	if (v < 1000)
		buf_printf(b, "%" PRIu64 ".%" PRIu64 "%c", v / 10, v % 10, units[u]);
	else
		buf_printf(b, "%" PRIu64 "%c", (bytes + unit / 2) / unit, units[u]);
}

void fmt_seconds_short(struct buf *b, double seconds)
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	int u = 3;

	if (!isfinite(seconds)) {
		buf_printf(b, "%f", seconds);
		return;
	}
	if (seconds < 0) {
		buf_putc(b, '-');
		seconds = -seconds;
	}
	/* 999.5 of a unit already rounds to 1000 and belongs to the next one. */
	while (u > 0 && seconds < 0.9995) {
		seconds *= 1000;
		u--;
	}
	if (seconds == 0) {
		buf_puts(b, "0s");
		return;
	}
	buf_printf(b, "%.*f%s", seconds < 9.995 ? 2 : seconds < 99.95 ? 1 : 0, seconds, units[u]);
}
