/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hook.h - the BPF programs behind the kernel's memcg_bpf_ops, loaded: those of the layout that the
 * running kernel has, and beside them those that watch faults and what became of delays.
 */
#ifndef AGENTCG_BACKEND_CGROUP_HOOK_H
#define AGENTCG_BACKEND_CGROUP_HOOK_H

#include "backend/cgroup/memcg_ops.h"

struct bpf_link;
struct bpf_map;
struct bpf_object;

#define HOOK_BESIDE 5

struct hook {
	struct memcg_ops_type type;
	int progs[MEMCG_OPS_MEMBERS]; /* fds, for memcg_ops_attach() */
	struct bpf_object *object;
	struct bpf_link *links[HOOK_BESIDE];
	struct bpf_map *policies, *windows, *counts, *visits, *events; /* bpf/memcg_ops.bpf.h */
};

/*
 * Load them, with room for that many cgroups, and attach all but the hook itself.  0, or -errno
 * with the reason, one plain sentence without a full stop, in why[]; then nothing is left.
 */
int hook_load(struct hook *k, uint32_t cgroups, char *why, size_t why_size);
void hook_unload(struct hook *k); /* an all-zero one is fine */

#endif
