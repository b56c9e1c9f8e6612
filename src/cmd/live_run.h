/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_run.h - a session on this machine's kernel, from the command line's options.
 */
#ifndef AGENTCG_CMD_LIVE_RUN_H
#define AGENTCG_CMD_LIVE_RUN_H

#include "backend/cgroup/live.h"
#include "cmd/cmd.h"
#include "plan/plan.h"

/*
 * Before the scenario is loaded.  STATUS_OK, or STATUS_USAGE when this host cannot do it: reported.
 * *out is to be closed in any case.
 */
int live_run_open(struct cmd *c, struct live_session **out);
/*
 * The plan with this machine's memory and CPUs where the scenario states none: what is reported of
 * a root without a limit is the machine that it ran on.  In a.
 */
const struct plan *live_run_plan(const struct plan *p, struct arena *a);
/* With what the plan needs.  The signals must be caught by now. */
int live_run_prepare(struct live_session *s, const struct plan *p, struct diags *d);

#endif
