/* SPDX-License-Identifier: GPL-2.0-or-later */
/* statistics against values that others have published, and against their own promises */
#include "tests/unit/unit.h"

#include <math.h>

#include "base/rng.h"
#include "stat/bootstrap.h"
#include "stat/dist.h"
#include "stat/normal.h"
#include "stat/rank.h"

#define COUNT(a) ((uint32_t)(sizeof(a) / sizeof((a)[0])))

static void near(double got, double want, double within)
{
	if (!(fabs(got - want) <= within))
		fail_msg("%.15g, not %.15g", got, want);
}

/* Abramowitz and Stegun (1964), tables 26.1 and 26.5; R 4 for the digits that these lack. */
static void quantiles_of_the_normal(void **state)
{
	static const struct {
		double p, z;
	} known[] = {
	    {0.5, 0},
	    {0.9, 1.2815515655446004},
	    {0.975, 1.959963984540054},
	    {0.995, 2.5758293035489004},
	    {0.9999, 3.719016485455680},
	    {1e-10, -6.361340902404056},
	};

	(void)state;
	for (uint32_t i = 0; i < COUNT(known); i++) {
		near(normal_quantile(known[i].p), known[i].z, 1e-12);
		near(normal_cdf(known[i].z), known[i].p, 1e-14);
	}
	near(normal_quantile(1e-300), -37.0471, 1e-4);
}

/* Abramowitz and Stegun (1964), table 26.10; more digits from R 4, qt(). */
static void quantiles_of_student(void **state)
{
	static const struct {
		double p;
		uint32_t df;
		double t;
	} known[] = {
	    {0.975, 1, 12.706204736174698}, {0.975, 2, 4.302652729749464},
	    {0.975, 5, 2.570581835636314},  {0.975, 9, 2.262157162798205},
	    {0.995, 10, 3.169272672616951}, {0.975, 29, 2.045229642132703},
	    {0.95, 120, 1.657650899},	    {0.025, 9, -2.262157162798205},
	};

	(void)state;
	for (uint32_t i = 0; i < COUNT(known); i++)
		near(student_quantile(known[i].p, known[i].df), known[i].t, 1e-8);
	near(student_quantile(0.5, 7), 0, 1e-9);
}

/*
 * Hollander and Wolfe (1973), p. 69: permeability of the human chorioamnion.  The example of R's
 * wilcox.test(x, y, alternative = "greater"): W = 35, p = 0.1272.
 */
