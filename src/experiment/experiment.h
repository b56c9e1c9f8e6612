/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * experiment.h - policies x repetitions, and the undisturbed runs beside them.
 *
 * One run after the other, each on a world of its own, reduced to a summary before the next begins,
 * so that memory does not grow with the length of a run.
 */
#ifndef AGENTCG_EXPERIMENT_EXPERIMENT_H
#define AGENTCG_EXPERIMENT_EXPERIMENT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/backend.h"
#include "base/diag.h"
#include "plan/plan.h"
#include "run/engine.h"
#include "stat/results.h"

struct experiment_options {
	const struct backend *backend;
	/* What carries out one run; NULL: engine_run() on the backend. */
	int (*run)(void *ctx, const struct run_config *c, struct run_outcome *out);
	void *run_ctx;
	const volatile sig_atomic_t *stop; /* or NULL */
	bool timelines;			   /* keep one of every run: run_summary.timeline */
	/*
	 * Called before each run: which of how many, of what (policy index or PX_ALONE and the
	 * cgroup). NULL for none.
	 */
	void (*progress)(void *ctx, uint32_t run, uint32_t nruns, int32_t policy, uint32_t cgroup,
			 uint32_t rep);
	/* Every observation of every run, as it comes; NULL for none. */
	void (*observe)(void *ctx, const struct obs *o);
	void *progress_ctx; /* of both */
	/*
	 * What is made, for who keeps it: `begun` once it is known that runs will be made (r has
	 * no runs yet), `keep` after each.  NULL for none.  What `begun` returns other than 0 is
	 * the end.
	 */
	int (*begun)(void *ctx, const struct results *r);
	void (*keep)(void *ctx, const struct run_summary *run, uint32_t planned);
	void *keep_ctx; /* of both */
	/*
	 * Runs that were made before, in any order: they count as made now.  One that was
	 * interrupted is made again.
	 */
	const struct run_summary *have;
	uint32_t nhave;
	/*
	 * Make no run: what `have` lacks counts as interrupted, and a `have` that was interrupted
	 * counts.  Of the backend only the names are used; `reasons` are those of a SKIP.  With
	 * `redraw` each is made all the same, for its timeline only.
	 */
	bool recall, redraw;
	const char *const *reasons;
	uint32_t nreasons;
	const char *const *skipped; /* as in struct results */
};

/*
 * Run the whole experiment and judge it.  *out is set whenever 0 is returned, also for a verdict of
 * SKIP, VOID or ABORTED and after an interruption (what was measured is kept, .interrupted set).
 * -EOPNOTSUPP when the plan needs what the backend cannot do, or has a sweep, which is
 * several experiments: reported with places.  Other -errno: the backend failed: reported.
 * results_free() the outcome.
 */
int experiment_run(const struct plan *p, const struct experiment_options *o, struct diags *d,
		   struct results **out);

#endif
