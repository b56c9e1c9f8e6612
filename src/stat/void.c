/* SPDX-License-Identifier: GPL-2.0-or-later */
/* void.c - were the runs a test of what is claimed? (judge.h, verdict.h) */
#include <string.h>

#include "stat/judge.h"

/* ---- was it a test -------------------------------------------------------------------------- */

static void judge_contention(struct judge *j)
{
	const struct results *r = j->r;
	const struct plan *p = r->plan;
	const struct budget *b = r->nbudgets ? &r->budgets[0] : NULL;

	if (p->contention_none) {
		if (!r->contended || (!p->nexpects && p->baseline < 0))
			return;
		for (uint32_t i = 0; i < r->nbudgets; i++)
			if (r->budgets[i].contended || r->budgets[i].over.first_ns != NEVER)
				b = &r->budgets[i];
		judge_void(
		    j,
		    "sessions contend though the scenario says `contention none`: %s was met "
		    "in %u of %u runs, unlimited demand peaks at %s of %s",
		    p->cgroups[b->cgroup].name, b->contended, b->nruns,
		    judge_size(j, b->over.peak_bytes), judge_size(j, b->limit_bytes));
		return;
	}
	if (p->baseline < 0 || r->contended)
		return;
	if (!b)
		judge_void(j, "no contention: no two sessions share a limit");
	else
		judge_void(j,
			   "no contention: in no run of %s was a shared limit met, and unlimited "
			   "demand peaks at %s of the %s that %s allows",
			   p->policies[p->baseline].name, judge_size(j, b->over.peak_bytes),
			   judge_size(j, b->limit_bytes),
			   b->machine ? "the machine" : p->cgroups[b->cgroup].name);
}

static bool acted(const struct plan *p, const struct run_summary *run)
{
	for (uint32_t i = 0; i < p->ncgroups; i++)
		if (run->cgroups[i].counters.delays || run->cgroups[i].counters.protections)
			return true;
	return false;
}

static void judge_policies(struct judge *j)
{
	const struct results *r = j->r;
	const struct plan *p = r->plan;

	for (uint32_t i = 0; i < p->npolicies; i++)
		if (results_skipped(r, (int32_t)i))
			judge_note(j, RESULTS_SKIPPED, p->policies[i].name,
				   results_skipped(r, (int32_t)i));
	if (p->baseline < 0 || p->contention_none)
		return;
	for (uint32_t i = 0; i < p->npolicies; i++) {
		uint32_t runs = 0, active = 0;

		if (!p->policies[i].acts)
			continue;
		for (uint32_t k = 0; k < r->nruns; k++) {
			if (r->runs[k].policy != (int32_t)i || r->runs[k].end == END_INTERRUPTED)
				continue;
			runs++;
			active += acted(p, &r->runs[k]);
		}
		if (runs && !active)
			judge_void(j, "policy %s never acted: no delay and no protection in %u %s",
				   p->policies[i].name, runs, runs == 1 ? "run" : "runs");
		else if (active < runs)
			judge_note(j, "policy %s acted in %u of %u runs only", p->policies[i].name,
				   active, runs);
	}
}

static void judge_limits(struct judge *j)
{
	const struct results *r = j->r;
	uint32_t limits = 0, runs = 0;

	for (uint32_t k = 0; k < r->nruns; k++) {
		limits += r->runs[k].limits_not_in_force;
		runs += r->runs[k].limits_not_in_force > 0;
	}
	if (!limits)
		return;
	if (r->plan->baseline < 0 && !r->plan->nexpects)
		judge_note(j, "limits not in force on reading back: %u, in %u of %u runs", limits,
			   runs, r->nruns);
	else
		judge_void(j, "limits not in force on reading back: %u, in %u of %u runs", limits,
			   runs, r->nruns);
}

/* Simulated actions are noticed when they are due; a live machine's are as late as it is busy. */
static void judge_lateness(struct judge *j)
{
	const struct results *r = j->r;
	uint64_t events = 0, late = 0, latest = 0;

	for (uint32_t k = 0; k < r->nruns; k++) {
		events += r->runs[k].events;
		late += r->runs[k].late_events;
		if (r->runs[k].latest_ns > latest)
			latest = r->runs[k].latest_ns;
	}
	if (!late)
		return;
	if (late * 100 > events)
		judge_void_claims(
		    j,
		    "the timeline was not kept: %llu of %llu actions were noticed more "
		    "than %s late, one %s late",
		    (unsigned long long)late, (unsigned long long)events,
		    judge_time(j, LATE_BOUND_NS), judge_time(j, latest));
	else
		judge_note(j, "%llu of %llu actions were noticed more than %s late, one %s late",
			   (unsigned long long)late, (unsigned long long)events,
			   judge_time(j, LATE_BOUND_NS), judge_time(j, latest));
}

