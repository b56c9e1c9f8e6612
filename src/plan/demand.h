/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * demand.h - what the sessions would use if nothing limited them.
 *
 * Contention means that, unlimited, the sessions' sum would exceed the budget they share.  Demand
 * follows the nominal timeline: no jitter, actions take no time beyond their own pacing (over,
 * sleep, replay, tool calls, exec's like), a worker's actions in order.  Actions of `when` and
 * `after` are left out: whether they happen is only known by running; .reactive says that there are
 * some.
 */
#ifndef AGENTCG_PLAN_DEMAND_H
#define AGENTCG_PLAN_DEMAND_H

#include "base/vec.h"
#include "plan/plan.h"

struct demand_point {
	uint64_t at_ns;
	uint64_t bytes; /* from at_ns on */
};

struct demand_series {
	VEC(struct demand_point) points; /* ascending at_ns, changes only */
	uint64_t peak_bytes, peak_ns;
};

struct demand {
	struct demand_series
	    *cgroups; /* [ncgroups], subtree sums; anonymous plus file memory, no overhead */
	uint32_t ncgroups;
	uint64_t end_ns;
	bool reactive;
};

int demand_compute(const struct plan *p, struct demand *out);
void demand_free(struct demand *d);

/* How demand meets one limit: for a cgroup, its max under a policy. */
struct demand_over {
	uint64_t limit_bytes, peak_bytes, peak_ns;
	uint64_t first_ns; /* when demand first exceeds the limit; NEVER */
	uint64_t total_ns; /* for how long it does, in all */
};
void demand_against(const struct demand *d, uint32_t cgroup, uint64_t limit_bytes,
		    struct demand_over *out);

#endif
