/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine.c - the loop: let time pass until the next timer, react to what is observed on the way.
 *
 * At one time, what the backend observed up to and including it comes first, then the timers of
 * that time in order of their seq: the timeline in text order, after it what was scheduled while
 * running, in the order in which that happened.  Whether the run is over is asked when an instant
 * is complete.
 */
#include "run/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/rng.h"
#include "run/state.h"

void run_timer(struct run *r, uint64_t time_ns, enum timer_kind kind, uint32_t index)
{
	wheel_add_at(r->wheel, time_ns, r->seq++, (uint64_t)kind << 32 | index);
}

void run_fail(struct run *r, int err, struct span at, const char *what)
{
	if (r->err)
		return;
	r->err = err;
	diag_at(r->config->diags, E_RUN_FAILED, at, "the backend `%s` failed to %s: %s",
		r->backend->name, what, strerror(-err));
}

void run_note(struct run *r, struct note n)
{
	r->config->sink.note(r->config->sink.ctx, &n);
}

/* ---- observations --------------------------------------------------------------------------- */

static void observe(void *ctx, const struct obs *o)
{
	struct run *r = ctx;
	struct obs mine;

	if (r->plan_worker && o->worker != UINT32_MAX) {
		mine = *o;
		mine.worker = r->plan_worker[o->worker];
		o = &mine;
	}
	r->config->sink.obs(r->config->sink.ctx, o);
	switch ((enum obs_kind)o->kind) {
	case OBS_DONE:
		worker_ended(r, o->worker, o->t_ns);
		break;
	case OBS_KILL:
		worker_killed(r, o->worker, o->kill.reason == KILL_OOM);
		break;
	case OBS_SAMPLE:
		if (r->cgroups[o->cgroup].watched && !r->recording) {
			*r->cgroups[o->cgroup].counters = *o->counters;
			r->cgroups[o->cgroup].sampled = true;
		}
		break;
	case OBS_STEP:
	case OBS_LIMIT:
	case OBS_OOM:
	case OBS_DELAY:
	case OBS_COMMAND:
		break;
	}
}

/* ---- before the run ------------------------------------------------------------------------- */

/* The same for every policy, and whatever else is drawn or left out. */
static uint64_t jittered(const struct run *r, const struct plan_event *e)
{
	struct rng g;
	int64_t by;

	if (!e->jitter_ns)
		return e->at_ns;
	rng_init(&g, r->config->seed, RNG_JITTER, (uint64_t)r->config->rep << 32 | e->draw);
	by = rng_around(&g, e->jitter_ns);
	if (by >= 0)
		return time_add(e->at_ns, (uint64_t)by);
	return e->at_ns > -(uint64_t)by ? e->at_ns - -(uint64_t)by : 0;
}

static void schedule(struct run *r)
{
	const struct plan *p = r->plan;

	for (uint32_t i = 0; i < p->nevents; i++) {
		uint32_t worker;

		if (step_worker(&p->events[i].step, &worker)) {
			if (r->workers[worker].absent)
				continue;
			r->workers[worker].pending++;
		}
		r->holding++;
		wheel_add_at(r->wheel, jittered(r, &p->events[i]), i,
			     (uint64_t)TIMER_EVENT << 32 | i);
	}
	r->seq = p->nevents;
	if (p->finish_ns != NEVER)
		run_timer(r, p->finish_ns, TIMER_END, 0);
	if (watch_needs_samples(r))
		run_timer(r, 0, TIMER_TICK, 0);
	if (r->config->timeline_ns)
		run_timer(r, 0, TIMER_TIMELINE, 0);
}

static void make_world(struct run *r, struct world *w)
{
	const struct plan *p = r->plan;
	uint32_t n = p->nworkers;
	const struct worker_spec *workers = p->workers;

	if (r->plan_worker) {
		struct worker_spec *some = arena_array(r->arena, struct worker_spec, p->nworkers);

		n = 0;
		for (uint32_t i = 0; i < p->nworkers; i++)
			if (!r->workers[i].absent)
				some[n++] = p->workers[i];
		workers = some;
	}
	*w = (struct world){
	    .machine = p->machine,
	    .cgroups = p->cgroups,
	    .attrs = r->config->attrs,
	    .workers = workers,
	    .ncgroups = p->ncgroups,
	    .nworkers = n,
	    .mechanism = r->config->mechanism,
	};
}

