/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stat/contention.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/units.h"

/* Events of limits beneath included, as memory.events counts them. */
static uint64_t limit_events(const struct cg_counters *c)
{
	return c->ev_max + c->ev_oom + c->ev_high;
}

static bool step_reclaims(const struct plan_step *s)
{
	return s->kind == STEP_OP && s->op.kind == OP_RECLAIM;
}

static bool plan_reclaims(const struct plan *p)
{
	for (uint32_t i = 0; i < p->nevents; i++)
		if (step_reclaims(&p->events[i].step))
			return true;
	for (uint32_t i = 0; i < p->ntriggers; i++)
		for (uint32_t k = 0; k < p->triggers[i].nsteps; k++)
			if (step_reclaims(&p->triggers[i].steps[k]))
				return true;
	return false;
}

static bool machine_met(const struct plan *p, const struct cg_counters *root)
{
	if (root->ev_oom_kill && !root->ev_oom)
		return true;
	return root->reclaimed_bytes && !limit_events(root) && !plan_reclaims(p);
}

/* How many sessions live beneath (or are) each cgroup; children come after their parents. */
static void add_up(const struct plan *p, uint32_t *sessions)
{
	for (uint32_t i = p->ncgroups; i-- > 1;)
		sessions[p->cgroups[i].parent] += sessions[i];
}

void contention_met(const struct plan *p, const struct run_summary *r, bool *met)
{
	uint32_t *sessions = mem_alloc(p->ncgroups * sizeof(*sessions));
	uint64_t *children = mem_alloc(p->ncgroups * sizeof(*children));

	for (uint32_t i = 0; i < p->ncgroups; i++) {
		sessions[i] = r->cgroups[i].has_workers;
		if (i)
			children[p->cgroups[i].parent] += limit_events(&r->cgroups[i].counters);
	}
	add_up(p, sessions);
	for (uint32_t i = 0; i < p->ncgroups; i++)
		met[i] = sessions[i] >= 2 && limit_events(&r->cgroups[i].counters) > children[i];
	if (sessions[0] >= 2 && machine_met(p, &r->cgroups[0].counters))
		met[0] = true;
	free(sessions);
	free(children);
}

bool contention_met_anywhere(const struct plan *p, const struct run_summary *r)
{
	bool *met = mem_alloc(p->ncgroups * sizeof(*met)), any = false;

	contention_met(p, r, met);
	for (uint32_t i = 0; i < p->ncgroups && !any; i++)
		any = met[i];
	free(met);
	return any;
}

static uint64_t limit_of(const struct cg_attrs *a)
{
	return a->high_bytes < a->max_bytes ? a->high_bytes : a->max_bytes;
}

void contention_judge(struct results *r)
{
	const struct plan *p = r->plan;
	int32_t judged = p->baseline >= 0 ? p->baseline : 0;
	const struct cg_attrs *attrs = p->policies[judged].attrs;
	uint32_t *sessions = mem_alloc(p->ncgroups * sizeof(*sessions));
	bool *met = mem_alloc(p->ncgroups * sizeof(*met));
	struct budget *budgets;
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->nsessions; i++)
		sessions[r->sessions[i]] = 1;
	add_up(p, sessions);
	for (uint32_t i = 0; i < p->ncgroups; i++)
		n += sessions[i] >= 2 && (!i || limit_of(&attrs[i]) != NO_LIMIT);
	budgets = arena_array(&r->arena, struct budget, n);

	r->contended = false;
	n = 0;
	for (uint32_t i = 0; i < p->ncgroups; i++) {
		struct budget *b = &budgets[n];

		if (sessions[i] < 2 || (i && limit_of(&attrs[i]) == NO_LIMIT))
			continue;
		b->cgroup = i;
		b->nsessions = sessions[i];
		b->limit_bytes = limit_of(&attrs[i]);
		if (b->limit_bytes == NO_LIMIT) {
			b->limit_bytes = p->machine.memory_bytes;
			b->machine = true;
		}
		demand_against(&r->demand, i, b->limit_bytes, &b->over);
		r->contended |= b->over.first_ns != NEVER;
		n++;
	}
	for (uint32_t k = 0; k < r->nruns; k++) {
		const struct run_summary *run = &r->runs[k];

		if (run->policy != judged || run->end == END_INTERRUPTED)
			continue;
		contention_met(p, run, met);
		r->contended |= run->contended;
		for (uint32_t i = 0; i < n; i++) {
			budgets[i].nruns++;
			budgets[i].contended += met[budgets[i].cgroup];
		}
	}
	r->budgets = budgets;
	r->nbudgets = n;
	free(sessions);
	free(met);
}
