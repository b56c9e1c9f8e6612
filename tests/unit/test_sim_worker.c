/* SPDX-License-Identifier: GPL-2.0-or-later */
/* what workers do and how long it takes: the ops, CPU sharing, the freezer, memory pressure */
#include "tests/unit/unit.h"

#include <errno.h>

#include "tests/unit/sim_world.h"

/* n cgroups without limits under a root, one worker in each */
static void unlimited(struct sim_world *w, uint32_t n)
{
	sw_init(w);
	w->check = true;
	sw_cgroup(w, 0, sw_attrs(NO_LIMIT, NO_LIMIT));
	for (uint32_t i = 0; i < n; i++) {
		sw_cgroup(w, 0, sw_attrs(NO_LIMIT, NO_LIMIT));
		sw_worker(w, i + 1);
	}
}

static struct op alloc(uint32_t worker, uint64_t bytes)
{
	return OP(OP_ALLOC, worker, .bytes = bytes);
}

static uint64_t took(struct obs done)
{
	return done.t_ns - done.done.start_ns;
}

/* ---- the ops ------------------------------------------------------------------------------------
 */

static void an_allocation_takes_its_faults(void **state)
{
	(void)state;
	struct sim_world w;
	struct obs done;

	unlimited(&w, 1);
	sw_open(&w, 1, 0);
	done = sw_do(&w, alloc(0, 500 * MIB));
	assert_int_equal(took(done), 128000 * 1600);
	assert_int_equal(done.done.bytes, 500 * MIB);
	assert_int_equal(sw_latest(&w, OBS_STEP, 0)->step.latency_ns, 128000 * 1600);
	assert_int_equal(sw_sample(&w, 1)->faults, 128000);
	assert_int_equal(sw_sample(&w, 1)->anon_bytes, 500 * MIB);
	done = sw_do(&w, OP(OP_FREE, 0, .bytes = 200 * MIB));
	assert_int_equal(took(done), 51200 * 250);
	assert_int_equal(sw_sample(&w, 1)->anon_bytes, 300 * MIB);
	done = sw_do(&w, OP(OP_HOLD, 0, .bytes = 310 * MIB));
	assert_int_equal(done.done.bytes, 10 * MIB);
	assert_int_equal(sw_count(&w, OBS_STEP, 0, 1), 2);
	sw_do(&w, OP(OP_HOLD, 0, .bytes = 100 * MIB));
	assert_int_equal(sw_count(&w, OBS_STEP, 0, 1), 2);
	sw_do(&w, OP(OP_FREE, 0, .bytes = NO_LIMIT));
	assert_int_equal(sw_sample(&w, 1)->anon_bytes, 0);
	/* Odd sizes add up: pages are rounded of the sum, not of each. */
	for (int i = 0; i < 10; i++)
		sw_do(&w, alloc(0, 1000));
	assert_int_equal(sw_sample(&w, 1)->anon_bytes, 3 * PAGE_BYTES);
	sw_free(&w);
}

static void over_spreads_an_allocation(void **state)
{
	(void)state;
	struct sim_world w;
	struct obs done;
	uint64_t half;

	unlimited(&w, 1);
	sw_open(&w, 1, 0);
	sw_apply(&w, OP(OP_ALLOC, 0, .bytes = 100 * MIB, .ns = 10 * NS_PER_SEC));
	sw_until(&w, 5 * NS_PER_SEC);
	half = sw_sample(&w, 1)->anon_bytes;
	assert_in_range(half, 50 * MIB - MIB, 50 * MIB + MIB);
	sw_until(&w, 11 * NS_PER_SEC);
	done = *sw_latest(&w, OBS_DONE, 0);
	assert_int_equal(took(done), 10 * NS_PER_SEC);
	assert_int_equal(done.done.late_ns, 0);
	/* Its latency is the time it spent, not the time it waited for its pace. */
	assert_int_equal(sw_latest(&w, OBS_STEP, 0)->step.latency_ns, 25600 * 1600);
	sw_free(&w);
}

