/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hook.c - the mechanism memcg_bpf on a kernel that has the hook: what it delays, for how long,
 * what it protects, and how it ends.
 *
 * Runs as root where cgroup2 is used for nothing else: as the init of a virtual machine
 * (tests/memcg_bpf/run), which it sets up and switches off.  Real processes charge real memory;
 * times are those of the kernel.  TAP on the second serial port, outside of a machine on standard
 * output; with --no-hook it is to find out that the kernel has none.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "backend/cgroup/mechanisms.h"
#include "base/diag.h"

#define CGROUPS	    "/sys/fs/cgroup"
#define BATCH	    64 /* pages that one charge takes */
#define MAX_CGROUPS 8
#define MAX_DELAYS  256
#define ATTEMPTS    4
#define CHURNS	    5
#define MS	    NS_PER_MS

/* ---- TAP ------------------------------------------------------------------------------------- */

static unsigned int tests, failures;

static bool __attribute__((format(printf, 2, 3))) ok(bool good, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %u - ", good ? "" : "not ", ++tests);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	failures += !good;
	return good;
}

_Noreturn static void __attribute__((format(printf, 1, 2))) bail(const char *fmt, ...)
{
	va_list ap;
	int err = errno;

	printf("Bail out! ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf(" (%s)\n", strerror(err));
	failures++;
	printf("not ok %u - the tests go on to the end\n1..%u\n", tests + 1, tests + 1);
	fflush(stdout);
	if (getpid() == 1) {
		tcdrain(STDOUT_FILENO);
		reboot(RB_POWER_OFF);
	}
	exit(1);
}

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

static void sleep_ms(unsigned int ms)
{
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000 * MS)};

	nanosleep(&t, NULL);
}

/* ---- cgroups --------------------------------------------------------------------------------- */

/* A small world: the scenario's root and what is below it. */
struct scene {
	struct mech_host host;
	struct mech_cgroup cgroups[MAX_CGROUPS];
	struct cg_attrs attrs[MAX_CGROUPS];
	char names[MAX_CGROUPS][64];
	const struct mechanism *m;
	void *run;
	struct diags d;
	struct {
		uint32_t cgroup;
		uint64_t ns;
	} delays[MAX_DELAYS];
	unsigned int ndelays;
};

static int put_file(int dirfd, const char *name, const char *text)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static void put_number(int dirfd, const char *name, uint64_t n)
{
	char text[32];

	snprintf(text, sizeof text, "%" PRIu64, n);
	if (put_file(dirfd, name, n == NO_LIMIT ? "max" : text))
		bail("%s cannot be set to %s", name, text);
}

static uint64_t get_number(int dirfd, const char *name)
{
	char text[32] = "";
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof text - 1) <= 0)
		bail("%s cannot be read", name);
	close(fd);
	return strtoull(text, NULL, 10);
}

static int no_freeze(void *ctx, uint32_t cgroup, bool on)
{
	(void)ctx;
	(void)cgroup;
	(void)on;
	return -ENOSYS;
}

static int no_limit(void *ctx, uint32_t cgroup, enum cg_attr attr, uint64_t bytes)
{
	(void)bytes;
	(void)attr;
	return no_freeze(ctx, cgroup, false);
}

static int no_restore(void *ctx, uint32_t cgroup, enum cg_attr attr)
{
	return no_limit(ctx, cgroup, attr, 0);
}

static void note_delay(void *ctx, uint32_t cgroup, uint64_t t_ns, uint64_t ns)
{
	struct scene *s = ctx;

	(void)t_ns;
	if (s->ndelays < MAX_DELAYS) {
		s->delays[s->ndelays].cgroup = cgroup;
		s->delays[s->ndelays].ns = ns;
		s->ndelays++;
	}
}

