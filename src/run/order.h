/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * order.h - timers in their total order (time_ns, seq): lists of them sorted, or kept as a heap.
 */
#ifndef AGENTCG_RUN_ORDER_H
#define AGENTCG_RUN_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/wheel.h"

#define ORDER_LONG 24 /* insertion sort up to here */
#define ORDER_BITS 14 /* largest number of bins to deal timers out to, as a power of 2 */

struct timers { /* as VEC() */
	struct timer *v;
	size_t n, cap;
};

/* What sorting needs besides the list; scratch is to be freed. */
struct sorter {
	struct timers scratch;
	uint32_t bins[1 << ORDER_BITS];
};

static inline bool order_before(const struct timer *a, const struct timer *b)
{
	unsigned __int128 x = (unsigned __int128)a->time_ns << 64 | a->seq;
	unsigned __int128 y = (unsigned __int128)b->time_ns << 64 | b->seq;

	return x < y;
}

/* By insertion: for few timers, or where none is far from its place. */
void order_run(struct timer *v, size_t n);
/* The list may change places with the scratch. */
void order_sort(struct sorter *s, struct timers *list);

/* A binary heap, the earliest first. */
void order_heap_add(struct timers *heap, const struct timer *t);
void order_heap_drop(struct timers *heap); /* the first; there is one */

#endif
