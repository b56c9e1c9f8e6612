/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wheel.c - a timer wheel of eight levels, one for each byte of a time in nanoseconds.
 *
 * A tick is one nanosecond, so there is no tick to choose: a timer lies in the level of the highest
 * byte in which its time differs from `base`, in the bucket of that byte's value.  All 64 bits of
 * time are covered; nothing is too far in the future.
 *
 * What leaves, leaves from `front`, a sorted array.  When it is empty, buckets are taken from the
 * lowest level that has any until there is enough to be worth it, and sorted by dealing them out
 * evenly over their range (times there are alike in all bits but the last, so a few bits of these
 * tell most apart) and setting right what is left.  Only a bucket that is too long for the cache,
 * or that holds a large part of all timers, is dealt out to the levels below.  So a timer mostly
 * moves twice, from one contiguous array to another.
 *
 * Two kinds of additions cannot go to a bucket.  Those that fall into the front's range slot into
 * it; when that has shifted more timers than the front was long, the front goes back to the levels
 * below its own.  Those before `base` (peeking moved it past the last popped timer) wait in a heap,
 * `early`; nothing in the wheel comes before them.
 */
#include "run/wheel.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/vec.h"
#include "run/order.h"

#define LEVELS	    8
#define BUCKETS	    256
#define CHUNK	    21	  /* timers; 512 bytes with the pointer */
#define SLAB	    256	  /* chunks asked of the heap at once */
#define FRONT_SHARE 64	  /* take buckets until the front has this fraction of all timers, */
#define FRONT_FEW   16	  /* ... but at least and */
#define FRONT_SOME  512	  /* ... at most so many */
#define FRONT_MANY  32768 /* longest bucket that is sorted whole: 768 KiB */
#define FRONT_PART  8	  /* or a larger part of all timers than this */
#define SHIFT_MAX   4	  /* shifts in the front per timer that was in it, before it is given up */

/*
 * What is seldom needed is kept out of adding and popping: inlined there it would have them save
 * all registers every time.
 */
#define SELDOM __attribute__((noinline))

/* Aligned to its size, so that the place behind its last timer tells that it is full. */
struct chunk {
	_Alignas(512) struct chunk *next;
	struct timer v[CHUNK];
};
_Static_assert(sizeof(struct chunk) == 512, "a full chunk ends where the next would begin");

/* All chunks but the last are full.  Adding looks at nothing behind these fields, only writes. */
struct bucket {
	struct chunk *first;
	struct timer *at; /* behind the last timer of the last chunk; NULL: there is none */
	uint64_t n;
	uint64_t unused; /* finding a bucket is a shift */
};

struct slab {
	struct chunk chunks[SLAB];
	struct slab *next;
};

struct wheel {
	uint64_t base;	     /* every timer of a bucket is > front_last >= base */
	uint64_t front_last; /* the front's range is [base, front_last] */
	size_t head;	     /* of front: first timer still to leave */
	uint64_t count;
	struct timers front; /* ascending from head on */
	struct timers early; /* binary heap: times < base */
	uint64_t shifts;     /* left in the front */
	struct chunk *free;
	struct slab *slabs;
	uint64_t used[LEVELS][BUCKETS / 64]; /* bitmap of buckets that hold timers */
	struct bucket buckets[LEVELS][BUCKETS];
	struct sorter sorter;
};

/* ---- chunks --------------------------------------------------------------------------------- */

static struct chunk *chunk_get(struct wheel *w)
{
	if (!w->free) {
		struct slab *s = aligned_alloc(sizeof(struct chunk), sizeof *s);

		if (!s)
			mem_exhausted(sizeof *s);
		s->next = w->slabs;
		w->slabs = s;
		for (size_t i = 0; i < SLAB; i++) {
			s->chunks[i].next = w->free;
			w->free = &s->chunks[i];
		}
	}
	struct chunk *c = w->free;

	w->free = c->next;
	c->next = NULL;
	return c;
}

