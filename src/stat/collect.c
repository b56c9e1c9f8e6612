/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stat/collect.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "stat/contention.h"
#include "stat/latency.h"
#include "stat/timeline.h"

struct cg_state {
	struct latency alloc;
	uint64_t first_due_ns; /* NEVER until an action was due */
	uint64_t last_end_ns;  /* of an action that was not cut short */
	struct cg_summary sum;
	uint32_t in_flight; /* actions begun and not ended */
};

/* What a worker did with its time. */
struct life {
	uint64_t ended_ns;  /* its latest action */
	uint64_t begun_ns;  /* the action that it is in; NEVER: none */
	uint64_t busy_ns;   /* in actions that ended */
	uint64_t missed_ns; /* free, and something was due */
	uint64_t killed_ns; /* NEVER */
};

struct collect {
	const struct plan *plan;
	struct cg_state *cgroups; /* [ncgroups] */
	uint64_t *begun_late_ns;  /* [nworkers]: lateness of the begin of what it does now */
	uint64_t *asked_bytes;	  /* [nworkers]: that it is to allocate */
	uint64_t important_ns;	  /* the last begin of an action that allocates, of such a cgroup */
	struct life *lives;	  /* [nworkers] */
	struct run_summary run;
	struct latency late; /* of each action that came due, by how much it was noticed later */
	struct recording *recording; /* NULL: no timelines */
	uint64_t period_ns;
};

struct collect *collect_new(const struct plan *p)
{
	struct collect *c = mem_alloc(sizeof(*c));

	c->plan = p;
	c->cgroups = mem_alloc(p->ncgroups * sizeof(*c->cgroups));
	c->begun_late_ns = mem_alloc(p->nworkers * sizeof(*c->begun_late_ns));
	c->asked_bytes = mem_alloc(p->nworkers * sizeof(*c->asked_bytes));
	c->lives = mem_alloc((p->nworkers + !p->nworkers) * sizeof(*c->lives));
	return c;
}

void collect_free(struct collect *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; i < c->plan->ncgroups; i++)
		latency_free(&c->cgroups[i].alloc);
	latency_free(&c->late);
	free(c->cgroups);
	free(c->begun_late_ns);
	free(c->asked_bytes);
	free(c->lives);
	recording_free(c->recording);
	free(c);
}

void collect_timelines(struct collect *c, uint64_t period_ns)
{
	recording_free(c->recording);
	c->recording = period_ns ? recording_new(c->plan) : NULL;
	c->period_ns = period_ns;
}

struct recording *collect_recording(struct collect *c)
{
	return c->recording;
}

static bool is_beneath(const struct plan *p, uint32_t cgroup, uint32_t top)
{
	while (cgroup > top)
		cgroup = p->cgroups[cgroup].parent;
	return cgroup == top;
}

void collect_begin(struct collect *c, int32_t policy, uint32_t alone, uint32_t rep)
{
	const struct plan *p = c->plan;

	c->run = (struct run_summary){.policy = policy, .alone = alone, .rep = rep};
	latency_reset(&c->late);
	c->important_ns = NEVER;
	if (c->recording)
		recording_begin(c->recording, c->period_ns);
	for (uint32_t i = 0; i < p->ncgroups; i++) {
		struct cg_state *s = &c->cgroups[i];

		latency_reset(&s->alloc);
		s->first_due_ns = NEVER;
		s->last_end_ns = 0;
		s->in_flight = 0;
		s->sum = (struct cg_summary){.killed_ns = NEVER, .reaction_ns = NEVER};
	}
	for (uint32_t w = 0; w < p->nworkers; w++) {
		uint32_t cg = p->workers[w].cgroup;

		c->begun_late_ns[w] = c->asked_bytes[w] = 0;
		c->lives[w] = (struct life){.begun_ns = NEVER, .killed_ns = NEVER};
		if (policy != PX_ALONE || is_beneath(p, cg, alone))
			c->cgroups[cg].sum.has_workers = true;
	}
}

static struct cg_state *state_of(struct collect *c, uint32_t worker)
{
	return &c->cgroups[c->plan->workers[worker].cgroup];
}

void collect_due(struct collect *c, uint32_t worker, uint64_t due_ns)
{
	struct cg_state *s = state_of(c, worker);

	if (due_ns < s->first_due_ns)
		s->first_due_ns = due_ns;
}

void collect_noticed(struct collect *c, uint64_t late_ns)
{
	latency_add(&c->late, late_ns);
	c->run.events++;
	c->run.late_events += late_ns > LATE_BOUND_NS;
	if (late_ns > c->run.latest_ns)
		c->run.latest_ns = late_ns;
}

void collect_asked(struct collect *c, uint32_t worker, uint64_t bytes, uint64_t t_ns)
{
	const struct plan *p = c->plan;

	c->asked_bytes[worker] = bytes;
	if (bytes && c->run.policy != PX_ALONE &&
	    p->policies[c->run.policy].attrs[p->workers[worker].cgroup].priority == PRIORITY_HIGH)
		c->important_ns = t_ns;
}

