/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hold.bpf.c - a scheduler (sched_ext) that holds a task until its delay is over.
 *
 * It schedules the tasks of policy SCHED_EXT alone, first come, first served, from the kernel's
 * global queue.  A task that owes a delay is put into a queue that no CPU takes tasks from; a
 * timer takes those out that are due, and those that are to die, which only a running task can.
 *
 * It cannot be put there at once: it would be held inside of the program that finds out that it
 * owes, and that in an RCU section.  So its time slice ends, and the timer has its CPU look a
 * moment later who shall run there, by when it is on its way to user mode; at the latest, the
 * kernel's tick does.
 */
#include "bpf/watch.bpf.h"
#include "bpf/hold.h"

#define HOLD_QUEUE  0
#define MAX_HELD    1024
#define SLICE_NS    5000000ULL
#define LOOK_NS	    10000000ULL /* how late a task that is killed meanwhile is let go */
#define NUDGE_NS    50000ULL	/* until the program has ended */
#define NUDGES	    2
#define STALE_NS    1000000000ULL /* an entry that nobody held, nor will */
#define NO_DUE	    (~0ULL)
#define SIGKILL_BIT (1UL << (9 - 1))

/* Of include/linux/sched/ext.h and kernel/sched/ext: part of what compiled schedulers rely on. */
#define SCX_DSQ_GLOBAL	 ((1ULL << 63) | 1)
#define SCX_DSQ_LOCAL	 ((1ULL << 63) | 2)
#define SCX_DSQ_LOCAL_ON ((1ULL << 63) | (1ULL << 62))
#define SCX_ENQ_WAKEUP	 (1ULL << 0)
#define SCX_ENQ_LAST	 (1ULL << 41)
#define SCX_ENQ_PREEMPT	 (1ULL << 32)
#define SCX_KICK_IDLE	 (1ULL << 0)
#define SCX_KICK_PREEMPT (1ULL << 1)

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

enum scx_exit_kind {
	SCX_EXIT_NONE = 0,
};

struct scx_exit_info {
	enum scx_exit_kind kind;
	const char *reason;
	char *msg;
};

struct scx_exit_task_args;

#pragma clang attribute pop

struct bpf_iter_scx_dsq {
	__u64 opaque[6];
};

/* Without the argument that the kernel adds by itself (KF_IMPLICIT_ARGS). */
extern int scx_bpf_create_dsq(__u64 dsq_id, int node) __ksym;
extern int scx_bpf_select_cpu_dfl(struct task_struct *p, int prev_cpu, __u64 wake_flags,
				  bool *is_idle) __ksym;
extern void scx_bpf_dsq_insert(struct task_struct *p, __u64 dsq_id, __u64 slice,
			       __u64 enq_flags) __ksym;
extern bool scx_bpf_dsq_move(struct bpf_iter_scx_dsq *it__iter, struct task_struct *p, __u64 dsq_id,
			     __u64 enq_flags) __ksym;
extern int bpf_iter_scx_dsq_new(struct bpf_iter_scx_dsq *it, __u64 dsq_id, __u64 flags) __ksym;
extern struct task_struct *bpf_iter_scx_dsq_next(struct bpf_iter_scx_dsq *it) __ksym;
extern void bpf_iter_scx_dsq_destroy(struct bpf_iter_scx_dsq *it) __ksym;
extern void scx_bpf_kick_cpu(int cpu, __u64 flags) __ksym;
extern int scx_bpf_task_cpu(const struct task_struct *p) __ksym;
extern bool scx_bpf_task_set_slice(struct task_struct *p, __u64 slice) __ksym;
extern int scx_bpf_pick_idle_cpu(const struct cpumask *allowed, __u64 flags) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_HELD);
	__type(key, __u32);
	__type(value, struct agentcg_hold);
} holds SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CGROUPS);
	__type(key, __u64);
	__type(value, struct agentcg_hold_counts);
} hold_counts SEC(".maps");

struct clock {
	struct bpf_timer timer;
	__u64 works; /* 0: user space has to look at the time, by let_go */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct clock);
} clocks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct agentcg_ejection);
} ejections SEC(".maps");

