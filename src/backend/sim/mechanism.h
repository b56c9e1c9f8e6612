/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mechanism.h - how the delay of the policy comes about: by the hook, or by what a kernel without
 * it offers.  Private to this folder.
 *
 * Each follows the live backend's mechanism of that name (src/backend/cgroup/mech_*.c, bpf/), which
 * has its own account of why:
 *   memcg_bpf  the hook of series v6: the task sleeps for the longer of native penalty and delay,
 *              with the kernel's clamp, least sleep and rounding (high.c)
 *   freeze     the charge is seen in the kernel, user space freezes the task's cgroup `reaction`
 *              later and thaws it when the delay, counted from the charge, is over (hold.c).  What
 *              the same task charges until it is frozen it owes on top; what others do overlaps.
 *              The native sleep goes on meanwhile.
 *   poll       the same, but of the cgroup that has the delay, by its growth, when memory.events is
 *              notified: at once, then every POLL_NOTIFY_NS; and faults are read each POLL_LOOK_NS
 *   sched_ext  the task alone is kept off the CPUs until charge + delay, at most SCHED_EXT_MAX_NS
 *   high       memory.high is moved, `reaction` after the charge, to where the kernel's own penalty
 *              adds up to the delay over the next batches, and back when nobody is active (tight.c)
 *
 * `reaction` is the machine's: medians of 0.3 to 2.9 ms were measured, of a kernel emulated.
 */
#ifndef AGENTCG_BACKEND_SIM_MECHANISM_H
#define AGENTCG_BACKEND_SIM_MECHANISM_H

#include "backend/sim/queue.h"

#define POLL_LOOK_NS	 (50 * NS_PER_MS)  /* LOOK_NS of watch_poll.c */
#define POLL_NOTIFY_NS	 (12 * NS_PER_MS)  /* CGROUP_FILE_NOTIFY_MIN_INTV, 3 jiffies as measured */
#define SCHED_EXT_MAX_NS (25 * NS_PER_SEC) /* AGENTCG_HOLD_MAX_NS: below the watchdog's 30 s */
#define HIGH_CYCLE	 2		   /* CYCLE of mech_high.c */

/* A cgroup under freeze, poll or high. */
struct mech_cg {
	bool on;	   /* a hold was begun; memory.high is moved */
	bool frozen;	   /* the hold is in force */
	uint32_t task;	   /* that owes it */
	uint64_t since_ns; /* the charge */
	uint64_t due_ns;
	uint64_t delays, ended_ns;

	/* poll */
	uint64_t seen;	      /* usage up to which batches were counted */
	uint64_t notified_ns; /* last; NEVER: not yet */
	bool pending;	      /* a look is due */
	uint64_t look_ns;     /* high: the next while it is on */

	/* high */
	uint64_t own_high;   /* the scenario's, while on */
	uint64_t base, peak; /* usage at the last write; the highest at a charge */
	bool drained;	     /* by our write: the next batch replaces what was taken back */
	int64_t owed;	     /* jiffies, for charges, less what was slept */
	int64_t planned;     /* owed when last written */
	uint64_t charged;    /* pages of batches that had to wait */
	uint64_t write_ns;   /* NEVER: not due */
};

/* By name; NULL or an unknown one: the hook.  Before the world is made. */
enum sim_mechanism mech_of(const char *name);
void mech_init(struct sim *s); /* cgroups and workers are there */
void mech_free(struct sim *s);
/* The timer of this cgroup's mechanism is due (MACHINE: that of polling faults). */
void mech_fire(struct sim *s, uint32_t m);
/*
 * w has charged a batch, and reclaimed what its cgroups are over their memory.high.  `native` is
 * the penalty in jiffies that it is about to sleep, if it is long enough.
 */
void mech_charged(struct sim *s, struct worker *w, uint64_t nr, uint64_t native);
/* A priority-high cgroup crossed its threshold. */
void mech_active(struct sim *s);
/* It has faulted, under poll: to be read before long. */
void mech_faulted(struct sim *s);
/* The scenario wrote these attributes. */
void mech_set(struct sim *s, uint32_t m, uint32_t mask);
/* Counters of this cgroup alone, beside those in struct memcg_more. */
void mech_count(const struct sim *s, uint32_t m, struct cg_counters *c);
/* memory.high as the scenario has it. */
uint64_t mech_own_high(const struct sim *s, uint32_t m);

/* Is memory.high of the cgroup whose delay this one obeys not the scenario's? */
static inline bool mech_moved(const struct sim *s, uint32_t m)
{
	m = s->cg[m].delay_cg;
	return s->mechanism == MECH_HIGH && m != SIM_NONE && s->mech[m].on;
}
/* What is owed by a task that sched_ext has to keep off the CPUs.  True: it is, until a turn. */
bool mech_hold_task(struct sim *s, struct worker *w);
/* hold.c */
void hold_charged(struct sim *s, struct worker *w, uint64_t delay_ns);
void hold_notified(struct sim *s, uint32_t m);
void hold_read_faults(struct sim *s);
void hold_fire(struct sim *s, uint32_t m);
/* tight.c; `waits`: the batch is over the scenario's own memory.high, or need not be */
void tight_charged(struct sim *s, uint32_t m, uint64_t nr, uint64_t native, bool waits);
void tight_active(struct sim *s, uint32_t m);
void tight_fire(struct sim *s, uint32_t m);
void tight_let_go(struct sim *s, uint32_t m);

/* Those that have something to do by themselves: a timer a cgroup, behind those of workers. */
static inline bool mech_has_timers(enum sim_mechanism k)
{
	return k == MECH_FREEZE || k == MECH_POLL || k == MECH_HIGH;
}
static inline void mech_timer(struct sim *s, uint32_t m, uint64_t time_ns)
{
	if (time_ns == NEVER)
		queue_remove(s, s->nw + m);
	else
		queue_set(s, s->nw + m, time_ns < s->now_ns ? s->now_ns : time_ns);
}

#endif
