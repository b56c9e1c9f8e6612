/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/watch.h"

void watch_policy(struct agentcg_policy *p, const struct cg_attrs *a, uint32_t mask)
{
	const uint64_t protect = AGENTCG_PROTECT_LOW | AGENTCG_PROTECT_MIN;

	if (mask & CGA_BIT(CGA_PRIORITY)) {
		p->flags &= ~AGENTCG_PRIORITY_HIGH;
		if (a->priority == PRIORITY_HIGH)
			p->flags |= AGENTCG_PRIORITY_HIGH;
	}
	if (mask & CGA_BIT(CGA_DELAY)) {
		p->delay_ns = a->delay_ns;
		p->flags &= ~AGENTCG_ALWAYS;
		if (a->delay_always)
			p->flags |= AGENTCG_ALWAYS;
		/* Once said, it stays said: `delay off` exempts a cgroup from its parent's. */
		if ((a->set & CGA_BIT(CGA_DELAY)) || a->delay_ns)
			p->flags |= AGENTCG_DELAY_SET;
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

bool watch_below(const struct mech_host *h, uint32_t i, uint32_t ancestor)
{
	while (i > ancestor) /* parents come first */
		i = h->cgroups[i].parent;
	return i == ancestor;
}
