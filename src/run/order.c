/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/order.h"

#include <string.h>

#include "base/vec.h"

#define RUN_SORT 12 /* runs that insertion sort makes for merge sort */

void order_run(struct timer *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (order_before(&v[i - 1], &v[i]))
			continue; /* nearly always */

		struct timer t = v[i];
		size_t k = i;

		for (; k > 0 && order_before(&t, &v[k - 1]); k--)
			v[k] = v[k - 1];
		v[k] = t;
	}
}

static void merge(const struct timer *a, size_t na, const struct timer *b, size_t nb,
		  struct timer *to)
{
	while (na && nb) {
		bool take_b = order_before(b, a);

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
		if (order_before(&v[i], &v[i - 1]))
			return false;
	return true;
}

static void sort_timers(struct sorter *s, struct timer *v, size_t n)
{
	if (n <= ORDER_LONG) {
		order_run(v, n);
		return;
	}
	/* Timers of one instant come in the order of adding, which is mostly that of seq. */
	if (is_sorted(v, n))
		return;
	for (size_t i = 0; i < n; i += RUN_SORT)
		order_run(v + i, n - i < RUN_SORT ? n - i : RUN_SORT);
	vec_reserve(&s->scratch, n);

	struct timer *from = v, *to = s->scratch.v;

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

/*
 * Deal the list out evenly over its times, with several bins to a timer so that few share one, then
 * set right what is left.  Comparisons, which the processor cannot foresee, would cost more than
 * all the rest.
 */
void order_sort(struct sorter *s, struct timers *list)
{
	size_t n = list->n;
	struct timer *v = list->v;
	uint64_t lo = UINT64_MAX, hi = 0;

	for (size_t i = 0; i < n; i++) {
		lo = v[i].time_ns < lo ? v[i].time_ns : lo;
		hi = v[i].time_ns > hi ? v[i].time_ns : hi;
	}
	if (n <= ORDER_LONG || hi == lo) {
		sort_timers(s, v, n);
		return;
	}
	unsigned wide = 64 - (unsigned)__builtin_clzll(hi - lo);
	unsigned bits = 65 - (unsigned)__builtin_clzll(n);

	if (bits > ORDER_BITS)
		bits = ORDER_BITS;

	unsigned shift = wide > bits ? wide - bits : 0;
	size_t nbins = ((hi - lo) >> shift) + 1;
	uint32_t at = 0, longest = 0;

	memset(s->bins, 0, nbins * sizeof *s->bins);
	for (size_t i = 0; i < n; i++)
		s->bins[(v[i].time_ns - lo) >> shift]++;
	for (size_t i = 0; i < nbins; i++) {
		uint32_t len = s->bins[i];

		s->bins[i] = at;
		at += len;
		longest = len > longest ? len : longest;
	}
	vec_reserve(&s->scratch, n);

	struct timer *to = s->scratch.v;

	for (size_t i = 0; i < n; i++)
		to[s->bins[(v[i].time_ns - lo) >> shift]++] = v[i];

	size_t cap = s->scratch.cap;

	s->scratch.v = v;
	s->scratch.cap = list->cap;
	list->v = to;
	list->cap = cap;
	if (longest <= ORDER_LONG) {
		order_run(to, n); /* nothing is further than a bin from its place */
		return;
	}
	/* bins[] now holds each one's end. */
	for (size_t i = 0, from = 0; i < nbins; from = s->bins[i++])
		sort_timers(s, to + from, s->bins[i] - from);
}

/* ---- a heap ---------------------------------------------------------------------------------- */

void order_heap_add(struct timers *heap, const struct timer *t)
{
	size_t i = heap->n;

	vec_push(heap, *t);
	for (; i > 0 && order_before(t, &heap->v[(i - 1) / 2]); i = (i - 1) / 2)
		heap->v[i] = heap->v[(i - 1) / 2];
	heap->v[i] = *t;
}

void order_heap_drop(struct timers *heap)
{
	struct timer *v = heap->v, t = v[--heap->n];
	size_t n = heap->n, i = 0;

	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && order_before(&v[child + 1], &v[child]))
			child++;
		if (!order_before(&v[child], &t))
			break;
		v[i] = v[child];
	}
	v[i] = t;
}