/* Add a cgroup, with the attributes of a; its index. */
static uint32_t add(struct scene *s, uint32_t parent, const char *name, struct cg_attrs a)
{
	uint32_t i = s->host.n++;
	struct mech_cgroup *g = &s->cgroups[i];
	int at = i ? s->cgroups[parent].dirfd : AT_FDCWD;
	struct stat st;

	if (i)
		(void)put_file(at, "cgroup.subtree_control", "+memory");
	snprintf(s->names[i], sizeof s->names[i], "%s", name);
	if (mkdirat(at, name, 0755) && errno != EEXIST)
		bail("%s cannot be made", name);
	g->dirfd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (g->dirfd < 0 || fstat(g->dirfd, &st))
		bail("%s cannot be opened", name);
	s->attrs[i] = a;
	g->attrs = &s->attrs[i];
	g->name = s->names[i];
	g->parent = parent;
	g->id = st.st_ino;
	put_number(g->dirfd, "memory.high", a.high_bytes);
	put_number(g->dirfd, "memory.max", a.max_bytes);
	return i;
}

static struct scene *scene_new(const char *name)
{
	struct scene *s = calloc(1, sizeof *s);
	char path[80];

	s->m = &mech_memcg_bpf;
	s->host = (struct mech_host){
	    .ctx = s,
	    .cgroups = s->cgroups,
	    .freeze = no_freeze,
	    .limit = no_limit,
	    .restore = no_restore,
	    .delayed = note_delay,
	};
	diags_init(&s->d, NULL);
	snprintf(path, sizeof path, CGROUPS "/%s", name);
	add(s, 0, path, cg_attrs_default);
	return s;
}

static int scene_open(struct scene *s)
{
	int err = s->m->open(&s->host, &s->d, &s->run);

	if (err)
		printf("# open: %s\n", s->d.list.n ? s->d.list.v[0].text : strerror(-err));
	return err;
}

static void pump(struct scene *s)
{
	if (s->m->step(s->run, clock_ns()))
		bail("step failed");
}

static struct cg_counters count(struct scene *s, uint32_t cgroup)
{
	struct cg_counters c = {0};

	pump(s);
	s->m->count(s->run, cgroup, clock_ns(), &c);
	return c;
}

static void scene_close(struct scene *s)
{
	s->m->close(s->run);
	s->run = NULL;
}

static void scene_free(struct scene *s)
{
	scene_close(s);
	for (uint32_t i = s->host.n; i-- > 0;) {
		close(s->cgroups[i].dirfd);
		if (!unlinkat(i ? s->cgroups[s->cgroups[i].parent].dirfd : AT_FDCWD, s->names[i],
			      AT_REMOVEDIR) ||
		    errno == ENOENT)
			continue;
		printf("# %s is left: %s\n", s->names[i], strerror(errno));
	}
	diags_free(&s->d);
	free(s);
}

static struct cg_attrs low_attrs(uint64_t high_bytes, uint64_t delay_ns)
{
	struct cg_attrs a = cg_attrs_default;

	a.set = CGA_BIT(CGA_HIGH) | CGA_BIT(CGA_DELAY);
	a.high_bytes = high_bytes;
	a.delay_ns = delay_ns;
	a.priority = PRIORITY_LOW;
	return a;
}

static struct cg_attrs high_attrs(void)
{
	struct cg_attrs a = cg_attrs_default;

	a.priority = PRIORITY_HIGH;
	a.set = CGA_BIT(CGA_PRIORITY);
	return a;
}

/* ---- processes ------------------------------------------------------------------------------- */

struct worker {
	pid_t pid;
	int to, from;
};

/* Touch pages when told how many; 0: fault now and then until told otherwise. */
_Noreturn static void worker_run(int in, int out)
{
	const size_t bytes = 256 * MIB;
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t at = 0;
	uint64_t pages, took;

	if (p == MAP_FAILED)
		_exit(1);
	madvise(p, bytes, MADV_NOHUGEPAGE);
	while (read(in, &pages, sizeof pages) == (ssize_t)sizeof pages) {
		uint64_t start = clock_ns();

		for (uint64_t i = 0; i < pages; i++, at += PAGE_BYTES)
			*(volatile char *)(p + at) = 1;
		if (!pages) {
			struct pollfd fd = {.fd = in, .events = POLLIN};
			char *page = p + bytes - PAGE_BYTES;

			while (!poll(&fd, 1, 2)) {
				*(volatile char *)page = 1;
				madvise(page, PAGE_BYTES, MADV_DONTNEED);
			}
			continue;
		}
		took = clock_ns() - start;
		if (write(out, &took, sizeof took) != (ssize_t)sizeof took)
			break;
	}
	_exit(0);
}

