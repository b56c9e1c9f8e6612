/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/cells.h"

#include <math.h>

#include "base/units.h"
#include "report/pool.h"
#include "report/text.h"
#include "stat/contrast.h"

enum content {
	ALIVE,
	MEAN,
	SD,
	RATIO, /* of the mean to that of the undisturbed runs */
};

static const struct {
	struct cells_column head;
	enum content content;
	enum metric metric;
	double one; /* unit, in the metric's own */
} columns[CELLS_COLUMNS] = {
    {{"alive", ""}, ALIVE, M_COUNT, 1},
    {{"time", "s"}, MEAN, M_TIME, 1},
    {{"sd", "s"}, SD, M_TIME, 1},
    {{"/ alone", ""}, RATIO, M_TIME, 1},
    {{"alloc p50", "ms"}, MEAN, M_ALLOC_P50, 1e-3},
    {{"alloc p99", "ms"}, MEAN, M_ALLOC_P99, 1e-3},
    {{"stall", "s"}, MEAN, M_STALL, 1},
    {{"peak", "MiB"}, MEAN, M_PEAK, 0x1p20},
    {{"delays", ""}, MEAN, M_DELAYS, 1},
    {{"delayed", "s"}, MEAN, M_DELAYED, 1},
    {{"OOM kills", ""}, MEAN, M_EV_OOM_KILL, 1},
};

const struct cells_column *cells_column(unsigned int i)
{
	return &columns[i].head;
}

/* Three significant digits, never an exponent, all digits before the point. */
static const char *figure(struct arena *a, double v)
{
	int before = v == 0 ? 1 : (int)floor(log10(fabs(v))) + 1;
	int decimals = 3 - before;

	if (v == floor(v) && fabs(v) < 1e6)
		decimals = 0;
	decimals = decimals < 0 ? 0 : decimals > 6 ? 6 : decimals;
	return arena_printf(a, "%.*f", decimals, v);
}

/*
 * What is a mean of fewer runs than there were says so, as in the terminal's table, and of times
 * also that some run lies far outside of the others.
 */
static const char *mean(struct arena *a, const struct dist *d, double one, bool outliers)
{
	if (!d->n)
		return "-";
	return arena_printf(a, "%s%s%s", figure(a, d->mean / one), d->missing ? "*" : "",
			    outliers && d->outliers ? "!" : "");
}

static const char *cell(const struct results *r, struct arena *a, int32_t policy, uint32_t cgroup,
			unsigned int i)
{
	struct dist d, alone;

	if (columns[i].content == ALIVE) {
		struct pool p = pool_of(r, policy, cgroup);

		return arena_printf(a, "%u/%u", p.survived, p.runs);
	}
	d = results_dist(r, policy, cgroup, columns[i].metric);
	switch (columns[i].content) {
	case ALIVE:
	case MEAN:
		return mean(a, &d, columns[i].one, columns[i].metric == M_TIME);
	case SD:
		return d.n > 1 ? figure(a, d.sd / columns[i].one) : "-";
	case RATIO:
		alone = results_dist(r, PX_ALONE, cgroup, columns[i].metric);
		if (policy == PX_ALONE || !d.n || !alone.n || alone.mean <= 0)
			return "-";
		return arena_printf(a, "%.2f", d.mean / alone.mean);
	}
	return "-";
}

static void add_rows(const struct results *r, struct arena *a, int32_t policy,
		     struct cells_row *rows, uint32_t *n)
{
	uint32_t first = *n;

	for (uint32_t i = 0; i < r->nsessions; i++) {
		struct pool p = pool_of(r, policy, r->sessions[i]);
		struct cells_row *row = &rows[*n];

		if (!p.runs)
			continue;
		*row = (struct cells_row){
		    .policy = pool_name(r, policy),
		    .session = r->plan->cgroups[r->sessions[i]].name,
		    .first = *n == first,
		    .baseline = policy >= 0 && policy == r->plan->baseline,
		    .runs = p.runs,
		    .survived = p.survived,
		};
		for (unsigned int c = 0; c < CELLS_COLUMNS; c++)
			row->cells[c] = cell(r, a, policy, r->sessions[i], c);
		(*n)++;
	}
}

