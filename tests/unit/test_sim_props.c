/* SPDX-License-Identifier: GPL-2.0-or-later */
/* what must hold of the simulator whatever is done to it, on random worlds and ops */
#include "tests/unit/unit.h"

#include <inttypes.h>

#include "backend/sim/sim.h"
#include "base/buf.h"
#include "base/rng.h"
#include "tests/unit/sim_bytes.h"
#include "tests/unit/sim_world.h"

#define RUNS 400

static size_t random_bytes(uint64_t index, uint8_t *v, size_t max)
{
	struct rng r;
	size_t n;

	rng_init(&r, 7, RNG_TEST, index);
	n = 64 + rng_below(&r, max - 64);
	for (size_t i = 0; i < n; i++)
		v[i] = (uint8_t)rng_next(&r);
	return n;
}

/* The invariants are checked after every call; see sim_bytes.h. */
static void random_worlds_keep_their_invariants(void **state)
{
	(void)state;
	uint8_t v[600];

	for (uint64_t i = 0; i < RUNS; i++)
		sim_bytes_run(v, random_bytes(i, v, sizeof v), false);
}

static void same_bytes_same_observations(void **state)
{
	(void)state;
	uint8_t v[600];

	for (uint64_t i = 0; i < RUNS / 4; i++) {
		size_t n = random_bytes(i, v, sizeof v);

		assert_int_equal(sim_bytes_run(v, n, false), sim_bytes_run(v, n, false));
	}
}

/* Running on without a turn in the queue is a matter of speed alone. */
static void running_on_changes_nothing(void **state)
{
	(void)state;
	uint8_t v[600];

	for (uint64_t i = 0; i < RUNS; i++) {
		size_t n = random_bytes(i, v, sizeof v);

		uint64_t digest = sim_bytes_run(v, n, true);

		assert_int_equal(sim_bytes_run(v, n, false), digest);
		assert_int_equal(sim_bytes_run_unseen(v, n), digest);
	}
}

/* ---- stride.c ---- */

#define SESSIONS 24
#define WORKERS	 (SESSIONS + 4) /* some cgroups have two */
#define GROUPS	 4
#define ROUNDS	 300

static uint32_t below(struct rng *r, uint32_t n)
{
	return (uint32_t)rng_below(r, n);
}

static uint64_t size_up_to(struct rng *r, uint64_t max)
{
	return below(r, (uint32_t)(max / KIB)) * KIB + below(r, 4096);
}

/*
 * Sessions in groups, each alone in its cgroup; limits so far that none is met, or as near as not.
 * What the seed says about them is the same in every mode.
 */
static void stride_world(struct sim_world *w, struct rng *r, bool near, bool single_step)
{
	sw_init(w);
	w->machine.memory_bytes = near ? 160 * MIB : 64 * GIB;
	w->machine.noise_ppm = below(r, 2) ? 30000 : 0; /* 0: many timers at the same time */
	w->machine.cpus = 1 + below(r, 4);
	w->mechanism = backend_mechanism(below(r, 8)); /* or none: the hook */
	sw_cgroup(w, 0, cg_attrs_default);
	for (uint32_t i = 0; i < GROUPS; i++) {
		struct cg_attrs a = cg_attrs_default;

		if (near && below(r, 2))
			a.high_bytes = 16 * MIB + size_up_to(r, 32 * MIB);
		if (near && below(r, 2))
			a.max_bytes = 24 * MIB + size_up_to(r, 32 * MIB);
		if (near && !below(r, 3))
			a.swap_bytes = 0;
		if (!below(r, 4))
			a.weight = 1 + below(r, 200);
		if (!below(r, 4)) {
			a.priority = PRIORITY_HIGH;
			a.threshold = 400;
			a.window_ns = 20000000;
		} else if (!below(r, 4)) {
			a.delay_ns = 50000000;
			a.delay_always = true;
		}
		sw_cgroup(w, 0, a);
	}
	for (uint32_t i = 0; i < SESSIONS; i++) {
		struct cg_attrs a = cg_attrs_default;

		if (near && below(r, 2))
			a.high_bytes = 2 * MIB + size_up_to(r, 8 * MIB);
		if (near && below(r, 2))
			a.max_bytes = 2 * MIB + size_up_to(r, 12 * MIB);
		if (near && !below(r, 3))
			a.swap_bytes = 0;
		if (!below(r, 8))
			a.low_bytes = size_up_to(r, 2 * MIB);
		sw_worker(w, sw_cgroup(w, 1 + i % GROUPS, a));
	}
	for (uint32_t i = SESSIONS; i < WORKERS; i++)
		sw_worker(w, 1 + GROUPS + below(r, SESSIONS));
	sw_open(w, 1, 0);
	sim_single_step(w->run, single_step);
	for (uint32_t i = 0; i < WORKERS; i++)
		sw_apply(w, OP(OP_ALLOC, i, .bytes = size_up_to(r, 6 * MIB)));
}

