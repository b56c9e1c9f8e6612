/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain.h - why a session took as long as it did: where its time went, and its slowest
 * allocations with what held them.
 *
 * Times are means over the session's workers, so that with one worker, or with all of them alive to
 * the end, the parts add up to the session's time.
 */
#ifndef AGENTCG_REPORT_EXPLAIN_H
#define AGENTCG_REPORT_EXPLAIN_H

#include "report/report.h"

#define EXPLAIN_ANY_REP UINT32_MAX

/* Of which runs. */
struct explain_choice {
	uint32_t cgroup;	 /* of results.sessions */
	const int32_t *policies; /* [npolicies]; PX_ALONE too */
	uint32_t npolicies;
	uint32_t rep; /* EXPLAIN_ANY_REP: all of them */
};

/* How many runs of a results the choice has. */
uint32_t explain_runs(const struct results *r, const struct explain_choice *c);

void explain_table(const struct results *r, const struct explain_choice *c,
		   const struct report_style *style, struct buf *out);
void explain_markdown(const struct results *r, const struct explain_choice *c, struct buf *out);
void explain_json(const struct results *r, const struct explain_choice *c, struct buf *out);

#endif
