/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * progress.h - what is under way, on standard error.
 *
 * Nothing in the first second: most simulations are over by then.  After that, on a terminal, one
 * calm block that is drawn anew a few times a second and gone at the end: run, policy, repetition,
 * time taken and left, and each session's memory against its limit, with kills and delays so far.
 * Elsewhere, or with --verbose, a line a run; none with --quiet.
 */
#ifndef AGENTCG_CMD_PROGRESS_H
#define AGENTCG_CMD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/obs.h"
#include "plan/plan.h"

struct progress_session {
	uint64_t usage_bytes;
	uint64_t limit_bytes; /* memory.high or .max, whichever is lower; NO_LIMIT */
	uint32_t delays;
	bool killed;
};

struct progress {
	const struct plan *plan;
	bool quiet, every_run, terminal;
	unsigned int lines; /* of the block that is on the terminal */
	unsigned int width; /* columns */
	uint64_t begin_ns, next_ns;
	uint32_t run, nruns, rep, kills, delays; /* kills and delays of all runs so far */
	int32_t policy;
	uint32_t alone;
	struct progress_session *sessions; /* [ncgroups] */
	bool *works; /* [ncgroups] it has workers of its own, or is the root */
};

void progress_begin(struct progress *p, const struct plan *plan, bool quiet, bool every_run);
/* For experiment_options: ctx is the struct progress. */
void progress_run(void *ctx, uint32_t run, uint32_t nruns, int32_t policy, uint32_t cgroup,
		  uint32_t rep);
void progress_obs(void *ctx, const struct obs *o);
void progress_end(struct progress *p);

/* The block as it would be drawn after elapsed_ns; for tests. */
struct buf;
unsigned int progress_block(const struct progress *p, uint64_t elapsed_ns, struct buf *out);

#endif
