/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "experiment/order.h"

#include <errno.h>

#include "base/mem.h"
#include "base/rng.h"

static void shuffle(struct planned_run *runs, uint32_t n, uint64_t seed, uint32_t first)
{
	struct rng rng;

	rng_init(&rng, seed, RNG_ORDER, first);
	for (uint32_t i = n; i > 1; i--) {
		uint32_t k = (uint32_t)rng_below(&rng, i);
		struct planned_run t = runs[i - 1];

		runs[i - 1] = runs[k];
		runs[k] = t;
	}
}

int order_runs(const struct plan *p, const uint32_t *sessions, uint32_t nsessions, uint32_t first,
	       uint32_t end, struct planned_run **out, uint32_t *n)
{
	uint64_t a_rep = (uint64_t)p->npolicies + (p->uses_alone ? nsessions : 0);
	uint64_t total;
	struct planned_run *runs, *next;

	if (__builtin_mul_overflow(a_rep, (uint64_t)(end - first), &total) || total > UINT32_MAX)
		return -EOVERFLOW;
	runs = next = mem_alloc(total * sizeof(*runs));
	for (uint32_t rep = first; rep < end; rep++) {
		for (uint32_t i = 0; i < p->npolicies; i++)
			*next++ = (struct planned_run){(int32_t)i, UINT32_MAX, rep};
		for (uint32_t i = 0; p->uses_alone && i < nsessions; i++)
			*next++ = (struct planned_run){PX_ALONE, sessions[i], rep};
	}
	if (p->interleave_random)
		shuffle(runs, (uint32_t)total, p->seed, first);
	*out = runs;
	*n = (uint32_t)total;
	return 0;
}
