/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * order.h - which runs an experiment is made of, and in which order.
 */
#ifndef AGENTCG_EXPERIMENT_ORDER_H
#define AGENTCG_EXPERIMENT_ORDER_H

#include <stdint.h>

#include "plan/plan.h"

struct planned_run {
	int32_t policy; /* index, or PX_ALONE */
	uint32_t alone; /* the cgroup, when PX_ALONE; UINT32_MAX */
	uint32_t rep;
};

/*
 * Repetition by repetition every policy, then, where the plan asks for them, every session alone:
 * whatever drifts on a live machine touches all alike.  `interleave random` shuffles all of them
 * by the plan's seed.  Of repetitions first up to (not including) end: those between two looks of
 * `repeat until` are shuffled among themselves, so that what was made are whole repetitions.
 * An array of *n, to free(); -EOVERFLOW when there are more than 2^32 - 1.
 */
int order_runs(const struct plan *p, const uint32_t *sessions, uint32_t nsessions, uint32_t first,
	       uint32_t end, struct planned_run **out, uint32_t *n);

#endif
