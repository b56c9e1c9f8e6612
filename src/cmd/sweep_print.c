/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sweep_print.c - the table and the heat maps of a sweep (sweep.h) */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/arena.h"
#include "cmd/sweep.h"
#include "report/claims.h"
#include "report/fields.h"
#include "report/grid.h"
#include "report/text.h"
#include "stat/contrast.h"

/* From the lowest figure of a map to its highest. */
static const char shades[] = ".:-=+*#@";
#define NSHADES (sizeof(shades) - 1)

enum measure {
	ALIVE,
	TIME,
	ALLOC_P99,
	VERDICT, /* of a cell, whatever the policy */
};

struct map {
	const struct sweep *s;
	struct arena *a;
	unsigned int width;
	struct buf *out;
};

/* A figure of a cell: false where there is none.  Alive is a share. */
static bool figure_of(const struct cell *cell, enum measure m, size_t policy, const char *role,
		      double *v, const char **text, struct arena *a)
{
	json_t *o = cell_role(cell, policy, role), *mean;
	struct buf b = {0};

	if (m == VERDICT) {
		*text = cell_verdict(cell) ? cell_verdict(cell) : "-";
		return false;
	}
	if (m == ALIVE) {
		double runs = json_number_value(json_object_get(o, "runs"));
		double survived = json_number_value(json_object_get(o, "survived"));

		*text = o ? arena_printf(a, "%.0f/%.0f", survived, runs) : "-";
		*v = o ? survived / runs : 0;
		return o;
	}
	mean = json_object_get(
	    cell_figure(cell, policy, role, field_name(m == TIME ? M_TIME : M_ALLOC_P99)), "mean");
	*text = "-";
	if (!json_is_number(mean))
		return false;
	*v = json_number_value(mean);
	text_value(&b, *v, DIM_DURATION);
	*text = arena_strndup(a, buf_str(&b), b.n);
	buf_free(&b);
	return true;
}

/* Where figures span decades, shades are of their logarithms. */
static char shade(double v, double lo, double hi)
{
	double at;

	if (!(hi > lo))
		return shades[0];
	at = lo > 0 && hi > 20 * lo ? log(v / lo) / log(hi / lo) : (v - lo) / (hi - lo);
	at *= NSHADES;
	return shades[at >= NSHADES ? NSHADES - 1 : (size_t)at];
}

/* One map: rows x columns of cells or of policies. */
struct matrix {
	const char *title, *corner;
	size_t nrows, ncolumns;
	const char *const *rows, *const *columns; /* names */
	enum measure measure;
	const char *role;
	size_t policy; /* where columns are not policies */
	bool by_policy;
};

static const struct cell *cell_at(const struct map *m, const struct matrix *x, size_t row,
				  size_t column)
{
	return &m->s->cells[x->by_policy ? row : row * x->ncolumns + column];
}

/* A map of one figure is one line. */
static bool put_flat(const struct map *m, const struct matrix *x)
{
	const char *first = NULL, *text;
	double v;

	for (size_t r = 0; r < x->nrows; r++)
		for (size_t c = 0; c < x->ncolumns; c++) {
			figure_of(cell_at(m, x, r, c), x->measure, x->by_policy ? c : x->policy,
				  x->role, &v, &text, m->a);
			if (first && strcmp(first, text))
				return false;
			first = text;
		}
	buf_putc(m->out, '\n');
	text_wrap(m->out, arena_printf(m->a, "%s: %s throughout", x->title, first), 0, 2, m->width);
	return true;
}

static void put_matrix(const struct map *m, const struct matrix *x)
{
	struct grid_column *columns = arena_array(m->a, struct grid_column, x->ncolumns + 1);
	struct grid g = {.columns = columns, .ncolumns = (unsigned int)x->ncolumns + 1};
	bool *shown = arena_array(m->a, bool, x->ncolumns + 1), all = true;
	double lo = INFINITY, hi = -INFINITY, v;
	const char *text;

	columns[0] = (struct grid_column){.head = x->corner, .left = true};
	for (size_t c = 0; c < x->ncolumns; c++)
		columns[c + 1] =
		    (struct grid_column){.head = x->columns[c], .rank = (unsigned int)c + 1};
	for (size_t r = 0; r < x->nrows; r++)
		for (size_t c = 0; c < x->ncolumns; c++)
			if (figure_of(cell_at(m, x, r, c), x->measure, x->by_policy ? c : x->policy,
				      x->role, &v, &text, m->a)) {
				lo = fmin(lo, v);
				hi = fmax(hi, v);
			}
	/* A share has its own ends. */
	if (x->measure == ALIVE) {
		lo = 0;
		hi = 1;
	}
	if (put_flat(m, x))
		return;
	for (size_t r = 0; r < x->nrows; r++) {
		const char **cells = arena_array(m->a, const char *, x->ncolumns + 1);

		cells[0] = x->rows[r];
		for (size_t c = 0; c < x->ncolumns; c++) {
			bool there =
			    figure_of(cell_at(m, x, r, c), x->measure, x->by_policy ? c : x->policy,
				      x->role, &v, &text, m->a);

			cells[c + 1] =
			    x->measure == VERDICT
				? text
				: arena_printf(m->a, "%s %c", text, there ? shade(v, lo, hi) : ' ');
		}
		vec_push(&g.rows, (struct grid_row){.cells = cells});
	}
	buf_putc(m->out, '\n');
	text_wrap(m->out, x->title, 0, 2, m->width);
	/* grid_print writes a line for groups, of which there are none here. */
	struct buf grid = {0};

	grid_print(&g, m->width, shown, &grid);
	buf_puts(m->out, buf_str(&grid)[0] == '\n' ? buf_str(&grid) + 1 : buf_str(&grid));
	buf_free(&grid);
	for (size_t c = 0; c <= x->ncolumns; c++)
		all &= shown[c];
	if (!all)
		text_wrap(m->out, "some columns need a wider table", 0, 2, m->width);
	vec_free(&g.rows);
}

