/* SPDX-License-Identifier: GPL-2.0-or-later */
/* confidence, comparisons, when to stop, and bad experiments that are refused or flagged by name */
#include "tests/unit/unit.h"

#include <math.h>
#include <string.h>

#include "base/units.h"
#include "stat/contrast.h"
#include "stat/estimate.h"
#include "stat/verdict.h"
#include "tests/unit/made.h"

static const uint32_t high = MADE_HIGH;
static const uint32_t lows[] = {MADE_LOW0, MADE_LOW1};

static int set_up(void **state)
{
	struct made *m = made_new();

	for (uint32_t q = 0; q < MADE_POLICIES; q++) {
		m->attrs[q][MADE_HIGH].priority = PRIORITY_HIGH;
		m->attrs[q][MADE_LOW0].priority = m->attrs[q][MADE_LOW1].priority = PRIORITY_LOW;
	}
	m->plan.baseline = MADE_NONE;
	*state = m;
	return 0;
}

static int tear_down(void **state)
{
	made_free(*state);
	return 0;
}

static void near(double got, double want, double within)
{
	if (!(fabs(got - want) <= within))
		fail_msg("%.15g, not %.15g", got, want);
}

static void assert_reason(const struct made *m, const char *part)
{
	for (uint32_t i = 0; i < m->results->nreasons; i++)
		if (strstr(m->results->reasons[i], part))
			return;
	fail_msg("no reason says \"%s\"; the first: %s", part,
		 m->results->nreasons ? m->results->reasons[0] : "(none)");
}

static void assert_silent(const struct made *m, const char *part)
{
	for (uint32_t i = 0; i < m->results->nreasons; i++)
		if (strstr(m->results->reasons[i], part))
			fail_msg("said: %s", m->results->reasons[i]);
}

static struct plan_expect *expect_times(struct made *m, enum px_kind kind, double factor)
{
	const struct px *right = made_op(m, PX_MUL, made_const(m, factor, DIM_NUMBER),
					 made_metric(m, MADE_NONE, M_TIME, 2, lows));
	struct plan_expect *x =
	    made_expect(m, NULL, "bpf.low.time ? N * none.low.time",
			made_op(m, kind, made_metric(m, MADE_BPF, M_TIME, 2, lows), right));

	x->confidence = 0.95;
	return x;
}

static const struct expect_result *judged(struct made *m, uint32_t i)
{
	verdict_judge(m->results);
	return &m->results->claims[0].expects[i];
}

/* ---- confidence -------------------------------------------------------------------------------
 */

/* As made, bpf's low sessions take exactly 2 s longer in each repetition: 122.45 against 120.45. */
static void paired_differences_have_no_doubt(void **state)
{
	struct made *m = *state;
	const struct expect_result *x;

	expect_times(m, PX_GT, 1);
	x = judged(m, 0);
	assert_int_equal(x->verdict, VERDICT_PASS);
	near(x->difference.lo, 2, 1e-9);
	near(x->difference.hi, 2, 1e-9);
}

static void each_comparison_is_decided(void **state)
{
	static const struct {
		enum px_kind kind;
		double factor;
		enum verdict want;
	} cases[] = {
	    {PX_GT, 1, VERDICT_PASS},		{PX_GE, 1, VERDICT_PASS},
	    {PX_LT, 1, VERDICT_FAIL},		{PX_LE, 1, VERDICT_FAIL},
	    {PX_NE, 1, VERDICT_PASS},		{PX_EQ, 1, VERDICT_FAIL},
	    {PX_GT, 1.0166, VERDICT_UNDECIDED}, {PX_LT, 1.0166, VERDICT_UNDECIDED},
	    {PX_EQ, 1.0166, VERDICT_UNDECIDED}, {PX_NE, 1.0166, VERDICT_UNDECIDED},
	    {PX_LE, 1.02, VERDICT_PASS},	{PX_GE, 1.02, VERDICT_FAIL},
	};
	struct made *m = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_times(m, cases[i].kind, cases[i].factor);
	/* So that a factor leaves doubt: the difference wobbles by half a second. */
	for (uint32_t rep = 0; rep < MADE_REPEAT; rep++)
		for (uint32_t k = 0; k < 2; k++)
			made_sum(m, MADE_BPF, rep, lows[k])->time_ns +=
			    (rep * 7 % 10) * 100 * NS_PER_MS - 450 * NS_PER_MS;
	verdict_judge(m->results);
	for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (m->results->claims[0].expects[i].verdict != cases[i].want)
			fail_msg("case %u: %s", i,
				 verdict_name(m->results->claims[0].expects[i].verdict));
}