static struct worker worker_start(int cgroup_dirfd)
{
	struct worker w;
	int in[2], out[2];
	char pid[16];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		bail("no pipe");
	w.pid = fork();
	if (w.pid == 0) {
		close(in[1]);
		close(out[0]);
		worker_run(in[0], out[1]);
	}
	close(in[0]);
	close(out[1]);
	w.to = in[1];
	w.from = out[0];
	snprintf(pid, sizeof pid, "%d", (int)w.pid);
	if (w.pid < 0 || put_file(cgroup_dirfd, "cgroup.procs", pid))
		bail("no process");
	return w;
}

static void worker_tell(const struct worker *w, uint64_t pages)
{
	if (write(w->to, &pages, sizeof pages) != (ssize_t)sizeof pages)
		bail("a worker has died");
}

static uint64_t worker_hear(const struct worker *w)
{
	uint64_t took;

	if (read(w->from, &took, sizeof took) != (ssize_t)sizeof took)
		bail("a worker has died");
	return took;
}

static uint64_t worker_touch(const struct worker *w, uint64_t pages)
{
	worker_tell(w, pages);
	return worker_hear(w);
}

static void worker_end(struct worker *w)
{
	kill(w->pid, SIGKILL);
	waitpid(w->pid, NULL, 0);
	close(w->to);
	close(w->from);
	sleep_ms(20); /* its cgroup is busy for a moment */
}

/* Take it to just below its memory.high, by the counter. */
static void fill_to_high(const struct worker *w, int dirfd, uint64_t high_bytes)
{
	uint64_t usage = get_number(dirfd, "memory.current");

	worker_touch(w, (high_bytes - usage) / PAGE_BYTES - 2 * BATCH);
	for (;;) {
		usage = get_number(dirfd, "memory.current");
		if (usage + BATCH * PAGE_BYTES > high_bytes)
			return;
		worker_touch(w, BATCH);
	}
}

/* ---- the cases ------------------------------------------------------------------------------- */

/* One high, one low with 40M before it waits. */
struct pair {
	struct scene *s;
	uint32_t high, low;
	struct worker of_high, of_low;
};
#define HIGH_BYTES (40 * MIB)

static struct pair pair_new(const char *name, uint64_t delay_ns, bool always)
{
	struct pair p = {.s = scene_new(name)};
	struct cg_attrs low = low_attrs(HIGH_BYTES, delay_ns);

	low.delay_always = always;
	p.high = add(p.s, 0, "high", high_attrs());
	p.low = add(p.s, 0, "low", low);
	if (scene_open(p.s))
		bail("the mechanism does not open");
	p.of_high = worker_start(p.s->cgroups[p.high].dirfd);
	p.of_low = worker_start(p.s->cgroups[p.low].dirfd);
	return p;
}

static void pair_free(struct pair *p)
{
	worker_end(&p->of_high);
	worker_end(&p->of_low);
	scene_free(p->s);
}

/* Have a process of a priority-high cgroup fault, and wait until that is seen. */
static bool make_faults(struct scene *s, uint32_t high, const struct worker *w)
{
	worker_tell(w, 0);
	for (int i = 0; i < 100 && count(s, high).faults < 10; i++)
		sleep_ms(50);
	return count(s, high).faults >= 10;
}

static void make_active(const struct pair *p)
{
	if (!make_faults(p->s, p->high, &p->of_high))
		bail("faults of high are not seen");
}

static void test_conditions(void)
{
	struct pair p = pair_new("conditions", 2000 * MS, false);
	int dirfd = p.s->cgroups[p.low].dirfd;
	struct cg_counters c;
	uint64_t took;

	/* Two batches over high are 1.25% over: the native penalty is left out. */
	fill_to_high(&p.of_low, dirfd, HIGH_BYTES);
	took = worker_touch(&p.of_low, 2 * BATCH);
	c = count(p.s, p.low);
	ok(get_number(dirfd, "memory.current") > HIGH_BYTES && !c.delays && took < 500 * MS,
	   "over memory.high, high idle: no delay (%" PRIu64 " ms, %" PRIu64 " delays)", took / MS,
	   c.delays);
	pair_free(&p);

	p = pair_new("conditions", 2000 * MS, false);
	dirfd = p.s->cgroups[p.low].dirfd;
	make_active(&p);
	took = worker_touch(&p.of_low, 20 * BATCH);
	c = count(p.s, p.low);
	ok(get_number(dirfd, "memory.current") < HIGH_BYTES && !c.delays && took < 1000 * MS,
	   "high active, below memory.high: no delay (%" PRIu64 " ms, %" PRIu64 " delays)",
	   took / MS, c.delays);
	pair_free(&p);
}

