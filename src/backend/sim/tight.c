/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moving memory.high for a delay: the mechanism high, after src/backend/cgroup/mech_high.c and
 * penalty.c.  All in pages and jiffies, as the kernel computes.
 */
#include "backend/sim/mechanism.h"

#define LOOK_NS	    (50 * NS_PER_MS)
#define DEBT_MAX    INT64_C(2500) /* jiffies, 10 s */
#define CYCLE_PAGES (HIGH_CYCLE * (uint64_t)SIM_CHARGE_BATCH)

static bool applies(const struct sim *s, uint32_t m)
{
	const struct agentcg_policy *p = &s->more[m].policy;

	return p->delay_ns && ((p->flags & AGENTCG_ALWAYS) ||
			       s->cg[m].usage + SIM_CHARGE_BATCH > mech_own_high(s, m));
}

static uint64_t delay_of(const struct sim *s, uint32_t m)
{
	uint64_t jiffies = s->more[m].policy.delay_ns / SIM_JIFFY_NS;

	return jiffies < SIM_MAX_HIGH_DELAY ? jiffies : SIM_MAX_HIGH_DELAY;
}

static void arm(struct sim *s, uint32_t m)
{
	const struct mech_cg *h = &s->mech[m];
	uint64_t next = h->write_ns;

	if (h->on && h->look_ns < next)
		next = h->look_ns;
	if (h->on && s->active_until_ns < next)
		next = s->active_until_ns;
	mech_timer(s, m, next);
}

void tight_let_go(struct sim *s, uint32_t m)
{
	struct mech_cg *h = &s->mech[m];

	h->write_ns = NEVER;
	h->owed = 0;
	if (h->on) {
		h->on = false;
		s->cg[m].high = h->own_high;
		memcg_limits_changed(s, m);
	}
	arm(s, m);
}

/* penalty_high(): the highest memory.high whose penalties over the next batches add up to this. */
static uint64_t high_for(uint64_t first, int64_t sum)
{
	uint64_t low = 1, high = first + CYCLE_PAGES;

	if (sum <= 0)
		return high;
	while (low < high) {
		uint64_t mid = low + (high - low + 1) / 2, total = 0;

		for (uint32_t k = 0; k < HIGH_CYCLE; k++) {
			uint64_t p = high_penalty(first + k * (uint64_t)SIM_CHARGE_BATCH, mid,
						  SIM_CHARGE_BATCH);

			total += p < SIM_MAX_HIGH_DELAY ? p : SIM_MAX_HIGH_DELAY;
		}
		if (total >= (uint64_t)sum)
			low = mid;
		else
			high = mid - 1;
	}
	return low;
}

static void tighten(struct sim *s, uint32_t m)
{
	struct mech_cg *h = &s->mech[m];
	struct memcg *c = &s->cg[m];
	uint64_t before = 0;

	h->write_ns = NEVER;
	h->look_ns = s->now_ns + LOOK_NS;
	if (!applies(s, m)) {
		tight_let_go(s, m);
		return;
	}
	if (!h->on)
		h->own_high = c->high;
	/* The first write takes back what is left of a batch; the second knows the usage then. */
	for (int turn = 0; turn < 2; turn++) {
		uint64_t end = c->usage + CYCLE_PAGES, pages;
		int64_t sum = h->owed;

		if (end > h->peak)
			sum += (int64_t)(delay_of(s, m) * (end - h->peak) / SIM_CHARGE_BATCH);
		pages = high_for(c->usage + SIM_CHARGE_BATCH, sum);
		if (pages > h->own_high)
			pages = h->own_high; /* it never takes from what that asks for */
		if (pages == before)
			break;
		before = pages;
		h->on = true;
		c->high = pages;
		memcg_limits_changed(s, m);
		limits_shrink_to_high(s, m);
		h->base = c->usage;
	}
}

static void account(struct sim *s, uint32_t m, uint64_t slept)
{
	struct mech_cg *h = &s->mech[m];
	uint64_t usage = s->cg[m].usage;

	if (usage > h->peak) {
		h->owed += (int64_t)(delay_of(s, m) * (usage - h->peak) / SIM_CHARGE_BATCH);
		h->peak = usage;
	}
	h->owed -= (int64_t)slept;
	if (h->owed > DEBT_MAX)
		h->owed = DEBT_MAX;
	if (h->owed < -DEBT_MAX)
		h->owed = -DEBT_MAX;
}

void tight_charged(struct sim *s, uint32_t m, uint64_t native, bool waits)
{
	struct mech_cg *h = &s->mech[m];
	uint64_t slept = native < SIM_MAX_HIGH_DELAY ? native : SIM_MAX_HIGH_DELAY, soon;

	if (slept <= SIM_HZ / 100)
		slept = 0;
	if (!h->on) {
		if (!waits)
			return;
		/* It sleeps as the scenario's own memory.high says. */
		h->owed += (int64_t)delay_of(s, m);
		h->peak = s->cg[m].usage;
		slept = 0;
	} else {
		account(s, m, slept);
		if (s->cg[m].usage + SIM_CHARGE_BATCH / 2 < h->base + CYCLE_PAGES)
			return;
	}
	soon = slept * SIM_JIFFY_NS / 2;
	if (soon < s->machine.reaction_ns)
		soon = s->machine.reaction_ns;
	if (h->write_ns == NEVER || h->on)
		h->write_ns = s->now_ns + soon;
	arm(s, m);
}

void tight_active(struct sim *s, uint32_t m)
{
	struct mech_cg *h = &s->mech[m];

	if (h->on || h->write_ns != NEVER || !applies(s, m))
		return;
	h->owed = 0;
	h->peak = s->cg[m].usage;
	h->write_ns = s->now_ns + s->machine.reaction_ns;
	arm(s, m);
}

void tight_fire(struct sim *s, uint32_t m)
{
	struct mech_cg *h = &s->mech[m];
	uint64_t usage = s->cg[m].usage;

	if (s->now_ns >= s->active_until_ns) {
		tight_let_go(s, m);
		return;
	}
	if (s->now_ns >= h->write_ns) {
		tighten(s, m);
	} else if (h->on && s->now_ns >= h->look_ns) {
		h->look_ns = s->now_ns + LOOK_NS;
		if (!applies(s, m)) {
			tight_let_go(s, m);
			return;
		}
		/* Also when it has become smaller, or grew without being told of. */
		if (usage + 2 * SIM_CHARGE_BATCH < h->base ||
		    usage > h->base + CYCLE_PAGES + SIM_CHARGE_BATCH)
			tighten(s, m);
	}
	arm(s, m);
}
