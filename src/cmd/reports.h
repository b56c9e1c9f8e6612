/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reports.h - what run, show and resume have in common: results go where the options say.
 */
#ifndef AGENTCG_CMD_REPORTS_H
#define AGENTCG_CMD_REPORTS_H

#include "cmd/cmd.h"
#include "stat/results.h"

/* Do the reports asked for draw what happened over time, or list the plan's tool calls? */
bool reports_want_timelines(const struct cmd *c, const struct plan *p);

/*
 * The table, unless data takes its place; every report is tried, whatever became of the others.
 * STATUS_OK or STATUS_INTERNAL, reported.
 */
int reports_write(struct cmd *c, const struct results *r);

#endif
