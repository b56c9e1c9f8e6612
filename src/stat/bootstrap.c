/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stat/bootstrap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "stat/dist.h"
#include "stat/normal.h"

uint32_t bootstrap_least(double confidence)
{
	uint32_t n = 2;

	while (n < 64 && ldexp(1, 1 - (int)n) > 1 - confidence)
		n++;
	return n;
}

/* v[k] in its sorted place, smaller ones before it. */
static double select_kth(double *v, uint32_t n, uint32_t k)
{
	uint32_t lo = 0, hi = n - 1;

	while (lo < hi) {
		double pivot = v[lo + (hi - lo) / 2];
		uint32_t i = lo, j = hi;

		for (;;) {
			while (v[i] < pivot)
				i++;
			while (v[j] > pivot)
				j--;
			if (i >= j)
				break;
			double t = v[i];

			v[i++] = v[j];
			v[j--] = t;
		}
		/* v[lo..j] <= pivot <= v[j+1..hi], and neither is empty. */
		if (k <= j)
			hi = j;
		else
			lo = j + 1;
	}
	return v[k];
}

static uint32_t place(double share, uint32_t n)
{
	double at = floor(share * (n + 1.0)) - 1;

	if (!(at > 0))
		return 0;
	return at >= n ? n - 1 : (uint32_t)at;
}

/* How skewed the statistic is: the jackknife's estimate of the acceleration. */
static double acceleration(const double *jackknife, uint32_t n)
{
	double mean = 0, squares = 0, cubes = 0, scale = 0;

	for (uint32_t i = 0; i < n; i++)
		mean += jackknife[i] / n;
	for (uint32_t i = 0; i < n; i++) {
		double d = mean - jackknife[i];

		squares += d * d;
		cubes += d * d * d;
		scale = fmax(scale, fabs(jackknife[i]));
	}
	/* What only rounding tells apart has no skewness. */
	if (!(sqrt(squares) > 1e-12 * scale))
		return 0;
	return cubes / (6 * pow(squares, 1.5));
}

struct interval bootstrap_bca(double value, double *draws, uint32_t ndraws, const double *jackknife,
			      uint32_t n, double confidence)
{
	double below = 0, z0, a, z, z_lo, z_hi, p_lo, p_hi;
	struct interval in = {0};
	uint32_t at;

	if (n < bootstrap_least(confidence) || !ndraws)
		return in;
	for (uint32_t i = 0; i < ndraws; i++)
		below += draws[i] < value ? 1 : draws[i] == value ? 0.5 : 0;
	/* Not 0 or 1, where the bias would be infinite. */
	z0 = normal_quantile((below + 0.5) / (ndraws + 1.0));
	a = acceleration(jackknife, n);
	z = sqrt(n / (n - 1.0)) * student_quantile((1 + confidence) / 2, n - 1);
	z_lo = z0 - z;
	z_hi = z0 + z;
	/* Past its pole the correction has nothing to say but "further than all". */
	p_lo = a * z_lo < 1 ? normal_cdf(z0 + z_lo / (1 - a * z_lo)) : 0;
	p_hi = a * z_hi < 1 ? normal_cdf(z0 + z_hi / (1 - a * z_hi)) : 1;
	at = place(p_lo, ndraws);
	in.lo = select_kth(draws, ndraws, at);
	/* Symmetric ends: as many draws are cut off above as would be below. */
	at = ndraws - 1 - place(1 - p_hi, ndraws);
	in.hi = select_kth(draws, ndraws, at);
	in.there = true;
	return in;
}

/* Two of 32 bits from each number: their bias is below n / 2^32. */
void bootstrap_draw(struct rng *rng, uint32_t *index, uint32_t n)
{
	uint32_t i = 0;

	for (; i + 1 < n; i += 2) {
		uint64_t x = rng_next(rng);

		index[i] = (uint32_t)(((x >> 32) * n) >> 32);
		index[i + 1] = (uint32_t)(((x & UINT32_MAX) * n) >> 32);
	}
	if (i < n)
		index[i] = (uint32_t)(((rng_next(rng) >> 32) * n) >> 32);
}

static bool all_equal(const double *v, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		if (v[i] != v[0])
			return false;
	return true;
}

/*
 * In ascending order, so that the same values have the same interval in whichever order they were
 * measured.  Sums are of differences from the first: what is equal to it then adds exactly nothing.
 */
struct interval bootstrap_mean(const double *v, uint32_t n, double confidence, uint64_t seed)
{
	struct interval in = {0};
	double *draws, *from, *jackknife, sum = 0, first;
	struct rng rng;

	if (n < bootstrap_least(confidence))
		return in;
	if (all_equal(v, n))
		return (struct interval){v[0], v[0], true};
	draws = mem_alloc(BOOTSTRAP_DRAWS * sizeof(*draws));
	from = mem_alloc(n * sizeof(*from));
	jackknife = mem_alloc(n * sizeof(*jackknife));
	memcpy(from, v, n * sizeof(*from));
	dist_sort(from, n);
	first = from[0];
	for (uint32_t i = 0; i < n; i++) {
		from[i] -= first;
		sum += from[i];
	}
	for (uint32_t i = 0; i < n; i++)
		jackknife[i] = (sum - from[i]) / (n - 1);
	rng_init(&rng, seed, RNG_BOOTSTRAP, n);
	for (uint32_t b = 0; b < BOOTSTRAP_DRAWS; b++) {
		double s = 0;
		uint32_t i = 0;

		for (; i + 1 < n; i += 2) {
			uint64_t x = rng_next(&rng);

			s += from[((x >> 32) * n) >> 32] + from[((x & UINT32_MAX) * n) >> 32];
		}
		if (i < n)
			s += from[((rng_next(&rng) >> 32) * n) >> 32];
		draws[b] = s / n;
	}
	in = bootstrap_bca(sum / n, draws, BOOTSTRAP_DRAWS, jackknife, n, confidence);
	in.lo += first;
	in.hi += first;
	free(draws);
	free(from);
	free(jackknife);
	return in;
}

struct interval bootstrap_ratio(const double *a, const double *b, uint32_t n, double confidence,
				uint64_t seed)
{
	struct interval in = {0};
	double *draws, *jackknife, sum_a = 0, sum_b = 0;
	uint32_t *index, made = 0;
	struct rng rng;

	for (uint32_t i = 0; i < n; i++) {
		sum_a += a[i];
		sum_b += b[i];
	}
	if (n < bootstrap_least(confidence) || sum_b == 0)
		return in;
	if (all_equal(a, n) && all_equal(b, n))
		return (struct interval){a[0] / b[0], a[0] / b[0], true};
	draws = mem_alloc(BOOTSTRAP_DRAWS * sizeof(*draws));
	jackknife = mem_alloc(n * sizeof(*jackknife));
	index = mem_alloc(n * sizeof(*index));
	for (uint32_t i = 0; i < n; i++)
		jackknife[i] = sum_b != b[i] ? (sum_a - a[i]) / (sum_b - b[i]) : sum_a / sum_b;
	rng_init(&rng, seed, RNG_BOOTSTRAP, n);
	for (uint32_t k = 0; k < BOOTSTRAP_DRAWS; k++) {
		double sa = 0, sb = 0;

		bootstrap_draw(&rng, index, n);
		for (uint32_t i = 0; i < n; i++) {
			sa += a[index[i]];
			sb += b[index[i]];
		}
		if (sb != 0)
			draws[made++] = sa / sb;
	}
	in = bootstrap_bca(sum_a / sum_b, draws, made, jackknife, n, confidence);
	free(draws);
	free(jackknife);
	free(index);
	return in;
}
