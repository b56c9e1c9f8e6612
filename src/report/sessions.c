/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/sessions.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/units.h"
#include "report/grid.h"
#include "report/pool.h"
#include "report/scale.h"
#include "report/text.h"
#include "stat/dist.h"

/* A scenario of thousands of sessions has its figures in JSON and CSV; nobody reads them here. */
#define MAX_ROWS 64
/* Names get at most so many columns of a table. */
#define MAX_NAME(width) ((width) >= 80 ? 24 : (width)*3 / 10)

enum content {
	NAME,
	ALIVE,
	MEAN, /* of a metric over the runs that have it */
	SD,
	HALF,  /* of the 95% interval of the mean */
	RATIO, /* of the mean to that of the undisturbed runs */
};

static const char group_time[] = "time", group_alloc[] = "alloc", group_delays[] = "delays";

/*
 * In the order shown.  Columns up to CORE_RANK are what a comparison is read for; the others fill
 * the room that a wide terminal has.
 */
#define CORE_RANK 9

static const struct field {
	const char *group, *head;
	enum content content;
	enum metric metric;
	unsigned int rank;
	bool where_used; /* hidden when 0 everywhere */
} fields[] = {
    {NULL, "", NAME, M_COUNT, 0, false},
    {NULL, "alive", ALIVE, M_COUNT, 0, false},
    {group_time, "mean", MEAN, M_TIME, 0, false},
    {group_time, "sd", SD, M_TIME, 8, false},
    {group_time, "+-95%", HALF, M_TIME, 18, false},
    {group_time, "/alone", RATIO, M_TIME, 3, false},
    {group_alloc, "p50", MEAN, M_ALLOC_P50, 7, false},
    {group_alloc, "p95", MEAN, M_ALLOC_P95, 17, false},
    {group_alloc, "p99", MEAN, M_ALLOC_P99, 1, false},
    {group_alloc, "max", MEAN, M_ALLOC_MAX, 14, false},
    {"stall", "", MEAN, M_STALL, 6, false},
    {"peak", "", MEAN, M_PEAK, 5, false},
    {"swap", "", MEAN, M_SWAP, 16, true},
    {group_delays, "n", MEAN, M_DELAYS, 9, true},
    {group_delays, "", MEAN, M_DELAYED, 4, true},
    {"throttled", "", MEAN, M_THROTTLED, 10, true},
    {"psi", "some %", MEAN, M_PSI_SOME, 15, true},
    {"rate", "", MEAN, M_THROUGHPUT, 13, false},
    {"max", "events", MEAN, M_EV_MAX, 12, true},
    {"OOM", "kills", MEAN, M_EV_OOM_KILL, 2, false},
};
#define FIELD_TIME  2 /* whose units stand in the headings of their groups */
#define FIELD_ALLOC 6
#define NFIELDS	    (sizeof(fields) / sizeof(fields[0]))
_Static_assert(NFIELDS <= SESSIONS_MAX_COLUMNS, "readers of tables have room for all columns");

bool sessions_column(unsigned int i, struct sessions_column *out)
{
	const struct field *f;

	if (i >= NFIELDS)
		return false;
	f = &fields[i];
	*out = (struct sessions_column){
	    .group = f->group,
	    .head = f->head,
	    .metric = f->metric < M_COUNT ? metric_info[f->metric].spelling : NULL,
	    .where_used = f->where_used,
	    .deviation = f->content == SD || f->content == HALF,
	    .ratio = f->content == RATIO,
	};
	return true;
}

/* ---- cells ------------------------------------------------------------------------------------
 */

/* One row's figures before they are written, as units are chosen over all rows. */
struct row {
	int32_t policy;
	uint32_t cgroup;
	struct pool pool;
	struct dist dists[NFIELDS];
	double ratios[NFIELDS];
	bool has_ratio[NFIELDS];
	struct interval time_in;
	double least_allocs; /* of a run that allocated at all */
};

struct sheet {
	const struct results *r;
	unsigned int width;
	struct arena arena;
	VEC(struct row) rows;
	struct scale scales[NFIELDS];
	bool partial; /* some mean is of fewer runs than there were */
	bool outlier; /* some run lies far outside of the others */
};

