/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.c - results for programs.  agentcg-json(5) documents every field. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "base/units.h"
#include "report/fields.h"
#include "report/pool.h"
#include "report/report.h"

/* Twelve digits: nanoseconds in times up to a quarter of an hour, and no noise of the last bits. */
#define DUMP_FLAGS (JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12))

static json_t *real(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

/* JSON integers are signed; a count or a seed beyond that is a string of its digits. */
static json_t *integer(uint64_t v)
{
	char digits[24];

	if (v <= INT64_MAX)
		return json_integer((json_int_t)v);
	snprintf(digits, sizeof(digits), "%" PRIu64, v);
	return json_string(digits);
}

static json_t *hex(uint64_t v)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%016" PRIx64, v);
	return json_string(digits);
}

/* Names and titles may hold any bytes; what is no UTF-8 must not lose the rest. */
static json_t *string(const char *s)
{
	struct buf quoted = {0};
	json_t *j;

	if (!s)
		return json_null();
	j = json_string(s);
	if (j)
		return j;
	buf_json_string(&quoted, s, strlen(s));
	j = json_loadb(quoted.s, quoted.n, JSON_DECODE_ANY, NULL);
	buf_free(&quoted);
	return j ? j : json_string("?");
}

static json_t *when(uint64_t ns)
{
	return ns == NEVER ? json_null() : real((double)ns / (double)NS_PER_SEC);
}

static void put(json_t *object, const char *key, json_t *value)
{
	if (!value || json_object_set_new_nocheck(object, key, value))
		mem_exhausted(0);
}

static void add(json_t *array, json_t *value)
{
	if (!value || json_array_append_new(array, value))
		mem_exhausted(0);
}

/* ---- what the runs of a policy say of a cgroup ------------------------------------------------
 */

static json_t *dist(const struct dist *d)
{
	json_t *o = json_object();

	put(o, "n", integer(d->n));
	put(o, "missing", integer(d->missing));
	put(o, "mean", d->n ? real(d->mean) : json_null());
	put(o, "sd", d->n > 1 ? real(d->sd) : json_null());
	put(o, "min", d->n ? real(d->min) : json_null());
	put(o, "p50", d->n ? real(d->p50) : json_null());
	put(o, "p95", d->n ? real(d->p95) : json_null());
	put(o, "p99", d->n ? real(d->p99) : json_null());
	put(o, "max", d->n ? real(d->max) : json_null());
	return o;
}

struct of {
	const struct results *r;
	int32_t policy;
	uint32_t cgroup;
};

static json_t *mean(const struct of *of, enum metric m)
{
	struct dist d = results_dist(of->r, of->policy, of->cgroup, m);

	return d.n ? real(d.mean) : json_null();
}

static json_t *alloc(const struct of *of)
{
	json_t *o = json_object();

	put(o, "n", mean(of, M_ALLOC_N));
	put(o, "mean", mean(of, M_ALLOC_MEAN));
	put(o, "p50", mean(of, M_ALLOC_P50));
	put(o, "p90", mean(of, M_ALLOC_P90));
	put(o, "p95", mean(of, M_ALLOC_P95));
	put(o, "p99", mean(of, M_ALLOC_P99));
	put(o, "p999", mean(of, M_ALLOC_P999));
	put(o, "max", mean(of, M_ALLOC_MAX));
	return o;
}

static json_t *events(const struct of *of)
{
	json_t *o = json_object();

	put(o, "low", mean(of, M_EV_LOW));
	put(o, "high", mean(of, M_EV_HIGH));
	put(o, "max", mean(of, M_EV_MAX));
	put(o, "oom", mean(of, M_EV_OOM));
	put(o, "oom_kill", mean(of, M_EV_OOM_KILL));
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
	json_t *o = json_object(), *psi = json_object();
	struct dist d;

	put(o, "name", string(r->plan->cgroups[index].name));
	put(o, "session", json_boolean(sessions && r->plan->cgroups[index].leaf));
	put(o, "sessions", integer(sessions));
	put(o, "runs", integer(pool.runs));
	put(o, "survived", pool.runs ? real((double)pool.survived / pool.runs) : json_null());
	put(o, "killed", integer(pool.killed));
	put(o, "finished", integer(pool.finished));
	d = results_dist(r, policy, index, M_TIME);
	put(o, "time", dist(&d));
	d = results_dist(r, policy, index, M_STALL);
	put(o, "stall", dist(&d));
	put(o, "alloc", alloc(&of));
	put(o, "peak_bytes", mean(&of, M_PEAK));
	put(o, "usage_bytes", mean(&of, M_USAGE));
	put(o, "swap_bytes", mean(&of, M_SWAP));
	put(o, "delays", mean(&of, M_DELAYS));
	put(o, "delayed_s", mean(&of, M_DELAYED));
	put(o, "throttled_s", mean(&of, M_THROTTLED));
	put(o, "events", events(&of));
	put(psi, "some", mean(&of, M_PSI_SOME));
	put(psi, "full", mean(&of, M_PSI_FULL));
	put(o, "psi", psi);
	put(o, "faults", mean(&of, M_FAULTS));
	put(o, "throughput_bps", mean(&of, M_THROUGHPUT));
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

		put(o, "name", string(p->policies[i].name));
		put(o, "baseline", json_boolean((int32_t)i == p->baseline));
		put(o, "runs", integer(pool.runs));
		put(o, "contended", integer(pool.contended));
		for (uint32_t c = 0; c < p->ncgroups && pool.runs; c++)
			add(cgroups, cgroup(r, (int32_t)i, c, sessions[c]));
		put(o, "cgroups", cgroups);
		add(list, o);
	}
	free(sessions);
	return list;
}

