/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_brief.c - lang/brief.h reads what the grammar reads: over every text of the tree, near
 * misses of the form, and random ones.
 *
 * Run from the root of the tree.
 */
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "plan/plan.h"
#include "tests/fuzz/two_ways.h"
#include "tests/unit/unit.h"

static void check(struct unit *u)
{
	plan_check(u, NULL);
}

/* How many statements were brief; their reading is the grammar's. */
static size_t compare(const char *text, size_t n, void (*more)(struct unit *u))
{
	struct two_ways w = {0};
	size_t nbrief;

	two_ways_read(&w, text, n, more);
	nbrief = w.nbrief;
	if (strcmp(buf_str(&w.left[0]), buf_str(&w.left[1])) || w.left[0].n != w.left[1].n)
		fail_msg("--- text\n%.*s\n--- grammar\n%s\n--- brief\n%s", (int)n, text,
			 buf_str(&w.left[0]), buf_str(&w.left[1]));
	two_ways_free(&w);
	return nbrief;
}

/* ---- the form and its neighbours ------------------------------------------------------------- */

#define BEFORE                                                                                     \
	"cgroup low < high 400M >\ncgroup long_name_of_one\nfinish at 40s\n"                       \
	"at 1s free all in long_name_of_one over 1s\n"

/* Behind BEFORE, as the text of one statement: is it brief? */
static const struct {
	const char *text;
	bool brief;
} forms[] = {
    {"at 30s alloc 300M in low", true},
    {"at 0s free 0B in low", true},
    {"at 5ms hold 4096B in low", true},
    {"at 5us touch 5K in low", true},
    {"at 5ns read 5G in long_name_of_one", true},
    {"at 2m alloc 5M in low", true},
    {"at 2h alloc 007M in low", true},
    {"at  2h\talloc \t 5M  in\tlow", true},
    {"at 999999999s alloc 8388607G in low", true},
    {"at 99999999999999999s alloc 1M in low", false}, /* too long */
    {"at 1s alloc 9999999999999G in low", false},
    {"at 1s alloc 1234567890123456789B in low", false}, /* 19 digits */
    {"at 1m30s alloc 1M in low", true},
    {"at 1.5s alloc 1M in low", true},
    {"at 1s alloc 1.5M in low", true},
    {"at 1s alloc 1T in low", true},
    {"at 1s alloc 1MB in low", false},
    {"at 1s alloc 1M/s in low", false},
    {"at 1h2m3s4ms5us6ns alloc 0.3K in low", true},
    {"at 1.5h1.25m0.5s alloc 0.000000001G in low", true},
    {"at 0.00000000000000001s alloc 1.00000000000000001B in low", true},
    {"at 0.000000000000000001s alloc 1M in low", false}, /* 19 digits */
    {"at 1s2m alloc 1M in low", false},
    {"at 1m1m alloc 1M in low", false},
    {"at 1. s alloc 1M in low", false},
    {"at 1.s alloc 1M in low", false},
    {"at .5s alloc 1M in low", false},
    {"at 1s alloc 1.5.5M in low", false},
    {"at 1s alloc 1.M in low", false},
    {"at 1m30 alloc 1M in low", false},
    {"at 2562047h47m16s alloc 1M in low", true},
    {"at 2562047h47m17s alloc 1M in low", false}, /* over 2^63 ns */
    {"at 1s alloc 8388607.9T in low", true},
    {"at 1s alloc 8388608T in low", false},
    {"at 1s alloc all in low", false},
    {"at 1s free all in low", true},
    {"at 1s free all in low\n  # of them\n\t# all", true},
    {"at 1s free allof in low", false},
    {"at 1s free all in low # \xc3\xa4", false},
    {"at 1s free all in low # \xff", false},
    {"at 1s free all in low # \x7f\t\x01", true},
    {"at 1s free all\n in low", false},
    {"at 1s alloc 1 in low", false},
    {"at 1 alloc 1M in low", false},
    {"at 1s sleep 1s in low", false},
    {"at 1s reclaim 1M from low", false},
    {"at 1s alloc 1M from low", false},
    {"at 1s alloc 1M inlow", false},
    {"at 1s allocs 1M in low", false},
    {"at 1s alloc1M in low", false},
    {"at 1salloc 1M in low", false},
    {"at1s alloc 1M in low", false},
    {"at 1s alloc 1Min low", false},
    {"at +1s alloc 1M in low", false},
    {"at 1s +/- 1s alloc 1M in low", false},
    {"at 1s { alloc 1M in low }", false},
    {"at 1s alloc 1M in low, low", false},
    {"at 1s alloc 1M in low[0]", false},
    {"at 1s alloc 1M in low [0]", false},
    {"at 1s alloc 1M in low.kid", false},
    {"at 1s alloc 1M in low .kid", false},
    {"at 1s alloc 1M in *", false},
    {"at 1s alloc 1M in root", false},
    {"at 1s alloc 1M in memory", false},
    {"at 1s alloc 1M in at", false},
    {"at 1s alloc 1M in nobody", false},
    {"at 1s alloc 1M in low over 1s", false},
    {"at 1s alloc 1M in low\nover 1s", false},
    {"at 1s alloc 1M in low # comment", true},
    {"at 1s # comment\n alloc 1M in low", false},
    {"at 1s\nalloc 1M in low", false},
    {"at 1s alloc 1M in low }", false},
    {"at 1s alloc 1M in low )", false},
    {"at 1s alloc 1M in low x", false},
    {"at 1s alloc 1M in low 5", false},
    {"at 1s alloc 1M in low\x01", false},
    {"at 1s alloc 1M in", false},
    {"at 1s alloc 1M", false},
    {"at 1s alloc", false},
    {"at 1s", false},
    {"at", false},
};

