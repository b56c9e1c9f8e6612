/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stat/rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "stat/dist.h"
#include "stat/normal.h"

#define SIGNS_DRAWS 10000

/* Groups of equal values, ascending: how many there are, and twice their mid-rank. */
struct ties {
	uint32_t *size, *rank2;
	uint32_t n;
};

static void find_ties(const double *sorted, uint32_t n, struct ties *t)
{
	t->size = mem_alloc(n * sizeof(*t->size));
	t->rank2 = mem_alloc(n * sizeof(*t->rank2));
	t->n = 0;
	for (uint32_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && sorted[end] == sorted[i]; end++)
			;
		t->size[t->n] = end - i;
		t->rank2[t->n++] = i + 1 + end;
	}
}

/*
 * ways[k][s]: in how many ways k of the values seen so far have ranks that sum to s / 2.  Doubles
 * hold them exactly: there are C(50, 25) < 2^47 in all.
 */
static double exact_p(const struct ties *t, uint32_t na, uint32_t n, double sum2)
{
	uint32_t most = n * (n + 1) + 1;
	double *ways = mem_alloc((size_t)(na + 1) * most * sizeof(*ways));
	double mean2 = (double)na * (n + 1), far = 0, all = 0;
	uint32_t seen = 0;

	ways[0] = 1;
	for (uint32_t g = 0; g < t->n; g++) {
		seen += t->size[g];
		/* Downwards, so that what is added to is not yet of this group. */
		for (uint32_t k = na < seen ? na : seen; k > 0; k--) {
			double *to = &ways[(size_t)k * most], choose = 1;

			for (uint32_t j = 1; j <= t->size[g] && j <= k; j++) {
				const double *from = &ways[(size_t)(k - j) * most];
				uint32_t step = j * t->rank2[g];

				choose = choose * (t->size[g] - j + 1) / j;
				for (uint32_t s = step; s < most; s++)
					to[s] += choose * from[s - step];
			}
		}
	}
	for (uint32_t s = 0; s < most; s++) {
		double w = ways[(size_t)na * most + s];

		all += w;
		if (fabs(s - mean2) >= fabs(sum2 - mean2) - 1e-9)
			far += w;
	}
	free(ways);
	return far / all;
}

static double normal_p(const struct ties *t, double na, double nb, double u)
{
	double n = na + nb, mean = na * nb / 2, tied = 0, sd, z;

	for (uint32_t g = 0; g < t->n; g++) {
		double s = t->size[g];

		tied += s * (s * s - 1);
	}
	sd = sqrt(na * nb / 12 * (n + 1 - tied / (n * (n - 1))));
	if (!(sd > 0))
		return 1;
	z = (fabs(u - mean) - 0.5) / sd;
	return z <= 0 ? 1 : 2 * normal_cdf(-z);
}

/* How many of sorted v are below x, and how many equal. */
static double pairs_won(const double *a, uint32_t na, const double *b, uint32_t nb)
{
	double won = 0;
	uint32_t below = 0, upto = 0;

	for (uint32_t i = 0; i < na; i++) {
		while (below < nb && b[below] < a[i])
			below++;
		if (upto < below)
			upto = below;
		while (upto < nb && b[upto] <= a[i])
			upto++;
		won += below + 0.5 * (upto - below);
	}
	return won;
}

struct rank_test rank_u(const double *a, uint32_t na, const double *b, uint32_t nb)
{
	struct rank_test r = {.p = 1, .a_larger = 0.5, .exact = na + nb <= RANK_EXACT};
	uint32_t n = na + nb;
	struct ties ties;
	double *all;

	if (!na || !nb)
		return r;
	all = mem_alloc(2 * (size_t)n * sizeof(*all));
	memcpy(all, a, na * sizeof(*a));
	memcpy(all + na, b, nb * sizeof(*b));
	memcpy(all + n, all, n * sizeof(*all));
	dist_sort(all, na);
	dist_sort(all + na, nb);
	r.u = pairs_won(all, na, all + na, nb);
	r.a_larger = r.u / ((double)na * nb);
	r.delta = 2 * r.a_larger - 1;
	dist_sort(all + n, n);
	find_ties(all + n, n, &ties);
	/* The ranks of a sum to U + na (na + 1) / 2. */
	r.p = r.exact ? exact_p(&ties, na, n, 2 * r.u + (double)na * (na + 1))
		      : normal_p(&ties, na, nb, r.u);
	free(ties.size);
	free(ties.rank2);
	free(all);
	return r;
}

double rank_signs(const double *difference, uint32_t n, uint64_t seed)
{
	double observed = 0, scale = 0, sum, least;
	uint64_t far = 0;
	struct rng rng;

	for (uint32_t i = 0; i < n; i++) {
		observed += difference[i];
		scale += fabs(difference[i]);
	}
	/* Sums that only rounding tells apart are equal. */
	least = fabs(observed) - 1e-9 * scale;
	if (!(scale > 0))
		return 1;
	if (n <= SIGNS_EXACT) {
		uint64_t all = UINT64_C(1) << n;

		for (uint64_t signs = 0; signs < all; signs++) {
			sum = 0;
			for (uint32_t i = 0; i < n; i++)
				sum += signs >> i & 1 ? difference[i] : -difference[i];
			far += fabs(sum) >= least;
		}
		return (double)far / (double)all;
	}
	rng_init(&rng, seed, RNG_SIGNS, n);
	for (uint32_t k = 0; k < SIGNS_DRAWS; k++) {
		uint64_t bits = 0;

		sum = 0;
		for (uint32_t i = 0; i < n; i++, bits >>= 1) {
			if (i % 64 == 0)
				bits = rng_next(&rng);
			sum += bits & 1 ? difference[i] : -difference[i];
		}
		far += fabs(sum) >= least;
	}
	/* The arrangement that was observed is one of those that there are. */
	return (double)(far + 1) / (SIGNS_DRAWS + 1);
}
