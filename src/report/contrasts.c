/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/contrasts.h"

#include <math.h>

#include "base/arena.h"
#include "report/grid.h"
#include "report/pool.h"
#include "report/text.h"
#include "stat/contrast.h"

/* Of the figures that contrasts have, those that fit a page; --json has all. */
#define SHOWN 2

enum {
	NAME,
	ALIVE_BASE,
	ALIVE,
	MEAN_BASE,
	MEAN,
	RATIO,
	INTERVAL,
	P,
	A,
	NCOLUMNS
};

static const char group_alive[] = "alive", group_mean[] = "mean", group_ratio[] = "ratio";

bool contrasts_any(const struct results *r)
{
	return r->ncontrasts > 0;
}

static const char *value(struct arena *a, double v, enum dim dim)
{
	struct buf b = {0};
	const char *s;

	text_value(&b, v, dim);
	s = arena_strndup(a, buf_str(&b), b.n);
	buf_free(&b);
	return s;
}

static int decimals(double v)
{
	return fabs(v) < 9.9995 ? 3 : fabs(v) < 99.95 ? 1 : 0;
}

static const char *interval(struct arena *a, const struct contrast_figure *f)
{
	int digits = decimals(f->ratio_in.hi);
	uint32_t least = bootstrap_least(0.95);

	if (f->ratio_in.there)
		return arena_printf(a, "[%.*f, %.*f]", digits, f->ratio_in.lo, digits,
				    f->ratio_in.hi);
	return f->n && f->n < least ? arena_printf(a, "n %u < %u", f->n, least) : "-";
}

static void put_figure(const struct contrast *c, const struct contrast_figure *f, bool first,
		       struct arena *a, struct grid *g)
{
	const char **cells = arena_array(a, const char *, NCOLUMNS);
	enum dim dim = metric_info[f->metric].dim;
	const char *some = f->unpaired ? "*" : "";

	for (unsigned int i = 0; i < NCOLUMNS; i++)
		cells[i] = "";
	cells[NAME] = arena_printf(a, "  %-5s %s", first ? role_name(c->role) : "",
				   f->metric == M_TIME ? "time" : "alloc p99");
	if (first) {
		cells[ALIVE_BASE] = arena_printf(a, "%u/%u", c->base_survived, c->base_runs);
		cells[ALIVE] = arena_printf(a, "%u/%u", c->survived, c->runs);
	}
	cells[MEAN_BASE] = cells[MEAN] = cells[RATIO] = cells[INTERVAL] = cells[P] = cells[A] = "-";
	if (f->n) {
		double ratio = f->base != 0 ? f->mean / f->base : 0;

		cells[MEAN_BASE] = value(a, f->base, dim);
		cells[MEAN] = value(a, f->mean, dim);
		if (f->base != 0)
			cells[RATIO] = arena_printf(a, "%.*f%s", decimals(ratio), ratio, some);
		cells[INTERVAL] = interval(a, f);
		cells[P] = f->p_signs < 0.001 ? "<.001" : arena_printf(a, "%.3f", f->p_signs);
		cells[A] = arena_printf(a, "%.2f", f->a_larger);
	}
	vec_push(&g->rows, (struct grid_row){.cells = cells});
}

void contrasts_print(const struct results *r, unsigned int width, struct buf *out)
{
	const char *base = r->plan->policies[r->plan->baseline].name;
	struct arena a = {0};
	struct grid_column columns[NCOLUMNS] = {
	    [NAME] = {.head = "", .left = true},
	    [ALIVE_BASE] = {.group = group_alive, .head = "base", .rank = 2},
	    [ALIVE] = {.group = group_alive, .head = "own"},
	    [MEAN_BASE] = {.group = group_mean, .head = "base", .rank = 5},
	    [MEAN] = {.group = group_mean, .head = "own", .rank = 6},
	    [RATIO] = {.group = group_ratio, .head = ""},
	    [INTERVAL] = {.group = group_ratio, .head = "95% interval", .rank = 1},
	    [P] = {.head = "p", .rank = 3},
	    [A] = {.head = "A", .rank = 4},
	};
	struct grid g = {.columns = columns, .ncolumns = NCOLUMNS};
	bool shown[NCOLUMNS], unpaired = false;
	int32_t policy = -1;
	struct buf name = {0};

	text_fit(&name, base, 16);
	buf_printf(out, CONTRASTS_HEAD "%s (base), by repetition:\n", buf_str(&name));
	for (uint32_t i = 0; i < r->ncontrasts; i++) {
		const struct contrast *c = &r->contrasts[i];

		if (c->policy != policy) {
			struct buf title = {0};

			text_fit(&title, pool_name(r, c->policy), width);
			vec_push(&g.rows, (struct grid_row){.title = arena_strndup(
								&a, buf_str(&title), title.n)});
			buf_free(&title);
		}
		policy = c->policy;
		for (unsigned int k = 0; k < SHOWN; k++) {
			struct contrast_figure f =
			    contrast_figure(r, c, contrast_metrics[k], false);

			/* Sessions that never allocate have no latency to tell of. */
			if (k && !f.n)
				continue;
			put_figure(c, &f, !k, &a, &g);
			unpaired |= f.n && f.unpaired;
		}
	}
	grid_print(&g, width, shown, out);
	if (unpaired)
		text_wrap(out, "* of the sessions and repetitions that have it under both", 0, 2,
			  width);
	buf_free(&name);
	vec_free(&g.rows);
	arena_free(&a);
}
