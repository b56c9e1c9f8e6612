/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Freezing a cgroup for a delay: the mechanisms freeze and poll, after src/backend/cgroup/hold.c,
 * freezer.c and watch_poll.c.
 */
#include "backend/sim/mechanism.h"

#define POLL_ALWAYS_NS (5 * NS_PER_MS) /* LOOK_SOON_NS: batches below memory.high notify nobody */

static uint64_t plus(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? NEVER : sum;
}

static uint64_t freeze_ns(const struct sim *s, const struct mech_cg *h)
{
	/* Who polls is there already. */
	return s->mechanism == MECH_POLL ? h->since_ns : plus(h->since_ns, s->machine.reaction_ns);
}

static void arm(struct sim *s, uint32_t m)
{
	const struct mech_cg *h = &s->mech[m];
	uint64_t next = h->pending ? h->look_ns : NEVER;
	uint64_t own = !h->on ? NEVER : h->frozen ? h->due_ns : freeze_ns(s, h);

	mech_timer(s, m, own < next ? own : next);
}

/* hold_event() */
static void owe(struct sim *s, uint32_t m, uint32_t task, uint32_t batches, uint64_t delay_ns)
{
	struct mech_cg *h = &s->mech[m];
	uint64_t owed = mul_div(delay_ns, batches, 1);
	struct obs o = {
	    .kind = OBS_DELAY, .cgroup = s->more[m].index, .worker = task, .delay = {.ns = owed}};

	if (h->on) {
		if (h->task != task)
			return; /* it overlaps */
		h->due_ns = plus(h->due_ns, owed);
	} else {
		h->since_ns = s->now_ns;
		h->due_ns = plus(s->now_ns, owed);
		if (h->due_ns <= freeze_ns(s, h))
			return; /* over before anybody can act */
		h->on = true;
		h->task = task;
	}
	h->delays += batches;
	o.delay.lag_ns = freeze_ns(s, h) > s->now_ns ? freeze_ns(s, h) - s->now_ns : 0;
	sim_observe(s, &o);
}

void hold_charged(struct sim *s, struct worker *w, uint64_t delay_ns)
{
	owe(s, w->cg, worker_index(s, w), 1, delay_ns);
	arm(s, w->cg);
}

/* ---- polling --------------------------------------------------------------------------------- */

/* memory.events has changed: the first time is told at once, others are held back. */
void hold_notified(struct sim *s, uint32_t m)
{
	struct mech_cg *h = &s->mech[m];
	bool over = s->cg[m].usage > s->cg[m].high;

	if (h->pending)
		return;
	h->pending = true;
	if (!over) {
		h->look_ns = s->now_ns - s->now_ns % POLL_ALWAYS_NS + POLL_ALWAYS_NS;
	} else {
		if (h->notified_ns != NEVER && h->notified_ns + POLL_NOTIFY_NS > s->now_ns)
			h->notified_ns += POLL_NOTIFY_NS;
		else
			h->notified_ns = s->now_ns;
		h->look_ns = plus(h->notified_ns, s->machine.reaction_ns);
	}
	arm(s, m);
}

/* pgfault of memory.stat of all priority-high cgroups. */
void hold_read_faults(struct sim *s)
{
	for (uint32_t m = 0; m < s->ncg; m++) {
		struct memcg_more *x = &s->more[m];
		uint64_t n = x->unread_faults;

		x->unread_faults = 0;
		if (n)
			policy_window_add(s, m, n);
	}
}

void mech_faulted(struct sim *s)
{
	uint64_t next = s->now_ns - s->now_ns % POLL_LOOK_NS + POLL_LOOK_NS;

	if (!queue_holds(s, s->nw + MACHINE))
		mech_timer(s, MACHINE, next);
}

/* watch_batches() */
static uint32_t batches_since(uint64_t *seen, uint64_t usage, uint64_t base)
{
	uint64_t n;

	if (usage <= base || usage <= *seen) {
		*seen = usage;
		return 0;
	}
	if (*seen <= base) {
		n = (usage - base + SIM_CHARGE_BATCH - 1) / SIM_CHARGE_BATCH;
		*seen = usage;
	} else {
		n = (usage - *seen + SIM_CHARGE_BATCH / 2) / SIM_CHARGE_BATCH;
		*seen = n ? usage : *seen;
	}
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static void look(struct sim *s, uint32_t m)
{
	struct mech_cg *h = &s->mech[m];
	const struct agentcg_policy *p = &s->more[m].policy;
	uint64_t base = p->flags & AGENTCG_ALWAYS ? 0 : s->cg[m].high;
	uint32_t n = batches_since(&h->seen, s->cg[m].usage, base);

	h->pending = false;
	if (!n || !p->delay_ns)
		return;
	hold_read_faults(s);
	if (s->now_ns < s->active_until_ns)
		owe(s, m, UINT32_MAX, n, p->delay_ns);
}

void hold_fire(struct sim *s, uint32_t m)
{
	struct mech_cg *h = &s->mech[m];

	if (h->on && h->frozen && s->now_ns >= h->due_ns) {
		h->ended_ns += h->due_ns - h->since_ns;
		h->on = h->frozen = false;
		limits_hold(s, m, false);
	}
	if (h->pending && s->now_ns >= h->look_ns)
		look(s, m);
	if (h->on && !h->frozen && s->now_ns >= freeze_ns(s, h)) {
		h->frozen = true;
		limits_hold(s, m, true);
	}
	arm(s, m);
}
