/* SPDX-License-Identifier: GPL-2.0-or-later */
/* the simulator against what was measured on kernels, and against arithmetic done another way */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "base/rng.h"
#include "tests/unit/sim_world.h"

/* ---- memory.high ------------------------------------------------------------------------------
 */

struct high_result {
	double seconds;
	uint64_t events;
};

static struct high_result allocate_over_high(uint64_t high_bytes, uint64_t bytes)
{
	struct sim_world w;
	struct high_result r;
	uint32_t cg;

	sw_init(&w);
	w.machine.memory_bytes = 64 * GIB;
	sw_cgroup(&w, 0, sw_attrs(NO_LIMIT, NO_LIMIT));
	cg = sw_cgroup(&w, 0, sw_attrs(high_bytes, NO_LIMIT));
	sw_worker(&w, cg);
	sw_open(&w, 1, 0);
	r.seconds = (double)sw_do(&w, OP(OP_ALLOC, 0, .bytes = bytes)).t_ns / 1e9;
	r.events = sw_sample(&w, cg)->ev_high;
	sw_free(&w);
	return r;
}

static void expect_within(double percent, double got, double want)
{
	if (got < want * (1 - percent / 100) || got > want * (1 + percent / 100))
		fail_msg("%.3f is not within %.1f%% of %.3f", got, percent, want);
}

/* 7.3.4 in a VM: 22.9 s with 838 high events, 35.7 s with 2317. */
static void high_as_measured(void **state)
{
	(void)state;
	struct high_result r = allocate_over_high(100 * MIB, 113 * MIB);

	expect_within(5, r.seconds, 22.9);
	expect_within(5, (double)r.events, 838);
	r = allocate_over_high(400 * MIB, 438 * MIB);
	expect_within(5, r.seconds, 35.7);
	expect_within(5, (double)r.events, 2317);
}

/*
 * The same by hand: page by page, with the published formula in floating point, 64 s * x^2 * scale,
 * whole jiffies of 4 ms, up to 2 s, nothing up to 2 jiffies; the wheel by its documented ranges.
 */
static double wheel_end(double now_s, double jiffies)
{
	static const struct {
		double below, step;
	} levels[] = {{63, 1}, {504, 8}, {4032, 64}};
	double start = (double)(uint64_t)(now_s * 250 + 1e-9), step = 1;

	for (int i = 2; i >= 0; i--)
		if (jiffies < levels[i].below)
			step = levels[i].step;
	return ((double)(uint64_t)((start + jiffies) / step) + 1) * step / 250;
}

struct by_hand {
	double now_s, high, scale;
	uint64_t usage, stock;
};

static void charge_by_hand(struct by_hand *k)
{
	double x, jiffies;

	if (k->stock) {
		k->stock--;
		return;
	}
	k->usage += 64;
	k->stock = 63;
	x = ((double)k->usage - k->high) / k->high;
	if (x <= 0)
		return;
	jiffies = (double)(uint64_t)(64 * k->scale * x * x * 250);
	if (jiffies > 500)
		jiffies = 500;
	if (jiffies > 2)
		k->now_s = wheel_end(k->now_s, jiffies);
}

static double seconds_by_hand(uint64_t high_bytes, uint64_t bytes, double scale)
{
	struct by_hand k = {.high = (double)(high_bytes / 4096), .scale = scale, .usage = 128};

	for (uint64_t page = 0; page < bytes / 4096; page++) {
		if (page % 512 == 0)
			charge_by_hand(&k);
		charge_by_hand(&k);
		k.now_s += 1.6e-6;
	}
	return k.now_s;
}

#define TOLERANCE 0.2 /* percent */

static void high_as_computed_by_hand(void **state)
{
	(void)state;
	struct rng r;

	rng_init(&r, 3, RNG_TEST, 0);
	for (int i = 0; i < 40; i++) {
		/* up to 16% over: below the clamp, where the constant shows in every sleep */
		uint64_t high = 20 * MIB + rng_below(&r, 800 * MIB) / 4096 * 4096;
		uint64_t size = high + high / 100 * (8 + rng_below(&r, 8));
		double got = allocate_over_high(high, size).seconds;
		double want = seconds_by_hand(high, size, 1);

		expect_within(TOLERANCE, got, want);
	}
}

