/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.h - who is active, and who has to wait for it: the measuring half of a mechanism.
 *
 * There are two: BPF programs, which see every fault and every batch as it happens, and polling,
 * which needs no permission but to read the cgroups' files, and sees the sum of what happened.
 * Both decide by bpf/policy.h.  Times are CLOCK_MONOTONIC nanoseconds.
 */
#ifndef AGENTCG_BACKEND_CGROUP_WATCH_H
#define AGENTCG_BACKEND_CGROUP_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/cgroup/mech.h"
#include "bpf/policy.h"

struct watch_event {
	uint32_t
	    kind; /* enum agentcg_event_kind, where the programs tell more than who has to wait */
	uint32_t cgroup;
	uint32_t task;	  /* thread; 0: not known */
	uint32_t batches; /* at least 1: that many charges have to wait for delay_ns each */
	uint32_t pages;	  /* charged by these: what the kernel's own penalty scales with */
	uint64_t t_ns;	  /* since when */
	uint64_t delay_ns;
	uint64_t lag_ns; /* the task ran on for that long; 0 where only user space stops it */
};

struct watch {
	/*
	 * Begin; *h must stay.  0, or -errno with the reason, one plain sentence without a full
	 * stop, in why[].
	 */
	int (*open)(const struct mech_host *h, char *why, size_t why_size, void **w);
	/* As in struct mechanism. */
	int (*set)(void *w, uint32_t cgroup, uint32_t mask);
	int (*fd)(void *w);
	uint64_t (*due)(void *w);
	/*
	 * 1: *e is the next task that has to wait; 0: nobody else now; -errno.  To be called until
	 * it returns 0 whenever fd is readable or due has come.
	 */
	int (*next)(void *w, uint64_t now_ns, struct watch_event *e);
	/* Until when this priority-high cgroup is active if it does nothing more; 0: it is not. */
	uint64_t (*active_until)(void *w, uint32_t cgroup, uint64_t now_ns);
	/* What it measured beside, of this cgroup alone: throttled_ns, faults, asked. */
	void (*count)(void *w, uint32_t cgroup, struct cg_counters *c);
	void (*close)(void *w); /* NULL is fine */
};

extern const struct watch watch_bpf;
extern const struct watch watch_poll;

/* The policy of a cgroup after its attributes in `mask` have changed; begin with all-zero. */
void watch_policy(struct agentcg_policy *p, const struct cg_attrs *a, uint32_t mask);

/* Is cgroup i the ancestor or below it? */
bool watch_below(const struct mech_host *h, uint32_t i, uint32_t ancestor);

/*
 * Batches that a cgroup took above base_bytes since it was looked at last, from its usage then and
 * now.  *seen_bytes moves on.
 */
uint32_t watch_batches(uint64_t *seen_bytes, uint64_t usage_bytes, uint64_t base_bytes);

#endif
