/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wheel.h - a hierarchical timer wheel whose buckets are contiguous arrays.
 *
 * Timers leave in the total order (time_ns, seq), whatever ticks they share: buckets are sorted
 * when they come due, not when they are filled.  Linked-list wheels lose their O(1) to cache
 * misses; arrays keep it.
 */
#ifndef AGENTCG_RUN_WHEEL_H
#define AGENTCG_RUN_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

struct timer {
	uint64_t time_ns;
	uint64_t seq;	/* unique; the order among equal times */
	uint64_t datum; /* the caller's */
};

struct wheel;

struct wheel *wheel_new(void);
void wheel_free(struct wheel *w);
/* time_ns may not lie before the last timer popped. */
void wheel_add_at(struct wheel *w, uint64_t time_ns, uint64_t seq, uint64_t datum);
/* The same.  Inline, as passing the struct through memory would cost as much as the adding. */
static inline void wheel_add(struct wheel *w, struct timer t)
{
	wheel_add_at(w, t.time_ns, t.seq, t.datum);
}
/* The earliest timer, left in place; false when there is none. */
bool wheel_peek(struct wheel *w, struct timer *out);
bool wheel_pop(struct wheel *w, struct timer *out);
uint64_t wheel_count(const struct wheel *w);

#endif
