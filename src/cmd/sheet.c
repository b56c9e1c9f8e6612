/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sheet.c - reading what report/table.c printed (sheet.h) */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/sheet.h"
#include "report/contrasts.h"

/* ---- figures -------------------------------------------------------------------------------- */

static const struct unit {
	const char *name;
	double one;
} units[] = {
    {"", 1},	     {"s", 1},	      {"ms", 1e-3}, {"us", 1e-6},    {"ns", 1e-9}, {"G", 0x1p30},
    {"M", 0x1p20},   {"K", 0x1p10},   {"B", 1},	    {"T", 0x1p40},   {"%", 0.01},  {"G/s", 0x1p30},
    {"M/s", 0x1p20}, {"K/s", 0x1p10}, {"B/s", 1},   {"T/s", 0x1p40},
};

static const struct unit *unit_find(const char *name)
{
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (!strcmp(units[i].name, name))
			return &units[i];
	return NULL;
}

/* Digits with at most one point and an exponent; *end behind them.  Not strtod alone: "inf". */
static bool number(const char *s, double *value, double *half, const char **end)
{
	size_t whole = strspn(s, "0123456789"), decimals = 0;
	const char *at = s + whole;
	char *past;

	if (!whole)
		return false;
	if (*at == '.') {
		decimals = strspn(at + 1, "0123456789");
		at += 1 + decimals;
	}
	*value = strtod(s, &past);
	*end = past;
	/* 0 is written where nothing was rounded; an exponent leaves the last digit unknown. */
	*half = *value == 0 && !decimals ? 0 : 0.5 * pow(10, -(double)decimals);
	if (past != at)
		*half = 0.005 * *value;
	return true;
}

bool figure_read(const char *cell, const char *unit, struct figure *out)
{
	const struct unit *u = unit_find(unit);
	struct figure f = {0};
	const char *end;

	if (!strcmp(cell, "-")) {
		f.missing = true;
		*out = f;
		return true;
	}
	if (!u || !number(cell, &f.value, &f.half, &end))
		return false;
	f.partial = *end == '*';
	/* Marks: of some runs only, with an outlier, of few allocations. */
	if (strspn(end, "*!^") != strlen(end))
		return false;
	f.value *= u->one;
	f.half *= u->one;
	*out = f;
	return true;
}

bool figure_read_side(const char *side, struct figure *out)
{
	bool minus = side[0] == '-' && side[1];
	const struct unit *u;
	struct figure f = {0};
	const char *end;

	if (!strcmp(side, "-"))
		return figure_read(side, "", out);
	if (!number(side + minus, &f.value, &f.half, &end) || !(u = unit_find(end)))
		return false;
	/* Three digits, less the zeros at their end: 10s may be 10.04s, but not 10.4s. */
	if (f.value > 0)
		f.half = fmin(f.half, 0.5 * pow(10, floor(log10(f.value)) - 2));
	f.value *= minus ? -u->one : u->one;
	f.half *= u->one;
	*out = f;
	return true;
}

/* ---- words of a line ------------------------------------------------------------------------ */

struct words {
	VEC(const char *) w;
};

static void split(struct arena *a, const char *s, size_t n, struct words *out)
{
	size_t i = 0;

	vec_clear(&out->w);
	while (i < n) {
		size_t from;

		while (i < n && (s[i] == ' ' || s[i] == '\n'))
			i++;
		from = i;
		while (i < n && s[i] != ' ' && s[i] != '\n')
			i++;
		if (i > from)
			vec_push(&out->w, arena_strndup(a, s + from, i - from));
	}
}

/* ---- headings ------------------------------------------------------------------------------- */

struct label {
	const char *group, *unit;
};

struct labels {
	VEC(struct label) l;
};

static const char *group_find(const char *word)
{
	struct sessions_column c;

	for (unsigned int i = 0; sessions_column(i, &c); i++)
		if (c.group && !strcmp(c.group, word))
			return c.group;
	return NULL;
}

/* "time s  alloc ms  stall": groups, each with its unit if it has one. */
static bool read_labels(const struct words *w, struct labels *out)
{
	for (size_t i = 0; i < w->w.n; i++) {
		const char *group = group_find(w->w.v[i]);
		const struct unit *u = unit_find(w->w.v[i]);

		if (group)
			vec_push(&out->l, (struct label){group, ""});
		else if (u && out->l.n)
			vec_last(&out->l)->unit = u->name;
		else
			return false;
	}
	return out->l.n > 0;
}

