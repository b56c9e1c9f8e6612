/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collect.h - reduce one run, as it happens, to a run_summary.
 *
 * Observations come as the backend sends them; what the engine knows besides (when an action was
 * due, how late it began) comes through a function each.  One collector serves one run after the
 * other and keeps its memory between them.
 */
#ifndef AGENTCG_STAT_COLLECT_H
#define AGENTCG_STAT_COLLECT_H

#include "stat/results.h"

struct collect;

struct collect *collect_new(const struct plan *p);
void collect_free(struct collect *c);

/*
 * Keep timelines from now on, of samples of all cgroups taken every period_ns; 0: no longer.  What
 * is only for them comes through the functions of timeline.h, to collect_recording().
 */
void collect_timelines(struct collect *c, uint64_t period_ns);
struct recording *collect_recording(struct collect *c); /* NULL: no timelines are kept */

/* Forget the last run.  alone: the cgroup of an undisturbed run (policy PX_ALONE), else ignored. */
void collect_begin(struct collect *c, int32_t policy, uint32_t alone, uint32_t rep);
void collect_obs(struct collect *c, const struct obs *o);
void collect_due(struct collect *c, uint32_t worker, uint64_t due_ns);
/* How much later than due the tool itself noticed that an action was due. */
void collect_noticed(struct collect *c, uint64_t late_ns);
void collect_begun(struct collect *c, uint32_t worker, uint64_t now_ns, uint64_t late_ns);
/* What the action begun at t_ns is to allocate; 0 for all that do not. */
void collect_asked(struct collect *c, uint32_t worker, uint64_t bytes, uint64_t t_ns);
void collect_dropped(struct collect *c, uint32_t worker);
void collect_done(struct collect *c, uint32_t cgroup); /* all its workers ended */

struct collect_outcome {
	enum summary_end end;
	uint64_t end_ns;
	uint32_t abort;
	const uint64_t *marks_ns, *fired_ns; /* as in run_summary; copied */
};
/* The arrays of *out live in `a`. */
void collect_end(struct collect *c, const struct collect_outcome *o, struct arena *a,
		 struct run_summary *out);

#endif
