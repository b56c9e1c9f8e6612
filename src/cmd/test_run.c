/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_run.c - scenarios in processes of their own, several at a time (test.h)
 *
 * Signals are blocked but while ppoll waits, so that none is missed between looking and waiting.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/units.h"
#include "cmd/signals.h"
#include "cmd/test.h"

/* Asked to end, a run still writes what it measured; what does not then end is killed. */
#define GRACE_NS    (5 * NS_PER_SEC)
#define CANNOT_EXEC 127

struct child {
	size_t test;
	pid_t pid; /* 0: a free place */
	int out_fd, err_fd;
	uint64_t started_ns, deadline_ns;
	bool late, asked, killed; /* past its time; SIGTERM, SIGKILL sent */
};

struct pool {
	const struct test_running *r;
	struct child *children; /* [r->jobs] */
	uint32_t running;
	size_t next; /* test to look at */
	sigset_t unblocked;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

static void on_child(int sig)
{
	(void)sig; /* it is here to interrupt ppoll */
}

/* In the child: what a user has set must not change what a test sees. */
_Noreturn static void exec_run(const struct pool *p, const char *scenario, int out, int err,
			       pid_t parent)
{
	char name[] = "agentcg", run[] = "run", width[] = "--width=80", plain[] = "--color=never",
	     end[] = "--";
	char *argv[] = {name, run, width, plain, end, (char *)(uintptr_t)scenario, NULL};
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	unsetenv("AGENTCG_SEED");
	unsetenv("AGENTCG_REPEAT");
	/* Also when this process is killed, nobody waits for the child any more. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() == parent && !sigprocmask(SIG_SETMASK, &p->unblocked, NULL) && null >= 0 &&
	    dup2(null, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
	    dup2(err, STDERR_FILENO) >= 0)
		execv("/proc/self/exe", argv);
	_exit(CANNOT_EXEC);
}

static void close_fds(struct child *k)
{
	if (k->out_fd >= 0)
		close(k->out_fd);
	if (k->err_fd >= 0)
		close(k->err_fd);
}

static void report_ended(const struct pool *p, size_t test, struct test_ran *ran)
{
	p->r->ended(p->r->ctx, test, ran);
	buf_free(&ran->out);
	buf_free(&ran->said);
}

static void start(struct pool *p, struct child *k, size_t test)
{
	struct tests *t = p->r->tests;
	pid_t parent = getpid();

	*k = (struct child){
	    .test = test,
	    .out_fd = memfd_create("stdout", MFD_CLOEXEC),
	    .err_fd = memfd_create("stderr", MFD_CLOEXEC),
	    .started_ns = now_ns(),
	};
	k->deadline_ns = k->started_ns + p->r->timeout_s * NS_PER_SEC;
	k->pid = k->out_fd >= 0 && k->err_fd >= 0 ? fork() : -1;
	if (!k->pid)
		exec_run(p, t->list.v[test].scenario, k->out_fd, k->err_fd, parent);
	if (k->pid < 0) {
		struct test_ran ran = {
		    .broken = arena_printf(&t->arena, "cannot be run: %s", strerror(errno)),
		};

		close_fds(k);
		k->pid = 0;
		report_ended(p, test, &ran);
		return;
	}
	p->running++;
}

static void start_more(struct pool *p)
{
	const struct tests *t = p->r->tests;

	for (uint32_t i = 0; i < p->r->jobs; i++) {
		while (!p->children[i].pid && p->next < t->list.n) {
			size_t test = p->next++;

			if (t->list.v[test].outcome == TEST_NOT_RUN)
				start(p, &p->children[i], test);
		}
	}
}

static int read_all(int fd, struct buf *out)
{
	char chunk[4096];
	ssize_t n;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	while ((n = read(fd, chunk, sizeof chunk)) > 0)
		buf_put(out, chunk, (size_t)n);
	return n < 0 ? -errno : 0;
}

static void collect(struct pool *p, struct child *k, int status)
{
	struct arena *a = &p->r->tests->arena;
	struct test_ran ran = {.took_ns = now_ns() - k->started_ns};
	int err = read_all(k->out_fd, &ran.out);

	if (!err)
		err = read_all(k->err_fd, &ran.said);
	close_fds(k);
	k->pid = 0;
	p->running--;
	if (k->late)
		ran.broken = arena_printf(a, "timed out after %u s", p->r->timeout_s);
	else if (err)
		ran.broken = arena_printf(a, "its output cannot be read: %s", strerror(-err));
	else if (WIFSIGNALED(status))
		ran.broken = arena_printf(a, "ended by signal %d: %s", WTERMSIG(status),
					  strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) == CANNOT_EXEC)
		ran.broken = "cannot be run: /proc/self/exe";
	else if (WEXITSTATUS(status))
		buf_printf(&ran.out, "exit %d\n", WEXITSTATUS(status));
	if (signals_stop)
		buf_free(&ran.out), buf_free(&ran.said);
	else
		report_ended(p, k->test, &ran);
}

static void reap(struct pool *p)
{
	for (uint32_t i = 0; i < p->r->jobs; i++) {
		struct child *k = &p->children[i];
		int status;

		if (k->pid && waitpid(k->pid, &status, WNOHANG) == k->pid)
			collect(p, k, status);
	}
}

/* Ends what is past its time, or all when we were told to stop.  The next time to look. */
static uint64_t enforce(struct pool *p)
{
	uint64_t now = now_ns(), next = NEVER;

	for (uint32_t i = 0; i < p->r->jobs; i++) {
		struct child *k = &p->children[i];

		if (!k->pid)
			continue;
		if (!k->asked && (signals_stop || now >= k->deadline_ns)) {
			k->late = !signals_stop;
			k->asked = true;
			k->deadline_ns = now + GRACE_NS;
			kill(k->pid, SIGTERM);
		} else if (k->asked && !k->killed && now >= k->deadline_ns) {
			k->killed = true;
			kill(k->pid, SIGKILL);
		}
		if (!k->killed && k->deadline_ns < next)
			next = k->deadline_ns;
	}
	return next;
}

static void wait_until(const struct pool *p, uint64_t then)
{
	uint64_t now = now_ns(), left = then > now ? then - now : 0;
	struct timespec t = {(time_t)(left / NS_PER_SEC), (long)(left % NS_PER_SEC)};

	(void)ppoll(NULL, 0, then == NEVER ? NULL : &t, &p->unblocked);
}

void tests_run(const struct test_running *r)
{
	struct sigaction sa = {.sa_handler = on_child, .sa_flags = SA_NOCLDSTOP}, old;
	struct pool p = {.r = r};
	sigset_t blocked;

	p.children = mem_alloc(r->jobs * sizeof *p.children);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGHUP);
	sigprocmask(SIG_BLOCK, &blocked, &p.unblocked);
	sigdelset(&p.unblocked, SIGCHLD);
	sigaction(SIGCHLD, &sa, &old);
	for (;;) {
		uint64_t then;

		reap(&p);
		if (!signals_stop)
			start_more(&p);
		if (!p.running)
			break;
		then = enforce(&p);
		wait_until(&p, then);
	}
	sigaction(SIGCHLD, &old, NULL);
	sigprocmask(SIG_SETMASK, &p.unblocked, NULL);
	free(p.children);
}
