/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes to a cgroup's files.  The writer is no worker: its reclaim takes nobody's time, except on
 * the disk.
 */
#include "backend/sim/mechanism.h"

/* page_counter_memparse() */
uint64_t limits_pages(uint64_t bytes)
{
	uint64_t pages = bytes / PAGE_BYTES;

	return bytes == NO_LIMIT || pages > PAGES_MAX ? PAGES_MAX : pages;
}

/* memory_max_write(), from where it has written the limit */
void limits_shrink_to_max(struct sim *s, uint32_t m)
{
	struct memcg *c = &s->cg[m];
	int reclaims = SIM_RECLAIM_RETRIES;

	s->more[m].max_pending = false;
	if (c->usage > c->max)
		memcg_drain(s, m);
	while (c->usage > c->max) {
		if (reclaims) {
			if (!reclaim(s, m, c->usage - c->max, NULL))
				reclaims--;
			continue;
		}
		if (oom_invoke(s, m) == OOM_NOBODY) {
			s->more[m].excused = c->usage;
			return;
		}
		/* The kernel goes on asking until the victim's memory is back. */
		s->more[m].max_pending = true;
		return;
	}
}

/* memory_high_write() */
void limits_shrink_to_high(struct sim *s, uint32_t m)
{
	struct memcg *c = &s->cg[m];
	int retries = SIM_RECLAIM_RETRIES;

	if (c->usage > c->high)
		memcg_drain(s, m);
	while (c->usage > c->high)
		if (!reclaim(s, m, c->usage - c->high, NULL) && retries-- <= 0)
			return;
}

/* user_proactive_reclaim() */
void limits_reclaim(struct sim *s, uint32_t m, uint64_t pages)
{
	int retries = SIM_RECLAIM_RETRIES;
	uint64_t freed = 0;

	while (freed < pages) {
		uint64_t n = reclaim(s, m, (pages - freed) / 4, NULL);

		if (!n && retries-- <= 0)
			return;
		freed += n;
	}
}

static void freeze_members(struct sim *s, uint32_t m, int delta)
{
	for (uint32_t i = s->more[m].wbegin; i < s->more[s->cg[m].end - 1].wend; i++)
		worker_frozen(s, &s->w[s->members[i]], delta);
}

void limits_freeze(struct sim *s, uint32_t m, bool on)
{
	if (s->more[m].frozen == on)
		return;
	s->more[m].frozen = on;
	freeze_members(s, m, on ? 1 : -1);
}

/*
 * What polls knows the cgroup that has the delay: all below wait for it, but those that have one of
 * their own, or none.  Whoever is held is let go, whatever `set` has changed meanwhile.
 */
void limits_hold(struct sim *s, uint32_t m, bool on)
{
	for (uint32_t i = s->more[m].wbegin; i < s->more[s->cg[m].end - 1].wend; i++) {
		struct worker *w = &s->w[s->members[i]];

		if (on && !w->held_for &&
		    (s->mechanism != MECH_POLL || s->cg[w->cg].delay_cg == m)) {
			w->held_for = m;
			worker_frozen(s, w, 1);
		} else if (!on && w->held_for == m) {
			w->held_for = 0;
			worker_frozen(s, w, -1);
		}
	}
}

static void write_attrs(struct sim *s, uint32_t m, const struct cg_attrs *a, uint32_t mask)
{
	struct memcg *c = &s->cg[m];
	struct memcg_more *x = &s->more[m];

	if (mask & CGA_BIT(CGA_MIN))
		c->min = limits_pages(a->min_bytes);
	if (mask & CGA_BIT(CGA_LOW))
		c->low = limits_pages(a->low_bytes);
	if (mask & CGA_BIT(CGA_HIGH))
		c->high = limits_pages(a->high_bytes);
	if (mask & CGA_BIT(CGA_MAX))
		c->max = limits_pages(a->max_bytes);
	if (mask & CGA_BIT(CGA_SWAP))
		x->swap_max = limits_pages(a->swap_bytes);
	if (mask & CGA_BIT(CGA_OOM))
		x->oom_group = a->oom_group;
	if (mask & CGA_BIT(CGA_THP))
		c->thp = a->thp;
	if (mask & CGA_BIT(CGA_WEIGHT))
		x->weight = a->weight ? a->weight : 1;
	if (mask & CGA_BIT(CGA_CPU))
		x->cpu_ppm = a->cpu_ppm;
	if (mask & (CGA_BIT(CGA_MIN) | CGA_BIT(CGA_LOW) | CGA_BIT(CGA_HIGH) | CGA_BIT(CGA_MAX)))
		memcg_limits_changed(s, m);
	policy_set(s, m, a, mask);
}

void limits_init(struct sim *s, uint32_t m, const struct cg_attrs *a)
{
	write_attrs(s, m, a, UINT32_MAX);
}

void limits_set(struct sim *s, uint32_t m, const struct cg_attrs *a)
{
	const uint32_t policy = CGA_BIT(CGA_MIN) | CGA_BIT(CGA_LOW) | CGA_BIT(CGA_PRIORITY) |
				CGA_BIT(CGA_DELAY) | CGA_BIT(CGA_THRESHOLD) | CGA_BIT(CGA_WINDOW) |
				CGA_BIT(CGA_PROTECT);

	write_attrs(s, m, a, a->set);
	mech_set(s, m, a->set);
	if (a->set & policy)
		policy_refresh(s);
	if (a->set & (CGA_BIT(CGA_WEIGHT) | CGA_BIT(CGA_CPU)))
		cpu_weights_changed(s);
	if (a->set & CGA_BIT(CGA_HIGH))
		limits_shrink_to_high(s, m);
	if (a->set & CGA_BIT(CGA_MAX))
		limits_shrink_to_max(s, m);
}