static void delayed(struct collect *c, const struct obs *o)
{
	struct cg_summary *s = &c->cgroups[o->cgroup].sum;
	uint64_t in_force_ns = o->t_ns + o->delay.lag_ns;

	if (s->reaction_ns == NEVER && in_force_ns >= c->important_ns)
		s->reaction_ns = in_force_ns - c->important_ns;
}

void collect_begun(struct collect *c, uint32_t worker, uint64_t now_ns, uint64_t late_ns)
{
	struct cg_state *s = state_of(c, worker);
	struct life *l = &c->lives[worker];
	uint64_t due_ns = now_ns - late_ns;

	l->missed_ns += now_ns - (due_ns > l->ended_ns ? due_ns : l->ended_ns);
	l->begun_ns = now_ns;

	c->begun_late_ns[worker] = late_ns;
	s->sum.stall_ns += late_ns;
	s->in_flight++;
}

void collect_dropped(struct collect *c, uint32_t worker)
{
	state_of(c, worker)->sum.dropped++;
}

void collect_done(struct collect *c, uint32_t cgroup)
{
	c->cgroups[cgroup].sum.done = true;
}

static void action_ended(struct collect *c, const struct obs *o)
{
	struct cg_state *s = state_of(c, o->worker);
	uint64_t begun_late = c->begun_late_ns[o->worker];
	struct life *l = &c->lives[o->worker];

	if (s->in_flight)
		s->in_flight--;
	l->busy_ns += o->t_ns - (l->begun_ns < o->t_ns ? l->begun_ns : o->t_ns);
	l->begun_ns = NEVER;
	l->ended_ns = o->t_ns;
	obs_held_add(&s->sum.spent.in, &o->done.held);
	s->sum.bytes_done += o->done.bytes;
	/* Whole pages are allocated: what is less than one short is not. */
	if (o->done.status == DONE_OK && o->done.bytes + PAGE_BYTES <= c->asked_bytes[o->worker])
		s->sum.short_allocs++;
	c->asked_bytes[o->worker] = 0;
	if (o->done.short_bytes > s->sum.short_bytes)
		s->sum.short_bytes = o->done.short_bytes;
	if (o->done.status != DONE_KILLED && o->t_ns > s->last_end_ns)
		s->last_end_ns = o->t_ns;
	/* A paced action counts its lateness from its due time: the begin's share is in already. */
	if (o->done.late_ns > begun_late)
		s->sum.stall_ns += o->done.late_ns - begun_late;
}

static void worker_killed(struct collect *c, const struct obs *o)
{
	struct cg_summary *s = &state_of(c, o->worker)->sum;

	if (o->kill.reason == KILL_OOM)
		s->oom_killed = true;
	else
		s->other_killed = true;
	if (o->t_ns < s->killed_ns)
		s->killed_ns = o->t_ns;
	c->lives[o->worker].killed_ns = o->t_ns;
}

static void command_ended(struct command_sums *to, const struct obs *o)
{
	uint64_t ns = o->t_ns > o->command.start_ns ? o->t_ns - o->command.start_ns : 0;

	to->n++;
	to->failed += o->command.status == DONE_FAILED;
	to->killed += o->command.status == DONE_KILLED;
	to->timed_out += o->command.status == DONE_TIMEOUT;
	to->time_ns += ns;
	if (ns > to->longest_ns)
		to->longest_ns = ns;
	if (o->command.peak_bytes > to->peak_bytes)
		to->peak_bytes = o->command.peak_bytes;
}

void collect_obs(struct collect *c, const struct obs *o)
{
	if (c->recording)
		recording_obs(c->recording, o);
	switch ((enum obs_kind)o->kind) {
	case OBS_DONE:
		action_ended(c, o);
		break;
	case OBS_STEP:
		latency_add(&state_of(c, o->worker)->alloc, o->step.latency_ns);
		obs_held_add(&state_of(c, o->worker)->sum.held, &o->step.held);
		break;
	case OBS_KILL:
		worker_killed(c, o);
		break;
	case OBS_COMMAND:
		command_ended(&state_of(c, o->worker)->sum.commands, o);
		break;
	case OBS_SAMPLE:
		/* Samples of a run are cumulative: the last one is the one of the end. */
		c->cgroups[o->cgroup].sum.counters = *o->counters;
		break;
	case OBS_LIMIT:
		c->run.limits_not_in_force++;
		break;
	case OBS_DELAY:
		delayed(c, o);
		break;
	case OBS_OOM:
		break; /* counted in the samples */
	}
}

