/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timers, in the total order (time, seq).
 *
 * The CPUs are what busy workers share, so however many there are, one of them is due about every
 * batch of faults divided by the number of CPUs.  That is the width of a bucket: a ring of these,
 * twice as many as workers, takes what is due soon, one or two timers a bucket, at a cost that does
 * not depend on the number of workers.  A bucket is a list in order, filled from its end, where
 * nearly all timers belong: a later seq comes after an equal time.
 *
 * A 4-ary heap takes the rest, which is correct for any timer: those beyond the ring's end and
 * those for which too much of a crowded bucket would have to be passed.  They stay there; the next
 * timer is the earlier of the two heads.
 */
#include <stdlib.h>

#include "backend/sim/state.h"
#include "base/mem.h"

#define PATIENCE 16 /* timers to pass in a bucket */

static bool before(const struct queue_entry *a, const struct queue_entry *b)
{
	return ((unsigned __int128)a->time_ns << 64 | a->seq) <
	       ((unsigned __int128)b->time_ns << 64 | b->seq);
}

/* ---- the heap -------------------------------------------------------------------------------- */

/*
 * The least of the up to four children from `child` on, which exists.  Which one it is cannot be
 * predicted, so it is computed without branches.
 */
static uint32_t least_child(const struct queue *q, uint32_t child)
{
	const struct queue_entry *h = q->heap;
	uint32_t a, b;

	if (child + 4 > q->nheap) {
		uint32_t least = child;

		while (++child < q->nheap)
			if (before(&h[child], &h[least]))
				least = child;
		return least;
	}
	a = child + before(&h[child + 1], &h[child]);
	b = child + 2 + before(&h[child + 3], &h[child + 2]);
	return a + (b - a) * before(&h[b], &h[a]);
}

static void put(struct queue *q, uint32_t at, struct queue_entry e)
{
	q->heap[at] = e;
	q->place[e.worker].at = at;
}

static __attribute__((noinline)) void up(struct queue *q, uint32_t at, struct queue_entry e)
{
	while (at) {
		uint32_t parent = (at - 1) / 4;

		if (!before(&e, &q->heap[parent]))
			break;
		put(q, at, q->heap[parent]);
		at = parent;
	}
	put(q, at, e);
}

static void down(struct queue *q, uint32_t at, struct queue_entry e)
{
	for (;;) {
		uint32_t least;

		if (4 * at + 1 >= q->nheap)
			break;
		least = least_child(q, 4 * at + 1);
		if (!before(&q->heap[least], &e))
			break;
		put(q, at, q->heap[least]);
		at = least;
	}
	put(q, at, e);
}

static __attribute__((noinline)) void heap_remove(struct queue *q, uint32_t at)
{
	struct queue_entry e = q->heap[--q->nheap];

	if (at == q->nheap)
		return;
	if (at && before(&e, &q->heap[(at - 1) / 4]))
		up(q, at, e);
	else
		down(q, at, e);
}

/* ---- the ring -------------------------------------------------------------------------------- */

/*
 * A bucket is a circular list whose head is one more timer, behind those of the workers, at time 0.
 * Whether a bucket is empty cannot be predicted; with a head nobody needs to ask.
 */
static bool ring_add(struct queue *q, uint64_t now_ns, uint32_t worker)
{
	struct timer *t = &q->timer[worker];
	uint64_t b = t->time_ns >> q->shift;
	uint32_t i = (uint32_t)b & q->mask, after, next;

	if (b - (now_ns >> q->shift) > q->mask)
		return false;
	after = q->timer[q->heads + i].prev;
	for (int n = PATIENCE; q->timer[after].time_ns > t->time_ns; n--) {
		if (!n)
			return false;
		after = q->timer[after].prev;
	}
	next = q->timer[after].next;
	t->prev = after;
	t->next = next;
	q->timer[next].prev = worker;
	q->timer[after].next = worker;
	q->filled[i / 64] |= UINT64_C(1) << i % 64;
	q->nring++;
	return true;
}