static void judge_targets(struct judge *j)
{
	const struct results *r = j->r;
	const struct run_summary *first = NULL;
	uint32_t session = 0, allocs = 0, runs = 0;

	for (uint32_t k = 0; k < r->nruns; k++) {
		uint32_t here = 0;

		for (uint32_t i = 0; i < r->nsessions; i++) {
			here += r->runs[k].cgroups[r->sessions[i]].short_allocs;
			if (here && !first) {
				first = &r->runs[k];
				session = r->sessions[i];
			}
		}
		allocs += here;
		runs += here > 0;
	}
	if (first)
		judge_void_claims(j,
				  "workers did not reach their targets: %u allocations in %u of %u "
				  "runs ended with less memory than asked for, first %s of %s, "
				  "repetition %u",
				  allocs, runs, r->nruns, r->plan->cgroups[session].name,
				  judge_run_name(j, first), first->rep + 1);
}

static bool same_name(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* The first run that has to be like run k: policies may name mechanisms of their own. */
static uint32_t first_like(const struct results *r, uint32_t k)
{
	const char *named = plan_mechanism(r->plan, r->runs[k].policy);
	uint32_t i = 0;

	while (i < k && !same_name(plan_mechanism(r->plan, r->runs[i].policy), named))
		i++;
	return i;
}

/* Means of runs under different conditions are means of nothing. */
static void judge_unlike(struct judge *j)
{
	const struct results *r = j->r;

	for (uint32_t k = 1; k < r->nruns; k++) {
		const struct run_summary *a = &r->runs[0], *b = &r->runs[k];
		uint32_t like = first_like(r, k);

		if (same_name(r->runs[like].mechanism, b->mechanism) &&
		    same_name(a->kernel, b->kernel))
			continue;
		if (!same_name(r->runs[like].mechanism, b->mechanism))
			a = &r->runs[like];
		judge_void_claims(
		    j,
		    "unlike runs cannot be pooled: run %u was made with %s on %s, run %u "
		    "with %s on %s",
		    (unsigned)(a - r->runs) + 1, a->mechanism ? a->mechanism : "no mechanism",
		    a->kernel ? a->kernel : "an unknown kernel", k + 1,
		    b->mechanism ? b->mechanism : "no mechanism",
		    b->kernel ? b->kernel : "an unknown kernel");
		return;
	}
}

static const char *run_of(const struct results *r, const struct run_summary *run)
{
	return run->policy == PX_ALONE ? r->plan->cgroups[run->alone].name
				       : r->plan->policies[run->policy].name;
}

static void judge_ends(struct judge *j)
{
	struct results *r = j->r;
	const struct plan *p = r->plan;
	uint32_t late = 0;

	for (uint32_t k = 0; k < r->nruns; k++) {
		const struct run_summary *run = &r->runs[k];
		const char *alone = run->policy == PX_ALONE ? "alone." : "";

		switch ((enum summary_end)run->end) {
		case END_FINISHED:
			break;
		case END_DEADLINE:
			late++;
			break;
		case END_ABORTED:
			judge_note(j, "aborted after %u of %u runs: %s%s, repetition %u, at %s: %s",
				   k + 1, r->planned, alone, run_of(r, run), run->rep + 1,
				   judge_time(j, run->end_ns), p->abort_texts[run->abort]);
			r->verdict = judge_worse(r->verdict, VERDICT_ABORTED);
			break;
		case END_STUCK:
			judge_note(
			    j,
			    "%s%s, repetition %u, came to a halt at %s: its workers wait for "
			    "what never comes",
			    alone, run_of(r, run), run->rep + 1, judge_time(j, run->end_ns));
			break;
		case END_INTERRUPTED:
			judge_note(j, "%s%s, repetition %u, was cut off at %s and is not counted",
				   alone, run_of(r, run), run->rep + 1, judge_time(j, run->end_ns));
			break;
		}
	}
	if (late)
		judge_note(j, "%u of %u runs ended by their deadline", late, r->nruns);
	if (r->interrupted) {
		judge_note(j, "interrupted: %u of %u runs", r->nruns, r->planned);
		r->verdict = judge_worse(r->verdict, VERDICT_ABORTED);
	}
}

/*
 * What limits some sessions only may be what a policy does; what all of them share is the
 * experiment's budget, and whoever is given more of it fares better for that.
 */
static void judge_budgets(struct judge *j)
{
	const struct plan *p = j->r->plan;
	uint64_t budget;

	if (p->baseline < 0)
		return;
	budget = p->policies[p->baseline].attrs[0].max_bytes;
	for (uint32_t i = 0; i < p->npolicies; i++) {
		uint64_t own = p->policies[i].attrs[0].max_bytes;

		if (own != budget)
			judge_void(j, "unlike budgets: all sessions share %s under %s, %s under %s",
				   budget == NO_LIMIT ? "the machine" : judge_size(j, budget),
				   p->policies[p->baseline].name,
				   own == NO_LIMIT ? "the machine" : judge_size(j, own),
				   p->policies[i].name);
	}
}

void judge_runs(struct judge *j)
{
	judge_ends(j);
	judge_limits(j);
	judge_lateness(j);
	judge_targets(j);
	judge_unlike(j);
	judge_budgets(j);
	judge_contention(j);
	judge_policies(j);
}
