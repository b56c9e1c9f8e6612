/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_agentcg.c - the whole program beside what a user could pick instead.
 *
 * Every row runs agentcg and what it is compared with in turn (A B A B ...), so that a drifting
 * machine moves both, and prints ratios of medians and of minima.  A peer that is not installed is
 * named, its row skipped.  CPU is user + system time of the whole process as the kernel accounts
 * it; wall is only used where CPU is too small to be accounted.
 *
 *     bench_agentcg [ROW...]     from the top of the tree; `make bench` runs all rows
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rows.h"

static const char *const agentcg = "./agentcg";
static const char *scratch;

/* n statements, as a scenario and as the JSON that says the same. */
static const char *statements(long n, bool json)
{
	static char path[4][512];
	static int next;
	char *p = path[next++ % 4];
	FILE *f;

	snprintf(p, sizeof path[0], "%s/statements-%ld.%s", scratch, n, json ? "json" : "acg");
	f = fopen(p, "w");
	if (!f)
		die(p);
	fputs(json ? "[\n" : "cgroup low < high 400M >\nfinish at 40s\n", f);
	for (long i = 0; i < n; i++)
		if (json)
			fprintf(f, "{\"at\":\"30s\",\"alloc\":\"300M\",\"in\":\"low\"}%s\n",
				i + 1 < n ? "," : "]");
		else
			fputs("at 30s alloc 300M in low\n", f);
	if (fclose(f))
		die(p);
	return p;
}

static void format(char *out, size_t size, const char *fmt, double v)
{
	snprintf(out, size, fmt, v); /* fmt: one of the literals below */
}

/* ---- rows ---------------------------------------------------------------------------------- */

static void row_check_jq(const char *name)
{
	const char *a[] = {agentcg, "check", statements(1000000, false), NULL};
	const char *b[] = {"jq", "empty", statements(1000000, true), NULL};
	struct series sa, sb;
	char fig[32], peer[64];

	if (!installed("jq")) {
		print_skipped(name, "jq empty");
		return;
	}
	run_pair(a, 0, b, 0, 9, &sa, &sb);
	double x = quantile(&sa, CPU, false), y = quantile(&sb, CPU, false);
	format(fig, sizeof fig, "%.0f ms", x * 1e3);
	format(peer, sizeof peer, "jq empty %.0f ms", y * 1e3);
	print_row(name, fig, peer, y / x, quantile(&sb, CPU, true) / quantile(&sa, CPU, true),
		  ">= 8", y / x >= 8);
}

static void linear(const char *name, const char *command, enum figure f)
{
	const char *a[] = {agentcg, command, statements(1000000, false), NULL};
	const char *b[] = {agentcg, command, statements(100000, false), NULL};
	struct series sa, sb;
	char fig[32], peer[64];

	run_pair(a, 0, b, 0, 9, &sa, &sb);
	double x = quantile(&sa, f, false), y = quantile(&sb, f, false);
	format(fig, sizeof fig, f == RSS ? "%.0f MB" : "%.0f ms", f == RSS ? x : x * 1e3);
	format(peer, sizeof peer, f == RSS ? "1e5: %.0f MB" : "1e5: %.1f ms",
	       f == RSS ? y : y * 1e3);
	print_row(name, fig, peer, x / y, quantile(&sa, f, true) / quantile(&sb, f, true), "<= 11",
		  x / y <= 11);
}

static void row_check_time(const char *name)
{
	linear(name, "check", CPU);
}

static void row_check_memory(const char *name)
{
	linear(name, "check", RSS);
}

static void row_plan_time(const char *name)
{
	linear(name, "plan", CPU);
}

static void row_plan_memory(const char *name)
{
	linear(name, "plan", RSS);
}

/* What a plan takes beside the text and its tree, which `check` has too. */
static void row_event_bytes(const char *name)
{
	const char *a[] = {agentcg, "plan", statements(1000000, false), NULL};
	const char *b[] = {agentcg, "check", statements(1000000, false), NULL};
	struct series sa, sb;
	char fig[32], peer[64];

	run_pair(a, 0, b, 0, 5, &sa, &sb);
	double bytes = (quantile(&sa, RSS, false) - quantile(&sb, RSS, false)) * 1048576 / 1e6;
	format(fig, sizeof fig, "%.0f bytes", bytes);
	snprintf(peer, sizeof peer, "limit 200 bytes");
	print_row(name, fig, peer, bytes / 200, 0, "<= 1", bytes <= 200);
}