/* ---- the loop ------------------------------------------------------------------------------- */

static void end_run(struct run *r, enum run_end end)
{
	if (r->ending)
		return;
	r->ending = true;
	r->end = end;
}

static void event(struct run *r, const struct plan_event *e, uint64_t due_ns)
{
	uint32_t worker;
	bool dead = false;

	if (step_worker(&e->step, &worker)) {
		r->workers[worker].pending--;
		dead = r->workers[worker].dead;
	}
	if (!dead)
		r->holding--; /* a dead worker's were let go when it died */
	step_run(r, &e->step, due_ns);
}

/* The next time on the grid, without those that a live backend is too late for. */
static void again(struct run *r, uint64_t time_ns, uint64_t period_ns, enum timer_kind kind)
{
	uint64_t now = run_now(r), next = now > time_ns ? now : time_ns;

	next = time_add(next - next % period_ns, period_ns);
	if (next != NEVER)
		run_timer(r, next, kind, 0);
}

static void tick(struct run *r, uint64_t time_ns)
{
	watch_tick(r);
	if (watch_needs_samples(r))
		again(r, time_ns, r->plan->sample_ns, TIMER_TICK);
}

static void record(struct run *r, uint64_t time_ns)
{
	r->recording = true;
	for (uint32_t c = 0; c < r->plan->ncgroups && !r->err; c++)
		step_sample(r, c);
	r->recording = false;
	/* Without samples of its own a run that is stuck is recognised by these. */
	if (!watch_needs_samples(r))
		r->quiet_sampled = r->quiet;
	again(r, time_ns, r->config->timeline_ns, TIMER_TIMELINE);
}

static void carry_out(struct run *r, const struct timer *t)
{
	uint32_t index = (uint32_t)t->datum;

	r->timers++;
	switch ((enum timer_kind)(t->datum >> 32)) {
	case TIMER_EVENT:
		event(r, &r->plan->events[index], t->time_ns);
		break;
	case TIMER_FIRE:
		watch_fire(r, index, t->time_ns);
		break;
	case TIMER_HOLD:
		watch_hold(r, index);
		break;
	case TIMER_TICK:
		tick(r, t->time_ns);
		break;
	case TIMER_TIMELINE:
		record(r, t->time_ns);
		break;
	case TIMER_END:
		end_run(r, r->plan->finish_when ? RUN_DEADLINE : RUN_FINISHED);
		break;
	}
}

/* Cgroups without workers are done from the start. */
static void nobody_is_done(struct run *r)
{
	for (uint32_t c = 0; c < r->plan->ncgroups; c++)
		if (!r->cgroups[c].undone)
			cgroup_done(r, c);
}

/* Nothing but samples and the backend itself may still change anything. */
static bool nothing_scheduled(const struct run *r)
{
	return !r->holding && !r->hold_waiting && r->plan->finish_ns == NEVER;
}

/* Until when the backend may run by itself; complete: nothing is due by now. */
static uint64_t horizon(const struct run *r, bool have, const struct timer *first, bool complete)
{
	/*
	 * All done: samples would go on for ever, but only the backend's own doing matters.  Those
	 * that a live backend is late for are taken all the same: a run ends when nothing is due.
	 */
	if (!have || (complete && !r->undone && nothing_scheduled(r)))
		return NEVER;
	return first->time_ns;
}

/* Nothing will ever happen by itself, and nothing is scheduled. */
static void dead_end(struct run *r)
{
	if (watch_needs_samples(r) && !r->quiet_sampled)
		watch_tick(r); /* conditions get a last look at where it all came to rest */
	else
		end_run(r, r->undone ? RUN_STUCK : RUN_FINISHED);
}

