/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/made.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/units.h"

static const char *const names[MADE_CGROUPS] = {"root", "high", "low[0]", "low[1]"};
static const char *const policy_names[MADE_POLICIES] = {"none", "static", "native", "bpf"};

static void make_plan(struct made *m)
{
	struct plan *p = &m->plan;

	for (uint32_t i = 0; i < MADE_CGROUPS; i++)
		m->cgroups[i] = (struct cg_spec){.name = names[i], .leaf = i > 0};
	for (uint32_t i = 0; i < 3; i++)
		m->workers[i] = (struct worker_spec){.cgroup = MADE_HIGH + i, .name = ""};
	m->workers[3] = (struct worker_spec){.cgroup = MADE_HIGH, .name = "tool"};
	for (uint32_t q = 0; q < MADE_POLICIES; q++) {
		for (uint32_t i = 0; i < MADE_CGROUPS; i++) {
			m->attrs[q][i].high_bytes = NO_LIMIT;
			m->attrs[q][i].max_bytes = i ? NO_LIMIT : 1536 * MIB;
			m->attrs[q][i].window_ns = NS_PER_SEC;
		}
		m->policies[q].name = policy_names[q];
		m->policies[q].attrs = m->attrs[q];
	}
	for (uint32_t i = MADE_HIGH; i < MADE_CGROUPS; i++) {
		uint64_t high = (i == MADE_HIGH ? 800 : 400) * MIB;

		m->attrs[MADE_STATIC][i].max_bytes = 512 * MIB;
		m->attrs[MADE_NATIVE][i].high_bytes = high;
		m->attrs[MADE_BPF][i].high_bytes = high;
		m->attrs[MADE_BPF][i].delay_ns = i == MADE_HIGH ? 0 : 2 * NS_PER_SEC;
	}
	m->policies[MADE_BPF].acts = true;
	m->params[0] = (struct plan_param){.name = "total", .value = "1536M"};
	m->params[1] = (struct plan_param){.name = "pause", .value = "2s"};

	p->title = "three agents, 1.5 GB";
	p->path = "scenarios/three_way_1_5G.acg";
	p->digest = UINT64_C(0x0123456789abcdef);
	p->machine.memory_bytes = 16 * GIB;
	p->machine.cpus = 2;
	p->cgroups = m->cgroups;
	p->ncgroups = MADE_CGROUPS;
	p->workers = m->workers;
	p->nworkers = 4;
	p->policies = m->policies;
	p->npolicies = MADE_POLICIES;
	p->alone_attrs = m->attrs[MADE_NONE];
	p->finish_ns = NEVER;
	p->repeat = p->repeat_max = MADE_REPEAT;
	p->seed = 1;
	p->expects = m->expects;
	p->uses_alone = true;
	p->params = m->params;
	p->nparams = 2;
}

static void fill_session(struct cg_summary *s, uint32_t cgroup, int32_t policy, uint32_t rep)
{
	bool high = cgroup == MADE_HIGH, delayed = policy == MADE_BPF && !high;
	uint64_t wobble_ms = rep * 137 % 911;

	s->has_workers = s->done = s->finished = s->has_time = true;
	s->time_ns = s->span_ns = (120000 + wobble_ms) * NS_PER_MS + (delayed ? 2 * NS_PER_SEC : 0);
	s->stall_ns = wobble_ms * NS_PER_US + (delayed ? 31 * NS_PER_SEC : 0);
	s->alloc_n = 185;
	s->alloc_p50 = 412345 + rep * 100;
	s->alloc_mean = s->alloc_p90 = s->alloc_p95 = 3 * s->alloc_p50;
	s->alloc_p99 = delayed ? 18 * NS_PER_SEC : 121345678 + rep * 1000;
	s->alloc_p999 = s->alloc_max = s->alloc_p99;
	s->bytes_done = 900 * MIB;
	s->killed_ns = NEVER;
	s->counters.peak_bytes = (high ? 682 : 502) * MIB;
	s->counters.usage_bytes = MIB;
	s->counters.faults = 200000;
	if (delayed) {
		s->counters.delays = 34;
		s->counters.delayed_ns = 68 * NS_PER_SEC + rep * NS_PER_MS;
		s->counters.ev_high = 600;
	}
}

