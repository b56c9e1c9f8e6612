/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/pool.h"

#include "base/buf.h"

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

bool pool_mechanisms_named(const struct results *r)
{
	for (uint32_t i = 0; r->mechanisms && i < r->plan->npolicies; i++)
		if (r->mechanisms[i])
			return true;
	return false;
}

void pool_mechanisms(const struct results *r, struct buf *out)
{
	const struct plan *p = r->plan;
	bool named = pool_mechanisms_named(r), others = !named;
	const char *sep = "";

	for (uint32_t i = 0; named && i < p->npolicies; i++) {
		/* Who names none and delays nobody does without. */
		others |= !r->mechanisms[i] && p->policies[i].acts;
		if (!r->mechanisms[i])
			continue;
		buf_printf(out, "%s%s in %s", sep, r->mechanisms[i], p->policies[i].name);
		sep = ", ";
	}
	if (r->mechanism && others)
		buf_printf(out, "%s%s", named ? ", else " : "", r->mechanism);
}

const char *pool_name(const struct results *r, int32_t policy)
{
	return policy == PX_ALONE ? "alone" : r->plan->policies[policy].name;
}
