/* SPDX-License-Identifier: GPL-2.0-or-later */
/* beside_table.c - several experiments in a terminal (beside.h) */
#include <string.h>

#include "report/beside.h"
#include "report/grid.h"
#include "report/text.h"

/* Columns of a session's name in the terminal. */
#define NAME_COLUMNS 18

/* Two columns that name the row, then of the first its mean, of others four. */
enum {
	SESSION,
	METRIC,
	FIRST,
	EACH = 4
};

static uint32_t column_of(uint32_t i)
{
	return i ? FIRST + 1 + (i - 1) * EACH : FIRST;
}

static void put_origin(const struct beside *b, uint32_t i, unsigned int width, struct buf *out)
{
	const struct beside_one *x = &b->v[i];
	struct buf line = {0};

	buf_printf(&line, "%s %s  ", beside_letter(i), x->name);
	text_fit(&line, x->r->plan->title, 60);
	text_wrap(out, buf_str(&line), 0, 2, width);
	buf_clear(&line);
	buf_printf(&line, "%s, %s", x->r->backend,
		   x->mechanism ? x->mechanism : "no policy mechanism");
	if (x->kernel)
		buf_printf(&line, ", kernel %s", x->kernel);
	buf_printf(&line, "; %u of %u runs, %s", x->r->nruns, x->r->planned, x->state);
	if (x->r->verdict != VERDICT_NONE)
		buf_printf(&line, "; verdict %s", verdict_name(x->r->verdict));
	buf_puts(out, "  ");
	text_wrap(out, buf_str(&line), 2, 2, width);
	if (i) {
		buf_clear(&line);
		buf_printf(&line, "across %s; compared with A %s",
			   x->differs ? x->differs : "nothing", beside_how(x));
		buf_puts(out, "  ");
		text_wrap(out, buf_str(&line), 2, 2, width);
	}
	buf_free(&line);
}

static bool fits(const struct buf *b, unsigned int width)
{
	const char *at = buf_str(b);

	while (*at) {
		size_t n = strcspn(at, "\n");
		unsigned int columns = 0;

		for (size_t i = 0; i < n; i++)
			columns += ((unsigned char)at[i] & 0xC0) != 0x80;
		if (columns > width)
			return false;
		at += n + (at[n] == '\n');
	}
	return true;
}

/* A and as many of the others from `from` on as there is room for; returns how many. */
static uint32_t put_some(struct grid *g, struct grid_column *columns, uint32_t n, uint32_t from,
			 unsigned int width, struct buf *out)
{
	struct arena a = {0};
	bool *shown = arena_array(&a, bool, g->ncolumns);
	struct buf text = {0};
	uint32_t k;

	for (k = n - from;; k--) {
		bool whole = true;

		for (uint32_t i = 1; i < n; i++)
			for (uint32_t c = 0; c < EACH; c++)
				columns[column_of(i) + c].hidden = i < from || i >= from + k;
		buf_clear(&text);
		grid_print(g, width, shown, &text);
		for (uint32_t i = from; i < from + k; i++)
			whole &= shown[column_of(i) + EACH - 1];
		if (k == 1 || (whole && fits(&text, width)))
			break;
	}
	buf_put(out, buf_str(&text), text.n);
	buf_free(&text);
	arena_free(&a);
	return k;
}

static void add_row(const struct beside *b, const struct beside_row *row, struct grid *g,
		    struct arena *a)
{
	const char **cells = arena_array(a, const char *, g->ncolumns);
	struct buf name = {0};

	if (row->first_of_policy)
		vec_push(&g->rows, (struct grid_row){.title = row->policy});
	if (row->first_of_session)
		text_fit(&name, row->session, NAME_COLUMNS);
	cells[SESSION] = name.n ? arena_printf(a, "  %s", buf_str(&name)) : "";
	cells[METRIC] = beside_metric(row->metric);
	for (uint32_t i = 0; i < b->n; i++) {
		const char **at = &cells[column_of(i)];

		at[0] = beside_mean(a, row, i);
		if (!i)
			continue;
		at[1] = at[2] = at[3] = "";
		if (row->metric == M_COUNT)
			continue;
		at[1] = beside_ratio(a, &row->cells[i]);
		at[2] = beside_interval(a, &row->cells[i]);
		at[3] = beside_p(a, &row->cells[i]);
	}
	vec_push(&g->rows, (struct grid_row){.cells = cells});
	buf_free(&name);
}

void beside_table(const struct beside *b, const struct report_style *style, struct buf *out)
{
	struct arena a = {0};
	uint32_t ncolumns = column_of(b->n), n;
	struct grid_column *columns = arena_array(&a, struct grid_column, ncolumns);
	struct grid g = {.columns = columns, .ncolumns = ncolumns};
	const struct beside_row *rows;
	bool missing = false, some = false;

	for (uint32_t i = 0; i < b->n; i++) {
		struct grid_column *at = &columns[column_of(i)];
		const char *letter = beside_letter(i);

		put_origin(b, i, style->width, out);
		at[0] = (struct grid_column){.group = letter, .head = "mean"};
		if (!i)
			continue;
		at[1] = (struct grid_column){.group = letter, .head = "/A"};
		at[2] = (struct grid_column){.group = letter, .head = "95%", .rank = 1};
		at[3] = (struct grid_column){.group = letter, .head = "p", .rank = 2};
	}
	columns[SESSION] = (struct grid_column){.head = "", .left = true};
	columns[METRIC] = (struct grid_column){.head = "", .left = true};
	n = beside_rows(b, &a, &rows);
	for (uint32_t i = 0; i < n; i++) {
		add_row(b, &rows[i], &g, &a);
		for (uint32_t k = 0; k < b->n; k++) {
			missing |= rows[i].cells[k].d.n && rows[i].cells[k].d.missing;
			some |= beside_compared(&rows[i].cells[k]) && rows[i].cells[k].some;
		}
	}
	for (uint32_t i = 1; i < b->n;) {
		buf_putc(out, '\n');
		i += put_some(&g, columns, b->n, i, style->width, out);
	}
	buf_putc(out, '\n');
	if (missing)
		text_wrap(out, "* of the runs that have it: killed or cut off, a session has none",
			  0, 2, style->width);
	if (some)
		text_wrap(out, "+ of the repetitions that have it in both", 0, 2, style->width);
	vec_free(&g.rows);
	arena_free(&a);
}
