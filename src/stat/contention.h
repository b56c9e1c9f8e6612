/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contention.h - did sessions compete for a limit that they share?
 *
 * A limit is shared when at least two sessions (cgroups with workers) live beneath it.  It was met
 * when it raised a `max`, `oom` or `high` event of its own: every reclaim for a limit begins with
 * one of these.  memory.events is hierarchical, so a cgroup's own events are its count less its
 * children's; a session that runs into a limit of its own is no contention.
 *
 * The machine's memory raises no events.  It was met when an OOM killer ended a worker and no
 * cgroup's limit had an oom event, or when pages were reclaimed though no limit was met anywhere
 * and the scenario did not ask for it (`reclaim`).
 */
#ifndef AGENTCG_STAT_CONTENTION_H
#define AGENTCG_STAT_CONTENTION_H

#include "stat/results.h"

/* met[ncgroups]: whether a limit of that cgroup was met that sessions of this run share. */
void contention_met(const struct plan *p, const struct run_summary *r, bool *met);
bool contention_met_anywhere(const struct plan *p, const struct run_summary *r);

/* Fill in r->budgets and r->contended from r->runs and r->demand. */
void contention_judge(struct results *r);

#endif
