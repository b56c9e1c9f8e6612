/* SPDX-License-Identifier: GPL-2.0-or-later */
/* what each mechanism makes of the same delay */
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/sim_world.h"

#define MS    NS_PER_MS
#define S     NS_PER_SEC
#define BATCH (64 * PAGE_BYTES)

enum {
	ROOT,
	HIGH,
	LOW
};
enum {
	IMPORTANT,
	FIRST,
	SECOND
};

/*
 * FIRST and SECOND are in LOW, which FIRST fills up to its memory.high of 100M but for less than a
 * batch: so much that the kernel's own penalty of the next few batches is below what is slept.
 */
static void make(struct sim_world *w, const char *mechanism, uint64_t delay_ns)
{
	struct cg_attrs high = sw_attrs(NO_LIMIT, NO_LIMIT), low = sw_attrs(100 * MIB, NO_LIMIT);

	sw_init(w);
	w->check = true;
	w->mechanism = mechanism;
	w->machine.cpus = 4;
	high.priority = PRIORITY_HIGH;
	low.priority = PRIORITY_LOW;
	low.delay_ns = delay_ns;
	sw_cgroup(w, ROOT, sw_attrs(NO_LIMIT, NO_LIMIT));
	sw_cgroup(w, ROOT, high);
	sw_cgroup(w, ROOT, low);
	sw_worker(w, HIGH);
	sw_worker(w, LOW);
	sw_worker(w, LOW);
	sw_open(w, 1, 0);
	sw_do(w, OP(OP_ALLOC, FIRST, .bytes = 98 * MIB));
	while (sw_sample(w, LOW)->usage_bytes + BATCH <= 100 * MIB)
		sw_do(w, OP(OP_ALLOC, FIRST, .bytes = BATCH));
	assert_int_equal(sw_sample(w, LOW)->delays, 0);
}

/* From now on, for a minute: faults without end. */
static void activate(struct sim_world *w)
{
	sw_apply(w, OP(OP_ALLOC, IMPORTANT, .bytes = 600 * MIB, .ns = 60 * S));
	sw_until(w, sw_now(w) + 200 * MS);
}

static uint64_t takes(struct sim_world *w, uint32_t worker, uint32_t batches)
{
	uint64_t begin = sw_now(w);
	uint32_t done = sw_count(w, OBS_DONE, worker, UINT32_MAX);

	sw_apply(w, OP(OP_ALLOC, worker, .bytes = batches * BATCH));
	while (sw_count(w, OBS_DONE, worker, UINT32_MAX) == done)
		sw_until(w, sw_now(w) + MS);
	return sw_now(w) - begin;
}

/* The same, and until whoever is frozen for it is let go. */
static void settle(struct sim_world *w, uint32_t worker, uint32_t batches)
{
	takes(w, worker, batches);
	sw_until(w, sw_now(w) + 2 * MS);
	sw_do(w, OP(OP_TOUCH, worker, .bytes = BATCH));
	sw_until(w, sw_now(w) + 60 * MS);
	sw_do(w, OP(OP_TOUCH, worker, .bytes = BATCH));
}

static void each_gives_the_delay_for_each_batch(void **state)
{
	(void)state;

	for (size_t i = 0; backend_mechanism(i); i++) {
		struct sim_world w;
		uint64_t ns;

		make(&w, backend_mechanism(i), 500 * MS);
		ns = takes(&w, FIRST, 4);
		assert_true(ns < 10 * MS); /* nobody is active */
		sw_until(&w, sw_now(&w) + 100 * MS);
		activate(&w);
		ns = sw_now(&w);
		settle(&w, FIRST, 6);
		ns = sw_now(&w) - ns;
		/* memory.high is coarse: the first batches are charged before it is written. */
		if (!strcmp(backend_mechanism(i), "high"))
			assert_in_range(ns, 2600 * MS, 3600 * MS);
		else
			assert_in_range(ns, 3000 * MS, 3250 * MS);
		assert_in_range(sw_sample(&w, LOW)->delayed_ns, ns - 100 * MS, ns);
		sw_free(&w);
	}
}

