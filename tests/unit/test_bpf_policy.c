/* SPDX-License-Identifier: GPL-2.0-or-later */
/* when a priority-high cgroup is active (bpf/policy.h) */
#include "tests/unit/unit.h"

#include "bpf/policy.h"

#define SEC 1000000000ull

static const struct agentcg_policy policy = {.threshold = 1, .window_ns = SEC};

static void the_sum_must_exceed_the_threshold(void **state)
{
	(void)state;
	struct agentcg_window w = {0};

	assert_false(agentcg_window_active(&w, &policy, 0));
	assert_false(agentcg_window_add(&w, &policy, 5 * SEC, 1));
	assert_false(agentcg_window_active(&w, &policy, 5 * SEC));
	assert_true(agentcg_window_add(&w, &policy, 5 * SEC + 1, 1));
	assert_true(agentcg_window_active(&w, &policy, 5 * SEC + 1));
	assert_int_equal(w.sum, 0);
	assert_int_equal(w.crossings, 1);
}

static void it_lasts_one_window_from_the_last_crossing(void **state)
{
	(void)state;
	struct agentcg_window w = {0};

	assert_true(agentcg_window_add(&w, &policy, 10 * SEC, 2));
	assert_true(agentcg_window_active(&w, &policy, 11 * SEC - 1));
	assert_false(agentcg_window_active(&w, &policy, 11 * SEC));
	/* Less than the threshold does not prolong it. */
	assert_false(agentcg_window_add(&w, &policy, 10 * SEC + SEC / 2, 1));
	assert_false(agentcg_window_active(&w, &policy, 11 * SEC));
	assert_true(agentcg_window_add(&w, &policy, 10 * SEC + SEC / 2 + 1, 1));
	assert_true(agentcg_window_active(&w, &policy, 11 * SEC));
}

static void windows_tumble(void **state)
{
	(void)state;
	struct agentcg_window w = {0};

	assert_false(agentcg_window_add(&w, &policy, 10 * SEC, 1));
	/* A sliding window would see two faults within a second here; this one begins anew. */
	assert_false(agentcg_window_add(&w, &policy, 11 * SEC, 1));
	assert_int_equal(w.start_ns, 11 * SEC);
	assert_true(agentcg_window_add(&w, &policy, 12 * SEC - 1, 1));
}

static void a_crossing_begins_a_window(void **state)
{
	(void)state;
	struct agentcg_window w = {0};

	assert_true(agentcg_window_add(&w, &policy, 10 * SEC, 2));
	assert_false(agentcg_window_add(&w, &policy, 10 * SEC + 1, 1));
	assert_int_equal(w.start_ns, 10 * SEC);
	assert_false(agentcg_window_add(&w, &policy, 11 * SEC, 1));
	assert_int_equal(w.start_ns, 11 * SEC);
}

static void time_zero_is_a_time_like_any(void **state)
{
	(void)state;
	struct agentcg_window w = {0}, late = {0};

	assert_true(agentcg_window_add(&w, &policy, 0, 2));
	assert_true(agentcg_window_active(&w, &policy, 0));
	assert_true(agentcg_window_active(&w, &policy, SEC - 1));
	assert_false(agentcg_window_active(&w, &policy, SEC));
	/* The first fault begins the first window, not the clock. */
	assert_false(agentcg_window_add(&late, &policy, SEC / 2, 1));
	assert_true(agentcg_window_add(&late, &policy, SEC + SEC / 4, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_sum_must_exceed_the_threshold),
	    cmocka_unit_test(it_lasts_one_window_from_the_last_crossing),
	    cmocka_unit_test(windows_tumble),
	    cmocka_unit_test(a_crossing_begins_a_window),
	    cmocka_unit_test(time_zero_is_a_time_like_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