/* The chunk that ends with the timer before `at`. */
static struct chunk *chunk_of(struct timer *at)
{
	return (struct chunk *)(((uintptr_t)at - 1) & ~(uintptr_t)(sizeof(struct chunk) - 1));
}

/* The chunks of b, if it has any, are full. */
SELDOM static void bucket_add_chunk(struct wheel *w, struct bucket *b, uint64_t time_ns,
				    uint64_t seq, uint64_t datum)
{
	size_t i = (size_t)(b - &w->buckets[0][0]);
	struct chunk *c = chunk_get(w);

	if (b->at)
		chunk_of(b->at)->next = c;
	else
		b->first = c;
	w->used[i / BUCKETS][i % BUCKETS / 64] |= UINT64_C(1) << (i % 64);
	c->v[0] = (struct timer){time_ns, seq, datum};
	b->at = c->v + 1;
	b->n++;
}

/* Into the bucket of its time, which must lie behind the front's range. */
static inline void bucket_add(struct wheel *w, uint64_t time_ns, uint64_t seq, uint64_t datum)
{
	uint64_t diff = time_ns ^ w->base;
	unsigned level = (63U - (unsigned)__builtin_clzll(diff | 1)) / 8;
	struct bucket *b = &w->buckets[level][(time_ns >> (8 * level)) & 255];
	struct timer *at = b->at;

	if (__builtin_expect((uintptr_t)at % sizeof(struct chunk) == 0, 0)) {
		bucket_add_chunk(w, b, time_ns, seq, datum);
		return;
	}
	*at = (struct timer){time_ns, seq, datum};
	b->at = at + 1;
	b->n++;
}

static void bucket_add_timer(struct wheel *w, const struct timer *t)
{
	bucket_add(w, t->time_ns, t->seq, t->datum);
}

/* ---- the front ------------------------------------------------------------------------------ */

/* Timers of b in its chunk c. */
static size_t chunk_count(const struct bucket *b, const struct chunk *c)
{
	return c->next ? CHUNK : (size_t)(b->at - c->v);
}

static unsigned first_bit(const uint64_t *map)
{
	for (unsigned i = 0; i < BUCKETS / 64; i++)
		if (map[i])
			return 64 * i + (unsigned)__builtin_ctzll(map[i]);
	return BUCKETS;
}

/* The highest byte in which times of the bucket differ is that of this value's highest bit. */
static uint64_t bucket_spread(const struct bucket *b, unsigned level)
{
	uint64_t first = b->first->v[0].time_ns, diff = 0;

	/* It is below the level's own; mostly the first few timers differ in the one below. */
	for (const struct chunk *c = b->first; c && !(diff >> (8 * (level - 1))); c = c->next)
		for (size_t i = 0, n = chunk_count(b, c); i < n; i++)
			diff |= c->v[i].time_ns ^ first;
	return diff;
}

/* The buckets that become the front. */
struct taken {
	struct bucket v[FRONT_SOME];
	size_t n;
	uint64_t timers;
};

static void front_copy(struct wheel *w, const struct taken *take)
{
	for (size_t k = 0; k < take->n; k++) {
		const struct bucket *b = &take->v[k];

		for (const struct chunk *c = b->first; c; c = c->next) {
			size_t n = chunk_count(b, c);

			memcpy(w->front.v + w->front.n, c->v, n * sizeof *c->v);
			w->front.n += n;
		}
	}
}

/*
 * Make the front of these buckets.  Mostly their times lie evenly in its range: then dealing them
 * out over that takes each timer straight to its place.  Where too many are alike, order_sort()
 * looks at what the times really are.
 */
