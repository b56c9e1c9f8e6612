/* SPDX-License-Identifier: GPL-2.0-or-later */
/* one run, as told by a backend and an engine, reduced to a summary */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "stat/collect.h"
#include "tests/unit/made.h"

/* Workers of the made plan. */
enum {
	HIGH,
	LOW0,
	LOW1,
	HIGH_TOOL
};

#define S NS_PER_SEC

struct scene {
	struct made *made;
	struct collect *c;
	struct arena arena;
};

static int set_up(void **state)
{
	static struct scene s;

	memset(&s, 0, sizeof(s));
	s.made = made_new();
	s.c = collect_new(&s.made->plan);
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	collect_free(s->c);
	arena_free(&s->arena);
	made_free(s->made);
	return 0;
}

static void ended(struct scene *s, uint32_t worker, uint64_t t_ns, uint64_t bytes, uint64_t late_ns,
		  enum done_status status)
{
	struct obs o = {.t_ns = t_ns, .kind = OBS_DONE, .worker = worker};

	o.cgroup = s->made->workers[worker].cgroup;
	o.done.bytes = bytes;
	o.done.late_ns = late_ns;
	o.done.status = status;
	collect_obs(s->c, &o);
}

static void action(struct scene *s, uint32_t worker, uint64_t due_ns, uint64_t begin_ns,
		   uint64_t end_ns, uint64_t bytes)
{
	collect_due(s->c, worker, due_ns);
	collect_begun(s->c, worker, begin_ns, begin_ns - due_ns);
	ended(s, worker, end_ns, bytes, 0, DONE_OK);
}

static void killed(struct scene *s, uint32_t worker, uint64_t t_ns, enum kill_reason reason)
{
	struct obs o = {.t_ns = t_ns, .kind = OBS_KILL, .worker = worker};

	o.cgroup = s->made->workers[worker].cgroup;
	o.kill.reason = reason;
	collect_obs(s->c, &o);
}

static void sample(struct scene *s, uint32_t cgroup, const struct cg_counters *counters)
{
	struct obs o = {.kind = OBS_SAMPLE, .cgroup = cgroup, .worker = UINT32_MAX};

	o.counters = counters;
	collect_obs(s->c, &o);
}

static struct run_summary finish(struct scene *s, uint64_t end_ns)
{
	struct collect_outcome o = {.end = END_FINISHED, .end_ns = end_ns};
	struct run_summary r;

	collect_end(s->c, &o, &s->arena, &r);
	return r;
}

static void all_done(struct scene *s)
{
	for (uint32_t cg = MADE_HIGH; cg < MADE_CGROUPS; cg++)
		collect_done(s->c, cg);
}

static void time_is_first_due_to_last_end(void **state)
{
	struct scene *s = *state;
	struct run_summary r;

	collect_begin(s->c, 0, UINT32_MAX, 3);
	action(s, HIGH, 10 * S, 11 * S, 15 * S, 100);
	action(s, HIGH_TOOL, 5 * S, 5 * S, 6 * S, 10);
	action(s, HIGH, 20 * S, 20 * S, 22 * S, 1);
	all_done(s);
	r = finish(s, 60 * S);
	assert_int_equal(r.policy, 0);
	assert_int_equal(r.rep, 3);
	assert_int_equal(r.end_ns, 60 * S);
	assert_true(r.cgroups[MADE_HIGH].has_time);
	assert_int_equal(r.cgroups[MADE_HIGH].time_ns, 17 * S);
	assert_int_equal(r.cgroups[MADE_HIGH].span_ns, 17 * S);
	assert_int_equal(r.cgroups[MADE_HIGH].stall_ns, 1 * S);
	assert_int_equal(r.cgroups[MADE_HIGH].bytes_done, 111);
	assert_int_equal(r.cgroups[MADE_HIGH].killed_ns, NEVER);
	/* a session that had nothing to do finished but has no time */
	assert_true(r.cgroups[MADE_LOW0].finished);
	assert_false(r.cgroups[MADE_LOW0].has_time);
	assert_true(r.cgroups[MADE_ROOT].finished);
	assert_false(r.cgroups[MADE_ROOT].has_workers);
}

