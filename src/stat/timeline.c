/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stat/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "base/vec.h"
#include "stat/latency.h"

/* Delays whose gap is below this share of a bucket are one event. */
#define GAP_SHARE 2

struct flying {
	uint64_t late_ns;
	uint8_t op;
};

struct recording {
	const struct plan *plan;
	uint64_t width_ns;
	uint32_t used;			 /* buckets, the same for all cgroups */
	struct timeline_bucket *buckets; /* [ncgroups][TIMELINE_BUCKETS] */
	struct timeline_cgroup *cgroups; /* [ncgroups]: latencies, until the end */
	VEC(struct timeline_event) events;
	uint32_t actions, commands, left_out;
	struct timeline_slow *slow; /* [ncgroups][TIMELINE_SLOW] */
	uint32_t *last_delay;	    /* [ncgroups]: index of its latest TIMELINE_DELAY; UINT32_MAX */
	struct flying *flying;	    /* [nworkers] */
};

struct recording *recording_new(const struct plan *p)
{
	struct recording *r = mem_alloc(sizeof(*r));

	r->plan = p;
	r->buckets = mem_alloc(p->ncgroups * TIMELINE_BUCKETS * sizeof(*r->buckets));
	r->cgroups = mem_alloc(p->ncgroups * sizeof(*r->cgroups));
	r->slow = mem_alloc(p->ncgroups * TIMELINE_SLOW * sizeof(*r->slow));
	r->last_delay = mem_alloc(p->ncgroups * sizeof(*r->last_delay));
	r->flying = mem_alloc((p->nworkers + !p->nworkers) * sizeof(*r->flying));
	return r;
}

void recording_free(struct recording *r)
{
	if (!r)
		return;
	free(r->buckets);
	free(r->cgroups);
	free(r->slow);
	free(r->last_delay);
	free(r->flying);
	vec_free(&r->events);
	free(r);
}

void recording_begin(struct recording *r, uint64_t period_ns)
{
	const struct plan *p = r->plan;

	r->width_ns = period_ns;
	r->used = r->actions = r->commands = r->left_out = 0;
	memset(r->buckets, 0, p->ncgroups * TIMELINE_BUCKETS * sizeof(*r->buckets));
	memset(r->cgroups, 0, p->ncgroups * sizeof(*r->cgroups));
	for (uint32_t i = 0; i < p->ncgroups; i++)
		r->last_delay[i] = UINT32_MAX;
	vec_clear(&r->events);
}

/* ---- usage ---------------------------------------------------------------------------------- */

static void merge(struct timeline_bucket *into, const struct timeline_bucket *b)
{
	if (!b->samples)
		return;
	if (!into->samples || b->min_bytes < into->min_bytes)
		into->min_bytes = b->min_bytes;
	if (!into->samples || b->max_bytes > into->max_bytes)
		into->max_bytes = b->max_bytes;
	into->samples += b->samples;
}

/* Twice as wide buckets, half as many, for every cgroup. */
static void widen(struct recording *r)
{
	for (uint32_t c = 0; c < r->plan->ncgroups; c++) {
		struct timeline_bucket *b = &r->buckets[(size_t)c * TIMELINE_BUCKETS];

		for (uint32_t i = 0; i < TIMELINE_BUCKETS; i++) {
			struct timeline_bucket one = b[i];

			memset(&b[i], 0, sizeof(b[i]));
			merge(&b[i / 2], &one);
		}
	}
	r->width_ns *= 2;
	r->used = (r->used + 1) / 2;
}

static void sample(struct recording *r, const struct obs *o)
{
	const struct timeline_bucket one = {.min_bytes = o->counters->usage_bytes,
					    .max_bytes = o->counters->usage_bytes,
					    .samples = 1};
	uint64_t i;

	while ((i = o->t_ns / r->width_ns) >= TIMELINE_BUCKETS)
		widen(r);
	if (i >= r->used)
		r->used = (uint32_t)i + 1;
	merge(&r->buckets[(size_t)o->cgroup * TIMELINE_BUCKETS + i], &one);
}

