/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * estimate.h - an expression over the runs, with its interval.
 *
 * Resampled are repetitions, each with all runs that it has: policies of one repetition share its
 * jitter and noise, so that a difference or ratio of two is compared within it, and any expression
 * (sums, quantiles, arithmetic) has an interval.
 *
 * killed() and survived() that are the same in all n runs vary in no resample.  That n runs agree
 * still allows that the next does not, with a chance up to 1 - ((1 - confidence) / 2)^(1 / n)
 * (Clopper and Pearson's interval where nothing was seen): the interval reaches as far.  Ten
 * survivors of ten are no proof of more than 69%.
 */
#ifndef AGENTCG_STAT_ESTIMATE_H
#define AGENTCG_STAT_ESTIMATE_H

#include "stat/results.h"

struct estimate {
	double value;
	struct interval in;
	uint32_t n; /* repetitions */
	bool empty; /* no value, as evaluation.empty says */
	uint32_t missing;
};

struct estimate estimate(const struct results *r, const struct px *e, int32_t policy,
			 double confidence);

/* Is anything in e asked of a policy that it does not name? */
/* The first policy that it asks of and that is skipped; or PX_ANY_POLICY. */
int32_t estimate_skipped(const struct results *r, const struct px *e, int32_t policy);
bool estimate_of_any(const struct px *e);

/*
 * What the interval says of a condition: PASS where all of it is on the condition's side, FAIL
 * where none is, else UNDECIDED, with why in r's arena.  == is refuted by an interval without 0,
 * and holds only where nothing varies; != conversely.  and, or and not are of three values; marks,
 * done() and constants are what they are in the runs made.  *difference is that of the sides, where
 * cond compares two.
 */
enum verdict estimate_decide(struct results *r, const struct px *cond, int32_t policy,
			     double confidence, struct interval *difference, const char **why);

/*
 * After how many repetitions `repeat lo..hi until` looks next, having made `made`; 0: no further.
 * The first look is after lo, but not before there can be an interval; each next after a quarter
 * more; the last after hi.  Few looks, all fixed beforehand: each is a chance to stop on luck.
 */
uint32_t estimate_next_look(const struct plan *p, uint32_t made);
/* Is the interval narrow enough?  Fills in r's until fields. */
bool estimate_narrow(struct results *r);

#endif