static void only_the_hook_and_high_clamp(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint64_t asked_ns, got_ns; /* but for what rounding does */
	} cases[] = {
	    {"memcg_bpf", 5 * S, 2 * S}, {"high", 5 * S, 2 * S},	{"freeze", 5 * S, 5 * S},
	    {"poll", 5 * S, 5 * S},	 {"sched_ext", 5 * S, 5 * S},	{"freeze", 40 * S, 40 * S},
	    {"poll", 40 * S, 40 * S},	 {"sched_ext", 40 * S, 25 * S},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sim_world w;
		const struct obs *o;
		uint64_t least;

		make(&w, cases[i].name, cases[i].asked_ns);
		activate(&w);
		settle(&w, FIRST, 1);
		settle(&w, FIRST, 1); /* high: the first sleeps before it is written */
		o = sw_latest(&w, OBS_DELAY, !strcmp(cases[i].name, "poll") ? UINT32_MAX : FIRST);
		assert_non_null(o);
		/* high makes up for what was slept too much before. */
		least = strcmp(cases[i].name, "high") ? cases[i].got_ns : cases[i].got_ns / 2;
		assert_in_range(o->delay.ns, least, cases[i].got_ns + 60 * MS);
		sw_free(&w);
	}
}

static void what_is_too_short_is_left_out(void **state)
{
	(void)state;
	struct sim_world w;

	make(&w, "memcg_bpf", 8 * MS); /* HZ / 100 */
	activate(&w);
	settle(&w, FIRST, 3);
	assert_int_equal(sw_sample(&w, LOW)->delays, 0);
	sw_free(&w);

	make(&w, "freeze", 8 * MS);
	activate(&w);
	settle(&w, FIRST, 3);
	assert_int_equal(sw_sample(&w, LOW)->delayed_ns, 24 * MS);
	sw_free(&w);

	make(&w, "freeze", MS); /* over when user space hears of it */
	activate(&w);
	settle(&w, FIRST, 3);
	assert_int_equal(sw_sample(&w, LOW)->delays, 0);
	sw_free(&w);
}

/* freeze and poll stop everyone in the cgroup, the others the task that charges. */
static void a_frozen_cgroup_stops_as_a_whole(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool whole;
	} cases[] = {
	    {"memcg_bpf", false}, {"sched_ext", false}, {"high", false},
	    {"freeze", true},	  {"poll", true},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sim_world w;
		uint64_t begin;

		make(&w, cases[i].name, 1900 * MS);
		takes(&w, SECOND, 1);
		activate(&w);
		sw_apply(&w, OP(OP_ALLOC, FIRST, .bytes = 2 * BATCH));
		sw_until(&w, sw_now(&w) + 20 * MS);
		begin = sw_now(&w);
		sw_do(&w, OP(OP_TOUCH, SECOND, .bytes = BATCH)); /* charges nothing */
		if (cases[i].whole)
			assert_true(sw_now(&w) - begin > 1500 * MS);
		else
			assert_true(sw_now(&w) - begin < 5 * MS);
		sw_free(&w);
	}
}

/* What is charged in the time of reaction is not for free. */
static void batches_that_slip_through_are_owed(void **state)
{
	(void)state;
	struct sim_world w;
	uint64_t ns;

	make(&w, "freeze", 300 * MS);
	activate(&w);
	/* 64 pages take 0.1 ms, the reaction 1 ms: all of them slip, and all are waited for. */
	ns = takes(&w, FIRST, 5);
	assert_true(ns <= 2 * MS);
	ns = sw_now(&w);
	sw_until(&w, ns + 2 * MS);
	sw_do(&w, OP(OP_TOUCH, FIRST, .bytes = BATCH));
	assert_int_equal(sw_sample(&w, LOW)->delays, 5);
	assert_int_equal(sw_sample(&w, LOW)->delayed_ns, 5 * 300 * MS);
	assert_in_range(sw_now(&w) - ns, 5 * 300 * MS - 3 * MS, 5 * 300 * MS);
	sw_free(&w);
}

