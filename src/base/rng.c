/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xoshiro256** 1.0 and splitmix64 by David Blackman and Sebastiano Vigna (public domain,
 * https://prng.di.unimi.it/); bounded numbers by Daniel Lemire's multiplication (2019).
 */
#include "base/rng.h"

static uint64_t splitmix(uint64_t *x)
{
	uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t rotl(uint64_t x, unsigned int k)
{
	return x << k | x >> (64 - k);
}

void rng_init(struct rng *r, uint64_t seed, enum rng_stream stream, uint64_t index)
{
	/* Each word goes through the mixer by itself, so that (1, 2) and (2, 1) are strangers. */
	uint64_t x = seed;

	x = splitmix(&x) ^ (uint64_t)stream;
	x = splitmix(&x) ^ index;
	/* Four successive outputs are never all zero, the one state xoshiro cannot leave. */
	for (int i = 0; i < 4; i++)
		r->s[i] = splitmix(&x);
}

uint64_t rng_next(struct rng *r)
{
	uint64_t *s = r->s;
	uint64_t result = rotl(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
	unsigned __int128 m = (unsigned __int128)rng_next(r) * n;

	if ((uint64_t)m < n) {
		/* 2^64 mod n: products whose low half is below this would make some results
		 * likelier */
		uint64_t least = -n % n;

		while ((uint64_t)m < least)
			m = (unsigned __int128)rng_next(r) * n;
	}
	return (uint64_t)(m >> 64);
}

int64_t rng_around(struct rng *r, uint64_t amplitude)
{
	if (amplitude > INT64_MAX)
		amplitude = INT64_MAX;
	return (int64_t)(rng_below(r, 2 * amplitude + 1) - amplitude);
}
