/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_cmd.c - what the command line computes itself: diffs, numbers, which exit status counts */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/rng.h"
#include "cmd/cmd.h"
#include "cmd/diff.h"

static struct buf text(const char *s)
{
	struct buf b = {0};

	buf_puts(&b, s);
	return b;
}

static void assert_diff(const char *a, const char *b, const char *expected)
{
	struct buf from = text(a), to = text(b), out = {0};

	diff_print(&from, &to, "a", "b", 0, &out);
	assert_string_equal(buf_str(&out), expected);
	buf_free(&from);
	buf_free(&to);
	buf_free(&out);
}

/* As diff -u prints them, but for its `@@ -1 +1 @@` where this writes `@@ -1,1 +1,1 @@`. */
static void diffs_are_unified(void **state)
{
	(void)state;
	assert_diff("", "", "");
	assert_diff("x\n", "x\n", "");
	assert_diff("", "x\n", "--- a\n+++ b\n@@ -0,0 +1,1 @@\n+x\n");
	assert_diff("x\n", "", "--- a\n+++ b\n@@ -1,1 +0,0 @@\n-x\n");
	assert_diff("x", "x\n",
		    "--- a\n+++ b\n@@ -1,1 +1,1 @@\n-x\n\\ No newline at end of file\n+x\n");
	assert_diff("1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\n3\n4\nfive\n6\n7\n8\n",
		    "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
	/* Seven unchanged lines between two changes are too many for one hunk. */
	assert_diff("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
		    "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n"
		    "@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
	assert_diff("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
		    "--- a\n+++ b\n@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
}

/* Where line `n`, counted from 0, of s begins; its end when there are fewer. */
static const char *line_at(const char *s, size_t n)
{
	while (n-- && *s)
		s += strcspn(s, "\n") + 1;
	return s;
}

/* The text that the diff makes of a; fails when what it says of a is not so. */
static void apply(const char *a, const char *diff, struct buf *out)
{
	size_t at = 0;

	for (const char *d = line_at(diff, 2); *d; d = line_at(d, 1)) {
		size_t n = strcspn(d, "\n") + 1;

		if (*d == '@') {
			size_t first = strtoul(strchr(d, '-') + 1, NULL, 10);
			size_t count = strtoul(strchr(d, ',') + 1, NULL, 10);

			for (first -= count > 0; at < first; at++)
				buf_put(out, line_at(a, at), strcspn(line_at(a, at), "\n") + 1);
			continue;
		}
		if (*d != '+') {
			assert_memory_equal(line_at(a, at), d + 1, n - 1);
			at++;
		}
		if (*d != '-')
			buf_put(out, d + 1, n - 1);
	}
	buf_puts(out, line_at(a, at));
}

static void diffs_lead_from_one_to_the_other(void **state)
{
	struct rng r;

	(void)state;
	rng_init(&r, 1, RNG_TEST, 0);
	for (int i = 0; i < 2000; i++) {
		struct buf a = {0}, b = {0}, diff = {0}, made = {0};
		uint64_t change = 1 + rng_below(&r, 20);

		/* b is a with lines replaced, inserted and left out. */
		for (uint64_t k = rng_below(&r, 40); k--;) {
			char line[3] = {(char)('a' + rng_below(&r, 5)), '\n', 0};
			uint64_t what = rng_below(&r, change);

			buf_puts(&a, line);
			if (what == 0)
				buf_puts(&b, "new\n");
			if (what != 1)
				buf_puts(&b, what == 2 ? "changed\n" : line);
		}
		diff_print(&a, &b, "a", "b", 0, &diff);
		apply(buf_str(&a), buf_str(&diff), &made);
		assert_string_equal(buf_str(&made), buf_str(&b));
		buf_free(&a);
		buf_free(&b);
		buf_free(&diff);
		buf_free(&made);
	}
}

static void large_changes_are_shown_as_a_whole(void **state)
{
	struct buf a = {0}, b = {0}, diff = {0}, made = {0};

	(void)state;
	for (int i = 0; i < 5000; i++) {
		buf_printf(&a, "%d\n", i);
		buf_printf(&b, "%d\n", i * 2 + 1);
	}
	diff_print(&a, &b, "a", "b", 0, &diff);
	apply(buf_str(&a), buf_str(&diff), &made);
	assert_string_equal(buf_str(&made), buf_str(&b));
	buf_free(&a);
	buf_free(&b);
	buf_free(&diff);
	buf_free(&made);
}

static void numbers_are_whole_and_in_range(void **state)
{
	uint64_t n = 7;

	(void)state;
	assert_false(options_number("", 0, 9, &n));
	assert_false(options_number("-1", 0, 9, &n));
	assert_false(options_number("+1", 0, 9, &n));
	assert_false(options_number(" 1", 0, 9, &n));
	assert_false(options_number("1 ", 0, 9, &n));
	assert_false(options_number("0x1", 0, 9, &n));
	assert_false(options_number("10", 0, 9, &n));
	assert_false(options_number("1", 2, 9, &n));
	assert_false(options_number("18446744073709551616", 0, UINT64_MAX, &n));
	assert_int_equal(n, 7);
	assert_true(options_number("18446744073709551615", 0, UINT64_MAX, &n));
	assert_true(n == UINT64_MAX);
	assert_true(options_number("007", 0, 9, &n));
	assert_int_equal(n, 7);
}

/* The first that applies of 2, 130, 5, 4, 1, 3, 0. */
static void the_graver_status_counts(void **state)
{
	static const int order[] = {2, 130, 5, 4, 1, 3, 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		for (size_t k = i; k < ARRAY_LEN(order); k++) {
			assert_int_equal(status_of_both(order[i], order[k]), order[i]);
			assert_int_equal(status_of_both(order[k], order[i]), order[i]);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(diffs_are_unified),
	    cmocka_unit_test(diffs_lead_from_one_to_the_other),
	    cmocka_unit_test(large_changes_are_shown_as_a_whole),
	    cmocka_unit_test(numbers_are_whole_and_in_range),
	    cmocka_unit_test(the_graver_status_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
