/* SPDX-License-Identifier: GPL-2.0-or-later */
/* order statistics: exact, by histogram, over runs */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdbool.h>

#include "base/rng.h"
#include "stat/dist.h"
#include "stat/latency.h"

static void empty_is_zero(void **state)
{
	(void)state;
	struct latency l = {0};

	assert_int_equal(latency_quantile(&l, 990), 0);
	assert_int_equal(latency_mean(&l), 0);
	latency_free(&l);
}

static void quantiles_are_nearest_rank(void **state)
{
	(void)state;
	struct latency l = {0};

	/* 1..100 in an order that sorting must undo */
	for (uint64_t i = 0; i < 100; i++)
		latency_add(&l, 1 + i * 37 % 100);
	assert_int_equal(latency_quantile(&l, 500), 50);
	assert_int_equal(latency_quantile(&l, 501), 51);
	assert_int_equal(latency_quantile(&l, 950), 95);
	assert_int_equal(latency_quantile(&l, 990), 99);
	assert_int_equal(latency_quantile(&l, 999), 100);
	assert_int_equal(latency_quantile(&l, 1000), 100);
	assert_int_equal(latency_quantile(&l, 1), 1);
	assert_int_equal(latency_mean(&l), 51); /* 50.5 rounded */
	assert_int_equal(l.max_ns, 100);
	/* more after a quantile was asked for */
	latency_add(&l, 0);
	assert_int_equal(latency_quantile(&l, 1), 0);
	latency_reset(&l);
	assert_int_equal(l.n, 0);
	latency_add(&l, 7);
	assert_int_equal(latency_quantile(&l, 500), 7);
	assert_int_equal(latency_quantile(&l, 999), 7);
	latency_free(&l);
}

/* An oracle of its own: insertion into place by counting smaller ones. */
static uint64_t slow_quantile(const uint64_t *v, size_t n, unsigned int per_mille)
{
	size_t rank = (n * per_mille + 999) / 1000;

	for (size_t i = 0; i < n; i++) {
		size_t smaller = 0, equal = 0;

		for (size_t k = 0; k < n; k++) {
			smaller += v[k] < v[i];
			equal += v[k] == v[i];
		}
		if (smaller < rank && rank <= smaller + equal)
			return v[i];
	}
	return UINT64_MAX;
}

static void large_sets_sort_right(void **state)
{
	(void)state;
	static const unsigned int asked[] = {1, 500, 900, 950, 990, 999, 1000};
	static uint64_t v[3000];
	struct rng rng;

	rng_init(&rng, 1, RNG_TEST, 0);
	for (int round = 0; round < 3; round++) {
		struct latency l = {0};
		/* few values, all bytes in use, in order already */
		for (size_t i = 0; i < ARRAY_LEN(v); i++) {
			v[i] = round == 0   ? rng_below(&rng, 17)
			       : round == 1 ? rng_next(&rng)
					    : i * 1000003;
			latency_add(&l, v[i]);
		}
		for (size_t i = 0; i < ARRAY_LEN(asked); i++)
			assert_int_equal(latency_quantile(&l, asked[i]),
					 slow_quantile(v, ARRAY_LEN(v), asked[i]));
		latency_free(&l);
	}
}

static void histogram_error_is_as_stated(void **state)
{
	(void)state;
	struct latency l = {0};
	uint64_t n = LATENCY_EXACT + 1000;

	/* an arithmetic series in an order of its own: quantiles are known in closed form */
	for (uint64_t i = 0; i < n; i++)
		latency_add(&l, 1000 + 997 * (i * 7919 % n));
	assert_non_null(l.buckets);
	assert_int_equal(l.n, n);
	assert_int_equal(l.max_ns, 1000 + 997 * (n - 1));
	for (unsigned int q = 1; q <= 1000; q++) {
		uint64_t rank = (n * q + 999) / 1000, want = 1000 + 997 * (rank - 1);
		uint64_t got = latency_quantile(&l, q);
		double off = fabs((double)got - (double)want) / (double)want;

		if (off > 1.0 / 2048)
			fail_msg("%u per mille: %f off", q, off);
	}
	assert_int_equal(latency_mean(&l), 1000 + 997 * ((n - 1) / 2) + 997 / 2 + 1);
	latency_reset(&l);
	latency_add(&l, UINT64_MAX);
	latency_add(&l, UINT64_MAX);
	assert_int_equal(latency_quantile(&l, 500), UINT64_MAX);
	assert_int_equal(latency_mean(&l), UINT64_MAX);
	latency_free(&l);
}

static void histogram_holds_the_extremes(void **state)
{
	(void)state;
	struct latency l = {0};

	for (uint64_t i = 0; i <= LATENCY_EXACT; i++)
		latency_add(&l, i & 1 ? UINT64_MAX : 0);
	assert_non_null(l.buckets);
	assert_int_equal(latency_quantile(&l, 400), 0);
	assert_true(latency_quantile(&l, 900) >= UINT64_MAX - (UINT64_MAX >> 11));
	latency_free(&l);
}

static void dist_of_known_values(void **state)
{
	(void)state;
	double v[] = {9, 2, 4, 4, 5, 4, 5, 7};
	struct dist d = dist_of(v, ARRAY_LEN(v), 2);

	assert_int_equal(d.n, 8);
	assert_int_equal(d.missing, 2);
	assert_true(d.mean == 5);
	assert_true(fabs(d.sd - sqrt(32.0 / 7)) < 1e-12);
	assert_true(d.min == 2 && d.max == 9 && d.p50 == 4 && d.p95 == 9 && d.p99 == 9);

	double same[] = {0.1, 0.1, 0.1};

	d = dist_of(same, ARRAY_LEN(same), 0);
	assert_true(d.mean == 0.1 && d.sd == 0);
	d = dist_of(v, 1, 0);
	assert_true(d.sd == 0 && d.mean == 2 && d.p50 == 2 && d.p95 == 2);
	d = dist_of(v, 0, 3);
	assert_int_equal(d.n, 0);
	assert_int_equal(d.missing, 3);
	assert_true(d.mean == 0 && d.max == 0);
}

static void ranks_survive_binary_fractions(void **state)
{
	(void)state;
	double v[100];

	for (int i = 0; i < 100; i++)
		v[i] = i + 1;
	assert_true(dist_quantile(v, 20, 0.95) == 19);
	assert_true(dist_quantile(v, 10, 0.1) == 1);
	assert_true(dist_quantile(v, 10, 0.7) == 7);
	assert_true(dist_quantile(v, 100, 0.99) == 99);
	assert_true(dist_quantile(v, 100, 0.999) == 100);
	assert_true(dist_quantile(v, 3, 1) == 3);
	for (int q = 1; q <= 100; q++)
		assert_true(dist_quantile(v, 100, q / 100.0) == q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(empty_is_zero),
	    cmocka_unit_test(quantiles_are_nearest_rank),
	    cmocka_unit_test(large_sets_sort_right),
	    cmocka_unit_test(histogram_error_is_as_stated),
	    cmocka_unit_test(histogram_holds_the_extremes),
	    cmocka_unit_test(dist_of_known_values),
	    cmocka_unit_test(ranks_survive_binary_fractions),
	};

	return cmocka_run_group_tests_name("stat_latency", tests, NULL, NULL);
}