/* ---- owing --------------------------------------------------------------------------------- */

/* Somebody will have to be let go. */
static __always_inline void wind_clock(__u64 now, __u64 cgroup, __u64 delay_ns)
{
	__u32 zero = 0;
	struct clock *c = bpf_map_lookup_elem(&clocks, &zero);

	if (c && c->works)
		bpf_timer_start(&c->timer, NUDGE_NS, 0);
	else
		tell(AGENTCG_EVENT_HOLD, now, cgroup, delay_ns, 0);
}

static __always_inline void count_hidden(const struct agentcg_hold *h)
{
	struct agentcg_hold_counts *c = bpf_map_lookup_elem(&hold_counts, &h->cgroup);

	if (c)
		__sync_fetch_and_add(&c->hidden, h->batches);
}

/*
 * In the kernel's handling of memory.high, on the way back to user mode or inside a system call
 * that charges a lot.  What is charged before the task is held adds up, as it would if it slept.
 */
static __always_inline bool owe(__u64 cgroup, __u64 now, __u64 delay_ns, __u32 pages)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct agentcg_hold *h = bpf_map_lookup_elem(&holds, &tid), fresh = {};

	if (delay_ns > AGENTCG_HOLD_MAX_NS)
		delay_ns = AGENTCG_HOLD_MAX_NS;
	if (h && !h->held_ns && h->due_ns > now) {
		h->due_ns += delay_ns;
		if (h->due_ns > now + AGENTCG_HOLD_MAX_NS)
			h->due_ns = now + AGENTCG_HOLD_MAX_NS;
		h->batches++;
		h->nudges = 0;
		h->cpu = bpf_get_smp_processor_id();
	} else {
		if (h && !h->held_ns)
			count_hidden(h);
		fresh.cgroup = cgroup;
		fresh.since_ns = now;
		fresh.due_ns = now + delay_ns;
		fresh.batches = 1;
		fresh.cpu = bpf_get_smp_processor_id();
		if (bpf_map_update_elem(&holds, &tid, &fresh, BPF_ANY))
			return false;
	}
	wind_clock(now, cgroup, delay_ns);
	if (task->policy != AGENTCG_SCHED_EXT)
		return tell(AGENTCG_EVENT_FOREIGN, now, cgroup, delay_ns, pages);
	scx_bpf_task_set_slice(task, 0);
	return true;
}

/* ---- holding ------------------------------------------------------------------------------- */

/* One that is killed has SIGKILL pending, also when its process was. */
static __always_inline bool has_to_wait(const struct agentcg_hold *h, const struct task_struct *p,
					__u64 now)
{
	return h->due_ns > now && !(p->pending.signal.sig[0] & SIGKILL_BIT);
}

/*
 * The kernel itself does not ask about tasks that may not change the CPU, as inside a program.  One
 * that is in an RCU section must not be held there; this program is one, of the task that runs.
 */
static __always_inline bool can_wait(const struct task_struct *p)
{
	int own = bpf_get_current_task() == (__u64)p;

	return !bpf_core_field_exists(p->rcu_read_lock_nesting) || p->rcu_read_lock_nesting <= own;
}

static __always_inline struct agentcg_hold *hold_of(const struct task_struct *p)
{
	__u32 tid = (__u32)p->pid;

	return bpf_map_lookup_elem(&holds, &tid);
}

SEC("struct_ops/select_cpu")
int BPF_PROG(hold_select_cpu, struct task_struct *p, int prev_cpu, __u64 wake_flags)
{
	struct agentcg_hold *h = hold_of(p);
	bool is_idle = false;
	int cpu;

	if (h && has_to_wait(h, p, bpf_ktime_get_ns()))
		return prev_cpu; /* and enqueue is called */
	cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &is_idle);
	if (is_idle)
		scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL, SLICE_NS, 0);
	return cpu;
}

