/* SPDX-License-Identifier: GPL-2.0-or-later */
/* each verdict, each way to be VOID, contention by own events, exit statuses */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/units.h"
#include "stat/contention.h"
#include "stat/verdict.h"
#include "tests/unit/made.h"

static const uint32_t high = MADE_HIGH;

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

static void kill_all(struct made *m, int32_t policy, uint32_t n)
{
	for (uint32_t rep = 0; rep < n; rep++)
		made_kill(m, policy, rep, MADE_HIGH);
}

/* expect POLICY.high.time < seconds */
static struct plan_expect *expect_time(struct made *m, int32_t policy, double seconds)
{
	return made_expect(m, NULL, "high.time < N",
			   made_op(m, PX_LT, made_metric(m, policy, M_TIME, 1, &high),
				   made_const(m, seconds, DIM_DURATION)));
}

static void judge(struct made *m, enum verdict want, int status)
{
	verdict_judge(m->results);
	if (m->results->verdict != want)
		fail_msg("%s, not %s", verdict_name(m->results->verdict), verdict_name(want));
	assert_int_equal(results_exit_status(m->results), status);
}

static bool has_reason(const struct made *m, const char *part)
{
	for (uint32_t i = 0; i < m->results->nreasons; i++)
		if (strstr(m->results->reasons[i], part))
			return true;
	return false;
}

static void assert_reason(const struct made *m, const char *part)
{
	if (!has_reason(m, part))
		fail_msg("no reason says \"%s\"; the first: %s", part,
			 m->results->nreasons ? m->results->reasons[0] : "(none)");
}

static void pass(void **state)
{
	struct made *m = *state;

	expect_time(m, MADE_BPF, 130);
	judge(m, VERDICT_PASS, 0);
	assert_int_equal(m->results->nclaims, 1);
	assert_null(m->results->claims[0].name);
	assert_true(m->results->claims[0].expects[0].has_sides);
	assert_true(m->results->claims[0].expects[0].right == 130);
	assert_int_equal(m->results->claims[0].expects[0].dim, DIM_DURATION);
	assert_int_equal(m->results->nreasons, 0);
	assert_true(m->results->contended);
}

static void fail_beats_undecided_beats_warn(void **state)
{
	struct made *m = *state;

	expect_time(m, MADE_BPF, 1)->warn_only = true;
	judge(m, VERDICT_WARN, 0);
	made_kill(m, MADE_NONE, 0, MADE_HIGH);
	expect_time(m, MADE_NONE, 130);
	judge(m, VERDICT_UNDECIDED, 1);
	assert_string_equal(m->results->claims[0].expects[1].why,
			    "1 of 10 runs have no none.high.time: killed");
	expect_time(m, MADE_BPF, 1);
	judge(m, VERDICT_FAIL, 1);
}

static void a_missing_value_never_passes(void **state)
{
	struct made *m = *state;

	made_kill(m, MADE_NONE, 3, MADE_HIGH);
	expect_time(m, MADE_NONE, 130); /* holds of the nine that live */
	expect_time(m, MADE_NONE, 100); /* false of them */
	expect_time(m, MADE_NONE, 130)->warn_only = true;
	judge(m, VERDICT_FAIL, 1);
	assert_int_equal(m->results->claims[0].expects[0].verdict, VERDICT_UNDECIDED);
	assert_int_equal(m->results->claims[0].expects[1].verdict, VERDICT_FAIL);
	assert_int_equal(m->results->claims[0].expects[2].verdict, VERDICT_WARN);
}

static void void_without_a_sample(void **state)
{
	struct made *m = *state;

	kill_all(m, MADE_NONE, MADE_REPEAT);
	expect_time(m, MADE_NONE, 130)->claim = "C1";
	expect_time(m, MADE_BPF, 1);
	judge(m, VERDICT_VOID, 4);
	assert_reason(m, "C1: 10 of 10 runs have no none.high.time: killed");
	assert_true(m->results->claims[0].expects[0].left_missing);
	assert_false(m->results->claims[0].expects[0].right_missing);
	assert_int_equal(m->results->claims[1].verdict, VERDICT_FAIL);
}

static void void_without_contention(void **state)
{
	struct made *m = *state;

	made_calm(m);
	expect_time(m, MADE_BPF, 130);
	judge(m, VERDICT_VOID, 4);
	assert_reason(m, "in no run of none was a shared limit met");
	assert_reason(m, "1.07G of the 1.50G");
	/* what happens under another policy is no contention of the baseline */
	made_run(m, MADE_STATIC, 0)->contended = true;
	judge(m, VERDICT_VOID, 4);
	/* one run of the baseline is enough */
	made_run(m, MADE_NONE, 4)->contended = true;
	judge(m, VERDICT_PASS, 0);
}