/* Its parts are the actions' own, what lies between them, and what nobody told. */
static void time_is_accounted_for(void **state)
{
	const struct cg_counters flying = {.held = {.delay_ns = 3 * S}};
	struct scene *s = *state;
	const struct time_spent *t;
	struct run_summary r;
	struct obs o = {.t_ns = 15 * S, .kind = OBS_DONE, .worker = HIGH};

	collect_begin(s->c, 0, UINT32_MAX, 0);
	/* due at 10 s, begun at 11 s by a tool that was late, held for 3 of 4 s */
	collect_due(s->c, HIGH, 10 * S);
	collect_begun(s->c, HIGH, 11 * S, 1 * S);
	o.cgroup = MADE_HIGH;
	o.done.start_ns = 11 * S;
	o.done.held = (struct obs_held){.cpu_ns = 1 * S, .throttle_ns = 2 * S};
	collect_obs(s->c, &o);
	/* due at 14 s, while it was busy: nobody missed that */
	action(s, HIGH, 14 * S, 15 * S, 16 * S, 0);
	action(s, HIGH, 20 * S, 20 * S, 22 * S, 0);
	/* a second worker, to its death; a session that is cut off in an action */
	action(s, HIGH_TOOL, 12 * S, 12 * S, 13 * S, 0);
	killed(s, HIGH_TOOL, 14 * S, KILL_OP);
	collect_due(s->c, LOW0, 50 * S);
	collect_begun(s->c, LOW0, 50 * S, 0);
	sample(s, MADE_LOW0, &flying);
	all_done(s);
	r = finish(s, 60 * S);
	t = &r.cgroups[MADE_LOW0].spent;
	assert_int_equal(t->total_ns, 10 * S);
	assert_int_equal(t->in.delay_ns, 3 * S);
	assert_int_equal(t->due_ns, 0);
	assert_int_equal(time_spent_rest(t), 7 * S);
	t = &r.cgroups[MADE_HIGH].spent;
	assert_int_equal(t->in.cpu_ns, 1 * S);
	assert_int_equal(t->in.throttle_ns, 2 * S);
	/* killed: up to the run's end for who lives, to 14 s for the other */
	assert_int_equal(t->total_ns, 50 * S + 4 * S);
	assert_int_equal(t->due_ns, 4 * S + 38 * S + 3 * S);
	assert_int_equal(time_spent_rest(t), 54 * S - 45 * S - 3 * S);
	assert_int_equal(r.cgroups[MADE_LOW1].spent.total_ns, 0);
}

static void a_paced_action_stalls_once(void **state)
{
	struct scene *s = *state;
	struct run_summary r;

	collect_begin(s->c, 0, UINT32_MAX, 0);
	/* begins 3 s late, ends 5 s late: 5 s in all */
	collect_due(s->c, HIGH, 10 * S);
	collect_begun(s->c, HIGH, 13 * S, 3 * S);
	ended(s, HIGH, 30 * S, 0, 5 * S, DONE_OK);
	/* begins 3 s late and catches up: 3 s */
	collect_due(s->c, LOW0, 10 * S);
	collect_begun(s->c, LOW0, 13 * S, 3 * S);
	ended(s, LOW0, 30 * S, 0, 0, DONE_OK);
	r = finish(s, 60 * S);
	assert_int_equal(r.cgroups[MADE_HIGH].stall_ns, 5 * S);
	assert_int_equal(r.cgroups[MADE_LOW0].stall_ns, 3 * S);
}

static void the_dead_have_no_time(void **state)
{
	struct scene *s = *state;
	struct run_summary r;

	collect_begin(s->c, 0, UINT32_MAX, 0);
	action(s, HIGH, 0, 0, 10 * S, 100);
	collect_due(s->c, HIGH, 20 * S);
	collect_begun(s->c, HIGH, 20 * S, 0);
	killed(s, HIGH, 25 * S, KILL_OOM);
	ended(s, HIGH, 25 * S, 7, 0, DONE_KILLED);
	collect_due(s->c, HIGH, 30 * S);
	collect_dropped(s->c, HIGH);
	action(s, LOW0, 0, 0, 10 * S, 0);
	killed(s, LOW0, 11 * S, KILL_OP);
	killed(s, LOW0, 12 * S, KILL_OP);
	all_done(s);
	r = finish(s, 60 * S);
	assert_true(r.cgroups[MADE_HIGH].oom_killed);
	assert_true(r.cgroups[MADE_HIGH].done);
	assert_false(r.cgroups[MADE_HIGH].finished);
	assert_false(r.cgroups[MADE_HIGH].has_time);
	assert_int_equal(r.cgroups[MADE_HIGH].killed_ns, 25 * S);
	assert_int_equal(r.cgroups[MADE_HIGH].dropped, 1);
	/* what it did before it died counts, over the whole run: dying early is no gain */
	assert_int_equal(r.cgroups[MADE_HIGH].bytes_done, 107);
	assert_int_equal(r.cgroups[MADE_HIGH].span_ns, 60 * S);
	assert_false(r.cgroups[MADE_LOW0].oom_killed);
	assert_true(r.cgroups[MADE_LOW0].other_killed);
	assert_false(r.cgroups[MADE_LOW0].has_time);
	assert_int_equal(r.cgroups[MADE_LOW0].killed_ns, 11 * S);
	/* parents speak for those beneath */
	assert_true(r.cgroups[MADE_ROOT].oom_killed);
	assert_true(r.cgroups[MADE_ROOT].done);
	assert_false(r.cgroups[MADE_ROOT].finished);
	assert_int_equal(r.cgroups[MADE_ROOT].killed_ns, 11 * S);
}

