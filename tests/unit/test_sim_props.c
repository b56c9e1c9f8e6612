/* SPDX-License-Identifier: GPL-2.0-or-later */
/* what must hold of the simulator whatever is done to it, on random worlds and ops */
#include "tests/unit/unit.h"

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

		assert_int_equal(sim_bytes_run(v, n, false), sim_bytes_run(v, n, true));
	}
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
	    cmocka_unit_test(skipping_vain_walks_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
