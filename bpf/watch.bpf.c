/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.bpf.c - tell user space who has to wait: it makes them wait, as a tracing program cannot.
 */
#include "bpf/watch.bpf.h"

static __always_inline bool owe(__u64 cgroup, __u64 now, __u64 delay_ns, __u32 pages)
{
	return tell(AGENTCG_EVENT_DELAY, now, cgroup, delay_ns, pages);
}