/* How many words from w on are this heading; 0: another one is. */
static size_t heading_words(const char *head, const char *const *w, size_t n)
{
	const char *blank = strchr(head, ' ');

	if (!*head)
		return n && **w && unit_find(*w) ? 1 : 0;
	if (!blank)
		return n && !strcmp(*w, head) ? 1 : 0;
	return n > 1 && strlen(w[0]) == (size_t)(blank - head) &&
		       !memcmp(w[0], head, (size_t)(blank - head)) && !strcmp(w[1], blank + 1)
		   ? 2
		   : 0;
}

/*
 * Columns stand in the order of sessions_column.  The second line may say "s" for several of them;
 * which is meant follows from the groups of the first, each of which has one column at least.
 */
static bool read_columns(const struct labels *l, const struct words *w, struct sheet *out)
{
	struct sessions_column c;
	size_t at = 0, begun = 0;

	for (unsigned int i = 1; sessions_column(i, &c); i++) { /* 0 is the name */
		bool same = begun && c.group && l->l.v[begun - 1].group == group_find(c.group);
		bool next = begun < l->l.n && c.group && l->l.v[begun].group == group_find(c.group);
		size_t n;

		if (c.group && !same && !next)
			continue;
		n = heading_words(c.head, w->w.v + at, w->w.n - at);
		if (!n)
			continue;
		begun += next && !same;
		out->columns[out->ncolumns] = i;
		if (!*c.head)
			out->units[out->ncolumns] = w->w.v[at];
		else if (n == 2)
			out->units[out->ncolumns] = w->w.v[at + 1];
		else
			out->units[out->ncolumns] =
			    c.group && !c.ratio ? l->l.v[begun - 1].unit : "";
		out->ncolumns++;
		at += n;
	}
	return at == w->w.n && begun == l->l.n;
}

/* ---- claims --------------------------------------------------------------------------------- */

static bool is_operator(const char *w)
{
	static const char *const ops[] = {"<", "<=", ">", ">=", "==", "!="};

	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
		if (!strcmp(ops[i], w))
			return true;
	return false;
}

/*
 * "PASS    bpf.high.time <= 1.10 * alone.high.time      44.9s <= 48.5s": the last three words,
 * apart from the text by two blanks, or on a line of their own.
 */
static void read_sides(struct arena *a, struct words *w, struct sheet_line *l)
{
	struct figure f;
	size_t n = l->n, from;

	split(a, l->s, l->n, w);
	if (w->w.n < 3 || !is_operator(w->w.v[w->w.n - 2]))
		return;
	for (size_t i = 1; i <= 3; i += 2)
		if (!figure_read_side(w->w.v[w->w.n - i], &f))
			return;
	for (size_t i = 1; i <= 3; i++) {
		while (n && (l->s[n - 1] == ' ' || l->s[n - 1] == '\n'))
			n--;
		n -= strlen(w->w.v[w->w.n - i]);
	}
	from = n;
	while (n && l->s[n - 1] == ' ')
		n--;
	if (from - n < 2)
		return;
	l->kind = LINE_SIDES;
	l->key = arena_strndup(a, l->s, n);
	l->sides[0] = w->w.v[w->w.n - 3];
	l->op = w->w.v[w->w.n - 2];
	l->sides[1] = w->w.v[w->w.n - 1];
}

