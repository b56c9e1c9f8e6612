/* SPDX-License-Identifier: GPL-2.0-or-later */
/* the delay policy: who is active, who waits, who is shielded */
#include "tests/unit/unit.h"

#include "tests/unit/sim_world.h"

enum {
	ROOT,
	HIGH,
	LOW
};

/* HIGH and LOW under a root; LOW is over its memory.high of 20M by 64 pages at least. */
static void high_and_low(struct sim_world *w, struct cg_attrs high, struct cg_attrs low)
{
	sw_init(w);
	w->check = true;
	sw_cgroup(w, ROOT, sw_attrs(NO_LIMIT, NO_LIMIT));
	high.priority = PRIORITY_HIGH;
	low.priority = PRIORITY_LOW;
	sw_cgroup(w, ROOT, high);
	sw_cgroup(w, ROOT, low);
	sw_worker(w, HIGH); /* 0 */
	sw_worker(w, LOW);  /* 1 */
	sw_open(w, 1, 0);
}

static struct cg_attrs low_attrs(uint64_t high_bytes, uint64_t delay_ns, bool always)
{
	struct cg_attrs a = sw_attrs(high_bytes, NO_LIMIT);

	a.delay_ns = delay_ns;
	a.delay_always = always;
	return a;
}

static uint64_t delays(struct sim_world *w)
{
	return sw_sample(w, LOW)->delays;
}

static struct op alloc(uint32_t worker, uint64_t bytes)
{
	return OP(OP_ALLOC, worker, .bytes = bytes);
}

static void delays_only_while_high_is_active(void **state)
{
	(void)state;
	struct sim_world w;

	high_and_low(&w, sw_attrs(NO_LIMIT, NO_LIMIT), low_attrs(20 * MIB, NS_PER_SEC, false));
	sw_do(&w, alloc(1, 20 * MIB)); /* over, but nobody is active */
	assert_int_equal(delays(&w), 0);
	sw_do(&w, alloc(0, MIB));
	sw_do(&w, alloc(1, 64 * PAGE_BYTES));
	assert_int_equal(delays(&w), 1);
	assert_int_equal(sw_count(&w, OBS_DELAY, 1, LOW), 1);
	assert_true(sw_latest(&w, OBS_DELAY, 1)->delay.ns >= NS_PER_SEC);
	assert_true(sw_latest(&w, OBS_DELAY, 1)->delay.ns < NS_PER_SEC + 40 * NS_PER_MS);
	assert_int_equal(sw_latest(&w, OBS_DONE, 1)->done.held.delay_ns,
			 sw_latest(&w, OBS_DELAY, 1)->delay.ns);
	/* Active lasts one window from the last crossing, and the sleep was longer than that. */
	sw_do(&w, alloc(1, 64 * PAGE_BYTES));
	assert_int_equal(delays(&w), 1);
	sw_free(&w);
}

static void delays_only_over_high_unless_always(void **state)
{
	(void)state;
	struct sim_world w;

	high_and_low(&w, sw_attrs(NO_LIMIT, NO_LIMIT), low_attrs(20 * MIB, 100 * NS_PER_MS, false));
	sw_do(&w, alloc(0, MIB));
	sw_do(&w, alloc(1, 10 * MIB));
	assert_int_equal(delays(&w), 0);
	sw_free(&w);

	high_and_low(&w, sw_attrs(NO_LIMIT, NO_LIMIT), low_attrs(20 * MIB, 100 * NS_PER_MS, true));
	sw_do(&w, alloc(0, MIB));
	sw_do(&w, alloc(1, 10 * MIB));
	/* every batch of the second after the last crossing: ten of 100 ms, without reclaim */
	assert_in_range(delays(&w), 9, 10);
	assert_int_equal(sw_sample(&w, LOW)->ev_high, 0);
	sw_free(&w);

	/* no memory.high at all: only `always` delays */
	high_and_low(&w, sw_attrs(NO_LIMIT, NO_LIMIT), low_attrs(NO_LIMIT, 100 * NS_PER_MS, true));
	sw_do(&w, alloc(0, MIB));
	sw_do(&w, alloc(1, 10 * MIB));
	assert_in_range(delays(&w), 9, 10);
	sw_free(&w);
}

static void active_means_faulting(void **state)
{
	(void)state;
	struct sim_world w;

	high_and_low(&w, sw_attrs(NO_LIMIT, NO_LIMIT), low_attrs(20 * MIB, NS_PER_SEC, false));
	sw_do(&w, alloc(1, 20 * MIB));
	sw_do(&w, alloc(0, 10 * MIB));
	sw_until(&w, 10 * NS_PER_SEC);
	/* writing what is resident is no fault, nor is reading what is cached */
	sw_do(&w, OP(OP_TOUCH, 0, .bytes = 10 * MIB));
	sw_do(&w, alloc(1, 64 * PAGE_BYTES));
	assert_int_equal(delays(&w), 0);
	sw_do(&w, alloc(0, 2 * PAGE_BYTES));
	sw_do(&w, alloc(1, 64 * PAGE_BYTES));
	assert_int_equal(delays(&w), 1);
	sw_free(&w);
}

