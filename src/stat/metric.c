/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metric.c - the value of each metric of metrics.def in one run, and over runs. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/units.h"
#include "stat/dist.h"
#include "stat/results.h"

static double seconds(uint64_t ns)
{
	return (double)ns / (double)NS_PER_SEC;
}

static bool some(bool present, double value, double *out)
{
	if (present)
		*out = value;
	return present;
}

bool results_metric(const struct run_summary *r, uint32_t cgroup, enum metric m, double *out)
{
	const struct cg_summary *s = &r->cgroups[cgroup];
	const struct cg_counters *c = &s->counters;
	bool allocated = s->alloc_n > 0;

	switch (m) {
	case M_TIME:
		return some(s->has_time, seconds(s->time_ns), out);
	case M_STALL:
		return some(s->has_workers, seconds(s->stall_ns), out);
	case M_ALLOC_N:
		return some(s->has_workers, (double)s->alloc_n, out);
	case M_ALLOC_MEAN:
		return some(allocated, seconds(s->alloc_mean), out);
	case M_ALLOC_P50:
		return some(allocated, seconds(s->alloc_p50), out);
	case M_ALLOC_P90:
		return some(allocated, seconds(s->alloc_p90), out);
	case M_ALLOC_P95:
		return some(allocated, seconds(s->alloc_p95), out);
	case M_ALLOC_P99:
		return some(allocated, seconds(s->alloc_p99), out);
	case M_ALLOC_P999:
		return some(allocated, seconds(s->alloc_p999), out);
	case M_ALLOC_MAX:
		return some(allocated, seconds(s->alloc_max), out);
	case M_PEAK:
		return some(true, (double)c->peak_bytes, out);
	case M_USAGE:
		return some(true, (double)c->usage_bytes, out);
	case M_SWAP:
		return some(true, (double)c->swap_bytes, out);
	case M_EV_LOW:
		return some(true, (double)c->ev_low, out);
	case M_EV_HIGH:
		return some(true, (double)c->ev_high, out);
	case M_EV_MAX:
		return some(true, (double)c->ev_max, out);
	case M_EV_OOM:
		return some(true, (double)c->ev_oom, out);
	case M_EV_OOM_KILL:
		return some(true, (double)c->ev_oom_kill, out);
	case M_PSI_SOME:
		return r->end_ns && some(true, seconds(c->psi_some_ns) / seconds(r->end_ns), out);
	case M_PSI_FULL:
		return r->end_ns && some(true, seconds(c->psi_full_ns) / seconds(r->end_ns), out);
	case M_DELAYS:
		return some(true, (double)c->delays, out);
	case M_DELAYED:
		return some(true, seconds(c->delayed_ns), out);
	case M_THROTTLED:
		return some(true, seconds(c->throttled_ns), out);
	case M_FAULTS:
		return some(true, (double)c->faults, out);
	case M_THROUGHPUT:
		return s->has_workers && s->span_ns &&
		       some(true, (double)s->bytes_done / seconds(s->span_ns), out);
	case M_REACTION:
		return some(s->reaction_ns != NEVER, seconds(s->reaction_ns), out);
	case M_COUNT:
		break;
	}
	return false;
}

/* In the order of running; *missing: runs without a value.  v has room for r->nruns. */
static size_t values_of(const struct results *r, int32_t policy, uint32_t cgroup, enum metric m,
			double *v, size_t *missing)
{
	size_t n = 0;

	*missing = 0;
	for (uint32_t i = 0; i < r->nruns; i++) {
		const struct run_summary *run = &r->runs[i];

		if (run->policy != policy || run->end == END_INTERRUPTED ||
		    (policy == PX_ALONE && run->alone != cgroup))
			continue;
		if (results_metric(run, cgroup, m, &v[n]))
			n++;
		else
			++*missing;
	}
	return n;
}

struct dist results_dist(const struct results *r, int32_t policy, uint32_t cgroup, enum metric m)
{
	double *v = mem_alloc(r->nruns * sizeof(*v));
	size_t missing, n = values_of(r, policy, cgroup, m, v, &missing);
	struct dist d = dist_of(v, n, missing);

	free(v);
	return d;
}

struct interval results_interval(const struct results *r, int32_t policy, uint32_t cgroup,
				 enum metric m)
{
	double *v = mem_alloc(r->nruns * sizeof(*v));
	size_t missing, n = values_of(r, policy, cgroup, m, v, &missing);
	struct interval in = bootstrap_mean(v, (uint32_t)n, 0.95, r->seed);

	free(v);
	return in;
}
