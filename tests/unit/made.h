/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * made.h - an experiment made by hand, for tests of what is said about experiments.
 *
 * A root of 1536M with the sessions high (800M), low[0] and low[1] (400M), the policies none
 * (baseline), static, native and bpf (which acts), ten repetitions, undisturbed runs.  As made,
 * everybody finishes everywhere, none meets the root's limit, bpf delays, and nothing is claimed.
 * Tests change what they are about before they judge.
 */
#ifndef AGENTCG_TESTS_MADE_H
#define AGENTCG_TESTS_MADE_H

#include "stat/results.h"

enum {
	MADE_ROOT,
	MADE_HIGH,
	MADE_LOW0,
	MADE_LOW1,
	MADE_CGROUPS
};
enum {
	MADE_NONE,
	MADE_STATIC,
	MADE_NATIVE,
	MADE_BPF,
	MADE_POLICIES
};
#define MADE_REPEAT 10

struct made {
	struct plan plan; /* all of it may be changed */
	struct machine machine;
	struct cg_spec cgroups[MADE_CGROUPS];
	struct worker_spec workers[4];
	struct cg_attrs attrs[MADE_POLICIES][MADE_CGROUPS];
	struct plan_policy policies[MADE_POLICIES];
	struct plan_expect expects[32];
	struct plan_param params[2];
	struct results *results;
	struct run_summary *runs; /* the results' own */
	struct cg_summary *sums;  /* [run][cgroup] */
	struct arena arena;	  /* for what tests add */
};

struct made *made_new(void);
void made_free(struct made *m);

struct run_summary *made_run(struct made *m, int32_t policy, uint32_t rep); /* not PX_ALONE */
struct cg_summary *made_sum(struct made *m, int32_t policy, uint32_t rep, uint32_t cgroup);
/* An OOM killer ends that session at 90 s, for the root's limit. */
void made_kill(struct made *m, int32_t policy, uint32_t rep, uint32_t cgroup);
/* No run of any policy met the root's limit, and demand stays below it. */
void made_calm(struct made *m);

/* Expressions. */
const struct px *made_const(struct made *m, double value, enum dim dim);
const struct px *made_metric(struct made *m, int32_t policy, enum metric metric, uint32_t ncgroups,
			     const uint32_t *cgroups);
const struct px *made_of(struct made *m, enum px_kind kind, int32_t policy, uint32_t ncgroups,
			 const uint32_t *cgroups); /* killed, survived, done */
const struct px *made_op(struct made *m, enum px_kind kind, const struct px *a, const struct px *b);
struct plan_expect *made_expect(struct made *m, const char *claim, const char *text,
				const struct px *cond);

#endif
