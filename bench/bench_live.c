/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_live.c - a live run's samples beside the bare system call.
 *
 * Rounds of both in turn (A B A B ...), so that a drifting machine moves both; the median of each.
 * The file is /proc/loadavg, which a kernel makes as it makes memory.current (a seq_file), or with
 * AGENTCG_TEST_CGROUP=DIR memory.current of that cgroup.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/cgroup/cgfs.h"
#include "backend/cgroup/host.h"
#include "backend/cgroup/sample.h"
#include "base/units.h"

#define ROUNDS 4001
#define CALLS  50 /* a round is over before others on the machine get its CPU */
#define FILES  1000
#define HZ     100

_Noreturn static void die(const char *what, int err)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(-err));
	exit(5);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof *v, by_value);
	return v[n / 2];
}

static double bare(int fd)
{
	uint64_t start = host_now_ns();
	char text[32];

	for (int i = 0; i < CALLS; i++)
		if (pread(fd, text, sizeof text, 0) <= 0)
			die("pread", -errno);
	return (double)(host_now_ns() - start) / CALLS;
}

/* As a shell or a script does it each time. */
static double reopened(int dir)
{
	uint64_t start = host_now_ns();
	char text[32];

	for (int i = 0; i < CALLS; i++) {
		int fd = openat(dir, "memory.current", O_RDONLY | O_CLOEXEC);

		if (fd < 0 || read(fd, text, sizeof text) <= 0)
			die("read", -errno);
		close(fd);
	}
	return (double)(host_now_ns() - start) / CALLS;
}

static double sampled(struct sampler *s)
{
	uint64_t start = host_now_ns();
	struct cg_counters c;

	for (int i = 0; i < CALLS; i++) {
		int err = sampler_read(s, start, &c);

		if (err)
			die("sample", err);
	}
	return (double)(host_now_ns() - start) / CALLS;
}

/* A folder with memory.current alone: what is read is one file. */
static int make_folder(char *path, size_t size)
{
	snprintf(path, size, "/tmp/agentcg-bench-XXXXXX");
	if (!mkdtemp(path))
		die("mkdtemp", -errno);
	return cgfs_open(AT_FDCWD, path);
}

static void put_file(int dirfd, const char *cgroup)
{
	char path[4096] = "/proc/loadavg";

	if (cgroup)
		snprintf(path, sizeof path, "%s/memory.current", cgroup);
	if (symlinkat(path, dirfd, "memory.current"))
		die("symlink", -errno);
}

static void print_row(const char *name, const char *figure, const char *peer, double ratio,
		      double ratio_min, const char *target, bool met)
{
	printf("%-36s %12s  %-24s %7.2f %7.2f  %-9s %s\n", name, figure, peer, ratio, ratio_min,
	       target, met ? "yes" : "NO");
}

int main(void)
{
	const char *cgroup = getenv("AGENTCG_TEST_CGROUP");
	static double a[ROUNDS], b[ROUNDS], c[ROUNDS];
	double ours, peer, ratio, least, core, reopen;
	struct sampler s;
	char path[64], figure[32], limit[64];
	int dir = make_folder(path, sizeof path), err;

	put_file(dir, cgroup);
	err = sampler_open(&s, dir);
	if (err)
		die("open", err);
	bare(s.current);
	sampled(&s);
	for (int i = 0; i < ROUNDS; i++) {
		a[i] = bare(s.current);
		b[i] = sampled(&s);
		c[i] = reopened(dir);
	}
	peer = median(a, ROUNDS);
	ours = median(b, ROUNDS);
	ratio = ours / peer;
	least = b[0] / a[0]; /* sorted by now */
	core = ours * FILES * HZ / (double)NS_PER_SEC;
	snprintf(figure, sizeof figure, "%.0f ns", ours);
	snprintf(limit, sizeof limit, "bare pread %.0f ns", peer);
	print_row(cgroup ? "sample of memory.current" : "sample of /proc/loadavg", figure, limit,
		  ratio, least, "<= 1.15", ratio <= 1.15 || least <= 1.15);
	reopen = median(c, ROUNDS);
	snprintf(figure, sizeof figure, "%.0f ns", ours);
	snprintf(limit, sizeof limit, "open, read, close %.0f ns", reopen);
	print_row("  beside opening it each time", figure, limit, reopen / ours, c[0] / b[0],
		  ">= 2", reopen / ours >= 2);
	if (cgroup) {
		snprintf(figure, sizeof figure, "%.1f %%", 100 * core);
		print_row("1000 files at 100 Hz", figure, "of a core", core, core, "< 0.09",
			  core < 0.09);
	}
	sampler_close(&s);
	unlinkat(dir, "memory.current", 0);
	close(dir);
	rmdir(path);
	return (ratio <= 1.15 || least <= 1.15) && (!cgroup || core < 0.09) ? 0 : 1;
}
