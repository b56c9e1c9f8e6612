/* SPDX-License-Identifier: GPL-2.0-or-later */
/* the engine on a scripted backend: order, queues, triggers, ends */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/fake.h"

#define MS  NS_PER_MS
#define ALL UINT32_MAX

static struct arena arena;
static struct plan p;

static int setup(void **state)
{
	(void)state;
	p = fake_plan(&arena);
	memset(fake_set, 0, sizeof fake_set);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return fake_open_worlds;
}

static void at(uint64_t ms, struct plan_step s)
{
	fake_event(&arena, &p, ms * MS, s);
}

static struct plan_step sleep_ms(uint32_t worker, uint64_t ms)
{
	return fake_op(OP_SLEEP, worker, 0, ms * MS);
}

static struct run_outcome expect_of(uint32_t alone, enum run_end end, uint64_t end_ms,
				    const char *log)
{
	struct fake_result r = fake_run(&arena, &p, &fake_backend, alone, 0, false);

	assert_int_equal(r.err, 0);
	if (log)
		assert_string_equal(buf_str(&r.log), log);
	assert_int_equal(r.out.end, end);
	assert_int_equal(r.out.end_ns, end_ms * MS);
	for (int i = 0; i < 3; i++)
		assert_true(r.samples[i] > 0);
	buf_free(&r.log);
	return r.out;
}

static struct run_outcome expect(enum run_end end, uint64_t end_ms, const char *log)
{
	return expect_of(ALL, end, end_ms, log);
}

static void nothing_to_do_ends_at_once(void **state)
{
	(void)state;
	expect(RUN_FINISHED, 0, "0 done 2\n0 done 1\n0 done 0\n");
}

/* A live backend notices the last end when a sample is due already: that one is taken, no other. */
static void a_due_sample_does_not_keep_a_run(void **state)
{
	struct fake_result r;

	(void)state;
	at(0, sleep_ms(0, 9));
	fake_script.late_ns = 3 * MS;
	fake_script.timeline_ns = 10 * MS;
	r = fake_run(&arena, &p, &fake_backend, ALL, 0, false);
	assert_int_equal(r.err, 0);
	assert_int_equal(r.out.end, RUN_FINISHED);
	assert_int_equal(r.out.end_ns, 12 * MS);
	assert_int_equal(r.samples[1], 3); /* at 0, for 10 ms, and at the end */
	buf_free(&r.log);
}

static void late_actions_wait_in_order(void **state)
{
	(void)state;
	at(0, sleep_ms(0, 100));
	at(50, sleep_ms(0, 10));
	at(60, sleep_ms(0, 10));
	at(55, sleep_ms(1, 5));
	struct run_outcome o = expect(RUN_FINISHED, 120,
				      "0 sleep 0\n55 sleep 1\n60 end 1\n60 done 2\n"
				      "100 end 0\n100 sleep 0 late 50\n"
				      "110 end 0\n110 sleep 0 late 50\n"
				      "120 end 0\n120 done 1\n120 done 0\n");
	assert_int_equal(o.unfinished, 0);
	assert_int_equal(o.dropped, 0);
}

static void equal_times_run_in_text_order(void **state)
{
	(void)state;
	at(10, sleep_ms(1, 1));
	at(10, sleep_ms(0, 1));
	at(5, sleep_ms(2, 5)); /* its end is observed at 10, before the timers of 10 */
	expect(RUN_FINISHED, 11,
	       "5 sleep 2\n10 end 2\n10 sleep 1\n10 sleep 0\n11 end 0\n11 done 1\n11 end 1\n11 "
	       "done 2\n"
	       "11 done 0\n");
}

static void a_kill_drops_what_was_to_come(void **state)
{
	(void)state;
	fake_script.kills[0].t_ns = 30 * MS;
	fake_script.kills[0].worker = 0;
	fake_script.nkills = 1;
	at(0, sleep_ms(0, 100));
	at(10, sleep_ms(0, 1));
	at(40, sleep_ms(0, 1));
	at(50, sleep_ms(1, 1));
	at(9000, sleep_ms(0, 1)); /* a dead worker's timeline holds nobody up */
	struct run_outcome o = expect(RUN_FINISHED, 51,
				      "0 sleep 0\n30 kill 0\n30 dropped sleep 0\n30 done 1\n"
				      "30 end 0 killed\n40 dropped sleep 0\n50 sleep 1\n51 end 1\n"
				      "51 done 2\n51 done 0\n51 dropped sleep 0\n");
	assert_int_equal(o.dropped, 3);
}