static void a_pace_that_cannot_be_kept_is_late(void **state)
{
	(void)state;
	struct sim_world w;
	struct obs done;

	unlimited(&w, 1);
	sw_open(&w, 1, 0);
	done = sw_do(&w, OP(OP_ALLOC, 0, .bytes = 100 * MIB, .ns = 10 * NS_PER_MS));
	assert_int_equal(took(done), 25600 * 1600);
	assert_int_equal(done.done.late_ns, 25600 * 1600 - 10 * NS_PER_MS);
	/* due a second ago: it hurries, and is late all the same */
	sw_apply_due(&w, OP(OP_ALLOC, 0, .bytes = 100 * MIB, .ns = NS_PER_SEC), sw_now(&w));
	sw_drain(&w);
	sw_until(&w, 10 * NS_PER_SEC);
	sw_apply_due(&w, OP(OP_ALLOC, 0, .bytes = 100 * MIB, .ns = NS_PER_SEC), 9 * NS_PER_SEC);
	sw_drain(&w);
	assert_int_equal(sw_latest(&w, OBS_DONE, 0)->done.late_ns, 25600 * 1600);
	sw_free(&w);
}

static void touching_costs_writes_and_no_faults(void **state)
{
	(void)state;
	struct sim_world w;
	struct obs done;
	uint64_t faults;

	unlimited(&w, 1);
	sw_open(&w, 1, 0);
	sw_do(&w, alloc(0, 500 * MIB));
	faults = sw_sample(&w, 1)->faults;
	done = sw_do(&w, OP(OP_TOUCH, 0, .bytes = 500 * MIB));
	assert_int_equal(took(done), 128000 * 168); /* 21.5 ms */
	done = sw_do(
	    &w, OP(OP_TOUCH, 0, .bytes = 100 * MIB, .ns = NS_PER_SEC, .each_ns = 100 * NS_PER_MS));
	assert_int_equal(done.done.bytes, 10 * 100 * MIB);
	assert_int_equal(took(done), NS_PER_SEC);
	assert_int_equal(done.done.late_ns, 0);
	done = sw_do(&w, OP(OP_TOUCH, 0, .bytes = 500 * MIB, .ns = 100 * NS_PER_MS,
			    .each_ns = 10 * NS_PER_MS));
	assert_int_equal(done.done.late_ns, 10 * 128000 * 168 - 100 * NS_PER_MS);
	/* no more than there is */
	done = sw_do(&w, OP(OP_TOUCH, 0, .bytes = 900 * MIB));
	assert_int_equal(done.done.bytes, 500 * MIB);
	assert_int_equal(sw_sample(&w, 1)->faults, faults);
	sw_free(&w);
}

static void a_replay_follows_every_sample(void **state)
{
	(void)state;
	static const struct op_sample v[] = {
	    {0, 10 * MIB},
	    {1 * NS_PER_SEC, 50 * MIB},
	    {2 * NS_PER_SEC, 20 * MIB},
	    {3 * NS_PER_SEC, 60 * MIB},
	};
	static const struct op_series series = {v, 4};
	struct sim_world w;
	const struct obs *o;
	struct obs done;
	uint64_t grown = 0;

	unlimited(&w, 1);
	sw_open(&w, 1, 0);
	done = sw_do(&w, OP(OP_REPLAY, 0, .series = &series));
	assert_int_equal(sw_count(&w, OBS_STEP, 0, 1), 3);
	assert_int_equal(done.done.bytes, (10 + 40 + 40) * MIB);
	assert_int_equal(done.t_ns, 3 * NS_PER_SEC + 40 * 256 * 1600);
	assert_int_equal(sw_sample(&w, 1)->peak_bytes / MIB, 60);
	/* Late by three seconds: in order all the same, none skipped. */
	sw_do(&w, OP(OP_FREE, 0, .bytes = NO_LIMIT));
	sw_until(&w, 10 * NS_PER_SEC);
	sw_apply_due(&w, OP(OP_REPLAY, 0, .series = &series), 7 * NS_PER_SEC);
	sw_drain(&w);
	assert_int_equal(sw_count(&w, OBS_STEP, 0, 1), 6);
	vec_foreach (o, &w.seen)
		if (o->kind == OBS_STEP)
			grown += o->step.bytes;
	assert_int_equal(grown, 2 * (10 + 40 + 40) * MIB);
	o = sw_latest(&w, OBS_STEP, 0);
	assert_in_range(o->step.late_ns, 1, 100 * NS_PER_MS);
	sw_free(&w);
}

