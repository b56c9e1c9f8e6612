/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_lang.c - literals, hostile texts, and that formatting changes nothing but the form.
 *
 * Run from the root of the tree: the scenarios there are read too.
 */
#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "lang/parse.h"
#include "lang/print.h"

static struct unit parsed(const char *text, size_t n)
{
	struct unit u;

	unit_init(&u);
	assert_int_equal(parse_only(&u, "test", text, n), 0);
	return u;
}

/* ---- literals ------------------------------------------------------------------------------ */

static const struct literal_case {
	const char *text;
	enum ast_expr_kind kind;
	uint64_t u;
	int64_t num, den; /* of numbers */
} literals[] = {
    {"0", AE_NUMBER, 0, 0, 1},
    {"3", AE_NUMBER, 0, 3, 1},
    {"0.5", AE_NUMBER, 0, 1, 2},
    {"0.50", AE_NUMBER, 0, 1, 2},
    {"5%", AE_NUMBER, 0, 1, 20},
    {"12.5%", AE_NUMBER, 0, 1, 8},
    {"50x", AE_NUMBER, 0, 50, 1},
    {"1.5x", AE_NUMBER, 0, 3, 2},
    {"9223372036854775807", AE_NUMBER, 0, INT64_MAX, 1},
    {"9223372036854775808", AE_ERROR, 0, 0, 0},
    {"18446744073709551616", AE_ERROR, 0, 0, 0},
    {"0.00000000000000000001", AE_ERROR, 0, 0, 0},
    {"0B", AE_SIZE, 0, 0, 0},
    {"4096B", AE_SIZE, 4096, 0, 0},
    {"64K", AE_SIZE, 64 * KIB, 0, 0},
    {"400M", AE_SIZE, 400 * MIB, 0, 0},
    {"1.5G", AE_SIZE, 1536 * MIB, 0, 0},
    {"2T", AE_SIZE, 2048 * GIB, 0, 0},
    {"0.3K", AE_SIZE, 307, 0, 0}, /* 307.2 bytes, floored */
    {"0.0001B", AE_SIZE, 0, 0, 0},
    {"8388607T", AE_SIZE, UINT64_C(8388607) << 40, 0, 0},
    {"8388608T", AE_ERROR, 0, 0, 0}, /* 2^63 */
    {"99999999999999999999B", AE_ERROR, 0, 0, 0},
    {"30s", AE_DURATION, 30 * NS_PER_SEC, 0, 0},
    {"2000ms", AE_DURATION, 2 * NS_PER_SEC, 0, 0},
    {"10us", AE_DURATION, 10000, 0, 0},
    {"7ns", AE_DURATION, 7, 0, 0},
    {"0.5ns", AE_DURATION, 0, 0, 0},
    {"2m", AE_DURATION, 120 * NS_PER_SEC, 0, 0},
    {"2h", AE_DURATION, 7200 * NS_PER_SEC, 0, 0},
    {"1m30s", AE_DURATION, 90 * NS_PER_SEC, 0, 0},
    {"1h1m1s1ms1us1ns", AE_DURATION, UINT64_C(3661001001001), 0, 0},
    {"1.5m0.5s", AE_DURATION, UINT64_C(90500000000), 0, 0},
    {"2562047h", AE_DURATION, UINT64_C(2562047) * 3600 * NS_PER_SEC, 0, 0},
    {"2562048h", AE_ERROR, 0, 0, 0},
    {"2562047h60m", AE_ERROR, 0, 0, 0}, /* each fits, the sum does not */
    {"30s1m", AE_ERROR, 0, 0, 0},
    {"1s1s", AE_ERROR, 0, 0, 0},
    {"200M/s", AE_RATE, 200 * MIB, 0, 0},
    {"1.5G/s", AE_RATE, 1536 * MIB, 0, 0},
    {"6.12.3", AE_VERSION, 0, 0, 0},
    {"400MB", AE_ERROR, 0, 0, 0},
    {"300Mb", AE_ERROR, 0, 0, 0},
    {"200MB/s", AE_ERROR, 0, 0, 0},
    {"5sec", AE_ERROR, 0, 0, 0},
    {"10\xc2\xb5s", AE_ERROR, 0, 0, 0},
    {"1e9", AE_ERROR, 0, 0, 0},
    {"0x10", AE_ERROR, 0, 0, 0},
    {"1m30", AE_ERROR, 0, 0, 0},
    {"1m30.5", AE_ERROR, 0, 0, 0},
    {"1.2.3.4", AE_ERROR, 0, 0, 0},
    {"on", AE_BOOL, 1, 0, 0},
    {"off", AE_BOOL, 0, 0, 0},
    {"\"a\\\"b\"", AE_STRING, 0, 0, 0},
};

