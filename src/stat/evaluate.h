/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * evaluate.h - what an expression says about the runs.
 *
 * A metric stands for one value per cgroup and run of its scope.  Outside of min, max, sum and pNN
 * it is their mean; inside, the function takes all values of all its arguments, of which anything
 * but a metric (arithmetic, say) gives one.  killed() and survived() are one value a run, done() is
 * true when it is in every run, a mark when it was reached in every run.  Comparisons allow for
 * rounding: two values within 1e-12 of the larger are equal.
 *
 * A run without a value (the time of a killed session) is left out and counted as missing.
 */
#ifndef AGENTCG_STAT_EVALUATE_H
#define AGENTCG_STAT_EVALUATE_H

#include "stat/results.h"

struct evaluation {
	double value;
	uint32_t values, missing; /* of all metrics in it */
	bool empty;		  /* some metric has no value at all, and so has the whole */
	/* The metric to tell of: one without any value, else the first that lacks some. */
	const struct px *lacks;
	uint32_t lacks_of, lacks_n; /* lacks_n of its lacks_of values are missing ... */
	uint32_t lacks_killed;	    /* ... as many of them of sessions that were killed */
};

/* policy: what metrics without a prefix are asked of (PX_ANY_POLICY: of all policies' runs). */
struct evaluation evaluate(const struct results *r, const struct px *e, int32_t policy);

/* The same as if the mean of `leaf`, a killed() or survived() in e, were `value`. */
struct evaluation evaluate_as_if(const struct results *r, const struct px *e, int32_t policy,
				 const struct px *leaf, double value);

/* "3 of 10 runs have no bpf.high.time: killed"; in r's arena. ev.missing > 0. */
const char *evaluation_why(struct results *r, const struct evaluation *ev, int32_t policy);

#endif
