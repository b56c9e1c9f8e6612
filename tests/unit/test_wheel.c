/* SPDX-License-Identifier: GPL-2.0-or-later */
/* the timer wheel: total order, whatever is added when */
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/units.h"
#include "run/wheel.h"

static void expect_pop(struct wheel *w, uint64_t time_ns, uint64_t seq)
{
	struct timer t;

	assert_true(wheel_pop(w, &t));
	assert_int_equal(t.time_ns, time_ns);
	assert_int_equal(t.seq, seq);
	assert_int_equal(t.datum, seq * 3);
}

static void add(struct wheel *w, uint64_t time_ns, uint64_t seq)
{
	wheel_add(w, (struct timer){time_ns, seq, seq * 3});
}

static void empty_has_nothing(void **state)
{
	(void)state;
	struct wheel *w = wheel_new();
	struct timer t;

	assert_false(wheel_peek(w, &t));
	assert_false(wheel_pop(w, &t));
	assert_int_equal(wheel_count(w), 0);
	wheel_free(w);
	wheel_free(NULL);
}

static void neighbours_leave_in_order(void **state)
{
	(void)state;
	struct wheel *w = wheel_new();

	add(w, 30 * NS_PER_SEC + 1, 0);
	add(w, 30 * NS_PER_SEC, 1);
	add(w, 30 * NS_PER_SEC + 256, 2);
	add(w, 29 * NS_PER_SEC, 3);
	expect_pop(w, 29 * NS_PER_SEC, 3);
	expect_pop(w, 30 * NS_PER_SEC, 1);
	expect_pop(w, 30 * NS_PER_SEC + 1, 0);
	expect_pop(w, 30 * NS_PER_SEC + 256, 2);
	wheel_free(w);
}

static void ties_leave_by_seq(void **state)
{
	(void)state;
	struct wheel *w = wheel_new();
	const uint64_t n = 5000;

	for (uint64_t i = 0; i < n; i++)
		add(w, 77777, (i * 2741) % n); /* 2741 and 5000 share no factor */
	for (uint64_t i = 0; i < n; i++)
		expect_pop(w, 77777, i);
	assert_int_equal(wheel_count(w), 0);
	wheel_free(w);
}

static void extremes_fit(void **state)
{
	(void)state;
	struct wheel *w = wheel_new();

	add(w, NEVER - 1, 0);
	add(w, 0, 1);
	add(w, UINT64_C(1) << 63, 2);
	add(w, NEVER, 3);
	add(w, 0, 4);
	add(w, 1, 5);
	expect_pop(w, 0, 1);
	add(w, 0, 6);
	expect_pop(w, 0, 4);
	expect_pop(w, 0, 6);
	expect_pop(w, 1, 5);
	expect_pop(w, UINT64_C(1) << 63, 2);
	expect_pop(w, NEVER - 1, 0);
	add(w, NEVER - 1, 7);
	expect_pop(w, NEVER - 1, 7);
	expect_pop(w, NEVER, 3);
	wheel_free(w);
}

static void additions_slot_in_while_draining(void **state)
{
	(void)state;
	struct wheel *w = wheel_new();

	for (uint64_t i = 0; i < 20; i++)
		add(w, 1000 + 10 * i, i);
	expect_pop(w, 1000, 0);
	add(w, 1000, 100); /* the same instant, later seq */
	add(w, 1005, 101); /* between */
	add(w, 1010, 102); /* after one of equal time */
	expect_pop(w, 1000, 100);
	expect_pop(w, 1005, 101);
	expect_pop(w, 1010, 1);
	expect_pop(w, 1010, 102);
	expect_pop(w, 1020, 2);
	wheel_free(w);
}

static void peeking_forbids_nothing(void **state)
{
	(void)state;
	struct wheel *w = wheel_new();
	struct timer t;

	add(w, 60 * NS_PER_SEC, 0);
	assert_true(wheel_peek(w, &t));
	assert_int_equal(t.time_ns, 60 * NS_PER_SEC);
	/* Far before what was peeked at, but not before what was popped. */
	for (uint64_t i = 1; i <= 1000; i++)
		add(w, 1000 - i, i);
	add(w, 61 * NS_PER_SEC, 2000);
	assert_true(wheel_peek(w, &t));
	assert_int_equal(t.seq, 1000);
	for (uint64_t i = 1000; i >= 1; i--)
		expect_pop(w, 1000 - i, i);
	expect_pop(w, 60 * NS_PER_SEC, 0);
	expect_pop(w, 61 * NS_PER_SEC, 2000);
	wheel_free(w);
}