static void the_threshold_must_be_exceeded(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs high = sw_attrs(NO_LIMIT, NO_LIMIT);

	high.threshold = 100;
	high_and_low(&w, high, low_attrs(20 * MIB, NS_PER_SEC, false));
	sw_do(&w, alloc(1, 20 * MIB));
	sw_do(&w, alloc(0, 60 * PAGE_BYTES));
	sw_do(&w, alloc(0, 40 * PAGE_BYTES));
	sw_do(&w, alloc(1, 64 * PAGE_BYTES));
	assert_int_equal(delays(&w), 0);
	sw_do(&w, alloc(0, PAGE_BYTES)); /* the 101st within a second */
	sw_do(&w, alloc(1, 64 * PAGE_BYTES));
	assert_int_equal(delays(&w), 1);
	/* a new window counts from 0 */
	sw_until(&w, sw_now(&w) + 5 * NS_PER_SEC);
	sw_do(&w, alloc(0, 60 * PAGE_BYTES));
	sw_until(&w, sw_now(&w) + NS_PER_SEC);
	sw_do(&w, alloc(0, 60 * PAGE_BYTES));
	sw_do(&w, alloc(1, 64 * PAGE_BYTES));
	assert_int_equal(delays(&w), 1);
	sw_free(&w);
}

static void faults_of_descendants_count(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs high = sw_attrs(NO_LIMIT, NO_LIMIT);

	sw_init(&w);
	w.check = true;
	high.priority = PRIORITY_HIGH;
	sw_cgroup(&w, 0, sw_attrs(NO_LIMIT, NO_LIMIT));
	sw_cgroup(&w, 0, high);
	sw_cgroup(&w, 0, low_attrs(20 * MIB, NS_PER_SEC, false));
	sw_cgroup(&w, HIGH, sw_attrs(NO_LIMIT, NO_LIMIT)); /* not numbered beside its parent */
	sw_cgroup(&w, LOW, sw_attrs(NO_LIMIT, NO_LIMIT));
	sw_worker(&w, 3);
	sw_worker(&w, 4);
	sw_open(&w, 1, 0);
	sw_do(&w, alloc(1, 20 * MIB));
	sw_do(&w, alloc(0, MIB));
	/* and a delay serves the children too, over the high of the cgroup that has it */
	sw_do(&w, alloc(1, 64 * PAGE_BYTES));
	assert_int_equal(sw_sample(&w, 4)->delays, 1);
	assert_int_equal(delays(&w), 1);
	sw_free(&w);
}

static void set_changes_the_delay(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs off = {.set = CGA_BIT(CGA_DELAY)};
	struct cg_attrs none = {.set = CGA_BIT(CGA_PRIORITY), .priority = PRIORITY_NORMAL};
	struct cg_attrs wide = {.set = CGA_BIT(CGA_WINDOW), .window_ns = 1000 * NS_PER_SEC};

	high_and_low(&w, sw_attrs(NO_LIMIT, NO_LIMIT), low_attrs(20 * MIB, NS_PER_SEC, false));
	sw_do(&w, alloc(1, 20 * MIB));
	sw_do(&w, alloc(0, MIB));
	sw_apply(&w, OP(OP_SET, HIGH, .set = &wide));
	sw_do(&w, alloc(1, 128 * PAGE_BYTES));
	assert_int_equal(delays(&w), 2);
	sw_apply(&w, OP(OP_SET, LOW, .set = &off));
	sw_do(&w, alloc(1, 64 * PAGE_BYTES));
	assert_int_equal(delays(&w), 2);
	off.delay_ns = NS_PER_SEC;
	sw_apply(&w, OP(OP_SET, LOW, .set = &off));
	sw_do(&w, alloc(1, 64 * PAGE_BYTES));
	assert_int_equal(delays(&w), 3);
	sw_apply(&w, OP(OP_SET, HIGH, .set = &none));
	sw_do(&w, alloc(1, 64 * PAGE_BYTES));
	assert_int_equal(delays(&w), 3);
	sw_free(&w);
}

/* A kind of sleep is the policy's only if the policy made it longer. */
static void a_longer_native_penalty_is_not_a_delay(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs high = sw_attrs(NO_LIMIT, NO_LIMIT);
	const struct cg_counters *c;

	high.window_ns = 1000 * NS_PER_SEC;
	high_and_low(&w, high, low_attrs(20 * MIB, 400 * NS_PER_MS, false));
	sw_do(&w, alloc(0, MIB));
	sw_do(&w, alloc(1, 25 * MIB));
	c = sw_sample(&w, LOW);
	/* 64 s x^2 > 0.4 s from x = 7.9% on */
	assert_in_range(c->delays, 5, 9);
	assert_in_range(c->delayed_ns, c->delays * 400 * NS_PER_MS, c->delays * 436 * NS_PER_MS);
	assert_true(c->throttled_ns > 10 * NS_PER_SEC);
	assert_int_equal(sw_count(&w, OBS_DELAY, 1, LOW), c->delays);
	sw_free(&w);
}