uint32_t cells_make(const struct results *r, struct arena *a, const struct cells_row **out)
{
	struct cells_row *rows =
	    arena_array(a, struct cells_row, (size_t)(r->plan->npolicies + 1) * r->nsessions);
	uint32_t n = 0;

	for (uint32_t p = 0; p < r->plan->npolicies; p++)
		add_rows(r, a, (int32_t)p, rows, &n);
	add_rows(r, a, PX_ALONE, rows, &n);
	*out = rows;
	return n;
}

/* ---- beside the baseline -------------------------------------------------------------------- */

const char *cells_contrast_head(unsigned int i)
{
	static const char *const heads[CELLS_CONTRASTS] = {
	    "alive, base",	   "alive", "mean, base", "mean",
	    "ratio, 95% interval", "p",	    "A",	  "difference, 95% interval"};

	return heads[i];
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

/* With its sign; `of`: the larger figure that it is a change of. */
static const char *change(struct arena *a, double v, double of, enum dim dim)
{
	/* What only the last digits of two means differ by. */
	if (fabs(v) <= 1e-9 * fabs(of))
		return "0";
	return arena_printf(a, "%s%s", v > 0 ? "+" : v < 0 ? "-" : "", value(a, fabs(v), dim));
}

static void fill_contrast(const struct contrast *c, const struct contrast_figure *f,
			  struct arena *a, struct cells_contrast *row)
{
	enum dim dim = metric_info[f->metric].dim;
	const char *interval = "";

	row->metric = metric_info[f->metric].spelling;
	row->cells[0] = arena_printf(a, "%u/%u", c->base_survived, c->base_runs);
	row->cells[1] = arena_printf(a, "%u/%u", c->survived, c->runs);
	for (unsigned int i = 2; i < CELLS_CONTRASTS; i++)
		row->cells[i] = "-";
	if (!f->n)
		return;
	row->cells[2] = value(a, f->base, dim);
	row->cells[3] = value(a, f->mean, dim);
	if (f->ratio_in.there)
		interval = arena_printf(a, " [%.3f, %.3f]", f->ratio_in.lo, f->ratio_in.hi);
	if (f->base != 0)
		row->cells[4] = arena_printf(a, "%.3f%s%s", f->mean / f->base,
					     f->unpaired ? "*" : "", interval);
	row->cells[5] = f->p_signs < 0.001 ? "<.001" : arena_printf(a, "%.3f", f->p_signs);
	row->cells[6] = arena_printf(a, "%.2f", f->a_larger);
	interval = "";
	if (f->difference_in.there)
		interval =
		    arena_printf(a, " [%s, %s]", change(a, f->difference_in.lo, f->base, dim),
				 change(a, f->difference_in.hi, f->base, dim));
	row->cells[7] =
	    arena_printf(a, "%s%s", change(a, f->mean - f->base, f->base, dim), interval);
}

uint32_t cells_contrasts(const struct results *r, struct arena *a,
			 const struct cells_contrast **out)
{
	struct cells_contrast *rows =
	    arena_array(a, struct cells_contrast, (size_t)r->ncontrasts * CONTRAST_METRICS);
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->ncontrasts; i++) {
		const struct contrast *c = &r->contrasts[i];

		for (unsigned int k = 0; k < CONTRAST_METRICS; k++) {
			struct contrast_figure f = contrast_figure(r, c, contrast_metrics[k], true);

			/* Time always, as who died has none; else only what there is. */
			if (k && !f.n)
				continue;
			rows[n] = (struct cells_contrast){
			    .policy = pool_name(r, c->policy),
			    .role = role_name(c->role),
			    .first = !i || r->contrasts[i - 1].policy != c->policy ? !k : false,
			};
			fill_contrast(c, &f, a, &rows[n++]);
		}
	}
	*out = rows;
	return n;
}
