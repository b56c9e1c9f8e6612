/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * progress.h - which run is under way, on standard error.
 *
 * Nothing in the first second.  Then one updated line on a terminal, else a line every few
 * seconds.  With --verbose a line for every run.
 */
#ifndef AGENTCG_CMD_PROGRESS_H
#define AGENTCG_CMD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/plan.h"

struct progress {
	const struct plan *plan;
	bool quiet, every_run, terminal;
	bool drawn; /* a line without its end is on the terminal */
	uint64_t next_ns;
};

void progress_begin(struct progress *p, const struct plan *plan, bool quiet, bool every_run);
/* For experiment_options: ctx is the struct progress. */
void progress_run(void *ctx, uint32_t run, uint32_t nruns, int32_t policy, uint32_t cgroup,
		  uint32_t rep);
void progress_end(struct progress *p);

#endif