static void tool_calls_take_memory_and_time(void **state)
{
	(void)state;
	static const struct op_call v[] = {
	    {.at_ns = NS_PER_SEC, .dur_ns = 2 * NS_PER_SEC, .bytes = 30 * MIB, .tool = "Bash"},
	    {.at_ns = 2 * NS_PER_SEC, .dur_ns = NS_PER_SEC, .bytes = 10 * MIB, .tool = "Bash"},
	    {.at_ns = 9 * NS_PER_SEC, .dur_ns = NS_PER_SEC, .tool = "Read"},
	};
	static const struct op_sample m[] = {{500 * NS_PER_MS, 110 * MIB},
					     {6 * NS_PER_SEC, 90 * MIB}};
	static const struct op_series memory = {m, 2};
	struct op_calls calls = {.v = v, .n = 3, .simulated = true, .base_bytes = 100 * MIB};
	struct sim_world w;
	struct obs done;

	unlimited(&w, 1);
	sw_open(&w, 1, 0);
	sw_apply(&w, OP(OP_TOOLS, 0, .calls = &calls));
	sw_until(&w, 2500 * NS_PER_MS);
	assert_int_equal(sw_sample(&w, 1)->anon_bytes, 130 * MIB);
	sw_until(&w, 3500 * NS_PER_MS); /* the second one waits for the first, keeps its second */
	assert_int_equal(sw_sample(&w, 1)->anon_bytes, 110 * MIB);
	sw_until(&w, 5 * NS_PER_SEC);
	assert_int_equal(sw_sample(&w, 1)->anon_bytes, 100 * MIB);
	sw_drain(&w);
	done = *sw_latest(&w, OBS_DONE, 0);
	assert_int_equal(done.t_ns, 10 * NS_PER_SEC);
	assert_int_equal(done.done.bytes, 140 * MIB);
	assert_int_equal(sw_count(&w, OBS_STEP, 0, 1), 3);
	/* with the trace's memory beside them */
	sw_do(&w, OP(OP_FREE, 0, .bytes = NO_LIMIT));
	sw_until(&w, 20 * NS_PER_SEC);
	calls.memory = &memory;
	sw_apply(&w, OP(OP_TOOLS, 0, .calls = &calls));
	sw_until(&w, 22500 * NS_PER_MS);
	assert_int_equal(sw_sample(&w, 1)->anon_bytes, 140 * MIB);
	sw_until(&w, 27 * NS_PER_SEC);
	assert_int_equal(sw_sample(&w, 1)->anon_bytes, 90 * MIB);
	calls.simulated = false;
	sw_drain(&w);
	assert_int_equal(sw_apply(&w, OP(OP_TOOLS, 0, .calls = &calls)), -EOPNOTSUPP);
	sw_free(&w);
}

static void a_command_is_played_by_its_profile(void **state)
{
	(void)state;
	struct op_exec x = {.command = "make",
			    .has_like = true,
			    .like_ns = 12 * NS_PER_SEC,
			    .like_peak_bytes = 500 * MIB,
			    .timeout_ns = NEVER};
	struct sim_world w;
	struct obs done;

	unlimited(&w, 1);
	sw_open(&w, 1, 0);
	sw_do(&w, alloc(0, 10 * MIB));
	sw_apply(&w, OP(OP_EXEC, 0, .exec = &x));
	sw_until(&w, 3 * NS_PER_SEC); /* half of the first half */
	assert_in_range(sw_sample(&w, 1)->anon_bytes, 255 * MIB, 265 * MIB);
	sw_until(&w, 7 * NS_PER_SEC);
	assert_int_equal(sw_sample(&w, 1)->anon_bytes, 510 * MIB);
	sw_drain(&w);
	done = *sw_latest(&w, OBS_DONE, 0);
	assert_int_equal(done.done.status, DONE_OK);
	/* its CPU time, and what giving the memory back takes */
	assert_int_equal(took(done), 12 * NS_PER_SEC + 128000 * 250);
	assert_int_equal(sw_sample(&w, 1)->anon_bytes, 10 * MIB);
	x.timeout_ns = 4 * NS_PER_SEC;
	done = sw_do(&w, OP(OP_EXEC, 0, .exec = &x));
	assert_int_equal(done.done.status, DONE_TIMEOUT);
	assert_in_range(took(done), 4 * NS_PER_SEC, 4 * NS_PER_SEC + 40 * NS_PER_MS);
	assert_int_equal(sw_sample(&w, 1)->anon_bytes, 10 * MIB);
	x.has_like = false;
	assert_int_equal(sw_apply(&w, OP(OP_EXEC, 0, .exec = &x)), -EOPNOTSUPP);
	sw_free(&w);
}

