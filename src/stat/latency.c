/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stat/latency.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stat/timeline.h"

/*
 * A bucket is a value without all but its top 11 bits: [1024 << shift, 2048 << shift) is cut into
 * 1024 of width 1 << shift.  Values below 2048 have a bucket each.
 */
#define SUB_BITS 10
#define SUB	 (UINT64_C(1) << SUB_BITS)
#define NBUCKETS ((64 - SUB_BITS + 1) * SUB)

static size_t bucket_of(uint64_t ns)
{
	unsigned int shift;

	if (ns < SUB)
		return ns;
	shift = 63 - (unsigned int)__builtin_clzll(ns) - SUB_BITS;
	return shift * SUB + (ns >> shift);
}

static uint64_t bucket_middle(size_t bucket)
{
	unsigned int shift;

	if (bucket < 2 * SUB)
		return bucket;
	shift = (unsigned int)(bucket / SUB - 1);
	return ((bucket - shift * SUB) << shift) + (UINT64_C(1) << shift >> 1);
}

static void become_histogram(struct latency *l)
{
	l->buckets = mem_alloc(NBUCKETS * sizeof(*l->buckets));
	for (size_t i = 0; i < l->exact.n; i++)
		l->buckets[bucket_of(l->exact.v[i])]++;
	vec_free(&l->exact);
}

void latency_add(struct latency *l, uint64_t ns)
{
	l->n++;
	l->sum_ns += ns;
	if (ns > l->max_ns)
		l->max_ns = ns;
	if (!l->buckets && l->n <= LATENCY_EXACT) {
		vec_push(&l->exact, ns);
		return;
	}
	if (!l->buckets)
		become_histogram(l);
	l->buckets[bucket_of(ns)]++;
}

uint64_t latency_mean(const struct latency *l)
{
	return l->n ? (uint64_t)((l->sum_ns + l->n / 2) / l->n) : 0;
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Byte by byte from the lowest; a byte that all values share costs one counting pass only. */
static void radix_sort(uint64_t *v, size_t n)
{
	uint64_t *from = v, *to = mem_alloc(n * sizeof(*v)), *spare = to;

	for (unsigned int shift = 0; shift < 64; shift += 8) {
		size_t start[257] = {0};

		for (size_t i = 0; i < n; i++)
			start[(from[i] >> shift & 255) + 1]++;
		if (start[(from[0] >> shift & 255) + 1] == n)
			continue;
		for (size_t b = 1; b < 257; b++)
			start[b] += start[b - 1];
		for (size_t i = 0; i < n; i++)
			to[start[from[i] >> shift & 255]++] = from[i];
		uint64_t *t = from;

		from = to;
		to = t;
	}
	if (from != v)
		memcpy(v, from, n * sizeof(*v));
	free(spare);
}

static void sort(uint64_t *v, size_t n)
{
	size_t i = 1;

	/* Asked for several quantiles in a row: sorted already but for the first time. */
	while (i < n && v[i - 1] <= v[i])
		i++;
	if (i >= n)
		return;
	if (n < 1024)
		qsort(v, n, sizeof(*v), compare_u64);
	else
		radix_sort(v, n);
}

uint64_t latency_quantile(struct latency *l, unsigned int per_mille)
{
	uint64_t rank, seen = 0;

	if (!l->n)
		return 0;
	rank = (uint64_t)(((unsigned __int128)l->n * per_mille + 999) / 1000);
	if (!l->buckets) {
		sort(l->exact.v, l->exact.n);
		return l->exact.v[rank - 1];
	}
	for (size_t b = 0; b < NBUCKETS; b++) {
		seen += l->buckets[b];
		if (seen >= rank) {
			uint64_t ns = bucket_middle(b);

			return ns < l->max_ns ? ns : l->max_ns;
		}
	}
	return l->max_ns;
}

/* A quarter of an octave: the top bit and the two below it. */
static uint32_t bin_of(uint64_t ns)
{
	unsigned int top;

	if (ns < 4)
		return (uint32_t)ns;
	top = 63 - (unsigned int)__builtin_clzll(ns);
	return (top - 1) * 4 + (uint32_t)(ns >> (top - 2) & 3);
}

static uint64_t bin_from(uint32_t bin)
{
	return bin < 4 ? bin : (UINT64_C(4) + bin % 4) << (bin / 4 - 1);
}

uint32_t latency_bins(const struct latency *l, struct timeline_bin *bins)
{
	uint64_t counts[LATENCY_BINS] = {0};
	uint32_t n = 0;

	for (size_t i = 0; i < l->exact.n; i++)
		counts[bin_of(l->exact.v[i])]++;
	for (size_t b = 0; l->buckets && b < NBUCKETS; b++)
		counts[bin_of(bucket_middle(b))] += l->buckets[b];
	for (uint32_t i = 0; i < LATENCY_BINS; i++)
		if (counts[i])
			bins[n++] = (struct timeline_bin){bin_from(i), counts[i]};
	return n;
}

void latency_reset(struct latency *l)
{
	free(l->buckets);
	l->buckets = NULL;
	vec_clear(&l->exact);
	l->n = l->max_ns = 0;
	l->sum_ns = 0;
}

void latency_free(struct latency *l)
{
	latency_reset(l);
	vec_free(&l->exact);
}