static void u_of_the_chorioamnion(void **state)
{
	static const double x[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
	static const double y[] = {1.15, 0.88, 0.90, 0.74, 1.21};
	struct rank_test r = rank_u(x, COUNT(x), y, COUNT(y)), back;

	(void)state;
	near(r.u, 35, 0);
	assert_true(r.exact);
	near(r.p / 2, 0.1272, 5e-5);
	near(r.a_larger, 0.7, 1e-15);
	near(r.delta, 0.4, 1e-15);
	back = rank_u(y, COUNT(y), x, COUNT(x));
	near(back.u, 15, 0);
	near(back.p, r.p, 1e-15);
	near(back.delta, -0.4, 1e-15);
}

/*
 * Mann and Whitney (1947), table I: P(U <= 2) for 5 and 5 is 0.016 (4 of 252 arrangements).  All of
 * one below all of the other: 2 arrangements of C(20, 10) = 184756.
 */
static void u_of_small_samples(void **state)
{
	static const double a[] = {1, 2, 3, 4, 8}, b[] = {5, 6, 7, 9, 10};
	double low[10], high[10];

	(void)state;
	near(rank_u(a, 5, b, 5).u, 3, 0);
	near(rank_u(a, 5, b, 5).p, 2 * 7 / 252.0, 1e-14);
	for (int i = 0; i < 10; i++) {
		low[i] = i;
		high[i] = 100 + i;
	}
	near(rank_u(low, 10, high, 10).p, 2 / 184756.0, 1e-18);
	near(rank_u(low, 10, high, 10).a_larger, 0, 0);
	near(rank_u(low, 1, high, 1).p, 1, 0);
	near(rank_u(low, 0, high, 1).p, 1, 0);
}

/*
 * Ties, by hand: {1, 2} against {2, 3} has the mid-ranks 1, 2.5, 2.5, 4.  The sums of two are 3.5
 * (twice), 5 (twice), 6.5 (twice): as far from 5 as 3.5 is are 4 of 6.  All equal says nothing.
 */
static void u_with_ties_is_exact(void **state)
{
	static const double a[] = {1, 2}, b[] = {2, 3}, same[] = {7, 7, 7};
	struct rank_test r = rank_u(a, 2, b, 2);

	(void)state;
	near(r.u, 0.5, 0);
	near(r.p, 4 / 6.0, 1e-15);
	r = rank_u(same, 3, same, 3);
	near(r.u, 4.5, 0);
	near(r.p, 1, 0);
	near(r.delta, 0, 0);
}

/* Where both can be had they agree: 25 and 25 exactly, 25 and 26 by the approximation. */
static void u_beyond_exact_joins_on(void **state)
{
	double a[26], b[26];
	struct rank_test exact, approximate;

	(void)state;
	for (int i = 0; i < 26; i++) {
		a[i] = i;
		b[i] = i + 6.5;
	}
	exact = rank_u(a, 25, b, 25);
	approximate = rank_u(a, 25, b, 26);
	assert_true(exact.exact);
	assert_false(approximate.exact);
	near(approximate.p, exact.p, 0.005);
	/* By hand, without ties: z = (|U - n m / 2| - 1/2) / sqrt(n m (n + m + 1) / 12). */
	near(approximate.p,
	     2 * normal_cdf(-(fabs(approximate.u - 325) - 0.5) / sqrt(25 * 26 * 52 / 12.0)), 1e-14);
}

/*
 * Darwin's maize, as Fisher randomised it (The Design of Experiments, 1935, section 21): of 32768
 * sign changes of these 15 differences 863 have a sum of 314 or more, and as many of -314 or less.
 */
static void signs_of_darwins_maize(void **state)
{
	static const double inch8[] = {49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48};
	double twice[60], zeros[4] = {0};

	(void)state;
	near(rank_signs(inch8, 15, 1), 2 * 863 / 32768.0, 1e-15);
	near(rank_signs(zeros, 4, 1), 1, 0);
	/* Drawn, not counted: n = 20 of one sign is 2^-19, n = 60 of both about a half and more. */
	for (int i = 0; i < 60; i++)
		twice[i] = i % 2 ? 1 : -1;
	near(rank_signs(twice, 60, 1), 1, 0);
	for (int i = 0; i < 20; i++)
		twice[i] = 1 + i;
	near(rank_signs(twice, 20, 1), 1 / 10001.0, 2 / 10001.0);
	assert_true(rank_signs(twice, 20, 1) == rank_signs(twice, 20, 1));
}

/* Drawn sign changes tell what all of them tell: Darwin's maize, and two pairs that add nothing. */
static void drawn_signs_agree_with_all(void **state)
{
	double v[17] = {49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48, 0, 0};

	(void)state;
	near(rank_signs(v, 17, 3), 2 * 863 / 32768.0, 4 * sqrt(0.0527 / 10000));
}

/*
 * Hours between failures of an air conditioner (Proschan 1963), the running example of Davison and
 * Hinkley, Bootstrap Methods and their Application (1997): mean 108.083, and for it the
 * acceleration a = 0.0938 (example 5.8).  The skewness moves both ends up.
 */
static const double failures[] = {3, 5, 7, 18, 43, 85, 91, 98, 100, 130, 230, 487};

static void bca_moves_with_skewness(void **state)
{
	uint32_t n = COUNT(failures);
	struct interval in = bootstrap_mean(failures, n, 0.95, 1), again, other, ratio;
	double ones[COUNT(failures)], mean = dist_mean(failures, n);

	(void)state;
	near(mean, 108.0833333, 1e-6);
	assert_true(in.there && in.lo < mean && mean < in.hi);
	/* Longer to the right, by as much as the exponential distribution's exact 65.9 to 209.2 or
	 * more. */
	assert_true(in.hi - mean > 1.5 * (mean - in.lo));
	assert_true(in.lo > 40 && in.lo < 66 && in.hi > 209 && in.hi < 320);
	again = bootstrap_mean(failures, n, 0.95, 1);
	assert_true(again.lo == in.lo && again.hi == in.hi);
	other = bootstrap_mean(failures, n, 0.95, 2);
	near(other.lo, in.lo, 4);
	near(other.hi, in.hi, 15);
	for (uint32_t i = 0; i < n; i++)
		ones[i] = 1;
	ratio = bootstrap_ratio(failures, ones, n, 0.95, 1);
	near(ratio.lo, in.lo, 1e-9);
	near(ratio.hi, in.hi, 1e-9);
}

/* From draws and a jackknife given: Efron's formulas, with Hesterberg's level, by hand. */
static void bca_by_hand(void **state)
{
	static double draws[9999];
	double even[10], z, level;
	struct interval in;

	(void)state;
	for (uint32_t i = 0; i < 9999; i++)
		draws[i] = (i * UINT32_C(7919)) % 9999 + 1; /* 1 to 9999, in some order */
	for (uint32_t i = 0; i < 10; i++)
		even[i] = i;
	z = sqrt(10 / 9.0) * 2.262157162798205;
	level = normal_cdf(-z);
	in = bootstrap_bca(5000, draws, 9999, even, 10, 0.95);
	near(in.lo, floor(level * 10000), 0);
	near(in.hi, 10000 - floor(level * 10000), 0);
	/* 84.13% of the draws are below the value: z0 = 1, a = 0. */
	in = bootstrap_bca(8413.5, draws, 9999, even, 10, 0.95);
	near(in.lo, normal_cdf(2 - z) * 10000, 3);
	near(in.hi, normal_cdf(2 + z) * 10000, 3);
}

static void intervals_need_enough(void **state)
{
	static const double v[] = {1, 2, 3, 4, 5, 6};
	static const double same[] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
	struct interval in;

	(void)state;
	assert_int_equal(bootstrap_least(0.95), 6);
	assert_int_equal(bootstrap_least(0.99), 8);
	assert_int_equal(bootstrap_least(0.90), 5);
	assert_false(bootstrap_mean(v, 5, 0.95, 1).there);
	assert_true(bootstrap_mean(v, 6, 0.95, 1).there);
	assert_false(bootstrap_mean(v, 6, 0.99, 1).there);
	in = bootstrap_mean(same, 6, 0.95, 1);
	assert_true(in.there && in.lo == 0.1 && in.hi == 0.1);
	assert_false(bootstrap_ratio(v, (double[6]){0}, 6, 0.95, 1).there);
	/* Pairs that move together have a ratio without doubt, however far they move. */
	in = bootstrap_ratio((double[]){2, 4, 6, 8, 10, 12}, v, 6, 0.95, 1);
	near(in.lo, 2, 1e-12);
	near(in.hi, 2, 1e-12);
}

/* The promise itself: how often do intervals of 95% contain the mean? */
static double uniform(struct rng *rng)
{
	return ((double)(rng_next(rng) >> 11) + 0.5) * 0x1p-53;
}

static double coverage(uint32_t n, bool skewed, double truth)
{
	struct rng rng;
	double v[30];
	uint32_t inside = 0, all = 400;

	rng_init(&rng, 1, RNG_TEST, n + skewed);
	for (uint32_t k = 0; k < all; k++) {
		struct interval in;

		for (uint32_t i = 0; i < n; i++) {
			double z = normal_quantile(uniform(&rng));

			v[i] = skewed ? exp(z) : z;
		}
		in = bootstrap_mean(v, n, 0.95, k);
		inside += in.lo <= truth && truth <= in.hi;
	}
	return inside / (double)all;
}

/*
 * 400 samples each: the share is known to 0.022.  Plain percentiles have 0.89 to 0.90 at n = 10,
 * and 0.83 for the log-normal, whose long tail ten values mostly have not seen.
 */
static void intervals_cover_what_they_promise(void **state)
{
	double normal10 = coverage(10, false, 0), normal30 = coverage(30, false, 0);
	double skewed10 = coverage(10, true, exp(0.5)), skewed30 = coverage(30, true, exp(0.5));

	(void)state;
	print_message("coverage: normal %.3f (10) %.3f (30), log-normal %.3f %.3f\n", normal10,
		      normal30, skewed10, skewed30);
	assert_true(normal10 >= 0.925 && normal10 <= 0.985);
	assert_true(normal30 >= 0.925 && normal30 <= 0.985);
	assert_true(skewed10 >= 0.85);
	assert_true(skewed30 >= 0.89);
}

/* What a sample cannot carry. */
static void quantiles_need_enough(void **state)
{
	(void)state;
	assert_true(dist_carries(2, 0.5) && !dist_carries(1, 0.5));
	assert_true(dist_carries(10, 0.9) && !dist_carries(9, 0.9));
	assert_true(dist_carries(20, 0.95) && !dist_carries(19, 0.95));
	assert_true(dist_carries(100, 0.99) && !dist_carries(99, 0.99));
	assert_true(dist_carries(1000, 0.999) && !dist_carries(999, 0.999));
}

static void outliers_are_told(void **state)
{
	double v[20], ten[10];
	struct dist d;

	(void)state;
	for (int i = 0; i < 20; i++)
		v[i] = 100 + i;
	assert_int_equal(dist_of(v, 20, 0).outliers, 0);
	/* Quartiles 104 and 114: fences at 74 and 144, widened by 1.09. */
	v[19] = 145;
	assert_int_equal(dist_of(v, 20, 0).outliers, 0);
	v[19] = 146;
	d = dist_of(v, 20, 0);
	assert_int_equal(d.outliers, 1);
	near(d.max, 146, 0); /* and is not left out */
	near(d.mean, (100 * 20 + 171 + 46) / 20.0, 1e-12);
	/* One in ten may be; three of twenty are a second mode. */
	v[18] = 150;
	assert_int_equal(dist_of(v, 20, 0).outliers, 2);
	v[17] = 150;
	assert_int_equal(dist_of(v, 20, 0).outliers, 0);
	/* Nine equal: a tenth is one beyond 1% of them. */
	for (int i = 0; i < 9; i++)
		ten[i] = 50;
	ten[9] = 50.4;
	assert_int_equal(dist_of(ten, 10, 0).outliers, 0);
	ten[9] = 50.6;
	assert_int_equal(dist_of(ten, 10, 0).outliers, 1);
	assert_int_equal(dist_of(ten + 3, 7, 0).outliers, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(quantiles_of_the_normal),
	    cmocka_unit_test(quantiles_of_student),
	    cmocka_unit_test(u_of_the_chorioamnion),
	    cmocka_unit_test(u_of_small_samples),
	    cmocka_unit_test(u_with_ties_is_exact),
	    cmocka_unit_test(u_beyond_exact_joins_on),
	    cmocka_unit_test(signs_of_darwins_maize),
	    cmocka_unit_test(drawn_signs_agree_with_all),
	    cmocka_unit_test(bca_moves_with_skewness),
	    cmocka_unit_test(bca_by_hand),
	    cmocka_unit_test(intervals_need_enough),
	    cmocka_unit_test(intervals_cover_what_they_promise),
	    cmocka_unit_test(quantiles_need_enough),
	    cmocka_unit_test(outliers_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