static void test_literals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(literals) / sizeof(*literals); i++) {
		const struct literal_case *c = &literals[i];
		char text[80];
		int n = snprintf(text, sizeof(text), "let x = %s", c->text);
		struct unit u = parsed(text, (size_t)n);
		const struct ast_expr *e;

		if ((c->kind == AE_ERROR) != (u.diags.errors == 1) || !u.files->stmts)
			fail_msg("%s: %u errors", c->text, u.diags.errors);
		e = ((const struct ast_param *)(const void *)u.files->stmts)->value;
		if (e->kind != c->kind)
			fail_msg("%s: kind %d, not %d", c->text, e->kind, c->kind);
		if (c->kind == AE_NUMBER && (e->ratio.num != c->num || e->ratio.den != c->den))
			fail_msg("%s: another value", c->text);
		if ((c->kind == AE_SIZE || c->kind == AE_DURATION || c->kind == AE_RATE ||
		     c->kind == AE_BOOL) &&
		    e->u != c->u)
			fail_msg("%s: %llu, not %llu", c->text, (unsigned long long)e->u,
				 (unsigned long long)c->u);
		unit_free(&u);
	}
}

/* Tokens that begin alike: where does each end? */
static void test_token_ends(void **state)
{
	static const struct {
		const char *text, *printed;
	} cases[] = {
	    {"let x = 400M/speed", "let x = 400M / speed\n"},
	    {"let x = 400M/s", "let x = 400M/s\n"},
	    {"let x = 400M/5", "let x = 400M / 5\n"},
	    {"let x = 5%of y", "let x = 5% of y\n"},
	    {"let x = low[0..4]", "let x = low[0..4]\n"},
	    {"let x = low[0.5..1.5]", "let x = low[0.5..1.5]\n"},
	    {"let x = low[a..b].at", "let x = low[a..b].at\n"},
	    {"let x = a . b", "let x = a.b\n"},
	    {"let x = a.\n*", "let x = a.*\n"},
	    {"let x = 1+/* y", NULL},
	    {"at 1s+/-2s mark x", "at 1s +/- 2s mark x\n"},
	    {"let x = 1 +y", "let x = 1 + y\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct unit u = parsed(cases[i].text, strlen(cases[i].text));
		struct buf b = {0};

		assert_int_equal(u.diags.errors != 0, !cases[i].printed);
		if (cases[i].printed) {
			print_fmt(&u, u.files, &b);
			assert_string_equal(buf_str(&b), cases[i].printed);
		}
		buf_free(&b);
		unit_free(&u);
	}
}

/* ---- the canonical form -------------------------------------------------------------------- */

static void assert_canonical(const char *name, const char *text, size_t n)
{
	struct unit u = parsed(text, n), v;
	struct buf fmt = {0}, again = {0}, tree = {0}, tree2 = {0};

	if (!u.diags.errors) {
		print_fmt(&u, u.files, &fmt);
		print_tree(&u, u.files, &tree);
		v = parsed(buf_str(&fmt), fmt.n);
		if (v.diags.errors)
			fail_msg("%s: its canonical form has errors", name);
		print_fmt(&v, v.files, &again);
		print_tree(&v, v.files, &tree2);
		assert_string_equal(buf_str(&fmt), buf_str(&again));
		assert_string_equal(buf_str(&tree), buf_str(&tree2));
		unit_free(&v);
	}
	buf_free(&fmt);
	buf_free(&again);
	buf_free(&tree);
	buf_free(&tree2);
	unit_free(&u);
}

static void test_canonical(void **state)
{
	static const char *const patterns[] = {"tests/lang/*.acg", "tests/plan/*.acg",
					       "scenarios/*.acg", "stdlib/*.acg"};
	glob_t g = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		glob(patterns[i], i ? GLOB_APPEND : 0, NULL, &g);
	assert_true(g.gl_pathc > 20);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		struct sources s = {0};
		struct source *src;

		assert_int_equal(sources_load(&s, g.gl_pathv[i], (struct span){0}, &src), 0);
		assert_canonical(g.gl_pathv[i], src->text, src->len);
		sources_free(&s);
	}
	globfree(&g);
}

