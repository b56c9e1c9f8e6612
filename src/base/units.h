/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * units.h - bytes, nanoseconds, exact numbers, and how they are written.
 *
 * Sizes are bytes and times nanoseconds in uint64_t/int64_t; K M G T are powers of 1024.
 */
#ifndef AGENTCG_BASE_UNITS_H
#define AGENTCG_BASE_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define PAGE_BYTES UINT64_C(4096)
#define KIB	   (UINT64_C(1) << 10)
#define MIB	   (UINT64_C(1) << 20)
#define GIB	   (UINT64_C(1) << 30)
#define NS_PER_US  UINT64_C(1000)
#define NS_PER_MS  UINT64_C(1000000)
#define NS_PER_SEC UINT64_C(1000000000)
#define NO_LIMIT   UINT64_MAX /* `max`: no limit, in any field that holds a limit in bytes */
#define NEVER	   UINT64_MAX /* a time that does not come */

/* Exact rational, always reduced, den > 0. */
struct ratio {
	int64_t num, den;
};
/* All return false, *out unchanged, on overflow or division by zero. */
bool ratio_make(int64_t num, int64_t den, struct ratio *out);
bool ratio_add(struct ratio a, struct ratio b, struct ratio *out);
bool ratio_sub(struct ratio a, struct ratio b, struct ratio *out);
bool ratio_mul(struct ratio a, struct ratio b, struct ratio *out);
bool ratio_div(struct ratio a, struct ratio b, struct ratio *out);
bool ratio_floor_mod(struct ratio a, struct ratio b, struct ratio *out); /* sign of b */
int ratio_cmp(struct ratio a, struct ratio b);
int64_t ratio_floor(struct ratio a);

/* floor(v * mul / div) in 128 bits, saturating at UINT64_MAX; div != 0. */
uint64_t mul_div_wide(uint64_t v, uint64_t mul, uint64_t div);
static inline uint64_t mul_div(uint64_t v, uint64_t mul, uint64_t div)
{
	uint64_t small;

	/* Inline, as a division by a constant is none. */
	return __builtin_mul_overflow(v, mul, &small) ? mul_div_wide(v, mul, div) : small / div;
}

/*
 * Exact spelling that the language reads back as the same value: 0, 400M, 1536M, 4097B, max; 0s,
 * 30s, 1m30s, 2000ms as 2s, 1500ms, 10us, 0.005us.  NO_LIMIT prints as max; NEVER as never, which
 * the language has no spelling for.  A ratio is 3, -0.25, or 1/3 where no decimal is exact.
 */
void fmt_size(struct buf *b, uint64_t bytes);
void fmt_duration(struct buf *b, uint64_t ns);
void fmt_ratio(struct buf *b, struct ratio r);
/*
 * For people, three significant digits: 1.50G, 384M, 812K, 17B; 1.23s, 456ms, 7.80us, 0s.  (Four in
 * 1000M to 1023M and from 1000s on.)
 */
void fmt_size_short(struct buf *b, uint64_t bytes);
void fmt_seconds_short(struct buf *b, double seconds);

#endif
