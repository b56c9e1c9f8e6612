/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.c - results for programs.  agentcg-json(5) documents every field. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "base/units.h"
#include "report/asked.h"
#include "report/fidelity.h"
#include "report/fields.h"
#include "report/json_value.h"
#include "report/lateness.h"
#include "report/pool.h"
#include "report/report.h"
#include "stat/timeline.h"
#include "stat/lateness.h"

/* Twelve digits: nanoseconds in times up to a quarter of an hour, and no noise of the last bits. */
#define DUMP_FLAGS (JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12))

/* ---- what the runs of a policy say of a cgroup ------------------------------------------------
 */

struct of {
	const struct results *r;
	int32_t policy;
	uint32_t cgroup;
};

static json_t *mean(const struct of *of, enum metric m)
{
	struct dist d = results_dist(of->r, of->policy, of->cgroup, m);

	return d.n ? json_value(d.mean) : json_null();
}

static json_t *alloc(const struct of *of)
{
	json_t *o = json_object();

	json_put(o, "n", mean(of, M_ALLOC_N));
	json_put(o, "mean", mean(of, M_ALLOC_MEAN));
	json_put(o, "p50", mean(of, M_ALLOC_P50));
	json_put(o, "p90", mean(of, M_ALLOC_P90));
	json_put(o, "p95", mean(of, M_ALLOC_P95));
	json_put(o, "p99", mean(of, M_ALLOC_P99));
	json_put(o, "p999", mean(of, M_ALLOC_P999));
	json_put(o, "max", mean(of, M_ALLOC_MAX));
	return o;
}

static json_t *events(const struct of *of)
{
	json_t *o = json_object();

	json_put(o, "low", mean(of, M_EV_LOW));
	json_put(o, "high", mean(of, M_EV_HIGH));
	json_put(o, "max", mean(of, M_EV_MAX));
	json_put(o, "oom", mean(of, M_EV_OOM));
	json_put(o, "oom_kill", mean(of, M_EV_OOM_KILL));
	return o;
}

/* How many sessions live beneath (or are) each cgroup; children come after their parents. */
static uint32_t *count_sessions(const struct results *r)
{
	uint32_t *n = mem_alloc(r->plan->ncgroups * sizeof(*n));

	for (uint32_t i = 0; i < r->nsessions; i++)
		n[r->sessions[i]] = 1;
	for (uint32_t i = r->plan->ncgroups; i-- > 1;)
		n[r->plan->cgroups[i].parent] += n[i];
	return n;
}

static json_t *cgroup(const struct results *r, int32_t policy, uint32_t index, uint32_t sessions)
{
	const struct of of = {r, policy, index};
	struct pool pool = pool_of(r, policy, index);
	json_t *o = json_object(), *psi = json_object(), *metrics = json_object();
	bool session = sessions && r->plan->cgroups[index].leaf;
	struct asked asked;

	json_put(o, "name", json_text(r->plan->cgroups[index].name));
	json_put(o, "session", json_boolean(session));
	json_put(o, "sessions", json_count(sessions));
	json_put(o, "runs", json_count(pool.runs));
	json_put(o, "survived",
		 pool.runs ? json_value((double)pool.survived / pool.runs) : json_null());
	json_put(o, "killed", json_count(pool.killed));
	json_put(o, "finished", json_count(pool.finished));
	json_put(o, "time", json_dist(r, policy, index, M_TIME));
	json_put(o, "stall", json_dist(r, policy, index, M_STALL));
	json_put(o, "alloc", alloc(&of));
	json_put(o, "peak_bytes", mean(&of, M_PEAK));
	json_put(o, "usage_bytes", mean(&of, M_USAGE));
	json_put(o, "swap_bytes", mean(&of, M_SWAP));
	json_put(o, "delays", mean(&of, M_DELAYS));
	json_put(o, "delayed_s", mean(&of, M_DELAYED));
	json_put(o, "throttled_s", mean(&of, M_THROTTLED));
	if (asked_of(r, policy, index, &asked))
		json_put(o, "asked", asked_json(&asked));
	json_put(o, "events", events(&of));
	json_put(psi, "some", mean(&of, M_PSI_SOME));
	json_put(psi, "full", mean(&of, M_PSI_FULL));
	json_put(o, "psi", psi);
	json_put(o, "faults", mean(&of, M_FAULTS));
	json_put(o, "throughput_bps", mean(&of, M_THROUGHPUT));
	for (enum metric m = 0; session && m < M_COUNT; m++)
		json_put(metrics, field_name(m), json_dist(r, policy, index, m));
	json_put(o, "metrics", metrics);
	return o;
}

