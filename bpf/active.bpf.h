/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * active.bpf.h - which cgroups are active: for every BPF program that asks.
 *
 * Built for libbpf 1.1 without a vmlinux.h: the few kernel fields that are read are declared here
 * and relocated when the program is loaded, so the build needs no BTF of any kernel.
 */
#ifndef AGENTCG_BPF_ACTIVE_BPF_H
#define AGENTCG_BPF_ACTIVE_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "bpf/policy.h"

#define MAX_CGROUPS 1024 /* user space asks for as many as it has */
#define MAX_DEPTH   32	 /* ancestors looked at; deeper hierarchies lose their upper ones */

/* ---- kernel types -------------------------------------------------------------------------- */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

typedef struct {
	long counter;
} atomic_long_t;

struct page_counter {
	atomic_long_t usage; /* pages */
	unsigned long high;
};

struct mem_cgroup {
	struct cgroup_subsys_state css;
	struct page_counter memory;
};

#pragma clang attribute pop

/* Its value differs between kernels: it is asked for when the program is loaded. */
enum vm_event_item {
	PGFAULT = 0,
};

/* ---- maps ---------------------------------------------------------------------------------- */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CGROUPS);
	__type(key, __u64);
	__type(value, struct agentcg_policy);
} policies SEC(".maps");

/* Of priority-high cgroups alone. */
struct counted {
	struct bpf_spin_lock lock; /* read from user space with BPF_F_LOCK */
	__u32 pad;
	struct agentcg_window window;
	__u64 faults; /* since the entry was made; added to atomically, outside the lock */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CGROUPS);
	__type(key, __u64);
	__type(value, struct counted);
} windows SEC(".maps");

/* ---- faults -------------------------------------------------------------------------------- */

/* Count n faults; true when they make an idle cgroup active. */
static __always_inline bool active_count(__u64 cgroup_id, __u64 now, __u64 n)
{
	const struct agentcg_policy *p;
	struct agentcg_policy copy;
	struct counted *c;
	bool woke;

	c = bpf_map_lookup_elem(&windows, &cgroup_id);
	if (!c)
		return false;
	p = bpf_map_lookup_elem(&policies, &cgroup_id);
	if (!p)
		return false;
	copy = *p;
	__sync_fetch_and_add(&c->faults, n);
	bpf_spin_lock(&c->lock); /* two CPUs may fault at once */
	woke = !agentcg_window_active(&c->window, &copy, now);
	woke &= agentcg_window_add(&c->window, &copy, now, n);
	bpf_spin_unlock(&c->lock);
	return woke;
}

struct bpf_map;

struct active_search {
	__u64 now;
	bool found;
};

static long active_look(struct bpf_map *map, const __u64 *cgroup_id, struct counted *c,
			struct active_search *search)
{
	const struct agentcg_policy *p = bpf_map_lookup_elem(&policies, cgroup_id);

	(void)map;
	/* Without the lock: crossings is never taken back, and an old trigger is a moment late. */
	search->found = p && agentcg_window_active(&c->window, p, search->now);
	return search->found;
}

/* Is any priority-high cgroup active? */
static __always_inline bool active_any(__u64 now)
{
	struct active_search search = {.now = now};

	bpf_for_each_map_elem(&windows, active_look, &search, 0);
	return search.found;
}

#endif
