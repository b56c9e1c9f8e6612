/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

/* Room for n more bytes and the NUL. */
static void reserve(struct buf *b, size_t n)
{
	size_t need, cap = b->cap ? b->cap : 128;

	if (__builtin_add_overflow(b->n, n, &need) || need >= SIZE_MAX / 2)
		mem_exhausted(n);
	if (need < b->cap)
		return;
	while (cap <= need)
		cap *= 2;
	b->s = mem_realloc(b->s, cap);
	b->cap = cap;
}

void buf_put(struct buf *b, const void *bytes, size_t n)
{
	reserve(b, n);
	if (n)
		memcpy(b->s + b->n, bytes, n);
	b->n += n;
	b->s[b->n] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
	reserve(b, 1);
	b->s[b->n++] = c;
	b->s[b->n] = '\0';
}

void buf_pad(struct buf *b, char c, size_t n)
{
	reserve(b, n);
	memset(b->s + b->n, c, n);
	b->n += n;
	b->s[b->n] = '\0';
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	reserve(b, 0);
	int n = vsnprintf(b->s + b->n, b->cap - b->n, fmt, ap);

	if (n > 0 && (size_t)n >= b->cap - b->n) {
		reserve(b, (size_t)n);
		vsnprintf(b->s + b->n, b->cap - b->n, fmt, again);
	}
	va_end(again);
	if (n > 0)
		b->n += (size_t)n;
	b->s[b->n] = '\0';
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void buf_json_string(struct buf *b, const char *s, size_t n)
{
	size_t len;
	uint32_t cp;

	buf_putc(b, '"');
	for (size_t i = 0; i < n; i += len) {
		len = utf8_decode(s + i, n - i, &cp);
		if (cp == UTF8_INVALID)
			buf_puts(b, "\xef\xbf\xbd");
		else if (cp == '"' || cp == '\\')
			buf_printf(b, "\\%c", (int)cp);
		else if (cp == '\n')
			buf_puts(b, "\\n");
		else if (cp == '\t')
			buf_puts(b, "\\t");
		else if (cp == '\r')
			buf_puts(b, "\\r");
		else if (cp < 0x20 || cp == 0x7f)
			buf_printf(b, "\\u%04x", cp);
		else
			buf_put(b, s + i, len);
	}
	buf_putc(b, '"');
}

const char *buf_str(const struct buf *b)
{
	return b->s ? b->s : "";
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	if (b->s)
		b->s[0] = '\0';
}

void buf_free(struct buf *b)
{
	free(b->s);
	*b = (struct buf){0};
}
