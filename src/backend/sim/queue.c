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

/* ---- looking ahead --------------------------------------------------------------------------- */

/*
 * With thousands of cgroups waiting for memory is where the time would go, so it is asked for ahead
 * of time, for the timers of 64 buckets at once.  Turns and buckets are few enough for the
 * second-level cache; it is where an op begins or ends that the worker and its cgroup are needed:
 * first the worker, which says where the cgroup is.
 *
 * Inlined by force: gcc takes a function that only fetches for one without effect, and drops it.
 */
#define FORCE_INLINE inline __attribute__((always_inline))

static FORCE_INLINE void fetch_worker(const struct sim *s, uint32_t worker)
{
	const char *w = (const char *)&s->w[worker];

	for (size_t i = 0; i < offsetof(struct worker, charge); i += CACHE_LINE)
		__builtin_prefetch(w + i, 1);
}

static FORCE_INLINE void fetch_cgroup(const struct sim *s, uint32_t worker)
{
	uint32_t m = s->w[worker].cg;

	__builtin_prefetch(&s->cg[m], 1);
	__builtin_prefetch(&s->more[m], 1);
}

static FORCE_INLINE void look_ahead(struct sim *s)
{
	const struct queue *q = &s->queue;
	const struct ring *r = &q->near;
	uint32_t word = ((uint32_t)r->front & r->mask) / 64;
	uint32_t soon = (word + 1) & r->mask / 64, later = (word + 2) & r->mask / 64;
	/* How far ahead the slowest will set its timer for the next batch; the others are there. */
	uint64_t batch_ns = cpu_stretch(SIM_CHARGE_BATCH * s->machine.fault_ns,
					1000000 + s->machine.noise_ppm, cpu_class_ppm(s, 0));
	uint64_t far = r->front + (batch_ns >> r->shift);

	for (size_t i = 0; i < q->hints[later].n; i++)
		fetch_worker(s, q->hints[later].v[i]);
	for (uint32_t i = 0; i < 64; i++)
		__builtin_prefetch(&r->v[(uint32_t)(far + i) & r->mask], 1);
	for (size_t i = 0; i < q->hints[soon].n; i++)
		fetch_cgroup(s, q->hints[soon].v[i]);
}

/* ---- what is far ----------------------------------------------------------------------------- */

/* Find the first list that is not empty, from far_front on. */
static void far_find(struct queue *q)
{
	uint32_t from = (uint32_t)q->far_front & q->far_mask, word = from / 64;
	uint64_t bits = q->far_filled[word] & UINT64_MAX << from % 64;

	if (!q->nfar) {
		q->far_front = NEVER;
		return;
	}
	while (!bits) {
		word = (word + 1) & q->far_mask / 64;
		bits = q->far_filled[word];
	}
	q->far_front += (word * 64 + (uint32_t)__builtin_ctzll(bits) - from) & q->far_mask;
}

/* False: it is beyond all lists. */
static bool far_add(struct queue *q, uint64_t now_ns, uint64_t time_ns, uint32_t worker)
{
	uint64_t b = time_ns >> q->far_shift;
	uint32_t i = (uint32_t)b & q->far_mask, before = q->far[i];

	if (b - (now_ns >> q->far_shift) > q->far_mask)
		return false;
	q->far_links[worker] = (struct far_link){before, SIM_NONE};
	if (before != SIM_NONE)
		q->far_links[before].after = worker;
	q->far[i] = worker;
	q->far_filled[i / 64] |= UINT64_C(1) << i % 64;
	q->nfar++;
	if (b < q->far_front)
		q->far_front = b;
	return true;
}

static void far_remove(struct queue *q, uint64_t time_ns, uint32_t worker)
{
	uint32_t i = (uint32_t)(time_ns >> q->far_shift) & q->far_mask;
	struct far_link l = q->far_links[worker];

	if (l.before != SIM_NONE)
		q->far_links[l.before].after = l.after;
	if (l.after != SIM_NONE)
		q->far_links[l.after].before = l.before;
	else
		q->far[i] = l.before;
	if (q->far[i] == SIM_NONE)
		q->far_filled[i / 64] &= ~(UINT64_C(1) << i % 64);
	q->nfar--;
	far_find(q);
}