/* The test above would notice a constant that is 1% off. */
static void one_percent_would_be_noticed(void **state)
{
	(void)state;
	double as_is = 0, more = 0;

	for (uint64_t mb = 50; mb <= 450; mb += 50) {
		as_is += seconds_by_hand(mb * MIB, mb * MIB * 114 / 100, 1);
		more += seconds_by_hand(mb * MIB, mb * MIB * 114 / 100, 1.01);
	}
	assert_true(more > as_is * (1 + 2 * TOLERANCE / 100));
	expect_within(TOLERANCE, allocate_over_high(200 * MIB, 228 * MIB).seconds,
		      seconds_by_hand(200 * MIB, 228 * MIB, 1));
	assert_true(seconds_by_hand(200 * MIB, 228 * MIB, 1.01) >
		    seconds_by_hand(200 * MIB, 228 * MIB, 1) * (1 + TOLERANCE / 100));
}

static void a_huge_usage_is_clamped(void **state)
{
	(void)state;

	/* Over twice high every batch costs 2 s and what the wheel adds, never more. */
	struct high_result r = allocate_over_high(1 * MIB, 3 * MIB);

	assert_true(r.seconds > 2.0 * 8 && r.seconds < 2.05 * 16 * 3);
	/* memory.high 0: every batch is over it. */
	r = allocate_over_high(0, 1 * MIB);
	expect_within(1, r.seconds, 2.016 * 5);
}

/* ---- the OOM killer -----------------------------------------------------------------------------
 */

static void oom_of_two(bool group, bool first_dies, uint64_t kills)
{
	struct sim_world w;
	struct cg_attrs a = sw_attrs(NO_LIMIT, 100 * MIB);
	const struct cg_counters *c;

	sw_init(&w);
	sw_cgroup(&w, 0, sw_attrs(NO_LIMIT, NO_LIMIT));
	a.oom_group = group;
	sw_cgroup(&w, 0, a);
	sw_worker(&w, 1);
	sw_worker(&w, 1);
	sw_open(&w, 1, 0);
	assert_int_equal(sw_do(&w, OP(OP_ALLOC, 0, .bytes = 40 * MIB)).done.status, DONE_OK);
	assert_int_equal(sw_do(&w, OP(OP_ALLOC, 1, .bytes = 80 * MIB)).done.status, DONE_KILLED);
	assert_true(sw_killed(&w, 1));
	assert_int_equal(sw_killed(&w, 0), first_dies);
	c = sw_sample(&w, 1);
	assert_int_equal(c->ev_max, 35);
	assert_int_equal(c->ev_oom, 1);
	assert_int_equal(c->ev_oom_kill, kills);
	sw_free(&w);
}

static void oom_as_measured(void **state)
{
	(void)state;
	oom_of_two(false, false, 1);
	oom_of_two(true, true, 3);
}

static void max_below_usage_kills(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs smaller = {.set = CGA_BIT(CGA_MAX), .max_bytes = 60 * MIB};
	const struct cg_counters *c;

	sw_init(&w);
	w.check = true;
	sw_cgroup(&w, 0, sw_attrs(NO_LIMIT, NO_LIMIT));
	sw_cgroup(&w, 0, sw_attrs(NO_LIMIT, NO_LIMIT));
	sw_worker(&w, 1);
	sw_open(&w, 1, 0);
	sw_do(&w, OP(OP_ALLOC, 0, .bytes = 100 * MIB));
	assert_int_equal(sw_apply(&w, OP(OP_SET, 1, .set = &smaller)), 0);
	sw_drain(&w);
	assert_true(sw_killed(&w, 0));
	c = sw_sample(&w, 1);
	assert_int_equal(c->ev_max, 0);
	assert_int_equal(c->ev_oom, 1);
	assert_int_equal(c->ev_oom_kill, 1);
	assert_int_equal(c->usage_bytes, 0);
	sw_free(&w);
}

/* The choice where the kernels differ: the second task waits for the first one's memory. */
static void parents_limit_kills_one(void **state)
{
	(void)state;
	struct sim_world w;
	const struct cg_counters *c;

	sw_init(&w);
	sw_cgroup(&w, 0, sw_attrs(NO_LIMIT, NO_LIMIT));
	sw_cgroup(&w, 0, sw_attrs(NO_LIMIT, 300 * MIB));
	sw_cgroup(&w, 1, sw_attrs(NO_LIMIT, NO_LIMIT));
	sw_cgroup(&w, 1, sw_attrs(NO_LIMIT, NO_LIMIT));
	sw_worker(&w, 2);
	sw_worker(&w, 3);
	sw_open(&w, 1, 0);
	sw_do(&w, OP(OP_ALLOC, 0, .bytes = 180 * MIB));
	assert_int_equal(sw_do(&w, OP(OP_ALLOC, 1, .bytes = 200 * MIB)).done.status, DONE_OK);
	assert_true(sw_killed(&w, 0));
	assert_false(sw_killed(&w, 1));
	assert_int_equal(sw_latest(&w, OBS_KILL, 0)->kill.limit_cgroup, 1);
	c = sw_sample(&w, 1);
	assert_int_equal(c->ev_oom, 1);
	assert_true(c->ev_max >= 18);
	assert_int_equal(c->ev_oom_kill, 1);
	c = sw_sample(&w, 2);
	assert_int_equal(c->ev_oom, 0);
	assert_int_equal(c->ev_max, 0);
	assert_int_equal(c->ev_oom_kill, 1);
	assert_int_equal(sw_sample(&w, 0)->ev_oom_kill, 1);
	assert_int_equal(sw_sample(&w, 3)->ev_oom_kill, 0);
	sw_free(&w);
}