static void delay_time_counts_while_it_lasts(void **state)
{
	(void)state;
	struct sim_world w;

	high_and_low(&w, sw_attrs(NO_LIMIT, NO_LIMIT), low_attrs(20 * MIB, 2 * NS_PER_SEC, false));
	sw_do(&w, alloc(1, 20 * MIB));
	sw_do(&w, alloc(0, MIB));
	sw_apply(&w, alloc(1, 64 * PAGE_BYTES));
	sw_until(&w, sw_now(&w) + NS_PER_SEC);
	assert_in_range(sw_sample(&w, LOW)->delayed_ns, 900 * NS_PER_MS, 1000 * NS_PER_MS);
	sw_apply(&w, OP(OP_KILL, LOW));
	sw_until(&w, sw_now(&w) + NS_PER_SEC);
	assert_in_range(sw_sample(&w, LOW)->delayed_ns, 900 * NS_PER_MS, 1000 * NS_PER_MS);
	sw_free(&w);
}

/* ---- protect ------------------------------------------------------------------------------------
 */

/* HIGH has 40M of page cache and then faults or not; LOW grows until the budget is met. */
static void high_with_cache(struct sim_world *w, enum protect p)
{
	struct cg_attrs high = sw_attrs(NO_LIMIT, NO_LIMIT);

	sw_init(w);
	w->check = true;
	high.priority = PRIORITY_HIGH;
	high.protect = (uint8_t)p;
	high.window_ns = 10 * NS_PER_SEC;
	sw_cgroup(w, ROOT, sw_attrs(NO_LIMIT, 100 * MIB));
	sw_cgroup(w, ROOT, high);
	sw_cgroup(w, ROOT, sw_attrs(NO_LIMIT, NO_LIMIT));
	sw_worker(w, HIGH);
	sw_worker(w, LOW);
	sw_open(w, 1, 0);
	sw_do(w, OP(OP_READ, 0, .bytes = 40 * MIB));
	sw_do(w, OP(OP_READ, 1, .bytes = 20 * MIB));
	sw_do(w, alloc(0, 2 * PAGE_BYTES));
}

static void an_active_high_is_shielded(void **state)
{
	(void)state;
	struct sim_world w;
	uint64_t turned_away;

	high_with_cache(&w, PROTECT_LOW);
	sw_do(&w, alloc(1, 50 * MIB));
	assert_int_equal(sw_sample(&w, HIGH)->file_bytes, 40 * MIB);
	turned_away = sw_sample(&w, HIGH)->protections;
	assert_true(turned_away > 0);
	assert_int_equal(sw_sample(&w, HIGH)->ev_low, 0);
	/* `low` gives way before anybody is killed */
	sw_do(&w, alloc(1, 20 * MIB));
	assert_false(sw_killed(&w, 1));
	assert_true(sw_sample(&w, HIGH)->file_bytes < 40 * MIB);
	assert_true(sw_sample(&w, HIGH)->ev_low > 0);
	sw_free(&w);
}

static void protect_min_never_gives_way(void **state)
{
	(void)state;
	struct sim_world w;

	high_with_cache(&w, PROTECT_MIN);
	assert_int_equal(sw_do(&w, alloc(1, 70 * MIB)).done.status, DONE_KILLED);
	assert_int_equal(sw_sample(&w, HIGH)->file_bytes, 40 * MIB);
	assert_int_equal(sw_sample(&w, HIGH)->ev_low, 0);
	sw_free(&w);
}

static void an_idle_high_is_not_shielded(void **state)
{
	(void)state;
	struct sim_world w;

	high_with_cache(&w, PROTECT_LOW);
	sw_until(&w, sw_now(&w) + 11 * NS_PER_SEC);
	sw_do(&w, alloc(1, 50 * MIB));
	assert_true(sw_sample(&w, HIGH)->file_bytes < 35 * MIB);
	assert_int_equal(sw_sample(&w, HIGH)->protections, 0);
	sw_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(delays_only_while_high_is_active),
	    cmocka_unit_test(delays_only_over_high_unless_always),
	    cmocka_unit_test(active_means_faulting),
	    cmocka_unit_test(the_threshold_must_be_exceeded),
	    cmocka_unit_test(faults_of_descendants_count),
	    cmocka_unit_test(set_changes_the_delay),
	    cmocka_unit_test(a_longer_native_penalty_is_not_a_delay),
	    cmocka_unit_test(delay_time_counts_while_it_lasts),
	    cmocka_unit_test(an_active_high_is_shielded),
	    cmocka_unit_test(protect_min_never_gives_way),
	    cmocka_unit_test(an_idle_high_is_not_shielded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
