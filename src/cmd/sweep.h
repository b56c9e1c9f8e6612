/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sweep.h - a scenario with `sweep`: one experiment for each value, their table and heat maps.
 */
#ifndef AGENTCG_CMD_SWEEP_H
#define AGENTCG_CMD_SWEEP_H

#include "cmd/cells.h"
#include "cmd/cmd.h"
#include "plan/plan.h"

#define SWEEP_MAX_CELLS 10000

/* Run and report; p has sweeps.  An exit status: that of the worst of the experiments. */
int sweep_run(struct cmd *c, const struct plan *p, const char *path);

struct sweep {
	const struct plan *plan;
	struct cell *cells; /* the last sweep's values change fastest */
	size_t ncells;
};

void sweep_print(const struct sweep *s, const struct report_style *style, struct buf *out);
void sweep_json(const struct sweep *s, struct buf *out);
void sweep_csv(const struct sweep *s, struct buf *out);

#endif