/* ---- policy delays ------------------------------------------------------------------------------
 */

struct delay_result {
	double seconds; /* that the batches took */
	struct cg_counters c;
};

/* LOW, `over` above its high, goes on by six batches while HIGH is active all the time. */
static struct delay_result six_batches(uint64_t delay_ns, uint64_t over_bytes)
{
	struct sim_world w;
	struct cg_attrs high = sw_attrs(NO_LIMIT, NO_LIMIT), low = sw_attrs(NO_LIMIT, NO_LIMIT);
	struct cg_attrs limit = {.set = CGA_BIT(CGA_HIGH)};
	struct delay_result r;
	uint64_t from;

	sw_init(&w);
	high.priority = PRIORITY_HIGH;
	high.window_ns = 1000 * NS_PER_SEC;
	low.priority = PRIORITY_LOW;
	low.delay_ns = delay_ns;
	sw_cgroup(&w, 0, sw_attrs(NO_LIMIT, NO_LIMIT));
	sw_cgroup(&w, 0, high);
	sw_cgroup(&w, 0, low);
	sw_worker(&w, 1);
	sw_worker(&w, 2);
	sw_open(&w, 1, 0);
	/* up to the end of a batch: what follows is six of them and their one page table */
	sw_do(&w, OP(OP_ALLOC, 1, .bytes = 25599 * PAGE_BYTES));
	limit.high_bytes = sw_sample(&w, 2)->usage_bytes - over_bytes;
	sw_apply(&w, OP(OP_SET, 2, .set = &limit));
	sw_do(&w, OP(OP_ALLOC, 0, .bytes = MIB));
	from = sw_now(&w);
	sw_do(&w, OP(OP_ALLOC, 1, .bytes = (6 * 64 - 1) * PAGE_BYTES));
	r.seconds = (double)(sw_now(&w) - from) / 1e9;
	r.c = *sw_sample(&w, 2);
	sw_free(&w);
	return r;
}

static void delays_as_measured(void **state)
{
	(void)state;
	struct delay_result r = six_batches(2000 * NS_PER_MS, 0);

	assert_int_equal(r.c.delays, 6);
	expect_within(1, r.seconds, 12.11);
	expect_within(1, (double)r.c.delayed_ns / 6e9, 2.018);
	r = six_batches(500 * NS_PER_MS, 0);
	assert_int_equal(r.c.delays, 6);
	expect_within(2, r.seconds, 3.11);
	/* clamped to 2 s */
	r = six_batches(5000 * NS_PER_MS, 0);
	assert_int_equal(r.c.delays, 6);
	expect_within(1, (double)r.c.delayed_ns / 6e9, 2.019);
	/* 2 jiffies are not worth a sleep */
	r = six_batches(5 * NS_PER_MS, 0);
	assert_int_equal(r.c.delays, 0);
	assert_int_equal(r.c.delayed_ns, 0);
	/* 50 ms count as long as the native penalty is shorter, and disappear under a longer one */
	r = six_batches(50 * NS_PER_MS, 0);
	assert_int_equal(r.c.delays, 6);
	expect_within(10, (double)r.c.delayed_ns / 6e9, 0.055);
	r = six_batches(50 * NS_PER_MS, 5 * MIB);
	assert_int_equal(r.c.delays, 0);
	assert_true(r.c.throttled_ns > 6 * 100 * NS_PER_MS / 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(high_as_measured),
	    cmocka_unit_test(high_as_computed_by_hand),
	    cmocka_unit_test(one_percent_would_be_noticed),
	    cmocka_unit_test(a_huge_usage_is_clamped),
	    cmocka_unit_test(oom_as_measured),
	    cmocka_unit_test(max_below_usage_kills),
	    cmocka_unit_test(parents_limit_kills_one),
	    cmocka_unit_test(delays_as_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