static void the_unfinished_have_no_time(void **state)
{
	struct scene *s = *state;
	struct run_summary r;

	collect_begin(s->c, 0, UINT32_MAX, 0);
	action(s, HIGH, 0, 0, 10 * S, 0); /* the engine never said that it is done */
	collect_due(s->c, LOW0, 0);
	collect_begun(s->c, LOW0, 0, 0); /* still at it */
	collect_done(s->c, MADE_LOW0);
	action(s, LOW1, 0, 0, 10 * S, 0);
	collect_dropped(s->c, LOW1);
	collect_done(s->c, MADE_LOW1);
	r = finish(s, 60 * S);
	for (uint32_t cg = MADE_HIGH; cg < MADE_CGROUPS; cg++) {
		assert_false(r.cgroups[cg].finished);
		assert_false(r.cgroups[cg].has_time);
		assert_int_equal(r.cgroups[cg].span_ns, 60 * S);
	}
	assert_false(r.cgroups[MADE_HIGH].done);
	assert_false(r.cgroups[MADE_ROOT].done);
}

static void latencies_and_counters(void **state)
{
	struct scene *s = *state;
	struct cg_counters early = {.usage_bytes = 1}, late = {.usage_bytes = 2, .delays = 5};
	struct obs limit = {.kind = OBS_LIMIT, .cgroup = MADE_HIGH, .worker = UINT32_MAX};
	struct run_summary r;

	collect_begin(s->c, 0, UINT32_MAX, 0);
	for (uint64_t i = 1; i <= 1000; i++) {
		struct obs o = {.kind = OBS_STEP, .worker = i & 1 ? HIGH : HIGH_TOOL};

		o.cgroup = MADE_HIGH;
		o.step.latency_ns = i;
		collect_obs(s->c, &o);
	}
	sample(s, MADE_HIGH, &early);
	sample(s, MADE_HIGH, &late);
	collect_obs(s->c, &limit);
	r = finish(s, 60 * S);
	assert_int_equal(r.cgroups[MADE_HIGH].alloc_n, 1000);
	assert_int_equal(r.cgroups[MADE_HIGH].alloc_p50, 500);
	assert_int_equal(r.cgroups[MADE_HIGH].alloc_p90, 900);
	assert_int_equal(r.cgroups[MADE_HIGH].alloc_p95, 950);
	assert_int_equal(r.cgroups[MADE_HIGH].alloc_p99, 990);
	assert_int_equal(r.cgroups[MADE_HIGH].alloc_p999, 999);
	assert_int_equal(r.cgroups[MADE_HIGH].alloc_max, 1000);
	assert_int_equal(r.cgroups[MADE_HIGH].counters.usage_bytes, 2);
	assert_int_equal(r.cgroups[MADE_HIGH].counters.delays, 5);
	assert_int_equal(r.limits_not_in_force, 1);

	/* the next run begins with nothing of this one */
	collect_begin(s->c, 1, UINT32_MAX, 0);
	r = finish(s, S);
	assert_int_equal(r.cgroups[MADE_HIGH].alloc_n, 0);
	assert_int_equal(r.cgroups[MADE_HIGH].counters.usage_bytes, 0);
	assert_int_equal(r.limits_not_in_force, 0);
	assert_int_equal(r.policy, 1);
}

