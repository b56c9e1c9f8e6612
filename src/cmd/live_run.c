/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_run.c - what --live means (live_run.h) */
#include "cmd/live_run.h"

#include "backend/cgroup/host.h"
#include "backend/cgroup/mech.h"
#include "cmd/signals.h"
#include "plan/demand.h"

int live_run_open(struct cmd *c, struct live_session **out)
{
	const struct live_options o = {
	    .cgroup = c->opt.cgroup,
	    .mechanism = c->opt.mechanism,
	    .workdir = c->opt.workdir,
	    .as_root = c->opt.as_root,
	    .stop = &signals_stop,
	};

	if (c->opt.verbose)
		mech_verbose = stderr;
	return live_session_open(&o, &c->diags, out) ? STATUS_USAGE : STATUS_OK;
}

const struct plan *live_run_plan(const struct plan *p, struct arena *a)
{
	struct plan *here = arena_dup(a, p, sizeof *p);

	if (!(p->machine.stated & MACHINE_MEMORY))
		here->machine.memory_bytes = host_memory_bytes();
	if (!(p->machine.stated & MACHINE_CPUS))
		here->machine.cpus = host_cpus();
	return here;
}

/* The most that a run can hold: what is asked for, up to the root's limit under some policy. */
static uint64_t most_held(const struct plan *p)
{
	struct demand d;
	uint64_t peak, limit = 0;

	if (demand_compute(p, &d))
		return 0;
	peak = d.cgroups[0].peak_bytes;
	demand_free(&d);
	for (uint32_t i = 0; i < p->npolicies; i++)
		if (p->policies[i].attrs[0].max_bytes > limit)
			limit = p->policies[i].attrs[0].max_bytes;
	return peak < limit ? peak : limit;
}

int live_run_prepare(struct live_session *s, const struct plan *p, struct diags *d)
{
	struct live_needs n = {.caps = p->needs,
			       .mechanism = p->mechanism,
			       .machine = p->machine,
			       .memory_bytes = most_held(p)};

	for (uint32_t i = 0; i < p->nworkers; i++)
		n.reads |= p->workers[i].read_bytes > 0;
	return live_session_prepare(s, &n, d) ? STATUS_USAGE : STATUS_OK;
}
