/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memcg_ops_v7.bpf.c - memcg_bpf_ops as the public series has it since version 7 (2026-05). */
#include "bpf/memcg_ops.bpf.h"

struct memcg_bpf_ops {
	void (*handle_cgroup_online)(struct mem_cgroup *memcg);
	void (*handle_cgroup_offline)(struct mem_cgroup *memcg);
	bool (*below_low)(struct mem_cgroup *memcg, unsigned long elow, unsigned long usage);
	bool (*below_min)(struct mem_cgroup *memcg, unsigned long emin, unsigned long usage);
	unsigned int (*memcg_charged)(struct mem_cgroup *memcg, unsigned int nr_pages);
	void (*memcg_uncharged)(struct mem_cgroup *memcg, unsigned int nr_pages);
};

SEC("struct_ops/below_low")
bool BPF_PROG(below_low, struct mem_cgroup *memcg)
{
	return hook_protects(memcg, AGENTCG_PROTECT_LOW);
}

SEC("struct_ops/below_min")
bool BPF_PROG(below_min, struct mem_cgroup *memcg)
{
	return hook_protects(memcg, AGENTCG_PROTECT_MIN);
}

SEC("struct_ops/memcg_charged")
unsigned int BPF_PROG(delay, struct mem_cgroup *memcg)
{
	return hook_delay_ms(memcg);
}

/* Links are made from maps of user space's own (src/backend/cgroup/memcg_ops.c). */
SEC(".struct_ops")
struct memcg_bpf_ops ops = {
    .below_low = (void *)below_low,
    .below_min = (void *)below_min,
    .memcg_charged = (void *)delay,
};