static void demand_alone_is_contention(void **state)
{
	struct made *m = *state;

	made_calm(m);
	m->results->demand.cgroups[MADE_ROOT].points.v[1].bytes = 1537 * MIB;
	m->results->demand.cgroups[MADE_ROOT].peak_bytes = 1537 * MIB;
	judge(m, VERDICT_PASS, 0);
	assert_int_equal(m->results->nbudgets, 1);
	assert_int_equal(m->results->budgets[0].contended, 0);
	assert_int_equal(m->results->budgets[0].nruns, 10);
	assert_int_equal(m->results->budgets[0].over.first_ns, 90 * NS_PER_SEC);
	assert_int_equal(m->results->budgets[0].over.total_ns, 30 * NS_PER_SEC);
}

static void contention_none_inverts(void **state)
{
	struct made *m = *state;

	m->plan.contention_none = true;
	expect_time(m, MADE_BPF, 130);
	judge(m, VERDICT_VOID, 4);
	assert_reason(m, "`contention none`: root was met in 10 of 10 runs");
	made_calm(m);
	judge(m, VERDICT_PASS, 0);
	/* nor need a policy act there */
	for (uint32_t rep = 0; rep < MADE_REPEAT; rep++)
		for (uint32_t i = MADE_LOW0; i <= MADE_LOW1; i++)
			made_sum(m, MADE_BPF, rep, i)->counters.delays = 0;
	judge(m, VERDICT_PASS, 0);
}

static void void_when_a_policy_never_acts(void **state)
{
	struct made *m = *state;

	for (uint32_t rep = 0; rep < MADE_REPEAT; rep++)
		for (uint32_t i = MADE_LOW0; i <= MADE_LOW1; i++)
			made_sum(m, MADE_BPF, rep, i)->counters.delays = 0;
	judge(m, VERDICT_VOID, 4);
	assert_reason(m, "policy bpf never acted");
	/* turning reclaim away is acting, too; some runs without are told of */
	made_sum(m, MADE_BPF, 2, MADE_HIGH)->counters.protections = 1;
	judge(m, VERDICT_PASS, 0);
	assert_reason(m, "policy bpf acted in 1 of 10 runs only");
	/* without a comparison there is nothing to be void */
	made_sum(m, MADE_BPF, 2, MADE_HIGH)->counters.protections = 0;
	m->plan.baseline = -1;
	judge(m, VERDICT_NONE, 0);
}

static void void_when_a_limit_is_not_in_force(void **state)
{
	struct made *m = *state;

	made_run(m, MADE_BPF, 1)->limits_not_in_force = 2;
	judge(m, VERDICT_VOID, 4);
	assert_reason(m, "not in force on reading back: 2, in 1 of 70 runs");
}

static void reports_are_never_void(void **state)
{
	struct made *m = *state;

	made_calm(m);
	made_run(m, MADE_NONE, 1)->limits_not_in_force = 1;
	m->plan.baseline = -1;
	m->plan.contention_none = true;
	judge(m, VERDICT_NONE, 0);
	assert_reason(m, "not in force");
	/* a claim makes it more than a report */
	expect_time(m, MADE_BPF, 130);
	judge(m, VERDICT_VOID, 4);
}

static void claims_without_compare_need_no_contention(void **state)
{
	struct made *m = *state;

	made_calm(m);
	m->plan.baseline = -1;
	expect_time(m, MADE_BPF, 130);
	judge(m, VERDICT_PASS, 0);
}

static void aborted_beats_all_but_interrupted(void **state)
{
	static const char *const texts[] = {"killed(high) > 0"};
	struct made *m = *state;

	kill_all(m, MADE_NONE, MADE_REPEAT);
	expect_time(m, MADE_NONE, 130);
	m->plan.naborts = 1;
	m->plan.abort_texts = texts;
	made_run(m, MADE_BPF, 9)->end = END_ABORTED;
	judge(m, VERDICT_ABORTED, 5);
	assert_reason(m, "bpf, repetition 10, at 123s: killed(high) > 0");
	m->results->interrupted = true;
	judge(m, VERDICT_ABORTED, 130);
	assert_reason(m, "interrupted: 70 of 70 runs");
}

