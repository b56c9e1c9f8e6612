/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blame.c - what held an allocation.
 *
 * The kernel does not say.  What is known of a slow part of an allocation is its length and its
 * time on a CPU; of the rest, what lies in a policy delay of its cgroup or one above is that
 * delay's; what is left is the native throttle's if memory.events.local `high` of one of these
 * levels rose meanwhile, else reclaim's or an OOM killer's if `max` did, else nobody's (another
 * task had the CPU, a frozen cgroup, a disk).  The kernel's throttle sleeps at least HZ/100, so
 * parts shorter than POOL_SLOW_NS are not asked about.
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

void blame_chunk(struct live_run *r, uint32_t worker, uint64_t end_ns, uint64_t latency_ns,
		 uint64_t cpu_ns)
{
	uint32_t cgroup = r->world.workers[worker].cgroup;
	struct obs_held *held = &r->workers[worker].held;
	uint64_t from = end_ns - latency_ns, rest, by_delay;
	bool high = false, max = false;

	rest = latency_ns - (cpu_ns < latency_ns ? cpu_ns : latency_ns);
	by_delay = delayed(r, cgroup, from, end_ns);
	if (by_delay > rest)
		by_delay = rest;
	held->delay_ns += by_delay;
	rest -= by_delay;
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
