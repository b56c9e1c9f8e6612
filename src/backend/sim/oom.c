/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The OOM killer, after mm/oom_kill.c and mem_cgroup_oom() of mm/memcontrol.c.
 */
#include "backend/sim/queue.h"

/* oom_badness() with oom_score_adj 0; page cache is not in the rss. */
static uint64_t badness(const struct worker *w)
{
	return w->anon + w->tables + w->process;
}

static struct worker *select_bad_process(struct sim *s, uint32_t scope)
{
	struct worker *chosen = NULL;

	for (uint32_t i = s->more[scope].wbegin; i < s->more[s->cg[scope].end - 1].wend; i++) {
		struct worker *w = &s->w[s->members[i]];

		if (w->dying)
			continue;
		if (!chosen || badness(w) > badness(chosen) ||
		    (badness(w) == badness(chosen) && w > chosen))
			chosen = w;
	}
	return chosen;
}

/* mem_cgroup_get_oom_group(): the outermost cgroup, up to the scope, that dies as a whole. */
static uint32_t oom_group(const struct sim *s, uint32_t m, uint32_t scope)
{
	uint32_t group = SIM_NONE;

	for (;; m = s->cg[m].parent) {
		if (s->more[m].oom_group)
			group = m;
		if (m == scope)
			return group;
	}
}

void oom_kill_worker(struct sim *s, struct worker *w, enum kill_reason why, uint32_t scope)
{
	uint64_t pages = worker_resident(w) + w->tables + w->process;
	struct obs o = {
	    .kind = OBS_KILL,
	    .cgroup = s->more[w->cg].index,
	    .worker = worker_index(s, w),
	    .kill = {.reason = why, .limit_cgroup = s->more[scope].index},
	};

	if (w->dying)
		return;
	worker_end_sleep(s, w);
	worker_forget_debts(w);
	oom_wait_cancel(s, w);
	w->dying = true;
	for (uint32_t m = w->cg; m != SIM_NONE; m = s->cg[m].parent)
		s->more[m].dying++;
	sim_observe(s, &o);
	s->react = true;
	if (w->busy) {
		play_killed(s, w);
		worker_end_op(s, w, DONE_KILLED);
	}
	worker_mode(s, w, MODE_EXIT);
	queue_set(s, worker_index(s, w), s->now_ns + SIM_EXIT_NS + pages * s->machine.free_ns);
}

/* __oom_kill_process() for one of the scope */
static void oom_kill(struct sim *s, struct worker *w, uint32_t scope)
{
	memcg_event(s, w->cg, ev_oom_kill);
	oom_kill_worker(s, w, KILL_OOM, scope);
}

enum oom_result oom_invoke(struct sim *s, uint32_t scope)
{
	struct obs o = {.kind = OBS_OOM, .cgroup = s->more[scope].index, .worker = UINT32_MAX};
	struct worker *victim;
	uint32_t group;

	stride_settle_below(s, scope);
	memcg_event(s, scope, ev_oom);
	sim_observe(s, &o);
	if (s->more[scope].dying)
		return OOM_PENDING;
	victim = select_bad_process(s, scope);
	if (!victim)
		return OOM_NOBODY;
	group = oom_group(s, victim->cg, scope);
	oom_kill(s, victim, scope);
	if (group == SIM_NONE)
		return OOM_KILLED;
	/* Each member is killed, the victim once more: all of them are counted. */
	for (uint32_t i = s->more[group].wbegin; i < s->more[s->cg[group].end - 1].wend; i++) {
		struct worker *w = &s->w[s->members[i]];

		if (w->mode != MODE_DEAD)
			oom_kill(s, w, scope);
	}
	return OOM_KILLED;
}

void oom_wait(struct sim *s, struct worker *w, uint32_t scope)
{
	w->charge.scope = scope;
	s->waiters[s->nwaiters++] = worker_index(s, w);
	worker_schedule(s, w, MODE_OOM, NEVER);
}

void oom_wait_cancel(struct sim *s, const struct worker *w)
{
	uint32_t n = 0;

	if (w->mode != MODE_OOM)
		return;
	for (uint32_t i = 0; i < s->nwaiters; i++)
		if (s->waiters[i] != worker_index(s, w))
			s->waiters[n++] = s->waiters[i];
	s->nwaiters = n;
}

void oom_exit(struct sim *s, struct worker *w)
{
	uint32_t n = 0;

	pages_exit(s, w);
	worker_mode(s, w, MODE_DEAD);
	for (uint32_t m = w->cg; m != SIM_NONE; m = s->cg[m].parent)
		s->more[m].dying--;
	for (uint32_t i = 0; i < s->nwaiters; i++) {
		struct worker *other = &s->w[s->waiters[i]];

		if (memcg_within(s, w->cg, other->charge.scope))
			worker_schedule(s, other, MODE_OOM, s->now_ns);
		else
			s->waiters[n++] = s->waiters[i];
	}
	s->nwaiters = n;
	for (uint32_t m = w->cg; m != SIM_NONE; m = s->cg[m].parent)
		if (s->more[m].max_pending)
			limits_shrink_to_max(s, m);
}
