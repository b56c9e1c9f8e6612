/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/sim/mechanism.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char *const names[] = {
    [MECH_MEMCG_BPF] = "memcg_bpf", [MECH_FREEZE] = "freeze", [MECH_HIGH] = "high",
    [MECH_SCHED_EXT] = "sched_ext", [MECH_POLL] = "poll",
};

enum sim_mechanism mech_of(const char *name)
{
	for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
		if (!strcmp(names[i], name))
			return (enum sim_mechanism)i;
	return MECH_MEMCG_BPF;
}

void mech_init(struct sim *s)
{
	if (!mech_has_timers(s->mechanism))
		return;
	s->mech = mem_alloc(s->ncg * sizeof *s->mech);
	for (uint32_t m = 0; m < s->ncg; m++) {
		s->mech[m].write_ns = NEVER;
		s->mech[m].notified_ns = NEVER;
		s->mech[m].seen = s->cg[m].usage;
	}
}

void mech_free(struct sim *s)
{
	free(s->mech);
}

uint64_t mech_own_high(const struct sim *s, uint32_t m)
{
	return s->mechanism == MECH_HIGH && s->mech[m].on ? s->mech[m].own_high : s->cg[m].high;
}

/* ---- sched_ext: one task, off the CPUs ------------------------------------------------------- */

static void keep_off(struct sim *s, struct worker *w, uint64_t delay_ns)
{
	uint64_t least = delay_ns < SCHED_EXT_MAX_NS ? delay_ns : SCHED_EXT_MAX_NS;

	if (!(w->owe_jiffies & SIM_HELD)) {
		w->owe_jiffies |= SIM_HELD;
		w->held_batches = 0;
		w->held_since_ns = w->held_until_ns = s->now_ns;
	}
	w->held_batches++;
	w->held_until_ns += least;
	if (w->held_until_ns > s->now_ns + SCHED_EXT_MAX_NS)
		w->held_until_ns = s->now_ns + SCHED_EXT_MAX_NS;
}

bool mech_hold_task(struct sim *s, struct worker *w)
{
	struct obs o = {
	    .kind = OBS_DELAY,
	    .cgroup = s->more[w->cg].index,
	    .worker = worker_index(s, w),
	    .delay = {.ns = w->held_until_ns - s->now_ns},
	};

	w->owe_jiffies = 0;
	/* Asleep for memory.high until then: nobody was kept off a CPU. */
	if (w->held_until_ns <= s->now_ns)
		return false;
	s->more[w->cg].delays += w->held_batches;
	w->sleep_ns = w->held_since_ns;
	worker_schedule(s, w, MODE_DELAY, w->held_until_ns);
	sim_observe(s, &o);
	return true;
}

/* ---- all ------------------------------------------------------------------------------------- */

void mech_charged(struct sim *s, struct worker *w, uint64_t nr, uint64_t native)
{
	uint32_t m = s->cg[w->cg].delay_cg;
	const struct agentcg_policy *p;
	bool waits;

	if (m == SIM_NONE)
		return;
	p = &s->more[m].policy;
	waits = (p->flags & AGENTCG_ALWAYS) || s->cg[m].usage > mech_own_high(s, m);
	if (s->mechanism == MECH_POLL) {
		if (waits)
			hold_notified(s, m);
		return; /* who is active is asked then */
	}
	if (s->now_ns >= s->active_until_ns)
		return;
	/* What memory.high is moved for has to be known of the batches below it, too. */
	if (s->mechanism == MECH_HIGH)
		tight_charged(s, m, nr, native, waits);
	else if (waits && s->mechanism == MECH_FREEZE)
		hold_charged(s, w, p->delay_ns);
	else if (waits)
		keep_off(s, w, p->delay_ns);
}

void mech_active(struct sim *s)
{
	if (s->mechanism != MECH_HIGH)
		return;
	for (uint32_t m = 0; m < s->ncg; m++)
		if (s->more[m].policy.delay_ns)
			tight_active(s, m);
}

void mech_set(struct sim *s, uint32_t m, uint32_t mask)
{
	struct mech_cg *h;

	if (s->mechanism != MECH_HIGH || !(mask & (CGA_BIT(CGA_HIGH) | CGA_BIT(CGA_DELAY))))
		return;
	h = &s->mech[m];
	if (!h->on)
		return;
	/* What was written now is in force: what it was before does not come back. */
	if (mask & CGA_BIT(CGA_HIGH))
		h->own_high = s->cg[m].high;
	tight_let_go(s, m);
}

void mech_count(const struct sim *s, uint32_t m, struct cg_counters *c)
{
	const struct mech_cg *h;

	if (!s->mech)
		return;
	h = &s->mech[m];
	c->delays += h->delays + (h->charged + SIM_CHARGE_BATCH / 2) / SIM_CHARGE_BATCH;
	c->delayed_ns += h->ended_ns;
	if (h->on && s->mechanism != MECH_HIGH)
		c->delayed_ns += (s->now_ns < h->due_ns ? s->now_ns : h->due_ns) - h->since_ns;
}

void mech_fire(struct sim *s, uint32_t m)
{
	stride_settle_below(s, MACHINE);
	if (s->mechanism == MECH_HIGH)
		tight_fire(s, m);
	else if (m == MACHINE)
		hold_read_faults(s);
	else
		hold_fire(s, m);
}
