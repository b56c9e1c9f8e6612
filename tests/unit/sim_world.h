/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim_world.h - a small world for tests that drive the simulator through the backend contract:
 * make cgroups and workers, open, give ops, collect what is observed.
 */
#ifndef AGENTCG_TESTS_SIM_WORLD_H
#define AGENTCG_TESTS_SIM_WORLD_H

#include "backend/backend.h"
#include "backend/sim/sim.h"
#include "base/vec.h"

struct sim_world {
	struct machine machine; /* machine_default without noise, or what the test makes of it */
	VEC(struct cg_spec) cgroups;
	VEC(struct cg_attrs) attrs;
	VEC(struct worker_spec) workers;
	const char *mechanism; /* NULL: the hook */
	struct world world;
	void *run;
	VEC(struct obs) seen; /* all but samples, in order */
	struct cg_counters counters;
	bool check; /* ask sim_check after every call, and that time and counters never go back */
	uint64_t last_ns;
	VEC(struct cg_counters) last;
};

void sw_init(struct sim_world *w);
void sw_free(struct sim_world *w);
/* The first is the root, whatever its parent. */
uint32_t sw_cgroup(struct sim_world *w, uint32_t parent, struct cg_attrs a);
uint32_t sw_worker(struct sim_world *w, uint32_t cgroup);
void sw_open(struct sim_world *w, uint64_t seed, uint32_t rep);

uint64_t sw_now(const struct sim_world *w);
int sw_apply(struct sim_world *w, struct op op); /* due now */
int sw_apply_due(struct sim_world *w, struct op op, uint64_t due_ns);
void sw_until(struct sim_world *w, uint64_t ns); /* let time pass, whatever happens */
int sw_drain(struct sim_world *w);		 /* until nothing happens by itself any more */
/* Begin an op of a worker and run until it is done; its OBS_DONE. */
struct obs sw_do(struct sim_world *w, struct op op);
const struct cg_counters *sw_sample(struct sim_world *w, uint32_t cgroup);

/* How many of a kind were seen (of a worker, of a cgroup; UINT32_MAX = any), and the latest. */
uint32_t sw_count(const struct sim_world *w, enum obs_kind kind, uint32_t worker, uint32_t cgroup);
const struct obs *sw_latest(const struct sim_world *w, enum obs_kind kind, uint32_t worker);
bool sw_killed(const struct sim_world *w, uint32_t worker);

struct cg_attrs sw_attrs(uint64_t high_bytes, uint64_t max_bytes); /* swap 0 */

#define OP(k, t, ...) ((struct op){.kind = (k), .target = (t), __VA_ARGS__})

#endif
