/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_worker.c - a live run's workers beside the bare system calls and what else there is.
 *
 * Each row measures a worker and its limit in turn (A B A B ...), so that a drifting machine moves
 * both, and prints ratios of medians and of minima.  Making and releasing memory is CPU time of the
 * process that does it, which others on the machine change least.  A peer that is not installed is
 * named, its row skipped.
 *
 *     bench_worker [ROW...]     memory, release, replay, late, spawn; `make bench` runs all
 *
 * AGENTCG_TEST_CGROUP=DIR: spawn into a cgroup made there.  AGENTCG_TRACES=DIR: replay a recording.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend/cgroup/pool.h"
#include "backend/cgroup/spawn.h"
#include "base/arena.h"
#include "base/diag.h"
#include "trace/trace.h"

extern char **environ;

#define MAX_RUNS     4096
#define MEMORY_BYTES (500 * MIB)
#define HUGE_BYTES   (2 * MIB)

struct series {
	double v[MAX_RUNS];
	int n;
};

static struct zygote *zygote;
static int missed;

_Noreturn static void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(5);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

static void until(uint64_t t_ns)
{
	struct timespec t = {.tv_sec = (time_t)(t_ns / NS_PER_SEC),
			     .tv_nsec = (long)(t_ns % NS_PER_SEC)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

/* ---- figures --------------------------------------------------------------------------------- */

static void add(struct series *s, double v)
{
	if (s->n < MAX_RUNS)
		s->v[s->n++] = v;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(struct series *s, double q)
{
	qsort(s->v, (size_t)s->n, sizeof *s->v, by_value);
	return s->n ? s->v[(int)(q * (s->n - 1) + 0.5)] : 0;
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

static void print_note(const char *name, const char *figure, const char *peer)
{
	printf("%-36s %12s  %-24s\n", name, figure, peer);
}

static void print_skipped(const char *name, const char *peer, const char *why)
{
	printf("%-36s %12s  %-24s %s\n", name, "-", peer, why);
}

static const char not_installed[] = "not installed: ./configure --install-deps=bench";

/* Milliseconds of a worker and of its peer, which is to take `target` times as long or more. */
static void print_ms(const char *name, const char *peer_name, struct series *mine,
		     struct series *peer, double target)
{
	char figure[32], text[64], goal[16];
	double a = quantile(mine, 0.5), b = quantile(peer, 0.5);
	double min = quantile(peer, 0) / quantile(mine, 0);

	snprintf(figure, sizeof figure, "%.3g ms", a);
	snprintf(text, sizeof text, "%s %.3g ms", peer_name, b);
	snprintf(goal, sizeof goal, ">= %.2f", target);
	print_row(name, figure, text, b / a, min, goal, b / a >= target || min >= target);
}

/* ---- a pool ---------------------------------------------------------------------------------- */

static struct pool *open_pool(uint32_t n, bool thp, int cgroup)
{
	static const struct pool_commands commands = {.output_fd = -1};
	struct pool_worker *w = calloc(n, sizeof *w);
	struct pool *p;
	int err;

	for (uint32_t i = 0; w && i < n; i++)
		w[i] = (struct pool_worker){
		    .name = "bench", .cgroup_dirfd = cgroup, .own_parent_fd = -1, .thp = thp};
	err = pool_open(zygote, w, n, &commands, &p);
	free(w);
	if (err) {
		errno = -err;
		die("pool_open");
	}
	return p;
}

/* The next event; the worker must live on. */
static struct pool_event next(struct pool *p)
{
	struct pool_event e;
	int r;

	while (!(r = pool_next(p, &e))) {
		struct pollfd fd = {.fd = pool_fd(p), .events = POLLIN};

		poll(&fd, 1, -1);
	}
	if (r < 0 || e.kind == POOL_EXIT) {
		errno = ECHILD;
		die("worker");
	}
	return e;
}

static void begin(struct pool *p, const struct op *op, uint64_t due_ns)
{
	int err = pool_begin(p, 0, op, due_ns);

	errno = -err;
	if (err)
		die("pool_begin");
}

/* CPU time of the worker so far. */
static uint64_t worker_cpu_ns(struct pool *p)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(pool_pid(p, 0), &clock) || clock_gettime(clock, &t))
		die("the worker's clock");
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

/* What one op took of it, in ms. */
static double op_ms(struct pool *p, uint8_t kind, uint64_t bytes)
{
	struct op op = {.kind = kind, .bytes = bytes};
	uint64_t before = worker_cpu_ns(p);
	struct pool_event e;

	begin(p, &op, now_ns());
	do
		e = next(p);
	while (e.kind != POOL_DONE);
	return (double)(worker_cpu_ns(p) - before) / 1e6;
}

/* ---- memory, release ------------------------------------------------------------------------- */

enum raw {
	RAW_POPULATE,
	RAW_TOUCH,
	RAW_THP,
};

/* Make 500 MiB resident in a fresh mapping; *release_ms is what munmap takes. */
static double raw_ms(enum raw how, double *release_ms)
{
	uint64_t bytes = MEMORY_BYTES + HUGE_BYTES, t0, t1, t2, t3;
	char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *p = map + (HUGE_BYTES - (uintptr_t)map % HUGE_BYTES) % HUGE_BYTES;

	if (map == MAP_FAILED)
		die("mmap");
	madvise(p, MEMORY_BYTES, how == RAW_THP ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	t0 = cpu_ns();
	if (how == RAW_TOUCH) {
		for (uint64_t i = 0; i < MEMORY_BYTES; i += PAGE_BYTES)
			*(volatile char *)(p + i) = 1;
	} else if (madvise(p, MEMORY_BYTES, MADV_POPULATE_WRITE)) {
		die("MADV_POPULATE_WRITE");
	}
	t1 = cpu_ns();
	t2 = cpu_ns();
	munmap(p, MEMORY_BYTES);
	t3 = cpu_ns();
	munmap(map, bytes);
	*release_ms = (double)(t3 - t2) / 1e6;
	return (double)(t1 - t0) / 1e6;
}

/* User and system time of a program, or -1 where it is not installed. */
static double program_ms(const char *const *argv)
{
	posix_spawn_file_actions_t fa;
	struct rusage ru;
	int status, err;
	pid_t pid;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 2, "/dev/null", O_WRONLY, 0);
	err = posix_spawnp(&pid, argv[0], &fa, NULL, (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	if (err)
		return -1;
	if (wait4(pid, &status, 0, &ru) < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
		return -1;
	return (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1e3 +
	       (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e3;
}

static void bench_memory(void)
{
	static const char *const stress[] = {"stress-ng",  "--quiet", "--vm",	     "1",
					     "--vm-bytes", "500M",    "--vm-method", "zero-one",
					     "--vm-ops",   "1",	      NULL};
	static struct series worker, thp, release, raw[3], unmap, peer;
	struct pool *small = open_pool(2, false, -1);
	double ms, none;

	for (int i = 0; i < 17; i++) {
		bool counts = i > 0; /* once to warm up */
		double w, f, p, t;

		/* Pages come back in the order in which they were freed: neither is always first.
		 */
		if (i % 2)
			p = raw_ms(RAW_POPULATE, &ms);
		w = op_ms(small, OP_ALLOC, MEMORY_BYTES);
		f = op_ms(small, OP_FREE, NO_LIMIT);
		if (!(i % 2))
			p = raw_ms(RAW_POPULATE, &ms);
		t = raw_ms(RAW_TOUCH, &none);
		if (counts) {
			add(&worker, w);
			add(&release, f);
			add(&raw[RAW_POPULATE], p);
			add(&raw[RAW_TOUCH], t);
			add(&unmap, ms);
		}
		if (i < 6 && (ms = program_ms(stress)) >= 0 && counts)
			add(&peer, ms);
	}
	print_ms("worker, 500 MiB, 4K pages", "MADV_POPULATE_WRITE", &worker, &raw[RAW_POPULATE],
		 0.97);
	print_ms("", "mmap and touch", &worker, &raw[RAW_TOUCH], 1.25);
	if (peer.n)
		print_ms("", "stress-ng zero-one", &worker, &peer, 1.8);
	else
		print_skipped("", "stress-ng zero-one", not_installed);
	print_ms("release of 500 MiB", "munmap", &release, &unmap, 0.97);
	pool_set_thp(small, 0, true);
	for (int i = 0; i < 15; i++) {
		double w = op_ms(small, OP_ALLOC, MEMORY_BYTES), r;

		op_ms(small, OP_FREE, NO_LIMIT);
		r = raw_ms(RAW_THP, &none);
		if (i < 3)
			continue;
		add(&thp, w);
		add(&raw[RAW_THP], r);
	}
	print_ms("worker, 500 MiB, huge pages", "the same by hand", &thp, &raw[RAW_THP], 0.95);
	pool_close(small);
}

/* ---- replay ---------------------------------------------------------------------------------- */

#define SPEED 10

/* Resident memory, all or less files and shared pages, from a descriptor that is kept. */
static uint64_t resident(int fd, bool all)
{
	char text[128];
	unsigned long size, rss, shared;
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	if (n <= 0)
		die("statm");
	text[n] = '\0';
	if (sscanf(text, "%lu %lu %lu", &size, &rss, &shared) != 3)
		die("statm");
	return (all ? rss : rss - shared) * PAGE_BYTES;
}

static int open_statm(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(path);
	return fd;
}

static struct op_series *load_series(struct arena *a, const char **name)
{
	static char path[4096];
	const char *dir = getenv("AGENTCG_TRACES");
	struct op_series *s = arena_new(a, struct op_series);
	struct op_sample *v;
	struct diags d;
	struct trace *t;

	*name = dir ? "dask__dask-11628" : "dask-like";
	snprintf(path, sizeof path, "%s/%s", dir ? dir : "scenarios/traces", *name);
	diags_init(&d, NULL);
	if (trace_load(a, NULL, path, TRACE_DECIMAL, &d, (struct span){0, 0}, &t)) {
		errno = EINVAL;
		die(path);
	}
	v = arena_array(a, struct op_sample, t->nsamples);
	for (uint32_t i = 0; i < t->nsamples; i++)
		v[i] = (struct op_sample){t->samples[i].at_ns / SPEED, t->samples[i].bytes};
	*s = (struct op_series){v, t->nsamples};
	return s;
}

/*
 * Seen from outside: what is resident shortly before each sample's time is over, less the worker's
 * own, against what the sample asks for.  Missed: by more than a tenth of the step to it, of steps
 * over 5 MB that half of their time was enough for at this machine's present speed.
 */
static void bench_replay(void)
{
	static struct series error;
	struct arena a = {0};
	const char *name;
	const struct op_series *s = load_series(&a, &name);
	struct pool *p = open_pool(1, false, -1);
	struct op op = {.kind = OP_REPLAY, .series = s};
	int statm = open_statm(pool_pid(p, 0)), steps = 0, lost = 0, infeasible = 0;
	char title[64], figure[32], peer[64];
	struct pool_event e;
	uint64_t own, all, due, t0 = now_ns();
	double bytes_per_ns, none, rest_ns = 0;

	raw_ms(RAW_POPULATE, &none);
	bytes_per_ns = (double)MEMORY_BYTES / (double)(now_ns() - t0);
	all = resident(statm, true);
	op_ms(p, OP_ALLOC, MIB);
	op_ms(p, OP_FREE, NO_LIMIT);
	own = resident(statm, false);
	due = now_ns() + 10 * NS_PER_MS;
	begin(p, &op, due);
	for (uint32_t i = 0; i + 1 < s->n; i++) {
		uint64_t gap = s->v[i + 1].at_ns - s->v[i].at_ns;
		double off, step;

		until(due + s->v[i].at_ns + gap - gap / 10);
		off = ((double)resident(statm, false) - (double)own - (double)s->v[i].bytes) / 1e6;
		off = off < 0 ? -off : off;
		step = i ? ((double)s->v[i].bytes - (double)s->v[i - 1].bytes) / 1e6 : 0;
		/* What is behind already has to be caught up with as well. */
		rest_ns += (step > 0 ? step * 1e6 : 0) / bytes_per_ns;
		if (rest_ns > (double)gap / 2) {
			infeasible++;
		} else {
			step = step < 0 ? -step : step;
			add(&error, off);
			steps += step > 5;
			lost += step > 5 && off > step / 10;
		}
		rest_ns = rest_ns > (double)gap ? rest_ns - (double)gap : 0;
	}
	do
		e = next(p);
	while (e.kind != POOL_DONE);
	close(statm);
	pool_close(p);
	arena_free(&a);
	snprintf(title, sizeof title, "replay of %.13s x%d, settled", name, SPEED);
	snprintf(figure, sizeof figure, "%.3f MB", quantile(&error, 0.5));
	snprintf(peer, sizeof peer, "p99 %.2f, max %.1f MB", quantile(&error, 0.99),
		 quantile(&error, 1));
	print_row(title, figure, peer, quantile(&error, 0.5) / 0.5, 0, "<= 0.5 MB",
		  quantile(&error, 0.5) <= 0.5);
	snprintf(figure, sizeof figure, "%d", lost);
	snprintf(peer, sizeof peer, "of %d steps > 5 MB", steps);
	print_row("  missed steps", figure, peer, lost, 0, "0", !lost);
	snprintf(figure, sizeof figure, "%.1f MB", (double)e.done.short_bytes / 1e6);
	snprintf(peer, sizeof peer, "%d steps infeasible", infeasible);
	print_note("  largest shortfall it reports", figure, peer);
	snprintf(figure, sizeof figure, "%.2f MB", (double)all / 1e6);
	print_row("  a worker's own memory", figure, "resident, all kinds", (double)all / 1.5e6, 0,
		  "<= 1.5 MB", all <= 1500000);
}

/* ---- lateness -------------------------------------------------------------------------------- */

#define PERIOD_NS (10 * NS_PER_MS)
#define BLOCK	  25
#define BLOCKS	  12

static void raw_late(struct series *s)
{
	uint64_t due = now_ns();

	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	for (int i = 0; i < BLOCK; i++) {
		due += PERIOD_NS;
		until(due);
		add(s, (double)(now_ns() - due) / 1e3);
	}
}

/* Grows by a page each period: the step's lateness is the event's. */
static void worker_late(struct pool *p, struct series *s)
{
	static struct op_sample v[BLOCK];
	static const struct op_series series = {v, BLOCK};
	struct op op = {.kind = OP_REPLAY, .series = &series};
	struct pool_event e;

	for (uint32_t i = 0; i < BLOCK; i++)
		v[i] = (struct op_sample){(i + 1) * PERIOD_NS, (i + 1) * PAGE_BYTES};
	op_ms(p, OP_FREE, NO_LIMIT);
	begin(p, &op, now_ns());
	until(now_ns() + (BLOCK + 1) * PERIOD_NS); /* its ring holds them: it alone is awake */
	do {
		e = next(p);
		if (e.kind == POOL_STEP)
			add(s, (double)e.step.late_ns / 1e3);
	} while (e.kind != POOL_DONE);
}

static void bench_late(void)
{
	static struct series mine, raw;
	struct pool *p = open_pool(1, false, -1);
	char figure[32], peer[64];
	double a, b, min;

	for (int i = 0; i < BLOCKS; i++) {
		worker_late(p, &mine);
		raw_late(&raw);
	}
	pool_close(p);
	a = quantile(&mine, 0.5);
	b = quantile(&raw, 0.5);
	snprintf(figure, sizeof figure, "%.1f us", a);
	snprintf(peer, sizeof peer, "clock_nanosleep %.1f us", b);
	min = quantile(&mine, 0.05) / quantile(&raw, 0.05);
	print_row("lateness each 10 ms, p50", figure, peer, a / b, min, "<= 1.05",
		  a / b <= 1.05 || min <= 1.05);
	snprintf(figure, sizeof figure, "%.1f us", quantile(&mine, 0.99));
	snprintf(peer, sizeof peer, "clock_nanosleep %.1f us", quantile(&raw, 0.99));
	print_note("  p99", figure, peer);
}

/* ---- spawn ----------------------------------------------------------------------------------- */

#define SPAWNS 200

/* In a small process: one child that ends at once, in us.  cgroup -2: plain fork. */
static double spawn_us(int cgroup)
{
	uint64_t t0 = now_ns();
	int err = 0;
	pid_t pid = cgroup == -2 ? fork() : spawn_into(cgroup, &err);

	if (pid < 0)
		die("fork");
	if (!pid)
		_exit(err ? 1 : 0);
	if (waitpid(pid, &err, 0) != pid || err) {
		errno = ECHILD;
		die("spawn");
	}
	return (double)(now_ns() - t0) / 1e3;
}

/* A child that runs a program: what a tool that is not there from the start has to do. */
static double posix_spawn_us(void)
{
	char *argv[] = {(char[]){"true"}, NULL};
	uint64_t t0 = now_ns();
	pid_t pid;
	int status;

	errno = posix_spawnp(&pid, "true", NULL, NULL, argv, environ);
	if (errno)
		die("posix_spawn");
	if (waitpid(pid, &status, 0) != pid || status) {
		errno = ECHILD;
		die("posix_spawn");
	}
	return (double)(now_ns() - t0) / 1e3;
}

static int bench_cgroup(void)
{
	const char *top = getenv("AGENTCG_TEST_CGROUP");
	char path[4096];
	int fd;

	if (!top)
		return -1;
	snprintf(path, sizeof path, "%s/bench", top);
	mkdir(path, 0755);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		die(path);
	return fd;
}

static void bench_spawn(void)
{
	static struct series mine, plain, big, ready, spawned;
	int cgroup = bench_cgroup();
	char figure[32], peer[64];
	char *map;

	for (int i = 0; i < SPAWNS; i++) {
		add(&mine, spawn_us(cgroup));
		add(&plain, spawn_us(-2));
		add(&spawned, posix_spawn_us());
	}
	for (int i = 0; i < 7; i++) {
		uint64_t t0 = now_ns();
		struct pool *p = open_pool(100, false, cgroup);

		add(&ready, (double)(now_ns() - t0) / 1e3 / 100);
		pool_close(p);
	}
	map = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		die("mmap");
	madvise(map, MEMORY_BYTES, MADV_NOHUGEPAGE);
	if (madvise(map, MEMORY_BYTES, MADV_POPULATE_WRITE))
		die("MADV_POPULATE_WRITE");
	for (int i = 0; i < 9; i++)
		add(&big, spawn_us(-2));
	munmap(map, MEMORY_BYTES);

	double a = quantile(&mine, 0.5), b = quantile(&plain, 0.5), c = quantile(&big, 0.5);
	double min = quantile(&plain, 0) / quantile(&mine, 0), r = quantile(&ready, 0.5);

	snprintf(figure, sizeof figure, "%.0f us", a);
	snprintf(peer, sizeof peer, "plain fork %.0f us", b);
	print_row(cgroup >= 0 ? "spawn into a cgroup" : "spawn (no cgroup: see above)", figure,
		  peer, b / a, min, ">= 0.97", b / a >= 0.97 || min >= 0.97);
	snprintf(peer, sizeof peer, "posix_spawn %.0f us", quantile(&spawned, 0.5));
	print_row("  beside a program", figure, peer, quantile(&spawned, 0.5) / a,
		  quantile(&spawned, 0) / quantile(&mine, 0), ">= 1", quantile(&spawned, 0.5) >= a);
	snprintf(figure, sizeof figure, "%.0f us", r);
	snprintf(peer, sizeof peer, "fork of 500 MB %.0f us", c);
	print_row("a worker made and ready, of 100", figure, peer, c / r, 0, ">= 5", c / r >= 5);
	if (cgroup >= 0) {
		char path[4096];

		close(cgroup);
		snprintf(path, sizeof path, "%s/bench", getenv("AGENTCG_TEST_CGROUP"));
		rmdir(path);
	}
}

/* ---------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*run)(void);
} rows[] = {
    {"memory", bench_memory},
    {"replay", bench_replay},
    {"late", bench_late},
    {"spawn", bench_spawn},
};

static bool wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc < 2;
}

int main(int argc, char **argv)
{
	int err = zygote_start(&zygote);

	if (err) {
		errno = -err;
		die("zygote");
	}
	print_head();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (wanted(rows[i].name, argc, argv))
			rows[i].run();
	zygote_stop(zygote);
	return missed != 0;
}
