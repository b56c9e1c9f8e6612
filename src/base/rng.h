/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rng.h - seeded random numbers, the same on every machine (xoshiro256**, seeded by splitmix64).
 *
 * A stream is named by (seed, what it is for, index): streams are independent, so adding a consumer
 * changes no other's numbers, and policies of one repetition share theirs (common random numbers).
 */
#ifndef AGENTCG_BASE_RNG_H
#define AGENTCG_BASE_RNG_H

#include <stdint.h>

struct rng {
	uint64_t s[4];
};

enum rng_stream { /* never renumber: golden outputs depend on it */
	RNG_JITTER = 1,
	RNG_NOISE = 2,
	RNG_ORDER = 3,
	RNG_TEST = 4,
	RNG_BOOTSTRAP = 5,
	RNG_SIGNS = 6,
};

void rng_init(struct rng *r, uint64_t seed, enum rng_stream stream, uint64_t index);
uint64_t rng_next(struct rng *r);
/* Uniform in [0, n), unbiased; n > 0. */
uint64_t rng_below(struct rng *r, uint64_t n);
/* Uniform in [-amplitude, +amplitude], both included; amplitudes over INT64_MAX count as that. */
int64_t rng_around(struct rng *r, uint64_t amplitude);

#endif
