/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kept.h - a kept experiment, as good as when it was made.
 *
 * Its scenario is understood again from the texts that were kept, and must come to the same plan;
 * the results are judged again from the runs.
 */
#ifndef AGENTCG_CMD_KEPT_H
#define AGENTCG_CMD_KEPT_H

#include "backend/backend.h"
#include "cmd/cmd.h"
#include "lang/parse.h"
#include "store/store.h"

struct kept {
	struct arena a;
	struct store_experiment x;
	struct files files;
	struct unit u;
	const struct plan *plan;
	struct run_summary *runs;
	uint32_t nruns;
	const char **reasons;
	size_t nreasons;
	const char *const *skipped; /* [plan.npolicies], as in struct results */
	struct backend backend;	    /* by the names it had */
	struct diags diags;
};

/* kept_free it in any case.  STATUS_OK, or another, reported. */
int kept_load(struct cmd *c, struct store *s, const char *what, struct kept *k);
void kept_free(struct kept *k);
/*
 * timelines: of each run; those that were not kept can be had only of what is simulated.
 * results_free them before k.  STATUS_OK, or another, reported.
 */
int kept_results(struct cmd *c, struct kept *k, bool timelines, struct results **out);

#endif