/*
 * n batches over memory.high while high is active: their mean, as a fraction of what was asked. The
 * kernel counts in jiffies, and its timer wheel rounds up by at most an eighth; a host that is busy
 * with other things makes both late and, when jiffies lag behind, early: so there are some
 * attempts.
 */
static void test_delay(unsigned int asked_ms, unsigned int ms, unsigned int n, double least,
		       double most)
{
	struct cg_counters c = {0};
	double mean = 0;
	bool good = false;

	for (int attempt = 0; !good && attempt < ATTEMPTS; attempt++) {
		struct pair p = pair_new("delay", asked_ms * MS, false);
		uint64_t longest = 0, shortest = NEVER, sum = 0;
		bool all_of_low = true;

		fill_to_high(&p.of_low, p.s->cgroups[p.low].dirfd, HIGH_BYTES);
		make_active(&p);
		worker_touch(&p.of_low, (uint64_t)n * BATCH);
		c = count(p.s, p.low);
		for (unsigned int i = 0; i < p.s->ndelays; i++) {
			uint64_t ns = p.s->delays[i].ns;

			longest = ns > longest ? ns : longest;
			shortest = ns < shortest ? ns : shortest;
			sum += ns;
			all_of_low &= p.s->delays[i].cgroup == p.low;
		}
		mean = c.delays ? (double)c.delayed_ns / (double)c.delays / (ms * 1e6) : 0;
		good = all_of_low && p.s->d.warnings == (asked_ms != ms) &&
		       c.delays == p.s->ndelays && sum == c.delayed_ns && c.delays + 1 >= n &&
		       c.delays <= n + 1 && mean >= least && mean <= most;
		printf("# %u ms: %" PRIu64 " delays, each %.1f to %.1f ms\n", ms, c.delays,
		       (double)shortest / 1e6, (double)longest / 1e6);
		pair_free(&p);
	}
	ok(good, "%u ms%s: %" PRIu64 " delays for %u batches, %.1f ms in the mean (%+.2f%%)",
	   asked_ms, asked_ms == ms ? "" : ", with a warning", c.delays, n, mean * ms,
	   (mean - 1) * 100);
}

static void test_short(void)
{
	struct pair p = pair_new("short", 5 * MS, false);
	struct cg_counters c;
	uint64_t took;

	fill_to_high(&p.of_low, p.s->cgroups[p.low].dirfd, HIGH_BYTES);
	make_active(&p);
	took = worker_touch(&p.of_low, 2 * BATCH);
	c = count(p.s, p.low);
	ok(!c.delays && took < 500 * MS, "5 ms: the kernel leaves it out (%" PRIu64 " delays)",
	   c.delays);
	ok(p.s->d.warnings == 1, "5 ms: there is a warning");
	pair_free(&p);
}

/* Far over memory.high the native penalty is the longer one, and counts as what it is. */
static void test_hidden(void)
{
	struct pair p = pair_new("hidden", 50 * MS, false);
	struct cg_counters before, c;

	fill_to_high(&p.of_low, p.s->cgroups[p.low].dirfd, HIGH_BYTES);
	worker_touch(&p.of_low, 16 * BATCH);
	make_active(&p);
	before = count(p.s, p.low);
	worker_touch(&p.of_low, 2 * BATCH);
	c = count(p.s, p.low);
	ok(c.delays == before.delays && c.throttled_ns - before.throttled_ns > 500 * MS,
	   "50 ms at 11%% over: hidden by the native throttle (%.2f s, %" PRIu64 " delays)",
	   (double)(c.throttled_ns - before.throttled_ns) / 1e9, c.delays - before.delays);
	pair_free(&p);
}

