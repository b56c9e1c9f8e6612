/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * one plan on three backends: scripted virtual time, the simulator, the wall clock
 *
 * Only the order of what is due at least 20 ms apart is compared, and no time tighter than 200 ms:
 * a busy machine makes wall-clock events late, never early.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "backend/recorder/recorder.h"
#include "tests/unit/fake.h"

#define MS NS_PER_MS

static struct arena arena;

/* What a run's actions were, in order, without times: "alloc 0\n...". */
struct order {
	struct buf log;
	uint64_t last_ns, late_ns; /* the latest beginning, the worst lateness */
};

static void order_obs(void *ctx, const struct obs *o)
{
	(void)ctx, (void)o;
}

static void order_note(void *ctx, const struct note *n)
{
	struct order *r = ctx;

	if (n->kind == NOTE_BEGIN)
		buf_printf(&r->log, "%s %u\n", op_kind_name((enum op_kind)n->op), n->worker);
	else if (n->kind == NOTE_MARK)
		buf_printf(&r->log, "mark %u\n", n->index);
	else if (n->kind == NOTE_DONE)
		buf_printf(&r->log, "done %u\n", n->cgroup);
	if (n->kind == NOTE_BEGIN && n->t_ns > r->last_ns)
		r->last_ns = n->t_ns;
	if (n->kind == NOTE_BEGIN && n->late_ns > r->late_ns)
		r->late_ns = n->late_ns;
}

static struct order run_on(const struct plan *p, const struct backend *b)
{
	struct order r = {0};
	struct run_outcome out;
	struct diags d;

	diags_init(&d, NULL);

	struct run_config c = {.plan = p,
			       .backend = b,
			       .attrs = p->policies[0].attrs,
			       .alone = UINT32_MAX,
			       .seed = 1,
			       .sink = {order_obs, order_note, &r},
			       .arena = &arena,
			       .diags = &d};

	assert_int_equal(engine_run(&c, &out), 0);
	assert_int_equal(out.end, RUN_FINISHED);
	assert_int_equal(out.unfinished, 0);
	diags_free(&d);
	return r;
}

static struct plan a_busy_plan(void)
{
	static const struct op body[] = {{.kind = OP_ALLOC, .bytes = MIB, .ns = 30 * MS},
					 {.kind = OP_SLEEP, .ns = 50 * MS},
					 {.kind = OP_FREE, .bytes = NO_LIMIT}};
	static const struct op_sample samples[] = {{0, MIB}, {20 * MS, 2 * MIB}, {60 * MS, MIB}};
	static const struct op_series series = {samples, 3};
	struct plan p = fake_plan(&arena);
	struct plan_trigger after = {.kind = TRIGGER_AFTER,
				     .cond = fake_of(&arena, PX_DONE, 2),
				     .hold_ns = 50 * MS,
				     .within_ns = NEVER};

	p.machine.noise_ppm = 0;
	fake_event(&arena, &p, 0, fake_op(OP_SLEEP, 0, 0, 100 * MS));
	fake_event(
	    &arena, &p, 20 * MS,
	    (struct plan_step){.kind = STEP_START, .op.target = 1, .body = body, .nbody = 3});
	fake_event(&arena, &p, 40 * MS, fake_op(OP_ALLOC, 0, MIB, 0)); /* waits until 100 */
	fake_event(&arena, &p, 75 * MS, fake_mark(0));
	fake_event(&arena, &p, 130 * MS,
		   (struct plan_step){.kind = STEP_OP,
				      .op = {.kind = OP_REPLAY, .target = 2, .series = &series}});
	fake_event(&arena, &p, 250 * MS, fake_op(OP_FREE, 0, MIB, 0));
	fake_trigger(&arena, &p, after, fake_op(OP_HOLD, 1, MIB, 0));
	return p;
}

/* The hold comes 50 ms after done(b), which is at about 100 ms. */
static const char expected[] = "sleep 0\nalloc 1\nsleep 1\nmark 0\n";

static void the_order_is_the_same_on_every_clock(void **state)
{
	(void)state;
	struct plan p = a_busy_plan();
	struct order fake = run_on(&p, &fake_backend);
	struct order sim = run_on(&p, &backend_sim);
	struct order wall = run_on(&p, &backend_recorder);
	size_t n;

	/* On a machine that stands still for longer than events are apart, the order is another. */
	for (int i = 0; i < 10 && strcmp(buf_str(&sim.log), buf_str(&wall.log)); i++) {
		buf_free(&wall.log);
		wall = run_on(&p, &backend_recorder);
	}

	const struct recorded *log = recorder_log(&n);

	assert_memory_equal(buf_str(&fake.log), expected, sizeof expected - 1);
	assert_string_equal(buf_str(&sim.log), buf_str(&wall.log));
	assert_int_equal(sim.last_ns / (10 * MS), 25);
	assert_true(wall.last_ns >= 250 * MS);
	assert_in_range(wall.late_ns, 60 * MS, 2000 * MS); /* the alloc that waits */
	assert_int_equal(n, 8);
	for (size_t i = 0; i < n; i++) {
		assert_true(log[i].t_ns >= log[i].due_ns);
		assert_true(i == 0 || log[i].t_ns >= log[i - 1].t_ns);
	}
	recorder_forget();
	buf_free(&fake.log);
	buf_free(&sim.log);
	buf_free(&wall.log);
	arena_free(&arena);
}

static void kills_and_freezes_on_the_wall_clock(void **state)
{
	(void)state;
	struct plan p = fake_plan(&arena);
	struct fake_result r;

	fake_event(&arena, &p, 0, fake_op(OP_SLEEP, 0, 0, 5000 * MS));
	fake_event(&arena, &p, 0, fake_op(OP_SLEEP, 1, 0, 10 * MS));
	fake_event(&arena, &p, 0, fake_op(OP_FREEZE, 2, 0, 0));
	fake_event(&arena, &p, 20 * MS, fake_op(OP_KILL, 1, 0, 0));
	fake_event(&arena, &p, 60 * MS, fake_op(OP_THAW, 2, 0, 0));
	r = fake_run(&arena, &p, &backend_recorder, UINT32_MAX, 0, false);
	assert_int_equal(r.err, 0);
	assert_int_equal(r.out.end, RUN_FINISHED);
	assert_in_range(r.out.end_ns, 60 * MS, 2000 * MS);
	assert_non_null(strstr(buf_str(&r.log), " end 0 killed\n"));
	buf_free(&r.log);
	recorder_forget();
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_order_is_the_same_on_every_clock),
	    cmocka_unit_test(kills_and_freezes_on_the_wall_clock),
	};

	return cmocka_run_group_tests_name("engine on the wall clock", tests, NULL, NULL);
}