/* ---- events --------------------------------------------------------------------------------- */

static void delay(struct recording *r, const struct obs *o)
{
	uint32_t *last = &r->last_delay[o->cgroup];
	uint64_t end_ns = o->t_ns + o->delay.ns;

	if (*last != UINT32_MAX) {
		struct timeline_event *e = &r->events.v[*last];

		if (o->t_ns <= e->end_ns + r->width_ns / GAP_SHARE) {
			e->end_ns = end_ns > e->end_ns ? end_ns : e->end_ns;
			e->value++;
			return;
		}
	}
	*last = (uint32_t)r->events.n;
	vec_push(&r->events, (struct timeline_event){.t_ns = o->t_ns,
						     .end_ns = end_ns,
						     .value = 1,
						     .cgroup = o->cgroup,
						     .worker = o->worker,
						     .kind = TIMELINE_DELAY});
}

static void action_ended(struct recording *r, const struct obs *o)
{
	const struct flying *f = &r->flying[o->worker];

	if (r->actions == TIMELINE_EVENTS) {
		r->left_out++;
		return;
	}
	r->actions++;
	vec_push(&r->events,
		 (struct timeline_event){.t_ns = o->done.start_ns,
					 .end_ns = o->t_ns,
					 .value = o->done.bytes,
					 .late_ns = f->late_ns > o->done.late_ns ? f->late_ns
										 : o->done.late_ns,
					 .cgroup = r->plan->workers[o->worker].cgroup,
					 .worker = o->worker,
					 .kind = TIMELINE_ACTION,
					 .detail = f->op});
}

static void command_ended(struct recording *r, const struct obs *o)
{
	if (r->commands == TIMELINE_EVENTS) {
		r->left_out++;
		return;
	}
	r->commands++;
	vec_push(&r->events, (struct timeline_event){.t_ns = o->command.start_ns,
						     .end_ns = o->t_ns,
						     .value = o->command.peak_bytes,
						     .late_ns = o->command.call,
						     .cgroup = r->plan->workers[o->worker].cgroup,
						     .worker = o->worker,
						     .kind = TIMELINE_COMMAND,
						     .detail = (uint8_t)o->command.status});
}

/* Of equally slow ones those that came first. */
static void slow(struct recording *r, const struct obs *o)
{
	uint32_t cgroup = r->plan->workers[o->worker].cgroup;
	struct timeline_slow *v = &r->slow[(size_t)cgroup * TIMELINE_SLOW];
	uint32_t *n = &r->cgroups[cgroup].nslow, i = *n;

	if (i == TIMELINE_SLOW && o->step.latency_ns <= v[i - 1].latency_ns)
		return;
	if (i == TIMELINE_SLOW)
		i--;
	else
		++*n;
	for (; i && v[i - 1].latency_ns < o->step.latency_ns; i--)
		v[i] = v[i - 1];
	v[i] = (struct timeline_slow){.end_ns = o->t_ns,
				      .bytes = o->step.bytes,
				      .latency_ns = o->step.latency_ns,
				      .held = o->step.held,
				      .worker = o->worker,
				      .op = r->flying[o->worker].op};
}

void recording_obs(struct recording *r, const struct obs *o)
{
	struct timeline_event e = {
	    .t_ns = o->t_ns, .end_ns = o->t_ns, .cgroup = o->cgroup, .worker = o->worker};

	switch ((enum obs_kind)o->kind) {
	case OBS_SAMPLE:
		sample(r, o);
		break;
	case OBS_DELAY:
		delay(r, o);
		break;
	case OBS_DONE:
		action_ended(r, o);
		break;
	case OBS_KILL:
		e.kind = TIMELINE_KILL;
		e.cgroup = r->plan->workers[o->worker].cgroup;
		e.detail = (uint8_t)o->kill.reason;
		e.value = o->kill.limit_cgroup;
		vec_push(&r->events, e);
		break;
	case OBS_OOM:
		e.kind = TIMELINE_OOM;
		vec_push(&r->events, e);
		break;
	case OBS_STEP:
		slow(r, o);
		break;
	case OBS_COMMAND:
		command_ended(r, o);
		break;
	case OBS_LIMIT:
		break;
	}
}

