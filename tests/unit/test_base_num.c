/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exact numbers, units as text, random numbers, digests */
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/rng.h"
#include "base/units.h"

static struct ratio r(int64_t num, int64_t den)
{
	return (struct ratio){num, den};
}

static void assert_ratio(struct ratio got, int64_t num, int64_t den)
{
	assert_int_equal(got.num, num);
	assert_int_equal(got.den, den);
}

static void ratios_are_reduced(void **state)
{
	(void)state;
	struct ratio x;

	assert_true(ratio_make(6, -4, &x));
	assert_ratio(x, -3, 2);
	assert_true(ratio_make(0, -7, &x));
	assert_ratio(x, 0, 1);
	assert_true(ratio_make(INT64_MIN, INT64_MIN, &x));
	assert_ratio(x, 1, 1);
	assert_true(ratio_make(INT64_MIN, 2, &x));
	assert_ratio(x, INT64_MIN / 2, 1);
	assert_true(ratio_make(INT64_MIN, 1, &x));
	assert_ratio(x, INT64_MIN, 1);
}

static void ratio_failures_change_nothing(void **state)
{
	(void)state;
	struct ratio x = {7, 9};

	assert_false(ratio_make(1, 0, &x));
	assert_false(ratio_make(INT64_MIN, -1, &x)); /* 2^63 */
	assert_false(ratio_make(1, INT64_MIN, &x));  /* a denominator of 2^63 */
	assert_false(ratio_add(r(INT64_MAX, 1), r(1, 1), &x));
	assert_false(ratio_add(r(1, INT64_MAX), r(1, INT64_MAX - 1), &x));
	assert_false(ratio_sub(r(INT64_MIN, 1), r(1, 1), &x));
	assert_false(ratio_mul(r(INT64_MAX, 1), r(2, 1), &x));
	assert_false(ratio_mul(r(1, INT64_MAX), r(1, 3), &x));
	assert_false(ratio_div(r(1, 1), r(0, 1), &x));
	assert_false(ratio_div(r(INT64_MIN, 1), r(-1, 1), &x));
	assert_false(ratio_floor_mod(r(1, 1), r(0, 1), &x));
	assert_ratio(x, 7, 9);
}

static void ratio_arithmetic(void **state)
{
	(void)state;
	struct ratio x;

	assert_true(ratio_add(r(1, 6), r(1, 3), &x));
	assert_ratio(x, 1, 2);
	assert_false(ratio_add(r(INT64_MIN, INT64_MAX), r(INT64_MIN, INT64_MAX), &x));
	assert_true(ratio_sub(r(INT64_MAX, 1), r(INT64_MAX, 1), &x));
	assert_ratio(x, 0, 1);
	assert_true(ratio_mul(r(INT64_MAX, 2), r(2, INT64_MAX), &x));
	assert_ratio(x, 1, 1);
	assert_true(ratio_div(r(1, 2), r(-3, 4), &x));
	assert_ratio(x, -2, 3);
	assert_true(ratio_div(r(INT64_MIN, 1), r(INT64_MIN, 1), &x));
	assert_ratio(x, 1, 1);
}

static void ratio_modulo_has_the_sign_of_b(void **state)
{
	(void)state;
	static const struct {
		struct ratio a, b, want;
	} cases[] = {
	    {{7, 1}, {3, 1}, {1, 1}},	{{-7, 1}, {3, 1}, {2, 1}},
	    {{7, 1}, {-3, 1}, {-2, 1}}, {{-7, 1}, {-3, 1}, {-1, 1}},
	    {{6, 1}, {-3, 1}, {0, 1}},	{{7, 2}, {1, 1}, {1, 2}},
	    {{-1, 2}, {1, 3}, {1, 6}},	{{INT64_MIN, 1}, {INT64_MAX, 1}, {INT64_MAX - 1, 1}},
	};
	struct ratio x;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(ratio_floor_mod(cases[i].a, cases[i].b, &x));
		assert_ratio(x, cases[i].want.num, cases[i].want.den);
	}
}

