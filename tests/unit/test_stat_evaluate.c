/* SPDX-License-Identifier: GPL-2.0-or-later */
/* what expressions say of the runs: means, functions over all values, missing values */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/units.h"
#include "stat/evaluate.h"
#include "tests/unit/made.h"

static const uint32_t high = MADE_HIGH;
static const uint32_t all[] = {MADE_HIGH, MADE_LOW0, MADE_LOW1};

static int set_up(void **state)
{
	*state = made_new();
	return 0;
}

static int tear_down(void **state)
{
	made_free(*state);
	return 0;
}

static struct evaluation ask(struct made *m, const struct px *e)
{
	return evaluate(m->results, e, PX_ANY_POLICY);
}

static void assert_value(struct evaluation ev, double want)
{
	assert_false(ev.empty);
	if (fabs(ev.value - want) > 1e-9 * fmax(1, fabs(want)))
		fail_msg("%.17g, not %.17g", ev.value, want);
}

/* peak[rep][session] = 1M * (rep + 1) * (session + 1), under bpf */
static void set_peaks(struct made *m)
{
	for (uint32_t rep = 0; rep < MADE_REPEAT; rep++)
		for (uint32_t i = 0; i < 3; i++)
			made_sum(m, MADE_BPF, rep, all[i])->counters.peak_bytes =
			    MIB * (rep + 1) * (i + 1);
}

static const struct px *over(struct made *m, enum px_kind kind, double q, const struct px *a,
			     const struct px *b)
{
	struct px *e = (struct px *)made_op(m, kind, a, b);

	e->q = q;
	return e;
}

static void metrics_mean_functions_take_all(void **state)
{
	struct made *m = *state;
	const struct px *one, *three;

	set_peaks(m);
	one = made_metric(m, MADE_BPF, M_PEAK, 1, &high);
	three = made_metric(m, MADE_BPF, M_PEAK, 3, all);
	assert_value(ask(m, one), 5.5 * MIB);
	assert_value(ask(m, three), 11 * MIB);
	assert_value(ask(m, over(m, PX_MIN, 0, three, NULL)), MIB);
	assert_value(ask(m, over(m, PX_MAX, 0, three, NULL)), 30 * MIB);
	assert_value(ask(m, over(m, PX_SUM, 0, three, NULL)), 330 * MIB);
	assert_value(ask(m, over(m, PX_QUANTILE, 0.95, one, NULL)), 10 * MIB);
	assert_value(ask(m, over(m, PX_QUANTILE, 0.90, one, NULL)), 9 * MIB);
	assert_value(ask(m, over(m, PX_QUANTILE, 0.50, one, NULL)), 5 * MIB);
	/* a function of several arguments: all values of all of them */
	assert_value(ask(m, over(m, PX_MAX, 0, one, made_const(m, 25 * MIB, DIM_SIZE))), 25 * MIB);
	assert_value(ask(m, over(m, PX_SUM, 0, one, three)), 385 * MIB);
	/* arithmetic inside a function is one value */
	assert_value(
	    ask(m, over(m, PX_MAX, 0, made_op(m, PX_MUL, one, made_const(m, 2, DIM_NUMBER)), NULL)),
	    11 * MIB);
	assert_int_equal(ask(m, three).values, 30);
	assert_int_equal(ask(m, three).missing, 0);
}

static void policies_and_alone_are_kept_apart(void **state)
{
	struct made *m = *state;
	const struct px *any = made_metric(m, PX_ANY_POLICY, M_DELAYS, 3, all);
	const struct px *alone = made_metric(m, PX_ALONE, M_TIME, 3, all);

	assert_value(evaluate(m->results, any, MADE_NONE), 0);
	assert_value(evaluate(m->results, any, MADE_BPF), 68.0 / 3);
	assert_value(ask(m, any), 68.0 / 12);
	assert_int_equal(ask(m, alone).values, 30);
	made_run(m, MADE_BPF, 0)->end = END_INTERRUPTED;
	assert_int_equal(evaluate(m->results, any, MADE_BPF).values, 27);
}

static void throughput_alone_is_a_sum(void **state)
{
	struct made *m = *state;
	struct px *e = (struct px *)made_metric(m, MADE_NONE, M_THROUGHPUT, 3, all);
	double each = ask(m, e).value;

	e->scope.total = true;
	assert_value(ask(m, e), 3 * each);
	/* a run that lacks one of them has no sum */
	made_sum(m, MADE_NONE, 0, MADE_LOW1)->span_ns = 0;
	assert_int_equal(ask(m, e).missing, 1);
	assert_false(ask(m, e).empty);
}