/* What may stand behind a statement: does another statement begin there? */
static const struct {
	const char *text;
	bool next;
} behind[] = {
    {"", true},
    {"\n", true},
    {" ;", true},
    {";", true},
    {"\r\n", true},
    {"\nmark x", false},
    {"\nfinish when low.usage > 1M", true},
    {"\nroot < max 1G >", true},
    {" for i in 1..2 { }", true},
    {"\nat 1s", true},
    {"\nat", true},
    {"\nattic", false},
    {"\n\"text\"", false},
    {"\n# comment\n", true},
    {"\n}", false},
};

static void test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		for (size_t k = 0; k < ARRAY_LEN(behind); k++) {
			struct buf b = {0};
			size_t n;

			buf_printf(&b, "%s%s%s", BEFORE, forms[i].text, behind[k].text);
			n = compare(buf_str(&b), b.n, check);
			if (n != (forms[i].brief && behind[k].next))
				fail_msg("%zu brief statements in: %s", n, buf_str(&b));
			/* A run of them, and one at the start of the text. */
			buf_printf(&b, "\n%s\n%s\n%s\n", forms[0].text, forms[i].text,
				   forms[0].text);
			compare(buf_str(&b), b.n, check);
			compare(buf_str(&b) + strlen(BEFORE), b.n - strlen(BEFORE), check);
			buf_free(&b);
		}
}

/* At most 255 bytes: places in the packed statement are of one byte. */
static void test_length(void **state)
{
	(void)state;
	for (int blanks = 200; blanks < 260; blanks++) {
		struct buf b = {0};
		size_t from;

		buf_puts(&b, BEFORE);
		from = b.n;
		buf_puts(&b, "at 30s alloc");
		buf_pad(&b, ' ', (size_t)blanks);
		buf_puts(&b, "300M in low");
		assert_int_equal(compare(buf_str(&b), b.n, check), b.n - from <= 255);
		buf_free(&b);
	}
}

static void test_nul(void **state)
{
	static const char text[] = BEFORE "at 1s alloc 1M in low\0\nat 1s alloc 1M in low\n\0";

	(void)state;
	compare(text, sizeof(text) - 1, check);
	compare(text, sizeof(text), check);
}

/* Names whose places in the table of those met are the same. */
static void test_many_names(void **state)
{
	struct buf b = {0};

	(void)state;
	for (int i = 0; i < 500; i++)
		buf_printf(&b, "cgroup name_%d\n", i);
	buf_puts(&b, "finish at 40s\n");
	for (int i = 0; i < 1500; i++)
		buf_printf(&b, "at 1s alloc 1M in name_%d\n", i * 7 % 500);
	assert_int_equal(compare(buf_str(&b), b.n, check), 1500);
	buf_free(&b);
}

