/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timers, in the total order (time, seq).
 *
 * The CPUs are what busy workers share, so however many there are, one of them is due about every
 * batch of faults divided by the number of CPUs.  A bucket is about twice as wide; a ring of these,
 * two for three workers at least, takes what is due soon at a cost that does not depend on the
 * number of workers.  A bucket is one cache line and is filled in any order; it is sorted once it
 * is the first that is not empty, q->front.
 *
 * A 4-ary heap takes the rest, which is correct for any timer: those beyond the ring's end and
 * those whose bucket is full.  They stay there; the next timer is the earlier of the two heads.
 */
#include <stdlib.h>

#include "backend/sim/state.h"
#include "base/mem.h"

#define CROWD 2048 /* workers that no second-level cache holds with all they touch */

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

static void put(struct sim *s, uint32_t at, struct queue_entry e)
{
	s->queue.heap[at] = e;
	s->queue.heap_at[e.worker] = at;
}

static __attribute__((noinline)) void up(struct sim *s, uint32_t at, struct queue_entry e)
{
	const struct queue *q = &s->queue;

	while (at) {
		uint32_t parent = (at - 1) / 4;

		if (!before(&e, &q->heap[parent]))
			break;
		put(s, at, q->heap[parent]);
		at = parent;
	}
	put(s, at, e);
}

static void down(struct sim *s, uint32_t at, struct queue_entry e)
{
	const struct queue *q = &s->queue;

	for (;;) {
		uint32_t least;

		if (4 * at + 1 >= q->nheap)
			break;
		least = least_child(q, 4 * at + 1);
		if (!before(&q->heap[least], &e))
			break;
		put(s, at, q->heap[least]);
		at = least;
	}
	put(s, at, e);
}

static __attribute__((noinline)) void heap_remove(struct sim *s, uint32_t at)
{
	struct queue *q = &s->queue;
	struct queue_entry e = q->heap[--q->nheap];

	if (at == q->nheap)
		return;
	if (at && before(&e, &q->heap[(at - 1) / 4]))
		up(s, at, e);
	else
		down(s, at, e);
}

/* ---- the ring -------------------------------------------------------------------------------- */

/*
 * What is in a bucket: when after the bucket's begin, which arrival there, whose.  So the order of
 * the keys is that of (time, seq).
 */
#define KEY_TIME_SHIFT	  40
#define KEY_ARRIVAL_SHIFT 32
#define ARRIVALS_MAX	  255

/*
 * A bucket's count of keys and, above it, of arrivals since it was empty.  They are one word, as
 * reading it whole just after writing a part of it would stall.
 */
#define ONE_LEFT     UINT32_C(1)
#define ARRIVALS_BIT 8
#define ONE_ARRIVED  (ONE_LEFT | UINT32_C(1) << ARRIVALS_BIT)

static uint32_t nkeys(const struct bucket *k)
{
	return k->counts & 0xff;
}

static void set_front(struct queue *q, uint64_t b)
{
	q->front = b;
	q->at = &q->ring[(uint32_t)b & q->mask];
	q->at_ns = b << q->shift;
}

static void mark_filled(struct queue *q, uint64_t b)
{
	uint32_t i = (uint32_t)b & q->mask;

	q->filled[i / 64] |= UINT64_C(1) << i % 64;
}

/* Keys descend in the front bucket, so that the next to leave is its last. */
static void insert(struct bucket *k, uint64_t key, uint32_t at)
{
	while (at && k->key[at - 1] < key) {
		k->key[at] = k->key[at - 1];
		at--;
	}
	k->key[at] = key;
}