static void front_make(struct wheel *w, const struct taken *take)
{
	uint64_t base = w->base, n = take->timers;
	uint32_t *bins = w->sorter.bins;

	vec_reserve(&w->front, n);
	if (n <= ORDER_LONG || n >= 1 << ORDER_BITS || base == w->front_last) {
		front_copy(w, take);
		order_sort(&w->sorter, &w->front);
		return;
	}
	unsigned wide = 64 - (unsigned)__builtin_clzll(w->front_last - base);
	unsigned bits = 64 - (unsigned)__builtin_clzll(n);
	unsigned shift = wide > bits ? wide - bits : 0;
	size_t nbins = ((w->front_last - base) >> shift) + 1;
	uint32_t at = 0, longest = 0;

	memset(bins, 0, nbins * sizeof *bins);
	for (size_t k = 0; k < take->n; k++)
		for (const struct chunk *c = take->v[k].first; c; c = c->next)
			for (size_t i = 0, m = chunk_count(&take->v[k], c); i < m; i++)
				bins[(c->v[i].time_ns - base) >> shift]++;
	for (size_t i = 0; i < nbins; i++) {
		uint32_t len = bins[i];

		bins[i] = at;
		at += len;
		longest = len > longest ? len : longest;
	}
	if (longest > ORDER_LONG) {
		front_copy(w, take);
		order_sort(&w->sorter, &w->front);
		return;
	}

	struct timer *to = w->front.v;

	for (size_t k = 0; k < take->n; k++)
		for (const struct chunk *c = take->v[k].first; c; c = c->next)
			for (size_t i = 0, m = chunk_count(&take->v[k], c); i < m; i++)
				to[bins[(c->v[i].time_ns - base) >> shift]++] = c->v[i];
	w->front.n = n;
	order_run(to, n); /* nothing is further than a bin from its place */
}

/*
 * Too long to be sorted whole: for the cache, or because so large a part of all timers spans so
 * much time that most of those still to be added would fall among them.
 */
static bool is_long(const struct wheel *w, const struct bucket *b)
{
	return b->n > FRONT_MANY || (b->n > FRONT_SOME && b->n > w->count / FRONT_PART);
}

/* Deal a bucket out to the levels below its own.  False: its times are all the same. */
static bool bucket_deal(struct wheel *w, struct bucket *b, unsigned level)
{
	uint64_t spread = bucket_spread(b, level);

	if (!spread)
		return false;

	unsigned wide = 64 - (unsigned)__builtin_clzll(spread);
	/* A bucket's times share at least the highest byte. */
	uint64_t range = (UINT64_C(1) << ((wide + 7) / 8 * 8)) - 1;

	/* Levels at which they all agree are skipped: nothing would come apart there. */
	w->base = b->first->v[0].time_ns & ~range;
	for (const struct chunk *c = b->first; c; c = c->next)
		for (size_t i = 0, n = chunk_count(b, c); i < n; i++)
			bucket_add_timer(w, &c->v[i]);
	return true;
}

static void bucket_free(struct wheel *w, const struct bucket *b)
{
	chunk_of(b->at)->next = w->free;
	w->free = b->first;
}

/* Fill the empty front.  False: the wheel is empty. */
static bool refill(struct wheel *w)
{
	uint64_t enough = w->count / FRONT_SHARE;
	struct taken take;
	unsigned level = 0;

	enough = enough < FRONT_FEW ? FRONT_FEW : enough > FRONT_SOME ? FRONT_SOME : enough;
	vec_clear(&w->front);
	w->head = 0;
	take.n = take.timers = 0;
	while (level < LEVELS && take.timers < enough) {
		unsigned index = first_bit(w->used[level]);

		if (index == BUCKETS) {
			if (take.n)
				break; /* further ones are as far away as this level is wide */
			level++;
			continue;
		}
		struct bucket b = w->buckets[level][index];
		uint64_t range = (UINT64_C(1) << (8 * level)) - 1;

		if (take.n && b.n > FRONT_SOME)
			break;
		w->used[level][index / 64] &= ~(UINT64_C(1) << (index % 64));
		w->buckets[level][index] = (struct bucket){0};
		if (is_long(w, &b) && level > 0 && bucket_deal(w, &b, level)) {
			bucket_free(w, &b);
			level = 0;
			continue;
		}
		uint64_t first = b.first->v[0].time_ns & ~range;

		if (!take.n)
			w->base = first;
		w->front_last = first | range;
		take.v[take.n++] = b;
		take.timers += b.n;
	}
	if (!take.n)
		return false;
	front_make(w, &take);
	for (size_t k = 0; k < take.n; k++)
		bucket_free(w, &take.v[k]);
	w->shifts = SHIFT_MAX * w->front.n + 64;
	return true;
}

