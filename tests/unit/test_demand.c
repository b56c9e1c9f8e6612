/* SPDX-License-Identifier: GPL-2.0-or-later */
/* what sessions would use without limits */
#include "tests/unit/unit.h"

#include "plan/demand.h"
#include "tests/unit/fake.h"

#define MS NS_PER_MS

static struct arena arena;
static struct plan p;
static struct demand d;

static int setup(void **state)
{
	(void)state;
	p = fake_plan(&arena);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	demand_free(&d);
	arena_free(&arena);
	return 0;
}

static void at(uint64_t ms, struct plan_step s)
{
	fake_event(&arena, &p, ms * MS, s);
}

static uint64_t demand_at(uint32_t cgroup, uint64_t ms)
{
	const struct demand_series *s = &d.cgroups[cgroup];
	uint64_t bytes = 0;

	for (size_t i = 0; i < s->points.n && s->points.v[i].at_ns <= ms * MS; i++)
		bytes = s->points.v[i].bytes;
	return bytes;
}

static void compute(void)
{
	demand_free(&d);
	assert_int_equal(demand_compute(&p, &d), 0);
	for (uint32_t c = 0; c < d.ncgroups; c++)
		for (size_t i = 1; i < d.cgroups[c].points.n; i++) {
			const struct demand_point *v = d.cgroups[c].points.v;

			assert_true(v[i].at_ns > v[i - 1].at_ns);
			assert_true(v[i].bytes != v[i - 1].bytes);
		}
}

static void sums_of_subtrees(void **state)
{
	(void)state;
	struct demand_over over;

	at(30, fake_op(OP_ALLOC, 0, 300 * MIB, 0));
	at(10, fake_op(OP_ALLOC, 0, 200 * MIB, 0)); /* text order is not the order of time */
	at(10, fake_op(OP_ALLOC, 1, 400 * MIB, 0));
	at(60, fake_op(OP_FREE, 0, NO_LIMIT, 0));
	at(80, fake_op(OP_FREE, 1, 100 * MIB, 0));
	at(90, fake_op(OP_HOLD, 1, 50 * MIB, 0));
	compute();
	assert_int_equal(demand_at(0, 9), 0);
	assert_int_equal(demand_at(0, 10), 600 * MIB);
	assert_int_equal(demand_at(1, 30), 500 * MIB);
	assert_int_equal(demand_at(0, 60), 400 * MIB);
	assert_int_equal(demand_at(0, 80), 300 * MIB);
	assert_int_equal(demand_at(2, 90), 50 * MIB);
	assert_int_equal(d.cgroups[0].peak_bytes, 900 * MIB);
	assert_int_equal(d.cgroups[0].peak_ns, 30 * MS);
	assert_int_equal(d.end_ns, 90 * MS);
	assert_false(d.reactive);
	demand_against(&d, 0, 500 * MIB, &over);
	assert_int_equal(over.first_ns, 10 * MS);
	assert_int_equal(over.total_ns, 50 * MS);
	demand_against(&d, 0, 900 * MIB, &over);
	assert_int_equal(over.first_ns, NEVER);
	assert_int_equal(over.total_ns, 0);
}

static void actions_queue_up(void **state)
{
	(void)state;
	static const struct op body[] = {{.kind = OP_ALLOC, .bytes = MIB},
					 {.kind = OP_SLEEP, .ns = 50 * MS},
					 {.kind = OP_FREE, .bytes = NO_LIMIT}};
	struct plan_step start = {.kind = STEP_START, .op.target = 0, .body = body, .nbody = 3};

	at(0, start);
	at(20, fake_op(OP_ALLOC, 0, 2 * MIB, 0));
	at(20, fake_op(OP_ALLOC, 2, 4 * MIB, 0)); /* another worker of a */
	compute();
	assert_int_equal(demand_at(1, 20), 5 * MIB);
	assert_int_equal(demand_at(1, 49), 5 * MIB);
	assert_int_equal(demand_at(1, 50), 6 * MIB);
	assert_int_equal(d.end_ns, 50 * MS);
}

