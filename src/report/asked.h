/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * asked.h - what a mechanism was asked and what it answered, of a cgroup with those below it.
 */
#ifndef AGENTCG_REPORT_ASKED_H
#define AGENTCG_REPORT_ASKED_H

#include "base/buf.h"
#include "report/json_value.h"
#include "stat/results.h"

struct asked {
	uint64_t batches;	     /* that it judged */
	uint64_t given, given_ns;    /* delays that it asked for */
	uint64_t delays, delayed_ns; /* that came of them */
	uint64_t protections;
	uint32_t runs;
};

/* Of one run, added to the sums; false and nothing: the mechanism does not count that. */
bool asked_add(struct asked *sum, const struct cg_counters *c);
/* Of all runs of a policy that were not interrupted. */
bool asked_of(const struct results *r, int32_t policy, uint32_t cgroup, struct asked *sum);

json_t *asked_json(const struct asked *sum);
/* "asked for 320 batches, gave 12 delays (6 s), of which 12 came about (6.1 s), ..." */
void asked_text(const struct asked *sum, struct buf *out);

#endif