static void ends_are_told(void **state)
{
	struct made *m = *state;

	made_run(m, MADE_NONE, 0)->end = END_DEADLINE;
	made_run(m, MADE_STATIC, 1)->end = END_STUCK;
	made_run(m, MADE_NATIVE, 2)->end = END_INTERRUPTED;
	judge(m, VERDICT_PASS, 0);
	assert_reason(m, "1 of 70 runs ended by their deadline");
	assert_reason(m, "static, repetition 2, came to a halt at 123s");
	assert_reason(m, "native, repetition 3, was cut off at 123s and is not counted");
}

static void hopeless_sessions_are_told(void **state)
{
	struct made *m = *state;

	m->results->demand.cgroups[MADE_LOW0].peak_bytes = 1600 * MIB;
	for (uint32_t k = 0; k < m->results->nruns; k++)
		if (m->runs[k].policy == PX_ALONE && m->runs[k].alone == MADE_LOW0)
			m->sums[k * MADE_CGROUPS + MADE_LOW0].oom_killed = true;
	judge(m, VERDICT_PASS, 0);
	assert_reason(m, "low[0] alone needs 1.56G of a budget of 1.50G: no policy can save it");
	assert_reason(m, "low[0] is killed even alone, in 10 of 10 runs");
}

static void each_policy_is_judged(void **state)
{
	struct made *m = *state;
	const struct claim_result *c;
	struct plan_expect *x;

	x = expect_time(m, PX_ANY_POLICY, 130);
	x->each_policy = true;
	x->claim = "all of them";
	x = expect_time(m, MADE_BPF, 130);
	x->claim = m->expects[0].claim;
	made_kill(m, MADE_STATIC, 0, MADE_HIGH);
	judge(m, VERDICT_UNDECIDED, 1);
	assert_int_equal(m->results->nclaims, 1);
	c = &m->results->claims[0];
	assert_string_equal(c->name, "all of them");
	assert_int_equal(c->nexpects, 5);
	assert_int_equal(c->verdict, VERDICT_UNDECIDED);
	for (int32_t i = 0; i < MADE_POLICIES; i++) {
		assert_int_equal(c->expects[i].policy, i);
		assert_int_equal(c->expects[i].verdict,
				 i == MADE_STATIC ? VERDICT_UNDECIDED : VERDICT_PASS);
	}
	assert_int_equal(c->expects[4].policy, PX_ANY_POLICY);
}

/* ---- contention by a cgroup's own events ------------------------------------------------------
 */

static void own_limits_are_no_contention(void **state)
{
	struct made *m = *state;
	struct cg_counters *root = &made_sum(m, MADE_STATIC, 0, MADE_ROOT)->counters;
	struct cg_counters *session = &made_sum(m, MADE_STATIC, 0, MADE_HIGH)->counters;
	struct run_summary *r = made_run(m, MADE_STATIC, 0);
	bool met[MADE_CGROUPS];

	assert_false(contention_met_anywhere(&m->plan, r));
	/* memory.events is hierarchical: what a session does to itself is seen at the root */
	session->ev_max = root->ev_max = 35;
	session->ev_oom = root->ev_oom = 1;
	session->ev_oom_kill = root->ev_oom_kill = 1;
	session->ev_high = root->ev_high = 838;
	assert_false(contention_met_anywhere(&m->plan, r));
	/* one more is the root's own */
	root->ev_max++;
	assert_true(contention_met_anywhere(&m->plan, r));
	contention_met(&m->plan, r, met);
	assert_true(met[MADE_ROOT]);
	assert_false(met[MADE_HIGH]);
	root->ev_max--;
	root->ev_high++;
	assert_true(contention_met_anywhere(&m->plan, r));
	root->ev_high--;
	root->ev_oom++;
	assert_true(contention_met_anywhere(&m->plan, r));
}

static void a_team_shares_its_own_limit(void **state)
{
	struct made *m = *state;
	struct run_summary *r = made_run(m, MADE_NATIVE, 0);
	bool met[MADE_CGROUPS];

	/* root > high (now a team) > low[0], low[1] */
	m->cgroups[MADE_LOW0].parent = m->cgroups[MADE_LOW1].parent = MADE_HIGH;
	made_sum(m, MADE_NATIVE, 0, MADE_HIGH)->has_workers = false;
	for (uint32_t i = 0; i < MADE_CGROUPS; i++)
		made_sum(m, MADE_NATIVE, 0, i)->counters.ev_high = 0;
	made_sum(m, MADE_NATIVE, 0, MADE_LOW0)->counters.ev_max = 5;
	made_sum(m, MADE_NATIVE, 0, MADE_HIGH)->counters.ev_max = 7;
	made_sum(m, MADE_NATIVE, 0, MADE_ROOT)->counters.ev_max = 7;
	contention_met(&m->plan, r, met);
	assert_false(met[MADE_ROOT]);
	assert_true(met[MADE_HIGH]);
	assert_false(met[MADE_LOW0]);
	made_sum(m, MADE_NATIVE, 0, MADE_LOW1)->counters.ev_max = 2;
	contention_met(&m->plan, r, met);
	assert_false(met[MADE_HIGH]);
}

