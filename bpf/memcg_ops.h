/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memcg_ops.h - what the programs behind the kernel's memcg_bpf_ops count, as user space sees it.
 */
#ifndef AGENTCG_BPF_MEMCG_OPS_H
#define AGENTCG_BPF_MEMCG_OPS_H

#include <linux/types.h>

#define AGENTCG_LONGEST_MS  2000ULL /* what the kernel clamps a delay to */
#define AGENTCG_SHORTEST_MS 10ULL   /* up to here it leaves one out */

/* Of a cgroup and those below it that have no entry of their own. */
struct agentcg_hook_counts {
	__u64 calls;	    /* batches that the hook was asked about */
	__u64 given;	    /* that it answered with a delay */
	__u64 given_ms;	    /* sum of these answers */
	__u64 delays;	    /* that the kernel carried out: not too short, not hidden by a longer
			       sleep for memory.high */
	__u64 delayed_ns;   /* sleep in these */
	__u64 throttled_ns; /* sleep for memory.high */
	__u64 protections;  /* passes of reclaim that were turned away */
	__u64 lost;	    /* events that did not fit into the buffer */
};

/* A task inside the kernel's handling of memory.high; the key is its thread id. */
struct agentcg_visit {
	__u64 cgroup;	 /* whose counts it goes into; 0: not known yet */
	__u64 asked_ms;	 /* by the hook; 0: it is here for memory.high alone */
	__u64 asleep_ns; /* since when it sleeps; 0: it does not, or not yet */
	__u64 hooks;	 /* it sleeps as long as the hook said, not longer */
};

#endif