static void three_values_combine(void **state)
{
	struct made *m = *state;
	const struct px *time = made_metric(m, MADE_BPF, M_TIME, 1, &high);
	const struct px *yes = made_op(m, PX_GT, time, made_const(m, 100, DIM_DURATION));
	const struct px *no = made_op(m, PX_LT, time, made_const(m, 100, DIM_DURATION));
	double mean = results_dist(m->results, MADE_BPF, MADE_HIGH, M_TIME).mean;
	const struct px *open = made_op(m, PX_LT, time, made_const(m, mean + 0.01, DIM_DURATION));
	const struct {
		const struct px *cond;
		enum verdict want;
	} cases[] = {
	    {made_op(m, PX_AND, yes, yes), VERDICT_PASS},
	    {made_op(m, PX_AND, yes, no), VERDICT_FAIL},
	    {made_op(m, PX_AND, yes, open), VERDICT_UNDECIDED},
	    {made_op(m, PX_AND, open, no), VERDICT_FAIL},
	    {made_op(m, PX_OR, no, yes), VERDICT_PASS},
	    {made_op(m, PX_OR, open, yes), VERDICT_PASS},
	    {made_op(m, PX_OR, no, open), VERDICT_UNDECIDED},
	    {made_op(m, PX_OR, no, no), VERDICT_FAIL},
	    {made_op(m, PX_NOT, no, NULL), VERDICT_PASS},
	    {made_op(m, PX_NOT, open, NULL), VERDICT_UNDECIDED},
	};
	struct interval in;
	const char *why = NULL;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum verdict v =
		    estimate_decide(m->results, cases[i].cond, PX_ANY_POLICY, 0.95, &in, &why);

		if (v != cases[i].want)
			fail_msg("case %zu: %s", i, verdict_name(v));
	}
}

/* Ten of ten: Clopper and Pearson (1934) at 95% have 0.6915 to 1. */
static void ten_survivors_are_no_proof(void **state)
{
	struct made *m = *state;
	const struct px *share = made_of(m, PX_SURVIVED, MADE_BPF, 1, &high);
	struct estimate e = estimate(m->results, share, PX_ANY_POLICY, 0.95);
	struct plan_expect *x;

	assert_true(e.in.there);
	near(e.in.lo, 0.69150, 1e-5);
	near(e.in.hi, 1, 0);
	x = made_expect(m, NULL, "survived(bpf.high) == 1",
			made_op(m, PX_EQ, share, made_const(m, 1, DIM_NUMBER)));
	x->confidence = 0.95;
	assert_int_equal(judged(m, 0)->verdict, VERDICT_UNDECIDED);
	/* Killed in all of ten against none of ten is decided all the same. */
	for (uint32_t rep = 0; rep < MADE_REPEAT; rep++)
		made_kill(m, MADE_STATIC, rep, MADE_HIGH);
	x->cond = made_op(m, PX_LT, made_of(m, PX_KILLED, MADE_BPF, 1, &high),
			  made_of(m, PX_KILLED, MADE_STATIC, 1, &high));
	assert_int_equal(judged(m, 0)->verdict, VERDICT_PASS);
}

/* ---- bad experiments, each by name ------------------------------------------------------------
 */

