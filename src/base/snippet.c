/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/snippet.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

#define COLUMNS	    100
#define MARGIN	    8 /* "    3 | " */
#define ROOM	    (COLUMNS - MARGIN)
#define TAB	    8
#define ELLIPSIS    "..."
#define ELLIPSIS_N  3
#define BEFORE_CARE 40 /* columns kept before the caret of a line that is cut */

/* One code point, as it is shown: n bytes of the text, `columns` on the screen. */
struct cell {
	size_t n, columns;
	const char *shown;
	size_t shown_bytes;
};

/* Tabs reach the next stop counted from `column`, or are one space where columns are not known. */
static struct cell next_cell(const char *s, size_t n, size_t column, bool tab_stops)
{
	struct cell c;
	uint32_t cp;
	int columns;

	c.n = utf8_decode(s, n, &cp);
	if (cp == '\t') {
		c.columns = tab_stops ? TAB - column % TAB : 1;
		c.shown = "        ";
		c.shown_bytes = c.columns;
		return c;
	}
	columns = utf8_columns(cp);
	if (columns < 0) {
		c.shown = cp < 0x80 ? "." : "\xef\xbf\xbd";
		c.shown_bytes = strlen(c.shown);
		c.columns = 1;
		return c;
	}
	c.columns = (size_t)columns;
	c.shown = s;
	c.shown_bytes = c.n;
	return c;
}

void snippet_text(struct buf *out, const char *s)
{
	size_t len = strlen(s);

	for (size_t i = 0; i < len;) {
		struct cell c = next_cell(s + i, len - i, 0, false);

		buf_put(out, c.shown, c.shown_bytes);
		i += c.n;
	}
}

static bool fits(const char *s, size_t n)
{
	size_t column = 0;

	for (size_t i = 0; i < n && column <= ROOM;) {
		struct cell c = next_cell(s + i, n - i, column, true);

		column += c.columns;
		i += c.n;
		/* Combining marks take no columns; let no line of them grow without end either. */
		if (i > (size_t)ROOM * 8)
			return false;
	}
	return column <= ROOM;
}

/* The byte to start a cut line at: a code point's first, some way before the caret. */
static size_t cut_start(const char *s, size_t caret)
{
	size_t i = caret;

	for (int points = 0; i && points < BEFORE_CARE; points++) {
		i--;
		for (int k = 0; k < 3 && i && ((unsigned char)s[i] & 0xc0) == 0x80; k++)
			i--;
	}
	return i;
}

void snippet_lines(struct buf *out, const struct place *at, size_t span_bytes, const char *hint,
		   const char *colour, const char *colour_off)
{
	const char *s = at->line_text;
	size_t n = at->line_len;
	/* A caret may stand at the end of the line, but not behind its newline. */
	size_t caret = at->byte_in_line < n ? at->byte_in_line : n;
	size_t last = span_bytes < n - caret ? caret + span_bytes : n;
	bool whole = fits(s, n);
	size_t i = whole ? 0 : cut_start(s, caret);
	bool cut_before = i > 0;
	size_t column = cut_before ? ELLIPSIS_N : 0;
	size_t room = whole ? ROOM : ROOM - ELLIPSIS_N;
	size_t caret_column = 0, wave_end = 0, start = out->n;

	buf_printf(out, "%5" PRIu32 " | %s", at->line, cut_before ? ELLIPSIS : "");
	for (; i < n;) {
		struct cell c = next_cell(s + i, n - i, column, whole);

		if (column + c.columns > room || i > caret + (size_t)ROOM * 8)
			break;
		buf_put(out, c.shown, c.shown_bytes);
		if (i <= caret)
			caret_column = column;
		column += c.columns;
		i += c.n;
		if (i <= last)
			wave_end = column;
	}
	if (i >= n && caret >= n)
		caret_column = column;
	if (i < n)
		buf_puts(out, ELLIPSIS);
	while (out->n > start && out->s[out->n - 1] == ' ')
		out->n--;
	buf_puts(out, "\n      | ");
	buf_pad(out, ' ', caret_column);
	buf_puts(out, colour);
	buf_putc(out, '^');
	if (wave_end > caret_column + 1)
		buf_pad(out, '~', wave_end - caret_column - 1);
	buf_puts(out, colour_off);
	if (hint) {
		buf_putc(out, ' ');
		snippet_text(out, hint);
	}
	buf_putc(out, '\n');
}