/* The latency's quantiles that a table shows, and whether a run's allocations can carry them. */
static bool too_few_allocs(const struct row *row, enum metric m)
{
	double q = m == M_ALLOC_P95 ? 0.95 : m == M_ALLOC_P99 ? 0.99 : 0.5;

	return q > 0.5 && row->least_allocs > 0 && !dist_carries((size_t)row->least_allocs, q);
}

static double least_allocs(const struct results *r, int32_t policy, uint32_t cgroup)
{
	double least = 0;

	for (uint32_t k = 0; k < r->nruns; k++) {
		const struct run_summary *run = &r->runs[k];
		double n = (double)run->cgroups[cgroup].alloc_n;

		if (run->policy == policy && run->end != END_INTERRUPTED && n > 0 &&
		    (policy != PX_ALONE || run->alone == cgroup) && (least == 0 || n < least))
			least = n;
	}
	return least;
}

static void add_row(struct sheet *s, int32_t policy, uint32_t cgroup)
{
	struct row row = {.policy = policy, .cgroup = cgroup};

	row.pool = pool_of(s->r, policy, cgroup);
	row.time_in = results_interval(s->r, policy, cgroup, M_TIME);
	row.least_allocs = least_allocs(s->r, policy, cgroup);
	for (unsigned int f = 0; f < NFIELDS; f++) {
		const struct field *field = &fields[f];

		if (field->metric == M_COUNT)
			continue;
		row.dists[f] = results_dist(s->r, policy, cgroup, field->metric);
		if (field->content == RATIO && policy != PX_ALONE) {
			struct dist alone = results_dist(s->r, PX_ALONE, cgroup, field->metric);

			row.has_ratio[f] = row.dists[f].n && alone.n && alone.mean > 0;
			if (row.has_ratio[f])
				row.ratios[f] = row.dists[f].mean / alone.mean;
		}
		s->partial |= row.dists[f].n && row.dists[f].missing;
		s->outlier |=
		    field->content == MEAN && field->metric == M_TIME && row.dists[f].outliers;
	}
	vec_push(&s->rows, row);
}

static enum dim metric_dim(unsigned int f)
{
	return fields[f].metric < M_COUNT ? metric_info[fields[f].metric].dim : DIM_ERROR;
}

/* One unit for all columns of a group, where they measure the same. */
static void choose_scales(struct sheet *s)
{
	struct extent own[NFIELDS] = {0}, shared[NFIELDS] = {0};
	const struct row *row;

	vec_foreach (row, &s->rows)
		for (unsigned int f = 0; f < NFIELDS; f++)
			for (unsigned int g = 0; g < NFIELDS; g++) {
				if (fields[f].content != MEAN || !row->dists[f].n)
					continue;
				if (g == f)
					scale_extend(&own[f], row->dists[f].mean);
				if (g == f ||
				    (fields[g].group && fields[g].group == fields[f].group &&
				     metric_dim(f) == metric_dim(g)))
					scale_extend(&shared[g], row->dists[f].mean);
			}
	for (unsigned int f = 0; f < NFIELDS; f++) {
		/* What stands beside a mean (its sd) is written like it. */
		const struct extent *e =
		    fields[f].content == SD || fields[f].content == HALF ? &shared[f] : &own[f];

		if (fields[f].metric == M_COUNT)
			continue;
		s->scales[f].unit = scale_unit(fields[f].metric, &shared[f]);
		s->scales[f].decimals = scale_decimals(fields[f].metric, e, s->scales[f].unit.one);
	}
}

static const char *cell(struct sheet *s, const struct row *row, unsigned int f)
{
	const struct dist *d = &row->dists[f];
	struct buf name = {0};
	const char *text;

	switch (fields[f].content) {
	case NAME:
		buf_puts(&name, "  ");
		text_fit(&name, s->r->plan->cgroups[row->cgroup].name, MAX_NAME(s->width));
		text = arena_strndup(&s->arena, buf_str(&name), name.n);
		buf_free(&name);
		return text;
	case ALIVE:
		return arena_printf(&s->arena, "%u/%u", row->pool.survived, row->pool.runs);
	case MEAN:
		if (!d->n)
			return "-";
		text = scale_figure(&s->arena, fields[f].metric, d->mean, &s->scales[f]);
		return arena_printf(&s->arena, "%s%s%s%s", text, d->missing ? "*" : "",
				    fields[f].metric == M_TIME && d->outliers ? "!" : "",
				    too_few_allocs(row, fields[f].metric) ? "^" : "");
	case SD:
		return d->n > 1 ? scale_figure(&s->arena, fields[f].metric, d->sd, &s->scales[f])
				: "-";
	case HALF:
		return row->time_in.there
			   ? scale_figure(&s->arena, fields[f].metric,
					  (row->time_in.hi - row->time_in.lo) / 2, &s->scales[f])
			   : "-";
	case RATIO:
		return row->has_ratio[f] ? arena_printf(&s->arena, "%.2f", row->ratios[f]) : "-";
	}
	return "";
}

