/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * queue.h - the timers, in the total order (time, seq): what every step needs of them, inline.
 *
 * The CPUs are what busy workers share, so however many there are, one of them is due about every
 * batch of faults divided by the number of CPUs.  A bucket is about twice as wide; a ring of these
 * reaches as far as the slowest one's next batch if all are busy, at a cost that does not depend on
 * their number.  A bucket is one cache line.  It is never sorted: the least of its keys leaves
 * first.  That takes a comparison for each key it could hold, but nothing a processor would have to
 * guess, and a wrong guess costs more than all of them.
 *
 * What is due later than that (an op that frees its memory at once, a pause) waits in lists, one
 * for each QUEUE_FAR buckets, until that time is near.  What then finds its bucket full, or is
 * beyond all lists, is in a 4-ary heap, which is correct for any timer.  The next timer is the
 * earlier of the heads of ring and heap.
 */
#ifndef AGENTCG_BACKEND_SIM_QUEUE_H
#define AGENTCG_BACKEND_SIM_QUEUE_H

#include "backend/sim/rooms.h"

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
#define QUEUE_FAR	    64
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
void queue_add_rest(struct sim *s, uint32_t worker, uint64_t time_ns);
void queue_pop_rest(struct sim *s);
void queue_choose(struct sim *s);
void queue_next_word(struct sim *s);

static inline bool queue_holds(const struct sim *s, uint32_t worker)
{
	return s->turns[worker].place != TIMER_NONE;
}

static inline uint32_t queue_worker(uint64_t key)
{
	return (uint32_t)key >> QUEUE_WORKER_SHIFT;
}

/* False: there is no place for it in this ring. */
static inline bool queue_ring_add(struct ring *r, uint64_t now_ns, uint64_t time_ns,
				  uint32_t worker)
{
	uint64_t b = time_ns >> r->shift, key;
	uint32_t i = (uint32_t)b & r->mask;
	struct bucket *k = &r->v[i];
	uint64_t counts = k->counts, n = counts & QUEUE_PLACE;
	uint64_t arrival = counts >> QUEUE_ARRIVALS_BIT;

	if (b - (now_ns >> r->shift) > r->mask || n == BUCKET_KEYS || arrival == QUEUE_ARRIVALS_MAX)
		return false;
	key = (time_ns - (b << r->shift)) << QUEUE_TIME_SHIFT | arrival << QUEUE_ARRIVAL_SHIFT |
	      worker << QUEUE_WORKER_SHIFT | n;
	k->key[n] = key;
	k->counts = counts + QUEUE_ONE_ARRIVED;
	r->filled[i / 64] |= UINT64_C(1) << i % 64;
	r->n++;
	if (time_ns < r->next_ns) {
		r->front = b;
		r->key = key;
		r->next_ns = time_ns;
	}
	return true;
}

/* When the worker's timer fires, more than a step in stride is to be expected. */
static inline void queue_hint(struct sim *s, uint32_t worker)
{
	struct queue *q = &s->queue;
	const struct turn *t = &s->turns[worker];

	if (q->hints && t->place == TIMER_NEAR)
		vec_push(&q->hints[((uint32_t)(t->time_ns >> q->near.shift) & q->near.mask) / 64],
			 worker);
}

/* The worker has no timer now. */
static inline void queue_add(struct sim *s, uint32_t worker, uint64_t time_ns)
{
	struct queue *q = &s->queue;
	struct turn *t = &s->turns[worker];

	t->time_ns = time_ns;
	t->seq = q->seq++ & QUEUE_SEQ_MAX;
	t->place = TIMER_NEAR;
	if (!queue_ring_add(&q->near, s->now_ns, time_ns, worker))
		queue_add_rest(s, worker, time_ns);
	if (time_ns < q->next_ns) {
		q->first = worker;
		q->next_ns = time_ns;
	}
	if (time_ns < s->horizon_ns)
		s->horizon_ns = time_ns;
}

static inline void queue_drop(struct ring *r, uint32_t i, uint64_t place)
{
	struct bucket *k = &r->v[i];
	uint64_t counts = k->counts - 1, last = counts & QUEUE_PLACE;

	k->key[place] = (k->key[last] & ~QUEUE_PLACE) | place;
	k->key[last] = QUEUE_FREE;
	k->counts = last ? counts : 0;
	r->filled[i / 64] &= ~((uint64_t)!last << i % 64);
	r->n--;
}

static inline uint64_t queue_less(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Find the ring's first timer, after it lost one. */
static inline void queue_ring_first(struct sim *s)
{
	struct ring *r = &s->queue.near;
	uint32_t from = (uint32_t)r->front & r->mask;
	uint64_t bits = r->filled[from / 64] & UINT64_MAX << from % 64;
	const uint64_t *k;

	if (__builtin_expect(!r->n, 0)) {
		r->front = r->next_ns = NEVER;
		r->key = QUEUE_FREE;
		return;
	}
	if (__builtin_expect(!bits, 0))
		queue_next_word(s);
	else
		r->front += (uint32_t)__builtin_ctzll(bits) - from % 64;
	k = r->v[(uint32_t)r->front & r->mask].key;
	r->key = queue_less(queue_less(queue_less(k[0], k[1]), queue_less(k[2], k[3])),
			    queue_less(queue_less(k[4], k[5]), k[6]));
	r->next_ns = (r->front << r->shift) + (r->key >> QUEUE_TIME_SHIFT);
}

/* Take the first out; there is one. */
static inline void queue_pop(struct sim *s)
{
	struct queue *q = &s->queue;
	struct turn *t = &s->turns[q->first];

	if (t->place == TIMER_NEAR) {
		queue_drop(&q->near, (uint32_t)q->near.front & q->near.mask,
			   q->near.key & QUEUE_PLACE);
		queue_ring_first(s);
	} else {
		queue_pop_rest(s);
	}
	t->place = TIMER_NONE;
	q->first = queue_worker(q->near.key);
	q->next_ns = q->near.next_ns;
	if (q->rest_ns <= q->next_ns)
		queue_choose(s);
}

#endif