static json_t *policies(const struct results *r)
{
	const struct plan *p = r->plan;
	json_t *list = json_array();
	uint32_t *sessions = count_sessions(r);

	for (uint32_t i = 0; i < p->npolicies; i++) {
		json_t *o = json_object(), *cgroups = json_array();
		struct pool pool = pool_of(r, (int32_t)i, 0);

		json_put(o, "name", json_text(p->policies[i].name));
		json_put(o, "baseline", json_boolean((int32_t)i == p->baseline));
		if (r->mechanisms && r->mechanisms[i])
			json_put(o, "mechanism", json_text(r->mechanisms[i]));
		if (results_skipped(r, (int32_t)i))
			json_put(o, "skipped", json_text(results_skipped(r, (int32_t)i)));
		json_put(o, "runs", json_count(pool.runs));
		json_put(o, "contended", json_count(pool.contended));
		json_put(o, "lateness", lateness_json(r, (int32_t)i));
		for (uint32_t c = 0; c < p->ncgroups && pool.runs; c++)
			json_add(cgroups, cgroup(r, (int32_t)i, c, sessions[c]));
		json_put(o, "cgroups", cgroups);
		json_add(list, o);
	}
	free(sessions);
	return list;
}

static json_t *alone(const struct results *r)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < r->nsessions && r->plan->uses_alone; i++)
		json_add(list, cgroup(r, PX_ALONE, r->sessions[i], 1));
	return list;
}

/* ---- what it was about ------------------------------------------------------------------------
 */

static json_t *params(const struct plan *p)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < p->nparams; i++) {
		json_t *o = json_object();

		json_put(o, "name", json_text(p->params[i].name));
		json_put(o, "value", json_text(p->params[i].value));
		json_put(o, "overridden", json_boolean(p->params[i].overridden));
		json_add(list, o);
	}
	return list;
}

static json_t *traces(const struct plan *p)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < p->ntraces; i++) {
		const struct plan_trace *t = &p->traces[i];
		json_t *o = json_object();

		json_put(o, "name", json_text(t->name));
		json_put(o, "path", json_text(t->path));
		json_put(o, "units", json_text(t->units));
		json_put(o, "digest", json_digits(t->digest));
		json_put(o, "duration_s", json_moment(t->duration_ns));
		json_put(o, "peak_bytes", json_count(t->peak_bytes));
		json_put(o, "mean_bytes", json_count(t->mean_bytes));
		json_put(o, "samples", json_count(t->nsamples));
		json_put(o, "calls", json_count(t->ncalls));
		json_add(list, o);
	}
	return list;
}

static json_t *demand(const struct results *r)
{
	json_t *o = json_object(), *limits = json_array();

	for (uint32_t i = 0; i < r->nbudgets; i++) {
		const struct budget *b = &r->budgets[i];
		json_t *l = json_object();

		json_put(l, "cgroup", json_text(r->plan->cgroups[b->cgroup].name));
		json_put(l, "machine", json_boolean(b->machine));
		json_put(l, "sessions", json_count(b->nsessions));
		json_put(l, "limit_bytes", json_count(b->limit_bytes));
		json_put(l, "peak_bytes", json_count(b->over.peak_bytes));
		json_put(l, "peak_at_s", json_moment(b->over.peak_ns));
		json_put(l, "exceeds_at_s", json_moment(b->over.first_ns));
		json_put(l, "exceeds_for_s", json_moment(b->over.total_ns));
		json_put(l, "runs", json_count(b->nruns));
		json_put(l, "contended", json_count(b->contended));
		json_add(limits, l);
	}
	json_put(o, "contended", json_boolean(r->contended));
	json_put(o, "reactive", json_boolean(r->demand.reactive));
	json_put(o, "limits", limits);
	return o;
}