static void workloads_run_one_after_the_other(void **state)
{
	(void)state;
	static const struct op body[] = {{.kind = OP_SLEEP, .ns = 10 * MS},
					 {.kind = OP_ALLOC, .bytes = 5 * MS},
					 {.kind = OP_SLEEP}};
	struct plan_step start = {.kind = STEP_START, .op.target = 1, .body = body, .nbody = 3};

	at(0, start);
	at(2, sleep_ms(1, 1));
	struct fake_result r = fake_run(&arena, &p, &fake_backend, ALL, 0, true);

	assert_string_equal(buf_str(&r.log),
			    "0 done 1\n0 due sleep 1\n0 sleep 1\n2 due sleep 1\n10 end 1\n"
			    "10 due alloc 1\n10 alloc 1\n15 end 1\n15 due sleep 1\n15 sleep 1\n"
			    "15 end 1\n15 sleep 1 late 13\n16 end 1\n16 done 2\n16 done 0\n");
	buf_free(&r.log);
}

static void a_killed_workload_counts_its_rest(void **state)
{
	(void)state;
	static const struct op body[] = {
	    {.kind = OP_SLEEP, .ns = 10 * MS}, {.kind = OP_ALLOC}, {.kind = OP_FREE}};
	struct plan_step start = {.kind = STEP_START, .op.target = 0, .body = body, .nbody = 3};

	at(0, start);
	at(5, fake_op(OP_KILL, 1, 0, 0));
	assert_int_equal(expect(RUN_FINISHED, 5, NULL).dropped, 2);
}

static void marks_and_after(void **state)
{
	(void)state;
	struct plan_trigger after = {.kind = TRIGGER_AFTER,
				     .cond = fake_mark_reached(&arena, 1),
				     .hold_ns = 20 * MS,
				     .within_ns = NEVER};
	struct plan_trigger done = {
	    .kind = TRIGGER_AFTER, .cond = fake_of(&arena, PX_DONE, 1), .within_ns = NEVER};

	fake_trigger(&arena, &p, after, sleep_ms(0, 5));
	fake_trigger(&arena, &p, done, fake_mark(0));
	at(10, fake_mark(1));
	at(11, fake_mark(1));
	at(3, sleep_ms(0, 1));
	expect(RUN_FINISHED, 35,
	       "0 done 2\n3 sleep 0\n4 end 0\n4 done 1\n4 done 0\n4 trigger 1\n4 mark 0\n"
	       "10 mark 1\n30 trigger 0\n30 sleep 0\n35 end 0\n");
}

static void when_waits_for_measurements(void **state)
{
	(void)state;
	const struct px *full =
	    fake_expr(&arena, PX_GT, fake_metric(&arena, M_USAGE, 0), fake_const(&arena, 1000));
	struct plan_trigger when = {.kind = TRIGGER_WHEN, .cond = full, .within_ns = NEVER};
	struct plan_trigger held = {
	    .kind = TRIGGER_WHEN, .cond = full, .hold_ns = 150 * MS, .within_ns = NEVER};
	struct plan_trigger missed = {.kind = TRIGGER_WHEN, .cond = full, .within_ns = 200 * MS};
	struct run_outcome o;

	fake_trigger(&arena, &p, when, fake_mark(0));
	fake_trigger(&arena, &p, held, fake_mark(1));
	fake_trigger(&arena, &p, missed, sleep_ms(0, 1));
	at(10, fake_op(OP_ALLOC, 0, 900, 0));
	at(250, fake_op(OP_ALLOC, 1, 900, 0));
	at(350, fake_op(OP_FREE, 1, 900, 0));
	at(450, fake_op(OP_ALLOC, 1, 900, 0));
	at(900, sleep_ms(1, 1));
	o = expect(RUN_FINISHED, 901, NULL);
	assert_int_equal(o.fired_ns[0], 300 * MS);
	assert_int_equal(o.marks_ns[0], 300 * MS);
	assert_int_equal(o.fired_ns[1], 700 * MS); /* true at 500; 650 is between samples */
	assert_int_equal(o.fired_ns[2], NEVER);
}

