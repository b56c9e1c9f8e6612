/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootstrap.h - intervals from resampling: how far could a figure be off by the luck of the runs?
 *
 * The method is BCa (Efron 1987): the percentiles of 10,000 resamples, moved for bias and for
 * skewness, as times under contention are skewed.  Resamples of few values spread too little, by
 * sqrt((n - 1) / n), and with the normal's quantiles in place of Student's; the percentiles are
 * therefore taken at the level Phi(-sqrt(n / (n - 1)) t) (Hesterberg 2015, "expanded" percentiles).
 * Draws come from the seed given: the same values and seed have the same interval everywhere.
 *
 * There is no interval of fewer than bootstrap_least() values: with fewer not even the sign of n
 * differences that all agree is significant, 2 * 2^-n > 1 - confidence.
 */
#ifndef AGENTCG_STAT_BOOTSTRAP_H
#define AGENTCG_STAT_BOOTSTRAP_H

#include <stdbool.h>
#include <stdint.h>

#define BOOTSTRAP_DRAWS 10000

struct interval {
	double lo, hi;
	bool there; /* else n was too small, and lo and hi are 0 */
};

/* 6 at 0.95, 8 at 0.99. */
uint32_t bootstrap_least(double confidence);

/* Of the mean of v. */
struct interval bootstrap_mean(const double *v, uint32_t n, double confidence, uint64_t seed);
/* Of mean(a) / mean(b) where a[i] and b[i] belong together. Means of b that are 0 are no ratio. */
struct interval bootstrap_ratio(const double *a, const double *b, uint32_t n, double confidence,
				uint64_t seed);

/*
 * Of anything: draws[ndraws] are its values of resamples of n units, jackknife[n] its values with
 * one of the units left out, value that of all.  Reorders draws.
 */
struct interval bootstrap_bca(double value, double *draws, uint32_t ndraws, const double *jackknife,
			      uint32_t n, double confidence);

/* Random indexes below n, for who computes draws of his own. */
struct rng;
void bootstrap_draw(struct rng *rng, uint32_t *index, uint32_t n);

#endif
