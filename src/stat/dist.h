/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dist.h - what a handful of values say together.
 */
#ifndef AGENTCG_STAT_DIST_H
#define AGENTCG_STAT_DIST_H

#include <stddef.h>

#include "stat/results.h"

/* Sorts v.  With n 0 every figure is 0. */
struct dist dist_of(double *v, size_t n, size_t missing);
double dist_mean(const double *v, size_t n); /* n > 0; in the order given */
void dist_sort(double *v, size_t n);
/* Nearest rank, 0 < q <= 1; v sorted, n > 0. */
double dist_quantile(const double *v, size_t n, double q);

/*
 * Can n values tell the q-quantile from their extreme?  With fewer than 1 / (1 - q) of them (10
 * for p90, 20 for p95, 100 for p99) it is just the largest.  For q < 0.5 likewise the smallest.
 */
bool dist_carries(size_t n, double q);

/*
 * An outlier lies outside of [q1 - 3 iqr, q3 + 3 iqr] (Tukey's outer fences), widened by 1% of the
 * median, as without noise all other runs may be equal.  Of fewer than DIST_OUTLIER_LEAST values
 * none is told; and more than one in ten are no outliers but a second mode.  Outliers are named and
 * never left out.
 */
#define DIST_OUTLIER_LEAST 8
struct fences {
	double lo, hi; /* lo > hi where no outliers can be told */
};
struct fences dist_fences(const double *v, size_t n); /* v sorted */
static inline bool dist_is_outlier(const struct fences *f, double v)
{
	return f->lo <= f->hi && (v < f->lo || v > f->hi);
}

#endif
