/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memcg_ops.bpf.h - the delay policy (policy.h) behind the kernel's own hook, memcg_bpf_ops.
 *
 * The struct has had two layouts, which differ in names and arguments and not in what this policy
 * does with them: memcg_ops_v6.bpf.c and memcg_ops_v7.bpf.c wrap what is here.
 *
 * The hook only says how long a task shall wait.  What became of it is measured by the tracing
 * programs below, around the kernel's handling of memory.high, which serves both: a wait that is
 * too short is left out there, and a longer one for memory.high takes its place.
 */
#ifndef AGENTCG_BPF_MEMCG_OPS_BPF_H
#define AGENTCG_BPF_MEMCG_OPS_BPF_H

#include "bpf/active.bpf.h"
#include "bpf/memcg_ops.h"

#define MAX_SLEEPERS 4096
#define EVENT_BYTES  (256 * 1024)
#define NS_PER_MS    1000000ULL

/* How long a jiffy is: user space knows and sets it before loading. */
const volatile __u64 tick_ns SEC(".rodata.tick") = 4 * NS_PER_MS;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CGROUPS);
	__type(key, __u64);
	__type(value, struct agentcg_hook_counts);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SLEEPERS);
	__type(key, __u32);
	__type(value, struct agentcg_visit);
} visits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, EVENT_BYTES);
} events SEC(".maps");

/* ---- delay --------------------------------------------------------------------------------- */

/*
 * A batch has been charged to memcg.  The nearest cgroup upwards that has an entry is what user
 * space knows the task by; the nearest that says something about delays decides, by its own usage.
 * Milliseconds to wait.
 */
static __always_inline unsigned int hook_delay_ms(struct mem_cgroup *memcg)
{
	const struct agentcg_policy *p = NULL;
	struct agentcg_hook_counts *c;
	struct agentcg_visit v = {};
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 id, ms;

	for (int i = 0; i < MAX_DEPTH && memcg; i++) {
		id = BPF_CORE_READ(memcg, css.cgroup, kn, id);
		p = bpf_map_lookup_elem(&policies, &id);
		if (p && !v.cgroup)
			v.cgroup = id;
		if (p && p->flags & AGENTCG_DELAY_SET)
			break;
		p = NULL;
		/* css is the first member of mem_cgroup, on every kernel that has one. */
		memcg = (struct mem_cgroup *)BPF_CORE_READ(memcg, css.parent);
	}
	c = bpf_map_lookup_elem(&counts, &v.cgroup);
	if (!c)
		return 0;
	__sync_fetch_and_add(&c->calls, 1);
	if (!p || !memcg || !p->delay_ns)
		return 0;
	if (!(p->flags & AGENTCG_ALWAYS) &&
	    (__u64)BPF_CORE_READ(memcg, memory.usage.counter) <= BPF_CORE_READ(memcg, memory.high))
		return 0;
	if (!active_any(bpf_ktime_get_ns()))
		return 0;
	ms = p->delay_ns / NS_PER_MS;
	if (!ms)
		return 0;
	if (ms > (__u32)-1)
		ms = (__u32)-1;
	v.asked_ms = ms;
	__sync_fetch_and_add(&c->given, 1);
	__sync_fetch_and_add(&c->given_ms, ms);
	bpf_map_update_elem(&visits, &tid, &v, BPF_ANY);
	return (unsigned int)ms;
}

/* ---- protection ---------------------------------------------------------------------------- */

/* Is memcg to be passed over by reclaim?  The nearest priority-high cgroup upwards decides. */
static __always_inline bool hook_protects(struct mem_cgroup *memcg, __u64 flag)
{
	struct agentcg_hook_counts *c;
	const struct agentcg_policy *p = NULL;
	struct counted *w;
	__u64 id, known = 0;

	for (int i = 0; i < MAX_DEPTH && memcg; i++) {
		id = BPF_CORE_READ(memcg, css.cgroup, kn, id);
		p = bpf_map_lookup_elem(&policies, &id);
		if (p && !known)
			known = id;
		if (p && p->flags & AGENTCG_PRIORITY_HIGH)
			break;
		p = NULL;
		memcg = (struct mem_cgroup *)BPF_CORE_READ(memcg, css.parent);
	}
	if (!p || !(p->flags & flag))
		return false;
	w = bpf_map_lookup_elem(&windows, &id);
	if (!w || !agentcg_window_active(&w->window, p, bpf_ktime_get_ns()))
		return false;
	c = bpf_map_lookup_elem(&counts, &known);
	if (c)
		__sync_fetch_and_add(&c->protections, 1);
	return true;
}