static void holds_without_samples_are_exact(void **state)
{
	(void)state;
	struct plan_trigger when = {.kind = TRIGGER_WHEN,
				    .cond = fake_of(&arena, PX_DONE, 2),
				    .hold_ns = 35 * MS,
				    .within_ns = NEVER};
	struct run_outcome o;

	fake_trigger(&arena, &p, when, fake_mark(0));
	at(10, sleep_ms(1, 1));
	at(90, sleep_ms(0, 1));
	o = expect(RUN_FINISHED, 91, NULL);
	assert_int_equal(o.fired_ns[0], 46 * MS);
}

static void samples_only_when_asked_for(void **state)
{
	(void)state;
	struct fake_result r;

	at(950, sleep_ms(0, 1));
	r = fake_run(&arena, &p, &fake_backend, ALL, 0, false);
	assert_int_equal(r.samples[0], 1);
	buf_free(&r.log);
	p.measured = true;
	r = fake_run(&arena, &p, &fake_backend, ALL, 0, false);
	assert_int_equal(r.samples[2], 11); /* 0, 100, ... 900 and the last */
	buf_free(&r.log);
}

static void finish_when_and_by(void **state)
{
	(void)state;
	at(0, sleep_ms(0, 500));
	at(100, sleep_ms(1, 50));
	at(800, sleep_ms(1, 1));
	p.finish_when = fake_of(&arena, PX_DONE, 1);
	struct run_outcome o = expect(RUN_FINISHED, 500, NULL);

	assert_int_equal(o.unfinished, 1);
	assert_int_equal(o.dropped, 1);
	p.finish_ns = 300 * MS;
	expect(RUN_DEADLINE, 300, NULL);
	p.finish_when = NULL;
	o = expect(RUN_FINISHED, 300, NULL);
	assert_int_equal(o.unfinished, 2);
	/* The time of `finish at` is kept even if all is done before. */
	p.finish_ns = 2000 * MS;
	expect(RUN_FINISHED, 2000, NULL);
}

static void finish_waits_for_its_instant(void **state)
{
	(void)state;
	struct plan_trigger after = {
	    .kind = TRIGGER_AFTER, .cond = fake_of(&arena, PX_DONE, 1), .within_ns = NEVER};

	at(0, sleep_ms(0, 10));
	at(0, sleep_ms(1, 100));
	fake_trigger(&arena, &p, after, fake_mark(0));
	p.finish_when = fake_of(&arena, PX_DONE, 1);
	assert_int_equal(expect(RUN_FINISHED, 10, NULL).marks_ns[0], 10 * MS);
}

static void hopeless_finish_ends(void **state)
{
	(void)state;
	p.finish_when =
	    fake_expr(&arena, PX_GT, fake_metric(&arena, M_USAGE, 1), fake_const(&arena, 1e9));
	at(0, sleep_ms(0, 10));
	expect(RUN_FINISHED, 10, NULL);
}

static void aborts(void **state)
{
	(void)state;
	const struct px *dead =
	    fake_expr(&arena, PX_GT, fake_of(&arena, PX_KILLED, 1), fake_const(&arena, 0));
	const struct px *full =
	    fake_expr(&arena, PX_GE, fake_metric(&arena, M_USAGE, 2), fake_const(&arena, 7));
	const struct px *const v[] = {dead, full};

	p.aborts = v;
	p.naborts = 2;
	at(0, sleep_ms(0, 400));
	at(110, fake_op(OP_ALLOC, 1, 7, 0));
	assert_int_equal(expect(RUN_ABORTED, 200, NULL).abort, 1);
	fake_script.kills[0].t_ns = 55 * MS;
	fake_script.kills[0].reason = KILL_OOM;
	fake_script.nkills = 1;
	assert_int_equal(expect(RUN_ABORTED, 55, NULL).abort, 0);
	/* Not by an OOM killer. */
	at(300, sleep_ms(1, 1));
	at(20, fake_op(OP_KILL, 1, 0, 0));
	expect(RUN_ABORTED, 200, NULL);
}

static void stuck(void **state)
{
	(void)state;
	at(0, sleep_ms(0, 400));
	at(10, fake_op(OP_FREEZE, 1, 0, 0));
	assert_int_equal(expect(RUN_STUCK, 10, NULL).unfinished, 1);
	p.measured = true; /* samples go on, but nothing else */
	expect(RUN_STUCK, 100, NULL);
	p.measured = false;
	at(900, fake_op(OP_THAW, 1, 0, 0));
	expect(RUN_FINISHED, 900, NULL);
}