static void loop(struct run *r)
{
	const struct run_config *c = r->config;
	bool by_default = !r->plan->finish_when && r->plan->finish_ns == NEVER;

	while (!r->err) {
		struct timer t;

		while ((r->touched_len || r->changes) && !r->err) {
			worker_settle(r);
			watch_look(r);
		}

		bool have = wheel_peek(r->wheel, &t);
		bool complete = !have || t.time_ns > run_now(r);

		if (c->stop && *c->stop)
			end_run(r, RUN_INTERRUPTED);
		else if (complete && by_default && !r->undone && !r->holding)
			end_run(r, RUN_FINISHED);
		if (r->err || (r->ending && (complete || r->end == RUN_INTERRUPTED)))
			return;
		if (!r->ending && r->quiet_sampled && nothing_scheduled(r)) {
			dead_end(r);
			continue;
		}

		uint64_t until = horizon(r, have, &t, complete);
		int ret = r->backend->advance(r->handle, until);

		if (ret == -EINTR) {
			end_run(r, RUN_INTERRUPTED);
			return;
		}
		if (ret < 0) {
			run_fail(r, ret, (struct span){0, 0}, "let time pass");
			return;
		}
		if (r->touched_len || r->changes)
			continue;
		r->quiet = ret == 1;
		if (until == NEVER) {
			if (r->quiet)
				dead_end(r);
			continue;
		}
		if (run_now(r) < until)
			continue;
		while (!r->err && wheel_peek(r->wheel, &t) && t.time_ns == until) {
			wheel_pop(r->wheel, &t);
			carry_out(r, &t);
		}
	}
}

/* ---- after the run -------------------------------------------------------------------------- */

static void drop_rest(struct run *r)
{
	struct timer t;
	uint32_t worker, n;

	for (uint32_t i = 0; i < r->plan->nworkers; i++)
		worker_drop_queue(r, i);
	while (wheel_pop(r->wheel, &t)) {
		if (t.datum >> 32 != TIMER_EVENT)
			continue;

		const struct plan_step *s = &r->plan->events[(uint32_t)t.datum].step;

		if (step_worker(s, &worker)) {
			const struct op *v = step_ops(s, &n);

			worker_drop(r, worker, v, n);
		}
	}
}

static void outcome(const struct run *r, uint64_t end_ns, uint32_t unfinished,
		    struct run_outcome *out)
{
	*out = (struct run_outcome){
	    .end = r->end,
	    .end_ns = end_ns,
	    .abort = r->abort,
	    .unfinished = unfinished,
	    .dropped = r->dropped,
	    .marks_ns = r->marks_ns,
	    .fired_ns = r->fired_ns,
	    .timers = r->timers,
	};
}

static void finish(struct run *r, struct run_outcome *out)
{
	uint64_t end_ns = run_now(r);
	uint32_t unfinished = r->undone;

	for (uint32_t i = 0; i < r->plan->ncgroups; i++)
		if (step_sample(r, i))
			return;
	drop_rest(r);
	outcome(r, end_ns, unfinished, out);
}

int engine_run(const struct run_config *c, struct run_outcome *out)
{
	struct run r = {
	    .config = c,
	    .plan = c->plan,
	    .backend = c->backend,
	    .arena = c->arena,
	    .wheel = wheel_new(),
	};
	struct obs_sink sink = {.put = observe, .ctx = &r};
	struct world w;
	int err;

	worker_init(&r);
	watch_init(&r);
	schedule(&r);
	make_world(&r, &w);
	err = r.backend->open(&w, c->seed, c->rep, sink, c->diags, &r.handle);
	if (err == -EINTR) {
		end_run(&r, RUN_INTERRUPTED);
		outcome(&r, 0, r.undone, out);
	} else if (err) {
		run_fail(&r, err, (struct span){0, 0}, "make the world");
	} else {
		nobody_is_done(&r);
		loop(&r);
		if (!r.err)
			finish(&r, out);
	}
	r.backend->close(r.handle);
	wheel_free(r.wheel);
	vec_free(&r.values);
	if (r.err)
		out->end = RUN_FAILED;
	return r.err;
}
