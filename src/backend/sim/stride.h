/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stride.h - the step of a worker in stride, see stride.c: nearly all that a simulation does.
 */
#ifndef AGENTCG_BACKEND_SIM_STRIDE_H
#define AGENTCG_BACKEND_SIM_STRIDE_H

#include "backend/sim/queue.h"

/*
 * The worker's turn, which was popped: step on.  False: the next step is not one of these, or not
 * surely.
 */
static inline bool stride_on(struct sim *s, uint32_t worker)
{
	struct turn *t = &s->turns[worker];

	while (t->left) {
		uint32_t table = !t->at, have = t->stock, n;
		uint64_t end_ns;

		if (have <= table) {
			if (!memcg_charge_free(s, t->parent, SIM_CHARGE_BATCH))
				return false;
			have += SIM_CHARGE_BATCH;
		}
		have -= table;
		n = SIM_TABLE_PAGES - t->at;
		n = n < have ? n : have;
		n = n < t->left ? n : t->left;
		t->stock = (uint8_t)(have - n);
		t->at = (t->at + n) % SIM_TABLE_PAGES;
		t->left -= n;
		s->strides++;
		end_ns = s->now_ns + cpu_stretch(n * s->machine.fault_ns, t->noise_ppm,
						 cpu_class_ppm(s, t->cpu_class));
		if (end_ns >= s->horizon_ns) {
			queue_add(s, worker, end_ns);
			if (!t->left)
				queue_hint(s, worker);
			return true;
		}
		s->now_ns = end_ns;
		s->steps++;
	}
	return false;
}

#endif