static void a_trigger_can_unstick(void **state)
{
	(void)state;
	struct plan_trigger when = {
	    .kind = TRIGGER_WHEN,
	    .within_ns = NEVER,
	    .hold_ns = 500 * MS,
	    .cond =
		fake_expr(&arena, PX_LT, fake_metric(&arena, M_USAGE, 0), fake_const(&arena, 1))};

	fake_trigger(&arena, &p, when, fake_op(OP_THAW, 1, 0, 0));
	at(0, sleep_ms(0, 100));
	at(10, fake_op(OP_FREEZE, 1, 0, 0));
	expect(RUN_FINISHED, 500, NULL);
}

static void interrupts(void **state)
{
	(void)state;
	fake_script.stop_at_ns = 70 * MS;
	at(0, sleep_ms(0, 100));
	at(90, sleep_ms(1, 100));
	struct run_outcome o = expect(RUN_INTERRUPTED, 70, NULL);

	assert_int_equal(o.unfinished, 2);
	assert_int_equal(o.dropped, 1);
}

static void failures_close_the_world(void **state)
{
	(void)state;
	struct fake_result r;

	at(0, fake_op(OP_ALLOC, 0, 5, 0));
	fake_script.open_err = -EPERM;
	r = fake_run(&arena, &p, &fake_backend, ALL, 0, false);
	assert_int_equal(r.err, -EPERM);
	assert_int_equal(r.out.end, RUN_FAILED);
	assert_int_equal(r.errors, 1);
	buf_free(&r.log);
	fake_script.apply_err = -EIO;
	fake_script.apply_kind = OP_ALLOC;
	r = fake_run(&arena, &p, &fake_backend, ALL, 0, false);
	assert_int_equal(r.err, -EIO);
	buf_free(&r.log);
	fake_script.apply_err = -EIO;
	fake_script.apply_kind = OP_SAMPLE;
	r = fake_run(&arena, &p, &fake_backend, ALL, 0, false);
	assert_int_equal(r.err, -EIO);
	buf_free(&r.log);
	fake_script.advance_err = -EIO;
	r = fake_run(&arena, &p, &fake_backend, ALL, 0, false);
	assert_int_equal(r.err, -EIO);
	buf_free(&r.log);
	/* A worker that died before it could begin is no failure. */
	fake_script.apply_err = -ESRCH;
	fake_script.apply_kind = OP_ALLOC;
	assert_int_equal(expect(RUN_FINISHED, 0, NULL).dropped, 1);
}

static void jitter_is_the_repetitions(void **state)
{
	(void)state;
	struct fake_result r[3];
	struct plan_event *e;

	for (uint32_t i = 0; i < 6; i++)
		at(i < 2 ? 0 : 100, sleep_ms(i % 3, 1));
	e = (struct plan_event *)p.events;
	for (uint32_t i = 0; i < 6; i++) {
		e[i].jitter_ns = 50 * MS;
		e[i].draw = i / 2;
	}
	r[0] = fake_run(&arena, &p, &fake_backend, ALL, 3, false);
	r[1] = fake_run(&arena, &p, &fake_backend, ALL, 3, false);
	r[2] = fake_run(&arena, &p, &fake_backend, ALL, 4, false);
	assert_string_equal(buf_str(&r[0].log), buf_str(&r[1].log));
	assert_string_not_equal(buf_str(&r[0].log), buf_str(&r[2].log));
	for (int i = 0; i < 3; i++)
		buf_free(&r[i].log);
	/* Left out events change no other's time: worker 1 alone begins where it began. */
	struct fake_result all = fake_run(&arena, &p, &fake_backend, ALL, 3, false);
	struct fake_result one = fake_run(&arena, &p, &fake_backend, 2, 3, false);
	const char *line = strstr(buf_str(&one.log), " sleep 1");

	assert_non_null(line);
	while (line > one.log.s && line[-1] != '\n')
		line--;
	size_t len = (size_t)(strchr(line, '\n') - line);
	char *begin = arena_strndup(&arena, line, len);

	assert_non_null(strstr(buf_str(&all.log), begin));
	buf_free(&all.log);
	buf_free(&one.log);
}