/* ---- what was swept, and the verdicts ---------------------------------------------------------
 */

/* What the experiments ran on, as the first of them says. */
static void put_where(const struct sweep *s, struct buf *line)
{
	const char *backend = NULL, *mechanism = NULL, *kernel = NULL;

	for (size_t i = 0; i < s->ncells && !backend; i++) {
		json_t *o = s->cells[i].found;

		backend = json_string_value(json_object_get(o, "backend"));
		mechanism = json_string_value(json_object_get(o, "mechanism"));
		kernel = json_string_value(json_object_get(o, "kernel"));
	}
	buf_printf(line, "%s: %s", backend ? backend : "nothing was run",
		   mechanism ? mechanism : "no mechanism");
	if (kernel)
		buf_printf(line, ", kernel %s", kernel);
}

static void put_head(const struct map *m, const struct report_style *style)
{
	const struct plan *p = m->s->plan;
	struct buf line = {0};

	if (style->colour)
		buf_puts(m->out, "\033[1m");
	text_wrap(m->out, p->title, 0, 0, m->width);
	if (style->colour)
		buf_puts(m->out, "\033[0m");
	put_where(m->s, &line);
	text_wrap(m->out, buf_str(&line), 0, 2, m->width);
	buf_clear(&line);
	buf_printf(&line, "%zu experiments of %u %s x %u%s runs; seed %llu", m->s->ncells,
		   p->npolicies, p->npolicies == 1 ? "policy" : "policies", p->repeat,
		   p->repeat_until ? " or more" : "", (unsigned long long)p->seed);
	text_wrap(m->out, buf_str(&line), 0, 2, m->width);
	buf_clear(&line);
	for (uint32_t i = 0; i < p->nsweeps; i++) {
		buf_printf(&line, "%s%s in ", i ? "; " : "", p->sweeps[i].param);
		for (uint32_t k = 0; k < p->sweeps[i].nvalues; k++)
			buf_printf(&line, "%s%s", k ? ", " : "", p->sweeps[i].values[k]);
	}
	text_wrap(m->out, buf_str(&line), 0, 2, m->width);
	buf_free(&line);
}

/* "total = 1G, pause = 50ms" of the first n sweeps of a cell */
static const char *cell_name(const struct map *m, size_t cell, size_t n)
{
	const struct cell *c = &m->s->cells[cell];
	struct buf b = {0};
	const char *s;

	for (size_t k = 0; k < n; k++) {
		if (n > 1)
			buf_printf(&b, "%s%s=", k ? " " : "", c->params[k].name);
		buf_puts(&b, c->params[k].value);
	}
	s = arena_strndup(m->a, buf_str(&b), b.n);
	buf_free(&b);
	return s;
}

#define MAX_CLAIM_COLUMNS 24

/* A row for each experiment: its verdict, and that of each claim. */
static void put_verdicts(const struct map *m)
{
	const struct sweep *s = m->s;
	json_t *claims = NULL, *o;
	size_t nclaims, i;
	struct grid_column *columns;
	struct grid g = {0};
	bool *shown;
	struct buf grid = {0};

	for (size_t c = 0; c < s->ncells && !json_array_size(claims); c++)
		if (s->cells[c].found)
			claims = json_object_get(s->cells[c].found, "claims");
	nclaims = json_array_size(claims);
	columns = arena_array(m->a, struct grid_column, nclaims + 2);
	shown = arena_array(m->a, bool, nclaims + 2);
	columns[0] = (struct grid_column){
	    .head = s->plan->nsweeps == 1 ? s->plan->sweeps[0].param : "", .left = true};
	columns[1] = (struct grid_column){.head = "verdict", .left = true};
	json_array_foreach(claims, i, o)
	{
		struct buf name = {0};

		text_fit(&name, json_string_value(json_object_get(o, "name")), MAX_CLAIM_COLUMNS);
		columns[i + 2] =
		    (struct grid_column){.head = arena_strndup(m->a, buf_str(&name), name.n),
					 .rank = (unsigned int)i + 1,
					 .left = true};
		buf_free(&name);
	}
	g.columns = columns;
	g.ncolumns = (unsigned int)nclaims + 2;
	for (size_t c = 0; c < s->ncells; c++) {
		const char **cells = arena_array(m->a, const char *, nclaims + 2);

		for (i = 0; i < nclaims; i++)
			cells[i + 2] = "-";
		cells[0] = cell_name(m, c, s->plan->nsweeps);
		cells[1] = cell_verdict(&s->cells[c]) ? cell_verdict(&s->cells[c]) : "-";
		if (s->cells[c].found)
			json_array_foreach(json_object_get(s->cells[c].found, "claims"), i,
					   o) if (i < nclaims) cells[i + 2] =
			    json_string_value(json_object_get(o, "verdict"));
		vec_push(&g.rows, (struct grid_row){.cells = cells});
	}
	grid_print(&g, m->width, shown, &grid);
	if (buf_str(&grid)[0] != '\n')
		buf_putc(m->out, '\n');
	buf_puts(m->out, buf_str(&grid));
	buf_free(&grid);
	vec_free(&g.rows);
}

