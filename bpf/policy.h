/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy.h - the delay policy, as BPF programs, the code that loads them and the simulator see it.
 *
 * A priority-high cgroup is active while it faults: page faults of it and its descendants are
 * summed in a tumbling window; when the sum exceeds the threshold it is active for one window from
 * then on.  While one is active, tasks of cgroups with a delay wait for it when they charge memory.
 *
 * Times are nanoseconds of one clock that never runs backwards.  Maps are keyed by cgroup id, the
 * inode number of the cgroup's directory, as a __u64.
 */
#ifndef AGENTCG_BPF_POLICY_H
#define AGENTCG_BPF_POLICY_H

#include <linux/types.h>
#include <stdbool.h>

#define AGENTCG_PRIORITY_HIGH (1ULL << 0) /* its faults make it active */
#define AGENTCG_ALWAYS	      (1ULL << 1) /* delay below memory.high too */
#define AGENTCG_PROTECT_LOW   (1ULL << 2) /* while active, as if below memory.low */
#define AGENTCG_PROTECT_MIN   (1ULL << 3) /* while active, as if below memory.min */
#define AGENTCG_DELAY_SET     (1ULL << 4) /* delay_ns, also 0, is for its descendants too */

/* What user space sets for a cgroup. */
struct agentcg_policy {
	__u64 delay_ns;	 /* 0: its tasks are never delayed */
	__u64 threshold; /* faults in a window that must be exceeded */
	__u64 window_ns;
	__u64 flags;
};

/* What is counted for a priority-high cgroup.  All-zero is a window that saw nothing yet. */
struct agentcg_window {
	__u64 start_ns;
	__u64 sum;
	__u64 trigger_ns; /* of the latest crossing, if there was one */
	__u64 crossings;
};

/* What is told to user space. */
enum agentcg_event_kind {
	AGENTCG_EVENT_ACTIVE,  /* `cgroup` became active */
	AGENTCG_EVENT_DELAY,   /* `task`, of `cgroup`, has to wait for delay_ns from t_ns on */
	AGENTCG_EVENT_FOREIGN, /* `task` has to wait and is not of the scheduler that would hold it
				*/
	AGENTCG_EVENT_HOLD,    /* as DELAY, and user space has to end it */
	AGENTCG_EVENT_EJECTED, /* the kernel has ended that scheduler */
};

struct agentcg_event {
	__u64 t_ns;
	__u64 cgroup;
	__u64 delay_ns;
	__u32 task; /* thread id in the first pid namespace */
	__u32 kind;
	__u32 pages;  /* that it has charged since it was judged last: what penalties scale with */
	__u32 lag_us; /* of DELAY: it ran on for that long, as far as the kernel knows */
};

/* What is counted for a cgroup and those below it that have no entry of their own. */
struct agentcg_counts {
	__u64 over_high;    /* batches that found it over memory.high */
	__u64 delays;	    /* events sent */
	__u64 delays_ns;    /* sum of what they ask for */
	__u64 lost;	    /* events that did not fit into the buffer */
	__u64 throttled_ns; /* native sleep */
};

#define AGENTCG_BATCH_PAGES 64 /* what a charge takes at once, if it can */

#define AGENTCG_INLINE static inline __attribute__((always_inline, unused))

/*
 * Times may be a little disordered: another CPU looked at the clock later, and was here first.
 */

/*
 * Count n faults at time `now`; true when they cross the threshold.  Callers that can race must
 * hold a lock around it (a BPF map value's spin lock allows no calls: hence always_inline).
 */
AGENTCG_INLINE bool agentcg_window_add(struct agentcg_window *w, const struct agentcg_policy *p,
				       __u64 now, __u64 n)
{
	bool fresh = !w->sum && !w->crossings;

	if (fresh || (now >= w->start_ns && now - w->start_ns >= p->window_ns)) {
		w->start_ns = now;
		w->sum = n;
	} else {
		w->sum += n;
	}
	if (w->sum <= p->threshold)
		return false;
	w->trigger_ns = now;
	w->start_ns = now;
	w->sum = 0;
	w->crossings++;
	return true;
}

AGENTCG_INLINE bool agentcg_window_active(const struct agentcg_window *w,
					  const struct agentcg_policy *p, __u64 now)
{
	return w->crossings && (now < w->trigger_ns || now - w->trigger_ns < p->window_ns);
}

#endif
