/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lang/layout.h"

#include <string.h>

/* Past a quoted text that begins at i. */
static size_t skip_quoted(const char *s, size_t i, size_t n)
{
	for (i++; i < n && s[i] != '"' && s[i] != '\n'; i++)
		if (s[i] == '\\' && i + 1 < n)
			i++;
	return i < n ? i + 1 : n;
}

static size_t skip_comment(const char *s, size_t i, size_t n)
{
	const char *nl = memchr(s + i, '\n', n - i);

	return nl ? (size_t)(nl - s) : n;
}

void layout_init(struct layout *l, const struct source *src)
{
	*l = (struct layout){.text = src->text, .len = src->len, .base = src->base};
	for (size_t i = 0; i < l->len;) {
		if (l->text[i] == '"') {
			i = skip_quoted(l->text, i, l->len);
		} else if (l->text[i] == '#') {
			size_t end = skip_comment(l->text, i, l->len), beg = i;

			i = end;
			while (end > beg && strchr(" \t\r", l->text[end - 1]) && l->text[end - 1])
				end--;
			vec_push(&l->comments, (struct span){(uint32_t)beg, (uint32_t)end});
		} else {
			i++;
		}
	}
}

void layout_free(struct layout *l)
{
	buf_free(&l->code);
	vec_free(&l->lines);
	vec_free(&l->comments);
}

static size_t columns(const char *s, size_t n)
{
	size_t w = 0;

	for (size_t i = 0; i < n; i++)
		w += ((unsigned char)s[i] & 0xc0) != 0x80;
	return w;
}

/* The code of line i. */
static const char *code_of(const struct layout *l, size_t i, size_t *n)
{
	size_t end = i + 1 < l->lines.n ? l->lines.v[i + 1].beg : l->code.n;

	*n = end - l->lines.v[i].beg;
	return buf_str(&l->code) + l->lines.v[i].beg;
}

static bool trails(const struct layout_line *line)
{
	return line->comment && !line->own;
}

/* Where the comments of the run that begins at line i are aligned; *end is behind the run. */
static size_t comment_column(const struct layout *l, size_t i, size_t *end)
{
	size_t widest = 0, n;

	for (*end = i; *end < l->lines.n; ++*end) {
		const char *s;

		if (*end > i && l->lines.v[*end].blank)
			break;
		s = code_of(l, *end, &n);
		n = columns(s, n);
		if (trails(&l->lines.v[*end]) && n > widest)
			widest = n;
	}
	return widest + 2;
}

void layout_write(const struct layout *l, struct buf *out)
{
	size_t column = 0, run_end = 0;

	for (size_t i = 0; i < l->lines.n; i++) {
		const struct layout_line *line = &l->lines.v[i];
		const char *s;
		size_t n;

		if (i == run_end)
			column = comment_column(l, i, &run_end);
		if (line->blank)
			buf_putc(out, '\n');
		s = code_of(l, i, &n);
		buf_put(out, s, n);
		if (trails(line))
			buf_pad(out, ' ', column - columns(s, n));
		if (line->comment)
			buf_put(out, line->comment, line->comment_len);
		buf_putc(out, '\n');
	}
}

void layout_line(struct layout *l, int indent, bool blank)
{
	vec_push(&l->lines, (struct layout_line){.beg = l->code.n, .blank = blank && l->lines.n});
	buf_pad(&l->code, ' ', (size_t)(indent * LAYOUT_INDENT));
}

bool layout_has_comment(const struct layout *l, uint32_t before)
{
	return l->next_comment < l->comments.n &&
	       l->comments.v[l->next_comment].beg + l->base < before;
}

static void put_comment(struct layout *l)
{
	struct span c = l->comments.v[l->next_comment++];
	struct layout_line *line = vec_last(&l->lines);

	line->comment = l->text + c.beg;
	line->comment_len = c.end - c.beg;
}

bool layout_comments(struct layout *l, uint32_t before, int indent, bool first)
{
	bool any = layout_has_comment(l, before);

	while (layout_has_comment(l, before)) {
		uint32_t at = l->comments.v[l->next_comment].beg + l->base;

		layout_line(l, indent, !first && layout_blank_before(l, at));
		vec_last(&l->lines)->own = true;
		put_comment(l);
		first = false;
	}
	return any;
}

bool layout_hoist(struct layout *l, uint32_t before, int indent, bool blank)
{
	bool any = layout_has_comment(l, before);

	for (; layout_has_comment(l, before); blank = false) {
		layout_line(l, indent, blank);
		vec_last(&l->lines)->own = true;
		put_comment(l);
	}
	return any;
}

void layout_trailing(struct layout *l, uint32_t end)
{
	size_t i = end - l->base, beg;

	if (l->next_comment == l->comments.n || vec_last(&l->lines)->comment)
		return;
	beg = l->comments.v[l->next_comment].beg;
	if (beg < i)
		return;
	for (; i < beg; i++)
		if (!strchr(" \t\r;", l->text[i]) || !l->text[i])
			return;
	put_comment(l);
}

bool layout_blank_before(const struct layout *l, uint32_t beg)
{
	int newlines = 0;

	for (size_t i = beg - l->base; i-- > 0 && newlines < 2;) {
		if (l->text[i] == '\n')
			newlines++;
		else if (!strchr(" \t\r", l->text[i]) || !l->text[i])
			break;
	}
	return newlines > 1;
}

uint32_t layout_find(const struct layout *l, uint32_t from, char sign)
{
	size_t i = from - l->base;

	while (i < l->len && l->text[i] != sign) {
		if (l->text[i] == '"')
			i = skip_quoted(l->text, i, l->len);
		else if (l->text[i] == '#')
			i = skip_comment(l->text, i, l->len);
		else
			i++;
	}
	return (uint32_t)i + l->base + 1;
}

bool layout_has_newline(const struct layout *l, struct span at)
{
	return memchr(l->text + (at.beg - l->base), '\n', at.end - at.beg);
}

size_t layout_width(const struct layout *l)
{
	size_t n;
	const char *s = code_of(l, l->lines.n - 1, &n);

	return columns(s, n);
}

struct layout_mark layout_mark(const struct layout *l)
{
	return (struct layout_mark){l->code.n, l->lines.n, l->next_comment};
}

void layout_undo(struct layout *l, struct layout_mark m)
{
	l->code.n = m.code;
	l->lines.n = m.lines;
	l->next_comment = m.next_comment;
}
