/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page counters and charging, after mm/page_counter.c and try_charge_memcg() of mm/memcontrol.c.
 */
#include "backend/sim/rooms.h"

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* propagate_protected_usage(): tell the parent how much of the usage is protected. */
static void protect_update(struct sim *s, struct memcg *c)
{
	uint64_t min = least(c->usage, c->min), low = least(c->usage, c->low);
	struct memcg_more *x = &s->more[c - s->cg];

	if (c->parent == SIM_NONE)
		return;
	s->more[c->parent].children_min += min - x->min_usage;
	s->more[c->parent].children_low += low - x->low_usage;
	x->min_usage = min;
	x->low_usage = low;
}

void memcg_limits_changed(struct sim *s, uint32_t m)
{
	struct memcg *c = &s->cg[m];

	c->protects = c->min || c->low;
	c->bound = c->protects ? 0 : least(c->high, c->max);
	protect_update(s, c);
}

void memcg_charge_force(struct sim *s, uint32_t m, uint64_t pages)
{
	for (; m != SIM_NONE; m = s->cg[m].parent) {
		struct memcg *c = &s->cg[m];

		c->usage += pages;
		if (c->usage > c->watermark)
			c->watermark = c->usage;
		if (c->protects)
			protect_update(s, c);
	}
}

void memcg_uncharge(struct sim *s, uint32_t m, uint64_t pages)
{
	for (; m != SIM_NONE; m = s->cg[m].parent) {
		struct memcg *c = &s->cg[m];

		c->usage -= pages;
		if (c->protects)
			protect_update(s, c);
	}
}

/*
 * page_counter_try_charge(): all levels or none.  The first from below that refused, or SIM_NONE;
 * *over: some level is then above its memory.high.
 */
static uint32_t try_charge(struct sim *s, uint32_t m, uint64_t pages, bool *over)
{
	for (uint32_t i = m; i != SIM_NONE; i = s->cg[i].parent)
		if (s->cg[i].usage + pages > s->cg[i].max)
			return i;
	*over = false;
	for (uint32_t i = m; i != SIM_NONE; i = s->cg[i].parent) {
		struct memcg *c = &s->cg[i];

		c->usage += pages;
		if (c->usage > c->watermark)
			c->watermark = c->usage;
		*over |= c->usage > c->high;
		if (c->protects)
			protect_update(s, c);
	}
	return SIM_NONE;
}

uint64_t memcg_margin(const struct sim *s, uint32_t m)
{
	const struct memcg *c = &s->cg[m];

	return c->usage < c->max ? c->max - c->usage : 0;
}

/* drain_all_stock(): give back what the cgroups of the subtree charged ahead. */
void memcg_drain(struct sim *s, uint32_t m)
{
	stride_settle_below(s, m);
	for (uint32_t i = m; i < s->cg[m].end; i++) {
		uint32_t stock = s->cg[i].stock;

		if (!stock)
			continue;
		s->cg[i].stock = 0;
		memcg_uncharge(s, i, stock);
	}
}

/*
 * The slow path of try_charge_memcg(), from its `retry:` label on, with the same counting: a charge
 * that cannot be met passes here 18 times before the OOM killer is asked (one pass drains the
 * stocks, 16 are retries, one more finds none left) and 17 times after, if the task itself is the
 * victim.  Each pass counts one `max`.
 */
static enum charge_result charge_slow(struct sim *s, struct worker *w, uint32_t nr, bool *over)
{
	struct charge *c = &w->charge;

	if (!w->charging) {
		w->charging = true;
		*c = (struct charge){
		    .nr = nr,
		    .batch = nr > SIM_CHARGE_BATCH ? nr : SIM_CHARGE_BATCH,
		    .retries = SIM_RECLAIM_RETRIES,
		};
	}
	for (;;) {
		uint32_t limit = try_charge(s, w->cg, c->batch, over);
		uint64_t freed;

		if (limit == SIM_NONE)
			return CHARGE_OK;
		if (c->batch > c->nr) {
			c->batch = c->nr;
			continue;
		}
		memcg_event(s, limit, ev_max);
		freed = reclaim(s, limit, c->nr, w);
		if (memcg_margin(s, limit) >= c->nr)
			continue;
		if (!c->drained) {
			memcg_drain(s, limit);
			c->drained = true;
			continue;
		}
		if (freed && c->nr <= SIM_COSTLY_PAGES)
			continue;
		if (c->retries-- > 0)
			continue;
		if (c->passed_oom && w->dying)
			return CHARGE_NOMEM;
		if (c->nr > SIM_COSTLY_PAGES)
			return CHARGE_NOMEM;

		enum oom_result r = oom_invoke(s, limit);

		c->passed_oom = true;
		c->retries = SIM_RECLAIM_RETRIES;
		/* The kernel would try on until the victim's memory is back. */
		if (!w->dying && r != OOM_NOBODY) {
			oom_wait(s, w, limit);
			return CHARGE_WAIT;
		}
	}
}

/* memcg_charge() when the stock is too small and limits may be met. */
enum charge_result memcg_charge_any(struct sim *s, struct worker *w, uint32_t nr)
{
	struct memcg *m = &s->cg[w->cg];
	uint32_t batch = nr > SIM_CHARGE_BATCH ? nr : SIM_CHARGE_BATCH;
	bool over = false;

	if (w->charging || try_charge(s, w->cg, batch, &over) != SIM_NONE) {
		enum charge_result r = charge_slow(s, w, nr, &over);

		if (r == CHARGE_WAIT)
			return r;
		w->charging = false;
		if (r == CHARGE_NOMEM)
			return r;
		batch = w->charge.batch;
	}
	m->stock = (uint8_t)(m->stock + batch - nr);
	if (over || m->delay_cg != SIM_NONE)
		high_handle(s, w, batch);
	return CHARGE_OK;
}