static void two_repetitions_decide_nothing(void **state)
{
	struct made *m = *state;
	const struct expect_result *x;

	m->results->nruns = m->results->planned = 2 * (MADE_POLICIES + 3);
	expect_times(m, PX_GT, 1);
	x = judged(m, 0);
	assert_int_equal(x->verdict, VERDICT_UNDECIDED);
	assert_string_equal(x->why, "2 repetitions: no interval at 95% of fewer than 6");
	assert_false(x->difference.there);
	assert_false(results_interval(m->results, MADE_BPF, MADE_HIGH, M_TIME).there);
}

static void a_third_killed_cannot_pass(void **state)
{
	struct made *m = *state;
	const struct expect_result *x;

	for (uint32_t rep = 0; rep < MADE_REPEAT; rep += 3)
		made_kill(m, MADE_BPF, rep, MADE_LOW0);
	expect_times(m, PX_GT, 1);
	x = judged(m, 0);
	assert_int_equal(x->verdict, VERDICT_UNDECIDED);
	assert_non_null(strstr(x->why, "4 of 20 values of bpf.time are missing: killed"));
	/* What is refuted by the others stays refuted. */
	m->plan.nexpects = 0;
	expect_times(m, PX_LT, 1);
	assert_int_equal(judged(m, 0)->verdict, VERDICT_FAIL);
}

static void an_outlier_is_named_and_counted(void **state)
{
	struct made *m = *state;
	double before = results_dist(m->results, MADE_BPF, MADE_HIGH, M_TIME).mean;

	verdict_judge(m->results);
	assert_silent(m, "outlier");
	made_sum(m, MADE_BPF, 6, MADE_HIGH)->time_ns += 400 * NS_PER_SEC;
	verdict_judge(m->results);
	assert_reason(m, "outlier, counted: bpf.high.time is 52");
	assert_reason(m, "in repetition 7, the median 12");
	assert_int_equal(results_dist(m->results, MADE_BPF, MADE_HIGH, M_TIME).outliers, 1);
	near(results_dist(m->results, MADE_BPF, MADE_HIGH, M_TIME).mean, before + 40, 1e-9);
}

static void no_contention_is_void(void **state)
{
	struct made *m = *state;

	made_calm(m);
	expect_times(m, PX_GT, 1);
	verdict_judge(m->results);
	assert_int_equal(m->results->verdict, VERDICT_VOID);
	assert_reason(m, "no contention");
}

static void unlike_runs_are_void(void **state)
{
	struct made *m = *state;

	expect_times(m, PX_GT, 1);
	for (uint32_t k = 0; k < m->results->nruns; k++)
		m->runs[k].mechanism = k < 30 ? "freeze" : "poll";
	verdict_judge(m->results);
	assert_int_equal(m->results->verdict, VERDICT_VOID);
	assert_reason(m, "unlike runs cannot be pooled: run 1 was made with freeze on an unknown "
			 "kernel, run 31 with poll");
	for (uint32_t k = 0; k < m->results->nruns; k++) {
		m->runs[k].mechanism = "freeze";
		m->runs[k].kernel = k == 69 ? "6.12" : "6.1";
	}
	verdict_judge(m->results);
	assert_int_equal(m->results->verdict, VERDICT_VOID);
	assert_reason(m, "run 70 with freeze on 6.12");
}

static void unlike_budgets_are_void(void **state)
{
	struct made *m = *state;

	expect_times(m, PX_GT, 1);
	m->attrs[MADE_NATIVE][MADE_ROOT].max_bytes = 2048 * MIB;
	verdict_judge(m->results);
	assert_int_equal(m->results->verdict, VERDICT_VOID);
	assert_reason(m, "unlike budgets: all sessions share 1.50G under none, 2.00G under native");
	/* A limit of some is a policy. */
	m->attrs[MADE_NATIVE][MADE_ROOT].max_bytes = m->attrs[MADE_NONE][MADE_ROOT].max_bytes;
	verdict_judge(m->results);
	assert_int_equal(m->results->verdict, VERDICT_PASS);
}