static void ratio_order_and_floor(void **state)
{
	(void)state;
	assert_int_equal(ratio_cmp(r(1, 3), r(1, 2)), -1);
	assert_int_equal(ratio_cmp(r(-1, 3), r(-1, 2)), 1);
	assert_int_equal(ratio_cmp(r(2, 4), r(1, 2)), 0);
	assert_int_equal(ratio_cmp(r(INT64_MAX, INT64_MAX - 1), r(INT64_MAX - 1, INT64_MAX - 2)),
			 -1);
	assert_int_equal(ratio_cmp(r(INT64_MIN, 1), r(INT64_MAX, 1)), -1);
	assert_int_equal(ratio_floor(r(7, 2)), 3);
	assert_int_equal(ratio_floor(r(-7, 2)), -4);
	assert_int_equal(ratio_floor(r(-8, 2)), -4);
	assert_int_equal(ratio_floor(r(INT64_MIN, 1)), INT64_MIN);
	assert_int_equal(ratio_floor(r(-1, INT64_MAX)), -1);
}

static void mul_div_is_exact(void **state)
{
	(void)state;
	assert_int_equal(mul_div(10, 10, 3), 33);
	assert_int_equal(mul_div(UINT64_MAX, UINT64_MAX, UINT64_MAX), UINT64_MAX);
	assert_int_equal(mul_div(UINT64_MAX, 2, 4), UINT64_MAX / 2);
	assert_int_equal(mul_div(UINT64_MAX, 3, 3), UINT64_MAX);
	assert_int_equal(mul_div(UINT64_MAX, 2, 1), UINT64_MAX); /* saturates */
	assert_int_equal(mul_div(UINT64_C(1) << 63, 6, 7), UINT64_C(7905747460161236406));
	assert_int_equal(mul_div(0, UINT64_MAX, 1), 0);
}

static const char *text_of(struct buf *b)
{
	static char s[100];

	snprintf(s, sizeof(s), "%s", buf_str(b));
	buf_free(b);
	return s;
}

#define assert_text(call, want)                                                                    \
	do {                                                                                       \
		struct buf b = {0};                                                                \
		call;                                                                              \
		assert_string_equal(text_of(&b), want);                                            \
	} while (0)

static void sizes(void **state)
{
	(void)state;
	assert_text(fmt_size(&b, 0), "0");
	assert_text(fmt_size(&b, 1), "1B");
	assert_text(fmt_size(&b, 4096), "4K");
	assert_text(fmt_size(&b, 4097), "4097B");
	assert_text(fmt_size(&b, 1536 * MIB), "1536M");
	assert_text(fmt_size(&b, 16 * GIB), "16G");
	assert_text(fmt_size(&b, 2048 * 1024 * GIB), "2048T");
	assert_text(fmt_size(&b, NO_LIMIT), "max");
	assert_text(fmt_size(&b, NO_LIMIT - 1), "18446744073709551614B");
}

static void durations(void **state)
{
	(void)state;
	assert_text(fmt_duration(&b, 0), "0s");
	assert_text(fmt_duration(&b, 2000 * NS_PER_MS), "2s");
	assert_text(fmt_duration(&b, 1500 * NS_PER_MS), "1500ms");
	assert_text(fmt_duration(&b, 90 * NS_PER_SEC), "1m30s");
	assert_text(fmt_duration(&b, 60 * NS_PER_SEC), "1m");
	assert_text(fmt_duration(&b, 3600 * NS_PER_SEC), "1h");
	assert_text(fmt_duration(&b, 3661 * NS_PER_SEC), "1h1m1s");
	assert_text(fmt_duration(&b, 10 * NS_PER_US), "10us");
	assert_text(fmt_duration(&b, 1600), "1.6us");
	assert_text(fmt_duration(&b, 5), "0.005us");
	assert_text(fmt_duration(&b, 1050), "1.05us");
	assert_text(fmt_duration(&b, NEVER), "never");
}

