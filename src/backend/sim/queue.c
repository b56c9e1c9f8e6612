/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * queue.c - the timers: what is needed less often, see queue.h.
 */
#include "backend/sim/queue.h"

#include <stdlib.h>

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

/* The next timer is the earlier of the two heads; does the heap have it? */
bool queue_heap_first(struct sim *s)
{
	const struct queue *q = &s->queue;

	if (q->next_ns != q->heap[0].time_ns)
		return q->next_ns > q->heap[0].time_ns;
	return s->turns[q->first].seq > q->heap[0].seq;
}

void queue_heap_add(struct sim *s, uint32_t worker, uint64_t time_ns)
{
	struct queue *q = &s->queue;

	s->turns[worker].place = TIMER_HEAP;
	up(s, q->nheap++, (struct queue_entry){time_ns, s->turns[worker].seq, worker});
	if (time_ns < q->next_ns) {
		q->first = worker;
		q->next_ns = time_ns;
	}
}

void queue_heap_drop(struct sim *s)
{
	heap_remove(s, 0);
}

/* ---- the ring -------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) void fetch(const void *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += CACHE_LINE)
		__builtin_prefetch((const char *)p + i);
}

/*
 * With thousands of cgroups waiting for memory is where the time would go, so it is asked for ahead
 * of time, for the timers of 64 buckets at once.  Turns and buckets are few enough for the
 * second-level cache; it is where an op begins or ends that the worker and its cgroup are needed:
 * first the worker, which says where the cgroup is.
 *
 * Inlined by force: gcc takes a function that only fetches for one without effect, and drops it.
 */
static inline __attribute__((always_inline)) void fetch_worker(const struct sim *s, uint32_t worker)
{
	const struct worker *w = &s->w[worker];

	for (size_t i = 0; i < offsetof(struct worker, charge); i += CACHE_LINE)
		__builtin_prefetch((const char *)w + i);
}

static inline __attribute__((always_inline)) void fetch_cgroup(const struct sim *s, uint32_t worker)
{
	uint32_t m = s->w[worker].cg;

	__builtin_prefetch(&s->cg[m]);
	__builtin_prefetch(&s->more[m]);
}

static inline __attribute__((always_inline)) void look_at_word(const struct sim *s, uint32_t word,
							       bool cgroups)
{
	const struct queue *q = &s->queue;

	for (uint64_t bits = q->rare[word]; bits; bits &= bits - 1) {
		const struct bucket *k = &q->ring[word * 64 + (uint32_t)__builtin_ctzll(bits)];

		for (uint32_t j = 0; j < (k->counts & QUEUE_PLACE); j++) {
			uint32_t worker = queue_worker(k->key[j]);

			if (s->turns[worker].striding && s->turns[worker].left)
				continue;
			if (cgroups)
				fetch_cgroup(s, worker);
			else
				fetch_worker(s, worker);
		}
	}
}

/* The soonest timers are among the first levels of the heap. */
static inline __attribute__((always_inline)) void look_at_heap(const struct sim *s)
{
	const struct queue *q = &s->queue;
	uint64_t soon_ns = (q->front + 128) << q->shift, later_ns = (q->front + 192) << q->shift;

	for (uint32_t i = 0; i < q->nheap && i < 1 + 4 + 16; i++) {
		if (q->heap[i].time_ns < soon_ns)
			fetch_cgroup(s, q->heap[i].worker);
		else if (q->heap[i].time_ns < later_ns)
			fetch_worker(s, q->heap[i].worker);
	}
}

static inline __attribute__((always_inline)) void look_ahead(struct sim *s, uint32_t word)
{
	const struct queue *q = &s->queue;
	/* How far ahead the slowest will set its timer for the next batch; the others are there. */
	uint64_t batch_ns = cpu_stretch(SIM_CHARGE_BATCH * s->machine.fault_ns,
					1000000 + s->machine.noise_ppm, cpu_class_ppm(s, 0));
	uint64_t far = q->front + (batch_ns >> q->shift);

	for (uint32_t i = 0; i < 64; i++)
		__builtin_prefetch(&q->ring[(uint32_t)(far + i) & q->mask], 1);
	look_at_word(s, (word + 2) & q->mask / 64, false);
	look_at_heap(s);
	look_at_word(s, (word + 1) & q->mask / 64, true);
}

/* There are no more timers in the 64 buckets of the front; there are some later. */
void queue_next_word(struct sim *s)
{
	struct queue *q = &s->queue;
	uint32_t from = (uint32_t)q->front & q->mask, word = from / 64;

	q->rare[word] = 0;
	do
		word = (word + 1) & q->mask / 64;
	while (!q->filled[word]);
	q->front += (word * 64 + (uint32_t)__builtin_ctzll(q->filled[word]) - from) & q->mask;
	if (q->crowded)
		look_ahead(s, word);
}

static void ring_remove(struct sim *s, uint64_t time_ns, uint32_t worker)
{
	struct queue *q = &s->queue;
	uint32_t i = (uint32_t)(time_ns >> q->shift) & q->mask;
	uint64_t place = 0;

	while (queue_worker(q->ring[i].key[place]) != worker)
		place++;
	queue_drop(q, i, place);
}

/* ---- both ------------------------------------------------------------------------------------ */

void queue_init(struct sim *s)
{
	struct queue *q = &s->queue;
	uint64_t spacing_ns = SIM_CHARGE_BATCH * s->machine.fault_ns / s->machine.cpus;
	uint32_t n = 64;

	while (n < s->nw - s->nw / 3 && n < UINT32_C(1) << 24)
		n *= 2;
	while (q->shift < 64 - QUEUE_TIME_SHIFT && UINT64_C(1) << q->shift < spacing_ns / 2 * 3)
		q->shift++;
	q->mask = n - 1;
	q->front = NEVER;
	q->first = SIM_NONE;
	q->next_ns = NEVER;
	q->crowded = s->nw >= CROWD && s->nturns == s->nw; /* it looks at workers */
	q->filled = mem_alloc(n / 64 * sizeof *q->filled);
	q->rare = mem_alloc(n / 64 * sizeof *q->rare);
	q->heap = mem_alloc(s->nturns * sizeof *q->heap);
	q->heap_at = mem_alloc(s->nturns * sizeof *q->heap_at);
	q->ring = sim_alloc_lines(n, sizeof *q->ring, &q->ring_block);
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < BUCKET_KEYS; j++)
			q->ring[i].key[j] = QUEUE_FREE;
}

void queue_free(struct sim *s)
{
	free(s->queue.filled);
	free(s->queue.rare);
	free(s->queue.heap);
	free(s->queue.heap_at);
	free(s->queue.ring_block);
}

void queue_set(struct sim *s, uint32_t worker, uint64_t time_ns)
{
	if (queue_holds(s, worker))
		queue_remove(s, worker);
	queue_add(s, worker, time_ns, true);
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
	queue_find_first(s); /* the first may have moved within its bucket, too */
}
