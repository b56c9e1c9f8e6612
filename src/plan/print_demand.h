/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print_demand.h - demand against each shared limit.  Part of print_plan.h's printer. */
#ifndef AGENTCG_PLAN_PRINT_DEMAND_H
#define AGENTCG_PLAN_PRINT_DEMAND_H

#include "base/buf.h"
#include "plan/plan.h"

void print_demand(const struct plan *p, struct buf *out);
/* Seconds, exact: "119.5s". */
void print_seconds(struct buf *out, uint64_t ns);

#endif