static void ring_remove(struct queue *q, const struct timer *t)
{
	uint32_t i = (uint32_t)(t->time_ns >> q->shift) & q->mask;
	bool empty = t->prev == t->next;

	q->timer[t->prev].next = t->next;
	q->timer[t->next].prev = t->prev;
	q->filled[i / 64] &= ~((uint64_t)empty << i % 64);
	q->nring--;
}

/* No timer is before now, so now's bucket is where the ring begins. */
static uint32_t ring_first(const struct queue *q, uint64_t now_ns)
{
	uint32_t i = (uint32_t)(now_ns >> q->shift) & q->mask, word = i / 64;
	uint64_t bits = q->filled[word] & UINT64_MAX << i % 64;

	if (!q->nring)
		return SIM_NONE;
	while (!bits) {
		word = (word + 1) & q->mask / 64;
		bits = q->filled[word];
	}
	return q->timer[q->heads + word * 64 + (uint32_t)__builtin_ctzll(bits)].next;
}

/* ---- both ------------------------------------------------------------------------------------ */

void queue_init(struct sim *s)
{
	struct queue *q = &s->queue;
	uint64_t spacing_ns = SIM_CHARGE_BATCH * s->machine.fault_ns / s->machine.cpus;
	uint32_t n = 64;

	while (n < s->nw * UINT64_C(2) && n < UINT32_C(1) << 24)
		n *= 2;
	while (q->shift < 40 && UINT64_C(1) << q->shift < spacing_ns)
		q->shift++;
	q->mask = n - 1;
	q->heads = s->nw;
	q->first = SIM_NONE;
	q->filled = mem_alloc(n / 64 * sizeof *q->filled);
	q->heap = mem_alloc(s->nw * sizeof *q->heap);
	q->place = mem_alloc(s->nw * sizeof *q->place);
	q->timer = mem_alloc(((size_t)s->nw + n) * sizeof *q->timer);
	for (uint32_t i = 0; i < s->nw; i++)
		q->place[i] = (struct place){.at = PLACE_NONE, .cg = s->w[i].cg};
	for (uint32_t i = q->heads; i < q->heads + n; i++)
		q->timer[i].prev = q->timer[i].next = i;
}

void queue_free(struct sim *s)
{
	free(s->queue.filled);
	free(s->queue.heap);
	free(s->queue.place);
	free(s->queue.timer);
}

static uint32_t find_first(const struct sim *s)
{
	const struct queue *q = &s->queue;
	uint32_t first = ring_first(q, s->now_ns);

	if (q->nheap) {
		struct queue_entry e = {.worker = first};

		if (first == SIM_NONE)
			return q->heap[0].worker;
		e.time_ns = q->timer[first].time_ns;
		e.seq = q->place[first].seq;
		if (before(&q->heap[0], &e))
			return q->heap[0].worker;
	}
	return first;
}

void queue_set(struct sim *s, uint32_t worker, uint64_t time_ns)
{
	struct queue *q = &s->queue;
	struct place *p = &q->place[worker];

	if (p->at != PLACE_NONE)
		queue_remove(s, worker);
	q->timer[worker].time_ns = time_ns;
	p->seq = q->seq++;
	p->at = PLACE_RING;
	if (!ring_add(q, s->now_ns, worker))
		up(q, q->nheap++, (struct queue_entry){time_ns, p->seq, worker});
	if (q->first == SIM_NONE || time_ns < q->timer[q->first].time_ns)
		q->first = worker;
	if (time_ns < s->horizon_ns)
		s->horizon_ns = time_ns;
}

void queue_remove(struct sim *s, uint32_t worker)
{
	struct queue *q = &s->queue;
	struct place *p = &q->place[worker];

	if (p->at == PLACE_NONE)
		return;
	if (p->at == PLACE_RING)
		ring_remove(q, &q->timer[worker]);
	else
		heap_remove(q, p->at);
	p->at = PLACE_NONE;
	if (q->first == worker)
		q->first = find_first(s);
}