static json_t *claims(const struct results *r)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < r->nclaims; i++) {
		const struct claim_result *c = &r->claims[i];

		for (uint32_t k = 0; k < c->nexpects; k++) {
			const struct expect_result *x = &c->expects[k];
			json_t *o = json_object();
			bool own = x->policy == PX_ANY_POLICY;

			json_put(o, "name", json_text(c->name));
			json_put(o, "text", json_text(x->expect->text));
			json_put(o, "policy",
				 own ? json_null() : json_text(pool_name(r, x->policy)));
			json_put(o, "left",
				 x->has_sides && !x->left_missing ? json_value(x->left)
								  : json_null());
			json_put(o, "right",
				 x->has_sides && !x->right_missing ? json_value(x->right)
								   : json_null());
			json_put(o, "confidence",
				 x->expect->confidence > 0 ? json_value(x->expect->confidence)
							   : json_null());
			json_put(o, "difference_ci", json_interval(&x->difference));
			json_put(o, "warn_only", json_boolean(x->expect->warn_only));
			json_put(o, "verdict", json_text(verdict_name(x->verdict)));
			json_put(o, "why", json_text(x->why));
			json_add(list, o);
		}
	}
	return list;
}

/* ---- one object a run -------------------------------------------------------------------------
 */

/* Each tool call, where there was a timeline to note it. */
static json_t *calls_of(const struct timeline *t, uint32_t cgroup)
{
	json_t *list = NULL;

	for (uint32_t i = 0; t && i < t->nevents; i++) {
		const struct timeline_event *e = &t->events[i];
		json_t *o;

		if (e->kind != TIMELINE_COMMAND || e->cgroup != cgroup)
			continue;
		list = list ? list : json_array();
		o = json_object();
		json_put(o, "call", json_count(e->late_ns + 1));
		json_put(o, "start_s", json_moment(e->t_ns));
		json_put(o, "time_s", json_moment(e->end_ns - e->t_ns));
		json_put(o, "peak_bytes", json_count(e->value));
		json_put(o, "ended", json_text(done_status_name(e->detail)));
		json_add(list, o);
	}
	return list;
}

/* Commands and tool calls, what held allocations, replays that lag: where there are any. */
static void put_some(json_t *o, const struct cg_summary *s)
{
	const struct command_sums *c = &s->commands;
	const struct obs_held *h = &s->held;
	struct asked asked = {0};
	json_t *part;

	if (c->n) {
		part = json_object();
		json_put(part, "n", json_count(c->n));
		json_put(part, "failed", json_count(c->failed));
		json_put(part, "killed", json_count(c->killed));
		json_put(part, "timed_out", json_count(c->timed_out));
		json_put(part, "time_s", json_moment(c->time_ns));
		json_put(part, "longest_s", json_moment(c->longest_ns));
		json_put(part, "peak_bytes", json_count(c->peak_bytes));
		json_put(o, "commands", part);
	}
	if (obs_held_sum(h)) {
		part = json_object();
		json_put(part, "cpu_s", json_moment(h->cpu_ns));
		json_put(part, "throttle_s", json_moment(h->throttle_ns));
		json_put(part, "delay_s", json_moment(h->delay_ns));
		json_put(part, "reclaim_s", json_moment(h->reclaim_ns));
		json_put(part, "ready_s", json_moment(h->ready_ns));
		json_put(part, "disk_s", json_moment(h->disk_ns));
		json_put(part, "frozen_s", json_moment(h->frozen_ns));
		json_put(o, "held", part);
	}
	if (s->short_bytes)
		json_put(o, "short_bytes", json_count(s->short_bytes));
	if (asked_add(&asked, &s->counters))
		json_put(o, "asked", asked_json(&asked));
}

static json_t *run_cgroup(const struct results *r, const struct run_summary *run, uint32_t index)
{
	const struct cg_summary *s = &run->cgroups[index];
	json_t *o = json_object(), *calls;

	json_put(o, "name", json_text(r->plan->cgroups[index].name));
	json_put(o, "oom_killed", json_boolean(s->oom_killed));
	json_put(o, "killed", json_boolean(s->oom_killed || s->other_killed));
	json_put(o, "finished", json_boolean(s->finished));
	json_put(o, "short_allocs", json_count(s->short_allocs));
	json_put(o, "killed_at_s", json_moment(s->killed_ns));
	put_some(o, s);
	calls = calls_of(run->timeline, index);
	if (calls)
		json_put(o, "calls", calls);
	for (enum metric m = 0; m < M_COUNT; m++) {
		double v;

		json_put(o, field_name(m),
			 results_metric(run, index, m, &v) ? json_value(v) : json_null());
	}
	return o;
}

