/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The delay policy: whose faults make whom active, and what that does.  The window itself is that
 * of bpf/policy.h, the same text that the BPF programs run.
 *
 * A program attached to a cgroup serves its descendants too, until one has its own.
 */
#include "backend/sim/mechanism.h"

/*
 * Every step of a charge asks whether somebody is active; keep the answer as a time.  Windows and
 * priorities change only by `set`, which computes it anew.
 */
static void active_update(struct sim *s)
{
	s->active_until_ns = 0;
	for (uint32_t m = 0; m < s->ncg; m++) {
		const struct memcg_more *x = &s->more[m];
		uint64_t until;

		if (!(x->policy.flags & AGENTCG_PRIORITY_HIGH) ||
		    !agentcg_window_active(&x->window, &x->policy, s->now_ns))
			continue;
		if (__builtin_add_overflow(x->window.trigger_ns, x->policy.window_ns, &until))
			until = NEVER;
		if (until > s->active_until_ns)
			s->active_until_ns = until;
	}
}

void policy_set(struct sim *s, uint32_t m, const struct cg_attrs *a, uint32_t mask)
{
	struct memcg_more *x = &s->more[m];
	struct agentcg_policy *p = &x->policy;
	const uint64_t protect = AGENTCG_PROTECT_LOW | AGENTCG_PROTECT_MIN;

	if (mask & CGA_BIT(CGA_PRIORITY)) {
		p->flags &= ~AGENTCG_PRIORITY_HIGH;
		if (a->priority == PRIORITY_HIGH)
			p->flags |= AGENTCG_PRIORITY_HIGH;
		else
			x->window = (struct agentcg_window){0};
	}
	if (mask & CGA_BIT(CGA_DELAY)) {
		p->delay_ns = a->delay_ns;
		p->flags &= ~AGENTCG_ALWAYS;
		if (a->delay_always)
			p->flags |= AGENTCG_ALWAYS;
		x->delay_set |= (a->set & CGA_BIT(CGA_DELAY)) || a->delay_ns;
	}
	if (mask & CGA_BIT(CGA_THRESHOLD))
		p->threshold = a->threshold;
	if (mask & CGA_BIT(CGA_WINDOW))
		p->window_ns = a->window_ns;
	if (mask & CGA_BIT(CGA_PROTECT)) {
		p->flags &= ~protect;
		if (a->protect == PROTECT_LOW)
			p->flags |= AGENTCG_PROTECT_LOW;
		else if (a->protect == PROTECT_MIN)
			p->flags |= AGENTCG_PROTECT_MIN;
	}
}

void policy_refresh(struct sim *s)
{
	for (uint32_t m = 0; m < s->ncg; m++) {
		struct memcg *c = &s->cg[m];
		const struct memcg_more *x = &s->more[m];
		bool root = c->parent == SIM_NONE;

		c->delay_cg = x->delay_set ? (x->policy.delay_ns ? m : SIM_NONE)
			      : root	   ? SIM_NONE
					   : s->cg[c->parent].delay_cg;
		c->high_cg = x->policy.flags & AGENTCG_PRIORITY_HIGH ? m
			     : root				     ? SIM_NONE
								     : s->cg[c->parent].high_cg;
	}
	s->protecting = 0;
	for (uint32_t m = 0; m < s->ncg; m++)
		s->protecting +=
		    s->cg[m].min || s->cg[m].low ||
		    (s->more[m].policy.flags & (AGENTCG_PROTECT_LOW | AGENTCG_PROTECT_MIN));
	s->ever_protecting |= s->protecting != 0;
	active_update(s);
}

void policy_window_add(struct sim *s, uint32_t m, uint64_t n)
{
	struct memcg_more *x = &s->more[m];
	uint64_t until;

	if (!agentcg_window_add(&x->window, &x->policy, s->now_ns, n))
		return;
	if (__builtin_add_overflow(s->now_ns, x->policy.window_ns, &until))
		until = NEVER;
	if (until > s->active_until_ns)
		s->active_until_ns = until;
	mech_active(s);
}

void policy_faults_high(struct sim *s, uint32_t m, uint64_t n)
{
	for (; m != SIM_NONE; m = s->cg[s->cg[m].parent].high_cg) {
		if (s->mechanism == MECH_POLL) {
			s->more[m].unread_faults += n;
			mech_faulted(s);
		} else {
			policy_window_add(s, m, n);
		}
	}
}

uint64_t policy_delay_jiffies(const struct sim *s, uint32_t m)
{
	const struct agentcg_policy *p;
	uint64_t ms;

	m = s->cg[m].delay_cg;
	if (m == SIM_NONE || s->now_ns >= s->active_until_ns)
		return 0;
	p = &s->more[m].policy;
	if (!(p->flags & AGENTCG_ALWAYS) && s->cg[m].usage <= s->cg[m].high)
		return 0;
	/* The hook returns milliseconds in an unsigned int; msecs_to_jiffies() rounds up. */
	ms = p->delay_ns / NS_PER_MS;
	if (ms > UINT32_MAX)
		ms = UINT32_MAX;
	return (ms * SIM_HZ + 999) / 1000;
}

bool policy_protects(const struct sim *s, uint32_t m, uint64_t flag)
{
	/* The nearest priority-high cgroup speaks, as the nearest program is the one that runs. */
	m = s->cg[m].high_cg;
	if (m == SIM_NONE || !(s->more[m].policy.flags & flag))
		return false;
	return agentcg_window_active(&s->more[m].window, &s->more[m].policy, s->now_ns);
}
