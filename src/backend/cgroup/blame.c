/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blame.c - what held an allocation.
 *
 * The kernel does not say.  What is known of a slow part of an allocation is its length and its
 * time on a CPU; of the rest, what lies in a policy delay of its cgroup or one above is that
 * delay's, and what lies in a freeze is the freezer's; what is left is the native throttle's if
 * memory.events.local `high` of one of these levels rose meanwhile, else reclaim's or an OOM
 * killer's if `max` did, else nobody's (another task had the CPU, a disk).  The kernel's throttle
 * sleeps at least HZ/100, so parts shorter than POOL_SLOW_NS are not asked about.
 */
#include "backend/cgroup/host.h"
#include "backend/cgroup/run.h"

static uint64_t overlap(const struct past_delay *p, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t from = p->from_ns > from_ns ? p->from_ns : from_ns;
	uint64_t to = p->to_ns < to_ns ? p->to_ns : to_ns;

	return to > from ? to - from : 0;
}

static bool is_above(const struct live_run *r, uint32_t above, uint32_t cgroup)
{
	while (cgroup > above)
		cgroup = r->world.cgroups[cgroup].parent;
	return cgroup == above;
}

void blame_delay(struct live_run *r, uint32_t cgroup, uint64_t from_ns, uint64_t to_ns)
{
	r->past[r->npast++ % PAST_DELAYS] = (struct past_delay){cgroup, from_ns, to_ns};
}

static uint64_t delayed(const struct live_run *r, uint32_t cgroup, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t n = r->npast < PAST_DELAYS ? r->npast : PAST_DELAYS, sum = 0;

	for (uint64_t i = 0; i < n; i++)
		if (is_above(r, r->past[i].cgroup, cgroup))
			sum += overlap(&r->past[i], from_ns, to_ns);
	return sum;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t in_freezer(const struct live_worker *w, uint64_t from_ns, uint64_t to_ns)
{
	const struct past_delay p = {0, w->frozen_ns, w->thawed_ns ? w->thawed_ns : to_ns};

	return w->frozen_ns ? overlap(&p, from_ns, to_ns) : 0;
}

void blame_freezer(struct live_run *r, uint64_t now_ns)
{
	for (uint32_t i = 0; i < r->world.nworkers; i++) {
		struct live_worker *w = &r->workers[i];
		bool was = w->frozen_ns && !w->thawed_ns;
		bool is = tree_is_frozen(&r->tree, r->world.workers[i].cgroup);

		if (is && !was) {
			w->frozen_ns = now_ns;
			w->thawed_ns = 0;
		} else if (was && !is) {
			w->thawed_ns = now_ns;
			if (w->busy)
				w->op_held.frozen_ns += in_freezer(w, w->start_ns, now_ns);
		}
	}
}

/* Of *left at most; returns what it is. */
static uint64_t take(uint64_t *left, uint64_t ns)
{
	ns = least(*left, ns);
	*left -= ns;
	return ns;
}

struct obs_held blame_op(struct live_run *r, uint32_t worker, uint64_t end_ns, uint64_t cpu_ns,
			 uint64_t pace_ns)
{
	struct live_worker *w = &r->workers[worker];
	uint64_t left = end_ns > w->start_ns ? end_ns - w->start_ns : 0;
	uint64_t frozen = w->op_held.frozen_ns;
	struct obs_held h = w->op_held;

	if (!w->thawed_ns)
		frozen += in_freezer(w, w->start_ns, end_ns);
	obs_held_add(&h, &w->held);
	/* A pause that was slept in the freezer, in part, is a pause. */
	h.cpu_ns = take(&left, cpu_ns);
	h.pace_ns = take(&left, pace_ns);
	h.delay_ns = take(&left, h.delay_ns);
	h.throttle_ns = take(&left, h.throttle_ns);
	h.reclaim_ns = take(&left, h.reclaim_ns);
	h.frozen_ns = take(&left, frozen);
	return h;
}

void blame_chunk(struct live_run *r, uint32_t worker, uint64_t end_ns, uint64_t latency_ns,
		 uint64_t cpu_ns)
{
	uint32_t cgroup = r->world.workers[worker].cgroup;
	struct obs_held *held = &r->workers[worker].held;
	uint64_t from = end_ns - latency_ns, rest, by_delay, by_freezer;
	bool high = false, max = false;

	rest = latency_ns - (cpu_ns < latency_ns ? cpu_ns : latency_ns);
	by_delay = delayed(r, cgroup, from, end_ns);
	if (by_delay > rest)
		by_delay = rest;
	held->delay_ns += by_delay;
	rest -= by_delay;
	by_freezer = least(rest, in_freezer(&r->workers[worker], from, end_ns));
	held->frozen_ns += by_freezer;
	rest -= by_freezer;
	tell_levels(r, cgroup, host_now_ns());
	for (uint32_t c = cgroup;; c = r->world.cgroups[c].parent) {
		high |= r->levels[c].high_ns >= from;
		max |= r->levels[c].max_ns >= from;
		if (!c)
			break;
	}
	if (!high) {
		if (max)
			held->reclaim_ns += rest;
		return;
	}
	held->throttle_ns += rest;
	for (uint32_t c = cgroup;; c = r->world.cgroups[c].parent) {
		r->throttled_ns[c] += rest;
		if (!c)
			break;
	}
}
