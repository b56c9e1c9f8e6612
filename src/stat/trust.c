/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trust.c - what qualifies the figures: outliers, samples that are too small (judge.h) */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "stat/dist.h"
#include "stat/judge.h"

/* What no policy can help: said beside a PASS as beside a FAIL. */
static void note_hopeless(struct judge *j)
{
	const struct results *r = j->r;
	const struct plan *p = r->plan;

	for (uint32_t i = 0; i < r->nsessions; i++) {
		uint32_t session = r->sessions[i], killed = 0, runs = 0;
		uint64_t peak = r->demand.cgroups[session].peak_bytes;

		for (uint32_t k = 0; k < r->nbudgets; k++) {
			uint32_t top = session;

			while (top > r->budgets[k].cgroup)
				top = p->cgroups[top].parent;
			if (top == r->budgets[k].cgroup && peak > r->budgets[k].limit_bytes) {
				judge_note(
				    j,
				    "%s alone needs %s of a budget of %s: no policy can save "
				    "it",
				    p->cgroups[session].name, judge_size(j, peak),
				    judge_size(j, r->budgets[k].limit_bytes));
				break;
			}
		}
		for (uint32_t k = 0; k < r->nruns; k++) {
			const struct run_summary *run = &r->runs[k];

			if (run->policy != PX_ALONE || run->alone != session ||
			    run->end == END_INTERRUPTED)
				continue;
			runs++;
			killed += run->cgroups[session].oom_killed;
		}
		if (killed)
			judge_note(j, "%s is killed even alone, in %u of %u runs",
				   p->cgroups[session].name, killed, runs);
	}
}

/* ---- outliers -------------------------------------------------------------------------------- */

/* So many are named, the first ones; --json counts all. */
#define MAX_OUTLIERS 5

struct outliers {
	struct judge *j;
	uint32_t told, more;
};

static const char *value_of(struct judge *j, double v, enum dim dim)
{
	return dim == DIM_DURATION ? judge_time(j, v > 0 ? (uint64_t)(v * 1e9 + 0.5) : 0)
	       : dim == DIM_SIZE   ? judge_size(j, v > 0 ? (uint64_t)(v + 0.5) : 0)
				   : arena_printf(&j->r->arena, "%.4g", v);
}

static bool is_of(const struct run_summary *run, int32_t policy, uint32_t cgroup)
{
	return run->policy == policy && run->end != END_INTERRUPTED &&
	       (policy != PX_ALONE || run->alone == cgroup);
}

static void find_outliers(struct outliers *o, int32_t policy, uint32_t cgroup, enum metric m)
{
	struct results *r = o->j->r;
	double *v = mem_alloc(r->nruns * sizeof(*v)), x;
	const char *name = metric_info[m].spelling;
	struct fences fences;
	size_t n = 0;

	for (uint32_t k = 0; k < r->nruns; k++)
		if (is_of(&r->runs[k], policy, cgroup))
			n += results_metric(&r->runs[k], cgroup, m, &v[n]);
	dist_sort(v, n);
	fences = dist_fences(v, n);
	for (uint32_t k = 0; k < r->nruns && n; k++) {
		const struct run_summary *run = &r->runs[k];

		if (!is_of(run, policy, cgroup) || !results_metric(run, cgroup, m, &x) ||
		    !dist_is_outlier(&fences, x))
			continue;
		if (o->told == MAX_OUTLIERS) {
			o->more++;
			continue;
		}
		o->told++;
		judge_note(o->j, "outlier, counted: %s.%s.%s is %s in repetition %u, the median %s",
			   policy == PX_ALONE ? "alone" : r->plan->policies[policy].name,
			   r->plan->cgroups[cgroup].name, name,
			   value_of(o->j, x, metric_info[m].dim), run->rep + 1,
			   value_of(o->j, dist_quantile(v, n, 0.5), metric_info[m].dim));
	}
	free(v);
}

static void note_outliers(struct judge *j)
{
	const struct results *r = j->r;
	struct outliers o = {.j = j};

	for (uint32_t i = 0; i < r->plan->npolicies; i++)
		for (uint32_t s = 0; s < r->nsessions; s++)
			find_outliers(&o, (int32_t)i, r->sessions[s], M_TIME);
	for (uint32_t s = 0; s < r->nsessions && r->plan->uses_alone; s++)
		find_outliers(&o, PX_ALONE, r->sessions[s], M_TIME);
	if (o.more)
		judge_note(j, "outliers, counted: %u more, which --json has", o.more);
}

/* ---- quantiles of too few -------------------------------------------------------------------- */

static double quantile_of(enum metric m)
{
	switch (m) {
	case M_ALLOC_P90:
		return 0.9;
	case M_ALLOC_P95:
		return 0.95;
	case M_ALLOC_P99:
		return 0.99;
	case M_ALLOC_P999:
		return 0.999;
	default:
		return 0;
	}
}

/* The least number of allocations that a claimed quantile is of; least[m] stays 0 without one. */
static void find_few(const struct results *r, const struct px *e, uint64_t *least)
{
	if (e->kind >= PX_NEG)
		for (uint32_t i = 0; i < e->nargs; i++)
			find_few(r, e->args[i], least);
	if (e->kind != PX_METRIC || quantile_of(e->metric) == 0)
		return;
	for (uint32_t k = 0; k < r->nruns; k++) {
		const struct run_summary *run = &r->runs[k];

		if (e->scope.policy != PX_ANY_POLICY && run->policy != e->scope.policy)
			continue;
		for (uint32_t i = 0; i < e->scope.ncgroups; i++) {
			uint64_t n = run->cgroups[e->scope.cgroups[i]].alloc_n;

			if (n && (!least[e->metric] || n < least[e->metric]))
				least[e->metric] = n;
		}
	}
}

static void note_few(struct judge *j)
{
	const struct plan *p = j->r->plan;
	uint64_t least[M_COUNT] = {0};

	for (uint32_t i = 0; i < p->nexpects; i++)
		find_few(j->r, p->expects[i].cond, least);
	for (enum metric m = 0; m < M_COUNT; m++)
		if (least[m] && !dist_carries((size_t)least[m], quantile_of(m)))
			judge_note(j,
				   "too few samples for a claimed %s: some run has %llu %s, "
				   "and with fewer than %.0f it is their maximum",
				   metric_info[m].spelling, (unsigned long long)least[m],
				   least[m] == 1 ? "allocation" : "allocations",
				   1 / (1 - quantile_of(m)));
}

/* ---- repeat until ---------------------------------------------------------------------------- */

static void note_until(struct judge *j)
{
	const struct results *r = j->r;
	const struct plan *p = r->plan;
	const char *of = "";

	if (!p->repeat_until || r->interrupted)
		return;
	if (r->until_width < 0) {
		judge_note(j, "`until` had no interval to look at in %u repetitions",
			   r->repetitions);
		return;
	}
	if (r->until_policy >= 0 && p->baseline >= 0)
		of = arena_printf(&j->r->arena, " (%s)", p->policies[r->until_policy].name);
	judge_note(j,
		   r->until_width < p->repeat_width
		       ? "`until` was content after %u repetitions: half of the 95%% interval is "
			 "%.2g%% of the mean%s"
		       : "`until` was not content after %u repetitions: half of the 95%% interval "
			 "is still %.2g%% of the mean%s",
		   r->repetitions, 100 * r->until_width, of);
}

void judge_trust(struct judge *j)
{
	note_hopeless(j);
	note_until(j);
	note_outliers(j);
	note_few(j);
}
