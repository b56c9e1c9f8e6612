/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tell.c - observations: of workers, of OOM killers, of limits, and samples (run.h) */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "backend/cgroup/host.h"
#include "backend/cgroup/run.h"
#include "base/diag.h"

#define KILL_PATIENCE_NS (200 * NS_PER_MS) /* from an OOM kill to the news of a worker's end */
#define MAX_AT_ONCE	 1000		   /* OOM observations for one look at one level */

void tell(struct live_run *r, uint64_t mono_ns, struct obs o)
{
	/* What happened while the world was being made counts as its first moment. */
	o.t_ns = mono_ns > r->origin_ns ? mono_ns - r->origin_ns : 0;
	r->sink.put(r->sink.ctx, &o);
}

/* ---- levels ---------------------------------------------------------------------------------- */

static void tell_oom(struct live_run *r, uint32_t cgroup, uint64_t n, uint64_t now_ns)
{
	for (uint64_t i = 0; i < n && i < MAX_AT_ONCE; i++)
		tell(r, now_ns,
		     (struct obs){.kind = OBS_OOM, .cgroup = cgroup, .worker = UINT32_MAX});
}

static void look_at_level(struct live_run *r, uint32_t cgroup, uint64_t now_ns)
{
	struct level *l = &r->levels[cgroup];
	struct level_events e;

	if (sampler_level(&r->tree.v[cgroup].sampler, &e))
		return;
	if (e.high > l->seen.high)
		l->high_ns = now_ns;
	if (e.max > l->seen.max)
		l->max_ns = now_ns;
	if (e.oom > l->seen.oom) {
		l->oom_ns = now_ns;
		tell_oom(r, cgroup, e.oom - l->seen.oom, now_ns);
	}
	e.oom_kill = l->seen.oom_kill; /* used up by kills, one by one */
	l->seen = e;
}

void tell_levels(struct live_run *r, uint32_t cgroup, uint64_t now_ns)
{
	for (uint32_t c = cgroup;; c = r->world.cgroups[c].parent) {
		look_at_level(r, c, now_ns);
		if (!c)
			return;
	}
}

/* ---- ends of ops ------------------------------------------------------------------------------
 */

static void tell_done(struct live_run *r, const struct pool_event *e)
{
	struct live_worker *w = &r->workers[e->worker];
	struct obs_held held = blame_op(r, e->worker, e->t_ns, e->done.cpu_ns, e->done.pace_ns);

	if (w->busy) {
		w->busy = false;
		r->busy--;
	}
	tell(r, e->t_ns,
	     (struct obs){.kind = OBS_DONE,
			  .cgroup = r->world.workers[e->worker].cgroup,
			  .worker = e->worker,
			  .done = {.start_ns = e->done.start_ns > r->origin_ns
						   ? e->done.start_ns - r->origin_ns
						   : 0,
				   .bytes = e->done.bytes,
				   .late_ns = e->done.late_ns,
				   .short_bytes = e->done.short_bytes,
				   .held = held,
				   .status = e->done.status,
				   .code = e->done.code}});
	r->told = true;
}

/* ---- kills ----------------------------------------------------------------------------------- */

/* Did an OOM killer take a task of this cgroup that no kill has been explained by yet? */
static bool take_oom_kill(struct live_run *r, uint32_t cgroup)
{
	const struct tree_cgroup *c = &r->tree.v[cgroup];
	struct level *l = &r->levels[cgroup];
	struct level_events e;

	/* Its tasks live in the inner leaf, where there is one. */
	if (sampler_level(c->homefd == c->dirfd ? &c->sampler : &c->home, &e) ||
	    e.oom_kill <= l->seen.oom_kill)
		return false;
	l->seen.oom_kill++;
	return true;
}

/*
 * Whose limit: of the levels whose OOM killer was invoked, the one that was so last, and of
 * several at one look the nearest to the victim.  None where the machine as a whole was out of
 * memory.
 */
static uint32_t limit_hit(const struct live_run *r, uint32_t cgroup)
{
	uint32_t best = UINT32_MAX;
	uint64_t when = 0;

	for (uint32_t c = cgroup;; c = r->world.cgroups[c].parent) {
		if (r->levels[c].oom_ns > when) {
			when = r->levels[c].oom_ns;
			best = c;
		}
		if (!c)
			return best;
	}
}

/* An end that waits came before this worker's own. */
static void tell_waiting_end(struct live_run *r, uint32_t worker)
{
	for (size_t i = 0; i < r->ends.n; i++) {
		if (r->ends.v[i].worker != worker)
			continue;
		tell_done(r, &r->ends.v[i]);
		memmove(&r->ends.v[i], &r->ends.v[i + 1], (--r->ends.n - i) * sizeof *r->ends.v);
		return;
	}
}

static void tell_exit(struct live_run *r, const struct pool_event *e)
{
	struct live_worker *w = &r->workers[e->worker];
	uint32_t cgroup = r->world.workers[e->worker].cgroup;
	struct obs o = {.kind = OBS_KILL,
			.cgroup = cgroup,
			.worker = e->worker,
			.kill = {.reason = KILL_UNKNOWN, .limit_cgroup = UINT32_MAX}};

	tell_waiting_end(r, e->worker);
	tell_levels(r, cgroup, host_now_ns());
	if (WIFSIGNALED(e->exit.status) && WTERMSIG(e->exit.status) == SIGKILL) {
		if (w->ordered) {
			o.kill.reason = KILL_OP;
		} else if (take_oom_kill(r, cgroup) || e->exit.by_command) {
			o.kill.reason = KILL_OOM;
			r->oom_kills++;
			o.kill.limit_cgroup = limit_hit(r, cgroup);
		}
	}
	w->dead = true;
	tell(r, e->t_ns, o);
	if (w->busy) {
		w->busy = false;
		r->busy--;
		tell(r, e->t_ns,
		     (struct obs){.kind = OBS_DONE,
				  .cgroup = cgroup,
				  .worker = e->worker,
				  .done = {.start_ns = w->start_ns - r->origin_ns,
					   .held = blame_op(r, e->worker, e->t_ns, 0, 0),
					   .status = DONE_KILLED}});
	}
	r->told = true;
}

