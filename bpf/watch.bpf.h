/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.bpf.h - the delay policy (policy.h) on a kernel without a hook for it.
 *
 * These programs decide whether a task has to wait, and leave it to who includes them to make it
 * wait: by owe(), which is defined there.  What they hang on differs between kernels, so there are
 * alternatives; user space loads those that it could attach.
 */
#ifndef AGENTCG_BPF_WATCH_BPF_H
#define AGENTCG_BPF_WATCH_BPF_H

#include "bpf/active.bpf.h"

#define MAX_SLEEPERS 4096
#define EVENT_BYTES  (256 * 1024)
#define SLEEP_NS     1000000 /* what takes less was no sleep: that of 2.5 jiffies is not slept */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct css_set {
	struct cgroup_subsys_state *subsys[1];
};

struct sigset {
	unsigned long sig[1];
};

struct sigpending {
	struct sigset signal;
};

struct cpumask {
	unsigned long bits[1];
};

struct task_struct {
	int pid;
	unsigned int policy;
	unsigned int memcg_nr_pages_over_high;
	struct css_set *cgroups;
	const struct cpumask *cpus_ptr;
	int rcu_read_lock_nesting;
	struct sigpending pending;
};

#pragma clang attribute pop

enum cgroup_subsys_id {
	memory_cgrp_id = 0,
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CGROUPS);
	__type(key, __u64);
	__type(value, struct agentcg_counts);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, EVENT_BYTES);
} events SEC(".maps");

/* Tasks inside the kernel's handling of memory.high. */
struct visit {
	struct cgroup_subsys_state *css; /* NULL until reclaim_high() has run */
	__u64 reclaimed_ns;		 /* when that returned last */
	__u32 pages;			 /* charged over memory.high */
	__u32 unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SLEEPERS);
	__type(key, __u32);
	__type(value, struct visit);
} visits SEC(".maps");

/* Pages charged to a cgroup with `always` since its last batch. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CGROUPS);
	__type(key, __u64);
	__type(value, __u64);
} charged SEC(".maps");

/* The running task has charged a batch to this cgroup and has to wait; false: nobody will know. */
static __always_inline bool owe(__u64 cgroup, __u64 now, __u64 delay_ns, __u32 pages);

static __always_inline bool tell(__u32 kind, __u64 now, __u64 cgroup, __u64 delay_ns, __u32 pages)
{
	struct agentcg_event *e = bpf_ringbuf_reserve(&events, sizeof *e, 0);

	if (!e)
		return false;
	e->t_ns = now;
	e->cgroup = cgroup;
	e->delay_ns = delay_ns;
	e->task = (__u32)bpf_get_current_pid_tgid();
	e->kind = kind;
	e->pages = pages;
	e->lag_us = 0;
	bpf_ringbuf_submit(e, 0);
	return true;
}

static __always_inline __u64 css_id(struct cgroup_subsys_state *css)
{
	return BPF_CORE_READ(css, cgroup, kn, id);
}

static __always_inline struct cgroup_subsys_state *css_parent(struct cgroup_subsys_state *css)
{
	return BPF_CORE_READ(css, parent);
}

/* css is the first member of mem_cgroup, on every kernel. */
static __always_inline struct mem_cgroup *memcg_of(struct cgroup_subsys_state *css)
{
	return (struct mem_cgroup *)css;
}

/* ---- page faults of priority-high cgroups -------------------------------------------------- */

struct fault {
	struct cgroup_subsys_state *css;
	__u64 now, n;
};

static long count_fault(__u32 i, struct fault *f)
{
	__u64 id = css_id(f->css);

	(void)i;
	if (active_count(id, f->now, f->n))
		tell(AGENTCG_EVENT_ACTIVE, f->now, id, 0, 0);
	f->css = css_parent(f->css);
	return !f->css;
}

/*
 * The cgroup that the fault is charged to and all above it: an agent may keep its tools in
 * cgroups of their own.
 */
static __always_inline int on_event(struct mem_cgroup *memcg, enum vm_event_item item, __u64 n)
{
	struct fault f = {.n = n};

	if (!memcg || item != bpf_core_enum_value(enum vm_event_item, PGFAULT))
		return 0;
	f.css = &memcg->css;
	f.now = bpf_ktime_get_ns();
	bpf_loop(MAX_DEPTH, count_fault, &f, 0);
	return 0;
}

/* Linux up to 6.12 */
SEC("?fentry/__count_memcg_events")
int BPF_PROG(faults_old, struct mem_cgroup *memcg, enum vm_event_item item, unsigned long n)
{
	return on_event(memcg, item, n);
}

/* Later, and where the function above is inlined into this one */
SEC("?fentry/count_memcg_events")
int BPF_PROG(faults_new, struct mem_cgroup *memcg, enum vm_event_item item, unsigned long n)
{
	return on_event(memcg, item, n);
}

/* ---- who has to wait ----------------------------------------------------------------------- */

/* On the way up from a cgroup. */
struct search {
	struct cgroup_subsys_state *css;
	__u64 known; /* the nearest that user space knows: by this one it knows the task */
	struct agentcg_policy policy; /* of the nearest that says something about delays: css */
	bool found;
};

static long search_policy(__u32 i, struct search *s)
{
	__u64 id = css_id(s->css);
	const struct agentcg_policy *p = bpf_map_lookup_elem(&policies, &id);

	(void)i;
	if (p && !s->known)
		s->known = id;
	if (p && p->flags & AGENTCG_DELAY_SET) {
		s->policy = *p;
		s->found = true;
		return 1;
	}
	s->css = css_parent(s->css);
	return !s->css;
}