static void a_timeout_ends_a_throttled_command(void **state)
{
	(void)state;
	struct op_exec x = {.command = "make",
			    .has_like = true,
			    .like_ns = NS_PER_SEC,
			    .like_peak_bytes = 50 * MIB,
			    .timeout_ns = 30 * NS_PER_SEC};
	struct sim_world w;
	struct obs done;

	unlimited(&w, 1);
	w.attrs.v[1] = sw_attrs(10 * MIB, NO_LIMIT);
	sw_open(&w, 1, 0);
	done = sw_do(&w, OP(OP_EXEC, 0, .exec = &x));
	assert_int_equal(done.done.status, DONE_TIMEOUT);
	assert_in_range(took(done), 30 * NS_PER_SEC, 30 * NS_PER_SEC + 10 * NS_PER_MS);
	sw_free(&w);
}

static void one_op_at_a_time(void **state)
{
	(void)state;
	struct sim_world w;

	unlimited(&w, 1);
	sw_open(&w, 1, 0);
	assert_int_equal(sw_apply(&w, OP(OP_SLEEP, 0, .ns = 3 * NS_PER_SEC)), 0);
	assert_int_equal(sw_apply(&w, alloc(0, MIB)), -EBUSY);
	assert_int_equal(sw_apply(&w, alloc(1, MIB)), -EINVAL);
	assert_int_equal(sw_drain(&w), 1);
	assert_int_equal(sw_now(&w), 3 * NS_PER_SEC);
	assert_int_equal(sw_apply(&w, alloc(0, 0)), 0);
	sw_drain(&w);
	assert_int_equal(sw_count(&w, OBS_DONE, 0, 1), 2);
	assert_int_equal(sw_count(&w, OBS_STEP, 0, 1), 0);
	sw_free(&w);
}

/* ---- the freezer --------------------------------------------------------------------------------
 */

static void frozen_work_stands_still(void **state)
{
	(void)state;
	struct sim_world w;

	unlimited(&w, 1);
	sw_open(&w, 1, 0);
	sw_apply(&w, alloc(0, 500 * MIB)); /* 204.8 ms */
	sw_until(&w, 100 * NS_PER_MS);
	sw_apply(&w, OP(OP_FREEZE, 0));
	sw_apply(&w, OP(OP_FREEZE, 1)); /* twice: both must go */
	/* nothing will happen by itself, and advance says so */
	assert_int_equal(backend_sim.advance(w.run, NS_PER_SEC), 1);
	assert_int_equal(sw_now(&w), NS_PER_SEC);
	assert_int_equal(backend_sim.advance(w.run, NEVER), 1);
	sw_until(&w, 5 * NS_PER_SEC);
	assert_int_equal(sw_count(&w, OBS_DONE, 0, 1), 0);
	sw_apply(&w, OP(OP_THAW, 0));
	sw_until(&w, 6 * NS_PER_SEC);
	assert_int_equal(sw_count(&w, OBS_DONE, 0, 1), 0);
	sw_apply(&w, OP(OP_THAW, 1));
	sw_drain(&w);
	assert_int_equal(sw_latest(&w, OBS_DONE, 0)->t_ns,
			 6 * NS_PER_SEC + 128000 * 1600 - 100 * NS_PER_MS);
	sw_free(&w);
}

static void what_came_due_frozen_is_due_at_the_thaw(void **state)
{
	(void)state;
	struct sim_world w;

	unlimited(&w, 1);
	sw_open(&w, 1, 0);
	sw_apply(&w, OP(OP_SLEEP, 0, .ns = 2 * NS_PER_SEC));
	sw_until(&w, NS_PER_SEC);
	sw_apply(&w, OP(OP_FREEZE, 1));
	sw_until(&w, 5 * NS_PER_SEC);
	sw_apply(&w, OP(OP_THAW, 1));
	sw_drain(&w);
	assert_int_equal(sw_latest(&w, OBS_DONE, 0)->t_ns, 5 * NS_PER_SEC);
	/* one begun while frozen begins at the thaw; a kill needs none */
	sw_apply(&w, OP(OP_FREEZE, 1));
	sw_apply(&w, alloc(0, MIB));
	sw_until(&w, 8 * NS_PER_SEC);
	assert_int_equal(sw_count(&w, OBS_DONE, 0, 1), 1);
	sw_apply(&w, OP(OP_KILL, 1));
	sw_until(&w, 9 * NS_PER_SEC);
	assert_int_equal(sw_latest(&w, OBS_DONE, 0)->done.status, DONE_KILLED);
	assert_int_equal(sw_sample(&w, 1)->usage_bytes, 0);
	sw_apply(&w, OP(OP_THAW, 1));
	assert_int_equal(sw_drain(&w), 1);
	sw_free(&w);
}

