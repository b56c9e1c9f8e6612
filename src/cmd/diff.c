/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff.c - diffs of small texts (diff.h) */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/vec.h"
#include "cmd/diff.h"
#include "report/text.h"

#define CONTEXT	  3
#define MAX_CELLS (4u << 20) /* of the table of common lengths, 4 bytes each */

struct line {
	const char *s;
	size_t n; /* with its newline, which the last line may lack */
};

struct lines {
	VEC(struct line) l;
};

/* One line of the whole comparison: ' ' in both, '-' in a, '+' in b. */
struct edit {
	char kind;
	size_t a, b; /* line numbers from 0 where it stands, or would */
};

struct edits {
	VEC(struct edit) e;
};

static void split(const struct buf *text, struct lines *out)
{
	const char *at = buf_str(text), *end = at + text->n;

	while (at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		size_t n = nl ? (size_t)(nl - at) + 1 : (size_t)(end - at);

		vec_push(&out->l, (struct line){at, n});
		at += n;
	}
}

static bool same(const struct line *a, const struct line *b)
{
	return a->n == b->n && !memcmp(a->s, b->s, a->n);
}

/* Longest common subsequence of a[from..na) and b[from..nb), from its table of lengths. */
static void compare(const struct lines *a, const struct lines *b, size_t from, size_t na, size_t nb,
		    struct edits *out)
{
	size_t rows = na - from, cols = nb - from, i = 0, j = 0;
	uint32_t *common = NULL;

	if (rows && cols && rows < MAX_CELLS / cols) {
		common = mem_alloc((rows + 1) * (cols + 1) * sizeof *common);
		for (i = rows; i-- > 0;)
			for (j = cols; j-- > 0;) {
				uint32_t *c = &common[i * (cols + 1) + j];
				uint32_t down = c[cols + 1], right = c[1];

				if (same(&a->l.v[from + i], &b->l.v[from + j]))
					*c = c[cols + 2] + 1;
				else
					*c = down > right ? down : right;
			}
	}
	i = j = 0;
	while (i < rows || j < cols) {
		const uint32_t *c = common ? &common[i * (cols + 1) + j] : NULL;
		struct edit e = {'+', from + i, from + j};

		if (c && i < rows && j < cols && same(&a->l.v[e.a], &b->l.v[e.b]))
			e.kind = ' ';
		else if (i < rows && (j == cols || !c || c[cols + 1] >= c[1]))
			e.kind = '-';
		i += e.kind != '+';
		j += e.kind != '-';
		vec_push(&out->e, e);
	}
	free(common);
}

static void put_line(struct buf *out, char kind, const struct line *l)
{
	buf_putc(out, kind);
	buf_put(out, l->s, l->n);
	if (l->s[l->n - 1] != '\n')
		buf_puts(out, "\n\\ No newline at end of file\n");
}

/* `@@ -3,7 +3,8 @@`: an empty range is written with the line before it. */
static void put_range(struct buf *out, char sign, size_t first, size_t n)
{
	buf_printf(out, "%c%zu,%zu", sign, n ? first + 1 : first, n);
}

/* ---- two ways to print the edits [from, to) as one hunk -------------------------------------- */

static void put_unified(struct buf *out, const struct lines *a, const struct lines *b,
			const struct edit *e, size_t from, size_t to)
{
	size_t in_a = 0, in_b = 0;

	for (size_t i = from; i < to; i++) {
		in_a += e[i].kind != '+';
		in_b += e[i].kind != '-';
	}
	buf_puts(out, "@@ ");
	put_range(out, '-', e[from].a, in_a);
	buf_putc(out, ' ');
	put_range(out, '+', e[from].b, in_b);
	buf_puts(out, " @@\n");
	for (size_t i = from; i < to; i++)
		put_line(out, e[i].kind, e[i].kind == '+' ? &b->l.v[e[i].b] : &a->l.v[e[i].a]);
}

/* One side, of exactly so many columns where more follows. */
static void put_side(struct buf *out, const struct line *l, unsigned int columns, bool pad)
{
	struct buf text = {0};
	unsigned int n;

	if (l)
		buf_put(&text, l->s, l->n - (l->s[l->n - 1] == '\n'));
	n = text_columns(buf_str(&text));
	text_fit(out, buf_str(&text), columns);
	if (pad && n < columns)
		buf_pad(out, ' ', columns - n);
	buf_free(&text);
}

