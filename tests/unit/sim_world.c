/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/sim_world.h"

#include <stdio.h>
#include <stdlib.h>

static _Noreturn void give_up(const struct sim_world *w, const char *what)
{
	fprintf(stderr, "at %llu ns: %s\n", (unsigned long long)(w->run ? sw_now(w) : 0), what);
	abort();
}

void sw_init(struct sim_world *w)
{
	*w = (struct sim_world){.machine = machine_default};
	w->machine.noise_ppm = 0;
}

void sw_free(struct sim_world *w)
{
	backend_sim.close(w->run);
	vec_free(&w->cgroups);
	vec_free(&w->attrs);
	vec_free(&w->workers);
	vec_free(&w->seen);
	vec_free(&w->last);
}

uint32_t sw_cgroup(struct sim_world *w, uint32_t parent, struct cg_attrs a)
{
	uint32_t index = (uint32_t)w->cgroups.n;

	vec_push(&w->cgroups, (struct cg_spec){.name = "cg", .parent = parent, .leaf = true});
	w->cgroups.v[parent].leaf = parent == index;
	vec_push(&w->attrs, a);
	return index;
}

uint32_t sw_worker(struct sim_world *w, uint32_t cgroup)
{
	vec_push(&w->workers, (struct worker_spec){.cgroup = cgroup, .name = ""});
	return (uint32_t)w->workers.n - 1;
}

static bool went_back(const struct cg_counters *was, const struct cg_counters *is)
{
	return is->peak_bytes < was->peak_bytes || is->ev_low < was->ev_low ||
	       is->ev_high < was->ev_high || is->ev_max < was->ev_max || is->ev_oom < was->ev_oom ||
	       is->ev_oom_kill < was->ev_oom_kill || is->reclaimed_bytes < was->reclaimed_bytes ||
	       is->refault_bytes < was->refault_bytes || is->faults < was->faults ||
	       is->delays < was->delays || is->delayed_ns < was->delayed_ns ||
	       is->protections < was->protections || is->throttled_ns < was->throttled_ns ||
	       is->psi_some_ns < was->psi_some_ns || is->psi_full_ns < was->psi_full_ns;
}

static void put(void *ctx, const struct obs *o)
{
	struct sim_world *w = ctx;

	if (o->t_ns < w->last_ns)
		give_up(w, "time went back");
	w->last_ns = o->t_ns;
	/* Where time went is all of it, and no more. */
	if (o->kind == OBS_DONE && obs_held_sum(&o->done.held) != o->t_ns - o->done.start_ns)
		give_up(w, "an op's time is not what its parts add up to");
	if (o->kind == OBS_STEP && obs_held_sum(&o->step.held) != o->step.latency_ns)
		give_up(w, "a latency is not what its parts add up to");
	if (o->kind != OBS_SAMPLE) {
		vec_push(&w->seen, *o);
		return;
	}
	w->counters = *o->counters;
	if (went_back(&w->last.v[o->cgroup], o->counters))
		give_up(w, "a counter went back");
	w->last.v[o->cgroup] = *o->counters;
}

static void check(struct sim_world *w)
{
	const char *why;

	if (w->check && !sim_check(w->run, &why))
		give_up(w, why);
}

void sw_open(struct sim_world *w, uint64_t seed, uint32_t rep)
{
	w->world = (struct world){
	    .machine = w->machine,
	    .cgroups = w->cgroups.v,
	    .attrs = w->attrs.v,
	    .workers = w->workers.v,
	    .ncgroups = (uint32_t)w->cgroups.n,
	    .nworkers = (uint32_t)w->workers.n,
	    .mechanism = w->mechanism,
	};
	for (size_t i = 0; i < w->cgroups.n; i++)
		vec_push(&w->last, (struct cg_counters){0});
	if (backend_sim.open(&w->world, seed, rep, (struct obs_sink){put, w}, NULL, &w->run))
		give_up(w, "open failed");
	check(w);
}

uint64_t sw_now(const struct sim_world *w)
{
	return backend_sim.now(w->run);
}

int sw_apply_due(struct sim_world *w, struct op op, uint64_t due_ns)
{
	int err = backend_sim.apply(w->run, &op, due_ns);

	check(w);
	return err;
}

int sw_apply(struct sim_world *w, struct op op)
{
	return sw_apply_due(w, op, sw_now(w));
}

void sw_until(struct sim_world *w, uint64_t ns)
{
	size_t seen;

	/* It may return early at `ns` itself: go on until it has nothing more to say. */
	do {
		seen = w->seen.n;
		if (backend_sim.advance(w->run, ns) < 0)
			give_up(w, "advance failed");
		check(w);
	} while (sw_now(w) < ns || w->seen.n != seen);
}

int sw_drain(struct sim_world *w)
{
	int r;

	while (!(r = backend_sim.advance(w->run, NEVER)))
		check(w);
	return r;
}

struct obs sw_do(struct sim_world *w, struct op op)
{
	size_t from = w->seen.n;

	if (sw_apply(w, op))
		give_up(w, "apply failed");
	for (;;) {
		int r = backend_sim.advance(w->run, NEVER);

		check(w);
		for (; from < w->seen.n; from++)
			if (w->seen.v[from].kind == OBS_DONE && w->seen.v[from].worker == op.target)
				return w->seen.v[from];
		if (r)
			give_up(w, "an op never ended");
	}
}

const struct cg_counters *sw_sample(struct sim_world *w, uint32_t cgroup)
{
	if (sw_apply(w, OP(OP_SAMPLE, cgroup)))
		give_up(w, "sample failed");
	return &w->counters;
}

uint32_t sw_count(const struct sim_world *w, enum obs_kind kind, uint32_t worker, uint32_t cgroup)
{
	const struct obs *o;
	uint32_t n = 0;

	vec_foreach (o, &w->seen)
		n += o->kind == kind && (worker == UINT32_MAX || o->worker == worker) &&
		     (cgroup == UINT32_MAX || o->cgroup == cgroup);
	return n;
}

const struct obs *sw_latest(const struct sim_world *w, enum obs_kind kind, uint32_t worker)
{
	for (size_t i = w->seen.n; i-- > 0;)
		if (w->seen.v[i].kind == (uint32_t)kind && w->seen.v[i].worker == worker)
			return &w->seen.v[i];
	return NULL;
}

bool sw_killed(const struct sim_world *w, uint32_t worker)
{
	return sw_count(w, OBS_KILL, worker, UINT32_MAX) != 0;
}

struct cg_attrs sw_attrs(uint64_t high_bytes, uint64_t max_bytes)
{
	struct cg_attrs a = cg_attrs_default;

	a.high_bytes = high_bytes;
	a.max_bytes = max_bytes;
	a.swap_bytes = 0;
	return a;
}
