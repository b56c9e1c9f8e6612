/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/pool.h"

struct pool pool_of(const struct results *r, int32_t policy, uint32_t cgroup)
{
	struct pool p = {0};

	for (uint32_t k = 0; k < r->nruns; k++) {
		const struct run_summary *run = &r->runs[k];
		const struct cg_summary *cg = &run->cgroups[cgroup];

		if (run->policy != policy || run->end == END_INTERRUPTED ||
		    (policy == PX_ALONE && run->alone != cgroup))
			continue;
		p.runs++;
		p.survived += !cg->oom_killed;
		p.killed += cg->oom_killed || cg->other_killed;
		p.finished += cg->finished;
		p.contended += run->contended;
	}
	return p;
}

const char *pool_name(const struct results *r, int32_t policy)
{
	return policy == PX_ALONE ? "alone" : r->plan->policies[policy].name;
}
