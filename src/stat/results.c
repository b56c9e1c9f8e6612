/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stat/results.h"

#include <stdlib.h>

const char *results_mechanism(const struct results *r, int32_t policy)
{
	const char *own = policy >= 0 && r->mechanisms ? r->mechanisms[policy] : NULL;

	return own ? own : r->mechanism;
}

const char *results_skipped(const struct results *r, int32_t policy)
{
	return policy >= 0 && r->skipped ? r->skipped[policy] : NULL;
}

void results_free(struct results *r)
{
	if (!r)
		return;
	demand_free(&r->demand);
	arena_free(&r->arena);
	free(r);
}

uint64_t time_spent_rest(const struct time_spent *t)
{
	uint64_t told = t->due_ns + obs_held_sum(&t->in);

	return t->total_ns > told ? t->total_ns - told : 0;
}
