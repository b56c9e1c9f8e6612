/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wheel.c - a timer wheel of eight levels, one for each byte of a time in nanoseconds.
 *
 * A tick is one nanosecond, so there is no tick to choose: a timer lies in the level of the highest
 * byte in which its time differs from `base`, in the bucket of that byte's value.  All 64 bits of
 * time are covered; nothing is too far in the future.
 *
 * What leaves, leaves from `front`, a sorted array.  When it is empty, buckets are taken from the
 * lowest level that has any until there is enough to be worth it, each sorted by dealing it out
 * evenly (its times are alike in all bits but the last, so a few bits of these tell most apart) and
 * setting right what is left.  Only a bucket too long for the cache is dealt out to the levels
 * below.  So a timer mostly moves twice, from one contiguous array to another.
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

#define LEVELS	    8
#define BUCKETS	    256
#define CHUNK	    21	  /* timers; 512 bytes with the pointer */
#define SLAB	    256	  /* chunks asked of the heap at once */
#define FRONT_SHARE 32	  /* take buckets until the front has this fraction of all timers, */
#define FRONT_FEW   16	  /* ... but at least and */
#define FRONT_SOME  512	  /* ... at most so many */
#define FRONT_MANY  32768 /* longest bucket that is sorted whole: 768 KiB */
#define BIN_BITS    14	  /* largest number of bins for that, as a power of 2 */
#define BIN_LONG    24	  /* insertion sort up to here */
#define RUN_SORT    12	  /* runs that insertion sort makes for merge sort */
#define SHIFT_MAX   4	  /* shifts in the front per timer that was in it, before it is given up */

struct chunk {
	struct chunk *next;
	struct timer v[CHUNK];
};

/* All chunks but the last are full.  Adding looks at nothing behind these fields, only writes. */
struct bucket {
	struct chunk *first, *last;
	uint64_t n;
	uint64_t room; /* in the last chunk */
};

struct slab {
	struct slab *next;
	struct chunk chunks[SLAB];
};

struct wheel {
	uint64_t base;	     /* every timer of a bucket is > front_last >= base */
	uint64_t front_last; /* the front's range is [base, front_last] */
	size_t head;	     /* of front: first timer still to leave */
	uint64_t count;
	VEC(struct timer) front; /* ascending from head on */
	VEC(struct timer) early; /* binary heap: times < base */
	VEC(struct timer) scratch;
	uint64_t shifts; /* left in the front */
	struct chunk *free;
	struct slab *slabs;
	uint64_t used[LEVELS][BUCKETS / 64]; /* bitmap of buckets that hold timers */
	struct bucket buckets[LEVELS][BUCKETS];
	uint32_t bins[1 << BIN_BITS];
};

static bool before(const struct timer *a, const struct timer *b)
{
	unsigned __int128 x = (unsigned __int128)a->time_ns << 64 | a->seq;
	unsigned __int128 y = (unsigned __int128)b->time_ns << 64 | b->seq;

	return x < y;
}

/* ---- chunks --------------------------------------------------------------------------------- */