/* ---- workers --------------------------------------------------------------------------------- */

static void tell_step(struct live_run *r, const struct pool_event *e)
{
	struct obs_held held = r->workers[e->worker].held;

	uint64_t frozen = r->workers[e->worker].op_held.frozen_ns;

	obs_held_add(&r->workers[e->worker].op_held, &held);
	r->workers[e->worker].op_held.frozen_ns = frozen; /* is counted as it thaws */
	held.cpu_ns = e->step.cpu_ns;
	r->workers[e->worker].held = (struct obs_held){0};
	tell(r, e->t_ns,
	     (struct obs){.kind = OBS_STEP,
			  .cgroup = r->world.workers[e->worker].cgroup,
			  .worker = e->worker,
			  .step = {.bytes = e->step.bytes,
				   .latency_ns = e->step.latency_ns,
				   .late_ns = e->step.late_ns,
				   .held = held}});
}

/* It could not go on, or its op could not be carried out: no result, but an error. */
static int tell_failure(struct live_run *r, uint32_t worker, int err)
{
	diag_at(r->d, E_LIVE_KERNEL, (struct span){0}, "a worker of `%s` cannot go on: %s",
		r->world.cgroups[r->world.workers[worker].cgroup].name, strerror(-err));
	return err;
}

/* How many tasks OOM killers have taken since the run began that no kill was told of. */
static uint64_t kills_untold(const struct live_run *r)
{
	struct cg_counters c = {0};

	if (sampler_events(&r->tree.v[0].sampler, &c))
		return 0;
	return c.ev_oom_kill > r->oom_kills ? c.ev_oom_kill - r->oom_kills : 0;
}

void tell_ends(struct live_run *r, uint64_t now_ns)
{
	uint64_t untold;

	if (!r->ends.n)
		return;
	untold = kills_untold(r);
	if (untold && now_ns < r->ends_ns)
		return;
	r->oom_kills += untold; /* a command's process, or one that only its parent knew of */
	r->ends_ns = NEVER;
	for (size_t i = 0; i < r->ends.n; i++)
		tell_done(r, &r->ends.v[i]);
	vec_clear(&r->ends);
}

static void tell_command(struct live_run *r, const struct pool_event *e)
{
	uint64_t start = e->command.start_ns;

	tell(r, e->t_ns,
	     (struct obs){.kind = OBS_COMMAND,
			  .cgroup = r->world.workers[e->worker].cgroup,
			  .worker = e->worker,
			  .command = {.start_ns = start > r->origin_ns ? start - r->origin_ns : 0,
				      .peak_bytes = e->command.peak_bytes,
				      .call = e->command.call,
				      .status = e->command.status,
				      .code = e->command.code}});
}

static void take_done(struct live_run *r, const struct pool_event *e)
{
	if (!r->ends.n) {
		if (!kills_untold(r)) {
			tell_done(r, e);
			return;
		}
		r->ends_ns = host_now_ns() + KILL_PATIENCE_NS;
	}
	vec_push(&r->ends, *e);
}

int tell_pool(struct live_run *r)
{
	struct pool_event e;
	int got;

	while ((got = pool_next(r->pool, &e)) > 0) {
		switch ((enum pool_event_kind)e.kind) {
		case POOL_STEP:
			tell_step(r, &e);
			break;
		case POOL_CHUNK:
			blame_chunk(r, e.worker, e.t_ns, e.step.latency_ns, e.step.cpu_ns);
			break;
		case POOL_DONE:
			if (e.done.code < 0)
				return tell_failure(r, e.worker, e.done.code);
			take_done(r, &e);
			break;
		case POOL_COMMAND:
			tell_command(r, &e);
			break;
		case POOL_EXIT:
			if (e.exit.err)
				return tell_failure(r, e.worker, e.exit.err);
			tell_exit(r, &e);
			break;
		}
	}
	if (got == -EPIPE)
		diag_at(r->d, E_LIVE_KERNEL, (struct span){0},
			"the process that makes the workers has died");
	return got;
}

/* ---- limits, samples ------------------------------------------------------------------------- */

void tell_limits(struct live_run *r, uint64_t now_ns)
{
	for (uint32_t c = 0; c < r->world.ncgroups; c++) {
		struct tree_cgroup *t = &r->tree.v[c];
		struct limit_miss miss;
		uint32_t attr = 0;

		while (limits_changed(&t->limits, t->dirfd, &attr, &miss))
			tell(r, now_ns,
			     (struct obs){.kind = OBS_LIMIT,
					  .cgroup = c,
					  .worker = UINT32_MAX,
					  .limit = {.attr = miss.attr,
						    .asked = miss.asked,
						    .found = miss.found}});
	}
}

int tell_sample(struct live_run *r, uint32_t cgroup)
{
	uint64_t now = host_now_ns();
	struct cg_counters c;
	int err = sampler_read(&r->tree.v[cgroup].sampler, now, &c);

	if (err)
		return err;
	c.throttled_ns = r->throttled_ns[cgroup];
	if (r->mech)
		r->mech->count(r->mech_run, cgroup, now, &c);
	look_at_level(r, cgroup, now);
	tell(r, now,
	     (struct obs){
		 .kind = OBS_SAMPLE, .cgroup = cgroup, .worker = UINT32_MAX, .counters = &c});
	return 0;
}