/* ---- hostile texts ------------------------------------------------------------------------- */

static struct buf repeated(const char *head, const char *part, size_t times, const char *tail)
{
	struct buf b = {0};

	buf_puts(&b, head);
	for (size_t i = 0; i < times; i++)
		buf_puts(&b, part);
	buf_puts(&b, tail);
	return b;
}

#define MANY 1000000

/* Reported once or twice, and what follows is still read unless the parser's own stack is full. */
static void test_nesting(void **state)
{
	static const struct {
		const char *head, *part, *tail;
		bool reads_on;
	} cases[] = {
	    {"let a = ", "(", "", false},
	    {"let a = ", "(", "\nscenario 5\n", true},
	    {"let a = x", "[x", "\nscenario 5\n", true},
	    {"let a = ", "max(", "\nscenario 5\n", true},
	    {"let a = 1", " + 1", "\nscenario 5\n", true},
	    {"let a = ", "- ", "1\nscenario 5\n", false},
	    {"let a = ", "not ", "b\nscenario 5\n", false},
	    {"let a = 1", " of 1", "\nscenario 5\n", false},
	    {"", "for i in 0..1 {\n", "\nscenario 5\n", false},
	    {"", "cgroup a { ", "", false},
	    {"", "{", "", false},
	    {"", "}", "", false},
	    {"", "\"", "", false},
	    {"root ", "<", "", false},
	    {"let a = ", "(", "))))))))))", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf b = repeated(cases[i].head, cases[i].part, MANY, cases[i].tail);
		struct unit u = parsed(b.s, b.n);
		bool seen = false;
		const struct diag *g;

		assert_true(u.diags.errors >= 1);
		vec_foreach (g, &u.diags.list)
			seen |= g->code == E_SYNTAX;
		if (cases[i].reads_on && !seen)
			fail_msg("case %zu: what follows is not read", i);
		unit_free(&u);
		buf_free(&b);
	}
}

/* Long lists of one statement are no nesting. */
static void test_long_lists(void **state)
{
	static const struct {
		const char *head, *part, *tail;
	} cases[] = {
	    {"sweep a in 1", ", 1", ""},
	    {"at 0s kill a", ", a", ""},
	    {"compare a", ", a", ""},
	    {"root < max 1", "; max 1", " >"},
	    {"at 0s { ", "mark a; ", "}"},
	    {"policy p { ", "cgroup a < max 1 > ", "}"},
	    {"require a", " or a", ""},
	    {"require a", ", a", ""},
	    {"let a = b", ".c", ""},
	    {"let a = max(1", ", 1", ")"},
	    {"workload w(a", ", a", ") { }"},
	    {"at 0s start a w(1", ", 1", ")"},
	    {"claim \"c\" { ", "expect a ", "}"},
	    {"cgroup a { ", "cgroup b ", "}"},
	    {"", ";", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf b = repeated(cases[i].head, cases[i].part, 100000, cases[i].tail);

		struct unit u = parsed(b.s, b.n);

		if (u.diags.errors)
			fail_msg("case %zu: %u errors", i, u.diags.errors);
		unit_free(&u);
		assert_canonical(cases[i].head, b.s, b.n);
		buf_free(&b);
	}
}

/* As many errors as there are; a test that is not linear would not end. */
static void test_many_errors(void **state)
{
	static const struct {
		const char *part;
		uint32_t errors;
	} cases[] = {
	    {"cgruop x\n", MANY / 10},
	    {"at 30s aloc 300M in low\n", MANY / 10},
	    {"at 30s alloc 400MB in low\n", MANY / 10},
	    {"cgroup low < high\n", MANY / 10},
	    {"scenario @\n", MANY / 10},
	};
	static const char *const inside[] = {"at 0s {\n", "root <\n", "policy p {\n",
					     "claim \"c\" {\n", "for i in 0..1 {\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf b = repeated("", cases[i].part, MANY / 10, "");
		struct unit u = parsed(b.s, b.n);

		assert_int_equal(u.diags.errors, cases[i].errors);
		unit_free(&u);
		buf_free(&b);
	}
	for (size_t i = 0; i < sizeof(inside) / sizeof(*inside); i++) {
		struct buf b = repeated(inside[i], "5 5;\n", MANY / 10, "");
		struct unit u = parsed(b.s, b.n);

		assert_true(u.diags.errors >= 1);
		unit_free(&u);
		buf_free(&b);
	}
}

static void test_random_bytes(void **state)
{
	static const char *const words[] = {
	    "at ",  "30s ",    "alloc ",  "in ",  "low", "<", ">",  "{",  "}",
	    "(",    ")",       "[",	  "]",	  ";",	 ",", "\n", "\"", "#",
	    "for ", "cgroup ", "policy ", "set ", "..",	 ".", "5",  "M",  "\\"};
	struct rng r;
	char text[400];

	(void)state;
	rng_init(&r, 1, RNG_TEST, 0);
	for (int round = 0; round < 20000; round++) {
		size_t n = 0;

		while (n < sizeof(text) - 16) {
			if (round % 2) {
				text[n++] = (char)rng_below(&r, 256);
				continue;
			}
			const char *w = words[rng_below(&r, sizeof(words) / sizeof(*words))];

			memcpy(text + n, w, strlen(w));
			n += strlen(w);
		}
		assert_canonical("random bytes", text, rng_below(&r, n + 1));
	}
}

static void test_many_nuls(void **state)
{
	static const char *const heads[] = {"", "#", "\"", "at 0s { ", "for i in 0..1 {"};

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		struct buf b = repeated(heads[i], " ", MANY, "");
		struct unit u;

		memset(b.s + strlen(heads[i]), 0, MANY);
		u = parsed(b.s, b.n);
		assert_in_range(u.diags.errors, 1, 3);
		unit_free(&u);
		buf_free(&b);
	}
}

/* NULs are bytes like others: one error each run of them, with its place. */
static void test_nul_bytes(void **state)
{
	static const char text[] = "at 0s\0\0 mark x\nscenario \"a\0b\" # \0\n\0";
	struct unit u = parsed(text, sizeof(text));
	const struct diag *g;

	(void)state;
	assert_in_range(u.diags.errors, 3, 6);
	vec_foreach (g, &u.diags.list)
		assert_true(g->at.end > g->at.beg);
	unit_free(&u);
}

/* What the commonest statement costs. */
static void test_tree_size(void **state)
{
	struct buf b = repeated("", "at 30s alloc 300M in low\n", 1000, "");
	struct unit u = parsed(b.s, b.n);

	(void)state;
	assert_int_equal(u.files->nstmts, 1000);
	assert_true(u.arena.bytes <= 1000 * 240 + 1000);
	unit_free(&u);
	buf_free(&b);
}

/* ---- imports ------------------------------------------------------------------------------- */

static char *tmp_dir;

static void write_file(const char *name, const char *text)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", tmp_dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int make_dir(void **state)
{
	static char name[] = "/tmp/test_lang.XXXXXX";

	(void)state;
	tmp_dir = mkdtemp(name);
	return !tmp_dir;
}

static int remove_dir(void **state)
{
	static const char *const names[] = {"main.acg", "a.acg", "b.acg", "lib.acg", ""};
	char path[200];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", tmp_dir, names[i]);
		remove(path);
	}
	return 0;
}

