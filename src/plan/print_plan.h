/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * print_plan.h - a plan for people: `agentcg plan` and `agentcg help FILE`.
 */
#ifndef AGENTCG_PLAN_PRINT_PLAN_H
#define AGENTCG_PLAN_PRINT_PLAN_H

#include "plan/plan.h"

/*
 * The expanded timeline, the cgroups with their attributes per policy, and demand against each
 * shared limit over time; says which session's own peak exceeds the budget.
 */
void plan_print(const struct plan *p, struct buf *out);
/* Title, parameters with values, ranges and docs, policies, claims. */
void plan_print_help(const struct plan *p, struct buf *out);
/* One step as the language would write it: "alloc 300M in low[0]". */
void plan_print_step(const struct plan *p, const struct plan_step *s, struct buf *out);

#endif