static json_t *alone(const struct results *r)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < r->nsessions && r->plan->uses_alone; i++)
		add(list, cgroup(r, PX_ALONE, r->sessions[i], 1));
	return list;
}

/* ---- what it was about ------------------------------------------------------------------------
 */

static json_t *params(const struct plan *p)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < p->nparams; i++) {
		json_t *o = json_object();

		put(o, "name", string(p->params[i].name));
		put(o, "value", string(p->params[i].value));
		put(o, "overridden", json_boolean(p->params[i].overridden));
		add(list, o);
	}
	return list;
}

static json_t *traces(const struct plan *p)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < p->ntraces; i++) {
		const struct plan_trace *t = &p->traces[i];
		json_t *o = json_object();

		put(o, "name", string(t->name));
		put(o, "path", string(t->path));
		put(o, "units", string(t->units));
		put(o, "digest", hex(t->digest));
		put(o, "duration_s", when(t->duration_ns));
		put(o, "peak_bytes", integer(t->peak_bytes));
		put(o, "mean_bytes", integer(t->mean_bytes));
		put(o, "samples", integer(t->nsamples));
		put(o, "calls", integer(t->ncalls));
		add(list, o);
	}
	return list;
}

static json_t *demand(const struct results *r)
{
	json_t *o = json_object(), *limits = json_array();

	for (uint32_t i = 0; i < r->nbudgets; i++) {
		const struct budget *b = &r->budgets[i];
		json_t *l = json_object();

		put(l, "cgroup", string(r->plan->cgroups[b->cgroup].name));
		put(l, "machine", json_boolean(b->machine));
		put(l, "sessions", integer(b->nsessions));
		put(l, "limit_bytes", integer(b->limit_bytes));
		put(l, "peak_bytes", integer(b->over.peak_bytes));
		put(l, "peak_at_s", when(b->over.peak_ns));
		put(l, "exceeds_at_s", when(b->over.first_ns));
		put(l, "exceeds_for_s", when(b->over.total_ns));
		put(l, "runs", integer(b->nruns));
		put(l, "contended", integer(b->contended));
		add(limits, l);
	}
	put(o, "contended", json_boolean(r->contended));
	put(o, "reactive", json_boolean(r->demand.reactive));
	put(o, "limits", limits);
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

			put(o, "name", string(c->name));
			put(o, "text", string(x->expect->text));
			put(o, "policy", own ? json_null() : string(pool_name(r, x->policy)));
			put(o, "left",
			    x->has_sides && !x->left_missing ? real(x->left) : json_null());
			put(o, "right",
			    x->has_sides && !x->right_missing ? real(x->right) : json_null());
			put(o, "warn_only", json_boolean(x->expect->warn_only));
			put(o, "verdict", string(verdict_name(x->verdict)));
			put(o, "why", string(x->why));
			add(list, o);
		}
	}
	return list;
}

/* ---- one object a run -------------------------------------------------------------------------
 */

static json_t *run_cgroup(const struct results *r, const struct run_summary *run, uint32_t index)
{
	const struct cg_summary *s = &run->cgroups[index];
	json_t *o = json_object();

	put(o, "name", string(r->plan->cgroups[index].name));
	put(o, "oom_killed", json_boolean(s->oom_killed));
	put(o, "killed", json_boolean(s->oom_killed || s->other_killed));
	put(o, "finished", json_boolean(s->finished));
	put(o, "killed_at_s", when(s->killed_ns));
	for (enum metric m = 0; m < M_COUNT; m++) {
		double v;

		put(o, field_name(m), results_metric(run, index, m, &v) ? real(v) : json_null());
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

		put(o, "run", integer(k + 1));
		put(o, "policy", string(pool_name(r, run->policy)));
		put(o, "repetition", integer(run->rep + 1));
		put(o, "end", string(summary_end_name((enum summary_end)run->end)));
		put(o, "end_s", when(run->end_ns));
		put(o, "contended", json_boolean(run->contended));
		for (uint32_t i = 0; i < r->plan->nmarks; i++)
			put(marks, r->plan->marks[i], when(run->marks_ns[i]));
		put(o, "marks", marks);
		for (uint32_t c = 0; c < r->plan->ncgroups; c++)
			if (run->policy != PX_ALONE || c == run->alone)
				add(cgroups, run_cgroup(r, run, c));
		put(o, "cgroups", cgroups);
		add(list, o);
	}
	return list;
}

static json_t *reasons(const struct results *r)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < r->nreasons; i++)
		add(list, string(r->reasons[i]));
	return list;
}

static int append(const char *text, size_t n, void *out)
{
	buf_put(out, text, n);
	return 0;
}

void report_json(const struct results *r, struct buf *out)
{
	json_t *o = json_object(), *scenario = json_object();

	put(o, "verdict", string(verdict_name(r->verdict)));
	put(o, "reasons", reasons(r));
	put(o, "interrupted", json_boolean(r->interrupted));
	put(scenario, "title", string(r->plan->title));
	put(scenario, "path", string(r->plan->path));
	put(o, "scenario", scenario);
	put(o, "digest", hex(r->digest));
	put(o, "backend", string(r->backend));
	put(o, "mechanism", string(r->mechanism));
	put(o, "kernel", string(r->kernel));
	put(o, "seed", integer(r->seed));
	put(o, "repeat", integer(r->plan->repeat));
	put(o, "params", params(r->plan));
	put(o, "traces", traces(r->plan));
	put(o, "policies", policies(r));
	put(o, "alone", alone(r));
	put(o, "claims", claims(r));
	put(o, "demand", demand(r));
	put(o, "runs", runs(r));
	if (json_dump_callback(o, append, out, DUMP_FLAGS))
		mem_exhausted(0);
	json_decref(o);
	buf_putc(out, '\n');
}