static void late_runs_are_void(void **state)
{
	struct made *m = *state;

	expect_times(m, PX_GT, 1);
	for (uint32_t k = 0; k < m->results->nruns; k++)
		m->runs[k].events = 100;
	for (uint32_t k = 0; k < 70; k++)
		m->runs[k].late_events = 1;
	m->runs[3].latest_ns = 250 * NS_PER_MS;
	verdict_judge(m->results);
	assert_int_equal(m->results->verdict, VERDICT_PASS); /* one in a hundred: a note */
	assert_reason(m, "70 of 7000 actions were noticed more than 100ms late, one 250ms late");
	m->runs[3].late_events = 2;
	verdict_judge(m->results);
	assert_int_equal(m->results->verdict, VERDICT_VOID);
	assert_reason(m, "the timeline was not kept: 71 of 7000");
}

static void targets_not_reached_are_void(void **state)
{
	struct made *m = *state;

	made_sum(m, MADE_NATIVE, 4, MADE_LOW1)->short_allocs = 2;
	expect_times(m, PX_GT, 1);
	verdict_judge(m->results);
	assert_int_equal(m->results->verdict, VERDICT_VOID);
	assert_reason(m, "2 allocations in 1 of 70 runs ended with less memory than asked for, "
			 "first low[1] of native, repetition 5");
	/* A report of what was is never VOID. */
	m->plan.baseline = -1;
	m->plan.nexpects = 0;
	verdict_judge(m->results);
	assert_int_equal(m->results->verdict, VERDICT_NONE);
	assert_reason(m, "did not reach their targets");
}

static void few_allocations_are_told(void **state)
{
	struct made *m = *state;

	made_expect(m, NULL, "p99",
		    made_op(m, PX_LT, made_metric(m, MADE_BPF, M_ALLOC_P99, 1, &high),
			    made_const(m, 1000, DIM_DURATION)));
	verdict_judge(m->results);
	assert_silent(m, "too few samples"); /* 185 a run */
	made_sum(m, MADE_BPF, 2, MADE_HIGH)->alloc_n = 99;
	verdict_judge(m->results);
	assert_reason(m,
		      "too few samples for a claimed alloc.p99: some run has 99 allocations, and "
		      "with fewer than 100");
	made_sum(m, MADE_BPF, 2, MADE_HIGH)->alloc_n = 100;
	verdict_judge(m->results);
	assert_silent(m, "too few samples");
}

/* ---- comparisons ------------------------------------------------------------------------------
 */

static const struct contrast *find(const struct made *m, int32_t policy, enum role role)
{
	for (uint32_t i = 0; i < m->results->ncontrasts; i++)
		if (m->results->contrasts[i].policy == policy &&
		    m->results->contrasts[i].role == role)
			return &m->results->contrasts[i];
	fail_msg("no such contrast");
	return NULL;
}

static void gain_cost_and_survivors_stand_together(void **state)
{
	struct made *m = *state;
	const struct contrast *low, *gain;
	struct contrast_figure f;

	made_kill(m, MADE_NONE, 0, MADE_HIGH);
	made_kill(m, MADE_BPF, 1, MADE_LOW0);
	verdict_judge(m->results);
	assert_int_equal(m->results->ncontrasts, 2 * (MADE_POLICIES - 1));
	gain = find(m, MADE_BPF, ROLE_HIGH);
	low = find(m, MADE_BPF, ROLE_LOW);
	assert_true(gain->base_survived == 9 && gain->base_runs == 10 && gain->survived == 10);
	assert_true(low->nsessions == 2 && low->survived == 19 && low->runs == 20);
	/* Pairs: of repetition 1 only high's peer lacks a value; of low, one session of two. */
	f = contrast_figure(m->results, gain, M_TIME, true);
	assert_true(f.n == 9 && f.unpaired == 1);
	near(f.difference_in.hi, 0, 0);
	near(f.p_signs, 1, 0);
	near(f.a_larger, 0.5, 0);
	f = contrast_figure(m->results, low, M_TIME, true);
	assert_true(f.n == 10 && f.unpaired == 1);
	near(f.mean - f.base, 2, 1e-9);
	near(f.difference_in.lo, 2, 1e-9);
	near(f.ratio_in.lo, 122.45 / 120.45, 1e-3);
	near(f.p_signs, 2 / 1024.0, 1e-12); /* all ten differences have one sign */
	near(f.a_larger, 1, 0);
	near(f.p_u, 2 / 184756.0, 1e-15);
}