static void test_always(void)
{
	struct pair p = pair_new("always", 200 * MS, true);
	struct cg_counters c;
	uint64_t took;

	worker_touch(&p.of_low, 4 * BATCH);
	ok(!count(p.s, p.low).delays, "always, high idle: no delay");
	make_active(&p);
	took = worker_touch(&p.of_low, 8 * BATCH);
	c = count(p.s, p.low);
	ok(c.delays >= 7 && c.delays <= 10 && took >= 7 * 200 * MS &&
	       get_number(p.s->cgroups[p.low].dirfd, "memory.current") < HIGH_BYTES,
	   "always: %" PRIu64 " delays below memory.high for 8 batches (%.2f s)", c.delays,
	   (double)took / 1e9);
	pair_free(&p);
}

/* Two that wait, one with a delay of its own; a child of the third has its parent's. */
static void test_several(void)
{
	struct scene *s = scene_new("several");
	uint32_t high = add(s, 0, "high", high_attrs());
	uint32_t one = add(s, 0, "one", low_attrs(HIGH_BYTES, 1000 * MS));
	uint32_t two = add(s, 0, "two", low_attrs(HIGH_BYTES, 400 * MS));
	uint32_t top = add(s, 0, "top", low_attrs(HIGH_BYTES, 400 * MS));
	uint32_t exempt, leaf;
	struct cg_attrs none = cg_attrs_default;
	struct worker w[6];
	struct cg_counters c[2];
	int tool;

	leaf = add(s, top, "leaf", cg_attrs_default);
	none.set = CGA_BIT(CGA_DELAY);
	exempt = add(s, top, "exempt", none);
	if (scene_open(s))
		bail("the mechanism does not open");
	/* An agent's tool call in a cgroup of its own, which the plan does not know. */
	(void)put_file(s->cgroups[high].dirfd, "cgroup.subtree_control", "+memory");
	if (mkdirat(s->cgroups[high].dirfd, "tool", 0755))
		bail("no cgroup");
	tool = openat(s->cgroups[high].dirfd, "tool", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w[0] = worker_start(tool);
	w[1] = worker_start(s->cgroups[one].dirfd);
	w[2] = worker_start(s->cgroups[two].dirfd);
	w[3] = worker_start(s->cgroups[leaf].dirfd);
	w[4] = worker_start(s->cgroups[exempt].dirfd);
	fill_to_high(&w[1], s->cgroups[one].dirfd, HIGH_BYTES);
	fill_to_high(&w[2], s->cgroups[two].dirfd, HIGH_BYTES);
	fill_to_high(&w[3], s->cgroups[top].dirfd, HIGH_BYTES);
	ok(make_faults(s, high, &w[0]), "faults of a child of high make high active");
	for (int i = 1; i <= 2; i++)
		worker_tell(&w[i], 2 * BATCH);
	for (int i = 1; i <= 2; i++)
		worker_hear(&w[i]);
	c[0] = count(s, one);
	c[1] = count(s, two);
	ok(c[0].delays && c[1].delays && c[0].delayed_ns / c[0].delays >= 900 * MS &&
	       c[0].delayed_ns / c[0].delays < 1200 * MS &&
	       c[1].delayed_ns / c[1].delays >= 300 * MS &&
	       c[1].delayed_ns / c[1].delays < 600 * MS,
	   "two lows at once, each its own delay: %" PRIu64 " of %.0f ms, %" PRIu64 " of %.0f ms",
	   c[0].delays, c[0].delays ? (double)(c[0].delayed_ns / c[0].delays) / 1e6 : 0,
	   c[1].delays, c[1].delays ? (double)(c[1].delayed_ns / c[1].delays) / 1e6 : 0);
	worker_touch(&w[3], 2 * BATCH);
	ok(count(s, leaf).delays && count(s, top).delays == count(s, leaf).delays,
	   "a child without a delay of its own has its parent's, by the parent's memory.high");
	worker_touch(&w[4], 2 * BATCH);
	ok(!count(s, exempt).delays, "`delay off` exempts a child");
	for (int i = 0; i <= 4; i++)
		worker_end(&w[i]);
	close(tool);
	(void)unlinkat(s->cgroups[high].dirfd, "tool", AT_REMOVEDIR);
	scene_free(s);
}

static void test_set(void)
{
	struct pair p = pair_new("set", 400 * MS, false);
	uint64_t before;

	fill_to_high(&p.of_low, p.s->cgroups[p.low].dirfd, HIGH_BYTES);
	make_active(&p);
	worker_touch(&p.of_low, BATCH);
	before = count(p.s, p.low).delays;
	p.s->attrs[p.low].delay_ns = 0;
	if (p.s->m->set(p.s->run, p.low, CGA_BIT(CGA_DELAY)))
		bail("set failed");
	worker_touch(&p.of_low, BATCH);
	ok(before && count(p.s, p.low).delays == before, "set delay off: no more delays");
	p.s->attrs[p.low].delay_ns = 300 * MS;
	p.s->attrs[p.high].priority = PRIORITY_LOW;
	if (p.s->m->set(p.s->run, p.low, CGA_BIT(CGA_DELAY)) ||
	    p.s->m->set(p.s->run, p.high, CGA_BIT(CGA_PRIORITY)))
		bail("set failed");
	worker_touch(&p.of_low, BATCH);
	ok(count(p.s, p.low).delays == before, "set priority low: nobody is active");
	p.s->attrs[p.high].priority = PRIORITY_HIGH;
	if (p.s->m->set(p.s->run, p.high, CGA_BIT(CGA_PRIORITY)))
		bail("set failed");
	sleep_ms(100);
	worker_touch(&p.of_low, BATCH);
	ok(count(p.s, p.low).delays > before, "set priority high: delays again");

	/* A delay for a cgroup above: the link moves up. */
	p.s->attrs[0].delay_ns = 300 * MS;
	ok(!p.s->m->set(p.s->run, 0, CGA_BIT(CGA_DELAY)), "a cgroup above gets a delay too");
	before = count(p.s, p.low).delays;
	worker_touch(&p.of_low, BATCH);
	ok(count(p.s, p.low).delays > before, "delays go on below it");
	pair_free(&p);
}

static void test_detach(void)
{
	struct pair p = pair_new("detach", 2000 * MS, false);
	uint64_t took;

	fill_to_high(&p.of_low, p.s->cgroups[p.low].dirfd, HIGH_BYTES);
	make_active(&p);
	worker_tell(&p.of_low, 2 * BATCH);
	sleep_ms(500);
	scene_close(p.s);
	took = worker_hear(&p.of_low);
	ok(took < 2100 * MS,
	   "closed in the middle of a delay: it ends, and no other follows (%.2f s)",
	   (double)took / 1e9);
	ok(!scene_open(p.s), "opened again afterwards");
	pair_free(&p);

	/* The cgroup goes first. */
	p = pair_new("detach", 2000 * MS, false);
	worker_end(&p.of_low);
	ok(!unlinkat(p.s->cgroups[0].dirfd, "low", AT_REMOVEDIR),
	   "an attached cgroup can be removed");
	p.of_low = worker_start(p.s->cgroups[p.high].dirfd);
	pair_free(&p);
	ok(true, "the link outlives its cgroup");
}

static bool said(const struct scene *s, const char *what)
{
	return s->d.list.n && strstr(s->d.list.v[0].text, what);
}

static void test_busy(void)
{
	struct pair p = pair_new("busy", 2000 * MS, false);
	struct scene *s = calloc(1, sizeof *s);

	*s = *p.s;
	s->host.ctx = s;
	s->host.cgroups = s->cgroups;
	s->run = NULL;
	diags_init(&s->d, NULL);
	for (uint32_t i = 0; i < s->host.n; i++)
		s->cgroups[i].attrs = &s->attrs[i];
	ok(scene_open(s) == -EBUSY && !s->run && said(s, "another program"),
	   "a second program on a cgroup: EBUSY, said plainly");
	diags_free(&s->d);
	diags_init(&s->d, NULL);
	s->attrs[0].delay_ns = NS_PER_SEC;
	ok(scene_open(s) == -EBUSY && said(s, "another program"), "and on one above it");
	scene_close(p.s);
	diags_free(&s->d);
	diags_init(&s->d, NULL);
	ok(!scene_open(s), "once the first is closed it attaches");
	ok(p.s->m->open(&p.s->host, &p.s->d, &p.s->run) == -EBUSY,
	   "and the first is refused below it");
	s->m->close(s->run);
	diags_free(&s->d);
	free(s);
	pair_free(&p);
}

/* ---- protection ------------------------------------------------------------------------------ */

/* A RAM disk to swap to: without swap, anonymous memory cannot be reclaimed. */
static void swap_on(void)
{
	struct {
		char boot[1024];
		uint32_t version, last_page, nr_bad;
	} * header;
	static char page[PAGE_BYTES];
	int fd = open("/dev/ram0", O_WRONLY | O_CLOEXEC);

	header = (void *)page;
	header->version = 1;
	header->last_page = 64 * MIB / PAGE_BYTES - 1;
	memcpy(page + PAGE_BYTES - 10, "SWAPSPACE2", 10);
	if (fd < 0 || write(fd, page, sizeof page) != (ssize_t)sizeof page || fsync(fd) ||
	    close(fd) || swapon("/dev/ram0", 0))
		bail("no swap");
}

/* What reclaim takes from high while low grows into their common limit. */
static uint64_t swapped_of_high(enum protect protect, uint64_t *turned_away)
{
	struct scene *s = scene_new("protect");
	struct cg_attrs a = high_attrs();
	struct worker of_high, of_low, tick;
	uint64_t swapped;
	uint32_t high, low;
	int tool;

	a.protect = (uint8_t)protect;
	high = add(s, 0, "high", a);
	low = add(s, 0, "low", cg_attrs_default);
	put_number(s->cgroups[0].dirfd, "memory.max", 60 * MIB);
	if (scene_open(s))
		bail("the mechanism does not open");
	(void)put_file(s->cgroups[high].dirfd, "cgroup.subtree_control", "+memory");
	if (mkdirat(s->cgroups[high].dirfd, "holds", 0755) ||
	    mkdirat(s->cgroups[high].dirfd, "ticks", 0755))
		bail("no cgroup");
	tool = openat(s->cgroups[high].dirfd, "holds", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	of_high = worker_start(tool);
	close(tool);
	tool = openat(s->cgroups[high].dirfd, "ticks", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tick = worker_start(tool);
	close(tool);
	of_low = worker_start(s->cgroups[low].dirfd);
	worker_touch(&of_high, 30 * MIB / PAGE_BYTES);
	if (!make_faults(s, high, &tick))
		bail("faults of high are not seen");
	worker_touch(&of_low, 45 * MIB / PAGE_BYTES);
	swapped = get_number(s->cgroups[high].dirfd, "memory.swap.current");
	*turned_away = count(s, high).protections;
	worker_end(&of_high);
	worker_end(&of_low);
	worker_end(&tick);
	(void)unlinkat(s->cgroups[high].dirfd, "holds", AT_REMOVEDIR);
	(void)unlinkat(s->cgroups[high].dirfd, "ticks", AT_REMOVEDIR);
	scene_free(s);
	return swapped;
}

static void test_protection(void)
{
	uint64_t turned, none, low, min;

	swap_on();
	none = swapped_of_high(PROTECT_OFF, &turned);
	ok(none > 4 * MIB && !turned, "without protection high loses memory (%.1fM)",
	   (double)none / (double)MIB);
	low = swapped_of_high(PROTECT_LOW, &turned);
	ok(low < none / 10 && turned, "below_low protects it (%.1fM, %" PRIu64 " passes)",
	   (double)low / (double)MIB, turned);
	min = swapped_of_high(PROTECT_MIN, &turned);
	ok(min < none / 10 && turned, "below_min protects it (%.1fM, %" PRIu64 " passes)",
	   (double)min / (double)MIB, turned);
	swapoff("/dev/ram0");
}

/* ---- ends ------------------------------------------------------------------------------------ */

/* Children come and go until it is killed. */
_Noreturn static void churn(int dirfd)
{
	char name[16];

	(void)put_file(dirfd, "cgroup.subtree_control", "+memory");
	for (unsigned int i = 0;; i++) {
		snprintf(name, sizeof name, "c%u", i % 7);
		if (mkdirat(dirfd, name, 0755))
			unlinkat(dirfd, name, AT_REMOVEDIR);
	}
}

static void test_churn(void)
{
	struct pair p = pair_new("churn", 20 * MS, true);
	int dirfd = p.s->cgroups[p.low].dirfd;
	unsigned int opened = 0;
	uint64_t before;
	char name[16];
	int tool;
	pid_t pid;

	worker_end(&p.of_low); /* a cgroup with children that have controllers has no processes */
	pid = fork();
	if (pid == 0)
		churn(dirfd);
	for (; opened < CHURNS; opened++) {
		scene_close(p.s);
		if (scene_open(p.s))
			break;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ok(opened == CHURNS, "opened and closed %u times while children come and go", opened);

	/* One that was made meanwhile has the hook, like one that was there. */
	(void)mkdirat(dirfd, "c0", 0755);
	tool = openat(dirfd, "c0", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	p.of_low = worker_start(tool);
	close(tool);
	make_active(&p);
	before = count(p.s, p.low).delays;
	worker_touch(&p.of_low, 4 * BATCH);
	ok(count(p.s, p.low).delays > before, "a child made under the hook has it");
	worker_end(&p.of_low);
	for (unsigned int i = 0; i < 7; i++) {
		snprintf(name, sizeof name, "c%u", i);
		unlinkat(dirfd, name, AT_REMOVEDIR);
	}
	p.of_low = worker_start(p.s->cgroups[p.high].dirfd);
	pair_free(&p);
}

static void test_probe(bool hook)
{
	int dirfd = open(CGROUPS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char why[256];
	int works = mech_memcg_bpf.probe(dirfd, why, sizeof why);

	close(dirfd);
	if (hook)
		ok(works, "the probe finds that it works%s%s", *why ? ": " : "", why);
	else
		ok(!works && strstr(why, "no memcg_bpf_ops"), "a kernel without the hook: %s", why);
}

static void test_kernel_log(void)
{
	static const char *const complaints[] = {"WARNING:",   "BUG:",	     "Oops",
						 "Call Trace", "refcount_t", "struct_ops"};
	static char log[1 << 20];
	int n = klogctl(3, log, sizeof log - 1); /* SYSLOG_ACTION_READ_ALL */
	unsigned int bad = 0;

	for (char *line = strtok(n > 0 ? log : NULL, "\n"); line; line = strtok(NULL, "\n"))
		for (size_t i = 0; i < sizeof complaints / sizeof *complaints; i++)
			if (strstr(line, complaints[i])) {
				printf("# %s\n", line);
				bad++;
				break;
			}
	ok(n > 0 && !bad, "the kernel log has no complaint");
}

static void machine_begin(void)
{
	int fd;

	if (mount("proc", "/proc", "proc", 0, NULL) || mount("sys", "/sys", "sysfs", 0, NULL) ||
	    (mount("dev", "/dev", "devtmpfs", 0, NULL) && errno != EBUSY) ||
	    mount("cgroup2", CGROUPS, "cgroup2", 0, NULL))
		printf("# mount: %s\n", strerror(errno));
	fd = open("/dev/ttyS1", O_WRONLY | O_NOCTTY);
	if (fd >= 0)
		dup2(fd, STDOUT_FILENO);
	fd = open(CGROUPS, O_RDONLY | O_DIRECTORY);
	if (put_file(fd, "cgroup.subtree_control", "+memory"))
		printf("# no memory controller\n");
	close(fd);
}

int main(int argc, char **argv)
{
	bool hook = !(argc > 1 && !strcmp(argv[1], "--no-hook"));
	bool machine = getpid() == 1;

	if (machine)
		machine_begin();
	signal(SIGPIPE, SIG_IGN);
	mech_verbose = stdout; /* what was counted, too */
	test_probe(hook);
	if (hook && !failures) {
		test_conditions();
		test_delay(2000, 2000, 4, 0.977, 1.023);
		test_delay(500, 500, 4, 0.977, 1.09);
		test_delay(50, 50, 3, 0.977, 1.30);
		test_delay(5000, 2000, 1, 0.977, 1.023);
		test_short();
		test_hidden();
		test_always();
		test_several();
		test_set();
		test_detach();
		test_busy();
		test_protection();
		test_churn();
	}
	test_kernel_log();
	printf("1..%u\n", tests);
	fflush(stdout);
	if (machine) {
		tcdrain(STDOUT_FILENO);
		reboot(RB_POWER_OFF);
	}
	return failures != 0;
}