static void put_pair(struct buf *out, const struct line *a, char mark, const struct line *b,
		     unsigned int width)
{
	unsigned int side = (width - 3) / 2;

	put_side(out, a, side, true);
	buf_printf(out, " %c", mark);
	if (b && b->s[0] != '\n') {
		buf_putc(out, ' ');
		put_side(out, b, side, false);
	}
	while (out->n && out->s[out->n - 1] == ' ')
		out->s[--out->n] = '\0';
	buf_putc(out, '\n');
}

/* What was removed and what was added in one place stand beside each other, in their order. */
static void put_beside(struct buf *out, const struct lines *a, const struct lines *b,
		       const struct edit *e, size_t from, size_t to, unsigned int width)
{
	buf_printf(out, "line %zu\n", e[from].a + 1);
	for (size_t i = from; i < to;) {
		size_t end = i, at_a = e[i].a, at_b = e[i].b, until_a, until_b;

		if (e[i].kind == ' ') {
			put_pair(out, &a->l.v[at_a], ' ', &b->l.v[at_b], width);
			i++;
			continue;
		}
		while (end < to && e[end].kind != ' ')
			end++;
		until_a = e[end - 1].a + (e[end - 1].kind == '-');
		until_b = e[end - 1].b + (e[end - 1].kind == '+');
		while (at_a < until_a || at_b < until_b) {
			bool in_a = at_a < until_a, in_b = at_b < until_b;

			put_pair(out, in_a ? &a->l.v[at_a] : NULL,
				 in_a && in_b ? '|'
				 : in_a	      ? '<'
					      : '>',
				 in_b ? &b->l.v[at_b] : NULL, width);
			at_a += in_a;
			at_b += in_b;
		}
		i = end;
	}
}

/* Past the last change that belongs to the hunk of the change at `at`. */
static size_t hunk_end(const struct edits *e, size_t at)
{
	size_t end = at + 1;

	for (size_t i = end; i < e->e.n && i < end + 2 * CONTEXT + 1; i++)
		if (e->e.v[i].kind != ' ')
			end = i + 1;
	return end;
}

void diff_print(const struct buf *a, const struct buf *b, const char *a_name, const char *b_name,
		unsigned int width, struct buf *out)
{
	struct lines la = {0}, lb = {0};
	struct edits e = {0};
	size_t begin = 0, na, nb;

	if (a->n == b->n && !memcmp(buf_str(a), buf_str(b), a->n))
		return;
	split(a, &la);
	split(b, &lb);
	na = la.l.n;
	nb = lb.l.n;
	while (begin < na && begin < nb && same(&la.l.v[begin], &lb.l.v[begin])) {
		vec_push(&e.e, (struct edit){' ', begin, begin});
		begin++;
	}
	while (na > begin && nb > begin && same(&la.l.v[na - 1], &lb.l.v[nb - 1])) {
		na--;
		nb--;
	}
	compare(&la, &lb, begin, na, nb, &e);
	for (; na < la.l.n; na++, nb++)
		vec_push(&e.e, (struct edit){' ', na, nb});

	if (width) {
		struct line names[] = {{a_name, strlen(a_name)}, {b_name, strlen(b_name)}};

		put_pair(out, &names[0], ' ', &names[1], width);
	} else {
		buf_printf(out, "--- %s\n+++ %s\n", a_name, b_name);
	}
	for (size_t i = 0; i < e.e.n;) {
		size_t from, to;

		if (e.e.v[i].kind == ' ') {
			i++;
			continue;
		}
		from = i > CONTEXT ? i - CONTEXT : 0;
		i = hunk_end(&e, i);
		to = i + CONTEXT < e.e.n ? i + CONTEXT : e.e.n;
		if (width)
			put_beside(out, &la, &lb, e.e.v, from, to, width);
		else
			put_unified(out, &la, &lb, e.e.v, from, to);
	}
	vec_free(&la.l);
	vec_free(&lb.l);
	vec_free(&e.e);
}
