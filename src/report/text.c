/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/text.h"

#include <math.h>
#include <string.h>

#include "base/units.h"
#include "base/utf8.h"

/* One code point: its bytes and columns; what a terminal must not see counts as the `?` it gets. */
static size_t next(const char *s, size_t n, unsigned int *columns, bool *plain)
{
	uint32_t cp;
	size_t bytes = utf8_decode(s, n, &cp);
	int c = cp == UTF8_INVALID ? -1 : utf8_columns(cp);

	*plain = c >= 0;
	*columns = c < 0 ? 1 : (unsigned int)c;
	return bytes;
}

static unsigned int columns_of(const char *s, size_t n)
{
	unsigned int total = 0, columns;
	bool plain;

	for (size_t i = 0; i < n; total += columns)
		i += next(s + i, n - i, &columns, &plain);
	return total;
}

unsigned int text_columns(const char *s)
{
	return columns_of(s, strlen(s));
}

static void put(struct buf *out, const char *s, size_t n)
{
	for (size_t i = 0, bytes; i < n; i += bytes) {
		unsigned int columns;
		bool plain;

		bytes = next(s + i, n - i, &columns, &plain);
		if (plain)
			buf_put(out, s + i, bytes);
		else
			buf_putc(out, '?');
	}
}

/* The longest beginning of s that fits in `max` columns, in bytes; at least one code point. */
static size_t fitting(const char *s, size_t n, unsigned int max)
{
	unsigned int total = 0, columns;
	size_t i = 0, bytes;
	bool plain;

	for (; i < n; i += bytes) {
		bytes = next(s + i, n - i, &columns, &plain);
		total += columns;
		if (total > max)
			break;
	}
	return i;
}

void text_fit(struct buf *out, const char *s, unsigned int max)
{
	size_t n = strlen(s), from;
	unsigned int whole = columns_of(s, n), tail;

	if (whole <= max) {
		put(out, s, n);
		return;
	}
	if (!max)
		return;
	tail = (max - 1) / 2;
	put(out, s, fitting(s, n, max - 1 - tail));
	buf_putc(out, '~');
	from = fitting(s, n, whole - tail);
	/* A wide letter on the edge: rather one column less than one too many. */
	while (from < n && columns_of(s + from, n - from) > tail) {
		unsigned int columns;
		bool plain;

		from += next(s + from, n - from, &columns, &plain);
	}
	put(out, s + from, n - from);
}

void text_tap(struct buf *out, const char *s)
{
	struct buf plain = {0};

	text_fit(&plain, s, text_columns(s));
	for (const char *at = buf_str(&plain); *at; at++) {
		if (*at == '#' || *at == '\\')
			buf_putc(out, '\\');
		buf_putc(out, *at);
	}
	buf_free(&plain);
}

void text_wrap(struct buf *out, const char *s, unsigned int at, unsigned int indent,
	       unsigned int width)
{
	unsigned int column = at;
	bool begun = false;

	if (indent >= width)
		indent = 0;
	while (*s) {
		size_t n;
		unsigned int columns;

		if (*s == ' ' || *s == '\n' || *s == '\t') {
			s++;
			continue;
		}
		n = strcspn(s, " \n\t");
		columns = columns_of(s, n);
		if (begun ? column + 1 + columns > width : column + columns > width) {
			if (begun || column > indent) {
				buf_putc(out, '\n');
				buf_pad(out, ' ', indent);
				column = indent;
				begun = false;
			}
			/* A word wider than the line is cut. */
			if (column + columns > width) {
				n = fitting(s, n, width - column);
				if (!n)
					break;
				columns = columns_of(s, n);
			}
		}
		if (begun) {
			buf_putc(out, ' ');
			column++;
		}
		put(out, s, n);
		column += columns;
		begun = true;
		s += n;
	}
	buf_putc(out, '\n');
}

static void number(struct buf *out, double v)
{
	if (v == floor(v) && fabs(v) < 1e6)
		buf_printf(out, "%.0f", v);
	else
		buf_printf(out, "%.3g", v);
}

static void size(struct buf *out, double bytes)
{
	if (bytes < 0)
		buf_putc(out, '-');
	bytes = fabs(bytes);
	fmt_size_short(out, bytes < 0x1p63 ? (uint64_t)llround(bytes) : NO_LIMIT);
}

void text_value(struct buf *out, double value, enum dim dim)
{
	switch (dim) {
	case DIM_SIZE:
		size(out, value);
		break;
	case DIM_RATE:
		size(out, value);
		buf_puts(out, "/s");
		break;
	case DIM_DURATION:
		fmt_seconds_short(out, value);
		break;
	case DIM_BOOL:
		buf_puts(out, value != 0 ? "true" : "false");
		break;
	case DIM_ERROR:
	case DIM_NUMBER:
	case DIM_STRING:
	case DIM_TRACE:
	case DIM_CGROUPS:
		number(out, value);
		break;
	}
}

void text_value_exact(struct buf *out, double value, enum dim dim)
{
	if (dim == DIM_BOOL) {
		text_value(out, value, dim);
		return;
	}
	buf_printf(out, "%.15g", value);
	if (dim == DIM_SIZE)
		buf_puts(out, "B");
	else if (dim == DIM_RATE)
		buf_puts(out, "B/s");
	else if (dim == DIM_DURATION)
		buf_puts(out, "s");
}

void text_markdown(struct buf *out, const char *s)
{
	for (; *s; s++) {
		if (strchr("|\\`*_<>[]", *s))
			buf_putc(out, '\\');
		buf_putc(out, *s);
	}
}
