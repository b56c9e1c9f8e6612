/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slack.c - comparing tables as figures (slack.h) */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/sheet.h"
#include "cmd/slack.h"

#define MAX_PERCENT 1000
#define CLAIMS	    "claims"

/* ---- what was asked for --------------------------------------------------------------------- */

/* Survivors and kills are never near enough: they are what an experiment is about. */
static bool is_exact(const struct sessions_column *c)
{
	return !c->metric || !strcmp(c->metric, "events.oom_kill");
}

/* Is `name` the heading of the column, "alloc.p99", or its metric? */
static bool is_called(const struct sessions_column *c, const char *name)
{
	size_t n = c->group ? strlen(c->group) : 0;
	const char *head = c->head + (*c->head == '/');

	if (c->metric && !strcmp(c->metric, name))
		return true;
	if (is_exact(c) && !strcmp(c->head, name))
		return true;
	if (!c->group)
		return false;
	if (strncmp(c->group, name, n))
		return false;
	return !name[n] || (name[n] == '.' && *head && !strcmp(head, name + n + 1));
}

static bool percentage(const char *s, size_t n, double *out)
{
	size_t whole = 0, i = 0, decimals = 0;

	for (; i < n && s[i] >= '0' && s[i] <= '9'; i++)
		whole++;
	if (i < n && s[i] == '.')
		for (i++; i < n && s[i] >= '0' && s[i] <= '9'; i++)
			decimals++;
	if (!whole || (i > whole && !decimals) || n - i != 1 || s[i] != '%')
		return false;
	*out = strtod(s, NULL) / 100;
	return *out <= MAX_PERCENT / 100.0;
}

static void mistake(struct diags *d, const char *text, const char *hint)
{
	diag_at(d, E_USE_VALUE, (struct span){0}, "`--slack` does not take `%s`", text);
	diag_hint(d, "%s", hint);
}

static bool set_named(const char *name, double slack, struct slack *out, struct diags *d)
{
	const char *names[2 * SESSIONS_MAX_COLUMNS + 1], *near;
	struct sessions_column c;
	bool known = false;
	size_t n = 0;

	if (!strcmp(name, CLAIMS)) {
		out->claims = slack;
		return true;
	}
	names[n++] = CLAIMS;
	for (unsigned int i = 1; sessions_column(i, &c); i++) {
		if (is_called(&c, name)) {
			if (is_exact(&c)) {
				mistake(d, name, "survivors and kills always have to be the same");
				return false;
			}
			out->columns[i] = slack;
			known = true;
		}
		if (c.group && !is_exact(&c))
			names[n++] = c.group;
		if (c.metric && !is_exact(&c))
			names[n++] = c.metric;
	}
	if (known)
		return true;
	near = diag_nearest(name, names, n);
	diag_at(d, E_USE_VALUE, (struct span){0}, "`--slack`: there is no column `%s`", name);
	if (near)
		diag_hint(d, "did you mean `%s`?", near);
	else
		diag_hint(d, "headings of the table, as in time=5%%,alloc.p99=20%%, or claims");
	return false;
}

bool slack_parse(const char *text, struct slack *out, struct diags *d)
{
	struct slack s = {0};
	char part[64];

	for (const char *at = text;; at++) {
		size_t n = strcspn(at, ","), name = 0;
		double value;

		snprintf(part, sizeof part, "%.*s", (int)(n < sizeof part ? n : sizeof part - 1),
			 at);
		name = strcspn(part, "=");
		if (n >= sizeof part ||
		    !percentage(part[name] ? part + name + 1 : part,
				part[name] ? strlen(part) - name - 1 : n, &value)) {
			mistake(d, part, "a percentage up to 1000%, as in 5% or time=5%,peak=10%");
			return false;
		}
		if (part[name]) {
			part[name] = '\0';
			if (!set_named(part, value, &s, d))
				return false;
		} else {
			struct sessions_column c;

			for (unsigned int i = 0; sessions_column(i, &c); i++)
				s.columns[i] = is_exact(&c) ? 0 : value;
			s.claims = value;
		}
		s.any |= value > 0;
		at += n;
		if (!*at)
			break;
	}
	*out = s;
	return true;
}

/* ---- two tables ----------------------------------------------------------------------------- */

struct comparing {
	const struct slack *slack;
	const struct sheet *want, *got;
	struct arena arena;
	struct buf *notes;
};

/* Both were rounded when they were written; that is not what slack is for. */
static bool near(const struct figure *want, const struct figure *got, double scale, double slack)
{
	double allowed = fabs(scale) * slack + want->half + got->half;

	/* What stands in the text as one more than the last digit is one more, whatever binary
	 * fractions make of it. */
	return fabs(want->value - got->value) <= allowed * (1 + 1e-9);
}

/* The position of a column in a sheet, or -1. */
static int position(const struct sheet *s, unsigned int column)
{
	for (unsigned int i = 0; i < s->ncolumns; i++)
		if (s->columns[i] == column)
			return (int)i;
	return -1;
}

static void put_name(struct buf *b, const struct sessions_column *c)
{
	if (c->deviation || c->ratio)
		buf_printf(b, "%s %s", c->metric, c->head);
	else
		buf_puts(b, c->metric ? c->metric : c->head);
}

static void note(struct comparing *x, const struct sheet_line *row, const struct sessions_column *c,
		 double slack, const char *want, const char *want_unit, const char *got,
		 const char *got_unit)
{
	buf_puts(x->notes, row->title);
	buf_printf(x->notes, "%s%s ", *row->title ? ": " : "", row->key);
	put_name(x->notes, c);
	buf_printf(x->notes, " is %s%s%s, expected %s%s%s", got, *got_unit ? " " : "", got_unit,
		   want, *want_unit ? " " : "", want_unit);
	if (slack > 0)
		buf_printf(x->notes, " (slack %g%%)", slack * 100);
	buf_putc(x->notes, '\n');
}