static void the_machine_is_a_limit(void **state)
{
	static struct plan_event reclaims;
	struct made *m = *state;
	struct run_summary *r = made_run(m, MADE_STATIC, 0);
	struct cg_counters *root = &made_sum(m, MADE_STATIC, 0, MADE_ROOT)->counters;

	root->ev_oom_kill = 1;
	assert_true(contention_met_anywhere(&m->plan, r));
	root->ev_oom_kill = 0;
	root->reclaimed_bytes = MIB;
	assert_true(contention_met_anywhere(&m->plan, r));
	/* not when the scenario asked for it, nor when a limit did */
	reclaims.step.kind = STEP_OP;
	reclaims.step.op.kind = OP_RECLAIM;
	m->plan.events = &reclaims;
	m->plan.nevents = 1;
	assert_false(contention_met_anywhere(&m->plan, r));
	m->plan.nevents = 0;
	root->ev_high = made_sum(m, MADE_STATIC, 0, MADE_HIGH)->counters.ev_high = 1;
	assert_false(contention_met_anywhere(&m->plan, r));
	/* without a limit of its own, the root's budget is the machine's memory */
	m->attrs[MADE_NONE][MADE_ROOT].max_bytes = NO_LIMIT;
	contention_judge(m->results);
	assert_int_equal(m->results->nbudgets, 1);
	assert_true(m->results->budgets[0].machine);
	assert_int_equal(m->results->budgets[0].limit_bytes, 16 * GIB);
	m->attrs[MADE_NONE][MADE_ROOT].high_bytes = GIB;
	contention_judge(m->results);
	assert_false(m->results->budgets[0].machine);
	assert_int_equal(m->results->budgets[0].limit_bytes, GIB);
}

static void alone_cannot_contend(void **state)
{
	struct made *m = *state;

	for (uint32_t k = 0; k < m->results->nruns; k++) {
		if (m->runs[k].policy != PX_ALONE)
			continue;
		m->sums[k * MADE_CGROUPS].counters.ev_max = 9;
		assert_false(contention_met_anywhere(&m->plan, &m->runs[k]));
	}
}

static void statuses(void **state)
{
	static const int want[] = {
	    [VERDICT_PASS] = 0, [VERDICT_WARN] = 0, [VERDICT_FAIL] = 1,	   [VERDICT_UNDECIDED] = 1,
	    [VERDICT_VOID] = 4, [VERDICT_SKIP] = 3, [VERDICT_ABORTED] = 5, [VERDICT_NONE] = 0,
	};
	struct results r = {0};

	(void)state;
	for (unsigned int v = 0; v < ARRAY_LEN(want); v++) {
		r.verdict = (enum verdict)v;
		assert_int_equal(results_exit_status(&r), want[v]);
	}
	r.interrupted = true;
	assert_int_equal(results_exit_status(&r), 130);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(pass),
	    TEST(fail_beats_undecided_beats_warn),
	    TEST(a_missing_value_never_passes),
	    TEST(void_without_a_sample),
	    TEST(void_without_contention),
	    TEST(demand_alone_is_contention),
	    TEST(contention_none_inverts),
	    TEST(void_when_a_policy_never_acts),
	    TEST(void_when_a_limit_is_not_in_force),
	    TEST(reports_are_never_void),
	    TEST(claims_without_compare_need_no_contention),
	    TEST(aborted_beats_all_but_interrupted),
	    TEST(ends_are_told),
	    TEST(hopeless_sessions_are_told),
	    TEST(each_policy_is_judged),
	    TEST(own_limits_are_no_contention),
	    TEST(a_team_shares_its_own_limit),
	    TEST(the_machine_is_a_limit),
	    TEST(alone_cannot_contend),
	    cmocka_unit_test(statuses),
	};

	return cmocka_run_group_tests_name("stat_verdict", tests, NULL, NULL);
}