static void alone_knows_one_session(void **state)
{
	struct scene *s = *state;
	struct run_summary r;

	collect_begin(s->c, PX_ALONE, MADE_LOW1, 0);
	action(s, LOW1, 0, 0, 10 * S, 0);
	all_done(s);
	r = finish(s, 10 * S);
	assert_true(r.cgroups[MADE_LOW1].has_workers);
	assert_false(r.cgroups[MADE_HIGH].has_workers);
	assert_true(r.cgroups[MADE_ROOT].finished);
	assert_int_equal(r.cgroups[MADE_LOW1].time_ns, 10 * S);
}

/* An allocation that ended well a page short or more; a killed one asked in vain, as killed ones
 * do. */
static void short_allocations_and_late_notices(void **state)
{
	struct scene *s = *state;
	struct run_summary r;

	collect_begin(s->c, 0, UINT32_MAX, 0);
	collect_asked(s->c, HIGH, 10 * MIB, 0);
	action(s, HIGH, 0, 0, 1 * S, 10 * MIB);
	collect_asked(s->c, HIGH, 10 * MIB, 0);
	action(s, HIGH, 0, 0, 2 * S, 10 * MIB - PAGE_BYTES + 1);
	collect_asked(s->c, HIGH, 10 * MIB, 0);
	action(s, HIGH, 0, 0, 3 * S, 10 * MIB - PAGE_BYTES);
	action(s, HIGH, 0, 0, 4 * S, 0); /* what does not allocate asks for nothing */
	collect_asked(s->c, LOW0, 10 * MIB, 0);
	collect_begun(s->c, LOW0, 0, 0);
	killed(s, LOW0, 5 * S, KILL_OOM);
	ended(s, LOW0, 5 * S, 0, 0, DONE_KILLED);
	collect_noticed(s->c, 0);
	collect_noticed(s->c, LATE_BOUND_NS);
	collect_noticed(s->c, LATE_BOUND_NS + 1);
	all_done(s);
	r = finish(s, 10 * S);
	assert_int_equal(r.cgroups[MADE_HIGH].short_allocs, 1);
	assert_int_equal(r.cgroups[MADE_LOW0].short_allocs, 0);
	assert_int_equal(r.events, 3);
	assert_int_equal(r.late_events, 1);
	assert_int_equal(r.latest_ns, LATE_BOUND_NS + 1);
	assert_int_equal(r.late_p50_ns, LATE_BOUND_NS);
	assert_int_equal(r.late_p99_ns, LATE_BOUND_NS + 1);
}

static void marks_are_copied(void **state)
{
	struct scene *s = *state;
	uint64_t marks[] = {3 * S, NEVER}, fired[] = {4 * S};
	struct collect_outcome o = {
	    .end = END_ABORTED, .abort = 7, .marks_ns = marks, .fired_ns = fired};
	struct run_summary r;

	s->made->plan.nmarks = 2;
	s->made->plan.ntriggers = 1;
	collect_begin(s->c, 0, UINT32_MAX, 0);
	collect_end(s->c, &o, &s->arena, &r);
	marks[0] = fired[0] = 0;
	assert_int_equal(r.marks_ns[0], 3 * S);
	assert_int_equal(r.marks_ns[1], NEVER);
	assert_int_equal(r.fired_ns[0], 4 * S);
	assert_int_equal(r.end, END_ABORTED);
	assert_int_equal(r.abort, 7);
	s->made->plan.nmarks = s->made->plan.ntriggers = 0;
}

/* What held allocations, and commands, is summed by session; of a peak and a lag the highest
 * counts. */
