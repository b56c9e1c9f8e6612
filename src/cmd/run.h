/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run.h - one experiment, from its plan to its reports.
 */
#ifndef AGENTCG_CMD_RUN_H
#define AGENTCG_CMD_RUN_H

#include "backend/cgroup/live.h"
#include "cmd/keeping.h"
#include "lang/parse.h"

struct run_request {
	const struct unit *unit;
	const struct plan *plan;
	struct live_session *live;	/* of --live, else NULL */
	const struct run_summary *have; /* [nhave]: runs made before */
	uint32_t nhave;
	struct keeping *keeping; /* or NULL */
	/* What becomes of the results, as an exit status; NULL: the reports that options ask for.
	 */
	int (*report)(void *ctx, struct cmd *c, const struct results *r);
	void *ctx;
};

/* Carry a plan out as the options say, and report.  An exit status. */
int run_plan(struct cmd *c, const struct run_request *q);

/*
 * The same plan in the simulator, which takes no time worth showing: r->prediction, to be freed
 * after r.  0 or -errno, reported.
 */
int run_predict(const struct plan *p, struct diags *d, struct results *r,
		struct results **predicted);

#endif
