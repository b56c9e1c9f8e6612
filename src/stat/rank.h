/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rank.h - is there a difference at all, and how large is it without regard to units?
 *
 * Both tests are two-sided.  They assume no distribution: times of runs are not normal.
 */
#ifndef AGENTCG_STAT_RANK_H
#define AGENTCG_STAT_RANK_H

#include <stdbool.h>
#include <stdint.h>

struct rank_test {
	double u;   /* pairs (a, b) with a > b, equal ones half */
	double p;   /* two-sided; 1 where n is 0 */
	bool exact; /* all arrangements were counted, ties included */
	/* Vargha and Delaney's A: the chance that one of a is larger than one of b, ties half. */
	double a_larger;
	double delta; /* Cliff's: 2 A - 1 */
};

/*
 * Mann and Whitney's U of two independent samples.  Exact up to RANK_EXACT values in all, also with
 * ties; beyond that the normal approximation, corrected for ties and continuity.
 */
#define RANK_EXACT 50
struct rank_test rank_u(const double *a, uint32_t na, const double *b, uint32_t nb);

/*
 * Of pairs: could the mean of these differences be as far from 0 if the signs were chance?  All 2^n
 * sign changes up to SIGNS_EXACT pairs (Fisher's randomisation test), else 10,000 by the seed.
 */
#define SIGNS_EXACT 16
double rank_signs(const double *difference, uint32_t n, uint64_t seed);

#endif
