/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * penalty.h - how long the kernel makes a task over memory.high sleep, and the reverse.
 *
 * mm/memcontrol.c, calculate_high_delay() and __mem_cgroup_handle_over_high(): 64 s * x^2 * n for a
 * task that charged n batches of 64 pages, with x = (usage - high)/high; no more than 2 s; one of
 * up to HZ/100 jiffies is not slept.  HZ is taken to be 250, as in Debian's kernels.
 */
#ifndef AGENTCG_BACKEND_CGROUP_PENALTY_H
#define AGENTCG_BACKEND_CGROUP_PENALTY_H

#include <stdint.h>

#include "base/units.h"

#define PENALTY_MAX_NS	(2 * NS_PER_SEC)
#define PENALTY_NONE_NS (8 * NS_PER_MS) /* up to 2 jiffies */

/* What a task that charged `pages`, the last of which brought usage there, is made to sleep for. */
uint64_t penalty_ns(uint64_t usage_bytes, uint64_t high_bytes, uint32_t pages);

/*
 * The memory.high, in whole pages, with which `batches` (at least 1) charges, the first of which
 * brings usage to first_bytes, and each of the others 64 pages further, sleep for sum_ns in all, or
 * as long as they can.  For 0: one with which none sleeps.
 */
uint64_t penalty_high(uint64_t first_bytes, uint32_t batches, uint64_t sum_ns);

#endif