/* Found in the second place, once for all who use it, in the order of first use. */
static void test_imports(void **state)
{
	const char *dirs[] = {"/nonexistent", tmp_dir};
	struct lang_path lib = {dirs, 2};
	struct unit u;
	char path[200];
	const struct ast_text *use;

	(void)state;
	write_file("main.acg", "use \"./a.acg\"\nuse \"./b.acg\"\nuse \"lib\"\n");
	write_file("a.acg", "use \"lib\"\nuse \"./lib.acg\"\n");
	write_file("b.acg", "let b = 1\n");
	write_file("lib.acg", "let l = 1\n");
	snprintf(path, sizeof(path), "%s/main.acg", tmp_dir);
	unit_init(&u);
	assert_int_equal(parse_file(&u, path, &lib), 0);
	assert_int_equal(u.diags.errors, 0);
	assert_int_equal(u.sources.list.n, 4);
	assert_non_null(strstr(u.files->next->source->path, "/a.acg"));
	assert_non_null(strstr(u.files->next->next->source->path, "/lib.acg"));
	assert_non_null(strstr(u.files->next->next->next->source->path, "/b.acg"));
	assert_null(u.files->next->next->next->next);
	assert_int_equal(u.files->next->source->used_at.beg, u.files->source->base + 4);
	use = (const void *)u.files->stmts->next->next;
	assert_ptr_equal(use->file, u.files->next->next);
	unit_free(&u);
}

