/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mechtest - do the mechanisms give the delays that they promise?  On a real kernel, as root, with
 * the memory controller enabled for children of the cgroup that is mounted at /sys/fs/cgroup.
 *
 *     mechtest MECHANISM [CASE...]
 *
 * Each case makes cgroups, a process that faults in a priority-high one, and processes that grow
 * beyond memory.high in others, drives the mechanism through mech.h and compares the time that the
 * latter lost, and what was counted, with the batches that they charged.  Prints TAP.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend/cgroup/mech.h"
#include "base/diag.h"

#define TOP	    "/sys/fs/cgroup/agentcg-mechtest"
#define BATCH_BYTES (64 * PAGE_BYTES)
#define MAX_CG	    8
#define TOLERANCE   0.10
#define TAIL_NS	    (150 * NS_PER_MS) /* less than any delay */

static const struct mechanism *m;
static void *run;

/* ---- cgroups --------------------------------------------------------------------------------- */

static struct cgroup {
	char path[128];
	struct cg_attrs attrs;
	uint64_t delays, delayed_ns; /* as the mechanism told */
	bool frozen;
	uint64_t frozen_since_ns, frozen_longest_ns;
	uint64_t low_written, low_restored;
} cg[MAX_CG];
static struct mech_cgroup mcg[MAX_CG];
static uint32_t ncg;

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

_Noreturn static void bail(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static void sleep_ns(uint64_t ns)
{
	struct timespec t = {(time_t)(ns / NS_PER_SEC), (long)(ns % NS_PER_SEC)};

	nanosleep(&t, NULL);
}

static int write_text(uint32_t i, const char *file, const char *text)
{
	int fd = openat(mcg[i].dirfd, file, O_WRONLY | O_CLOEXEC);
	int err = fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return err;
}

static int write_bytes(uint32_t i, const char *file, uint64_t bytes)
{
	char text[32];

	snprintf(text, sizeof text, bytes == NO_LIMIT ? "max" : "%" PRIu64, bytes);
	return write_text(i, file, text);
}

static uint64_t read_number(uint32_t i, const char *file)
{
	char text[64] = "";
	int fd = openat(mcg[i].dirfd, file, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof text - 1) < 0)
		bail(file);
	close(fd);
	return strncmp(text, "max", 3) ? strtoull(text, NULL, 10) : NO_LIMIT;
}

static uint32_t make_cgroup(const char *name, uint32_t parent)
{
	struct cgroup *c = &cg[ncg];
	struct stat st;

	memset(c, 0, sizeof *c);
	snprintf(c->path, sizeof c->path, "%s%s%s", ncg ? cg[parent].path : TOP, ncg ? "/" : "",
		 ncg ? name : "");
	if (mkdir(c->path, 0755))
		bail(c->path);
	c->attrs = cg_attrs_default;
	mcg[ncg] = (struct mech_cgroup){.name = name,
					.dirfd = open(c->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
					.parent = parent,
					.attrs = &c->attrs};
	if (mcg[ncg].dirfd < 0 || fstat(mcg[ncg].dirfd, &st))
		bail(c->path);
	mcg[ncg].id = st.st_ino;
	return ncg++;
}

static void remove_cgroups(void)
{
	while (ncg) {
		ncg--;
		close(mcg[ncg].dirfd);
		for (int i = 0; rmdir(cg[ncg].path) && i < 500; i++)
			sleep_ns(10 * NS_PER_MS);
	}
}

/* ---- host ------------------------------------------------------------------------------------ */

static int host_freeze(void *ctx, uint32_t i, bool on)
{
	uint64_t now_ns = clock_ns();

	(void)ctx;
	if (on)
		cg[i].frozen_since_ns = now_ns;
	else if (cg[i].frozen && now_ns - cg[i].frozen_since_ns > cg[i].frozen_longest_ns)
		cg[i].frozen_longest_ns = now_ns - cg[i].frozen_since_ns;
	cg[i].frozen = on;
	return write_text(i, "cgroup.freeze", on ? "1" : "0");
}

static const char *limit_file(enum cg_attr attr)
{
	return attr == CGA_HIGH ? "memory.high" : attr == CGA_LOW ? "memory.low" : "memory.min";
}

static int host_limit(void *ctx, uint32_t i, enum cg_attr attr, uint64_t bytes)
{
	(void)ctx;
	cg[i].low_written += attr == CGA_LOW;
	return write_bytes(i, limit_file(attr), bytes);
}

static int host_restore(void *ctx, uint32_t i, enum cg_attr attr)
{
	const struct cg_attrs *a = &cg[i].attrs;

	(void)ctx;
	cg[i].low_restored += attr == CGA_LOW;
	return write_bytes(i, limit_file(attr),
			   attr == CGA_HIGH  ? a->high_bytes
			   : attr == CGA_LOW ? a->low_bytes
					     : a->min_bytes);
}

/* From the charge, or what was seen of it, until the task could run no further. */
static double reactions_ms[4096];
static size_t nreactions;

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void host_delayed(void *ctx, uint32_t i, uint64_t t_ns, uint64_t ns)
{
	(void)ctx;
	/* Unless it is told of when it is over. */
	if (nreactions < sizeof reactions_ms / sizeof *reactions_ms && clock_ns() - t_ns < ns)
		reactions_ms[nreactions++] = (double)(clock_ns() - t_ns) / 1e6;
	cg[i].delays++;
	cg[i].delayed_ns += ns;
}

static unsigned int nlost;

static void host_lost(void *ctx, const char *why)
{
	(void)ctx;
	printf("# lost: %s\n", why);
	nlost++;
}

static struct mech_host host = {
    .cgroups = mcg,
    .freeze = host_freeze,
    .limit = host_limit,
    .restore = host_restore,
    .delayed = host_delayed,
    .lost = host_lost,
};

/* ---- processes ------------------------------------------------------------------------------- */

enum stage {
	STARTING,
	READY,
	GO,
	DONE
};

static struct shared {
	_Atomic int stage;
	uint64_t begin_ns, end_ns;
} * shared; /* [MAX_CG] */
static pid_t pids[MAX_CG * 2];
static uint32_t nchildren;

static char *map(uint64_t bytes)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(1);
	madvise(p, bytes, MADV_NOHUGEPAGE);
	return p;
}

