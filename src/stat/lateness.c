/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stat/lateness.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/units.h"

static bool counts(const struct run_summary *run, int32_t policy)
{
	return (policy == LATENESS_ALL || run->policy == policy) && run->clock != OBS_CLOCK_MODEL &&
	       run->end != END_INTERRUPTED && run->events && run->late_p50_ns != NEVER &&
	       run->late_p99_ns != NEVER;
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

bool lateness_of(const struct results *r, int32_t policy, struct lateness *out)
{
	uint64_t *medians = mem_alloc((r->nruns + !r->nruns) * sizeof(*medians));
	struct lateness l = {0};

	for (uint32_t k = 0; k < r->nruns; k++) {
		const struct run_summary *run = &r->runs[k];

		if (!counts(run, policy))
			continue;
		medians[l.runs++] = run->late_p50_ns;
		l.events += run->events;
		if (run->late_p99_ns > l.p99_ns)
			l.p99_ns = run->late_p99_ns;
		if (run->latest_ns > l.max_ns)
			l.max_ns = run->latest_ns;
		l.emulated |= run->clock == OBS_CLOCK_EMULATED;
	}
	if (l.runs) {
		qsort(medians, l.runs, sizeof(*medians), ascending);
		l.p50_ns = medians[(l.runs - 1) / 2];
		*out = l;
	}
	free(medians);
	return l.runs;
}