void recording_action(struct recording *r, uint32_t worker, uint8_t op, uint64_t late_ns)
{
	r->flying[worker] = (struct flying){.late_ns = late_ns, .op = op};
}

void recording_moment(struct recording *r, enum timeline_kind kind, uint64_t t_ns, uint32_t index)
{
	vec_push(&r->events, (struct timeline_event){.t_ns = t_ns,
						     .end_ns = t_ns,
						     .value = index,
						     .cgroup = UINT32_MAX,
						     .worker = UINT32_MAX,
						     .kind = (uint8_t)kind});
}

void recording_limit(struct recording *r, uint64_t t_ns, uint32_t cgroup, enum cg_attr attr,
		     uint64_t bytes)
{
	vec_push(&r->events, (struct timeline_event){.t_ns = t_ns,
						     .end_ns = t_ns,
						     .value = bytes,
						     .cgroup = cgroup,
						     .worker = UINT32_MAX,
						     .kind = TIMELINE_LIMIT,
						     .detail = (uint8_t)attr});
}

/* ---- the end -------------------------------------------------------------------------------- */

void recording_latency(struct recording *r, uint32_t cgroup, const struct latency *l,
		       struct arena *a)
{
	struct timeline_bin bins[LATENCY_BINS];
	uint32_t n = latency_bins(l, bins);

	r->cgroups[cgroup].latency = arena_dup(a, bins, n * sizeof(*bins));
	r->cgroups[cgroup].nlatency = n;
}

/* In order of time; what is of one time stays in the order in which it was recorded. */
struct keyed {
	struct timeline_event e;
	size_t seq;
};

static int by_time(const void *x, const void *y)
{
	const struct keyed *a = x, *b = y;

	if (a->e.t_ns != b->e.t_ns)
		return a->e.t_ns < b->e.t_ns ? -1 : 1;
	return (a->seq > b->seq) - (a->seq < b->seq);
}

static const struct timeline_event *sorted(const struct recording *r, struct arena *a)
{
	struct timeline_event *out = arena_array(a, struct timeline_event, r->events.n);
	struct keyed *k = mem_alloc((r->events.n + 1) * sizeof(*k));

	for (size_t i = 0; i < r->events.n; i++)
		k[i] = (struct keyed){r->events.v[i], i};
	qsort(k, r->events.n, sizeof(*k), by_time);
	for (size_t i = 0; i < r->events.n; i++)
		out[i] = k[i].e;
	free(k);
	return out;
}

const struct timeline *recording_end(struct recording *r, struct arena *a)
{
	struct timeline *t = arena_new(a, struct timeline);
	uint32_t ncgroups = r->plan->ncgroups;

	for (uint32_t c = 0; c < ncgroups; c++) {
		const struct timeline_slow *slow = &r->slow[(size_t)c * TIMELINE_SLOW];

		r->cgroups[c].slow = arena_dup(a, slow, r->cgroups[c].nslow * sizeof(*slow));
		r->cgroups[c].buckets = arena_dup(a, &r->buckets[(size_t)c * TIMELINE_BUCKETS],
						  r->used * sizeof(*r->buckets));
	}
	*t = (struct timeline){
	    .width_ns = r->width_ns,
	    .nbuckets = r->used,
	    .cgroups = arena_dup(a, r->cgroups, ncgroups * sizeof(*r->cgroups)),
	    .events = sorted(r, a),
	    .nevents = (uint32_t)r->events.n,
	    .left_out = r->left_out,
	};
	return t;
}
