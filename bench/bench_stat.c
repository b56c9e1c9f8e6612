/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_stat.c - statistics: a million observations, an interval beside GSL's samplers.
 *
 * The bootstrap of a mean, 10,000 x n = 30: ours with BCa's bias and skewness, GSL's
 * gsl_ran_sample and gsl_stats_mean in a loop, sorted for plain percentiles.  GSL is loaded where
 * it is installed (libgsl27), else named.  Both run in turn; figures are medians of 15.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/units.h"
#include "stat/bootstrap.h"
#include "stat/dist.h"
#include "stat/latency.h"

#define ROUNDS	     15
#define OBSERVATIONS 1000000
#define N	     30

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double median(double *v)
{
	dist_sort(v, ROUNDS);
	return v[ROUNDS / 2];
}

static volatile double sink;

/* What one session's run comes to: each latency counted, n, mean, max and six quantiles. */
static double summarise_once(const uint64_t *ns)
{
	static const unsigned int quantiles[] = {500, 900, 950, 990, 999, 1000};
	struct latency l = {0};
	double begun = now_s();

	for (uint32_t i = 0; i < OBSERVATIONS; i++)
		latency_add(&l, ns[i]);
	sink += (double)latency_mean(&l);
	for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++)
		sink += (double)latency_quantile(&l, quantiles[i]);
	begun = now_s() - begun;
	latency_free(&l);
	return begun;
}

/* A million runs of one metric: mean, deviation, quantiles, outliers. */
static double dist_once(const uint64_t *ns)
{
	double *v = mem_alloc(OBSERVATIONS * sizeof *v), begun;

	for (uint32_t i = 0; i < OBSERVATIONS; i++)
		v[i] = (double)ns[i];
	begun = now_s();
	sink += dist_of(v, OBSERVATIONS, 0).p99;
	begun = now_s() - begun;
	free(v);
	return begun;
}

static double bootstrap_once(const double *v)
{
	double begun = now_s();

	sink += bootstrap_mean(v, N, 0.95, 1).hi;
	return now_s() - begun;
}

/* ---- GSL --------------------------------------------------------------------------------------
 */

static struct {
	void *(*rng_alloc)(const void *type);
	void (*ran_sample)(const void *rng, void *to, size_t k, void *from, size_t n, size_t size);
	double (*mean)(const double *v, size_t stride, size_t n);
	void (*sort)(double *v, size_t stride, size_t n);
	void *rng;
} gsl;

static bool gsl_load(void)
{
	void *so = dlopen("libgsl.so.27", RTLD_NOW), *type;

	if (!so)
		so = dlopen("libgsl.so.28", RTLD_NOW);
	if (!so)
		return false;
	*(void **)&gsl.rng_alloc = dlsym(so, "gsl_rng_alloc");
	*(void **)&gsl.ran_sample = dlsym(so, "gsl_ran_sample");
	*(void **)&gsl.mean = dlsym(so, "gsl_stats_mean");
	*(void **)&gsl.sort = dlsym(so, "gsl_sort");
	type = dlsym(so, "gsl_rng_taus2"); /* of its good ones the fastest */
	if (!gsl.rng_alloc || !gsl.ran_sample || !gsl.mean || !gsl.sort || !type)
		return false;
	gsl.rng = gsl.rng_alloc(*(void **)type);
	return gsl.rng;
}

static double gsl_once(const double *v)
{
	static double draws[BOOTSTRAP_DRAWS], from[N], sample[N];
	double begun;

	for (int i = 0; i < N; i++)
		from[i] = v[i];
	begun = now_s();
	for (int b = 0; b < BOOTSTRAP_DRAWS; b++) {
		gsl.ran_sample(gsl.rng, sample, N, from, N, sizeof *sample);
		draws[b] = gsl.mean(sample, 1, N);
	}
	gsl.sort(draws, 1, BOOTSTRAP_DRAWS);
	sink += draws[BOOTSTRAP_DRAWS * 975 / 1000];
	return now_s() - begun;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static int row_limit(const char *name, double s, double limit)
{
	char figure[32], peer[32];

	snprintf(figure, sizeof figure, "%.1f ms", 1e3 * s);
	snprintf(peer, sizeof peer, "limit %.0f ms", 1e3 * limit);
	printf("%-36s %12s  %-24s %7.2f  %-9s %s\n", name, figure, peer, limit / s, ">= 1",
	       s <= limit ? "yes" : "NO");
	return s > limit;
}

int main(void)
{
	uint64_t *ns = mem_alloc(OBSERVATIONS * sizeof *ns);
	double v[N], summarise[ROUNDS], dist[ROUNDS], own[ROUNDS], peer[ROUNDS];
	bool peered = gsl_load();
	struct rng rng;
	int missed = 0;

	rng_init(&rng, 1, RNG_TEST, 0);
	for (uint32_t i = 0; i < OBSERVATIONS; i++)
		ns[i] = 1000 + (rng_next(&rng) >> (34 + rng_below(&rng, 20)));
	for (int i = 0; i < N; i++)
		v[i] = 100 + (double)(rng_next(&rng) >> 40) / 1e6;
	for (int r = 0; r < ROUNDS; r++) {
		summarise[r] = summarise_once(ns);
		dist[r] = dist_once(ns);
		own[r] = bootstrap_once(v);
		if (peered)
			peer[r] = gsl_once(v);
	}
	printf("%-36s %12s  %-24s %7s  %-9s %s\n", "name", "figure", "limit or peer", "ratio",
	       "target", "met");
	missed |= row_limit("1e6 latencies summarised", median(summarise), 0.5);
	missed |= row_limit("1e6 values: mean, quantiles, outliers", median(dist), 0.5);
	if (peered) {
		double a = median(own), b = median(peer);
		char figure[32], text[32];

		snprintf(figure, sizeof figure, "%.2f ms", 1e3 * a);
		snprintf(text, sizeof text, "GSL %.2f ms", 1e3 * b);
		printf("%-36s %12s  %-24s %7.2f  %-9s %s\n", "bootstrap, 10,000 x n = 30", figure,
		       text, b / a, ">= 4", b / a >= 4 ? "yes" : "NO");
		missed |= b / a < 4;
	} else {
		printf("%-36s %9.2f ms  GSL is not here: apt-get install libgsl27\n",
		       "bootstrap, 10,000 x n = 30", 1e3 * median(own));
	}
	free(ns);
	return missed;
}