static void two_pairs_have_means_and_no_interval(void **state)
{
	struct made *m = *state;
	struct contrast_figure f;

	m->results->nruns = 2 * (MADE_POLICIES + 3);
	verdict_judge(m->results);
	f = contrast_figure(m->results, find(m, MADE_BPF, ROLE_LOW), M_TIME, true);
	assert_int_equal(f.n, 2);
	assert_false(f.ratio_in.there || f.difference_in.there || f.mean_in.there);
	near(f.p_signs, 0.5, 0);
}

/* ---- repeat until -----------------------------------------------------------------------------
 */

static void looks_are_few_and_fixed(void **state)
{
	static const uint32_t from10[] = {10, 13, 17, 22, 28, 30, 0};
	struct made *m = *state;
	uint32_t made = 0;

	m->plan.repeat = 10;
	m->plan.repeat_max = 30;
	for (uint32_t i = 0; i < 7; i++) {
		made = estimate_next_look(&m->plan, made);
		assert_int_equal(made, from10[i]);
	}
	m->plan.repeat = 2; /* not before there can be an interval */
	assert_int_equal(estimate_next_look(&m->plan, 0), 6);
	m->plan.repeat_max = 4;
	assert_int_equal(estimate_next_look(&m->plan, 0), 4);
	assert_int_equal(estimate_next_look(&m->plan, 4), 0);
}

static void narrow_is_of_every_policy(void **state)
{
	struct made *m = *state;

	m->plan.repeat_until = made_metric(m, PX_ANY_POLICY, M_TIME, 1, &high);
	m->plan.repeat_width = 0.05;
	m->plan.repeat_max = 30;
	assert_true(estimate_narrow(m->results));
	for (uint32_t rep = 0; rep < MADE_REPEAT; rep++)
		made_sum(m, MADE_STATIC, rep, MADE_HIGH)->time_ns += rep * 10 * NS_PER_SEC;
	assert_false(estimate_narrow(m->results));
	assert_int_equal(m->results->until_policy, MADE_STATIC);
	assert_true(m->results->until_width > 0.05);
	verdict_judge(m->results);
	assert_reason(m, "`until` was not content after 10 repetitions");
	/* Where all are killed nothing will ever come; the others decide. */
	for (uint32_t rep = 0; rep < MADE_REPEAT; rep++)
		made_kill(m, MADE_STATIC, rep, MADE_HIGH);
	assert_true(estimate_narrow(m->results));
	verdict_judge(m->results);
	assert_reason(m, "`until` was content after 10 repetitions");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(paired_differences_have_no_doubt),
	    TEST(each_comparison_is_decided),
	    TEST(three_values_combine),
	    TEST(ten_survivors_are_no_proof),
	    TEST(two_repetitions_decide_nothing),
	    TEST(a_third_killed_cannot_pass),
	    TEST(an_outlier_is_named_and_counted),
	    TEST(no_contention_is_void),
	    TEST(unlike_runs_are_void),
	    TEST(unlike_budgets_are_void),
	    TEST(late_runs_are_void),
	    TEST(targets_not_reached_are_void),
	    TEST(few_allocations_are_told),
	    TEST(gain_cost_and_survivors_stand_together),
	    TEST(two_pairs_have_means_and_no_interval),
	    TEST(looks_are_few_and_fixed),
	    TEST(narrow_is_of_every_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