static void killed_survived_done(void **state)
{
	struct made *m = *state;

	for (uint32_t rep = 0; rep < 4; rep++)
		made_kill(m, MADE_NONE, rep, MADE_HIGH);
	made_kill(m, MADE_NONE, 0, MADE_LOW0);
	made_sum(m, MADE_NONE, 9, MADE_LOW1)->done = false;
	assert_value(ask(m, made_of(m, PX_KILLED, MADE_NONE, 3, all)), 0.5);
	assert_value(ask(m, made_of(m, PX_KILLED, MADE_NONE, 1, &high)), 0.4);
	assert_value(ask(m, made_of(m, PX_SURVIVED, MADE_NONE, 3, all)), 1 - 0.5 / 3);
	assert_value(ask(m, made_of(m, PX_SURVIVED, MADE_BPF, 3, all)), 1);
	assert_value(ask(m, made_of(m, PX_DONE, MADE_NONE, 1, &high)), 1);
	assert_value(ask(m, made_of(m, PX_DONE, MADE_NONE, 3, all)), 0);
	assert_value(ask(m, made_of(m, PX_DONE, MADE_BPF, 3, all)), 1);
	assert_value(ask(m, over(m, PX_SUM, 0, made_of(m, PX_KILLED, MADE_NONE, 3, all), NULL)), 5);
}

static void marks_need_every_run(void **state)
{
	struct made *m = *state;
	static uint64_t reached[] = {NS_PER_SEC}, never[] = {NEVER};
	struct px e = {.kind = PX_MARK, .dim = DIM_BOOL};

	m->plan.nmarks = 1;
	for (uint32_t k = 0; k < m->results->nruns; k++)
		m->runs[k].marks_ns = m->runs[k].policy == PX_ALONE ? never : reached;
	assert_value(ask(m, &e), 1);
	made_run(m, MADE_BPF, 7)->marks_ns = never;
	assert_value(ask(m, &e), 0);
	assert_value(evaluate(m->results, &e, MADE_BPF), 0);
	assert_value(evaluate(m->results, &e, MADE_NONE), 1);
}

static void missing_values_are_counted_and_named(void **state)
{
	struct made *m = *state;
	const struct px *time = made_metric(m, MADE_NONE, M_TIME, 1, &high);
	const struct px *times = made_metric(m, MADE_NONE, M_TIME, 3, all);
	struct evaluation ev;

	for (uint32_t rep = 0; rep < 3; rep++)
		made_kill(m, MADE_NONE, rep, MADE_HIGH);
	ev = ask(m, time);
	assert_int_equal(ev.values, 7);
	assert_int_equal(ev.missing, 3);
	assert_string_equal(evaluation_why(m->results, &ev, PX_ANY_POLICY),
			    "3 of 10 runs have no none.high.time: killed");
	ev = ask(m, times);
	assert_string_equal(evaluation_why(m->results, &ev, PX_ANY_POLICY),
			    "3 of 30 values of none.time are missing: killed");
	made_sum(m, MADE_NONE, 5, MADE_HIGH)->has_time = false;
	ev = ask(m, time);
	assert_string_equal(evaluation_why(m->results, &ev, PX_ANY_POLICY),
			    "4 of 10 runs have no none.high.time: killed or unfinished");
	for (uint32_t rep = 0; rep < MADE_REPEAT; rep++)
		made_sum(m, MADE_BPF, rep, MADE_HIGH)->alloc_n = 0;
	/* what has no value at all is told of before what lacks some */
	ev = ask(m, made_op(m, PX_LT, time, made_metric(m, MADE_BPF, M_ALLOC_P99, 1, &high)));
	assert_true(ev.empty);
	assert_int_equal(ev.missing, 14);
	assert_string_equal(evaluation_why(m->results, &ev, PX_ANY_POLICY),
			    "10 of 10 runs have no bpf.high.alloc.p99: no allocations");
	m->results->nruns = 0;
	ev = ask(m, made_metric(m, PX_ALONE, M_TIME, 1, &high));
	assert_true(ev.empty);
	assert_string_equal(evaluation_why(m->results, &ev, PX_ANY_POLICY),
			    "no run has measured alone.time");
}

static double judge(struct made *m, enum px_kind kind, double a, double b)
{
	const struct px *x = made_const(m, a, DIM_NUMBER), *y = made_const(m, b, DIM_NUMBER);

	return ask(m, made_op(m, kind, x, y)).value;
}

static bool holds(struct made *m, enum px_kind kind, double a, double b)
{
	return judge(m, kind, a, b) != 0;
}

