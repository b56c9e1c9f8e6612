/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pace.h - can a machine follow what a plan paces?
 *
 * Only rises over time are looked at: an allocation `over` a time, and the samples of a recording.
 * What is allocated at once is as fast as it goes, and never late by this.
 */
#ifndef AGENTCG_RUN_PACE_H
#define AGENTCG_RUN_PACE_H

#include "base/diag.h"
#include "plan/plan.h"
#include "run/gauge.h"

/* Lateness that is not worth a word; results are VOID from the same on. */
#define PACE_LATE_NS (100 * NS_PER_MS)

/*
 * What has to be measured for pace_warn(): GAUGE_BIT()s of FAULT and HUGE; 0 where the plan paces
 * nothing that is steep.
 */
uint32_t pace_needs(const struct plan *p);

/* What of a statement a machine is furthest behind with. */
struct pace_lag {
	struct span at;
	uint64_t bytes, ns; /* its steepest rise: so much in that time */
	uint64_t late_ns;   /* by how much it would be late at most */
	uint64_t can_bps;   /* what was measured, for the pages that it takes */
	bool huge;
};
/*
 * The statements that one worker, alone on its CPU and filling memory as measured, could not follow
 * within PACE_LATE_NS: the worst in *worst, and how many there are.  g lacks what was not measured:
 * that is not judged.
 */
uint32_t pace_lags(const struct plan *p, const struct gauge *g, struct pace_lag *worst);
/* Warn of it (W860), with the statement's place.  what: "this machine", "an emulated machine" */
void pace_warn(const struct plan *p, const struct gauge *g, const char *what, struct diags *d);

#endif