/* Holds `first`, waits for GO, takes `more`; by touching page after page, or in big system calls.
 */
static void low_process(struct shared *s, uint64_t first, uint64_t more, uint64_t chunk)
{
	char *p = map(first + more);

	for (uint64_t at = 0; at < first; at += PAGE_BYTES)
		*(volatile char *)(p + at) = 1;
	s->stage = READY;
	while (s->stage != GO)
		sleep_ns(NS_PER_MS);
	s->begin_ns = clock_ns();
	for (uint64_t at = first; at < first + more; at += chunk ? chunk : PAGE_BYTES) {
		uint64_t n = first + more - at < chunk ? first + more - at : chunk;

		if (!chunk)
			*(volatile char *)(p + at) = 1;
		else if (madvise(p + at, n, 23 /* MADV_POPULATE_WRITE */))
			_exit(1);
	}
	/* The last batch is paid for when user space has heard of it; a sleep goes on meanwhile. */
	sleep_ns(TAIL_NS);
	s->end_ns = clock_ns();
	s->stage = DONE;
	for (;;)
		pause();
}

/* Faults while it is told to. */
static void high_process(struct shared *s)
{
	uint64_t bytes = 32 * PAGE_BYTES;
	char *p = map(bytes);

	s->stage = READY;
	for (;;) {
		sleep_ns(5 * NS_PER_MS);
		if (s->stage != GO)
			continue;
		for (uint64_t at = 0; at < bytes; at += PAGE_BYTES)
			*(volatile char *)(p + at) = 1;
		madvise(p, bytes, MADV_DONTNEED);
	}
}

/*
 * A CPU keeps what is left of a batch for one cgroup only (before Linux 6.16): the next cgroup that
 * charges there takes it back, and more batches are charged than pages would ask for.
 */
static void pin(size_t cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	(void)sched_setaffinity(0, sizeof set, &set);
}

static struct shared *start(uint32_t i, bool is_high, uint64_t first, uint64_t more, uint64_t chunk)
{
	struct shared *s = &shared[nchildren];
	char text[32];
	int fds[2];
	pid_t pid;