static __always_inline void begin_hold(struct agentcg_hold *h, __u64 enq_flags, __u64 now)
{
	struct agentcg_hold_counts *c = bpf_map_lookup_elem(&hold_counts, &h->cgroup);

	if (h->held_ns)
		return; /* it has been put back into the queue */
	h->held_ns = now;
	if (enq_flags & SCX_ENQ_WAKEUP)
		return;
	h->lag_us = (__u32)((now - h->since_ns) / 1000);
	if (!c)
		return;
	__sync_fetch_and_add(&c->stopped, 1);
	__sync_fetch_and_add(&c->stop_ns, now - h->since_ns);
}

SEC("struct_ops/enqueue")
int BPF_PROG(hold_enqueue, struct task_struct *p, __u64 enq_flags)
{
	struct agentcg_hold *h = hold_of(p);
	__u64 now = bpf_ktime_get_ns();

	if (h && has_to_wait(h, p, now) && can_wait(p)) {
		begin_hold(h, enq_flags, now);
		scx_bpf_dsq_insert(p, HOLD_QUEUE, SLICE_NS, 0);
		return 0;
	}
	if (enq_flags & SCX_ENQ_LAST) { /* nobody else wants this CPU */
		scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL, SLICE_NS, 0);
		return 0;
	}
	scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, SLICE_NS, 0);
	scx_bpf_kick_cpu(scx_bpf_task_cpu(p), SCX_KICK_IDLE);
	return 0;
}

static __always_inline void end_hold(struct agentcg_hold *h, __u32 tid, __u64 now)
{
	struct agentcg_hold_counts *c = bpf_map_lookup_elem(&hold_counts, &h->cgroup);
	struct visit *v = bpf_map_lookup_elem(&visits, &tid);
	struct agentcg_event *e;

	if (v) /* what it slept for memory.high is counted there, without this */
		v->reclaimed_ns += now - h->held_ns;
	if (!c)
		return;
	__sync_fetch_and_add(&c->delays, h->batches);
	__sync_fetch_and_add(&c->delayed_ns, now - h->since_ns);
	e = bpf_ringbuf_reserve(&events, sizeof *e, 0);
	if (!e) {
		__sync_fetch_and_add(&c->lost, 1);
		return;
	}
	*e = (struct agentcg_event){
	    .t_ns = h->since_ns,
	    .cgroup = h->cgroup,
	    .delay_ns = now - h->since_ns,
	    .task = tid,
	    .kind = AGENTCG_EVENT_DELAY,
	    .lag_us = h->lag_us,
	};
	bpf_ringbuf_submit(e, 0);
}

SEC("struct_ops/running")
int BPF_PROG(hold_running, struct task_struct *p)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 tid = (__u32)p->pid;
	struct agentcg_hold *h = bpf_map_lookup_elem(&holds, &tid);

	if (!h)
		return 0;
	if (has_to_wait(h, p, now)) {
		/* It could not be held where it was; the next tick asks again. */
		scx_bpf_task_set_slice(p, 0);
		return 0;
	}
	if (h->held_ns)
		end_hold(h, tid, now);
	else
		count_hidden(h);
	bpf_map_delete_elem(&holds, &tid);
	return 0;
}

SEC("struct_ops/exit_task")
int BPF_PROG(hold_exit_task, struct task_struct *p, struct scx_exit_task_args *args)
{
	__u32 tid = (__u32)p->pid;

	(void)args;
	bpf_map_delete_elem(&holds, &tid);
	return 0;
}

/* ---- letting go ---------------------------------------------------------------------------- */

struct next_due {
	__u64 now, due_ns;
};

static long look_at_hold(struct bpf_map *map, const __u32 *tid, struct agentcg_hold *h,
			 struct next_due *next)
{
	(void)map;
	(void)tid;
	if (h->due_ns + STALE_NS < next->now)
		return 0;
	if (h->due_ns < next->due_ns)
		next->due_ns = h->due_ns;
	if (!h->held_ns && h->due_ns > next->now && h->nudges < NUDGES) {
		h->nudges++;
		scx_bpf_kick_cpu((int)h->cpu, SCX_KICK_PREEMPT);
	}
	return 0;
}