/* ---- page faults of priority-high cgroups -------------------------------------------------- */

static __always_inline int on_event(struct mem_cgroup *memcg, enum vm_event_item item, __u64 n)
{
	struct cgroup_subsys_state *css;
	__u64 now;

	if (!memcg || item != bpf_core_enum_value(enum vm_event_item, PGFAULT))
		return 0;
	now = bpf_ktime_get_ns();
	css = &memcg->css;
	for (int i = 0; i < MAX_DEPTH && css; i++) {
		active_count(css->cgroup->kn->id, now, n);
		css = css->parent;
	}
	return 0;
}

/* A kernel that the hook was carried to may be old: user space loads what is there. */
SEC("?fentry/count_memcg_events")
int BPF_PROG(faults_new, struct mem_cgroup *memcg, enum vm_event_item item, unsigned long n)
{
	return on_event(memcg, item, n);
}

SEC("?fentry/__count_memcg_events")
int BPF_PROG(faults_old, struct mem_cgroup *memcg, enum vm_event_item item, unsigned long n)
{
	return on_event(memcg, item, n);
}

/* ---- what became of it --------------------------------------------------------------------- */

static __always_inline int on_enter(void)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct agentcg_visit v = {};

	/* The hook has been here already if it wants this task to wait. */
	bpf_map_update_elem(&visits, &tid, &v, BPF_NOEXIST);
	return 0;
}

SEC("?fentry/__mem_cgroup_handle_over_high")
int BPF_PROG(enter_new)
{
	return on_enter();
}

SEC("?fentry/mem_cgroup_handle_over_high")
int BPF_PROG(enter_old)
{
	return on_enter();
}

/* Runs first thing in there, and knows whose task it is. */
SEC("?fentry/reclaim_high")
int BPF_PROG(reclaims, struct mem_cgroup *memcg)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct agentcg_visit *v = bpf_map_lookup_elem(&visits, &tid);
	struct cgroup_subsys_state *css = &memcg->css;

	if (!v)
		return 0;
	for (int i = 0; i < MAX_DEPTH && css && !v->cgroup; i++) {
		__u64 id = css->cgroup->kn->id;

		if (bpf_map_lookup_elem(&counts, &id))
			v->cgroup = id;
		css = css->parent;
	}
	return 0;
}

/* The end of it, if it comes to that: the longer of what memory.high and the hook ask for. */
SEC("fentry/schedule_timeout_killable")
int BPF_PROG(sleeps, long jiffies)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct agentcg_visit *v = bpf_map_lookup_elem(&visits, &tid);
	__u64 ms;

	if (!v)
		return 0;
	ms = v->asked_ms < AGENTCG_LONGEST_MS ? v->asked_ms : AGENTCG_LONGEST_MS;
	v->hooks = ms && (__u64)jiffies <= (ms * NS_PER_MS + tick_ns - 1) / tick_ns;
	v->asleep_ns = bpf_ktime_get_ns();
	return 0;
}

static __always_inline int on_exit(void)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct agentcg_visit *found = bpf_map_lookup_elem(&visits, &tid), v;
	struct agentcg_hook_counts *c;
	struct agentcg_event *e;
	__u64 slept;

	if (!found)
		return 0;
	v = *found;
	bpf_map_delete_elem(&visits, &tid);
	c = bpf_map_lookup_elem(&counts, &v.cgroup);
	if (!c || !v.asleep_ns)
		return 0;
	slept = bpf_ktime_get_ns() - v.asleep_ns;
	if (!v.hooks) {
		__sync_fetch_and_add(&c->throttled_ns, slept);
		return 0;
	}
	__sync_fetch_and_add(&c->delays, 1);
	__sync_fetch_and_add(&c->delayed_ns, slept);
	e = bpf_ringbuf_reserve(&events, sizeof *e, 0);
	if (!e) {
		__sync_fetch_and_add(&c->lost, 1);
		return 0;
	}
	*e = (struct agentcg_event){
	    .t_ns = v.asleep_ns,
	    .cgroup = v.cgroup,
	    .delay_ns = slept,
	    .task = tid,
	    .kind = AGENTCG_EVENT_DELAY,
	};
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("?fexit/__mem_cgroup_handle_over_high")
int BPF_PROG(exit_new)
{
	return on_exit();
}

SEC("?fexit/mem_cgroup_handle_over_high")
int BPF_PROG(exit_old)
{
	return on_exit();
}

char _license[] SEC("license") = "GPL";

#endif