/* ---- where time goes --------------------------------------------------------------------------
 */

#define PART(done, which) ((done).done.held.which##_ns)

/* Of the sum sim_world.c sees to it: what is named and nothing else. */
static void time_goes_to_work_and_pace(void **state)
{
	(void)state;
	struct sim_world w;
	struct obs done;

	unlimited(&w, 1);
	sw_open(&w, 1, 0);
	done = sw_do(&w, alloc(0, 500 * MIB));
	assert_int_equal(PART(done, cpu), 128000 * 1600);
	done = sw_do(&w, OP(OP_ALLOC, 0, .bytes = 100 * MIB, .ns = 10 * NS_PER_SEC));
	assert_int_equal(PART(done, cpu), 25600 * 1600);
	assert_int_equal(PART(done, pace), 10 * NS_PER_SEC - 25600 * 1600);
	/* pauses are no part of a latency */
	assert_int_equal(sw_latest(&w, OBS_STEP, 0)->step.held.cpu_ns, 25600 * 1600);
	assert_int_equal(sw_latest(&w, OBS_STEP, 0)->step.held.pace_ns, 0);
	done = sw_do(&w, OP(OP_SLEEP, 0, .ns = 3 * NS_PER_SEC));
	assert_int_equal(PART(done, pace), 3 * NS_PER_SEC);
	sw_free(&w);
}

static void time_goes_to_the_freezer(void **state)
{
	(void)state;
	struct sim_world w;
	struct obs done;

	unlimited(&w, 1);
	sw_open(&w, 1, 0);
	sw_apply(&w, alloc(0, 500 * MIB)); /* 204.8 ms */
	sw_until(&w, 100 * NS_PER_MS);
	sw_apply(&w, OP(OP_FREEZE, 1));
	sw_until(&w, 3 * NS_PER_SEC);
	/* of what has not ended a sample tells */
	assert_int_equal(sw_sample(&w, 1)->held.frozen_ns, 2900 * NS_PER_MS);
	assert_int_equal(sw_sample(&w, 1)->held.cpu_ns, 100 * NS_PER_MS);
	sw_apply(&w, OP(OP_THAW, 1));
	sw_drain(&w);
	done = *sw_latest(&w, OBS_DONE, 0);
	assert_int_equal(PART(done, frozen), 2900 * NS_PER_MS);
	assert_int_equal(PART(done, cpu), 128000 * 1600);
	assert_int_equal(sw_sample(&w, 1)->held.frozen_ns, 0);
	/* a freeze that ends before the sleep costs nothing, one that does not what is left */
	sw_apply(&w, OP(OP_SLEEP, 0, .ns = 4 * NS_PER_SEC));
	sw_until(&w, sw_now(&w) + NS_PER_SEC);
	sw_apply(&w, OP(OP_FREEZE, 1));
	sw_until(&w, sw_now(&w) + 2 * NS_PER_SEC);
	sw_apply(&w, OP(OP_THAW, 1));
	sw_drain(&w);
	done = *sw_latest(&w, OBS_DONE, 0);
	assert_int_equal(PART(done, frozen), 0);
	assert_int_equal(PART(done, pace), 4 * NS_PER_SEC);
	sw_apply(&w, OP(OP_SLEEP, 0, .ns = 2 * NS_PER_SEC));
	sw_until(&w, sw_now(&w) + NS_PER_SEC);
	sw_apply(&w, OP(OP_FREEZE, 1));
	sw_until(&w, sw_now(&w) + 5 * NS_PER_SEC);
	sw_apply(&w, OP(OP_KILL, 1));
	done = *sw_latest(&w, OBS_DONE, 0);
	assert_int_equal(PART(done, frozen), 4 * NS_PER_SEC);
	assert_int_equal(PART(done, pace), 2 * NS_PER_SEC);
	sw_free(&w);
}