static void live_sums(void **state)
{
	static const uint32_t how[] = {DONE_OK, DONE_FAILED, DONE_KILLED, DONE_TIMEOUT, DONE_OK};
	struct scene *s = *state;
	struct collect_outcome end = {.end = END_FINISHED, .end_ns = 9 * S};
	struct run_summary run;
	const struct cg_summary *sum;

	collect_begin(s->c, 0, 0, 0);
	for (uint32_t i = 0; i < 5; i++) {
		struct obs o = {.t_ns = (i + 1) * S,
				.kind = OBS_COMMAND,
				.worker = HIGH_TOOL,
				.command = {.start_ns = S / 2,
					    .peak_bytes = (i == 2 ? 7 : i) * MIB,
					    .call = i,
					    .status = how[i]}};

		collect_obs(s->c, &o);
		o = (struct obs){.kind = OBS_STEP,
				 .worker = HIGH,
				 .step = {.held = {.cpu_ns = 1,
						   .throttle_ns = 20,
						   .delay_ns = 300,
						   .reclaim_ns = 4000}}};
		collect_obs(s->c, &o);
		o = (struct obs){.t_ns = S,
				 .kind = OBS_DONE,
				 .worker = HIGH,
				 .done = {.short_bytes = i == 3 ? 9000 : i}};
		collect_obs(s->c, &o);
	}
	end.marks_ns = end.fired_ns = (const uint64_t[8]){0};
	collect_end(s->c, &end, &s->arena, &run);
	sum = &run.cgroups[s->made->workers[HIGH].cgroup];
	assert_int_equal(sum->commands.n, 5);
	assert_int_equal(sum->commands.failed, 1);
	assert_int_equal(sum->commands.killed, 1);
	assert_int_equal(sum->commands.timed_out, 1);
	assert_int_equal(sum->commands.time_ns, 12500 * NS_PER_MS);
	assert_int_equal(sum->commands.longest_ns, 4500 * NS_PER_MS);
	assert_int_equal(sum->commands.peak_bytes, 7 * MIB);
	assert_int_equal(sum->held.cpu_ns, 5);
	assert_int_equal(sum->held.throttle_ns, 100);
	assert_int_equal(sum->held.delay_ns, 1500);
	assert_int_equal(sum->held.reclaim_ns, 20000);
	assert_int_equal(sum->short_bytes, 9000);
	assert_int_equal(run.cgroups[s->made->workers[LOW0].cgroup].commands.n, 0);
}

static void is_delayed(struct scene *s, uint32_t cgroup, uint64_t t_ns, uint64_t lag_ns)
{
	struct obs o = {
	    .t_ns = t_ns,
	    .kind = OBS_DELAY,
	    .cgroup = cgroup,
	    .worker = UINT32_MAX,
	    .delay = {.ns = S, .lag_ns = lag_ns},
	};

	collect_obs(s->c, &o);
}

/* From the last begin of an important allocation to the first delay, until that is in force. */
static void reaction_ends_with_the_first_delay_in_force(void **state)
{
	struct scene *s = *state;
	struct plan_policy *p = &s->made->policies[3];
	struct cg_attrs *attrs = mem_alloc(MADE_CGROUPS * sizeof *attrs);
	struct run_summary r;

	memcpy(attrs, p->attrs, MADE_CGROUPS * sizeof *attrs);
	attrs[MADE_HIGH].priority = PRIORITY_HIGH;
	attrs[MADE_LOW0].priority = PRIORITY_LOW;
	p->attrs = attrs;
	collect_begin(s->c, 3, UINT32_MAX, 0);
	is_delayed(s, MADE_LOW1, S, 0); /* nobody important has begun */
	collect_asked(s->c, HIGH, MIB, 2 * S);
	collect_asked(s->c, HIGH, MIB, 3 * S);
	collect_asked(s->c, HIGH, 0, 4 * S);   /* allocates nothing */
	collect_asked(s->c, LOW0, MIB, 4 * S); /* not important */
	is_delayed(s, MADE_LOW0, 5 * S, 7);
	collect_asked(s->c, HIGH, MIB, 6 * S);
	is_delayed(s, MADE_LOW0, 8 * S, 0);
	all_done(s);
	r = finish(s, 10 * S);
	assert_int_equal(r.cgroups[MADE_LOW0].reaction_ns, 2 * S + 7);
	assert_int_equal(r.cgroups[MADE_LOW1].reaction_ns, NEVER);
	assert_int_equal(r.cgroups[MADE_HIGH].reaction_ns, NEVER);
	assert_int_equal(r.cgroups[MADE_ROOT].reaction_ns, 2 * S + 7);
	free(attrs);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(time_is_first_due_to_last_end),
	    TEST(time_is_accounted_for),
	    TEST(a_paced_action_stalls_once),
	    TEST(the_dead_have_no_time),
	    TEST(the_unfinished_have_no_time),
	    TEST(latencies_and_counters),
	    TEST(alone_knows_one_session),
	    TEST(short_allocations_and_late_notices),
	    TEST(marks_are_copied),
	    TEST(live_sums),
	    TEST(reaction_ends_with_the_first_delay_in_force),
	};

	return cmocka_run_group_tests_name("stat_collect", tests, NULL, NULL);
}