static void finish_session(struct cg_state *s, uint64_t run_end_ns)
{
	struct cg_summary *sum = &s->sum;
	bool killed = sum->oom_killed || sum->other_killed;
	bool acted = s->first_due_ns != NEVER;
	uint64_t end_ns;

	sum->finished = sum->done && !killed && !sum->dropped && !s->in_flight;
	end_ns = sum->finished ? s->last_end_ns : run_end_ns;
	if (acted && end_ns > s->first_due_ns)
		sum->span_ns = end_ns - s->first_due_ns;
	sum->has_time = sum->finished && acted;
	if (sum->has_time)
		sum->time_ns = sum->span_ns;

	sum->alloc_n = s->alloc.n;
	if (s->alloc.n) {
		sum->alloc_mean = latency_mean(&s->alloc);
		sum->alloc_p50 = latency_quantile(&s->alloc, 500);
		sum->alloc_p90 = latency_quantile(&s->alloc, 900);
		sum->alloc_p95 = latency_quantile(&s->alloc, 950);
		sum->alloc_p99 = latency_quantile(&s->alloc, 990);
		sum->alloc_p999 = latency_quantile(&s->alloc, 999);
		sum->alloc_max = s->alloc.max_ns;
	}
}

/* To be called after finish_session: from when to when a worker is accounted for. */
static void account_worker(struct collect *c, uint32_t worker, uint64_t end_ns)
{
	struct cg_state *s = state_of(c, worker);
	const struct life *l = &c->lives[worker];
	uint64_t from = s->first_due_ns, to = l->killed_ns < end_ns ? l->killed_ns : end_ns;
	uint64_t busy = l->busy_ns, missed = l->missed_ns, total;

	if (to <= from) /* nothing was due before its end, or ever */
		return;
	total = to - from;
	if (l->begun_ns < to)
		busy += to - l->begun_ns;
	s->sum.spent.total_ns += total;
	if (total > busy + missed)
		s->sum.spent.due_ns += total - busy - missed;
}

static void account(struct collect *c, uint64_t run_end_ns)
{
	const struct plan *p = c->plan;
	uint64_t *end_ns = mem_alloc((p->ncgroups + !p->ncgroups) * sizeof(*end_ns));

	for (uint32_t w = 0; w < p->nworkers; w++) {
		uint64_t *end = &end_ns[p->workers[w].cgroup];
		const struct cg_state *s = state_of(c, w);
		uint64_t ns = c->lives[w].killed_ns;

		if (s->sum.finished)
			ns = s->last_end_ns;
		else if (ns > run_end_ns)
			ns = run_end_ns;
		*end = ns > *end ? ns : *end;
	}
	for (uint32_t w = 0; w < p->nworkers; w++)
		account_worker(c, w, end_ns[p->workers[w].cgroup]);
	for (uint32_t i = 0; i < p->ncgroups; i++)
		obs_held_add(&c->cgroups[i].sum.spent.in, &c->cgroups[i].sum.counters.held);
	free(end_ns);
}

/* Parents after children: a cgroup's index is greater than its parent's. */
static void speak_for_children(const struct plan *p, struct cg_summary *sums)
{
	for (uint32_t i = 0; i < p->ncgroups; i++)
		if (!sums[i].has_workers)
			sums[i].done = sums[i].finished = true;
	for (uint32_t i = p->ncgroups; i-- > 1;) {
		struct cg_summary *parent = &sums[p->cgroups[i].parent];

		parent->oom_killed |= sums[i].oom_killed;
		parent->other_killed |= sums[i].other_killed;
		parent->done &= sums[i].done;
		parent->finished &= sums[i].finished;
		if (sums[i].killed_ns < parent->killed_ns)
			parent->killed_ns = sums[i].killed_ns;
		if (sums[i].reaction_ns < parent->reaction_ns)
			parent->reaction_ns = sums[i].reaction_ns;
	}
}

void collect_end(struct collect *c, const struct collect_outcome *o, struct arena *a,
		 struct run_summary *out)
{
	const struct plan *p = c->plan;
	struct cg_summary *sums = arena_array(a, struct cg_summary, p->ncgroups);

	for (uint32_t i = 0; i < p->ncgroups; i++)
		if (c->cgroups[i].sum.has_workers)
			finish_session(&c->cgroups[i], o->end_ns);
	account(c, o->end_ns);
	for (uint32_t i = 0; i < p->ncgroups; i++) {
		sums[i] = c->cgroups[i].sum;
		if (c->recording)
			recording_latency(c->recording, i, &c->cgroups[i].alloc, a);
	}
	speak_for_children(p, sums);

	c->run.late_p50_ns = latency_quantile(&c->late, 500);
	c->run.late_p99_ns = latency_quantile(&c->late, 990);
	c->run.end = o->end;
	c->run.end_ns = o->end_ns;
	c->run.abort = o->abort;
	c->run.cgroups = sums;
	c->run.marks_ns = arena_dup(a, o->marks_ns, p->nmarks * sizeof(*o->marks_ns));
	c->run.fired_ns = arena_dup(a, o->fired_ns, p->ntriggers * sizeof(*o->fired_ns));
	c->run.contended = contention_met_anywhere(p, &c->run);
	c->run.timeline = c->recording ? recording_end(c->recording, a) : NULL;
	*out = c->run;
}