static void time_goes_to_a_shared_cpu(void **state)
{
	(void)state;
	struct sim_world w;
	struct obs done;

	unlimited(&w, 2);
	w.machine.cpus = 1;
	sw_open(&w, 1, 0);
	sw_apply(&w, alloc(0, 100 * MIB));
	sw_apply(&w, alloc(1, 100 * MIB));
	sw_drain(&w);
	for (uint32_t i = 0; i < 2; i++) {
		done = *sw_latest(&w, OBS_DONE, i);
		assert_int_equal(PART(done, cpu), 25600 * 1600);
		assert_int_equal(PART(done, ready), took(done) - 25600 * 1600);
		assert_in_range(PART(done, ready), 25600 * 1590, 25600 * 1600);
	}
	sw_free(&w);
}

static void time_goes_to_memory_high(void **state)
{
	(void)state;
	struct sim_world w;
	struct obs done;

	unlimited(&w, 1);
	w.attrs.v[1].high_bytes = 100 * MIB;
	sw_open(&w, 1, 0);
	done = sw_do(&w, alloc(0, 110 * MIB));
	assert_int_equal(PART(done, throttle), sw_sample(&w, 1)->throttled_ns);
	assert_int_equal(PART(done, cpu), 110 * 256 * 1600);
	/* without swap there is nothing to reclaim, and looking for it takes no time */
	assert_int_equal(PART(done, throttle), took(done) - PART(done, cpu));
	assert_true(PART(done, throttle) > NS_PER_SEC);
	assert_int_equal(sw_latest(&w, OBS_STEP, 0)->step.held.throttle_ns, PART(done, throttle));
	/* the next step begins from nothing */
	sw_do(&w, OP(OP_FREE, 0, .bytes = 50 * MIB));
	sw_do(&w, alloc(0, MIB));
	assert_int_equal(sw_latest(&w, OBS_STEP, 0)->step.held.throttle_ns, 0);
	sw_free(&w);
}

static void time_goes_to_the_disk_and_reclaim(void **state)
{
	(void)state;
	struct sim_world w;
	struct obs done;
	uint64_t read;

	unlimited(&w, 1);
	w.attrs.v[1].max_bytes = 40 * MIB;
	sw_open(&w, 1, 0);
	done = sw_do(&w, OP(OP_READ, 0, .bytes = 30 * MIB));
	read = PART(done, disk);
	assert_true(read > 0);
	assert_int_equal(read + PART(done, cpu), took(done));
	done = sw_do(&w, OP(OP_READ, 0, .bytes = 30 * MIB)); /* is there */
	assert_int_equal(PART(done, disk), 0);
	done = sw_do(&w, alloc(0, 20 * MIB)); /* the cache makes room */
	assert_true(PART(done, reclaim) > 0);
	assert_int_equal(PART(done, reclaim) + PART(done, cpu), took(done));
	sw_free(&w);
}

/* ---- CPUs ---------------------------------------------------------------------------------------
 */

/* How long workers take that all allocate 100 MiB at once: the last one's end. */
static uint64_t all_at_once(struct sim_world *w, uint32_t n)
{
	sw_open(w, 1, 0);
	for (uint32_t i = 0; i < n; i++)
		sw_apply(w, alloc(i, 100 * MIB));
	sw_drain(w);
	return sw_now(w);
}

#define ALONE_NS (25600 * UINT64_C(1600))

static void expect_near(uint64_t got, uint64_t want)
{
	assert_in_range(got, want - want / 100, want + want / 100);
}

static void cpus_are_shared(void **state)
{
	(void)state;
	struct sim_world w;

	unlimited(&w, 2);
	assert_int_equal(all_at_once(&w, 2), ALONE_NS);
	sw_free(&w);
	unlimited(&w, 3);
	expect_near(all_at_once(&w, 3), ALONE_NS * 3 / 2);
	sw_free(&w);
	unlimited(&w, 8);
	expect_near(all_at_once(&w, 8), ALONE_NS * 4);
	sw_free(&w);
}

