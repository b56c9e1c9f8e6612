/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timers: a 4-ary heap ordered by (time, seq).  Each worker has at most one and knows its
 * place, so moving and cancelling need no search.  Four children share cache lines and halve the
 * depth of a binary heap.  The
 * worker that fires stays first until it has a new time or none.
 */
#include "backend/sim/state.h"

static bool before(const struct queue_entry *a, const struct queue_entry *b)
{
	return a->time_ns < b->time_ns || (a->time_ns == b->time_ns && a->seq < b->seq);
}

static void put(struct sim *s, uint32_t at, struct queue_entry e)
{
	s->queue[at] = e;
	s->slot[e.worker] = at;
}

static void up(struct sim *s, uint32_t at, struct queue_entry e)
{
	while (at) {
		uint32_t parent = (at - 1) / 4;

		if (!before(&e, &s->queue[parent]))
			break;
		put(s, at, s->queue[parent]);
		at = parent;
	}
	put(s, at, e);
}

static void down(struct sim *s, uint32_t at, struct queue_entry e)
{
	for (;;) {
		uint32_t child = 4 * at + 1, least = child;

		if (child >= s->nqueue)
			break;
		for (uint32_t k = child + 1; k < child + 4 && k < s->nqueue; k++)
			if (before(&s->queue[k], &s->queue[least]))
				least = k;
		if (!before(&s->queue[least], &e))
			break;
		put(s, at, s->queue[least]);
		at = least;
	}
	put(s, at, e);
}

static void replace(struct sim *s, uint32_t at, struct queue_entry e)
{
	if (at && before(&e, &s->queue[(at - 1) / 4]))
		up(s, at, e);
	else
		down(s, at, e);
}

void queue_set(struct sim *s, uint32_t worker, uint64_t time_ns)
{
	struct queue_entry e = {.time_ns = time_ns, .seq = s->seq++, .worker = worker};
	uint32_t at = s->slot[worker];

	if (time_ns < s->horizon_ns)
		s->horizon_ns = time_ns;
	if (at == SIM_NONE)
		up(s, s->nqueue++, e);
	else
		replace(s, at, e);
}

void queue_remove(struct sim *s, uint32_t worker)
{
	uint32_t at = s->slot[worker];

	if (at == SIM_NONE)
		return;
	s->slot[worker] = SIM_NONE;
	if (at != --s->nqueue)
		replace(s, at, s->queue[s->nqueue]);
}

uint64_t queue_second_ns(const struct sim *s)
{
	uint64_t least = NEVER;

	for (uint32_t k = 1; k < 5 && k < s->nqueue; k++)
		if (s->queue[k].time_ns < least)
			least = s->queue[k].time_ns;
	return least;
}
