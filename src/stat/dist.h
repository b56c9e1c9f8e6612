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

#endif
