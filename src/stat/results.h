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
#include "base/units.h"
#include "plan/demand.h"
#include "plan/plan.h"
#include "stat/bootstrap.h"

/* Later than this an action was not where the scenario has it.  Simulated ones are never late. */
#define LATE_BOUND_NS (100 * NS_PER_MS)

/* Real commands that ended; all 0 where none was run. */
struct command_sums {
	uint32_t n;
	uint32_t failed, killed, timed_out; /* by their exit status, SIGKILL, their timeout */
	uint64_t time_ns, longest_ns;	    /* of all of them, and of one */
	uint64_t peak_bytes;		    /* the highest of those with a cgroup of their own */
};

/*
 * Where the time of a session went, summed over its workers.  For each it is from the session's
 * first due time to its own death or the session's end; of a session that did not finish, to the
 * death of its last worker or the end of the run.  What the parts leave is not explained.
 */
struct time_spent {
	uint64_t total_ns;  /* NEVER: not recorded */
	uint64_t due_ns;    /* between two actions, waiting for when the next is due */
	struct obs_held in; /* inside actions */
};
uint64_t time_spent_rest(const struct time_spent *t);

/*
 * One cgroup in one run.  A parent has no workers of its own; killed, done and finished speak of
 * those beneath it, counters are hierarchical, all else is 0.
 */
struct cg_summary {
	bool has_workers;  /* of its own */
	bool oom_killed;   /* an OOM killer ended one of its workers */
	bool other_killed; /* `kill`, or a signal */
	bool done;	   /* all its workers ended, dead or finished */
	bool finished;	   /* all its workers did all their actions */
	bool has_time;	   /* finished, unkilled, and it had an action */
	uint64_t time_ns;
	/*
	 * How late its actions were, summed over them: an action's lateness is that of its begin
	 * or, where it is paced and ended later still, that of its end.
	 */
	uint64_t stall_ns;
	/*
	 * What its throughput is counted over: first action's due time to the last one's end, and
	 * to the end of the run where it was killed or did not finish, so that dying early is no
	 * gain.
	 */
	uint64_t span_ns;
	uint64_t alloc_n; /* latencies below are ns; 0 when alloc_n is 0 */
	uint64_t alloc_mean, alloc_p50, alloc_p90, alloc_p95, alloc_p99, alloc_p999, alloc_max;
	struct obs_held held; /* what held its allocations, summed */
	struct time_spent spent;
	struct command_sums commands;
	uint64_t short_bytes;  /* the most by which a replay lagged behind its samples */
	uint64_t bytes_done;   /* completed by its actions */
	uint32_t dropped;      /* actions that never began */
	uint32_t short_allocs; /* ... that ended well with less memory than asked for */
	uint64_t killed_ns;    /* NEVER when not killed */
	/*
	 * From the begin of what a priority-high cgroup was doing, of its actions that allocate, to
	 * the first delay: until that was in force, not only found out.  NEVER: there was none.
	 */
	uint64_t reaction_ns;
	struct cg_counters counters; /* at the end */
};

/* How a run ended, as engine.h explains; statistics do not see the engine. */
enum summary_end {
	END_FINISHED,
	END_DEADLINE,
	END_ABORTED,
	END_STUCK,
	END_INTERRUPTED, /* kept, but in no distribution and no claim: it is only a part */
};
const char *summary_end_name(enum summary_end e);

struct run_summary {
	int32_t policy; /* index, or PX_ALONE */
	uint32_t alone; /* the cgroup, when PX_ALONE */
	uint32_t rep;
	uint32_t end; /* enum summary_end */
	uint64_t end_ns;
	uint32_t abort;			     /* END_ABORTED: index of plan.aborts */
	const struct cg_summary *cgroups;    /* [plan.ncgroups] */
	const uint64_t *marks_ns, *fired_ns; /* [plan.nmarks], [plan.ntriggers]; NEVER */
	uint32_t limits_not_in_force;
	/* Actions that came due, and how many of them the tool noticed over LATE_BOUND_NS late. */
	uint32_t events, late_events;
	uint64_t latest_ns;		   /* the latest of them */
	uint64_t late_p50_ns, late_p99_ns; /* of all of them; NEVER: not known */
	uint32_t clock;			   /* enum obs_clock; another value: not known */
	const char *mechanism, *kernel;	   /* under which it was made; NULL: not known */
	bool contended;			   /* a shared limit was met (contention.h) */
	const struct timeline *timeline;   /* NULL unless timelines were asked for (timeline.h) */
};