static void weights_share_by_water_filling(void **state)
{
	(void)state;
	struct sim_world w;

	/*
	 * Weights 1000, 100, 100 on two CPUs: the heavy one cannot use its 1.67, the light ones
	 * have the other CPU between them.
	 */
	unlimited(&w, 3);
	w.attrs.v[1].weight = 1000;
	all_at_once(&w, 3);
	expect_near(sw_latest(&w, OBS_DONE, 0)->t_ns, ALONE_NS);
	expect_near(sw_latest(&w, OBS_DONE, 1)->t_ns, ALONE_NS * 3 / 2);
	sw_free(&w);
	/* On one CPU 3 : 1; when the heavy one is done the light one has 2/3 of its work left. */
	unlimited(&w, 2);
	w.machine.cpus = 1;
	w.attrs.v[1].weight = 300;
	all_at_once(&w, 2);
	expect_near(sw_latest(&w, OBS_DONE, 0)->t_ns, ALONE_NS * 4 / 3);
	expect_near(sw_latest(&w, OBS_DONE, 1)->t_ns, ALONE_NS * 2);
	sw_free(&w);
}

static void cpu_max_caps_a_subtree(void **state)
{
	(void)state;
	struct sim_world w;

	unlimited(&w, 1);
	w.attrs.v[1].cpu_ppm = 250000;
	expect_near(all_at_once(&w, 1), ALONE_NS * 4);
	sw_free(&w);
	unlimited(&w, 2); /* 1.5 CPUs for two: 0.75 each */
	w.attrs.v[0].cpu_ppm = 1500000;
	expect_near(all_at_once(&w, 2), ALONE_NS * 4 / 3);
	sw_free(&w);
	unlimited(&w, 1);
	sw_open(&w, 1, 0);
	sw_apply(&w, OP(OP_SET, 1,
			.set = &(struct cg_attrs){.set = CGA_BIT(CGA_CPU), .cpu_ppm = 500000}));
	assert_int_equal(took(sw_do(&w, alloc(0, 100 * MIB))), ALONE_NS * 2);
	sw_free(&w);
}

static void sleepers_use_no_cpu(void **state)
{
	(void)state;
	struct sim_world w;

	unlimited(&w, 8);
	sw_open(&w, 1, 0);
	for (uint32_t i = 1; i < 8; i++)
		sw_apply(&w, OP(OP_SLEEP, i, .ns = 10 * NS_PER_SEC));
	sw_apply(&w, alloc(0, 100 * MIB));
	sw_until(&w, 9 * NS_PER_SEC);
	assert_int_equal(sw_latest(&w, OBS_DONE, 0)->t_ns, ALONE_NS);
	sw_free(&w);
}

static uint64_t noisy(uint64_t seed, uint32_t rep)
{
	struct sim_world w;
	uint64_t ns;

	unlimited(&w, 1);
	w.machine.noise_ppm = 30000;
	sw_open(&w, seed, rep);
	ns = took(sw_do(&w, alloc(0, 100 * MIB)));
	sw_free(&w);
	return ns;
}

static void noise_is_drawn_once_a_run(void **state)
{
	(void)state;
	uint64_t least = UINT64_MAX, most = 0;

	for (uint32_t rep = 0; rep < 200; rep++) {
		uint64_t ns = noisy(1, rep);

		assert_in_range(ns, ALONE_NS / 100 * 97 - 1000, ALONE_NS / 100 * 103 + 1000);
		assert_int_equal(ns, noisy(1, rep));
		least = ns < least ? ns : least;
		most = ns > most ? ns : most;
	}
	assert_true(least < ALONE_NS / 1000 * 972 && most > ALONE_NS / 1000 * 1028);
	assert_int_not_equal(noisy(1, 0), noisy(2, 0));
}

/* ---- memory pressure ----------------------------------------------------------------------------
 */

static void pressure_is_some_or_full(void **state)
{
	(void)state;
	struct sim_world w;
	const struct cg_counters *c;

	/* The first is throttled for 20 s, the second computes for 10 of them. */
	unlimited(&w, 2);
	w.attrs.v[1] = sw_attrs(10 * MIB, NO_LIMIT);
	sw_open(&w, 1, 0);
	sw_apply(&w, alloc(0, 20 * MIB));
	sw_apply(&w, OP(OP_EXEC, 1,
			.exec = &(struct op_exec){
			    .has_like = true, .like_ns = 10 * NS_PER_SEC, .timeout_ns = NEVER}));
	sw_until(&w, 20 * NS_PER_SEC);
	c = sw_sample(&w, 1);
	assert_in_range(c->psi_some_ns, 19900 * NS_PER_MS, 20 * NS_PER_SEC);
	assert_int_equal(c->psi_full_ns, c->psi_some_ns);
	assert_int_equal(c->psi_some_ns, c->throttled_ns);
	assert_int_equal(sw_sample(&w, 2)->psi_some_ns, 0);
	c = sw_sample(&w, 0);
	assert_in_range(c->psi_some_ns, 19900 * NS_PER_MS, 20 * NS_PER_SEC);
	assert_in_range(c->psi_full_ns, 9900 * NS_PER_MS, 10 * NS_PER_SEC);
	sw_free(&w);
}

