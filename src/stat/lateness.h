/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lateness.h - how well runs kept their timeline: by how much later than due actions were noticed.
 */
#ifndef AGENTCG_STAT_LATENESS_H
#define AGENTCG_STAT_LATENESS_H

#include "stat/results.h"

#define LATENESS_ALL INT32_MIN /* runs of every policy, and alone */

/*
 * Runs have their own quantiles, and those of several cannot be pooled: of the medians this is the
 * median, of the p99 the worst.  Simulated and interrupted runs are left out, and so are those kept
 * before quantiles were.
 */
struct lateness {
	uint32_t runs;
	uint64_t events; /* in all of them */
	uint64_t p50_ns, p99_ns, max_ns;
	bool emulated; /* the time of some of them was */
};

/* False: there is none. */
bool lateness_of(const struct results *r, int32_t policy, struct lateness *out);

#endif
