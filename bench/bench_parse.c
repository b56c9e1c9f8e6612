/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_parse.c - text to tree beside a scan of the same bytes that makes nothing of them.
 *
 * A million lines of `at 30s alloc 300M in low`, in one process, in turn: flex -Cf alone
 * (scan_only.l), and parse_source() with its whole tree.  Both work in place on the same text and
 * end with all memory of their own given back.  CPU time; medians and minima of the rounds.
 *
 *     bench_parse [ROUNDS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "bench/scan_only.h"
#include "lang/import.h"
#include "lang/parse.h"

#define LINE  "at 30s alloc 300M in low\n"
#define LINES 1000000
#define MOST  101

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double parse(char *text, size_t len)
{
	struct source *src;
	struct unit u;
	double begin = cpu_s();

	unit_init(&u);
	if (sources_take(&u.sources, "bench", text, len, &src))
		abort();
	if (parse_source(&u, src)->nstmts != LINES || u.diags.errors)
		abort();
	src->text = NULL; /* the next round's */
	unit_free(&u);
	return cpu_s() - begin;
}

static double scan(char *text, size_t len)
{
	double begin = cpu_s();

	if (scan_only(text, len) != 6 * UINT64_C(1000000))
		abort();
	return cpu_s() - begin;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 15;
	size_t len = (sizeof LINE - 1) * LINES;
	char *text = mem_alloc(len + SOURCE_NULS);
	double a[MOST], b[MOST];

	if (rounds < 1 || rounds > MOST)
		return 2;
	for (size_t i = 0; i < LINES; i++)
		memcpy(text + i * (sizeof LINE - 1), LINE, sizeof LINE - 1);
	parse(text, len);
	scan(text, len);
	for (int i = 0; i < rounds; i++) {
		a[i] = parse(text, len);
		b[i] = scan(text, len);
	}
	qsort(a, (size_t)rounds, sizeof *a, by_value);
	qsort(b, (size_t)rounds, sizeof *b, by_value);

	double ours = a[rounds / 2], limit = b[rounds / 2];

	printf("%-36s %12s  %-24s %7s %7s  %-9s %s\n", "name", "figure", "limit or peer", "ratio",
	       "of min", "target", "met");
	printf("%-36s %9.0f ms  flex alone %6.0f ms %6s %7.2f %7.2f  %-9s %s\n",
	       "parse 1e6 statements, with tree", ours * 1e3, limit * 1e3, "", limit / ours,
	       b[0] / a[0], ">= 0.80", limit / ours >= 0.8 ? "yes" : "NO");
	free(text);
	return limit / ours >= 0.8 ? 0 : 1;
}