static void samples_do_not_disturb(void **state)
{
	(void)state;
	struct sim_world a, b;

	for (int sampled = 0; sampled < 2; sampled++) {
		struct sim_world *w = sampled ? &b : &a;

		unlimited(w, 2);
		w->attrs.v[1] = sw_attrs(10 * MIB, NO_LIMIT);
		w->machine.noise_ppm = 30000;
		sw_open(w, 5, 0);
		sw_apply(w, alloc(0, 14 * MIB));
		sw_apply(w, alloc(1, 500 * MIB));
		for (uint64_t t = 0; sampled && t < 10 * NS_PER_SEC; t += 7 * NS_PER_MS) {
			sw_until(w, t);
			sw_sample(w, 0);
		}
		sw_drain(w);
	}
	assert_int_equal(a.seen.n, b.seen.n);
	for (size_t i = 0; i < a.seen.n; i++)
		assert_int_equal(a.seen.v[i].t_ns, b.seen.v[i].t_ns);
	sw_free(&a);
	sw_free(&b);
}

/* ---- what is there ------------------------------------------------------------------------------
 */

static int probe(const char *feature, int cmp, uint32_t major, uint32_t minor)
{
	struct requirement r = {.feature = feature, .cmp = cmp, .version = {major, minor, 0}};
	char why[128] = "";
	int found = backend_sim.probe(&r, why, sizeof why);

	assert_int_equal(found == 0, why[0] != '\0');
	return found;
}

static void requirements_are_answered(void **state)
{
	(void)state;

	assert_int_equal(probe("memcg_bpf", 0, 0, 0), 1);
	assert_int_equal(probe("psi", 0, 0, 0), 1);
	for (size_t i = 0; backend_mechanism(i); i++)
		assert_int_equal(probe(backend_mechanism(i), 0, 0, 0), 1);
	assert_int_equal(probe("memcg-bpf", 0, 0, 0), -EINVAL);
	assert_int_equal(probe("kernel", 'g', 6, 12), 1);
	assert_int_equal(probe("kernel", 'g', 7, 3), 0);
	assert_int_equal(probe("kernel", '<', 7, 2), 0);
	assert_int_equal(probe("kernel", '=', 7, 2), 1);
	for (size_t i = 0; backend_feature(i); i++)
		assert_int_not_equal(probe(backend_feature(i), 0, 0, 0), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_allocation_takes_its_faults),
	    cmocka_unit_test(over_spreads_an_allocation),
	    cmocka_unit_test(a_pace_that_cannot_be_kept_is_late),
	    cmocka_unit_test(touching_costs_writes_and_no_faults),
	    cmocka_unit_test(a_replay_follows_every_sample),
	    cmocka_unit_test(tool_calls_take_memory_and_time),
	    cmocka_unit_test(a_command_is_played_by_its_profile),
	    cmocka_unit_test(a_timeout_ends_a_throttled_command),
	    cmocka_unit_test(one_op_at_a_time),
	    cmocka_unit_test(frozen_work_stands_still),
	    cmocka_unit_test(what_came_due_frozen_is_due_at_the_thaw),
	    cmocka_unit_test(time_goes_to_work_and_pace),
	    cmocka_unit_test(time_goes_to_the_freezer),
	    cmocka_unit_test(time_goes_to_a_shared_cpu),
	    cmocka_unit_test(time_goes_to_memory_high),
	    cmocka_unit_test(time_goes_to_the_disk_and_reclaim),
	    cmocka_unit_test(cpus_are_shared),
	    cmocka_unit_test(weights_share_by_water_filling),
	    cmocka_unit_test(cpu_max_caps_a_subtree),
	    cmocka_unit_test(sleepers_use_no_cpu),
	    cmocka_unit_test(noise_is_drawn_once_a_run),
	    cmocka_unit_test(pressure_is_some_or_full),
	    cmocka_unit_test(samples_do_not_disturb),
	    cmocka_unit_test(requirements_are_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