static void make_run(struct made *m, uint32_t k, int32_t policy, uint32_t alone, uint32_t rep)
{
	struct cg_summary *sums = &m->sums[k * MADE_CGROUPS];
	struct run_summary *r = &m->runs[k];

	*r = (struct run_summary){.policy = policy,
				  .alone = alone,
				  .rep = rep,
				  .end = END_FINISHED,
				  .end_ns = 123 * NS_PER_SEC,
				  .cgroups = sums};
	for (uint32_t i = 0; i < MADE_CGROUPS; i++)
		sums[i].killed_ns = NEVER;
	sums[MADE_ROOT].done = sums[MADE_ROOT].finished = true;
	for (uint32_t i = MADE_HIGH; i < MADE_CGROUPS; i++)
		if (policy != PX_ALONE || i == alone)
			fill_session(&sums[i], i, policy, rep);
	sums[MADE_ROOT].counters.peak_bytes = 1536 * MIB;
	for (uint32_t i = MADE_HIGH; i < MADE_CGROUPS; i++)
		sums[MADE_ROOT].counters.ev_high += sums[i].counters.ev_high;
	if (policy == MADE_NONE) {
		sums[MADE_ROOT].counters.ev_max = 18;
		r->contended = true;
	}
}

static void make_demand(struct made *m)
{
	static const uint64_t peaks[MADE_CGROUPS] = {1681, 681, 500, 500};
	struct demand *d = &m->results->demand;

	d->cgroups = mem_alloc(MADE_CGROUPS * sizeof(*d->cgroups));
	d->ncgroups = MADE_CGROUPS;
	d->end_ns = 120 * NS_PER_SEC;
	d->reactive = true;
	for (uint32_t i = 0; i < MADE_CGROUPS; i++) {
		struct demand_series *s = &d->cgroups[i];

		vec_push(&s->points, (struct demand_point){0, 200 * MIB});
		vec_push(&s->points, (struct demand_point){90 * NS_PER_SEC, peaks[i] * MIB});
		vec_push(&s->points, (struct demand_point){120 * NS_PER_SEC, 0});
		s->peak_bytes = peaks[i] * MIB;
		s->peak_ns = 90 * NS_PER_SEC;
	}
}

struct made *made_new(void)
{
	static const uint32_t sessions[] = {MADE_HIGH, MADE_LOW0, MADE_LOW1};
	struct made *m = mem_alloc(sizeof(*m));
	struct results *r = m->results = mem_alloc(sizeof(*r));
	uint32_t k = 0;

	make_plan(m);
	r->plan = &m->plan;
	r->backend = "sim";
	r->mechanism = "memcg_bpf (modelled)";
	r->kernel = "7.2 (modelled)";
	r->seed = 1;
	r->digest = UINT64_C(0xfedcba9876543210);
	r->sessions = sessions;
	r->nsessions = 3;
	r->nruns = r->planned = MADE_REPEAT * (MADE_POLICIES + 3);
	m->runs = arena_array(&r->arena, struct run_summary, r->nruns);
	m->sums = arena_array(&r->arena, struct cg_summary, r->nruns * MADE_CGROUPS);
	for (uint32_t rep = 0; rep < MADE_REPEAT; rep++) {
		for (int32_t q = 0; q < MADE_POLICIES; q++)
			make_run(m, k++, q, UINT32_MAX, rep);
		for (uint32_t i = MADE_HIGH; i < MADE_CGROUPS; i++)
			make_run(m, k++, PX_ALONE, i, rep);
	}
	r->runs = m->runs;
	make_demand(m);
	return m;
}