static bool ring_add(struct queue *q, uint64_t now_ns, uint64_t time_ns, uint32_t worker)
{
	uint64_t b = time_ns >> q->shift, key;
	struct bucket *k = &q->ring[(uint32_t)b & q->mask];
	uint32_t n = nkeys(k);

	if (b - (now_ns >> q->shift) > q->mask || n == BUCKET_KEYS ||
	    k->counts >> ARRIVALS_BIT == ARRIVALS_MAX)
		return false;
	key = (time_ns - (b << q->shift)) << KEY_TIME_SHIFT |
	      (uint64_t)(k->counts >> ARRIVALS_BIT) << KEY_ARRIVAL_SHIFT | worker;
	k->counts += ONE_ARRIVED;
	if (b > q->front) {
		k->key[n] = key;
	} else {
		if (b != q->front)
			set_front(q, b); /* the bucket was empty */
		insert(k, key, n);
	}
	mark_filled(q, b);
	q->nring++;
	return true;
}

static inline __attribute__((always_inline)) void fetch(const void *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += CACHE_LINE)
		__builtin_prefetch((const char *)p + i);
}

/*
 * With thousands of cgroups waiting for memory is where the time would go, so it is asked for ahead
 * of time, by buckets: first the bucket, then what every step of its workers needs, then their
 * cgroups and, of those whose op is about to end, the rest.
 *
 * Inlined by force: gcc takes a function that only fetches for one without effect, and drops it.
 */
static inline __attribute__((always_inline)) void look_ahead(const struct sim *s)
{
	const struct queue *q = &s->queue;
	const struct bucket *k = &q->ring[(q->front + 1) & q->mask];

	for (uint32_t i = 0; i < nkeys(k); i++) {
		const struct worker *w = &s->w[(uint32_t)k->key[i]];
		const struct turn *t = &s->turns[(uint32_t)k->key[i]];

		if (t->left > SIM_CHARGE_BATCH) {
			fetch(&s->cg[t->parent], CACHE_LINE);
		} else {
			fetch(&s->cg[w->cg], sizeof *s->cg);
			fetch(&s->more[w->cg], sizeof *s->more);
		}
	}
	k = &q->ring[(q->front + 3) & q->mask];
	for (uint32_t i = 0; i < nkeys(k); i++)
		if (s->turns[(uint32_t)k->key[i]].left <= SIM_CHARGE_BATCH)
			fetch(&s->w[(uint32_t)k->key[i]], sizeof *s->w);
	k = &q->ring[(q->front + 5) & q->mask];
	for (uint32_t i = 0; i < nkeys(k); i++)
		fetch(&s->turns[(uint32_t)k->key[i]], CACHE_LINE);
	fetch(&q->ring[(q->front + 8) & q->mask], CACHE_LINE);
}

/* The front bucket is empty: go to the next that is not. */
static void next_front(struct sim *s)
{
	struct queue *q = &s->queue;
	uint32_t from = (uint32_t)q->front & q->mask, word = from / 64;
	uint64_t bits;
	struct bucket *k;

	q->filled[word] &= ~(UINT64_C(1) << from % 64);
	if (!q->nring) {
		q->front = NEVER;
		q->at = NULL;
		return;
	}
	bits = q->filled[word] & UINT64_MAX << from % 64;
	while (!bits) {
		word = (word + 1) & q->mask / 64;
		bits = q->filled[word];
	}
	from = word * 64 + (uint32_t)__builtin_ctzll(bits);
	set_front(q, q->front + ((from - (uint32_t)q->front) & q->mask));
	k = q->at;
	for (uint32_t i = 1, n = nkeys(k); i < n; i++)
		insert(k, k->key[i], i);
	if (q->crowded)
		look_ahead(s);
}

/* True: the bucket is empty now. */
static bool drop_last(struct queue *q, struct bucket *k)
{
	q->nring--;
	k->counts -= ONE_LEFT;
	if (nkeys(k))
		return false;
	k->counts = 0;
	return true;
}

static void ring_remove(struct sim *s, uint64_t time_ns, uint32_t worker)
{
	struct queue *q = &s->queue;
	uint64_t b = time_ns >> q->shift;
	struct bucket *k = &q->ring[(uint32_t)b & q->mask];
	uint32_t last = nkeys(k) - 1, i = last;

	while ((uint32_t)k->key[i] != worker)
		i--;
	for (; i < last; i++)
		k->key[i] = k->key[i + 1];
	if (!drop_last(q, k))
		return;
	if (b == q->front)
		next_front(s);
	else
		q->filled[((uint32_t)b & q->mask) / 64] &= ~(UINT64_C(1) << (b & q->mask) % 64);
}