static bool column_hidden(const struct sheet *s, unsigned int f)
{
	const struct row *row;
	enum content content = fields[f].content;

	if (!fields[f].where_used && content != RATIO && content != HALF)
		return false;
	vec_foreach (row, &s->rows)
		if (content == RATIO  ? row->has_ratio[f]
		    : content == HALF ? row->time_in.there
				      : row->dists[f].mean > 0)
			return false;
	return true;
}

/* The unit stands beside the name of a group that has one, else below the column's name. */
static void head_column(struct sheet *s, unsigned int f, const char *time, const char *alloc,
			struct grid_column *out)
{
	const struct field *field = &fields[f];

	out->group = field->group;
	out->head = field->head;
	out->rank = field->rank;
	out->spare = field->rank > CORE_RANK;
	out->left = field->content == NAME;
	out->hidden = column_hidden(s, f);
	if (field->group == group_time)
		out->group = time;
	else if (field->group == group_alloc)
		out->group = alloc;
	else if (field->content == MEAN && !field->head[0])
		out->head = s->scales[f].unit.name;
}

/* ---- the rows of one policy -------------------------------------------------------------------
 */

/* What carries it out, where some policy says: those without a delay have none. */
static void put_mechanism(const struct results *r, int32_t policy, struct buf *out)
{
	const char *own = r->mechanisms ? r->mechanisms[policy] : NULL;

	if (pool_mechanisms_named(r) && !own && r->plan->policies[policy].acts)
		own = r->mechanism;
	if (own)
		buf_printf(out, " [%s]", own);
}

/* "bpf: 30 of 30 survive; a shared limit met in 0 of 10 runs", as much of it as fits. */
static const char *title_of(struct sheet *s, int32_t policy)
{
	const struct results *r = s->r;
	uint32_t alive = 0, sessions = 0, runs = 0, contended = 0;
	const char *text, *more, *mark;
	struct buf name = {0};

	if (policy == PX_ALONE)
		return "alone: no policy, no neighbour";
	for (uint32_t i = 0; i < r->nsessions; i++) {
		struct pool p = pool_of(r, policy, r->sessions[i]);

		alive += p.survived;
		sessions += p.runs;
		runs = p.runs;
		contended = p.contended;
	}
	text_fit(&name, pool_name(r, policy), MAX_NAME(s->width));
	mark = policy == r->plan->baseline ? " (baseline)" : "";
	put_mechanism(r, policy, &name);
	if (results_skipped(r, policy)) {
		text = arena_printf(&s->arena, "%s: skipped", buf_str(&name));
		more = arena_printf(&s->arena, "%s: %s", text, results_skipped(r, policy));
		buf_free(&name);
		return text_columns(more) <= s->width ? more : text;
	}
	text = arena_printf(&s->arena, "%s%s: %u of %u survive", buf_str(&name), mark, alive,
			    sessions);
	more = arena_printf(&s->arena, "%s; a shared limit met in %u of %u %s", text, contended,
			    runs, runs == 1 ? "run" : "runs");
	buf_free(&name);
	return text_columns(more) <= s->width ? more : text;
}

static bool was_run(const struct results *r, int32_t policy)
{
	for (uint32_t k = 0; k < r->nruns; k++)
		if (r->runs[k].policy == policy)
			return true;
	return false;
}

/* Of the policies from *next on that come before this one (PX_ALONE: all of them). */
static void name_skipped(struct sheet *s, struct grid *g, int32_t *next, int32_t policy)
{
	int32_t end = policy == PX_ALONE ? (int32_t)s->r->plan->npolicies : policy;

	for (; *next < end; (*next)++)
		if (results_skipped(s->r, *next))
			vec_push(&g->rows, (struct grid_row){.title = title_of(s, *next)});
}

