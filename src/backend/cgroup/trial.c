/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend/cgroup/watch.h"
#include "base/diag.h"

#define TRIAL_HIGH_BYTES  (8 * MIB) /* of which a batch is few percent: no long native sleeps */
#define TRIAL_TOUCH_BYTES (16 * MIB)
#define TRIAL_DELAY_NS	  (200 * NS_PER_MS) /* longer than the native sleep for the first batches */

struct trial {
	char name[48];
	int parent_fd, dirfd;
	pid_t child;
	struct mech_cgroup cgroup;
	struct cg_attrs attrs;
	bool delayed;
	char *why;
	size_t why_size;
};

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

/* The first reason is the one that counts. */
static int __attribute__((format(printf, 3, 4)))
fail(struct trial *t, int err, const char *fmt, ...)
{
	va_list ap;

	if (!*t->why) {
		va_start(ap, fmt);
		vsnprintf(t->why, t->why_size, fmt, ap);
		va_end(ap);
	}
	return err;
}

static int write_file(struct trial *t, const char *name, uint64_t value)
{
	int fd = openat(t->dirfd, name, O_WRONLY | O_CLOEXEC);
	int err = fd < 0 ? -errno : 0;

	if (err == -ENOENT && !strncmp(name, "memory.", 7))
		return fail(t, err, "cgroups here have no %s: no memory controller", name);
	if (!err && (value == NO_LIMIT ? dprintf(fd, "max") : dprintf(fd, "%" PRIu64, value)) < 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err ? fail(t, err, "%s cannot be written: %s", name, strerror(-err)) : 0;
}

/* ---- the mechanism's host -------------------------------------------------------------------- */

static int host_freeze(void *ctx, uint32_t cgroup, bool on)
{
	(void)cgroup;
	return write_file(ctx, "cgroup.freeze", on);
}

static int host_limit(void *ctx, uint32_t cgroup, enum cg_attr attr, uint64_t bytes)
{
	(void)cgroup;
	return write_file(ctx,
			  attr == CGA_HIGH  ? "memory.high"
			  : attr == CGA_LOW ? "memory.low"
					    : "memory.min",
			  bytes);
}

static int host_restore(void *ctx, uint32_t cgroup, enum cg_attr attr)
{
	return host_limit(ctx, cgroup, attr, attr == CGA_HIGH ? TRIAL_HIGH_BYTES : 0);
}

static void host_lost(void *ctx, const char *why)
{
	(void)fail(ctx, -EIO, "%s", why);
}

static void host_delayed(void *ctx, uint32_t cgroup, uint64_t t_ns, uint64_t ns)
{
	(void)cgroup;
	(void)t_ns;
	(void)ns;
	((struct trial *)ctx)->delayed = true;
}

/* ---- the process ----------------------------------------------------------------------------- */

/* Faults at a moderate pace until it is killed; begins when it is told to. */
_Noreturn static void child_run(int go_fd)
{
	const struct timespec pause = {.tv_nsec = (long)NS_PER_MS};
	char byte;
	char *p;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (read(go_fd, &byte, 1) != 1)
		_exit(0);
	p = mmap(NULL, TRIAL_TOUCH_BYTES, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		_exit(1);
	madvise(p, TRIAL_TOUCH_BYTES, MADV_NOHUGEPAGE);
	for (;;) {
		for (size_t at = 0; at < TRIAL_TOUCH_BYTES; at += PAGE_BYTES) {
			*(volatile char *)(p + at) = 1;
			if (at / PAGE_BYTES % AGENTCG_BATCH_PAGES == 0)
				nanosleep(&pause, NULL);
		}
		madvise(p, TRIAL_TOUCH_BYTES, MADV_DONTNEED);
	}
}

static int start(struct trial *t, int *go_fd)
{
	int fds[2];
	int err;

	if (pipe2(fds, O_CLOEXEC))
		return fail(t, -errno, "no pipe: %s", strerror(errno));
	t->child = fork();
	if (t->child == 0) {
		close(fds[1]);
		child_run(fds[0]);
	}
	err = t->child < 0 ? -errno : 0;
	close(fds[0]);
	if (err) {
		close(fds[1]);
		return fail(t, err, "no process: %s", strerror(-err));
	}
	*go_fd = fds[1];
	return write_file(t, "cgroup.procs", (uint64_t)t->child);
}

/* ---- the trial ------------------------------------------------------------------------------- */

static void run_until_delayed(struct trial *t, const struct mechanism *m, void *run)
{
	uint64_t end_ns = clock_ns() + TRIAL_NS;

	for (uint64_t now_ns = clock_ns(); !t->delayed; now_ns = clock_ns()) {
		struct pollfd fd = {.fd = m->fd(run), .events = POLLIN};
		uint64_t due_ns = m->due(run);
		int err = m->step(run, now_ns);

		if (err) {
			fail(t, err, "it failed: %s", strerror(-err));
			return;
		}
		if (now_ns >= end_ns) {
			fail(t, -ETIME, "a process over its memory.high was not delayed");
			return;
		}
		due_ns = m->due(run);
		if (due_ns > now_ns + 100 * NS_PER_MS)
			due_ns = now_ns + 100 * NS_PER_MS;
		if (!t->delayed && due_ns > now_ns)
			(void)poll(&fd, 1, (int)((due_ns - now_ns) / NS_PER_MS));
	}
}

/* Of "mechanism `freeze`: why": who asks knows which one. */
static const char *reason(const char *text)
{
	const char *why = strstr(text, "`: ");

	return why ? why + strlen("`: ") : text;
}

static void carry_out(struct trial *t, const struct mechanism *m)
{
	struct mech_host host = {
	    .ctx = t,
	    .cgroups = &t->cgroup,
	    .n = 1,
	    .freeze = host_freeze,
	    .limit = host_limit,
	    .restore = host_restore,
	    .delayed = host_delayed,
	    .lost = host_lost,
	};
	struct diags d;
	void *run = NULL;
	int go_fd = -1;

	diags_init(&d, NULL);
	if (write_file(t, "memory.high", TRIAL_HIGH_BYTES) || start(t, &go_fd)) {
		/* said already */
	} else if (m->open(&host, &d, &run)) {
		fail(t, -EIO, "%s", d.list.n ? reason(d.list.v[0].text) : "it cannot be opened");
	} else if (m->workers && m->workers(run)) {
		fail(t, -EIO, "the process to try it on cannot be given to it");
	} else if (write(go_fd, "", 1) != 1) {
		fail(t, -EPIPE, "the process to try it on has died");
	} else {
		run_until_delayed(t, m, run);
	}
	m->close(run);
	if (go_fd >= 0)
		close(go_fd);
	diags_free(&d);
}

static void clean_up(struct trial *t)
{
	const struct timespec pause = {.tv_nsec = (long)(5 * NS_PER_MS)};

	if (t->child > 0) {
		kill(t->child, SIGKILL);
		while (waitpid(t->child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (t->dirfd >= 0)
		close(t->dirfd);
	/* Busy for a moment after its last process has ended. */
	for (int i = 0; i < 200 && unlinkat(t->parent_fd, t->name, AT_REMOVEDIR); i++) {
		if (errno != EBUSY)
			break;
		nanosleep(&pause, NULL);
	}
}

int mech_trial(const struct mechanism *m, int parent_dirfd, char *why, size_t why_size)
{
	struct trial t = {.parent_fd = parent_dirfd, .dirfd = -1, .why = why, .why_size = why_size};
	struct stat st;

	*why = '\0';
	snprintf(t.name, sizeof t.name, "agentcg-try-%s-%ld", m->name, (long)getpid());
	if (mkdirat(parent_dirfd, t.name, 0755)) {
		snprintf(why, why_size, "a cgroup to try it on cannot be made: %s",
			 strerror(errno));
		return 0;
	}
	t.dirfd = openat(parent_dirfd, t.name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t.dirfd < 0 || fstat(t.dirfd, &st)) {
		fail(&t, -errno, "the cgroup to try it on cannot be opened: %s", strerror(errno));
	} else {
		t.attrs = cg_attrs_default;
		t.attrs.priority = PRIORITY_HIGH;
		t.attrs.high_bytes = TRIAL_HIGH_BYTES;
		t.attrs.delay_ns = TRIAL_DELAY_NS;
		t.cgroup = (struct mech_cgroup){
		    .name = t.name, .dirfd = t.dirfd, .id = st.st_ino, .attrs = &t.attrs};
		carry_out(&t, m);
	}
	clean_up(&t);
	return !*why;
}
