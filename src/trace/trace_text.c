/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/trace_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"

/* The longest sequence that is looked at as a whole: two escapes of six bytes. */
#define SEQUENCE 12

void trace_text_init(struct trace_text *t, int fd)
{
	/* Not the buffers: they are 160 KiB. */
	memset(t, 0, offsetof(struct trace_text, raw));
	t->fd = fd;
	t->line = t->col = 1;
}

static void fault(struct trace_text *t, enum trace_text_fault f, int error)
{
	t->fault = f;
	t->error = error;
}

/* Have at least SEQUENCE bytes in raw, or all that are left. */
static void refill(struct trace_text *t)
{
	while (!t->eof && t->raw_end - t->raw_at < SEQUENCE) {
		ssize_t n;

		memmove(t->raw, t->raw + t->raw_at, t->raw_end - t->raw_at);
		t->raw_end -= t->raw_at;
		t->raw_at = 0;
		n = read(t->fd, t->raw + t->raw_end, sizeof(t->raw) - t->raw_end);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			fault(t, TRACE_TEXT_IO, errno);
			return;
		}
		t->eof = !n;
		t->raw_end += (size_t)n;
	}
}

static void emit(struct trace_text *t, const char *s, size_t n)
{
	memcpy(t->out + t->out_end, s, n);
	t->out_end += n;
}

static void emit_escape(struct trace_text *t, uint32_t cp)
{
	char s[16];
	int n = snprintf(s, sizeof(s),
			 cp < 0x100	? "\\x%02x"
			 : cp < 0x10000 ? "\\u%04x"
					: "\\U%08x",
			 (unsigned int)cp);

	emit(t, s, (size_t)n);
}

static bool read_hex4(const char *s, size_t n, uint32_t *v)
{
	uint32_t x = 0;

	if (n < 6 || s[0] != '\\' || s[1] != 'u')
		return false;
	for (int i = 2; i < 6; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c >= '0' && c <= '9')
			x = x << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			x = x << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return false;
	}
	*v = x;
	return true;
}

/* A backslash and what it escapes; returns the bytes of raw that were taken. */
static size_t take_escape(struct trace_text *t, const char *s, size_t n)
{
	uint32_t high, low;

	if (read_hex4(s, n, &high) && high >= 0xd800 && high < 0xe000) {
		if (high < 0xdc00 && read_hex4(s + 6, n - 6, &low) && low >= 0xdc00 &&
		    low < 0xe000) {
			emit_escape(t, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
			return 12;
		}
		emit_escape(t, 0xfffd);
		return 6;
	}
	if (n > 1 && s[1] == '/') {
		emit(t, "/", 1);
		return 2;
	}
	/* The escaped byte goes with it, so that \\u is not mistaken for \u; but no newline and
	 * nothing of several bytes, which the caller must see. */
	if (n > 1 && s[1] >= 0x20 && s[1] < 0x7f) {
		emit(t, s, 2);
		return 2;
	}
	emit(t, s, 1);
	return 1;
}

static size_t take_wide(struct trace_text *t, const char *s, size_t n)
{
	uint32_t cp;
	size_t bytes = utf8_decode(s, n, &cp);

	if (cp == UTF8_INVALID)
		fault(t, TRACE_TEXT_UTF8, 0);
	else if (cp <= 0x9f || cp == 0x2028 || cp == 0x2029 || cp == 0xfffe || cp == 0xffff)
		emit_escape(t, cp);
	else
		emit(t, s, bytes);
	return bytes;
}

/* Follow which strings begin and end, to bound the memory that one can take. */
static void measure(struct trace_text *t, unsigned char c, size_t taken)
{
	if (c == '"') {
		t->quoted = !t->quoted;
		t->run = 0;
	} else if (!t->quoted && (c == ',' || c == '\n')) {
		t->run = 0;
	} else {
		t->run += taken;
		if (t->run > TRACE_TEXT_STRING)
			fault(t, TRACE_TEXT_LONG, 0);
	}
}

static void translate(struct trace_text *t)
{
	t->out_at = t->out_end = 0;
	while (!t->fault && t->out_end + 2 * SEQUENCE <= sizeof(t->out)) {
		const char *s;
		unsigned char c;
		size_t n;

		if (t->raw_end - t->raw_at < SEQUENCE) {
			/* What is translated already goes out first: a pipe may have no more yet.
			 */
			if (t->out_end && !t->eof)
				return;
			refill(t);
			if (t->fault || t->raw_at == t->raw_end)
				return;
		}
		s = t->raw + t->raw_at;
		c = (unsigned char)*s;
		n = t->raw_end - t->raw_at;
		if (c == '\\') {
			n = take_escape(t, s, n);
			t->col += (uint32_t)n;
		} else if (c >= 0x7f) {
			n = take_wide(t, s, n);
			if (t->fault)
				return;
			t->col++;
		} else {
			emit(t, s, 1);
			n = 1;
			t->col++;
			if (c == '\n') {
				t->line++;
				t->col = 1;
			}
		}
		t->raw_at += n;
		measure(t, c, n);
	}
}

int trace_text_read(void *data, unsigned char *buffer, size_t size, size_t *size_read)
{
	struct trace_text *t = data;
	size_t n;

	*size_read = 0;
	if (t->out_at == t->out_end && !t->fault)
		translate(t);
	n = t->out_end - t->out_at;
	/* What comes before a fault is still handed out, so that errors keep their order. */
	if (!n)
		return !t->fault;
	if (n > size)
		n = size;
	memcpy(buffer, t->out + t->out_at, n);
	t->out_at += n;
	*size_read = n;
	return 1;
}