/* What the language makes of a size or a duration, in a few lines of its own. */
static uint64_t read_back(const char *s)
{
	static const struct {
		const char *unit;
		uint64_t scale;
	} units[] = {{"B", 1},
		     {"K", KIB},
		     {"M", MIB},
		     {"G", GIB},
		     {"T", GIB * 1024},
		     {"ms", NS_PER_MS},
		     {"us", NS_PER_US},
		     {"h", 3600 * NS_PER_SEC},
		     {"m", 60 * NS_PER_SEC},
		     {"s", NS_PER_SEC}};
	uint64_t sum = 0;

	while (*s) {
		uint64_t v = 0, frac = 0, scale = 1;
		size_t i;

		for (; *s >= '0' && *s <= '9'; s++)
			v = v * 10 + (uint64_t)(*s - '0');
		if (*s == '.')
			for (s++; *s >= '0' && *s <= '9'; s++, scale *= 10)
				frac = frac * 10 + (uint64_t)(*s - '0');
		if (!*s)
			return sum + v;
		for (i = 0; i < ARRAY_LEN(units); i++)
			if (!strncmp(s, units[i].unit, strlen(units[i].unit)))
				break;
		assert_true(i < ARRAY_LEN(units));
		sum += v * units[i].scale + frac * units[i].scale / scale;
		s += strlen(units[i].unit);
	}
	return sum;
}

static void spellings_read_back_as_the_same(void **state)
{
	(void)state;
	struct rng rng;

	rng_init(&rng, 1, RNG_TEST, 0);
	for (int i = 0; i < 100000; i++) {
		uint64_t v = rng_next(&rng) >> rng_below(&rng, 64);
		struct buf b = {0};

		if (v >= NO_LIMIT - 1)
			continue;
		/* Round values are what people write: drop low decimal or binary digits. */
		if (i % 3 == 1)
			v -= v % (UINT64_C(1) << rng_below(&rng, 45));
		if (i % 3 == 2)
			v -= v % (uint64_t)pow(10, (double)rng_below(&rng, 14));
		fmt_size(&b, v);
		assert_int_equal(read_back(buf_str(&b)), v);
		buf_clear(&b);
		fmt_duration(&b, v);
		assert_int_equal(read_back(buf_str(&b)), v);
		buf_free(&b);
	}
}

static void short_forms(void **state)
{
	(void)state;
	assert_text(fmt_size_short(&b, 0), "0");
	assert_text(fmt_size_short(&b, 17), "17B");
	assert_text(fmt_size_short(&b, 1023), "1023B");
	assert_text(fmt_size_short(&b, 1024), "1.00K");
	assert_text(fmt_size_short(&b, 812 * KIB), "812K");
	assert_text(fmt_size_short(&b, 384 * MIB), "384M");
	assert_text(fmt_size_short(&b, 1536 * MIB), "1.50G");
	assert_text(fmt_size_short(&b, 10235 * KIB), "10.0M");
	assert_text(fmt_size_short(&b, 1023 * MIB), "1023M");
	assert_text(fmt_size_short(&b, MIB - 1), "1.00M"); /* not 1024K */
	assert_text(fmt_size_short(&b, NO_LIMIT - 1), "16.0E");
	assert_text(fmt_size_short(&b, NO_LIMIT), "max");
	assert_text(fmt_seconds_short(&b, 0), "0s");
	assert_text(fmt_seconds_short(&b, 1.2345), "1.23s");
	assert_text(fmt_seconds_short(&b, 0.456), "456ms");
	assert_text(fmt_seconds_short(&b, 7.8e-6), "7.80us");
	assert_text(fmt_seconds_short(&b, 45.6e-9), "45.6ns");
	assert_text(fmt_seconds_short(&b, 0.9996), "1.00s"); /* not 1000ms */
	assert_text(fmt_seconds_short(&b, 0.0099951), "10.0ms");
	assert_text(fmt_seconds_short(&b, 123.4), "123s");
	assert_text(fmt_seconds_short(&b, 86400), "86400s");
	assert_text(fmt_seconds_short(&b, -2), "-2.00s");
	assert_text(fmt_ratio(&b, r(3, 1)), "3");
	assert_text(fmt_ratio(&b, r(-1, 4)), "-0.25");
	assert_text(fmt_ratio(&b, r(1, 3)), "1/3");
	assert_text(fmt_ratio(&b, r(-7, 6)), "-7/6");
	assert_text(fmt_ratio(&b, r(1001, 1000)), "1.001");
	assert_text(fmt_ratio(&b, r(INT64_MIN, 1)), "-9223372036854775808");
}

/* ---- random numbers ------------------------------------------------------------------------- */