static void stride_round(struct sim_world *w, struct rng *r, bool near, struct buf *seen)
{
	uint32_t worker = below(r, WORKERS), cg = below(r, 1 + GROUPS + SESSIONS);
	uint64_t bytes = size_up_to(r, 12 * MIB);
	struct cg_attrs set = cg_attrs_default;

	switch (below(r, near ? 12 : 10)) {
	case 0:
		sw_apply(w, OP(OP_FREE, worker, .bytes = bytes));
		break;
	case 1:
		sw_apply(w, OP(OP_HOLD, worker, .bytes = bytes));
		break;
	case 2:
		sw_apply(w, OP(OP_READ, worker, .bytes = bytes / 8));
		break;
	case 3:
		sw_apply(w, OP(OP_FREEZE, cg));
		break;
	case 4:
		for (uint32_t i = 0; i < 1 + GROUPS + SESSIONS; i++)
			sw_apply(w, OP(OP_THAW, i));
		break;
	case 10:
		sw_apply(w, OP(OP_RECLAIM, cg, .bytes = bytes));
		break;
	case 11:
		set.set = CGA_BIT(CGA_HIGH);
		set.high_bytes = 2 * MIB + bytes;
		sw_apply(w, OP(OP_SET, cg, .set = &set));
		break;
	default:
		sw_apply(w, OP(OP_ALLOC, worker, .bytes = bytes));
	}
	if (below(r, 3))
		sw_until(w, sw_now(w) + below(r, 20000000));
	if (!below(r, 4))
		buf_put(seen, sw_sample(w, cg), sizeof(struct cg_counters));
}

/* What was seen, down to the bytes of each sample; the steps taken in stride are in *strides. */
static void stride_run(uint64_t seed, bool near, bool single_step, struct buf *seen,
		       uint64_t *strides)
{
	struct sim_world w;
	struct rng r;
	const struct obs *o;

	rng_init(&r, 11, RNG_TEST, seed);
	stride_world(&w, &r, near, single_step);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		size_t from = w.seen.n;

		stride_round(&w, &r, near, seen);
		for (size_t k = from; k < w.seen.n; k++) {
			o = &w.seen.v[k];
			buf_printf(seen, "%" PRIu64 " %d %" PRIu32 " %" PRIu32 "\n", o->t_ns,
				   o->kind, o->cgroup, o->worker);
		}
	}
	for (uint32_t i = 0; i < w.cgroups.n; i++)
		buf_put(seen, sw_sample(&w, i), sizeof(struct cg_counters));
	buf_printf(seen, "%" PRIu64 " steps\n", sim_steps(w.run));
	*strides = sim_strides(w.run);
	sw_free(&w);
}

static void steps_in_stride_change_nothing(void **state)
{
	(void)state;
	uint64_t taken[2] = {0};

	for (uint64_t i = 0; i < 150; i++) {
		struct buf one = {0}, all = {0};
		bool near = i % 2;
		uint64_t n;

		stride_run(i, near, true, &all, &n);
		assert_int_equal(n, 0);
		stride_run(i, near, false, &one, &n);
		taken[near] += n;
		assert_int_equal(one.n, all.n);
		assert_memory_equal(one.s, all.s, all.n);
		buf_free(&one);
		buf_free(&all);
	}
	assert_true(taken[0] > 10000);
	assert_true(taken[1] > 1000);
}

/* Many cgroups with few file pages and more anonymous ones, together more than the machine has. */
static void overcommit(struct sim_world *w, bool single_step)
{
	sw_init(w);
	w->check = true;
	w->machine.memory_bytes = 64 * MIB;
	sw_cgroup(w, 0, cg_attrs_default);
	for (uint32_t i = 0; i < 40; i++)
		sw_worker(w, sw_cgroup(w, 0, cg_attrs_default));
	sw_open(w, 1, 0);
	sim_single_step(w->run, single_step);
	for (uint32_t i = 0; i < 40; i++)
		sw_apply(w, OP(OP_READ, i, .bytes = (i % 4) * 50 * KIB));
	sw_drain(w);
	for (uint32_t i = 0; i < 40; i++)
		sw_apply(w, OP(OP_ALLOC, i, .bytes = 1 * MIB + i * 50 * KIB));
	sw_drain(w);
	sw_do(w, OP(OP_FREE, 39, .bytes = NO_LIMIT));
	sw_do(w, OP(OP_ALLOC, 0, .bytes = 8 * MIB));
}

static void skipping_vain_walks_changes_nothing(void **state)
{
	(void)state;
	struct sim_world a, b;

	overcommit(&a, false);
	overcommit(&b, true);
	assert_int_equal(sw_now(&a), sw_now(&b));
	for (uint32_t i = 0; i < a.cgroups.n; i++) {
		struct cg_counters one = *sw_sample(&a, i);

		assert_memory_equal(&one, sw_sample(&b, i), sizeof one);
		assert_true(i || one.swap_bytes);
	}
	sw_free(&a);
	sw_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_worlds_keep_their_invariants),
	    cmocka_unit_test(same_bytes_same_observations),
	    cmocka_unit_test(running_on_changes_nothing),
	    cmocka_unit_test(steps_in_stride_change_nothing),
	    cmocka_unit_test(skipping_vain_walks_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