static void heap_add(struct sim *s, uint32_t worker)
{
	struct turn *t = &s->turns[worker];

	t->place = TIMER_HEAP;
	up(s, s->queue.nheap++, (struct queue_entry){t->time_ns, t->seq, worker});
}

/*
 * Put it into the ring, though others were added there since: only of timers at the same time does
 * the order of adding matter.
 */
static bool ring_add_late(struct sim *s, uint32_t worker)
{
	struct ring *r = &s->queue.near;
	uint64_t time_ns = s->turns[worker].time_ns, b = time_ns >> r->shift;
	const struct bucket *k = &r->v[(uint32_t)b & r->mask];

	for (uint32_t i = 0; i < (k->counts & QUEUE_PLACE); i++)
		if (k->key[i] >> QUEUE_TIME_SHIFT == time_ns - (b << r->shift))
			return false;
	return queue_ring_add(r, s->now_ns, time_ns, worker);
}

/* The time of the first list is near. */
static void far_arrives(struct sim *s)
{
	struct queue *q = &s->queue;
	uint32_t i = (uint32_t)q->far_front & q->far_mask;

	for (uint32_t w = q->far[i]; w != SIM_NONE; w = q->far_links[w].before) {
		if (ring_add_late(s, w)) {
			s->turns[w].place = TIMER_NEAR;
			if (w < s->nw)
				queue_hint(s, w);
		} else {
			heap_add(s, w);
		}
		q->nfar--;
	}
	q->far[i] = SIM_NONE;
	q->far_filled[i / 64] &= ~(UINT64_C(1) << i % 64);
	far_find(q);
}

static uint64_t heap_ns(const struct queue *q)
{
	return q->nheap ? q->heap[0].time_ns : NEVER;
}

static uint64_t far_ns(const struct queue *q)
{
	return q->nfar ? q->far_front << q->far_shift : NEVER;
}

static void find_rest(struct queue *q)
{
	q->rest_ns = queue_less(heap_ns(q), far_ns(q));
}

/*
 * There are no more timers in the 64 buckets of the front; there are some later.  What is far and
 * comes before them is taken in now, so that it is fetched with them.
 */
void queue_next_word(struct sim *s)
{
	struct queue *q = &s->queue;
	struct ring *r = &q->near;
	uint32_t from, word;
	uint64_t bits;

	/* One that is earlier than the latest front was moves that; the others lie behind it. */
	while (q->hints && q->far_front <= r->front / QUEUE_FAR + 3)
		far_arrives(s);
	from = (uint32_t)r->front & r->mask;
	word = from / 64;
	bits = r->filled[word] & UINT64_MAX << from % 64;
	if (!bits) {
		do {
			if (q->hints)
				vec_clear(&q->hints[word]);
			word = (word + 1) & r->mask / 64;
			bits = r->filled[word];
		} while (!bits);
	}
	r->front += (word * 64 + (uint32_t)__builtin_ctzll(bits) - from) & r->mask;
	if (q->hints)
		look_ahead(s);
}

/* ---- all together ---------------------------------------------------------------------------- */