static int by_time(const void *a, const void *b)
{
	const struct timer *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

/*
 * Rounds of adding and taking against a sorted array.  spread: how far ahead; clump: the share of
 * times that are rounded, so that many are the same.
 */
static void against_sorting(uint64_t seed, uint64_t spread_ns, uint64_t round_ns, size_t n)
{
	struct wheel *w = wheel_new();
	struct timer *left = malloc(n * sizeof *left), t;
	size_t nleft = 0, added = 0;
	uint64_t last = 0, seq = 0;
	struct rng r;

	assert_non_null(left);
	rng_init(&r, seed, RNG_TEST, spread_ns);
	while (added < n || nleft) {
		size_t more = n - added < 2000 ? n - added : (size_t)rng_below(&r, 2000);

		for (size_t i = 0; i < more; i++) {
			uint64_t at = last + rng_below(&r, spread_ns);

			if (rng_below(&r, 2))
				at = at / round_ns * round_ns;
			at = at < last ? last : at;
			left[nleft++] = (struct timer){at, seq, seq * 3};
			add(w, at, seq++);
		}
		added += more;
		assert_int_equal(wheel_count(w), nleft);
		qsort(left, nleft, sizeof *left, by_time);

		size_t take = added < n ? (size_t)rng_below(&r, nleft + 1) : nleft;

		for (size_t i = 0; i < take; i++) {
			if (i % 7 == 0) {
				assert_true(wheel_peek(w, &t));
				assert_int_equal(t.seq, left[i].seq);
			}
			expect_pop(w, left[i].time_ns, left[i].seq);
		}
		if (take)
			last = left[take - 1].time_ns;
		nleft -= take;
		memmove(left, left + take, nleft * sizeof *left);
	}
	assert_false(wheel_peek(w, &t));
	free(left);
	wheel_free(w);
}

static void random_timers_leave_sorted(void **state)
{
	(void)state;
	against_sorting(1, 3600 * NS_PER_SEC, NS_PER_SEC, 100000);
	against_sorting(2, NS_PER_MS, 1000, 100000);
	against_sorting(3, 100, 10, 30000);
	against_sorting(4, UINT64_MAX / 4096, UINT64_MAX / 8192, 30000);
}

/* One popped, one added a random time later, as worker queues do it. */
static void hold_keeps_order(void **state)
{
	(void)state;
	static const uint64_t spreads[] = {1, 50, 5000, NS_PER_MS, 10 * NS_PER_SEC};

	for (size_t k = 0; k < ARRAY_LEN(spreads); k++) {
		struct wheel *w = wheel_new();
		struct timer t, last = {0};
		uint64_t seq = 0;
		struct rng r;

		rng_init(&r, 5, RNG_TEST, k);
		for (; seq < 3000; seq++)
			add(w, rng_below(&r, spreads[k]), seq);
		for (size_t i = 0; i < 100000; i++, seq++) {
			assert_true(wheel_pop(w, &t));
			if (i)
				assert_true(by_time(&last, &t) < 0);
			last = t;
			add(w, t.time_ns + rng_below(&r, spreads[k]), seq);
		}
		assert_int_equal(wheel_count(w), 3000);
		wheel_free(w);
	}
}

/* More of them than are sorted at once, in one small part of a coarse bucket. */
static void dense_clusters_are_dealt_out(void **state)
{
	(void)state;
	struct wheel *w = wheel_new();
	struct timer t, last = {0};
	struct rng r;
	const uint64_t n = 200000;

	rng_init(&r, 6, RNG_TEST, 0);
	for (uint64_t i = 0; i < n; i++)
		add(w,
		    (i % 4 ? UINT64_C(1) << 50 : UINT64_C(3) << 49) +
			rng_below(&r, i % 3 ? 100000 : 10),
		    i);
	for (uint64_t i = 0; i < n; i++) {
		assert_true(wheel_pop(w, &t));
		if (i)
			assert_true(by_time(&last, &t) < 0);
		last = t;
		if (i < 50000) /* into the front's middle, time and again */
			add(w, t.time_ns + rng_below(&r, 100000), n + i);
	}
	assert_int_equal(wheel_count(w), 50000);
	wheel_free(w);
}

/*
 * One bucket of about as many timers as there are bins to deal them out to, small beside all others
 * so that it is sorted whole.  Bins of one, of many, and of timers that are all the same.
 */
static void whole_buckets_sort(void **state)
{
	(void)state;
	static const uint64_t apart[] = {1024, 997, 1, 0};

	for (uint64_t n = 16382; n <= 16386; n++)
		for (size_t k = 0; k < ARRAY_LEN(apart); k++) {
			struct wheel *w = wheel_new();
			struct timer t, last = {0};
			const uint64_t far = 9 * n;

			for (uint64_t i = 0; i < far; i++)
				add(w, (UINT64_C(1) << 40) + (i << 20), i);
			/* 7919 is prime to all n: each place once, in no order */
			for (uint64_t i = 0; i < n; i++)
				add(w, (UINT64_C(1) << 24) + i * 7919 % n * apart[k], far + i);
			for (uint64_t i = 0; i < far + n; i++) {
				assert_true(wheel_pop(w, &t));
				assert_true(!i || by_time(&last, &t) < 0);
				last = t;
			}
			assert_false(wheel_pop(w, &t));
			wheel_free(w);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(empty_has_nothing),
	    cmocka_unit_test(neighbours_leave_in_order),
	    cmocka_unit_test(ties_leave_by_seq),
	    cmocka_unit_test(extremes_fit),
	    cmocka_unit_test(additions_slot_in_while_draining),
	    cmocka_unit_test(peeking_forbids_nothing),
	    cmocka_unit_test(random_timers_leave_sorted),
	    cmocka_unit_test(hold_keeps_order),
	    cmocka_unit_test(dense_clusters_are_dealt_out),
	    cmocka_unit_test(whole_buckets_sort),
	};

	return cmocka_run_group_tests_name("wheel", tests, NULL, NULL);
}
