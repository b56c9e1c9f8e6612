/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must hold between any two events; the property tests and the fuzzer ask after each.
 */
#include <stdlib.h>

#include "backend/sim/queue.h"
#include "base/mem.h"

/* What the counters should be, counted anew from the workers up. */
struct tally {
	uint64_t usage, file, anon, kernel, swap, min, low;
	uint32_t sub_file, sub_anon, dying, busy, stalled, running;
};

#define HOLDS(x)                                                                                   \
	do {                                                                                       \
		if (!(x))                                                                          \
			return #x;                                                                 \
	} while (0)

static const char *check_worker(const struct sim *s, const struct worker *w)
{
	bool timer = queue_holds(s, worker_index(s, w));

	HOLDS(w->hot <= w->anon);
	HOLDS(w->hot_swapped <= w->hot);
	HOLDS(w->cold_swapped <= w->anon - w->hot);
	HOLDS(w->tables * SIM_TABLE_PAGES >= w->anon);
	HOLDS(w->file_old <= w->file);
	HOLDS(w->dying == (w->mode == MODE_EXIT || w->mode == MODE_DEAD));
	HOLDS(!w->dying || !w->busy);
	HOLDS(w->mode != MODE_DEAD || (!w->anon && !w->process && !timer));
	HOLDS(w->mode != MODE_EXIT || timer);
	HOLDS(w->busy || w->dying || w->mode == MODE_IDLE);
	HOLDS(!w->frozen || w->dying || !timer);
	HOLDS(!w->busy || w->frozen || timer || w->mode == MODE_OOM);
	HOLDS(!s->turns[worker_index(s, w)].striding);
	HOLDS(!timer || s->turns[worker_index(s, w)].time_ns >= s->now_ns);
	return NULL;
}

static void count_worker(const struct worker *w, struct tally *t)
{
	static const uint8_t stalled[MODE_COUNT] = {
	    [MODE_RECLAIM] = 1, [MODE_REFAULT] = 1, [MODE_THROTTLE] = 1,
	    [MODE_DELAY] = 1,	[MODE_OOM] = 1,
	};

	t->anon += worker_resident(w);
	t->file += w->file_old + w->file_new;
	t->kernel += w->tables + w->process;
	t->swap += worker_swapped(w);
	t->dying += w->mode == MODE_EXIT;
	if (w->frozen)
		return;
	t->busy += worker_computes(w);
	t->stalled += stalled[w->mode];
	t->running += w->mode == MODE_CPU;
}

static const char *check_cgroup(const struct sim *s, uint32_t m, const struct tally *own,
				const struct tally *all)
{
	const struct memcg *c = &s->cg[m];
	const struct memcg_more *x = &s->more[m];

	HOLDS(c->usage == all->usage);
	HOLDS(c->stock < SIM_CHARGE_BATCH);
	HOLDS(c->anon == own->anon);
	HOLDS(c->file == own->file);
	HOLDS(c->anon <= s->longest && c->file <= s->longest);
	HOLDS(x->swap == all->swap);
	HOLDS(x->sub_file == all->sub_file && x->sub_anon == all->sub_anon);
	HOLDS(x->dying == all->dying && x->busy == all->busy);
	HOLDS(x->psi.stalled == all->stalled && x->psi.running == all->running);
	HOLDS(x->psi.full_ns <= x->psi.some_ns && x->psi.some_ns <= s->now_ns);
	HOLDS(x->children_min == all->min && x->children_low == all->low);
	HOLDS(c->watermark >= c->usage);
	HOLDS(c->protects == (c->min || c->low));
	HOLDS(c->bound == (c->protects ? 0 : c->high < c->max ? c->high : c->max));
	HOLDS(c->usage <= c->max || c->usage <= x->excused || x->max_pending);
	HOLDS(!x->max_pending || x->dying);
	return NULL;
}

static const char *check(const struct sim *s, struct tally *own, struct tally *all)
{
	const char *why = NULL;

	for (uint32_t i = 0; i < s->nw && !why; i++) {
		why = check_worker(s, &s->w[i]);
		count_worker(&s->w[i], &own[s->w[i].cg]);
	}
	for (uint32_t m = s->ncg; m-- > 0 && !why;) {
		const struct memcg *c = &s->cg[m];
		struct tally *o = &own[m], *t = &all[m], *p;

		t->usage += o->anon + o->file + o->kernel + c->stock;
		t->swap += o->swap;
		t->sub_file += o->file != 0;
		t->sub_anon += o->anon != 0;
		t->dying += o->dying;
		t->busy += o->busy;
		t->stalled += o->stalled;
		t->running += o->running;
		why = check_cgroup(s, m, o, t);
		if (c->parent == SIM_NONE)
			continue;
		p = &all[c->parent];
		p->usage += t->usage;
		p->swap += t->swap;
		p->sub_file += t->sub_file;
		p->sub_anon += t->sub_anon;
		p->dying += t->dying;
		p->busy += t->busy;
		p->stalled += t->stalled;
		p->running += t->running;
		p->min += c->usage < c->min ? c->usage : c->min;
		p->low += c->usage < c->low ? c->usage : c->low;
	}
	return why;
}

bool sim_check(void *run, const char **why)
{
	struct sim *s = run;
	struct tally *own = mem_alloc(s->ncg * sizeof *own);
	struct tally *all = mem_alloc(s->ncg * sizeof *all);

	stride_settle_below(s, MACHINE);
	*why = check(s, own, all);
	free(own);
	free(all);
	return !*why;
}