	memset(s, 0, sizeof *s);
	if (pipe(fds))
		bail("pipe");
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bail("fork");
	if (!pid) {
		char byte;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pin(is_high ? 0 : 1);
		if (read(fds[0], &byte, 1) != 1)
			_exit(1);
		if (is_high)
			high_process(s);
		low_process(s, first, more, chunk);
	}
	pids[nchildren++] = pid;
	snprintf(text, sizeof text, "%d", (int)pid);
	if (write_text(i, "cgroup.procs", text))
		bail("cgroup.procs");
	if (m->workers && m->workers(run))
		bail("workers");
	if (write(fds[1], "", 1) != 1)
		bail("go");
	close(fds[0]);
	close(fds[1]);
	while (s->stage == STARTING)
		sleep_ns(NS_PER_MS);
	return s;
}

static void end_children(void)
{
	for (uint32_t i = 0; i < nchildren; i++)
		kill(pids[i], SIGKILL);
	for (uint32_t i = 0; i < nchildren; i++)
		waitpid(pids[i], NULL, 0);
	nchildren = 0;
}

/* ---- cases ----------------------------------------------------------------------------------- */

struct testcase {
	const char *name;
	uint64_t delay_ms;
	uint32_t batches;	/* beyond memory.high, or of it all with `always` */
	uint32_t lows;		/* cgroups with a delay */
	uint32_t per_low;	/* processes in each */
	uint64_t chunk;		/* of one system call; 0: page by page */
	uint64_t then_delay_ms; /* after half of them, `set` to this */
	bool idle, always, nested_low, nested_high, detach, protect;
	const char *only_for; /* this mechanism */
};

static const struct testcase cases[] = {
    {.name = "2000ms", .delay_ms = 2000, .batches = 5, .lows = 1},
    {.name = "500ms", .delay_ms = 500, .batches = 10, .lows = 1},
    {.name = "200ms", .delay_ms = 200, .batches = 16, .lows = 1},
    {.name = "long", .delay_ms = 200, .batches = 40, .lows = 1, .only_for = "high"},
    {.name = "idle", .delay_ms = 2000, .batches = 5, .lows = 1, .idle = true},
    {.name = "always", .delay_ms = 500, .batches = 8, .lows = 1, .always = true},
    {.name = "two_lows", .delay_ms = 500, .batches = 6, .lows = 2},
    {.name = "two_tasks", .delay_ms = 500, .batches = 12, .lows = 1, .per_low = 2},
    {.name = "chunks", .delay_ms = 200, .batches = 16, .lows = 1, .chunk = 8 * BATCH_BYTES},
    {.name = "nested_low", .delay_ms = 500, .batches = 6, .lows = 1, .nested_low = true},
    {.name = "nested_high", .delay_ms = 500, .batches = 6, .lows = 1, .nested_high = true},
    {.name = "set", .delay_ms = 1000, .batches = 12, .lows = 1, .then_delay_ms = 200},
    {.name = "protect", .delay_ms = 200, .batches = 5, .lows = 1, .protect = true},
    {.name = "detach", .delay_ms = 2000, .batches = 5, .lows = 1, .detach = true},
};

#define HIGH_BYTES (100 * MIB)
/* Until the activity of starting up is over: the kernel may show it up to 2 s late. */
#define START_NS (3500 * NS_PER_MS)
#define ROOM_BYTES                                                                                 \
	(3 * MIB) /* below memory.high: the process itself, and what is taken unthrottled */

static unsigned int failures, count;

static bool holds_tasks(void)
{
	return !strcmp(m->name, "sched_ext");
}

static void check(const char *name, const char *what, bool holds, const char *figures)
{
	count++;
	failures += !holds;
	printf("%s %u - %s %s: %s: %s\n", holds ? "ok" : "not ok", count, m->name, name, what,
	       figures);
}

/*
 * Within 10%, or what emulation adds to each delay: a batch, its attempts to reclaim, and a wake-up
 * take up to 30 ms there, 50 where the host is busy; for `high`, which has the kernel try to
 * reclaim a sixth of the cgroup with each write, 150.
 */
static double added_s = 0.05;
/* How late delays ended as this process was woken late: its host was busy with other things. */
static double late_s;

static void close_to(const char *name, const char *what, double got, double want, uint64_t delays)
{
	char figures[96];

	snprintf(figures, sizeof figures, "%.3f, expected %.3f (%+.1f%%)", got, want,
		 (got / want - 1) * 100);
	check(name, what,
	      fabs(got - want) <= late_s + fmax(TOLERANCE * want, added_s * (double)delays),
	      figures);
}

