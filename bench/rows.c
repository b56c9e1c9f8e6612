/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rows.c - programs run in turn, and rows of a table (rows.h) */
#include "rows.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

int missed;

_Noreturn void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(5);
}

struct cost run_once(const char *const *argv, int expect)
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

void run_pair(const char *const *a, int expect_a, const char *const *b, int expect_b, int runs,
	      struct series *sa, struct series *sb)
{
	sa->n = sb->n = 0;
	run_once(a, expect_a);
	if (b)
		run_once(b, expect_b);
	for (int i = 0; i < runs; i++) {
		sa->v[sa->n++] = run_once(a, expect_a);
		if (b)
			sb->v[sb->n++] = run_once(b, expect_b);
	}
}

static double pick(const struct cost *c, enum figure f)
{
	return f == CPU ? c->cpu_s : f == WALL ? c->wall_s : c->rss_mb;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double quantile(const struct series *s, enum figure f, bool minimum)
{
	double v[MAX_RUNS];

	for (int i = 0; i < s->n; i++)
		v[i] = pick(&s->v[i], f);
	qsort(v, (size_t)s->n, sizeof *v, by_value);
	if (minimum)
		return v[0];
	return s->n % 2 ? v[s->n / 2] : (v[s->n / 2 - 1] + v[s->n / 2]) / 2;
}

void print_head(void)
{
	printf("%-36s %12s  %-24s %7s %7s  %-9s %s\n", "name", "figure", "limit or peer", "ratio",
	       "of min", "target", "met");
}

void print_row(const char *name, const char *figure, const char *peer, double ratio,
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

void print_skipped(const char *name, const char *peer)
{
	printf("%-36s %12s  %-24s not installed: ./configure --install-deps=bench\n", name, "-",
	       peer);
}

bool installed(const char *program)
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
