/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sample.h - the counters of one cgroup, read by pread from files that stay open.
 *
 * memory.current, .swap.current, .peak, .events and .pressure are read for every sample.
 * memory.stat, which makes the kernel add up all CPUs' counts (mm/memcontrol.c, memory_stat_show:
 * 0.1 ms and more), every tenth time when samples are less than 50 ms apart.  Counts are since
 * sampler_base; memory.peak, where the kernel has none (before 5.19), is the highest
 * memory.current that was seen.
 */
#ifndef AGENTCG_BACKEND_CGROUP_SAMPLE_H
#define AGENTCG_BACKEND_CGROUP_SAMPLE_H

#include <stdint.h>

#include "backend/obs.h"

/* memory.events.local: what happened at this level, not below. */
struct level_events {
	uint64_t high, max, oom, oom_kill;
};

struct sampler {
	int current, peak, swap, events, local, stat, pressure; /* -1: no such file */
	struct cg_counters base, last;
	uint64_t stat_ns, last_ns; /* CLOCK_MONOTONIC: when memory.stat, and anything, was read */
};

/* 0 or -errno; without memory.current there is nothing to sample. */
int sampler_open(struct sampler *s, int dirfd);
void sampler_close(struct sampler *s); /* a zeroed one must have been opened first */
#define SAMPLER_NONE                                                                               \
	(struct sampler)                                                                           \
	{                                                                                          \
		-1, -1, -1, -1, -1, -1, -1, .stat_ns = 0                                           \
	}

/* Count from now on. */
int sampler_base(struct sampler *s, uint64_t now_ns);
/* 0 or -errno; -ENODEV when the cgroup is gone. */
int sampler_read(struct sampler *s, uint64_t now_ns, struct cg_counters *out);
/* memory.events alone, since sampler_base: into c's ev_* */
int sampler_events(const struct sampler *s, struct cg_counters *c);
/* All zero where the kernel has no such file (before 5.2). */
int sampler_level(const struct sampler *s, struct level_events *out);

/* For tests: the texts of the files. */
void sample_parse_stat(const char *text, struct cg_counters *c);
void sample_parse_events(const char *text, struct cg_counters *c);
void sample_parse_pressure(const char *text, struct cg_counters *c);

#endif
