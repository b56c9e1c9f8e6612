/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_coordinator.c - how late the coordinator of a live run looks at its clock, beside a bare
 * loop.
 *
 * A run with one idle worker is advanced to times 10 ms apart, as the engine does for a timeline:
 * the backend looks at workers, limits and mechanism, and sleeps on all of them at once.  In turn
 * with that, clock_nanosleep(TIMER_ABSTIME) with a timer slack of 1 ns.  It makes cgroups, so it
 * needs AGENTCG_TEST_CGROUP=DIR, and says so without.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "backend/cgroup/host.h"
#include "backend/cgroup/live.h"
#include "base/units.h"

#define PERIOD_NS (10 * NS_PER_MS)
#define BLOCK	  25
#define BLOCKS	  24
#define N	  (BLOCK * BLOCKS)

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

_Noreturn static void die(const char *what, int err)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(-err));
	exit(5);
}

static void seen(void *ctx, const struct obs *o)
{
	(void)ctx;
	(void)o;
}

static void raw(double *late_us)
{
	uint64_t due = host_now_ns();

	for (int i = 0; i < BLOCK; i++) {
		struct timespec t;

		due += PERIOD_NS;
		t.tv_sec = (time_t)(due / NS_PER_SEC);
		t.tv_nsec = (long)(due % NS_PER_SEC);
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
			;
		late_us[i] = (double)(host_now_ns() - due) / 1e3;
	}
}

static void coordinator(const struct backend *b, void *run, double *late_us)
{
	uint64_t due = b->now(run);

	for (int i = 0; i < BLOCK; i++) {
		int err;

		due += PERIOD_NS;
		err = b->advance(run, due);
		if (err < 0)
			die("advance", err);
		late_us[i] = (double)(b->now(run) - due) / 1e3;
	}
}

static void *open_run(struct live_session *s, struct diags *d)
{
	static const struct cg_spec cgroups[] = {{.name = "root"}, {.name = "a", .leaf = true}};
	static struct cg_attrs attrs[2];
	static const struct worker_spec worker = {.cgroup = 1, .name = ""};
	const struct backend *b = live_session_backend(s);
	struct world w = {.machine = machine_default,
			  .cgroups = cgroups,
			  .attrs = attrs,
			  .workers = &worker,
			  .ncgroups = 2,
			  .nworkers = 1};
	void *run = NULL;
	int err;

	attrs[0] = attrs[1] = cg_attrs_default;
	err = b->open(&w, 0, 0, (struct obs_sink){.put = seen}, d, &run);
	if (err)
		die("open", err);
	return run;
}

static double at(double *v, double q)
{
	return v[(int)(q * (N - 1) + 0.5)];
}

int main(void)
{
	static double mine[N], peer[N];
	struct live_options o = {.cgroup = getenv("AGENTCG_TEST_CGROUP"), .mechanism = "none"};
	struct live_needs needs = {.caps = CAP_MEMORY, .machine = machine_default};
	struct live_session *s = NULL;
	const struct backend *b;
	struct diags d;
	double p50, min;
	void *run;
	bool met;

	if (!o.cgroup) {
		printf("%-36s needs AGENTCG_TEST_CGROUP: a folder of cgroup v2\n",
		       "coordinator each 10 ms");
		return 0;
	}
	diags_init(&d, NULL);
	if (live_session_open(&o, &d, &s) || live_session_prepare(s, &needs, &d)) {
		struct buf text = {0};

		diags_print(&d, DIAG_TEXT, &text);
		fputs(buf_str(&text), stderr);
		return 5;
	}
	b = live_session_backend(s);
	run = open_run(s, &d);
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	for (int i = 0; i < BLOCKS; i++) {
		coordinator(b, run, mine + i * BLOCK);
		raw(peer + i * BLOCK);
	}
	b->close(run);
	live_session_close(s, &d);
	diags_free(&d);
	qsort(mine, N, sizeof *mine, by_value);
	qsort(peer, N, sizeof *peer, by_value);
	p50 = at(mine, 0.5) / at(peer, 0.5);
	min = at(mine, 0.05) / at(peer, 0.05);
	met = p50 <= 1.05 || min <= 1.05;
	char figure[32], limit[64];

	snprintf(figure, sizeof figure, "%.1f us", at(mine, 0.5));
	snprintf(limit, sizeof limit, "clock_nanosleep %.1f us", at(peer, 0.5));
	printf("%-36s %12s  %-24s %7.2f %7.2f  %-9s %s\n", "coordinator each 10 ms, p50", figure,
	       limit, p50, min, "<= 1.05", met ? "yes" : "NO");
	snprintf(figure, sizeof figure, "%.1f us", at(mine, 0.99));
	snprintf(limit, sizeof limit, "clock_nanosleep %.1f us", at(peer, 0.99));
	printf("%-36s %12s  %s\n", "  p99", figure, limit);
	return !met;
}