/* ---- both ------------------------------------------------------------------------------------ */

void queue_init(struct sim *s)
{
	struct queue *q = &s->queue;
	uint64_t spacing_ns = SIM_CHARGE_BATCH * s->machine.fault_ns / s->machine.cpus;
	uint32_t n = 64;

	while (n < s->nw - s->nw / 3 && n < UINT32_C(1) << 24)
		n *= 2;
	while (q->shift < 64 - KEY_TIME_SHIFT && UINT64_C(1) << q->shift < spacing_ns / 2 * 3)
		q->shift++;
	q->mask = n - 1;
	q->front = NEVER;
	q->first = SIM_NONE;
	q->next_ns = NEVER;
	q->crowded = s->nw >= CROWD;
	q->filled = mem_alloc(n / 64 * sizeof *q->filled);
	q->heap = mem_alloc(s->nw * sizeof *q->heap);
	q->heap_at = mem_alloc(s->nw * sizeof *q->heap_at);
	q->ring = sim_alloc_lines(n, sizeof *q->ring, &q->ring_block);
}

void queue_free(struct sim *s)
{
	free(s->queue.filled);
	free(s->queue.heap);
	free(s->queue.heap_at);
	free(s->queue.ring_block);
}

/* Of the ring's first timer, which is q->first. */
static bool ring_before_heap(const struct sim *s)
{
	const struct queue *q = &s->queue;

	if (q->next_ns != q->heap[0].time_ns)
		return q->next_ns < q->heap[0].time_ns;
	return s->turns[q->first].seq < q->heap[0].seq;
}

static void find_first(struct sim *s)
{
	struct queue *q = &s->queue;

	q->first = SIM_NONE;
	q->next_ns = NEVER;
	if (q->at) {
		uint64_t key = q->at->key[nkeys(q->at) - 1];

		q->first = (uint32_t)key;
		q->next_ns = q->at_ns + (key >> KEY_TIME_SHIFT);
	}
	if (q->nheap && !ring_before_heap(s)) {
		q->first = q->heap[0].worker;
		q->next_ns = q->heap[0].time_ns;
	}
}

void queue_set(struct sim *s, uint32_t worker, uint64_t time_ns)
{
	struct queue *q = &s->queue;
	struct turn *t = &s->turns[worker];

	if (t->place != TIMER_NONE)
		queue_remove(s, worker);
	t->time_ns = time_ns;
	t->seq = q->seq++;
	t->place = TIMER_RING;
	if (!ring_add(q, s->now_ns, time_ns, worker)) {
		t->place = TIMER_HEAP;
		up(s, q->nheap++, (struct queue_entry){time_ns, t->seq, worker});
	}
	if (time_ns < q->next_ns) {
		q->first = worker;
		q->next_ns = time_ns;
	}
	if (time_ns < s->horizon_ns)
		s->horizon_ns = time_ns;
}

void queue_pop(struct sim *s)
{
	struct queue *q = &s->queue;
	struct turn *t = &s->turns[q->first];

	if (t->place == TIMER_RING) {
		if (drop_last(q, q->at))
			next_front(s);
	} else {
		heap_remove(s, 0); /* the head of the queue is that of the heap */
	}
	t->place = TIMER_NONE;
	find_first(s);
}

void queue_remove(struct sim *s, uint32_t worker)
{
	struct turn *t = &s->turns[worker];

	if (t->place == TIMER_NONE)
		return;
	if (t->place == TIMER_RING)
		ring_remove(s, t->time_ns, worker);
	else
		heap_remove(s, s->queue.heap_at[worker]);
	t->place = TIMER_NONE;
	if (s->queue.first == worker)
		find_first(s);
}