/* The kernel's own sleep goes on while the cgroup is frozen, and no longer than it would have. */
static void a_native_sleep_and_a_freeze_overlap(void **state)
{
	(void)state;
	struct sim_world w;
	uint64_t native, ns;

	make(&w, "freeze", 0);
	takes(&w, FIRST, 36); /* about 9% over: 0.5 s a batch */
	native = sw_sample(&w, LOW)->throttled_ns;
	takes(&w, FIRST, 1);
	native = sw_sample(&w, LOW)->throttled_ns - native;
	assert_in_range(native, 300 * MS, 900 * MS);
	sw_free(&w);

	make(&w, "freeze", 1500 * MS);
	takes(&w, FIRST, 36);
	activate(&w);
	native = sw_sample(&w, LOW)->throttled_ns;
	ns = sw_now(&w);
	takes(&w, FIRST, 1);
	sw_do(&w, OP(OP_TOUCH, FIRST, .bytes = BATCH));
	assert_in_range(sw_now(&w) - ns, 1490 * MS, 1510 * MS);
	native = sw_sample(&w, LOW)->throttled_ns - native;
	assert_in_range(native, 300 * MS, 900 * MS);
	assert_int_equal(sw_sample(&w, LOW)->delayed_ns, 1500 * MS);
	sw_free(&w);
}

static void polling_hears_of_faults_late(void **state)
{
	(void)state;
	struct sim_world w;

	/* Over its limit in the midst of the 50 ms, and nothing notified: nobody has read. */
	make(&w, "poll", 300 * MS);
	sw_until(&w, S + 10 * MS);
	sw_do(&w, OP(OP_ALLOC, IMPORTANT, .bytes = MIB));
	sw_until(&w, S + 45 * MS);
	assert_int_equal(sw_sample(&w, LOW)->delays, 0);
	settle(&w, FIRST, 2); /* each look reads faults as well */
	assert_in_range(sw_sample(&w, LOW)->delays, 1, 3);
	sw_free(&w);
}

/* A memory.high that the scenario writes meanwhile is in force, then and later. */
static void a_moved_limit_is_given_back(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs set = cg_attrs_default;
	uint64_t ns, delays;

	make(&w, "high", 1000 * MS);
	activate(&w);
	takes(&w, FIRST, 2);
	set.set = CGA_BIT(CGA_HIGH);
	set.high_bytes = 200 * MIB;
	sw_apply(&w, OP(OP_SET, LOW, .set = &set));
	ns = takes(&w, FIRST, 8);
	assert_true(ns < 2200 * MS); /* but for a sleep that was on */
	ns = takes(&w, FIRST, 8);
	assert_true(ns < 10 * MS);
	sw_free(&w);

	make(&w, "high", 100 * MS);
	sw_do(&w, OP(OP_ALLOC, IMPORTANT, .bytes = MIB));
	takes(&w, FIRST, 2);
	takes(&w, FIRST, 2);
	sw_until(&w, sw_now(&w) + 2 * S); /* nobody is active any more */
	delays = sw_sample(&w, LOW)->delays;
	assert_true(delays > 0);
	takes(&w, FIRST, 4); /* which sleeps for the scenario's own */
	assert_int_equal(sw_sample(&w, LOW)->delays, delays);
	sw_free(&w);
}

/* A delay adds to the kernel's own penalty, and never takes from it. */
static void no_mechanism_makes_throttling_weaker(void **state)
{
	(void)state;
	struct sim_world w;
	uint64_t alone;

	make(&w, "freeze", 0);
	takes(&w, FIRST, 30);
	alone = takes(&w, FIRST, 6);
	sw_free(&w);
	for (size_t i = 0; backend_mechanism(i); i++) {
		make(&w, backend_mechanism(i), 50 * MS);
		takes(&w, FIRST, 30);
		activate(&w);
		assert_true(takes(&w, FIRST, 6) + alone / 10 > alone);
		sw_free(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_gives_the_delay_for_each_batch),
	    cmocka_unit_test(only_the_hook_and_high_clamp),
	    cmocka_unit_test(what_is_too_short_is_left_out),
	    cmocka_unit_test(a_frozen_cgroup_stops_as_a_whole),
	    cmocka_unit_test(batches_that_slip_through_are_owed),
	    cmocka_unit_test(a_native_sleep_and_a_freeze_overlap),
	    cmocka_unit_test(polling_hears_of_faults_late),
	    cmocka_unit_test(a_moved_limit_is_given_back),
	    cmocka_unit_test(no_mechanism_makes_throttling_weaker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