/* ---- all texts of the tree, and what becomes of them ----------------------------------------- */

static void read_file(const char *path, struct buf *b)
{
	char some[4096];
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	while ((n = fread(some, 1, sizeof(some), f)))
		buf_put(b, some, n);
	fclose(f);
}

/* Lose, double or replace a few pieces. */
static void damage(struct rng *r, const struct buf *from, struct buf *to)
{
	static const char *const junk[] = {"at 1s alloc 1M in low\n",
					   "at ",
					   "\n",
					   "{",
					   "}",
					   ";",
					   "\"",
					   " in ",
					   "5s",
					   "finish ",
					   "(",
					   ")",
					   "0",
					   "x"};
	const char *s = buf_str(from);
	size_t cut = 1 + (size_t)rng_below(r, 64);

	for (size_t i = 0; i < from->n;) {
		size_t n = 1 + (size_t)rng_below(r, from->n / cut + 1);

		if (n > from->n - i)
			n = from->n - i;
		if (rng_below(r, 4))
			buf_put(to, s + i, n);
		if (!rng_below(r, 4))
			buf_puts(to, junk[rng_below(r, ARRAY_LEN(junk))]);
		i += n;
	}
}

static void test_tree(void **state)
{
	static const char *const where[] = {"scenarios/*.acg", "stdlib/*.acg", "tests/*/*.acg",
					    "tests/*/*/*.acg", "docs/*.md"};
	struct rng r;
	size_t nfiles = 0, nbrief = 0;
	glob_t g;

	(void)state;
	rng_init(&r, 7, RNG_TEST, 0);
	for (size_t i = 0; i < ARRAY_LEN(where); i++) {
		if (glob(where[i], i ? GLOB_APPEND : 0, NULL, &g) == GLOB_NOSPACE)
			fail();
	}
	for (size_t i = 0; i < g.gl_pathc; i++) {
		struct buf b = {0};

		read_file(g.gl_pathv[i], &b);
		nbrief += compare(buf_str(&b), b.n, check);
		nfiles++;
		for (int k = 0; k < 5 && b.n < 100000; k++) {
			struct buf d = {0};

			damage(&r, &b, &d);
			nbrief += compare(buf_str(&d), d.n, check);
			buf_free(&d);
		}
		buf_free(&b);
	}
	globfree(&g);
	assert_true(nfiles > 100);
	assert_true(nbrief > 20);
}

static void test_random(void **state)
{
	static const char *const pieces[] = {
	    "at ",   "30s ", "alloc ", "300M ", "in ", "low",  "\n",	 " ",	    ";",
	    "free ", "1.5",  "high",   "{",	"}",   "#a\n", "mark m", "finish ", "over 1s ",
	    ".",     ",",    "[",      "]",	"(",   ")",    "<",	 ">",	    "\"",
	    "in ",   "in ",  "low\n",  "low\n", "1m ", "2K ",  "hold ",	 "5",	    "+/- "};
	struct rng r;
	size_t nbrief = 0;

	(void)state;
	rng_init(&r, 1, RNG_TEST, 0);
	for (int i = 0; i < 3000; i++) {
		struct buf b = {0};

		buf_puts(&b, rng_below(&r, 2) ? BEFORE : "");
		for (uint64_t n = rng_below(&r, 12); n--;) {
			/* A right statement, with at times something else in place of a part. */
			for (size_t part = 0; part < 5; part++)
				if (rng_below(&r, 12))
					buf_puts(&b, pieces[part]);
				else
					buf_puts(&b, pieces[rng_below(&r, ARRAY_LEN(pieces))]);
			buf_puts(&b, "low");
			buf_puts(&b, rng_below(&r, 12) ? "\n" : pieces[rng_below(&r, 36)]);
		}
		nbrief += compare(buf_str(&b), b.n, check);
		buf_free(&b);
	}
	assert_true(nbrief > 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forms), cmocka_unit_test(test_length),
	    cmocka_unit_test(test_nul),	  cmocka_unit_test(test_many_names),
	    cmocka_unit_test(test_tree),  cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