static void operators(void **state)
{
	struct made *m = *state;

	assert_true(judge(m, PX_ADD, 2, 3) == 5 && judge(m, PX_SUB, 2, 3) == -1);
	assert_true(judge(m, PX_MUL, 2, 3) == 6 && judge(m, PX_DIV, 3, 2) == 1.5);
	assert_true(judge(m, PX_MOD, 7, 3) == 1 && judge(m, PX_MOD, -1, 3) == 2);
	assert_true(holds(m, PX_LT, 1, 2) && !holds(m, PX_LT, 2, 2) && holds(m, PX_LE, 2, 2));
	assert_true(holds(m, PX_GT, 2, 1) && !holds(m, PX_GT, 2, 2) && holds(m, PX_GE, 2, 2));
	assert_true(holds(m, PX_EQ, 2, 2) && !holds(m, PX_NE, 2, 2) && holds(m, PX_NE, 2, 3));
	/* 1.1 * 3 is not 3.3 in binary; it is here */
	assert_true(holds(m, PX_EQ, 1.1 * 3, 3.3) && holds(m, PX_LE, 1.1 * 3, 3.3));
	assert_true(!holds(m, PX_GT, 1.1 * 3, 3.3) && holds(m, PX_NE, 1, 1 + 1e-9));
	assert_true(holds(m, PX_EQ, 0, 0));
	assert_true(holds(m, PX_AND, 1, 1) && !holds(m, PX_AND, 1, 0));
	assert_true(holds(m, PX_OR, 1, 0) && !holds(m, PX_OR, 0, 0));
	assert_true(
	    ask(m, made_op(m, PX_DIV, made_const(m, 1, DIM_NUMBER), made_const(m, 0, DIM_NUMBER)))
		.empty);
	assert_true(ask(m, made_op(m, PX_NEG, made_const(m, 4, DIM_NUMBER), NULL)).value == -4);
	assert_true(ask(m, made_op(m, PX_NOT, made_const(m, 0, DIM_BOOL), NULL)).value == 1);
}

static void every_metric_has_a_value_or_says_so(void **state)
{
	struct made *m = *state;
	struct cg_summary *s = made_sum(m, MADE_BPF, 0, MADE_HIGH);
	const struct run_summary *r = made_run(m, MADE_BPF, 0);
	double v;

	for (enum metric i = 0; i < M_COUNT; i++)
		assert_true(results_metric(r, MADE_HIGH, i, &v));
	assert_false(results_metric(r, MADE_ROOT, M_TIME, &v));
	assert_false(results_metric(r, MADE_ROOT, M_STALL, &v));
	assert_true(results_metric(r, MADE_ROOT, M_PEAK, &v));
	s->counters.psi_some_ns = 123 * NS_PER_SEC / 4;
	assert_true(results_metric(r, MADE_HIGH, M_PSI_SOME, &v) && v == 0.25);
	s->bytes_done = 50 * MIB;
	s->span_ns = 25 * NS_PER_SEC;
	assert_true(results_metric(r, MADE_HIGH, M_THROUGHPUT, &v) && v == 2.0 * MIB);
	s->alloc_n = 0;
	v = -1;
	assert_false(results_metric(r, MADE_HIGH, M_ALLOC_P50, &v));
	assert_true(v == -1);
	assert_true(results_metric(r, MADE_HIGH, M_ALLOC_N, &v) && v == 0);
}

static void dists_pool_one_policy(void **state)
{
	struct made *m = *state;
	struct dist d;

	set_peaks(m);
	d = results_dist(m->results, MADE_BPF, MADE_HIGH, M_PEAK);
	assert_int_equal(d.n, 10);
	assert_true(d.mean == 5.5 * MIB && d.p50 == 5 * MIB && d.max == 10 * MIB);
	made_kill(m, MADE_BPF, 0, MADE_HIGH);
	d = results_dist(m->results, MADE_BPF, MADE_HIGH, M_TIME);
	assert_int_equal(d.n, 9);
	assert_int_equal(d.missing, 1);
	/* the undisturbed runs of others are not those of low[1] */
	d = results_dist(m->results, PX_ALONE, MADE_LOW1, M_PEAK);
	assert_int_equal(d.n, 10);
	assert_true(d.min == 502.0 * MIB && d.sd == 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(metrics_mean_functions_take_all),
	    TEST(policies_and_alone_are_kept_apart),
	    TEST(throughput_alone_is_a_sum),
	    TEST(killed_survived_done),
	    TEST(marks_need_every_run),
	    TEST(missing_values_are_counted_and_named),
	    TEST(operators),
	    TEST(every_metric_has_a_value_or_says_so),
	    TEST(dists_pool_one_policy),
	};

	return cmocka_run_group_tests_name("stat_evaluate", tests, NULL, NULL);
}
