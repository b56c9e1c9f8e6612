/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.high, after reclaim_high(), calculate_high_delay() and __mem_cgroup_handle_over_high() of
 * mm/memcontrol.c, and the timer wheel that ends the sleep, after kernel/time/timer.c.
 */
#include "backend/sim/mechanism.h"

#define DELAY_PRECISION_SHIFT 20 /* MEMCG_DELAY_PRECISION_SHIFT */
#define DELAY_SCALING_SHIFT   14 /* MEMCG_DELAY_SCALING_SHIFT */

/*
 * A timeout never fires early, so the wheel rounds up: a bucket of level l covers 8^l jiffies, and
 * a timer goes into the bucket after the one that its expiry lies in.  2000 ms asked take 2.000 to
 * 2.032 s.
 */
uint64_t high_timer_ns(uint64_t now_ns, uint64_t jiffies)
{
	uint64_t expires = now_ns / SIM_JIFFY_NS + jiffies;
	unsigned shift = 0;

	while (jiffies >= UINT64_C(63) << shift && shift < 3 * 8)
		shift += 3;
	return (((expires >> shift) + 1) << shift) * SIM_JIFFY_NS;
}

/* calculate_overage() */
static uint64_t overage(uint64_t usage, uint64_t high)
{
	if (usage <= high)
		return 0;
	return (uint64_t)(((unsigned __int128)(usage - high) << DELAY_PRECISION_SHIFT) /
			  (high ? high : 1));
}

/* calculate_high_delay(), saturating where its product would wrap */
static uint64_t penalty_of(uint64_t over, uint64_t nr)
{
	unsigned __int128 p;

	if (over >> 40) /* over a million times high */
		over = UINT64_C(1) << 40;
	p = (unsigned __int128)over * over * SIM_HZ;
	p >>= DELAY_PRECISION_SHIFT;
	p >>= DELAY_SCALING_SHIFT;
	return (uint64_t)(p * nr / SIM_CHARGE_BATCH);
}

uint64_t high_penalty(uint64_t usage, uint64_t high, uint64_t nr)
{
	return penalty_of(overage(usage, high), nr);
}

/* mem_find_max_overage() */
static uint64_t max_overage(const struct sim *s, uint32_t m)
{
	uint64_t max = 0;

	for (; m != MACHINE; m = s->cg[m].parent) {
		uint64_t o = overage(s->cg[m].usage, s->cg[m].high);

		if (o > max)
			max = o;
	}
	return max;
}

static uint64_t reclaim_high(struct sim *s, struct worker *w, uint64_t nr)
{
	uint64_t freed = 0;

	for (uint32_t m = w->cg; m != MACHINE; m = s->cg[m].parent) {
		if (s->cg[m].usage <= s->cg[m].high)
			continue;
		memcg_event(s, m, ev_high);
		freed += reclaim(s, m, nr, w);
	}
	return freed;
}

/*
 * On the way back to user mode, after a charge of nr_over pages.  Reclaims, and leaves in
 * w->owe_jiffies how long to sleep.  The policy's delay goes through the same door: the longer of
 * the two counts, the clamp and the shortest sleep apply to both.
 */
void high_handle(struct sim *s, struct worker *w, uint32_t nr_over)
{
	int retries = SIM_RECLAIM_RETRIES;
	uint64_t nr = nr_over, native, policy = 0, penalty;
	bool hook = s->mechanism == MECH_MEMCG_BPF, seen = false;

	for (;;) {
		uint64_t freed = reclaim_high(s, w, nr);

		native = penalty_of(max_overage(s, w->cg), nr_over);
		if (hook)
			policy = policy_delay_jiffies(s, w->cg);
		else if (!seen)
			mech_charged(s, w, nr_over, native);
		seen = true;
		penalty = policy > native ? policy : native;
		if (penalty > SIM_MAX_HIGH_DELAY)
			penalty = SIM_MAX_HIGH_DELAY;
		if (penalty <= SIM_HZ / 100)
			return;
		if (!freed && retries-- <= 0)
			break;
		nr = SIM_SWAP_CLUSTER;
	}
	w->owe_jiffies = (w->owe_jiffies & SIM_HELD) | (uint32_t)penalty;
	/* Where memory.high was moved it is the policy's sleep. */
	w->owe_policy = hook ? policy > native : mech_moved(s, w->cg);
}
