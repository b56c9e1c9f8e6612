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
	return ((unsigned __int128)a->time_ns << 64 | a->seq) <
	       ((unsigned __int128)b->time_ns << 64 | b->seq);
}

/*
 * The least of the up to four children from `child` on, which exists.  Which one it is cannot be
 * predicted, so it is computed without branches.
 */
static uint32_t least_child(const struct sim *s, uint32_t child)
{
	const struct queue_entry *q = s->queue;
	uint32_t a, b;

	if (child + 4 > s->nqueue) {
		uint32_t least = child;

		while (++child < s->nqueue)
			if (before(&q[child], &q[least]))
				least = child;
		return least;
	}
	a = child + before(&q[child + 1], &q[child]);
	b = child + 2 + before(&q[child + 3], &q[child + 2]);
	return a + (b - a) * before(&q[b], &q[a]);
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
		uint32_t least;

		if (4 * at + 1 >= s->nqueue)
			break;
		least = least_child(s, 4 * at + 1);
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
	struct queue_entry e = {
	    .time_ns = time_ns, .seq = s->seq++, .worker = worker, .cg = s->w[worker].cg};
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

const struct queue_entry *queue_second(const struct sim *s)
{
	return s->nqueue > 1 ? &s->queue[least_child(s, 1)] : NULL;
}
