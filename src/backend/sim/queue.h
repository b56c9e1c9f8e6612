/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * queue.h - the timers, in the total order (time, seq): what every step needs of them, inline.
 *
 * The CPUs are what busy workers share, so however many there are, one of them is due about every
 * batch of faults divided by the number of CPUs.  A bucket is about twice as wide; a ring of these,
 * two for three workers at least, takes what is due soon at a cost that does not depend on the
 * number of workers.  A bucket is one cache line.  It is never sorted: the least of its keys leaves
 * first.  That takes a comparison for each key it could hold, but nothing a processor would have to
 * guess, and a wrong guess costs more than all of them.
 *
 * A 4-ary heap takes the rest, which is correct for any timer: those beyond the ring's end and
 * those whose bucket is full.  They stay there; the next timer is the earlier of the two heads.
 */
#ifndef AGENTCG_BACKEND_SIM_QUEUE_H
#define AGENTCG_BACKEND_SIM_QUEUE_H

#include "backend/sim/state.h"

/*
 * What is in a bucket: when after the bucket's begin, which arrival there, whose, at which place in
 * the bucket.  So the order of the keys is that of (time, seq).  A place without key has
 * QUEUE_FREE.
 */
#define QUEUE_TIME_SHIFT    40
#define QUEUE_ARRIVAL_SHIFT 32
#define QUEUE_WORKER_SHIFT  3
#define QUEUE_WORKERS_MAX   (UINT32_C(1) << 29)
#define QUEUE_PLACE	    UINT64_C(7)
#define QUEUE_FREE	    UINT64_MAX
#define QUEUE_SEQ_MAX	    ((UINT64_C(1) << 56) - 1)

/*
 * A bucket's count of keys and, above it, of arrivals since it was empty.  They are one word, as
 * reading it whole just after writing a part of it would stall.
 */
#define QUEUE_ARRIVALS_BIT 8
#define QUEUE_ARRIVALS_MAX 255
#define QUEUE_ONE_ARRIVED  (1 | UINT64_C(1) << QUEUE_ARRIVALS_BIT)

/* At most one timer a worker, none before now. */
void queue_init(struct sim *s); /* once workers and machine are known */
void queue_free(struct sim *s);
void queue_set(struct sim *s, uint32_t worker, uint64_t time_ns); /* adds or moves; takes a seq */
void queue_remove(struct sim *s, uint32_t worker);

/* Not to be called from elsewhere. */
void queue_heap_add(struct sim *s, uint32_t worker, uint64_t time_ns);
void queue_heap_drop(struct sim *s);
bool queue_heap_first(struct sim *s);
void queue_next_word(struct sim *s);

static inline bool queue_holds(const struct sim *s, uint32_t worker)
{
	return s->turns[worker].place != TIMER_NONE;
}

static inline uint32_t queue_worker(uint64_t key)
{
	return (uint32_t)key >> QUEUE_WORKER_SHIFT;
}

/* False: there is no place for it in the ring. */
static inline bool queue_ring_add(struct queue *q, uint64_t now_ns, uint64_t time_ns,
				  uint32_t worker, bool rare)
{
	uint64_t b = time_ns >> q->shift;
	uint32_t i = (uint32_t)b & q->mask;
	struct bucket *k = &q->ring[i];
	uint64_t counts = k->counts, n = counts & QUEUE_PLACE, arrival;

	arrival = counts >> QUEUE_ARRIVALS_BIT;
	if (b - (now_ns >> q->shift) > q->mask || n == BUCKET_KEYS || arrival == QUEUE_ARRIVALS_MAX)
		return false;
	k->key[n] = (time_ns - (b << q->shift)) << QUEUE_TIME_SHIFT |
		    arrival << QUEUE_ARRIVAL_SHIFT | worker << QUEUE_WORKER_SHIFT | n;
	k->counts = counts + QUEUE_ONE_ARRIVED;
	q->filled[i / 64] |= UINT64_C(1) << i % 64;
	q->rare[i / 64] |= (uint64_t)rare << i % 64;
	q->nring++;
	return true;
}

/* It has just been added to the ring, and is the first of all. */
static inline void queue_set_first(struct queue *q, uint32_t worker, uint64_t time_ns)
{
	const struct bucket *k = &q->ring[(uint32_t)q->front & q->mask];

	q->first_key = k->key[(k->counts & QUEUE_PLACE) - 1];
	q->first = worker;
	q->next_ns = time_ns;
}

/*
 * The worker has no timer now.  rare: when it fires, more than a step in stride is to be expected.
 */
static inline void queue_add(struct sim *s, uint32_t worker, uint64_t time_ns, bool rare)
{
	struct queue *q = &s->queue;
	struct turn *t = &s->turns[worker];

	t->time_ns = time_ns;
	t->seq = q->seq++ & QUEUE_SEQ_MAX;
	t->place = TIMER_RING;
	if (queue_ring_add(q, s->now_ns, time_ns, worker, rare)) {
		if (time_ns >> q->shift < q->front)
			q->front = time_ns >> q->shift;
		if (time_ns < q->next_ns)
			queue_set_first(q, worker, time_ns);
	} else {
		queue_heap_add(s, worker, time_ns);
	}
	if (time_ns < s->horizon_ns)
		s->horizon_ns = time_ns;
}

/* Take a key out of a bucket.  True: that is empty now. */
static inline bool queue_drop(struct queue *q, uint32_t i, uint64_t place)
{
	struct bucket *k = &q->ring[i];
	uint64_t counts = k->counts - 1, last = counts & QUEUE_PLACE;

	k->key[place] = (k->key[last] & ~QUEUE_PLACE) | place;
	k->key[last] = QUEUE_FREE;
	k->counts = last ? counts : 0;
	q->filled[i / 64] &= ~((uint64_t)!last << i % 64);
	q->nring--;
	return !last;
}

static inline uint64_t queue_less(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Set what is next anew, after the front bucket lost a key or the heap changed. */
static inline void queue_find_first(struct sim *s)
{
	struct queue *q = &s->queue;

	if (q->nring) {
		uint32_t from = (uint32_t)q->front & q->mask;
		uint64_t bits = q->filled[from / 64] & UINT64_MAX << from % 64;
		const uint64_t *k;
		uint64_t key;

		if (__builtin_expect(!bits, 0))
			queue_next_word(s);
		else
			q->front += (uint32_t)__builtin_ctzll(bits) - from % 64;
		k = q->ring[(uint32_t)q->front & q->mask].key;
		key = queue_less(queue_less(queue_less(k[0], k[1]), queue_less(k[2], k[3])),
				 queue_less(queue_less(k[4], k[5]), k[6]));
		q->first_key = key;
		q->first = queue_worker(key);
		q->next_ns = (q->front << q->shift) + (key >> QUEUE_TIME_SHIFT);
	} else {
		q->front = NEVER;
		q->first = SIM_NONE;
		q->next_ns = NEVER;
	}
	if (q->nheap && queue_heap_first(s)) {
		q->first = q->heap[0].worker;
		q->next_ns = q->heap[0].time_ns;
	}
}

/* Take the first out; there is one. */
static inline void queue_pop(struct sim *s)
{
	struct queue *q = &s->queue;
	struct turn *t = &s->turns[q->first];

	if (t->place == TIMER_RING)
		queue_drop(q, (uint32_t)q->front & q->mask, q->first_key & QUEUE_PLACE);
	else
		queue_heap_drop(s); /* the head of the queue is that of the heap */
	t->place = TIMER_NONE;
	queue_find_first(s);
}

#endif
