/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * latency.h - a set of latencies and its order statistics.
 *
 * Up to LATENCY_EXACT values are kept and every quantile is one of them, by nearest rank.  Beyond
 * that they are counted in a log-linear histogram of 1024 buckets per octave, and a quantile is the
 * middle of its bucket: at most 1/2048 (0.05%) off.  n, mean and max are always exact.  So a set
 * takes 8 MiB at most, however long the run.
 */
#ifndef AGENTCG_STAT_LATENCY_H
#define AGENTCG_STAT_LATENCY_H

#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"

#define LATENCY_EXACT (UINT64_C(1) << 20)

/* All-zero is a valid empty set. */
struct latency {
	uint64_t n, max_ns;
	unsigned __int128 sum_ns;
	VEC(uint64_t) exact;
	uint64_t *buckets; /* NULL while exact */
};

void latency_add(struct latency *l, uint64_t ns);
uint64_t latency_mean(const struct latency *l); /* rounded; 0 when empty */
/* The value at per_mille / 1000 of the set, 0 < per_mille <= 1000; 0 when empty.  Sorts the set. */
uint64_t latency_quantile(struct latency *l, unsigned int per_mille);
/*
 * The set as at most LATENCY_BINS intervals of a quarter octave each, ascending, those without
 * values left out.  Returns how many.
 */
#define LATENCY_BINS 256
struct timeline_bin;
uint32_t latency_bins(const struct latency *l, struct timeline_bin *bins);
void latency_reset(struct latency *l); /* empty; keeps its memory */
void latency_free(struct latency *l);

#endif
