/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verdict.h - what the runs say about the claims, and whether they were a test of them at all.
 *
 *   ABORTED    a run was aborted, or the experiment interrupted
 *   VOID       the runs did not test what is claimed:
 *              a comparison without contention (with `contention none`: a scenario with it),
 *              a policy of a comparison with delay or protect that never acted,
 *              a limit that was not in force on reading back, a claimed metric without a value,
 *              a timeline that was not kept, an allocation that fell short of what was asked for,
 *              runs under unlike mechanisms or kernels, policies with unlike budgets
 *   FAIL       an expectation is false of the values that there are
 *   UNDECIDED  it holds of these, but some run has no value; or the interval asked for does
 *              not decide
 *   WARN       the same of `else warn` expectations only
 *   PASS       everything holds
 * The first that applies is the verdict of the whole.  A scenario that neither compares nor claims
 * is a report and has none.
 */
#ifndef AGENTCG_STAT_VERDICT_H
#define AGENTCG_STAT_VERDICT_H

#include "stat/results.h"

/* From r->plan, runs, demand and sessions to budgets, claims, reasons and verdict. */
void verdict_judge(struct results *r);

#endif
