/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.h - counts over the runs of a policy that belong beside every mean.
 */
#ifndef AGENTCG_REPORT_POOL_H
#define AGENTCG_REPORT_POOL_H

#include "stat/results.h"

struct buf;

struct pool {
	uint32_t runs;	   /* not interrupted */
	uint32_t survived; /* ... in which no OOM killer ended a worker of the cgroup */
	uint32_t killed;   /* ... in which an OOM killer did, or a `kill` */
	uint32_t finished; /* ... in which its workers did all their actions */
	uint32_t contended;
};

/* policy: an index, or PX_ALONE for the undisturbed runs of the cgroup. */
struct pool pool_of(const struct results *r, int32_t policy, uint32_t cgroup);

/* "none"; "alone" for PX_ALONE. */
const char *pool_name(const struct results *r, int32_t policy);

/* What runs were made with: "freeze in held, high in limited, else memcg_bpf"; or nothing. */
bool pool_mechanisms_named(const struct results *r); /* by some policy */
void pool_mechanisms(const struct results *r, struct buf *out);

#endif