/*
 * One column of a session.  A column that only one table has was cut off in the other, which says
 * nothing; but one that is left out where it is 0 is then taken to be 0.
 */
static bool column_near(struct comparing *x, const struct sheet_line *want,
			const struct sheet_line *got, unsigned int column)
{
	int in_want = position(x->want, column), in_got = position(x->got, column);
	const char *w = in_want < 0 ? "0" : want->cells[in_want];
	const char *g = in_got < 0 ? "0" : got->cells[in_got];
	const char *w_unit = in_want < 0 ? "" : x->want->units[in_want];
	const char *g_unit = in_got < 0 ? "" : x->got->units[in_got];
	double slack = x->slack->columns[column], scale;
	struct figure a, b, mean;
	struct sessions_column c;
	bool ok;

	if (!sessions_column(column, &c) || (in_want < 0 && in_got < 0))
		return true;
	if ((in_want < 0 || in_got < 0) && !c.where_used && !is_exact(&c))
		return true;
	if (!figure_read(w, w_unit, &a) || !figure_read(g, g_unit, &b)) {
		ok = !strcmp(w, g); /* 3/10 */
	} else if (is_exact(&c)) {
		ok = a.value == b.value; /* 1, 1.0 */
	} else if (a.missing || b.missing || a.partial != b.partial) {
		ok = a.missing == b.missing && a.partial == b.partial;
	} else {
		scale = a.value;
		/* How far runs scatter is judged by what they scatter around. */
		if (c.deviation && in_want > 0 &&
		    figure_read(want->cells[in_want - 1], w_unit, &mean) && !mean.missing)
			scale = mean.value;
		ok = near(&a, &b, scale, slack);
	}
	if (!ok)
		note(x, got, &c, slack, w, w_unit, g, g_unit);
	return ok;
}

static bool rows_near(struct comparing *x, const struct sheet_line *want,
		      const struct sheet_line *got)
{
	bool ok = !strcmp(want->key, got->key);

	for (unsigned int i = 0; i < SESSIONS_MAX_COLUMNS; i++)
		ok &= column_near(x, want, got, i);
	return ok;
}

static bool sides_near(const struct comparing *x, const struct sheet_line *want,
		       const struct sheet_line *got)
{
	if (strcmp(want->key, got->key) || strcmp(want->op, got->op))
		return false;
	for (int i = 0; i < 2; i++) {
		struct figure a, b;

		if (!strcmp(want->sides[i], got->sides[i]))
			continue;
		if (want->counts || !figure_read_side(want->sides[i], &a) ||
		    !figure_read_side(got->sides[i], &b) || a.missing != b.missing ||
		    !near(&a, &b, a.value, x->slack->claims))
			return false;
	}
	return true;
}

static bool same_text(const struct sheet_line *a, const struct sheet_line *b)
{
	return a->n == b->n && !memcmp(a->s, b->s, a->n);
}

/* Are these the same thing, whatever it measured? */
static bool counterparts(const struct sheet_line *want, const struct sheet_line *got)
{
	if (want->kind != got->kind)
		return false;
	switch (got->kind) {
	case LINE_TEXT:
		return same_text(want, got);
	case LINE_HEADING:
		return true;
	case LINE_ROW:
		return !strcmp(want->key, got->key) && !strcmp(want->title, got->title);
	case LINE_CONTRAST:
	case LINE_SIDES:
		return !strcmp(want->key, got->key);
	case LINE_ROOM:
		break;
	}
	return false;
}

static bool within(struct comparing *x, const struct sheet_line *want, const struct sheet_line *got)
{
	switch (got->kind) {
	case LINE_ROW:
		return rows_near(x, want, got);
	case LINE_SIDES:
		return sides_near(x, want, got);
	case LINE_TEXT:
	case LINE_HEADING:
	case LINE_CONTRAST:
	case LINE_ROOM:
		break;
	}
	return true;
}

/*
 * Counterparts stand in the same order in both.  As every line of `want` is written at most once,
 * and in its order, the result is only equal to it when each line has its counterpart.
 */
static void merge(struct comparing *x, struct buf *out)
{
	const struct sheet *want = x->want, *got = x->got;
	bool headed = false, told = false;
	size_t next = 0;

	for (size_t i = 0; i < got->lines.n; i++) {
		const struct sheet_line *g = &got->lines.v[i], *w = NULL;

		headed |= g->kind == LINE_HEADING;
		if (headed && !told && g->s[0] == '\n') {
			for (size_t k = 0; k < want->lines.n; k++) {
				w = &want->lines.v[k];
				if (w->kind == LINE_ROOM)
					buf_put(out, w->s, w->n);
			}
			told = true;
		}
		if (g->kind == LINE_ROOM)
			continue;
		w = NULL;
		for (size_t k = next; k < want->lines.n && !w; k++) {
			if (!counterparts(&want->lines.v[k], g))
				continue;
			w = &want->lines.v[k];
			next = k + 1;
		}
		if (w && within(x, w, g))
			g = w;
		buf_put(out, g->s, g->n);
	}
}

void slack_apply(const struct slack *s, const struct buf *want, const struct buf *got,
		 struct buf *out, struct buf *notes)
{
	struct sheet a = {0}, b = {0};
	struct comparing x = {.slack = s, .want = &a, .got = &b, .notes = notes};

	if (s->any && sheet_read(want, &x.arena, &a) && sheet_read(got, &x.arena, &b))
		merge(&x, out);
	else
		buf_put(out, buf_str(got), got->n);
	sheet_free(&a);
	sheet_free(&b);
	arena_free(&x.arena);
}