static void row_startup(const char *name)
{
	const char *a[] = {agentcg, "check", "scenarios/three_way_1_5G.acg", NULL};
	const char *b[] = {"/bin/true", NULL};
	struct series sa, sb;
	char fig[32], peer[64];

	run_pair(a, 0, b, 0, 301, &sa, &sb);
	double x = quantile(&sa, WALL, false), y = quantile(&sb, WALL, false);
	format(fig, sizeof fig, "%.2f ms", x * 1e3);
	format(peer, sizeof peer, "/bin/true %.2f ms", y * 1e3);
	print_row(name, fig, peer, x / y, quantile(&sa, WALL, true) / quantile(&sb, WALL, true),
		  "<= 2", x / y <= 2);
}

static void flagship(const char *name, enum figure f, double target)
{
	const char *a[] = {agentcg, "run", "--quiet", "scenarios/three_way_1_5G.acg", NULL};
	struct series sa, none;
	char fig[32], limit[64], goal[32];
	/* Its verdict may be PASS or FAIL: the model decides that; both are results. */
	struct stat st;
	int expect = 0;
	FILE *g = stat("scenarios/three_way_1_5G.table", &st) == 0
		      ? fopen("scenarios/three_way_1_5G.table", "r")
		      : NULL;
	char line[256];

	while (g && fgets(line, sizeof line, g))
		sscanf(line, "exit %d", &expect);
	if (g)
		fclose(g);
	run_pair(a, expect, NULL, 0, 11, &sa, &none);
	double x = quantile(&sa, f, false);
	format(fig, sizeof fig, f == RSS ? "%.1f MB" : "%.0f ms", f == RSS ? x : x * 1e3);
	format(limit, sizeof limit, f == RSS ? "limit %.0f MB" : "limit %.0f s CPU", target);
	format(goal, sizeof goal, "< %.0f", target);
	print_row(name, fig, limit, x / target, quantile(&sa, f, true) / target, goal, x < target);
}

static void row_flagship_cpu(const char *name)
{
	flagship(name, CPU, 1);
}

static void row_flagship_memory(const char *name)
{
	flagship(name, RSS, 64);
}

/* 100 experiments, two at a time; a cell's verdict may be any. */
static void row_grid(const char *name)
{
	const char *a[] = {"sh", "-c",
			   "for t in 1100 1150 1200 1250 1300 1350 1400 1450 1500 1536; do "
			   "for p in 50 100 200 350 500 750 1000 1250 1500 2000; do "
			   "echo -p total=${t}M -p pause=${p}ms; done; done | "
			   "xargs -P 2 -L 1 ./agentcg run --quiet scenarios/three_way_1_5G.acg || "
			   "test $? -eq 123",
			   NULL};
	struct series sa, none;
	char fig[32];

	run_pair(a, 0, NULL, 0, 5, &sa, &none);
	double x = quantile(&sa, WALL, false);
	format(fig, sizeof fig, "%.1f s", x);
	print_row(name, fig, "limit 20 s wall", x / 20, quantile(&sa, WALL, true) / 20, "< 20",
		  x < 20);
}

static const struct row {
	const char *name;
	void (*measure)(const char *name);
} rows[] = {
    {"check 1e6 statements", row_check_jq},
    {"check time, 1e6 against 1e5", row_check_time},
    {"check memory, 1e6 against 1e5", row_check_memory},
    {"plan time, 1e6 against 1e5", row_plan_time},
    {"plan memory, 1e6 against 1e5", row_plan_memory},
    {"a plan event, 1e6 of them", row_event_bytes},
    {"start-up: check of the flagship", row_startup},
    {"flagship, all policies x 10", row_flagship_cpu},
    {"flagship, peak memory", row_flagship_memory},
    {"grid: 100 flagships x 10, 2 CPUs", row_grid},
};

static void remove_scratch(void)
{
	char path[512];

	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s/statements-%d.%s", scratch,
			 i & 1 ? 1000000 : 100000, i & 2 ? "json" : "acg");
		unlink(path);
	}
	rmdir(scratch);
}

int main(int argc, char **argv)
{
	static char dir[] = "/tmp/agentcg-bench-XXXXXX";

	scratch = mkdtemp(dir);
	if (!scratch)
		die(dir);
	atexit(remove_scratch);
	print_head();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool wanted = argc == 1;
		for (int k = 1; k < argc; k++)
			wanted |= strstr(rows[i].name, argv[k]) != NULL;
		if (wanted)
			rows[i].measure(rows[i].name);
	}
	if (missed)
		printf("%d target%s missed\n", missed, missed == 1 ? "" : "s");
	return missed ? 1 : 0;
}