/*
 * A limit that several sessions share: memory.max, or memory.high where lower, of a cgroup with two
 * or more of them beneath; for a root without either, the machine's memory.  As the baseline (the
 * first policy where there is none) sets it.
 */
struct budget {
	uint32_t cgroup;
	uint32_t nsessions;
	uint64_t limit_bytes;
	bool machine;
	struct demand_over over;   /* how unlimited demand meets it */
	uint32_t nruns, contended; /* runs of that policy, and in how many it was met */
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
	uint32_t n;	   /* values present */
	uint32_t missing;  /* runs without a value (killed, unfinished) */
	uint32_t outliers; /* of the n, by dist.h's rule; never left out */
	double mean, sd, min, p50, p90, p95, p99, max; /* sd: n - 1, 0 for n < 2 */
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
	struct interval difference; /* left - right, at expect->confidence; where that was asked */
};

/* What sessions are for, by the priority that some policy gives them. */
enum role {
	ROLE_HIGH,
	ROLE_LOW,
	ROLE_OTHER,
	ROLE_COUNT
};

/* The sessions of one role under a policy, beside the baseline (contrast.h has their figures). */
struct contrast {
	int32_t policy;
	enum role role;
	uint32_t nsessions;
	uint32_t runs, survived; /* sessions' runs, and those that no OOM killer ended */
	uint32_t base_runs, base_survived;
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
	const char *backend;
	const char *mechanism;	       /* of runs under a policy that names none */
	const char *const *mechanisms; /* [npolicies]: their own; NULL: as above */
	/* [npolicies]: why no run of it was made; NULL: it is run.  NULL altogether: all are. */
	const char *const *skipped;
	const char *kernel;    /* modelled or running; NULL where the backend does not say */
	uint64_t seed, digest; /* digest: the plan's with backend, mechanism and seed */
	const struct run_summary *runs; /* in order of running */
	uint32_t nruns, planned;
	struct demand demand;
	const uint32_t *sessions; /* cgroups with workers of their own, ascending */
	uint32_t nsessions;
	const struct budget *budgets; /* ascending cgroup */
	uint32_t nbudgets;
	enum verdict verdict;
	const char *const *reasons; /* why VOID, SKIP, ABORTED; also notes that qualify a PASS */
	uint32_t nreasons;
	const struct claim_result *claims;
	uint32_t nclaims;
	const struct contrast *contrasts; /* by policy, roles within; none without a baseline */
	uint32_t ncontrasts;
	uint32_t repetitions;  /* made, or begun */
	struct interval until; /* `repeat until`: the widest interval at its end, about ... */
	double until_width;    /* ... half of it over the mean; negative: not known */
	int32_t until_policy;  /* whose it is */
	bool contended;	       /* in some run of the baseline, or demand exceeded a shared limit */
	bool interrupted;
	/* What a worker was measured to fill before the runs, by pages of 4K, of 2M; 0: was not. */
	uint64_t populate_bps, populate_huge_bps;
	/* Of the same plan in the simulator, where that was asked for; not owned.  Or NULL. */
	const struct results *prediction;
};

/* Frees r itself too.  NULL is fine. */
void results_free(struct results *r);
/* Under which runs of this policy (or PX_ALONE) are made, as results name it; NULL: none. */
const char *results_mechanism(const struct results *r, int32_t policy);
/* How reasons say it: its name, why. */
#define RESULTS_SKIPPED "policy %s is skipped: %s"
/* Why no run of it was made; NULL: it is run. */
const char *results_skipped(const struct results *r, int32_t policy);

/* One run's value; false when that run has none (alloc.p99 without allocations, time of a killed).
 */
bool results_metric(const struct run_summary *r, uint32_t cgroup, enum metric m, double *out);
/*
 * Over the runs of one policy (or PX_ALONE of that cgroup) that were not interrupted.  Quantiles
 * are nearest-rank: the smallest value that at least that share of the values does not exceed.
 */
struct dist results_dist(const struct results *r, int32_t policy, uint32_t cgroup, enum metric m);
/* Of the mean of the same values: at 95%, by the experiment's seed. */
struct interval results_interval(const struct results *r, int32_t policy, uint32_t cgroup,
				 enum metric m);
/* The process's exit status for a verdict: PASS, WARN, NONE 0; FAIL, UNDECIDED 1; SKIP 3; VOID 4;
 * ABORTED 5; 130 when interrupted. */
int results_exit_status(const struct results *r);

#endif
