/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * results.h - what an experiment found: one summary a run, what they say together, the verdict.
 */
#ifndef AGENTCG_STAT_RESULTS_H
#define AGENTCG_STAT_RESULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/obs.h"
#include "base/arena.h"
#include "plan/demand.h"
#include "plan/plan.h"

/* One cgroup in one run. */
struct cg_summary {
	bool has_workers;  /* of its own */
	bool oom_killed;   /* an OOM killer ended one of its workers */
	bool other_killed; /* `kill`, or a signal */
	bool finished;	   /* all its workers did all their actions */
	bool has_time;	   /* finished, unkilled, and it had an action */
	uint64_t time_ns, stall_ns;
	uint64_t alloc_n; /* latencies below are ns; 0 when alloc_n is 0 */
	uint64_t alloc_mean, alloc_p50, alloc_p90, alloc_p95, alloc_p99, alloc_p999, alloc_max;
	uint64_t bytes_done;	     /* completed by its actions */
	uint32_t dropped;	     /* actions that never began */
	uint64_t killed_ns;	     /* NEVER when not killed */
	struct cg_counters counters; /* at the end */
};

struct run_summary {
	int32_t policy; /* index, or PX_ALONE */
	uint32_t alone; /* the cgroup, when PX_ALONE */
	uint32_t rep;
	uint32_t end; /* enum run_end */
	uint64_t end_ns;
	uint32_t abort;
	const struct cg_summary *cgroups; /* [plan.ncgroups] */
	const uint64_t *marks_ns, *fired_ns;
	uint32_t limits_not_in_force;
	bool contended; /* a shared limit was met: max or oom event, or reclaim, at a cgroup with
			   several sessions */
};

enum verdict {
	VERDICT_PASS,
	VERDICT_WARN, /* only `else warn` expectations are false */
	VERDICT_FAIL,
	VERDICT_UNDECIDED,
	VERDICT_VOID,
	VERDICT_SKIP,
	VERDICT_ABORTED,
	VERDICT_NONE, /* a report: nothing was claimed or compared */
};
const char *verdict_name(enum verdict v);

/* A distribution over runs (or over values of several cgroups and runs). Values as in expr.h. */
struct dist {
	uint32_t n;			     /* values present */
	uint32_t missing;		     /* runs without a value (killed, unfinished) */
	double mean, sd, min, p50, p95, max; /* sd: n - 1, 0 for n < 2 */
};

/* One expectation, under one policy when it names none. */
struct expect_result {
	const struct plan_expect *expect;
	int32_t policy; /* under which it was evaluated; PX_ANY_POLICY when it names its own */
	enum verdict verdict;
	bool has_sides;
	bool left_missing, right_missing;
	double left, right;
	enum dim dim;
	const char *why; /* for VOID, UNDECIDED and missing values: one phrase; or NULL */
};

struct claim_result {
	const char *name; /* NULL: expectations outside of claims */
	enum verdict verdict;
	const struct expect_result *expects;
	uint32_t nexpects;
};

struct results {
	const struct plan *plan;
	struct arena arena; /* owns everything below */
	const char *backend, *mechanism;
	uint64_t seed, digest;		/* digest: the plan's with backend, mechanism and seed */
	const struct run_summary *runs; /* in order of running */
	uint32_t nruns, planned;
	struct demand demand;
	enum verdict verdict;
	const char *const *reasons; /* why VOID, SKIP, ABORTED; also notes that qualify a PASS */
	uint32_t nreasons;
	const struct claim_result *claims;
	uint32_t nclaims;
	bool contended; /* in some run of the baseline, or demand exceeded a shared limit */
	bool interrupted;
};

void results_free(struct results *r);

/* One run's value; false when that run has none (alloc.p99 without allocations, time of a killed).
 */
bool results_metric(const struct run_summary *r, uint32_t cgroup, enum metric m, double *out);
/* Over the runs of one policy (or PX_ALONE of that cgroup). */
struct dist results_dist(const struct results *r, int32_t policy, uint32_t cgroup, enum metric m);
/* The process's exit status for a verdict: PASS, WARN, NONE 0; FAIL, UNDECIDED 1; SKIP 3; VOID 4;
 * ABORTED 5; 130 when interrupted. */
int results_exit_status(const struct results *r);

#endif
