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
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#define MAX_RUNS 400

struct cost {
	double cpu_s, wall_s, rss_mb;
};

struct series {
	struct cost v[MAX_RUNS];
	int n;
};

static const char *const agentcg = "./agentcg";
static const char *scratch;
static int missed;

_Noreturn static void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(5);
}

/* Run argv with output thrown away; its exit status must be `expect`. */
static struct cost run_once(const char *const *argv, int expect)
{
	posix_spawn_file_actions_t fa;
	struct timespec t0, t1;
	struct rusage ru;
	pid_t pid;
	int status;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 2, "/dev/null", O_WRONLY, 0);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	errno = posix_spawnp(&pid, argv[0], &fa, NULL, (char *const *)(uintptr_t)argv, environ);
	if (errno)
		die(argv[0]);
	if (wait4(pid, &status, 0, &ru) < 0)
		die("wait4");
	clock_gettime(CLOCK_MONOTONIC, &t1);
	posix_spawn_file_actions_destroy(&fa);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != expect) {
		fprintf(stderr, "bench: %s %s ended with status 0x%x\n", argv[0],
			argv[1] ? argv[1] : "", (unsigned)status);
		exit(5);
	}
	return (struct cost){
	    .cpu_s = (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
		     (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) * 1e-6,
	    .wall_s = (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) * 1e-9,
	    .rss_mb = (double)ru.ru_maxrss / 1024,
	};
}

/* Interleaved, after one uncounted run of each. b may be NULL. */
static void run_pair(const char *const *a, int expect_a, const char *const *b, int runs,
		     struct series *sa, struct series *sb)
{
	sa->n = sb->n = 0;
	run_once(a, expect_a);
	if (b)
		run_once(b, 0);
	for (int i = 0; i < runs; i++) {
		sa->v[sa->n++] = run_once(a, expect_a);
		if (b)
			sb->v[sb->n++] = run_once(b, 0);
	}
}

enum figure {
	CPU,
	WALL,
	RSS
};

static double pick(const struct cost *c, enum figure f)
{
	return f == CPU ? c->cpu_s : f == WALL ? c->wall_s : c->rss_mb;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double quantile(const struct series *s, enum figure f, bool minimum)
{
	double v[MAX_RUNS];

	for (int i = 0; i < s->n; i++)
		v[i] = pick(&s->v[i], f);
	qsort(v, (size_t)s->n, sizeof *v, by_value);
	if (minimum)
		return v[0];
	return s->n % 2 ? v[s->n / 2] : (v[s->n / 2 - 1] + v[s->n / 2]) / 2;
}

static void print_head(void)
{
	printf("%-36s %12s  %-24s %7s %7s  %-9s %s\n", "name", "figure", "limit or peer", "ratio",
	       "of min", "target", "met");
}

static void print_row(const char *name, const char *figure, const char *peer, double ratio,
		      double ratio_min, const char *target, bool met)
{
	char of_min[16] = "-";

	if (ratio_min > 0)
		snprintf(of_min, sizeof of_min, "%.2f", ratio_min);
	printf("%-36s %12s  %-24s %7.2f %7s  %-9s %s\n", name, figure, peer, ratio, of_min, target,
	       met ? "yes" : "NO");
	fflush(stdout);
	missed += !met;
}

static void print_skipped(const char *name, const char *peer)
{
	printf("%-36s %12s  %-24s not installed: ./configure --install-deps=bench\n", name, "-",
	       peer);
}

static bool installed(const char *program)
{
	const char *argv[] = {"sh", "-c", NULL, NULL};
	char cmd[128];
	pid_t pid;
	int status;

	snprintf(cmd, sizeof cmd, "command -v %s >/dev/null 2>&1", program);
	argv[2] = cmd;
	if (posix_spawnp(&pid, "sh", NULL, NULL, (char *const *)(uintptr_t)argv, environ))
		return false;
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

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
	run_pair(a, 0, b, 9, &sa, &sb);
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

	run_pair(a, 0, b, 9, &sa, &sb);
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

static void row_startup(const char *name)
{
	const char *a[] = {agentcg, "check", "scenarios/three_way_1_5G.acg", NULL};
	const char *b[] = {"/bin/true", NULL};
	struct series sa, sb;
	char fig[32], peer[64];

	run_pair(a, 0, b, 301, &sa, &sb);
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
	run_pair(a, expect, NULL, 11, &sa, &none);
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

	run_pair(a, 0, NULL, 5, &sa, &none);
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
