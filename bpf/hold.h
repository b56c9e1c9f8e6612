/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hold.h - the scheduler that holds tasks until their delay is over, as user space sees it.
 */
#ifndef AGENTCG_BPF_HOLD_H
#define AGENTCG_BPF_HOLD_H

#include <linux/types.h>

#define AGENTCG_SCHED_EXT 7 /* SCHED_EXT of linux/sched.h, newer than Debian 12's */

/*
 * The kernel ends a scheduler that lets a runnable task wait for its watchdog's time, which is 30 s
 * at most and looked at every other half of it.
 */
#define AGENTCG_WATCHDOG_MS 30000U
#define AGENTCG_HOLD_MAX_NS 25000000000ULL
#define AGENTCG_HOLD_MAX_S  25

/* A task that owes a delay; the key is its thread id. */
struct agentcg_hold {
	__u64 cgroup;	/* whose counts it goes into */
	__u64 since_ns; /* the charge */
	__u64 due_ns;
	__u64 held_ns; /* since when it is off the CPUs for it; 0: it is not yet */
	__u32 batches; /* that it pays for */
	__u32 cpu;     /* where it was then */
	__u32 nudges;  /* given to that CPU, to look who shall run there */
	__u32 lag_us;  /* how long it ran on; 0: it slept, for memory.high */
};

/* Of a cgroup and those below it that have no entry of their own. */
struct agentcg_hold_counts {
	__u64 delays;	  /* batches that were waited for, by holds that have ended */
	__u64 delayed_ns; /* from charge to release */
	__u64 hidden;	  /* batches whose delay was over before the task came to run: asleep for
			     memory.high, or not a task of the scheduler */
	__u64 stopped;	  /* holds of tasks that were running */
	__u64 stop_ns;	  /* from charge to the end of that, of all of them */
	__u64 lost;	  /* events that did not fit into the buffer */
};

/* What the kernel says when it ends the scheduler. */
struct agentcg_ejection {
	__u64 kind; /* 0: it has not */
	char reason[64];
	char message[192];
};

#endif