/* pages: what the task has charged */
static __always_inline void judge(struct cgroup_subsys_state *css, __u64 now, __u32 pages,
				  bool charging)
{
	struct search s = {.css = css};
	struct agentcg_counts *c;
	struct mem_cgroup *memcg;
	__u64 usage, high;

	bpf_loop(MAX_DEPTH, search_policy, &s, 0);
	if (!s.found || charging != !!(s.policy.flags & AGENTCG_ALWAYS))
		return;
	memcg = memcg_of(s.css);
	usage = (__u64)BPF_CORE_READ(memcg, memory.usage.counter);
	high = BPF_CORE_READ(memcg, memory.high);
	if (!charging && usage <= high)
		return; /* over the high of another level, or no longer over it */
	c = bpf_map_lookup_elem(&counts, &s.known);
	if (!c)
		return;
	if (usage > high)
		__sync_fetch_and_add(&c->over_high, 1);
	if (!s.policy.delay_ns || !active_any(now))
		return;
	if (owe(s.known, now, s.policy.delay_ns, pages))
		__sync_fetch_and_add(&c->delays, 1);
	else
		__sync_fetch_and_add(&c->lost, 1);
	__sync_fetch_and_add(&c->delays_ns, s.policy.delay_ns);
}

/* Up to 6.12 it is called on every return to user mode of a task that charged, mostly in vain. */
static __always_inline int over_high_enter(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct visit v = {};
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	v.pages = task->memcg_nr_pages_over_high;
	if (!v.pages)
		return 0;
	bpf_map_update_elem(&visits, &tid, &v, BPF_ANY);
	return 0;
}

struct sleeper {
	struct cgroup_subsys_state *css;
	__u64 slept_ns;
};

static long count_sleep(__u32 i, struct sleeper *s)
{
	__u64 id = css_id(s->css);
	struct agentcg_counts *c = bpf_map_lookup_elem(&counts, &id);

	(void)i;
	if (c) {
		__sync_fetch_and_add(&c->throttled_ns, s->slept_ns);
		return 1;
	}
	s->css = css_parent(s->css);
	return !s->css;
}

/* What is left of the visit after the last attempt to reclaim was sleep. */
static __always_inline int over_high_exit(void)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	const struct visit *v = bpf_map_lookup_elem(&visits, &tid);
	struct sleeper s;

	if (!v)
		return 0;
	s.css = v->css;
	s.slept_ns = bpf_ktime_get_ns() - v->reclaimed_ns;
	bpf_map_delete_elem(&visits, &tid);
	if (s.css && s.slept_ns >= SLEEP_NS)
		bpf_loop(MAX_DEPTH, count_sleep, &s, 0);
	return 0;
}

SEC("?fentry/mem_cgroup_handle_over_high")
int BPF_PROG(over_high_enter_old)
{
	return over_high_enter();
}

SEC("?fexit/mem_cgroup_handle_over_high")
int BPF_PROG(over_high_exit_old)
{
	return over_high_exit();
}

/* Since 7.x the function above is an inline check before this one. */
SEC("?fentry/__mem_cgroup_handle_over_high")
int BPF_PROG(over_high_enter_new)
{
	return over_high_enter();
}

SEC("?fexit/__mem_cgroup_handle_over_high")
int BPF_PROG(over_high_exit_new)
{
	return over_high_exit();
}

/*
 * Runs first thing inside the above, again on each of its retries, and in a work queue, where no
 * task waits.  After the first time is the moment to judge: a task whose cgroup could be reclaimed
 * below memory.high need not wait, and the retries give user space time to act.
 */
SEC("?fexit/reclaim_high")
int BPF_PROG(reclaimed, struct mem_cgroup *memcg)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct visit *v = bpf_map_lookup_elem(&visits, &tid);
	__u64 now;

	if (!v)
		return 0;
	now = bpf_ktime_get_ns();
	v->reclaimed_ns = now;
	if (v->css)
		return 0;
	v->css = &memcg->css;
	judge(&memcg->css, now, v->pages, false);
	return 0;
}

struct charge {
	struct cgroup_subsys_state *css;
	__u64 pages;
	bool batch; /* it began another one */
};

static long count_charge(__u32 i, struct charge *c)
{
	__u64 id = css_id(c->css);
	__u64 *pages = bpf_map_lookup_elem(&charged, &id);
	__u64 before;

	(void)i;
	if (pages) {
		before = __sync_fetch_and_add(pages, c->pages);
		c->batch =
		    before / AGENTCG_BATCH_PAGES != (before + c->pages) / AGENTCG_BATCH_PAGES;
		return 1;
	}
	c->css = css_parent(c->css);
	return !c->css;
}

/*
 * `always`: every batch that is charged.  Attached only while some cgroup has it, as this is called
 * for every page.  Batches are counted here as if all CPUs shared one stock.
 */
SEC("?fentry/try_charge_memcg")
int BPF_PROG(charging, struct mem_cgroup *memcg, unsigned int gfp, unsigned int nr_pages)
{
	struct charge c = {.css = &memcg->css, .pages = nr_pages};

	bpf_loop(MAX_DEPTH, count_charge, &c, 0);
	if (c.batch)
		judge(&memcg->css, bpf_ktime_get_ns(), AGENTCG_BATCH_PAGES, true);
	return 0;
}

char _license[] SEC("license") = "GPL";

#endif
