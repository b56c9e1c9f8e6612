/* SPDX-License-Identifier: GPL-2.0-or-later */
/* two experiments, of values whose comparison others have published */
#include "tests/unit/unit.h"

#include <math.h>

#include "base/units.h"
#include "stat/compare.h"
#include "tests/unit/made.h"

struct two {
	struct made *a, *b;
};

static int set_up(void **state)
{
	static struct two t;

	t = (struct two){made_new(), made_new()};
	*state = &t;
	return 0;
}

static int tear_down(void **state)
{
	struct two *t = *state;

	made_free(t->a);
	made_free(t->b);
	return 0;
}

static void near(double got, double want, double within)
{
	if (!(fabs(got - want) <= within))
		fail_msg("%.15g, not %.15g", got, want);
}

/* The times of the session high under none are these; repetitions beyond them have none. */
static void put(struct made *m, const double *seconds, uint32_t n)
{
	for (uint32_t i = 0; i < MADE_REPEAT; i++) {
		struct cg_summary *s = made_sum(m, MADE_NONE, i, MADE_HIGH);

		s->has_time = i < n;
		s->time_ns = i < n ? (uint64_t)llround(seconds[i] * NS_PER_SEC) : 0;
	}
}

static struct comparison compared(const struct two *t, bool paired)
{
	const struct compare_side a = {t->a->results, MADE_NONE, MADE_HIGH};
	const struct compare_side b = {t->b->results, MADE_NONE, MADE_HIGH};

	return compare_metric(&a, &b, M_TIME, 0.95, paired);
}

/*
 * Hollander and Wolfe (1973), p. 69, permeability of the chorioamnion at term and at 12 to 26
 * weeks: R's wilcox.test() has W = 35 of 50 and the two-sided p 0.2544.  Means 1.313 and 0.976;
 * Welch's interval of their difference is -0.337 -+ 2.17 * 0.166 (12.9 degrees of freedom).
 */
static void independent_samples(void **state)
{
	static const double term[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
	static const double early[] = {1.15, 0.88, 0.90, 0.74, 1.21};
	static const double six[] = {1.15, 0.88, 0.90, 0.74, 1.21, 0.976};
	const struct two *t = *state;
	struct comparison c, back;

	put(t->a, term, 10);
	put(t->b, early, 5);
	c = compared(t, false);
	assert_false(c.paired);
	assert_int_equal(c.a_n, 10);
	assert_int_equal(c.b_n, 5);
	assert_int_equal(c.b_missing, 5);
	near(c.a, 1.313, 1e-9);
	near(c.b, 0.976, 1e-9);
	near(c.change, -0.337, 1e-9);
	near(c.ratio, 0.976 / 1.313, 1e-9);
	near(c.p, 0.2544, 5e-5);
	near(c.b_larger, 0.3, 1e-12);	 /* 15 of 50 pairs */
	assert_false(c.change_in.there); /* five values have no interval of 95% */
	/* A sixth at their mean moves neither; the interval is then near that of Student's t. */
	put(t->b, six, 6);
	c = compared(t, false);
	near(c.change, -0.337, 1e-9);
	assert_true(c.change_in.there && c.ratio_in.there);
	near(c.change_in.lo, -0.337 - 2.17 * 0.166, 0.07);
	near(c.change_in.hi, -0.337 + 2.17 * 0.166, 0.07);
	assert_true(c.ratio_in.lo < c.ratio && c.ratio < c.ratio_in.hi);
	/* The other way round it is the same, mirrored. */
	put(t->a, six, 6);
	put(t->b, term, 10);
	back = compared(t, false);
	near(back.change, 0.337, 1e-9);
	near(back.p, c.p, 1e-12);
	near(back.b_larger, 1 - c.b_larger, 1e-12);
}

/*
 * Student (1908), sleep gained under two drugs by ten patients (R's `sleep`), on top of ten
 * seconds: the differences have the mean 1.58, and t the 95% interval 0.70 to 2.46.  All are
 * positive but one that is 0, so that of 1024 sign changes four are as far from 0.
 */
static void pairs(void **state)
{
	static const double one[] = {10.7, 8.4, 9.8, 8.8, 9.9, 13.4, 13.7, 10.8, 10.0, 12.0};
	static const double other[] = {11.9, 10.8, 11.1, 10.1, 9.9, 14.4, 15.5, 11.6, 14.6, 13.4};
	const struct two *t = *state;
	struct comparison c;

	put(t->a, one, 10);
	put(t->b, other, 10);
	c = compared(t, true);
	assert_true(c.paired);
	assert_int_equal(c.a_n, 10);
	near(c.change, 1.58, 1e-9);
	near(c.ratio, 1 + 1.58 / 10.75, 1e-9);
	near(c.p, 4 / 1024.0, 1e-12);
	assert_true(c.change_in.there);
	near(c.change_in.lo, 0.70, 0.35);
	near(c.change_in.hi, 2.46, 0.6);
	/* What pairs know is lost without them (R: t.test() has p 0.0794 instead of 0.0028). */
	c = compared(t, false);
	near(c.change, 1.58, 1e-9);
	assert_true(c.p > 0.05 && c.p < 0.1);
	assert_true(c.change_in.lo < 0 && c.change_in.hi > 3);
}

static void nothing_to_compare(void **state)
{
	static const double same[] = {2, 2, 2, 2, 2, 2};
	const struct two *t = *state;
	struct comparison c;

	put(t->a, same, 6);
	put(t->b, same, 0);
	c = compared(t, false);
	assert_int_equal(c.b_n, 0);
	assert_int_equal(c.b_missing, 10);
	assert_false(c.change_in.there || c.ratio_in.there);
	/* What never varies is known without doubt. */
	put(t->b, same, 6);
	c = compared(t, false);
	near(c.p, 1, 0);
	near(c.b_larger, 0.5, 0);
	assert_true(c.change_in.there && c.change_in.lo == 0 && c.change_in.hi == 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(independent_samples),
	    TEST(pairs),
	    TEST(nothing_to_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
