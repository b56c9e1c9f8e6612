/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memcg_ops_v6.bpf.c - memcg_bpf_ops as the public series had it up to version 6 (2026-02). */
#include "bpf/memcg_ops.bpf.h"

struct memcg_bpf_ops {
	void (*handle_cgroup_online)(struct mem_cgroup *memcg);
	void (*handle_cgroup_offline)(struct mem_cgroup *memcg);
	bool (*below_low)(struct mem_cgroup *memcg);
	bool (*below_min)(struct mem_cgroup *memcg);
	unsigned int (*get_high_delay_ms)(struct mem_cgroup *memcg);
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

SEC("struct_ops/get_high_delay_ms")
unsigned int BPF_PROG(delay, struct mem_cgroup *memcg)
{
	return hook_delay_ms(memcg);
}

/* Links are made from maps of user space's own (src/backend/cgroup/memcg_ops.c). */
SEC(".struct_ops")
struct memcg_bpf_ops ops = {
    .below_low = (void *)below_low,
    .below_min = (void *)below_min,
    .get_high_delay_ms = (void *)delay,
};
