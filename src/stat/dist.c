/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stat/dist.h"

#include <math.h>
#include <stdlib.h>

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void dist_sort(double *v, size_t n)
{
	if (n > 1)
		qsort(v, n, sizeof(*v), compare_double);
}

double dist_mean(const double *v, size_t n)
{
	double sum = 0;

	/* From the first value, so that the mean of equal values is that value and their sd 0. */
	for (size_t i = 1; i < n; i++)
		sum += v[i] - v[0];
	return v[0] + sum / (double)n;
}

double dist_quantile(const double *v, size_t n, double q)
{
	/* 0.95 of 20 is the 19th, although no binary fraction is 0.95. */
	double rank = ceil(q * (double)n - 1e-9);

	if (rank < 1)
		rank = 1;
	return v[rank > (double)n ? n - 1 : (size_t)rank - 1];
}

bool dist_carries(size_t n, double q)
{
	double tail = q < 0.5 ? q : 1 - q;

	return (double)n * tail >= 1 - 1e-9;
}

struct fences dist_fences(const double *v, size_t n)
{
	struct fences f = {1, 0};
	double q1, q3, iqr, slack;
	size_t beyond = 0;

	if (n < DIST_OUTLIER_LEAST)
		return f;
	q1 = dist_quantile(v, n, 0.25);
	q3 = dist_quantile(v, n, 0.75);
	iqr = q3 - q1;
	slack = 0.01 * fabs(dist_quantile(v, n, 0.5));
	f.lo = q1 - 3 * iqr - slack;
	f.hi = q3 + 3 * iqr + slack;
	for (size_t i = 0; i < n; i++)
		beyond += v[i] < f.lo || v[i] > f.hi;
	if (beyond * 10 > n && beyond > 1)
		return (struct fences){1, 0};
	return f;
}

struct dist dist_of(double *v, size_t n, size_t missing)
{
	struct dist d = {.n = (uint32_t)n, .missing = (uint32_t)missing};
	struct fences fences;

	if (!n)
		return d;
	d.mean = dist_mean(v, n);
	if (n > 1) {
		double squares = 0;

		for (size_t i = 0; i < n; i++)
			squares += (v[i] - d.mean) * (v[i] - d.mean);
		d.sd = sqrt(squares / (double)(n - 1));
	}
	dist_sort(v, n);
	d.min = v[0];
	d.max = v[n - 1];
	d.p50 = dist_quantile(v, n, 0.50);
	d.p90 = dist_quantile(v, n, 0.90);
	d.p95 = dist_quantile(v, n, 0.95);
	d.p99 = dist_quantile(v, n, 0.99);
	fences = dist_fences(v, n);
	for (size_t i = 0; i < n; i++)
		d.outliers += dist_is_outlier(&fences, v[i]);
	return d;
}
