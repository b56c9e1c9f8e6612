/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run.h - one experiment, from its plan to its reports.
 */
#ifndef AGENTCG_CMD_RUN_H
#define AGENTCG_CMD_RUN_H

#include "backend/cgroup/live.h"
#include "cmd/keeping.h"
#include "lang/parse.h"

/*
 * Carry p out as the options say, and report.  live: the session of --live, else NULL.
 * have[nhave]: runs made before.  k: what keeps it, or NULL.  An exit status.
 */
int run_plan(struct cmd *c, const struct unit *u, const struct plan *p, struct live_session *live,
	     const struct run_summary *have, uint32_t nhave, struct keeping *k);

/*
 * The same plan in the simulator, which takes no time worth showing: r->prediction, to be freed
 * after r.  0 or -errno, reported.
 */
int run_predict(const struct plan *p, struct diags *d, struct results *r,
		struct results **predicted);

#endif