/* Batches: the kernel's own pages are charged like others and may make one more or less. */
static void near(const char *name, const char *what, double got, double want)
{
	char figures[96];

	snprintf(figures, sizeof figures, "%.0f, expected %.0f", got, want);
	check(name, what, fabs(got - want) <= fmax(1, TOLERANCE * want), figures);
}

static void at_most(const char *name, const char *what, double got, double most)
{
	char figures[96];

	snprintf(figures, sizeof figures, "%.3f, at most %.3f", got, most);
	check(name, what, got <= most, figures);
}

/* The coordinator's loop, until all are done or the time is over. */
static void drive(struct shared *const *s, uint32_t n, uint64_t until_ns)
{
	for (;;) {
		uint64_t now_ns = clock_ns(), due_ns, mech_due_ns;
		struct timespec timeout;
		struct pollfd fd;
		uint32_t done = 0;
		int err;

		for (uint32_t i = 0; i < n; i++)
			done += s[i]->stage == DONE;
		if ((n && done == n) || now_ns >= until_ns)
			return;
		err = m->step(run, now_ns);
		if (err) {
			errno = -err;
			bail("step");
		}
		now_ns = clock_ns();
		mech_due_ns = due_ns = m->due(run);
		if (due_ns > now_ns + 5 * NS_PER_MS)
			due_ns = now_ns + 5 * NS_PER_MS; /* to look at `stage` */
		if (due_ns <= now_ns)
			continue;
		fd = (struct pollfd){.fd = m->fd(run), .events = POLLIN};
		timeout = (struct timespec){.tv_nsec = (long)(due_ns - now_ns)};
		(void)ppoll(&fd, 1, &timeout, NULL);
		now_ns = clock_ns();
		/* Up to 5 ms is in the margin. */
		if (due_ns == mech_due_ns && now_ns > due_ns + 5 * NS_PER_MS)
			late_s += (double)(now_ns - due_ns) / 1e9;
	}
}

/* Batches by which a cgroup is over its memory.high, or that it took since `before`. */
static double batches_over(uint32_t i, uint64_t base)
{
	uint64_t usage = read_number(i, "memory.current");

	return usage > base ? ceil((double)(usage - base) / (double)BATCH_BYTES) : 0;
}

static void open_mechanism(void)
{
	struct diags d;
	struct buf text = {0};

	diags_init(&d, NULL);
	host.n = ncg;
	if (m->open(&host, &d, &run)) {
		diags_print(&d, DIAG_TEXT, &text);
		printf("%s", buf_str(&text));
		bail("open");
	}
	diags_free(&d);
}

