/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare.h - the same figure of two experiments.
 *
 * Where both are simulated with one seed, repetition k of either has the same jitter and noise, and
 * what that does to both falls out: they are compared pair by pair (as policies are, contrast.h).
 * Without a pair, and otherwise, the two are independent samples, and each is resampled for itself.
 *
 * There is no interval where either side has fewer than bootstrap_least() values, and no ratio to a
 * mean of 0.
 */
#ifndef AGENTCG_STAT_COMPARE_H
#define AGENTCG_STAT_COMPARE_H

#include "stat/results.h"

#define COMPARE_CONFIDENCE 0.95

/* One cgroup under one policy (or PX_ALONE) in one experiment. */
struct compare_side {
	const struct results *r;
	int32_t policy;
	uint32_t cgroup;
};

struct comparison {
	bool paired;
	uint32_t a_n, b_n;	       /* values; of pairs the same */
	uint32_t a_missing, b_missing; /* runs that have none */
	double a, b;		       /* means */
	double change;		       /* b - a */
	double ratio;		       /* b / a; 0 where a is 0 */
	struct interval change_in, ratio_in;
	double p;	 /* of pairs by sign changes, else Mann and Whitney's */
	double b_larger; /* A: 1 when b is always larger */
};

/* Of a before and b after, at a confidence.  a_n or b_n 0: nothing to compare. */
struct comparison compare_metric(const struct compare_side *a, const struct compare_side *b,
				 enum metric m, double confidence, bool paired);

/* The i-th policy's name, or "alone" past the last; NULL past that. */
const char *compare_policy(const struct results *r, uint32_t i);
/* Policies by name, then "alone"; cgroups by name.  False: there is none in r. */
bool compare_find(const struct results *r, const char *policy, const char *cgroup,
		  struct compare_side *out);

/* Runs that were not interrupted, and those in which no OOM killer ended it. */
void compare_alive(const struct compare_side *s, uint32_t *runs, uint32_t *survived);

#endif
