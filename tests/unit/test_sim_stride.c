/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stride.c at its edges: a last batch that a limit lies in, a drain, an OOM kill while a worker is
 * in stride.  Each world is run through the queue step by step, and in stride: the same must be
 * seen.
 */
#include "tests/unit/unit.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/units.h"
#include "tests/unit/sim_world.h"

#define STEP_NS (64 * machine_default.fault_ns) /* a batch at a CPU of one's own */

/* What a world was seen to do, and how much of it was in stride. */
struct seen {
	struct buf text;
	uint64_t strides;
	bool hit; /* what the test is about happened */
};

static void open_world(struct sim_world *w, bool single_step)
{
	w->machine.cpus = 16; /* everybody has one */
	w->machine.process_bytes = 0;
	w->machine.memory_bytes = 4 * GIB;
	sw_open(w, 1, 0);
	sim_single_step(w->run, single_step);
}

static void close_world(struct sim_world *w, struct seen *s)
{
	const char *why;

	for (size_t i = 0; i < w->seen.n; i++) {
		const struct obs *o = &w->seen.v[i];

		buf_printf(&s->text, "%" PRIu64 " %d %" PRIu32 " %" PRIu32 "\n", o->t_ns, o->kind,
			   o->cgroup, o->worker);
	}
	for (uint32_t i = 0; i < w->cgroups.n; i++)
		buf_put(&s->text, sw_sample(w, i), sizeof(struct cg_counters));
	assert_true(sim_check(w->run, &why));
	s->strides = sim_strides(w->run);
	sw_free(w);
}

/* Both ways; the number of worlds in which it happened. */
static uint32_t same_both_ways(void (*run)(uint32_t variant, bool single_step, struct seen *s),
			       uint32_t variants)
{
	uint32_t hits = 0;

	for (uint32_t i = 0; i < variants; i++) {
		struct seen steps = {0}, stride = {0};

		run(i, true, &steps);
		run(i, false, &stride);
		assert_int_equal(steps.strides, 0);
		assert_true(stride.strides > 0);
		assert_int_equal(stride.text.n, steps.text.n);
		assert_memory_equal(stride.text.s, steps.text.s, steps.text.n);
		assert_int_equal(stride.hit, steps.hit);
		hits += steps.hit;
		buf_free(&steps.text);
		buf_free(&stride.text);
	}
	return hits;
}

/* ---- a limit within what the last batch takes beyond the goal -------------------------------- */

static void near_its_own_limit(uint32_t variant, bool single_step, struct seen *s)
{
	uint64_t pages = 1000 + variant / 140 * 37, limit = pages + 2 + variant % 70;
	bool high = variant / 70 % 2;
	struct sim_world w;
	const struct cg_counters *c;
	uint32_t cg;

	sw_init(&w);
	sw_cgroup(&w, 0, cg_attrs_default);
	cg = sw_cgroup(
	    &w, 0,
	    sw_attrs(high ? limit * PAGE_BYTES : NO_LIMIT, high ? NO_LIMIT : limit * PAGE_BYTES));
	sw_worker(&w, cg);
	sw_worker(&w, sw_cgroup(&w, 0, cg_attrs_default)); /* somebody is always in stride */
	open_world(&w, single_step);
	sw_apply(&w, OP(OP_ALLOC, 1, .bytes = 16 * MIB));
	sw_do(&w, OP(OP_ALLOC, 0, .bytes = pages * PAGE_BYTES));
	c = sw_sample(&w, cg);
	s->hit = high ? c->ev_high != 0 : c->usage_bytes == limit * PAGE_BYTES;
	close_world(&w, s);
}

static void the_rest_of_the_last_batch_meets_limits(void **state)
{
	(void)state;
	assert_in_range(same_both_ways(near_its_own_limit, 4 * 140), 50, 4 * 140 - 50);
}

/* ---- a shared limit drains what a worker in stride charged ahead ----------------------------- */