static struct chunk *chunk_get(struct wheel *w)
{
	if (!w->free) {
		struct slab *s = mem_alloc(sizeof *s);

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

/* Into the bucket of its time, which must lie behind the front's range. */
static inline void bucket_add(struct wheel *w, uint64_t time_ns, uint64_t seq, uint64_t datum)
{
	uint64_t diff = time_ns ^ w->base;
	unsigned level = (63U - (unsigned)__builtin_clzll(diff | 1)) / 8;
	unsigned index = (time_ns >> (8 * level)) & 255;
	struct bucket *b = &w->buckets[level][index];
	struct chunk *c = b->last;

	if (__builtin_expect(!b->room, 0)) {
		c = chunk_get(w);
		if (b->last)
			b->last->next = c;
		else
			b->first = c;
		b->last = c;
		b->room = CHUNK;
		w->used[level][index / 64] |= UINT64_C(1) << (index % 64);
	}
	c->v[CHUNK - b->room--] = (struct timer){time_ns, seq, datum};
	b->n++;
}

static void bucket_add_timer(struct wheel *w, const struct timer *t)
{
	bucket_add(w, t->time_ns, t->seq, t->datum);
}

/* ---- sorting -------------------------------------------------------------------------------- */

static void sort_run(struct timer *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct timer t = v[i];
		size_t k = i;

		for (; k > 0 && before(&t, &v[k - 1]); k--)
			v[k] = v[k - 1];
		v[k] = t;
	}
}

static void merge(const struct timer *a, size_t na, const struct timer *b, size_t nb,
		  struct timer *to)
{
	while (na && nb) {
		bool take_b = before(b, a);

		*to++ = take_b ? *b : *a;
		b += take_b;
		nb -= take_b;
		a += !take_b;
		na -= !take_b;
	}
	memcpy(to, na ? a : b, (na ? na : nb) * sizeof *to);
}

static bool is_sorted(const struct timer *v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (before(&v[i], &v[i - 1]))
			return false;
	return true;
}

static void sort_timers(struct wheel *w, struct timer *v, size_t n)
{
	if (n <= BIN_LONG) {
		sort_run(v, n);
		return;
	}
	/* Timers of one instant come in the order of adding, which is mostly that of seq. */
	if (is_sorted(v, n))
		return;
	for (size_t i = 0; i < n; i += RUN_SORT)
		sort_run(v + i, n - i < RUN_SORT ? n - i : RUN_SORT);
	vec_reserve(&w->scratch, n);

	struct timer *from = v, *to = w->scratch.v;

	for (size_t len = RUN_SORT; len < n; len *= 2) {
		for (size_t i = 0; i < n; i += 2 * len) {
			size_t left = n - i < len ? n - i : len;
			size_t right = n - i - left < len ? n - i - left : len;

			merge(from + i, left, from + i + left, right, to + i);
		}
		struct timer *swap = from;

		from = to;
		to = swap;
	}
	if (from != v)
		memcpy(v, from, n * sizeof *v);
}

/* ---- the front ------------------------------------------------------------------------------ */

/* Timers of b in its chunk c. */
static size_t chunk_count(const struct bucket *b, const struct chunk *c)
{
	return c == b->last ? CHUNK - b->room : CHUNK;
}

static unsigned first_bit(const uint64_t *map)
{
	for (unsigned i = 0; i < BUCKETS / 64; i++)
		if (map[i])
			return 64 * i + (unsigned)__builtin_ctzll(map[i]);
	return BUCKETS;
}

/* The bits in which times of the bucket differ. */
static uint64_t bucket_spread(const struct bucket *b)
{
	uint64_t first = b->first->v[0].time_ns, diff = 0;

	for (const struct chunk *c = b->first; c; c = c->next)
		for (size_t i = 0, n = chunk_count(b, c); i < n; i++)
			diff |= c->v[i].time_ns ^ first;
	return diff;
}

/*
 * Sort the front: deal it out evenly over its times, with several bins to a timer so that few share
 * one, then set right what is left.  Comparisons, which the processor cannot foresee, would cost
 * more than all the rest.
 */
static void front_sort(struct wheel *w)
{
	size_t n = w->front.n;
	struct timer *v = w->front.v;
	uint64_t lo = UINT64_MAX, hi = 0;

	for (size_t i = 0; i < n; i++) {
		lo = v[i].time_ns < lo ? v[i].time_ns : lo;
		hi = v[i].time_ns > hi ? v[i].time_ns : hi;
	}
	if (n <= BIN_LONG || hi == lo) {
		sort_timers(w, v, n);
		return;
	}
	unsigned wide = 64 - (unsigned)__builtin_clzll(hi - lo);
	unsigned bits = 65 - (unsigned)__builtin_clzll(n);

	if (bits > BIN_BITS)
		bits = BIN_BITS;

	unsigned shift = wide > bits ? wide - bits : 0;
	size_t nbins = ((hi - lo) >> shift) + 1;
	uint32_t at = 0, longest = 0;

	memset(w->bins, 0, nbins * sizeof *w->bins);
	for (size_t i = 0; i < n; i++)
		w->bins[(v[i].time_ns - lo) >> shift]++;
	for (size_t i = 0; i < nbins; i++) {
		uint32_t len = w->bins[i];

		w->bins[i] = at;
		at += len;
		longest = len > longest ? len : longest;
	}
	vec_reserve(&w->scratch, n);

	struct timer *to = w->scratch.v;

	for (size_t i = 0; i < n; i++)
		to[w->bins[(v[i].time_ns - lo) >> shift]++] = v[i];

	size_t cap = w->scratch.cap;

	w->scratch.v = v;
	w->scratch.cap = w->front.cap;
	w->front.v = to;
	w->front.cap = cap;
	if (longest <= BIN_LONG) {
		sort_run(to, n); /* nothing is further than a bin from its place */
		return;
	}
	/* bins[] now holds each one's end. */
	for (size_t i = 0, from = 0; i < nbins; from = w->bins[i++])
		sort_timers(w, to + from, w->bins[i] - from);
}

static void front_take(struct wheel *w, const struct bucket *b)
{
	vec_reserve(&w->front, w->front.n + b->n);
	for (const struct chunk *c = b->first; c; c = c->next) {
		for (size_t i = 0, n = chunk_count(b, c); i < n; i++)
			w->front.v[w->front.n + i] = c->v[i];
		w->front.n += chunk_count(b, c);
	}
}

/* Deal a bucket out to the levels below its own.  False: its times are all the same. */
static bool bucket_deal(struct wheel *w, struct bucket *b)
{
	uint64_t spread = bucket_spread(b);

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

/* Fill the empty front.  False: the wheel is empty. */
static bool refill(struct wheel *w)
{
	uint64_t enough = w->count / FRONT_SHARE;
	unsigned level = 0;

	enough = enough < FRONT_FEW ? FRONT_FEW : enough > FRONT_SOME ? FRONT_SOME : enough;
	vec_clear(&w->front);
	w->head = 0;
	while (level < LEVELS && w->front.n < enough) {
		unsigned index = first_bit(w->used[level]);

		if (index == BUCKETS) {
			if (w->front.n)
				break; /* further ones are as far away again as this level is wide
					*/
			level++;
			continue;
		}
		struct bucket b = w->buckets[level][index];
		uint64_t range = (UINT64_C(1) << (8 * level)) - 1;

		if (w->front.n && b.n > FRONT_SOME)
			break;
		w->used[level][index / 64] &= ~(UINT64_C(1) << (index % 64));
		w->buckets[level][index] = (struct bucket){0};
		if (b.n > FRONT_MANY && level > 0 && bucket_deal(w, &b)) {
			level = 0;
		} else {
			uint64_t first = b.first->v[0].time_ns & ~range;

			if (!w->front.n)
				w->base = first;
			w->front_last = first | range;
			front_take(w, &b);
		}
		b.last->next = w->free;
		w->free = b.first;
	}
	front_sort(w);
	w->shifts = SHIFT_MAX * w->front.n + 64;
	return w->front.n > 0;
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

	if (hi == lo || !before(t, &v[hi - 1]))
		return;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (before(t, &v[mid]))
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

/* ---- timers before base --------------------------------------------------------------------- */

static void early_add(struct wheel *w, const struct timer *t)
{
	size_t i = w->early.n;

	vec_push(&w->early, *t);
	for (; i > 0 && before(t, &w->early.v[(i - 1) / 2]); i = (i - 1) / 2)
		w->early.v[i] = w->early.v[(i - 1) / 2];
	w->early.v[i] = *t;
}

static void early_drop(struct wheel *w)
{
	struct timer *v = w->early.v, t = v[--w->early.n];
	size_t n = w->early.n, i = 0;

	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && before(&v[child + 1], &v[child]))
			child++;
		if (!before(&v[child], &t))
			break;
		v[i] = v[child];
	}
	v[i] = t;
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
	vec_free(&w->scratch);
	free(w);
}

void wheel_add_at(struct wheel *w, uint64_t time_ns, uint64_t seq, uint64_t datum)
{
	w->count++;
	if (time_ns > w->front_last)
		bucket_add(w, time_ns, seq, datum);
	else if (time_ns >= w->base)
		front_insert(w, &(struct timer){time_ns, seq, datum});
	else
		early_add(w, &(struct timer){time_ns, seq, datum});
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

bool wheel_pop(struct wheel *w, struct timer *out)
{
	if (!wheel_peek(w, out))
		return false;
	if (w->early.n)
		early_drop(w);
	else
		w->head++;
	w->count--;
	return true;
}

uint64_t wheel_count(const struct wheel *w)
{
	return w->count;
}