/* Give the front back to the levels below its own, except for its first instant. */
static void front_spill(struct wheel *w)
{
	size_t keep = w->head;
	uint64_t first = w->front.v[w->head].time_ns;

	w->base = w->front_last = first;
	while (keep < w->front.n && w->front.v[keep].time_ns == first)
		keep++;
	for (size_t i = keep; i < w->front.n; i++)
		bucket_add_timer(w, &w->front.v[i]);
	w->front.n = keep;
}

static void front_insert(struct wheel *w, const struct timer *t)
{
	struct timer *v = w->front.v;

	if (w->head && w->front.n == w->front.cap && w->head >= w->front.n - w->head) {
		w->front.n -= w->head;
		memmove(v, v + w->head, w->front.n * sizeof *v);
		w->head = 0;
	}
	vec_push(&w->front, *t);
	v = w->front.v;

	size_t lo = w->head, hi = w->front.n - 1;

	if (hi == lo || !order_before(t, &v[hi - 1]))
		return;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (order_before(t, &v[mid]))
			hi = mid;
		else
			lo = mid + 1;
	}
	size_t shift = w->front.n - 1 - lo;

	memmove(v + lo + 1, v + lo, shift * sizeof *v);
	v[lo] = *t;
	if (shift <= w->shifts)
		w->shifts -= shift;
	else if (w->base != w->front_last)
		front_spill(w);
}

/* ---- interface ------------------------------------------------------------------------------ */

struct wheel *wheel_new(void)
{
	/* base 0 and an empty front whose range is that one instant */
	return mem_alloc(sizeof(struct wheel));
}

void wheel_free(struct wheel *w)
{
	if (!w)
		return;
	for (struct slab *s = w->slabs, *next; s; s = next) {
		next = s->next;
		free(s);
	}
	vec_free(&w->front);
	vec_free(&w->early);
	vec_free(&w->sorter.scratch);
	free(w);
}

SELDOM static void add_before(struct wheel *w, uint64_t time_ns, uint64_t seq, uint64_t datum)
{
	struct timer t = {time_ns, seq, datum};

	if (time_ns >= w->base)
		front_insert(w, &t);
	else
		order_heap_add(&w->early, &t);
}

void wheel_add_at(struct wheel *w, uint64_t time_ns, uint64_t seq, uint64_t datum)
{
	w->count++;
	if (__builtin_expect(time_ns > w->front_last, 1))
		bucket_add(w, time_ns, seq, datum);
	else
		add_before(w, time_ns, seq, datum);
}

bool wheel_peek(struct wheel *w, struct timer *out)
{
	if (w->early.n) {
		*out = w->early.v[0];
		return true;
	}
	if (w->head == w->front.n && !refill(w))
		return false;
	*out = w->front.v[w->head];
	return true;
}

SELDOM static bool pop_other(struct wheel *w, struct timer *out)
{
	if (!wheel_peek(w, out))
		return false;
	if (w->early.n)
		order_heap_drop(&w->early);
	else
		w->head++;
	w->count--;
	return true;
}

bool wheel_pop(struct wheel *w, struct timer *out)
{
	if (__builtin_expect(w->early.n || w->head == w->front.n, 0))
		return pop_other(w, out);
	*out = w->front.v[w->head++];
	w->count--;
	return true;
}

uint64_t wheel_count(const struct wheel *w)
{
	return w->count;
}