static void test_import_errors(void **state)
{
	const char *dirs[] = {"/nonexistent", tmp_dir};
	struct lang_path lib = {dirs, 2};
	struct unit u;
	struct buf b = {0};
	char expected[400];

	(void)state;
	write_file("a.acg", "use \"./b.acg\"\n");
	write_file("b.acg", "use \"a\"\n");
	unit_init(&u);
	assert_int_equal(parse_text(&u, "text", "use \"none\"\nuse \"a\"\n", 19, &lib), 0);
	diags_print(&u.diags, DIAG_TEXT, &b);
	snprintf(expected, sizeof(expected), "looked at /nonexistent/none.acg, %s/none.acg",
		 tmp_dir);
	assert_non_null(strstr(buf_str(&b), expected));
	snprintf(expected, sizeof(expected), "%s/a.acg uses %s/b.acg uses %s/a.acg", tmp_dir,
		 tmp_dir, tmp_dir);
	assert_non_null(strstr(buf_str(&b), expected));
	assert_int_equal(u.diags.errors, 2);
	buf_free(&b);
	unit_free(&u);
	unit_init(&u);
	assert_int_equal(parse_file(&u, "/nonexistent/x.acg", &lib), -ENOENT);
	assert_int_equal(u.diags.errors, 1);
	assert_null(u.files);
	unit_free(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_literals),	 cmocka_unit_test(test_token_ends),
	    cmocka_unit_test(test_canonical),	 cmocka_unit_test(test_nesting),
	    cmocka_unit_test(test_long_lists),	 cmocka_unit_test(test_many_errors),
	    cmocka_unit_test(test_random_bytes), cmocka_unit_test(test_nul_bytes),
	    cmocka_unit_test(test_tree_size),	 cmocka_unit_test(test_many_nuls),
	    cmocka_unit_test(test_imports),	 cmocka_unit_test(test_import_errors),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
