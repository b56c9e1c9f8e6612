/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/penalty.h"

#include "bpf/policy.h"

#define HZ	  250
#define JIFFY_NS  (NS_PER_SEC / HZ)
#define PRECISION 20 /* MEMCG_DELAY_PRECISION_SHIFT */
#define SCALING	  14 /* MEMCG_DELAY_SCALING_SHIFT */

/* In jiffies, as the kernel rounds. */
static uint64_t penalty_pages(uint64_t usage, uint64_t high, uint32_t pages)
{
	const uint64_t most = PENALTY_MAX_NS / JIFFY_NS;
	uint64_t overage, jiffies;

	if (usage <= high)
		return 0;
	overage = mul_div(usage - high, UINT64_C(1) << PRECISION, high ? high : 1);
	if (overage > UINT32_MAX)
		return most;
	jiffies = mul_div(overage * overage, HZ, UINT64_C(1) << (PRECISION + SCALING));
	jiffies = mul_div(jiffies, pages, AGENTCG_BATCH_PAGES);
	return jiffies < most ? jiffies : most;
}

uint64_t penalty_ns(uint64_t usage_bytes, uint64_t high_bytes, uint32_t pages)
{
	uint64_t ns =
	    JIFFY_NS * penalty_pages(usage_bytes / PAGE_BYTES, high_bytes / PAGE_BYTES, pages);

	return ns > PENALTY_NONE_NS ? ns : 0;
}

/* As from penalty_ns(), but for its threshold, which would make a step in what is searched. */
static uint64_t sum_of(uint64_t first, uint32_t batches, uint64_t high)
{
	uint64_t jiffies = 0;

	for (uint32_t k = 0; k < batches; k++)
		jiffies +=
		    penalty_pages(first + k * AGENTCG_BATCH_PAGES, high, AGENTCG_BATCH_PAGES);
	return jiffies * JIFFY_NS;
}

uint64_t penalty_high(uint64_t first_bytes, uint32_t batches, uint64_t sum_ns)
{
	uint64_t first = first_bytes / PAGE_BYTES;
	uint64_t low = 1, high = first + batches * AGENTCG_BATCH_PAGES;

	if (!sum_ns)
		return high * PAGE_BYTES;
	/* The sum falls as memory.high grows: find the largest that still gives enough. */
	while (low < high) {
		uint64_t mid = low + (high - low + 1) / 2;

		if (sum_of(first, batches, mid) >= sum_ns)
			low = mid;
		else
			high = mid - 1;
	}
	return low * PAGE_BYTES;
}