static void run_case(const struct testcase *t)
{
	uint32_t hi, low[2], low_proc[2], per = t->per_low ? t->per_low : 1;
	struct shared *high_s, *low_s[4];
	uint64_t base[2], most = 0, delay_ns = t->delay_ms * NS_PER_MS;
	double want_s = 0, longest_s = 0;
	struct cg_counters c;
	char what[64];

	make_cgroup("root", 0);
	write_text(0, "cgroup.subtree_control", "+memory");
	hi = make_cgroup("high", 0);
	cg[hi].attrs.priority = PRIORITY_HIGH;
	cg[hi].attrs.protect = t->protect ? PROTECT_LOW : PROTECT_OFF;
	cg[hi].attrs.set |= CGA_BIT(CGA_PRIORITY);
	for (uint32_t i = 0; i < t->lows; i++) {
		char *name = i ? "low1" : "low0";
		struct cg_attrs *a;

		low[i] = low_proc[i] = make_cgroup(name, 0);
		a = &cg[low[i]].attrs;
		a->set |= CGA_BIT(CGA_DELAY) | CGA_BIT(CGA_HIGH);
		a->delay_ns = delay_ns;
		a->delay_always = t->always;
		a->high_bytes = HIGH_BYTES;
		write_bytes(low[i], "memory.high", HIGH_BYTES);
		write_text(low[i], "memory.swap.max", "0");
		if (t->nested_low) {
			write_text(low[i], "cgroup.subtree_control", "+memory");
			low_proc[i] = make_cgroup("kid", low[i]);
		}
	}
	if (t->nested_high) {
		write_text(hi, "cgroup.subtree_control", "+memory");
		hi = make_cgroup("kid", hi);
	}
	open_mechanism();

	high_s = start(hi, true, 0, 0, 0);
	drive(NULL, 0, clock_ns() + START_NS);
	for (uint32_t i = 0; i < t->lows; i++) {
		uint64_t first = t->always ? 30 * MIB : HIGH_BYTES - ROOM_BYTES;
		uint64_t more = t->batches * BATCH_BYTES + (t->always ? 0 : ROOM_BYTES - MIB / 4);

		for (uint32_t k = 0; k < per; k++)
			low_s[i * per + k] =
			    start(low_proc[i], false, first / per, more / per, t->chunk);
		base[i] = t->always ? read_number(low[i], "memory.current") : HIGH_BYTES;
	}
	for (uint32_t i = 0; i < ncg; i++)
		cg[i].delays = cg[i].delayed_ns = 0;

	if (!t->idle) {
		high_s->stage = GO;
		drive(NULL, 0, clock_ns() + 200 * NS_PER_MS);
	}
	late_s = 0;
	for (uint32_t i = 0; i < t->lows * per; i++)
		low_s[i]->stage = GO;
	if (t->detach) {
		uint64_t from_ns;

		drive(low_s, t->lows, clock_ns() + 3000 * NS_PER_MS);
		snprintf(what, sizeof what, "%" PRIu64, cg[low[0]].delays);
		check(t->name, "it was delayed before", cg[low[0]].delays > 0, what);
		from_ns = clock_ns();
		m->close(run);
		run = NULL;
		while (low_s[0]->stage != DONE && clock_ns() - from_ns < 20 * NS_PER_SEC)
			sleep_ns(NS_PER_MS);
		at_most(t->name, "seconds until it ended, after",
			(double)(clock_ns() - from_ns) / 1e9, strcmp(m->name, "high") ? 1.0 : 3.0);
		check(t->name, "thawed", !read_number(low[0], "cgroup.freeze"), "");
		check(t->name, "memory.high given back",
		      read_number(low[0], "memory.high") == HIGH_BYTES, "");
		goto out;
	}
	if (t->then_delay_ms) {
		drive(low_s, 1, clock_ns() + 4500 * NS_PER_MS); /* in the midst of a delay */
		cg[low[0]].attrs.delay_ns = t->then_delay_ms * NS_PER_MS;
		if (m->set(run, low[0], CGA_BIT(CGA_DELAY)))
			bail("set");
	}
	if (t->protect) {
		check(t->name, "memory.low is max while active",
		      read_number(hi, "memory.low") == NO_LIMIT, "");
	}
	drive(low_s, t->lows * per, clock_ns() + 60 * NS_PER_SEC);

	for (uint32_t i = 0; i < t->lows; i++) {
		/* Within a system call the kernel handles its limit every other batch. */
		double over = batches_over(low[i], base[i]) /
			      (t->chunk && (!strcmp(m->name, "freeze") || holds_tasks()) ? 2 : 1);
		double taken_s = 0;

		for (uint32_t k = 0; k < per; k++) {
			const struct shared *s = low_s[i * per + k];

			if (s->stage != DONE)
				check(t->name, "it ended", false, "no");
			else if ((double)(s->end_ns - s->begin_ns) / 1e9 > taken_s)
				taken_s = (double)(s->end_ns - s->begin_ns) / 1e9;
		}
		longest_s = taken_s > longest_s ? taken_s : longest_s;
		memset(&c, 0, sizeof c);
		m->count(run, low[i], clock_ns(), &c);
		most = c.delays > most ? c.delays : most;
		printf("# %s: woken late by %.3f s; %.0f batches, %.3f s; counted %" PRIu64
		       " delays, %.3f s, native %.3f s; "
		       "frozen at most %.3f s\n",
		       t->name, late_s, over, taken_s, c.delays, (double)c.delayed_ns / 1e9,
		       (double)c.throttled_ns / 1e9,
		       (double)cg[low_proc[i]].frozen_longest_ns / 1e9);
		if (t->idle) {
			at_most(t->name, "delays", (double)c.delays, 0);
			at_most(t->name, "seconds", taken_s, 1);
			continue;
		}
		/* Two lows share a CPU, see pin(); two tasks overlap. */
		if (strcmp(m->name, "high") && t->lows == 1 && per == 1)
			near(t->name, "delays counted", (double)c.delays, over);
		/*
		 * Each write of memory.high makes tasks charge again: `high` gives what the growth
		 * asks for, however many charges that took, but for what was charged before the
		 * first write.
		 */
		want_s = (double)c.delays * (double)t->delay_ms / 1e3;
		if (!strcmp(m->name, "high") && !t->then_delay_ms && per == 1 && t->lows == 1) {
			want_s = over * (double)t->delay_ms / 1e3;
			snprintf(what, sizeof what, "%.3f, expected %.3f",
				 (double)c.delayed_ns / 1e9, want_s);
			check(t->name, "seconds owed, within 10% and two delays",
			      fabs((double)c.delayed_ns / 1e9 - want_s) <=
				  TOLERANCE * want_s + 2 * (double)t->delay_ms / 1e3,
			      what);
			want_s = (double)c.delayed_ns / 1e9;
		}
		if (per > 1) { /* they wait at the same time, more or less */
			at_most(t->name, "seconds, as tasks overlap", taken_s,
				1.1 * want_s + late_s + added_s * (double)c.delays);
			if (strcmp(m->name, "high") && !holds_tasks())
				close_to(t->name, "seconds counted, of the time",
					 (double)c.delayed_ns / 1e9, taken_s, c.delays);
			else /* each on its own, and all are counted */
				at_most(t->name, "seconds counted", (double)c.delayed_ns / 1e9,
					2.1 * taken_s);
			continue;
		}
		if (t->then_delay_ms) {
			want_s = (double)c.delayed_ns / 1e9;
			/* Five of the first kind, or what was charged together with the fifth. */
			check(t->name, "some delays were of the second kind",
			      want_s < 0.85 * (double)(c.delays * t->delay_ms) / 1e3, "");
		}
		close_to(t->name, "seconds", taken_s, want_s, c.delays);
		close_to(t->name, "seconds counted", (double)c.delayed_ns / 1e9, want_s, c.delays);
	}
	if (t->lows > 1)
		at_most(t->name, "seconds of the slower one", longest_s,
			(1.1 * (double)t->delay_ms / 1e3 + added_s) * (double)most);
	if (t->protect) {
		high_s->stage = READY;
		drive(NULL, 0, clock_ns() + 1300 * NS_PER_MS);
		check(t->name, "memory.low is given back", read_number(hi, "memory.low") == 0, "");
		memset(&c, 0, sizeof c);
		m->count(run, hi, clock_ns(), &c);
		snprintf(what, sizeof what, "%" PRIu64, c.protections);
		check(t->name, "protections counted", c.protections > 0, what);
	}
out:
	m->close(run);
	run = NULL;
	for (uint32_t i = 0; i < ncg; i++)
		if (cg[i].frozen)
			check(t->name, "thawed in the end", false, cg[i].path);
	if (nlost)
		check(t->name, "the kernel bears with it", false, "it does not");
	nlost = 0;
	end_children();
	remove_cgroups();
}