void made_free(struct made *m)
{
	results_free(m->results);
	arena_free(&m->arena);
	free(m);
}

struct run_summary *made_run(struct made *m, int32_t policy, uint32_t rep)
{
	for (uint32_t k = 0; k < m->results->nruns; k++)
		if (m->runs[k].policy == policy && m->runs[k].rep == rep)
			return &m->runs[k];
	abort();
}

struct cg_summary *made_sum(struct made *m, int32_t policy, uint32_t rep, uint32_t cgroup)
{
	return &m->sums[(size_t)(made_run(m, policy, rep) - m->runs) * MADE_CGROUPS + cgroup];
}

void made_kill(struct made *m, int32_t policy, uint32_t rep, uint32_t cgroup)
{
	struct cg_summary *s = made_sum(m, policy, rep, cgroup);
	struct cg_summary *root = made_sum(m, policy, rep, MADE_ROOT);

	s->oom_killed = root->oom_killed = true;
	s->finished = s->has_time = root->finished = false;
	s->time_ns = 0;
	s->killed_ns = 90 * NS_PER_SEC;
	s->counters.ev_oom_kill++;
	root->counters.ev_oom_kill++;
	root->counters.ev_oom++;
	root->counters.ev_max += 35;
	made_run(m, policy, rep)->contended = true;
}

void made_calm(struct made *m)
{
	for (uint32_t k = 0; k < m->results->nruns; k++) {
		m->runs[k].contended = false;
		m->sums[k * MADE_CGROUPS].counters.ev_max = 0;
	}
	m->results->demand.cgroups[MADE_ROOT].points.v[1].bytes = 1100 * MIB;
	m->results->demand.cgroups[MADE_ROOT].peak_bytes = 1100 * MIB;
}

/* ---- expressions ------------------------------------------------------------------------------
 */

static struct px *px(struct made *m, enum px_kind kind, enum dim dim)
{
	struct px *e = arena_new(&m->arena, struct px);

	e->kind = (uint8_t)kind;
	e->dim = (uint8_t)dim;
	return e;
}

const struct px *made_const(struct made *m, double value, enum dim dim)
{
	struct px *e = px(m, PX_CONST, dim);

	e->value = value;
	return e;
}

static void set_scope(struct made *m, struct px *e, int32_t policy, uint32_t n, const uint32_t *cg)
{
	e->scope.policy = policy;
	e->scope.ncgroups = n;
	e->scope.cgroups = arena_dup(&m->arena, cg, n * sizeof(*cg));
}

const struct px *made_metric(struct made *m, int32_t policy, enum metric metric, uint32_t ncgroups,
			     const uint32_t *cgroups)
{
	struct px *e = px(m, PX_METRIC, metric_info[metric].dim);

	e->metric = metric;
	set_scope(m, e, policy, ncgroups, cgroups);
	return e;
}

const struct px *made_of(struct made *m, enum px_kind kind, int32_t policy, uint32_t ncgroups,
			 const uint32_t *cgroups)
{
	struct px *e = px(m, kind, kind == PX_DONE ? DIM_BOOL : DIM_NUMBER);

	set_scope(m, e, policy, ncgroups, cgroups);
	return e;
}

const struct px *made_op(struct made *m, enum px_kind kind, const struct px *a, const struct px *b)
{
	bool compares = kind >= PX_LT && kind <= PX_OR;
	struct px *e = px(m, kind, compares ? DIM_BOOL : (enum dim)a->dim);
	const struct px *args[2] = {a, b};

	e->nargs = b ? 2 : 1;
	e->args = arena_dup(&m->arena, args, e->nargs * sizeof(*args));
	return e;
}

struct plan_expect *made_expect(struct made *m, const char *claim, const char *text,
				const struct px *cond)
{
	struct plan_expect *x = &m->expects[m->plan.nexpects++];

	*x = (struct plan_expect){.cond = cond, .text = text, .claim = claim};
	return x;
}