static void xoshiro_known_answers(void **state)
{
	(void)state;
	/* The reference implementation's output for the state 1, 2, 3, 4. */
	static const uint64_t want[] = {
	    UINT64_C(11520),
	    UINT64_C(0),
	    UINT64_C(1509978240),
	    UINT64_C(1215971899390074240),
	    UINT64_C(1216172134540287360),
	    UINT64_C(607988272756665600),
	    UINT64_C(16172922978634559625),
	    UINT64_C(8476171486693032832),
	    UINT64_C(10595114339597558777),
	    UINT64_C(2904607092377533576),
	};
	struct rng g = {{1, 2, 3, 4}};

	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		assert_int_equal(rng_next(&g), want[i]);
}

static void streams_never_change(void **state)
{
	(void)state;
	/* Computed apart from this program, from the published definitions. */
	static const struct {
		uint64_t seed, index, want[4];
		enum rng_stream stream;
	} cases[] = {
	    {1,
	     0,
	     {0xdc1e0f361eba5897, 0x886394100c6b225d, 0x22184630815f1e7c, 0xe26d64d79db31dde},
	     RNG_TEST},
	    {0,
	     0,
	     {0x6f0c221987108fb2, 0x068a99bcd127fe03, 0x35c925a786232a40, 0x028a0078abb13302},
	     RNG_JITTER},
	    {UINT64_MAX,
	     7,
	     {0x7c71cf13cfa59a96, 0xd4543c9845ac9913, 0x8a95ce63ddd0601a, 0xdc9814c21ed037cc},
	     RNG_NOISE},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rng g;

		rng_init(&g, cases[i].seed, cases[i].stream, cases[i].index);
		for (int k = 0; k < 4; k++)
			assert_true(rng_next(&g) == cases[i].want[k]);
	}
}

static void bounded_numbers(void **state)
{
	(void)state;
	struct rng g;
	unsigned int seen[7] = {0};
	bool low = false, high = false;

	rng_init(&g, 3, RNG_TEST, 0);
	for (int i = 0; i < 70000; i++) {
		uint64_t v = rng_below(&g, 7);

		assert_true(v < 7);
		seen[v]++;
	}
	for (int i = 0; i < 7; i++)
		assert_true(seen[i] > 9500 && seen[i] < 10500);
	for (int i = 0; i < 1000; i++) {
		int64_t v = rng_around(&g, 2);

		assert_true(v >= -2 && v <= 2);
		low |= v == -2;
		high |= v == 2;
	}
	assert_true(low && high);
	assert_int_equal(rng_below(&g, 1), 0);
	assert_int_equal(rng_around(&g, 0), 0);
	rng_below(&g, UINT64_MAX);
	assert_true(rng_around(&g, UINT64_MAX) >= -INT64_MAX);
	/* Three quarters of 2^64: without rejection the lower half would come twice as often. */
	uint64_t n = UINT64_C(3) << 62, first_third = 0;

	for (int i = 0; i < 30000; i++)
		first_third += rng_below(&g, n) < n / 3;
	assert_true(first_third > 9500 && first_third < 10500);
}

static void digests(void **state)
{
	(void)state;
	/* Test vectors of FNV-1a's authors. */
	assert_true(digest_bytes(DIGEST_INIT, "", 0) == 0xcbf29ce484222325);
	assert_true(digest_bytes(DIGEST_INIT, "a", 1) == 0xaf63dc4c8601ec8c);
	assert_true(digest_bytes(DIGEST_INIT, "foobar", 6) == 0x85944171f73967e8);
	assert_true(digest_u64(DIGEST_INIT, 0x0807060504030201) ==
		    digest_bytes(DIGEST_INIT, "\1\2\3\4\5\6\7\10", 8));
	assert_true(digest_str(digest_str(DIGEST_INIT, "ab"), "c") !=
		    digest_str(digest_str(DIGEST_INIT, "a"), "bc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ratios_are_reduced),
	    cmocka_unit_test(ratio_failures_change_nothing),
	    cmocka_unit_test(ratio_arithmetic),
	    cmocka_unit_test(ratio_modulo_has_the_sign_of_b),
	    cmocka_unit_test(ratio_order_and_floor),
	    cmocka_unit_test(mul_div_is_exact),
	    cmocka_unit_test(sizes),
	    cmocka_unit_test(durations),
	    cmocka_unit_test(spellings_read_back_as_the_same),
	    cmocka_unit_test(short_forms),
	    cmocka_unit_test(xoshiro_known_answers),
	    cmocka_unit_test(streams_never_change),
	    cmocka_unit_test(bounded_numbers),
	    cmocka_unit_test(digests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