int main(int argc, char **argv)
{
	char why[256];
	int top;

	setvbuf(stdout, NULL, _IOLBF, 0);
	m = argc > 1 ? mech_find(argv[1]) : NULL;
	if (!m) {
		fprintf(stderr, "usage: mechtest MECHANISM [CASE...]\n");
		return 2;
	}
	if (!strcmp(m->name, "high"))
		added_s = 0.15;
	mech_verbose = stdout;
	shared = mmap(NULL, sizeof *shared * MAX_CG, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	top = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (shared == MAP_FAILED || top < 0)
		bail("/sys/fs/cgroup");
	if (!m->probe(top, why, sizeof why)) {
		printf("1..0 # skip %s: %s\n", m->name, why);
		return 77;
	}
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool wanted = argc == 2;

		for (int k = 2; k < argc; k++)
			wanted |= !strcmp(argv[k], cases[i].name);
		if (!wanted || (cases[i].only_for && strcmp(cases[i].only_for, m->name)))
			continue;
		run_case(&cases[i]);
	}
	if (nreactions) {
		qsort(reactions_ms, nreactions, sizeof *reactions_ms, by_size);
		printf("# %s: reaction: median %.1f ms, p90 %.1f, max %.1f, of %zu\n", m->name,
		       reactions_ms[nreactions / 2], reactions_ms[nreactions * 9 / 10],
		       reactions_ms[nreactions - 1], nreactions);
	}
	printf("1..%u\n", count);
	return failures != 0;
}
