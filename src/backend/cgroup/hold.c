/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/hold.h"

static uint64_t add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? NEVER : sum;
}

uint64_t hold_event(struct hold *h, const struct watch_event *e, uint64_t now_ns)
{
	uint64_t owed = mul_div(e->delay_ns, e->batches, 1);

	if (h->on && e->t_ns >= h->due_ns)
		hold_end(h, h->due_ns); /* of the next one already, and nobody was thawed between */
	if (h->on) {
		if (e->task != h->task || e->t_ns < h->since_ns)
			return 0;
		h->due_ns = add(h->due_ns, owed);
		h->delays += e->batches;
		return owed;
	}
	if (!owed || add(e->t_ns, owed) <= now_ns)
		return 0;
	h->on = true;
	h->task = e->task;
	h->since_ns = e->t_ns;
	h->due_ns = add(e->t_ns, owed);
	h->delays += e->batches;
	return owed;
}

void hold_end(struct hold *h, uint64_t now_ns)
{
	if (!h->on)
		return;
	h->ended_ns = hold_ns(h, now_ns);
	h->on = false;
}

uint64_t hold_ns(const struct hold *h, uint64_t now_ns)
{
	uint64_t until = now_ns < h->due_ns ? now_ns : h->due_ns;

	if (!h->on || until < h->since_ns)
		return h->ended_ns;
	return h->ended_ns + until - h->since_ns;
}