void queue_init(struct sim *s)
{
	struct queue *q = &s->queue;
	struct ring *r = &q->near;
	uint64_t spacing_ns = SIM_CHARGE_BATCH * s->machine.fault_ns / s->machine.cpus;
	uint64_t batch_ns =
	    mul_div(spacing_ns, s->nw * (UINT64_C(1000000) + s->machine.noise_ppm), 1000000);
	uint32_t n = 64, far = 64;

	while (r->shift < 64 - QUEUE_TIME_SHIFT && UINT64_C(1) << r->shift < spacing_ns / 2 * 3)
		r->shift++;
	while (n <= (batch_ns >> r->shift) + 1 && n < UINT32_C(1) << 24)
		n *= 2;
	while (far < n / 8)
		far *= 2;
	r->mask = n - 1;
	r->front = r->next_ns = NEVER;
	r->key = QUEUE_FREE;
	r->filled = mem_alloc(n / 64 * sizeof *r->filled);
	r->v = sim_alloc_lines(n, sizeof *r->v, &r->block);
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < BUCKET_KEYS; j++)
			r->v[i].key[j] = QUEUE_FREE;
	q->first = SIM_NONE;
	q->next_ns = q->rest_ns = NEVER;
	if (s->nw >= CROWD)
		q->hints = mem_alloc(n / 64 * sizeof *q->hints);
	q->heap = mem_alloc(s->nturns * sizeof *q->heap);
	q->heap_at = mem_alloc(s->nturns * sizeof *q->heap_at);
	q->far_mask = far - 1;
	q->far_shift = r->shift + (uint32_t)__builtin_ctz(QUEUE_FAR);
	q->far_front = NEVER;
	q->far_filled = mem_alloc(far / 64 * sizeof *q->far_filled);
	q->far_links = mem_alloc(s->nturns * sizeof *q->far_links);
	q->far = mem_alloc(far * sizeof *q->far);
	for (uint32_t i = 0; i < far; i++)
		q->far[i] = SIM_NONE;
}

void queue_free(struct sim *s)
{
	struct queue *q = &s->queue;

	free(q->near.filled);
	for (uint32_t i = 0; q->hints && i <= q->near.mask / 64; i++)
		vec_free(&q->hints[i]);
	free(q->hints);
	free(q->near.block);
	free(q->heap);
	free(q->heap_at);
	free(q->far_filled);
	free(q->far_links);
	free(q->far);
}

void queue_add_rest(struct sim *s, uint32_t worker, uint64_t time_ns)
{
	struct queue *q = &s->queue;
	bool near = time_ns >> q->near.shift <= (s->now_ns >> q->near.shift) + q->near.mask;

	/* What is the first of all would be asked for at once. */
	if (!near && time_ns >= q->next_ns && far_add(q, s->now_ns, time_ns, worker))
		s->turns[worker].place = TIMER_FAR;
	else
		heap_add(s, worker);
	find_rest(q);
}

/* The first of all, which is the heap's. */
void queue_pop_rest(struct sim *s)
{
	heap_remove(s, 0);
	find_rest(&s->queue);
}

/* The first of all is the earlier of two heads, once there is nothing far before them. */
void queue_choose(struct sim *s)
{
	struct queue *q = &s->queue;
	const struct ring *r = &q->near;
	struct queue_entry first = {NEVER, UINT64_MAX, SIM_NONE};

	while (q->nfar && far_ns(q) <= queue_less(r->next_ns, heap_ns(q)))
		far_arrives(s);
	find_rest(q);
	if (r->n) {
		first.worker = queue_worker(r->key);
		first.time_ns = r->next_ns;
		first.seq = s->turns[first.worker].seq;
	}
	if (q->nheap && before(&q->heap[0], &first))
		first = q->heap[0];
	q->first = first.worker;
	q->next_ns = first.time_ns;
}

void queue_set(struct sim *s, uint32_t worker, uint64_t time_ns)
{
	if (queue_holds(s, worker))
		queue_remove(s, worker);
	queue_add(s, worker, time_ns);
}

static void ring_remove(struct sim *s, uint64_t time_ns, uint32_t worker)
{
	struct ring *r = &s->queue.near;
	uint32_t i = (uint32_t)(time_ns >> r->shift) & r->mask;
	uint64_t place = 0;

	while (queue_worker(r->v[i].key[place]) != worker)
		place++;
	queue_drop(r, i, place);
	queue_ring_first(s); /* it may have moved within its bucket, too */
}

void queue_remove(struct sim *s, uint32_t worker)
{
	struct queue *q = &s->queue;
	struct turn *t = &s->turns[worker];

	if (t->place == TIMER_NONE)
		return;
	if (t->place == TIMER_NEAR)
		ring_remove(s, t->time_ns, worker);
	else if (t->place == TIMER_FAR)
		far_remove(q, t->time_ns, worker);
	else
		heap_remove(s, q->heap_at[worker]);
	t->place = TIMER_NONE;
	queue_choose(s);
}
