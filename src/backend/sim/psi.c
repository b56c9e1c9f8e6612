/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory pressure, after kernel/sched/psi.c: `some` while at least one task of the subtree is
 * stalled on memory, `full` while besides none of it runs.  Stalled are reclaim, the sleeps of
 * memory.high, waiting for an OOM victim, and reading back what reclaim took; the kernel puts
 * psi_memstall_enter() around the same.
 */
#include "backend/sim/rooms.h"

void psi_flush(struct sim *s, uint32_t m)
{
	struct psi *p = &s->more[m].psi;
	uint64_t ns = s->now_ns - p->last_ns;

	p->last_ns = s->now_ns;
	if (!p->stalled)
		return;
	p->some_ns += ns;
	if (!p->running)
		p->full_ns += ns;
}

void psi_change(struct sim *s, uint32_t m, int stalled, int running)
{
	for (; m != SIM_NONE; m = s->cg[m].parent) {
		psi_flush(s, m);
		s->more[m].psi.stalled += (uint32_t)stalled;
		s->more[m].psi.running += (uint32_t)running;
	}
}