static void files_count_once(void **state)
{
	(void)state;
	at(0, fake_op(OP_READ, 0, 10 * MIB, 160 * MS));
	at(200, fake_op(OP_READ, 0, 8 * MIB, 0));
	at(210, fake_op(OP_READ, 0, 12 * MIB, 0));
	compute();
	assert_int_equal(demand_at(1, 80), 5 * MIB);
	assert_int_equal(demand_at(1, 200), 10 * MIB);
	assert_int_equal(demand_at(1, 210), 12 * MIB);
}

static void recordings_are_followed(void **state)
{
	(void)state;
	static const struct op_sample samples[] = {
	    {0, 5 * MIB}, {100 * MS, 9 * MIB}, {300 * MS, MIB}};
	static const struct op_series series = {samples, 3};
	static const struct op_call calls[] = {
	    {.at_ns = 50 * MS, .dur_ns = 100 * MS, .bytes = 20 * MIB},
	    {.at_ns = 60 * MS, .dur_ns = 10 * MS, .bytes = 40 * MIB}};
	static const struct op_calls tools = {
	    .v = calls, .n = 2, .simulated = true, .base_bytes = 2 * MIB};
	static const struct op_calls both = {
	    .v = calls, .n = 2, .simulated = true, .base_bytes = 2 * MIB, .memory = &series};
	static const struct op_exec exec = {
	    .has_like = true, .like_ns = 160 * MS, .like_peak_bytes = 16 * MIB};

	at(0, (struct plan_step){.op = {.kind = OP_REPLAY, .target = 0, .series = &series}});
	at(1000, (struct plan_step){.op = {.kind = OP_TOOLS, .target = 0, .calls = &tools}});
	at(2000, (struct plan_step){.op = {.kind = OP_TOOLS, .target = 0, .calls = &both}});
	at(3000, (struct plan_step){.op = {.kind = OP_EXEC, .target = 0, .exec = &exec}});
	compute();
	assert_int_equal(demand_at(1, 100), 9 * MIB);
	assert_int_equal(demand_at(1, 300), MIB);
	assert_int_equal(demand_at(1, 1000), 2 * MIB);
	assert_int_equal(demand_at(1, 1050), 22 * MIB);
	assert_int_equal(demand_at(1, 1155), 42 * MIB); /* the second call is late, and as long */
	assert_int_equal(demand_at(1, 1160), 2 * MIB);
	assert_int_equal(demand_at(1, 2050), 25 * MIB);
	assert_int_equal(demand_at(1, 2100), 29 * MIB);
	assert_int_equal(demand_at(1, 2500), MIB);
	assert_int_equal(demand_at(1, 3040), 9 * MIB);
	assert_int_equal(demand_at(1, 3100), 17 * MIB);
	assert_int_equal(demand_at(1, 3160), MIB);
}

static void kills_and_the_end_cut_it(void **state)
{
	(void)state;
	at(0, fake_op(OP_ALLOC, 0, 8 * MIB, 0));
	at(0, fake_op(OP_READ, 0, MIB, 0));
	at(50, fake_op(OP_KILL, 1, 0, 0));
	at(60, fake_op(OP_ALLOC, 0, 8 * MIB, 0));
	at(10, fake_op(OP_ALLOC, 1, MIB, 0));
	at(500, fake_op(OP_ALLOC, 1, MIB, 0));
	p.finish_ns = 400 * MS;
	compute();
	assert_int_equal(demand_at(1, 49), 9 * MIB);
	assert_int_equal(demand_at(1, 60), MIB);
	assert_int_equal(demand_at(2, 900), MIB);
	assert_int_equal(d.end_ns, 400 * MS);
}

static void reactions_are_left_out(void **state)
{
	(void)state;
	struct plan_trigger t = {.kind = TRIGGER_AFTER, .cond = fake_of(&arena, PX_DONE, 1)};

	fake_trigger(&arena, &p, t, fake_mark(0));
	compute();
	assert_false(d.reactive);
	fake_trigger(&arena, &p, t, fake_op(OP_ALLOC, 0, MIB, 0));
	compute();
	assert_true(d.reactive);
	assert_int_equal(d.cgroups[0].points.n, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(sums_of_subtrees),	    TEST(actions_queue_up),
	    TEST(files_count_once),	    TEST(recordings_are_followed),
	    TEST(kills_and_the_end_cut_it), TEST(reactions_are_left_out),
	};

	return cmocka_run_group_tests_name("demand", tests, NULL, NULL);
}
