/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Workers in stride.
 *
 * A worker that grows alone in its cgroup does the same again and again: it charges a batch when
 * the stock is empty, maps what the stock has up to the end of a page table, and computes for as
 * long as that takes.  In stride it does so from its turn alone, 32 bytes, and leaves itself and
 * its cgroup as they were when it began; stride_settle() brings these up to date in one go.
 *
 * Nobody can tell, because of each step
 *   - what others meet is done at its time, in its turn: the ancestors are charged, and the timer
 *     is set and takes its seq.  So the order of events, and each ancestor's usage, peak and limits
 *     at each event, are the same.  A batch that an ancestor has no room for is not charged in
 *     stride; the worker settles and charges it as any other.
 *   - what is left undone is of the worker and its cgroup alone: no other worker is there, nor a
 *     cgroup below, to use the stock or meet the limits.  Whoever looks there from outside (a
 *     sample, a write to a file, reclaim, the OOM killer) settles it before.
 *   - what is left undone is a sum.  The cgroup's limits are further away than all that the worker
 *     may charge until its goal, so none of these charges meets one; nothing is uncharged, so the
 *     peak is the last usage; nobody is delayed there, and no policy counts these faults with their
 *     times.
 *   - the CPU share is asked for anew.
 */
#include "backend/sim/stride.h"

#include "backend/sim/ops.h"

#define SHORTEST (4 * SIM_CHARGE_BATCH) /* beginning and settling cost about a step */

static uint64_t tables_of(uint64_t pages)
{
	return (pages + SIM_TABLE_PAGES - 1) / SIM_TABLE_PAGES;
}

/* All that it can charge until its goal: pages, tables, the rest of a last batch. */
static bool has_room(const struct sim *s, const struct worker *w)
{
	uint64_t need = w->goal - w->anon + tables_of(w->goal) - w->tables + SIM_CHARGE_BATCH;

	/* Its cgroup must; an ancestor is asked again each time, but had better. */
	for (uint32_t m = w->cg; m != SIM_NONE; m = s->cg[m].parent)
		if (s->cg[m].usage + need > s->cg[m].bound)
			return false;
	return true;
}

void stride_begin_any(struct sim *s, struct worker *w)
{
	const struct memcg *c = &s->cg[w->cg];
	struct turn *t = &s->turns[worker_index(s, w)];

	if (s->single_step || s->capped || w->frozen || !ops_grows(w) || w->deadline_ns != NEVER ||
	    !s->machine.fault_ns || w->share.cpu_class > UINT8_MAX)
		return;
	if (w->goal - w->anon < SHORTEST || w->goal - w->anon > UINT32_MAX ||
	    w->tables != tables_of(w->anon))
		return;
	if (!c->alone || c->thp || !c->anon || c->delay_cg != SIM_NONE || c->high_cg != SIM_NONE ||
	    !has_room(s, w))
		return;
	t->left = (uint32_t)(w->goal - w->anon);
	t->striding = true;
	t->parent = c->parent;
	t->noise_ppm = w->noise_ppm & TURN_NOISE_MAX;
	t->at = w->anon % SIM_TABLE_PAGES;
	t->stock = (uint8_t)c->stock;
	t->cpu_class = (uint8_t)w->share.cpu_class;
	s->striding++;
}

void stride_settle(struct sim *s, struct worker *w)
{
	struct turn *t = &s->turns[worker_index(s, w)];
	struct memcg *c = &s->cg[w->cg];
	uint64_t grown, tables;

	if (!t->striding)
		return;
	grown = w->goal - w->anon - t->left;
	tables = tables_of(w->anon + grown) - w->tables;
	c->usage += grown + tables + t->stock - c->stock;
	if (c->usage > c->watermark)
		c->watermark = c->usage;
	c->stock = t->stock;
	c->faults += grown;
	w->tables += tables;
	w->work_ns += grown * s->machine.fault_ns;
	pages_map(s, w, grown);
	t->striding = false;
	s->striding--;
}

void stride_settle_below(struct sim *s, uint32_t m)
{
	if (!s->striding)
		return;
	for (uint32_t i = s->more[m].wbegin; i < s->more[s->cg[m].end - 1].wend; i++)
		stride_settle(s, &s->w[s->members[i]]);
}