static void drained(uint32_t variant, bool single_step, struct seen *s)
{
	struct sim_world w;
	uint32_t group;

	sw_init(&w);
	sw_cgroup(&w, 0, cg_attrs_default);
	group = sw_cgroup(&w, 0, sw_attrs(NO_LIMIT, (3000 + variant % 64) * PAGE_BYTES));
	for (int i = 0; i < 2; i++)
		sw_worker(&w, sw_cgroup(&w, group, cg_attrs_default));
	open_world(&w, single_step);
	/* One has room for all it wants when it begins, the other takes that meanwhile. */
	sw_do(&w, OP(OP_ALLOC, 0, .bytes = 511 * PAGE_BYTES));
	sw_do(&w, OP(OP_ALLOC, 1, .bytes = (1 + variant / 64 * 51) * PAGE_BYTES));
	sw_apply(&w, OP(OP_ALLOC, 0, .bytes = 6 * MIB));
	sw_apply(&w, OP(OP_ALLOC, 1, .bytes = 9 * MIB));
	sw_drain(&w);
	s->hit = sw_count(&w, OBS_OOM, UINT32_MAX, group) != 0;
	close_world(&w, s);
}

static void a_drain_takes_what_was_charged_in_stride(void **state)
{
	(void)state;
	assert_true(same_both_ways(drained, 640) > 50);
}

/* ---- the OOM killer looks at a worker in stride ---------------------------------------------- */

enum {
	WAITS,
	EMPTY,
	GIVES,
	GROWS,
	TAKES,
	RESTS
};

/*
 * Whoever waits for a victim at the inner limit has drained the stocks there, and nowhere else.
 * When that one is gone (it had nothing to give) there is room again at the inner limit, but none
 * at the outer one, where somebody is in stride.  Is it larger by now than the one who rests?
 */
static void outer_kill(uint32_t variant, bool single_step, struct seen *s)
{
	struct sim_world w;
	uint32_t outer, inner, cg[6];
	const struct obs *kill;

	sw_init(&w);
	sw_cgroup(&w, 0, cg_attrs_default);
	outer = sw_cgroup(&w, 0, sw_attrs(NO_LIMIT, (4000 + variant) * PAGE_BYTES));
	inner = sw_cgroup(&w, outer, sw_attrs(NO_LIMIT, 700 * PAGE_BYTES));
	for (int i = 0; i < 6; i++) {
		cg[i] = sw_cgroup(&w, i < GROWS ? inner : outer, cg_attrs_default);
		sw_worker(&w, cg[i]);
	}
	open_world(&w, single_step);
	sw_do(&w, OP(OP_ALLOC, GIVES, .bytes = 500 * PAGE_BYTES));
	sw_do(&w, OP(OP_ALLOC, RESTS, .bytes = 1200 * PAGE_BYTES));
	sw_do(&w, OP(OP_ALLOC, GROWS, .bytes = 1000 * PAGE_BYTES));
	sw_apply(&w, OP(OP_KILL, cg[EMPTY])); /* takes SIM_EXIT_NS */
	sw_apply(&w, OP(OP_ALLOC, GROWS, .bytes = 900 * PAGE_BYTES));
	sw_apply(&w, OP(OP_ALLOC, WAITS, .bytes = 400 * PAGE_BYTES));
	sw_until(&w, sw_now(&w) + STEP_NS);
	sw_apply(&w, OP(OP_ALLOC, TAKES, .bytes = 520 * PAGE_BYTES));
	sw_until(&w, sw_now(&w) + 7 * STEP_NS);
	sw_apply(&w, OP(OP_FREE, GIVES, .bytes = 100 * PAGE_BYTES));
	sw_drain(&w);
	kill = sw_latest(&w, OBS_KILL, GROWS);
	s->hit = kill && kill->kill.limit_cgroup == outer;
	close_world(&w, s);
}

static void the_oom_killer_knows_how_large_who_is_in_stride_is(void **state)
{
	(void)state;
	assert_true(same_both_ways(outer_kill, 128) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_rest_of_the_last_batch_meets_limits),
	    cmocka_unit_test(a_drain_takes_what_was_charged_in_stride),
	    cmocka_unit_test(the_oom_killer_knows_how_large_who_is_in_stride_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
