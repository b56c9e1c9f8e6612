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
		h->base = c->usage;
		memcg_limits_changed(s, m);
		limits_shrink_to_high(s, m);
		h->drained |= c->usage < h->base;
		h->base = c->usage;
	}
	h->planned = h->owed;
}

/* Of a batch that replaces what our write took back, what the cgroup grew by is the tasks'. */
static void account(struct sim *s, uint32_t m, uint64_t pages, uint64_t slept)
{
	struct mech_cg *h = &s->mech[m];
	uint64_t usage = s->cg[m].usage, grown = usage > h->peak ? usage - h->peak : 0;

	if (h->drained && grown < pages)
		pages = grown;
	h->drained = false;
	h->peak += grown;
	h->charged += pages;
	h->owed += (int64_t)(delay_of(s, m) * pages / SIM_CHARGE_BATCH) - (int64_t)slept;
	if (h->owed > DEBT_MAX)
		h->owed = DEBT_MAX;
	if (h->owed < -DEBT_MAX)
		h->owed = -DEBT_MAX;
}

static void begin(struct sim *s, uint32_t m)
{
	struct mech_cg *h = &s->mech[m];

	h->owed = 0;
	h->drained = false;
	h->peak = s->cg[m].usage;
}

/* Was slept so much more or less than planned that the next value cannot wait for its turn? */
static bool astray(const struct sim *s, uint32_t m)
{
	const struct mech_cg *h = &s->mech[m];
	int64_t delay = (int64_t)delay_of(s, m);

	return h->owed < -delay || h->owed > h->planned + delay;
}

void tight_charged(struct sim *s, uint32_t m, uint64_t nr, uint64_t native, bool waits)
{
	struct mech_cg *h = &s->mech[m];
	uint64_t slept = native < SIM_MAX_HIGH_DELAY ? native : SIM_MAX_HIGH_DELAY, soon;

	if (slept <= SIM_HZ / 100)
		slept = 0;
	if (!h->on) {
		if (!waits)
			return;
		if (h->write_ns == NEVER)
			begin(s, m);
		/* It sleeps as the scenario's own memory.high says. */
		slept = 0;
	}
	if (waits) {
		account(s, m, nr, slept);
		if (h->on && s->cg[m].usage + SIM_CHARGE_BATCH / 2 < h->base + CYCLE_PAGES &&
		    !astray(s, m))
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
	begin(s, m);
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