static json_t *runs(const struct results *r)
{
	json_t *list = json_array();

	for (uint32_t k = 0; k < r->nruns; k++) {
		const struct run_summary *run = &r->runs[k];
		json_t *o = json_object(), *cgroups = json_array();
		json_t *marks = json_object();

		json_put(o, "run", json_count(k + 1));
		json_put(o, "policy", json_text(pool_name(r, run->policy)));
		json_put(o, "repetition", json_count(run->rep + 1));
		json_put(o, "end", json_text(summary_end_name((enum summary_end)run->end)));
		json_put(o, "end_s", json_moment(run->end_ns));
		json_put(o, "contended", json_boolean(run->contended));
		json_put(o, "late_actions", json_count(run->late_events));
		json_put(o, "late_p50_s", json_moment(run->late_p50_ns));
		json_put(o, "late_p99_s", json_moment(run->late_p99_ns));
		json_put(o, "latest_s", json_moment(run->latest_ns));
		json_put(o, "actions", json_count(run->events));
		json_put(o, "clock", lateness_clock(run->clock));
		for (uint32_t i = 0; i < r->plan->nmarks; i++)
			json_put(marks, r->plan->marks[i], json_moment(run->marks_ns[i]));
		json_put(o, "marks", marks);
		for (uint32_t c = 0; c < r->plan->ncgroups; c++)
			if (run->policy != PX_ALONE || c == run->alone)
				json_add(cgroups, run_cgroup(r, run, c));
		json_put(o, "cgroups", cgroups);
		json_add(list, o);
	}
	return list;
}

static json_t *reasons(const struct results *r)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < r->nreasons; i++)
		json_add(list, json_text(r->reasons[i]));
	return list;
}

static json_t *rate(uint64_t bps)
{
	return bps ? json_count(bps) : json_null();
}

static int append(const char *text, size_t n, void *out)
{
	buf_put(out, text, n);
	return 0;
}

void report_json(const struct results *r, struct buf *out)
{
	json_t *o = json_object(), *scenario = json_object();

	json_put(o, "verdict", json_text(verdict_name(r->verdict)));
	json_put(o, "reasons", reasons(r));
	json_put(o, "interrupted", json_boolean(r->interrupted));
	json_put(scenario, "title", json_text(r->plan->title));
	json_put(scenario, "path", json_text(r->plan->path));
	json_put(o, "scenario", scenario);
	json_put(o, "digest", json_digits(r->digest));
	json_put(o, "backend", json_text(r->backend));
	json_put(o, "mechanism", json_text(r->mechanism));
	json_put(o, "kernel", json_text(r->kernel));
	json_put(o, "lateness", lateness_json(r, LATENESS_ALL));
	json_put(o, "populate_bps", rate(r->populate_bps));
	json_put(o, "populate_huge_bps", rate(r->populate_huge_bps));
	json_put(o, "seed", json_count(r->seed));
	json_put(o, "repeat", json_count(r->plan->repeat));
	json_put(o, "repetitions", json_count(r->repetitions));
	json_put(o, "until", json_until(r));
	json_put(o, "params", params(r->plan));
	json_put(o, "traces", traces(r->plan));
	json_put(o, "policies", policies(r));
	json_put(o, "alone", alone(r));
	json_put(o, "comparisons", json_comparisons(r));
	json_put(o, "claims", claims(r));
	json_put(o, "demand", demand(r));
	if (r->prediction)
		json_put(o, "fidelity", fidelity_json(r));
	if (r->prediction)
		json_put(o, "calibrated", fidelity_machine_json(r));
	json_put(o, "runs", runs(r));
	if (json_dump_callback(o, append, out, DUMP_FLAGS))
		mem_exhausted(0);
	json_decref(o);
	buf_putc(out, '\n');
}