static void fill_grid(struct sheet *s, struct grid *g)
{
	int32_t policy = PX_ALONE - 1, next = 0;
	const struct row *row;
	uint32_t in_policy = 0;

	vec_foreach (row, &s->rows) {
		const char **cells;

		if (row->policy != policy) {
			policy = row->policy;
			in_policy = 0;
			name_skipped(s, g, &next, policy);
			vec_push(&g->rows, (struct grid_row){.title = title_of(s, policy)});
		}
		if (in_policy++ == MAX_ROWS)
			vec_push(&g->rows, (struct grid_row){
					       .title = arena_printf(
						   &s->arena,
						   "  ... and %u more, which --json and --csv have",
						   s->r->nsessions - MAX_ROWS)});
		if (in_policy > MAX_ROWS)
			continue;
		cells = arena_array(&s->arena, const char *, NFIELDS);
		for (unsigned int f = 0; f < NFIELDS; f++)
			cells[f] = cell(s, row, f);
		vec_push(&g->rows, (struct grid_row){.cells = cells});
	}
	name_skipped(s, g, &next, PX_ALONE);
}

static bool few_in_column(const struct sheet *s, unsigned int f)
{
	const struct row *row;

	vec_foreach (row, &s->rows)
		if (fields[f].metric < M_COUNT && row->dists[f].n &&
		    too_few_allocs(row, fields[f].metric))
			return true;
	return false;
}

static void explain(const struct sheet *s, const struct grid *g, const bool *shown,
		    unsigned int width, struct buf *out)
{
	struct buf line = {0};
	bool few = false;

	if (s->partial)
		text_wrap(
		    out,
		    "* mean of the runs in which it finished: killed or cut off, it has no time", 0,
		    2, width);
	if (s->outlier)
		text_wrap(out,
			  "! with a run far outside of the others, which is counted: see the note",
			  0, 2, width);
	for (unsigned int f = 0; f < NFIELDS; f++)
		few |= shown[f] && few_in_column(s, f);
	if (few)
		text_wrap(out, "^ just the maximum: a p95 needs 20 allocations a run, a p99 100", 0,
			  2, width);
	for (unsigned int f = 0; f < NFIELDS; f++) {
		if (shown[f] || g->columns[f].hidden || fields[f].rank > CORE_RANK)
			continue;
		buf_puts(&line, line.n ? ", " : "");
		buf_puts(&line, fields[f].metric < M_COUNT ? metric_info[fields[f].metric].spelling
							   : fields[f].head);
		if (fields[f].content == SD)
			buf_puts(&line, " sd");
		if (fields[f].content == RATIO)
			buf_puts(&line, " / alone");
	}
	if (line.n) {
		buf_puts(&line, " need a wider table");
		text_wrap(out, buf_str(&line), 0, 2, width);
	}
	buf_free(&line);
}

void sessions_print(const struct results *r, unsigned int width, struct buf *out)
{
	struct sheet s = {.r = r, .width = width};
	struct grid_column columns[NFIELDS] = {0};
	struct grid g = {.columns = columns, .ncolumns = NFIELDS};
	bool shown[NFIELDS];
	const char *time, *alloc;

	for (uint32_t p = 0; p < r->plan->npolicies; p++)
		for (uint32_t i = 0; was_run(r, (int32_t)p) && i < r->nsessions; i++)
			add_row(&s, (int32_t)p, r->sessions[i]);
	for (uint32_t i = 0; was_run(r, PX_ALONE) && i < r->nsessions; i++)
		add_row(&s, PX_ALONE, r->sessions[i]);

	choose_scales(&s);
	time = arena_printf(&s.arena, "%s %s", group_time, s.scales[FIELD_TIME].unit.name);
	alloc = arena_printf(&s.arena, "%s %s", group_alloc, s.scales[FIELD_ALLOC].unit.name);
	for (unsigned int f = 0; f < NFIELDS; f++)
		head_column(&s, f, time, alloc, &columns[f]);
	fill_grid(&s, &g);
	grid_print(&g, width, shown, out);
	explain(&s, &g, shown, width, out);

	vec_free(&g.rows);
	vec_free(&s.rows);
	arena_free(&s.arena);
}
