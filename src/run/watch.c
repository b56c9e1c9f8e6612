/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.c - conditions: triggers, abort, finish.
 *
 * A condition is looked at when something it depends on has changed: measurements at every sample,
 * kills, ends and marks at once.  A trigger does not act from here: its steps are a timer, which
 * gives them their place in the total order.
 */
#include "run/state.h"

void watch_init(struct run *r)
{
	const struct plan *p = r->plan;

	r->marks_ns = arena_array(r->arena, uint64_t, p->nmarks);
	r->fired_ns = arena_array(r->arena, uint64_t, p->ntriggers);
	r->triggers = arena_array(r->arena, struct trigger_state, p->ntriggers);
	r->waiting = arena_array(r->arena, uint32_t, p->ntriggers);
	r->abort_deps = arena_array(r->arena, uint32_t, p->naborts);
	r->always_sample = p->measured;
	for (uint32_t i = 0; i < p->nmarks; i++)
		r->marks_ns[i] = NEVER;
	for (uint32_t i = 0; i < p->ntriggers; i++) {
		uint32_t deps = live_deps(p->triggers[i].cond);

		r->fired_ns[i] = NEVER;
		r->triggers[i] = (struct trigger_state){deps | CHANGE_START, NEVER};
		r->waiting[r->nwaiting++] = i;
		r->sample_waiting += (deps & CHANGE_SAMPLE) != 0;
		live_watch(r, p->triggers[i].cond);
	}
	for (uint32_t i = 0; i < p->naborts; i++) {
		r->abort_deps[i] = live_deps(p->aborts[i]) | CHANGE_START;
		r->always_sample |= (r->abort_deps[i] & CHANGE_SAMPLE) != 0;
		live_watch(r, p->aborts[i]);
	}
	if (p->finish_when) {
		r->finish_deps = live_deps(p->finish_when) | CHANGE_START;
		r->always_sample |= (r->finish_deps & CHANGE_SAMPLE) != 0;
		live_watch(r, p->finish_when);
	}
	r->changes = CHANGE_START;
}

bool watch_needs_samples(const struct run *r)
{
	return r->always_sample || r->sample_waiting;
}

void watch_tick(struct run *r)
{
	for (uint32_t c = 0; c < r->plan->ncgroups; c++)
		if ((r->plan->measured || r->cgroups[c].watched) && step_sample(r, c))
			return;
	r->changes |= CHANGE_SAMPLE;
	r->quiet_sampled = r->quiet;
}

static void fire_at(struct run *r, uint32_t trigger, uint64_t time_ns)
{
	r->holding++;
	run_timer(r, time_ns, TIMER_FIRE, trigger);
}

static bool held_long_enough(const struct run *r, uint32_t trigger, uint64_t now)
{
	const struct trigger_state *s = &r->triggers[trigger];

	return s->since_ns != NEVER && now - s->since_ns >= r->plan->triggers[trigger].hold_ns;
}

/* False: it waits no longer. */
static bool look_at_trigger(struct run *r, uint32_t i, uint64_t now)
{
	const struct plan_trigger *t = &r->plan->triggers[i];
	struct trigger_state *s = &r->triggers[i];

	if (t->kind == TRIGGER_AFTER) {
		if (!live_true(r, t->cond))
			return true;
		fire_at(r, i, time_add(now, t->hold_ns));
		return false;
	}
	if (now > t->within_ns)
		return false;
	if (!live_true(r, t->cond)) {
		s->since_ns = NEVER;
		return true;
	}
	if (s->since_ns == NEVER) {
		s->since_ns = now;
		if (t->hold_ns && !(s->deps & CHANGE_SAMPLE))
			run_timer(r, time_add(now, t->hold_ns), TIMER_HOLD, i);
	}
	if (!held_long_enough(r, i, now))
		return true;
	fire_at(r, i, now);
	return false;
}

/* Look again at those that depend on `changes`; force: also at this one. */
static void look_at_triggers(struct run *r, uint32_t changes, uint32_t force, uint64_t now)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < r->nwaiting; k++) {
		uint32_t i = r->waiting[k];
		struct trigger_state *s = &r->triggers[i];
		bool was_true = s->since_ns != NEVER;
		bool stays = true;

		if ((s->deps & changes) || i == force)
			stays = look_at_trigger(r, i, now);
		if (!stays) {
			s->since_ns = NEVER;
			r->sample_waiting -= (s->deps & CHANGE_SAMPLE) != 0;
		}
		if (was_true)
			r->hold_waiting--;
		if (s->since_ns != NEVER)
			r->hold_waiting++;
		if (stays)
			r->waiting[n++] = i;
	}
	r->nwaiting = n;
}

void watch_look(struct run *r)
{
	uint32_t changes = r->changes;
	uint64_t now = run_now(r);

	r->changes = 0;
	look_at_triggers(r, changes, UINT32_MAX, now);
	for (uint32_t i = 0; i < r->plan->naborts && !r->ending; i++) {
		if (!(r->abort_deps[i] & changes) || !live_true(r, r->plan->aborts[i]))
			continue;
		r->ending = true;
		r->end = RUN_ABORTED;
		r->abort = i;
	}
	if (!r->ending && (r->finish_deps & changes) && live_true(r, r->plan->finish_when)) {
		r->ending = true;
		r->end = RUN_FINISHED;
	}
}

void watch_hold(struct run *r, uint32_t trigger)
{
	/* Only when it is still true, since long enough; else a later timer looks again. */
	if (held_long_enough(r, trigger, run_now(r)))
		look_at_triggers(r, 0, trigger, run_now(r));
}

void watch_fire(struct run *r, uint32_t trigger, uint64_t due_ns)
{
	const struct plan_trigger *t = &r->plan->triggers[trigger];
	uint64_t now = run_now(r);

	r->holding--;
	r->fired_ns[trigger] = now;
	run_note(r, (struct note){.t_ns = now,
				  .kind = NOTE_TRIGGER,
				  .worker = UINT32_MAX,
				  .cgroup = UINT32_MAX,
				  .index = trigger});
	for (uint32_t i = 0; i < t->nsteps && !r->err; i++)
		step_run(r, &t->steps[i], due_ns);
}
