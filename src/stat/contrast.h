/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contrast.h - what a policy did for HIGH and what it cost LOW, against the baseline.
 *
 * Policies share jitter and noise by (seed, repetition), so their runs are compared by repetition,
 * and what the luck of a repetition does to both falls out.  On a live machine they share its
 * state of that hour at least.  Where a role has several sessions, their mean is taken, over those
 * that have a value on both sides: like with like.  What one side lacks (the time of a killed
 * session) is counted and is why survivors always stand beside.
 *
 * The interval of a ratio is of mean / base; with a base of 0 there is none.
 */
#ifndef AGENTCG_STAT_CONTRAST_H
#define AGENTCG_STAT_CONTRAST_H

#include "stat/results.h"

/* time, alloc.p99, stall, throughput */
#define CONTRAST_METRICS 4
extern const enum metric contrast_metrics[CONTRAST_METRICS];

struct contrast_figure {
	enum metric metric;
	uint32_t n;	      /* repetitions in which both have it; 0: nothing to compare */
	uint32_t unpaired;    /* of the sessions' runs, those that have it on one side at most */
	double base, mean;    /* over these pairs */
	double p_signs;	      /* by pairs */
	double p_u, a_larger; /* Mann and Whitney's, and A: 1 when always larger than the base */
	bool u_exact;
	struct interval ratio_in; /* 95% */
	/* With `all` only: 95%, difference is mean - base. */
	struct interval base_in, mean_in, difference_in;
};

const char *role_name(enum role role); /* "HIGH", "LOW", "other" */
enum role contrast_role(const struct plan *p, uint32_t cgroup);

struct contrast_figure contrast_figure(const struct results *r, const struct contrast *c,
				       enum metric m, bool all);

/* Under one policy, of the sessions of a role: by repetition, means over those that have it. */
struct role_mean {
	uint32_t n;
	double mean;
	struct interval in; /* 95% */
};
struct role_mean contrast_mean(const struct results *r, int32_t policy, enum role role,
			       enum metric m);
/* Their runs, and how many of these no OOM killer ended. */
void contrast_alive(const struct results *r, int32_t policy, enum role role, uint32_t *runs,
		    uint32_t *survived);

/* Fill in r->contrasts; needs r->runs and r->sessions. */
void contrast_all(struct results *r);

#endif