/* Let go who is due; ns until it has to be called again, 0: nobody waits. */
static __always_inline __u64 let_go_due(void)
{
	struct next_due next = {.due_ns = NO_DUE};
	struct bpf_iter_scx_dsq it;
	struct task_struct *p;
	__u64 now = bpf_ktime_get_ns(), wait_ns;

	bpf_rcu_read_lock();
	bpf_iter_scx_dsq_new(&it, HOLD_QUEUE, 0);
	while ((p = bpf_iter_scx_dsq_next(&it))) {
		struct agentcg_hold *h = hold_of(p);
		int cpu = -1;

		if (h && has_to_wait(h, p, now))
			continue;
		/* The question has the compiler describe the struct, which the call needs. */
		if (bpf_core_type_exists(struct cpumask))
			cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
		if (cpu < 0)
			cpu = scx_bpf_task_cpu(p);
		scx_bpf_dsq_move(&it, p, SCX_DSQ_LOCAL_ON | (__u64)cpu, SCX_ENQ_PREEMPT);
	}
	bpf_iter_scx_dsq_destroy(&it);
	bpf_rcu_read_unlock();
	now = bpf_ktime_get_ns();
	next.now = now;
	bpf_for_each_map_elem(&holds, look_at_hold, &next, 0);
	if (next.due_ns == NO_DUE)
		return 0;
	wait_ns = next.due_ns > now ? next.due_ns - now : LOOK_NS / 10;
	return wait_ns < LOOK_NS ? wait_ns : LOOK_NS;
}

static int tick(void *map, __u32 *key, struct clock *c)
{
	__u64 wait_ns = let_go_due();

	(void)map;
	(void)key;
	if (wait_ns)
		bpf_timer_start(&c->timer, wait_ns, 0);
	return 0;
}

SEC("syscall")
int let_go(void *ctx)
{
	(void)ctx;
	return (int)let_go_due();
}

/* ---- life ---------------------------------------------------------------------------------- */

SEC("struct_ops/init")
int BPF_PROG(hold_init)
{
	__u32 zero = 0;
	struct clock *c = bpf_map_lookup_elem(&clocks, &zero);

	if (!c)
		return -1;
	/* Fails where the kernel allocates no timers: on a CPU without cmpxchg16b. */
	c->works = !bpf_timer_init(&c->timer, &clocks, 1 /* CLOCK_MONOTONIC */) &&
		   !bpf_timer_set_callback(&c->timer, tick);
	return scx_bpf_create_dsq(HOLD_QUEUE, -1);
}

SEC("struct_ops/exit")
int BPF_PROG(hold_exit, struct scx_exit_info *info)
{
	__u32 zero = 0;
	struct agentcg_ejection *e = bpf_map_lookup_elem(&ejections, &zero);

	if (!e)
		return 0;
	bpf_probe_read_kernel_str(e->reason, sizeof e->reason, info->reason);
	bpf_probe_read_kernel_str(e->message, sizeof e->message, info->msg);
	e->kind = (__u64)info->kind;
	tell(AGENTCG_EVENT_EJECTED, bpf_ktime_get_ns(), 0, 0, 0);
	return 0;
}

/* The members that are used; the kernel's struct has more, in an order of its own. */
struct sched_ext_ops {
	int (*select_cpu)(struct task_struct *p, int prev_cpu, __u64 wake_flags);
	void (*enqueue)(struct task_struct *p, __u64 enq_flags);
	void (*running)(struct task_struct *p);
	void (*exit_task)(struct task_struct *p, struct scx_exit_task_args *args);
	int (*init)(void);
	void (*exit)(struct scx_exit_info *info);
};

/* The link is made from a map of user space's own, which also has flags and name. */
SEC(".struct_ops")
struct sched_ext_ops ops = {
    .select_cpu = (void *)hold_select_cpu,
    .enqueue = (void *)hold_enqueue,
    .running = (void *)hold_running,
    .exit_task = (void *)hold_exit_task,
    .init = (void *)hold_init,
    .exit = (void *)hold_exit,
};