static void alone_has_no_neighbours(void **state)
{
	(void)state;
	static const struct cg_attrs set = {
	    .set = CGA_BIT(CGA_HIGH) | CGA_BIT(CGA_WEIGHT), .high_bytes = 5, .weight = 50};
	struct plan_step s = {.kind = STEP_OP, .op = {.kind = OP_SET, .target = 2, .set = &set}};
	struct plan_step root = {.kind = STEP_OP, .op = {.kind = OP_SET, .target = 0, .set = &set}};
	struct plan_trigger after = {
	    .kind = TRIGGER_AFTER, .cond = fake_of(&arena, PX_DONE, 1), .within_ns = NEVER};

	at(0, sleep_ms(0, 500));
	at(10, sleep_ms(1, 20));
	at(10, sleep_ms(2, 20));
	at(11, s);
	at(11, root);
	fake_trigger(&arena, &p, after, fake_mark(0));
	struct run_outcome o = expect_of(2, RUN_FINISHED, 30,
					 "0 done 1\n0 trigger 0\n0 mark 0\n10 sleep 1\n"
					 "30 end 1\n30 done 2\n30 done 0\n");

	assert_int_equal(fake_nworkers, 1);
	assert_int_equal(fake_set[2].set, CGA_BIT(CGA_WEIGHT));
	assert_int_equal(fake_set[0].set, CGA_BIT(CGA_HIGH) | CGA_BIT(CGA_WEIGHT));
	assert_int_equal(o.unfinished, 0);
	expect_of(1, RUN_FINISHED, 500, NULL);
	assert_int_equal(fake_nworkers, 2);
}

static void conditions_combine(void **state)
{
	(void)state;
	const struct px *usage = fake_metric(&arena, M_USAGE, 1);
	const struct px *unknown =
	    fake_expr(&arena, PX_GT, fake_metric(&arena, M_USAGE, 1), fake_const(&arena, 0));
	const struct px *yes = fake_const(&arena, 1);
	/* (usage mod 7 == 3 and max(usage, 4) < 11) and not (usage / 0 > 1) never has a value */
	const struct px *lhs = fake_expr(
	    &arena, PX_AND,
	    fake_expr(&arena, PX_EQ, fake_expr(&arena, PX_MOD, usage, fake_const(&arena, 7)),
		      fake_const(&arena, 3)),
	    fake_expr(&arena, PX_LT, fake_expr(&arena, PX_MAX, usage, fake_const(&arena, 4)),
		      fake_const(&arena, 11)));
	struct plan_trigger when = {.kind = TRIGGER_WHEN, .cond = lhs, .within_ns = NEVER};
	struct plan_trigger never = {
	    .kind = TRIGGER_WHEN,
	    .within_ns = NEVER,
	    .cond =
		fake_expr(&arena, PX_NOT,
			  fake_expr(&arena, PX_GT,
				    fake_expr(&arena, PX_DIV, usage, fake_const(&arena, 0)), yes),
			  NULL)};
	struct plan_trigger either = {.kind = TRIGGER_WHEN,
				      .within_ns = NEVER,
				      .cond = fake_expr(&arena, PX_OR, unknown, yes)};
	struct run_outcome o;

	fake_trigger(&arena, &p, when, fake_mark(0));
	fake_trigger(&arena, &p, never, fake_mark(1));
	fake_trigger(&arena, &p, either, sleep_ms(0, 1));
	at(110, fake_op(OP_ALLOC, 0, 10, 0));
	at(400, sleep_ms(0, 1));
	o = expect(RUN_FINISHED, 401, NULL);
	assert_int_equal(o.fired_ns[0], 200 * MS);
	assert_int_equal(o.fired_ns[1], NEVER);
	assert_int_equal(o.fired_ns[2], 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(nothing_to_do_ends_at_once),
	    TEST(a_due_sample_does_not_keep_a_run),
	    TEST(late_actions_wait_in_order),
	    TEST(equal_times_run_in_text_order),
	    TEST(a_kill_drops_what_was_to_come),
	    TEST(workloads_run_one_after_the_other),
	    TEST(a_killed_workload_counts_its_rest),
	    TEST(marks_and_after),
	    TEST(when_waits_for_measurements),
	    TEST(holds_without_samples_are_exact),
	    TEST(samples_only_when_asked_for),
	    TEST(finish_when_and_by),
	    TEST(finish_waits_for_its_instant),
	    TEST(hopeless_finish_ends),
	    TEST(aborts),
	    TEST(stuck),
	    TEST(a_trigger_can_unstick),
	    TEST(interrupts),
	    TEST(failures_close_the_world),
	    TEST(jitter_is_the_repetitions),
	    TEST(alone_has_no_neighbours),
	    TEST(conditions_combine),
	};

	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