/* ---- the maps ---------------------------------------------------------------------------------
 */

static const char *measure_name(enum measure m)
{
	return m == ALIVE ? "alive" : m == TIME ? "time" : "alloc p99";
}

static bool any_figure(const struct map *m, enum measure measure, const char *role)
{
	const char *text;
	double v;

	for (size_t i = 0; i < m->s->ncells; i++)
		for (size_t q = 0; q < m->s->plan->npolicies; q++)
			if (figure_of(&m->s->cells[i], measure, q, role, &v, &text, m->a))
				return true;
	return false;
}

static void put_maps(const struct map *m, enum measure measure, const char *role)
{
	const struct plan *p = m->s->plan;
	const struct plan_sweep *last = &p->sweeps[p->nsweeps - 1];
	size_t nrows = p->nsweeps == 1 ? m->s->ncells : m->s->ncells / last->nvalues;
	const char **rows = arena_array(m->a, const char *, nrows);
	const char **names = arena_array(m->a, const char *, p->npolicies);
	struct matrix x = {.rows = rows, .nrows = nrows, .measure = measure, .role = role};

	if (!any_figure(m, measure, role))
		return;
	for (size_t q = 0; q < p->npolicies; q++)
		names[q] = p->policies[q].name;
	if (p->nsweeps == 1) {
		for (size_t i = 0; i < nrows; i++)
			rows[i] = cell_name(m, i, 1);
		x.title = arena_printf(m->a, "%s %s", role, measure_name(measure));
		x.corner = last->param;
		x.columns = names;
		x.ncolumns = p->npolicies;
		x.by_policy = true;
		put_matrix(m, &x);
		return;
	}
	for (size_t i = 0; i < nrows; i++)
		rows[i] = cell_name(m, i * last->nvalues, p->nsweeps - 1);
	x.columns = last->values;
	x.ncolumns = last->nvalues;
	for (size_t q = 0; q < p->npolicies; q++) {
		x.policy = q;
		x.title = arena_printf(m->a, "%s: %s %s", names[q], role, measure_name(measure));
		x.corner = arena_printf(m->a, "%s \\ %s", p->nsweeps == 2 ? p->sweeps[0].param : "",
					last->param);
		put_matrix(m, &x);
	}
}

static void put_worst(const struct map *m, const struct report_style *style)
{
	/* As exit statuses count; what is before the first of these is better. */
	static const enum verdict order[] = {VERDICT_ABORTED,	VERDICT_VOID, VERDICT_FAIL,
					     VERDICT_UNDECIDED, VERDICT_SKIP, VERDICT_WARN,
					     VERDICT_PASS};
	size_t n[sizeof(order) / sizeof(order[0])] = {0};
	enum verdict worst = VERDICT_NONE;
	bool first = true;

	for (size_t i = 0; i < m->s->ncells; i++)
		for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
			const char *v = cell_verdict(&m->s->cells[i]);

			n[k] += v && !strcmp(v, verdict_name(order[k]));
		}
	for (size_t k = sizeof(order) / sizeof(order[0]); k-- > 0;) {
		if (!n[k])
			continue;
		worst = order[k];
		buf_printf(m->out, "%s%zu %s", first ? "" : ", ", n[k], verdict_name(order[k]));
		first = false;
	}
	if (worst == VERDICT_NONE)
		return;
	buf_puts(m->out, "\nverdict: ");
	claims_put_verdict(worst, style, m->out);
	buf_putc(m->out, '\n');
}

void sweep_print(const struct sweep *s, const struct report_style *style, struct buf *out)
{
	struct arena a = {0};
	struct map m = {
	    .s = s, .a = &a, .width = style->width < 40 ? 40 : style->width, .out = out};

	put_head(&m, style);
	put_verdicts(&m);
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		/* Of two parameters and more there is a map for each policy: the main ones. */
		for (enum measure k = ALIVE; k <= (s->plan->nsweeps == 1 ? ALLOC_P99 : TIME); k++)
			put_maps(&m, k, role_name(role));
	}
	buf_printf(out,
		   "\n%c is the lowest of a map, %c the highest (of the living: none, all)\n\n",
		   shades[0], shades[NSHADES - 1]);
	put_worst(&m, style);
	arena_free(&a);
}