/* The condition may have been broken into several lines, the first of which has the verdict. */
static void mark_counts(struct arena *a, struct sheet *s, size_t line)
{
	static const char *const counts[] = {"killed(", "survived(", "done(", ".events.oom"};
	size_t first = line;
	const char *text;

	while (first && s->lines.v[first].s[0] == ' ')
		first--;
	text =
	    arena_strndup(a, s->lines.v[first].s,
			  (size_t)(s->lines.v[line].s + s->lines.v[line].n - s->lines.v[first].s));
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		if (strstr(text, counts[i]))
			s->lines.v[line].counts = true;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static size_t blank_line(const struct sheet *s, size_t from)
{
	while (from < s->lines.n && s->lines.v[from].s[0] != '\n')
		from++;
	return from;
}

static bool ends_with(const struct sheet_line *l, const char *end)
{
	size_t n = strlen(end);

	return l->n >= n && !memcmp(l->s + l->n - n, end, n);
}

static void read_row(struct arena *a, const struct words *w, const char *title,
		     struct sheet_line *l)
{
	const char **cells = arena_array(a, const char *, w->w.n);

	for (size_t i = 1; i < w->w.n; i++)
		cells[i - 1] = w->w.v[i];
	l->kind = LINE_ROW;
	l->key = w->w.v[0];
	l->cells = cells;
	l->title = title;
}

/* The lines between the headings and the next blank line. */
static void read_rows(struct arena *a, struct sheet *s, size_t from, size_t to, struct words *w)
{
	const char *title = "";
	size_t last = from, note = to;

	for (size_t i = from; i < to; i++) {
		struct sheet_line *l = &s->lines.v[i];

		split(a, l->s, l->n, w);
		if (l->s[0] != ' ')
			title = arena_strndup(a, l->s, strcspn(l->s, ":\n"));
		else if (w->w.n == s->ncolumns + 1)
			read_row(a, w, title, l), last = i + 1;
	}
	/* "stall, peak need a wider table", perhaps in two lines, is the last that is said. */
	if (last < to && ends_with(&s->lines.v[to - 1], "table\n"))
		for (note = to - 1; note > last && s->lines.v[note].s[0] == ' ';)
			note--;
	for (; note < to; note++)
		s->lines.v[note].kind = LINE_ROOM;
}

static bool begins_with(const struct sheet_line *l, const char *begin)
{
	size_t n = strlen(begin);

	return l->n >= n && !memcmp(l->s, begin, n);
}

/*
 * From the line behind `against ...` to the next blank one, whose index it returns.  Names, and the
 * survivors of those rows that have them, must agree; all else is made of what sessions' rows say.
 */
static size_t read_contrasts(struct arena *a, struct sheet *s, size_t at, struct words *w)
{
	const char *policy = "";

	for (at++; at < s->lines.n && s->lines.v[at].s[0] != '\n'; at++) {
		struct sheet_line *l = &s->lines.v[at];
		struct buf key = {0};

		if (l->s[0] != ' ' && l->s[0] != '*')
			policy = arena_strndup(a, l->s, strcspn(l->s, "\n"));
		split(a, l->s, l->n, w);
		buf_puts(&key, policy);
		for (size_t i = 0; i < w->w.n; i++)
			if (strpbrk(w->w.v[i], "/") || !strpbrk(w->w.v[i], "0123456789-[<"))
				buf_printf(&key, " %s", w->w.v[i]);
		l->kind = LINE_CONTRAST;
		l->key = arena_strndup(a, buf_str(&key), key.n);
		buf_free(&key);
	}
	return at;
}

bool sheet_read(const struct buf *text, struct arena *a, struct sheet *out)
{
	const char *at = buf_str(text), *end = at + text->n;
	struct labels labels = {0};
	struct words w = {0};
	size_t head, blank;
	bool ok = false;

	while (at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		size_t n = nl ? (size_t)(nl - at) + 1 : (size_t)(end - at);

		vec_push(&out->lines, (struct sheet_line){.s = at, .n = n});
		at += n;
	}
	head = blank_line(out, 0) + 1;
	blank = blank_line(out, head);
	if (head + 2 < blank && blank < out->lines.n) {
		split(a, out->lines.v[head].s, out->lines.v[head].n, &w);
		ok = read_labels(&w, &labels);
	}
	if (ok) {
		split(a, out->lines.v[head + 1].s, out->lines.v[head + 1].n, &w);
		ok = read_columns(&labels, &w, out);
	}
	if (ok) {
		out->lines.v[head].kind = out->lines.v[head + 1].kind = LINE_HEADING;
		read_rows(a, out, head + 2, blank, &w);
		for (size_t i = blank; i < out->lines.n; i++) {
			if (begins_with(&out->lines.v[i], CONTRASTS_HEAD))
				i = read_contrasts(a, out, i, &w);
			if (i == out->lines.n)
				break;
			read_sides(a, &w, &out->lines.v[i]);
			if (out->lines.v[i].kind == LINE_SIDES)
				mark_counts(a, out, i);
		}
	}
	vec_free(&labels.l);
	vec_free(&w.w);
	return ok;
}

void sheet_free(struct sheet *s)
{
	vec_free(&s->lines);
}
