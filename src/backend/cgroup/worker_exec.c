/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker_exec.c - real commands, run by a worker in its cgroup or in one of their own.
 *
 * A command is `/bin/sh -c` in the working directory, in a process group of its own.  It ends when
 * its shell does; what it leaves running is killed then: by its group, by its own cgroup, and, as
 * the worker is a subreaper, whoever left both.  The worker's memory is not in its address space.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
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

#include "backend/cgroup/spawn.h"
#include "backend/cgroup/worker.h"
#include "base/units.h"

#define PEAK_POLL_NS	 (10 * NS_PER_MS) /* where there is no memory.peak (before 5.19) */
#define CLEAR_NS	 NS_PER_SEC	  /* for what was killed to be gone */
#define DEFAULT_SLACK_NS 50000UL

/* The number in a file below dirfd, or after `key ` on a line of it. 0 or -errno. */
static int read_number(int dirfd, const char *name, const char *key, uint64_t *out)
{
	char text[1024], *p = text, *end;
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	unsigned long long v;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = pread(fd, text, sizeof text - 1, 0);
	close(fd);
	if (n < 0)
		return -EIO;
	text[n] = '\0';
	if (key) {
		size_t len = strlen(key);

		while (p && (strncmp(p, key, len) || p[len] != ' ')) {
			p = strchr(p, '\n');
			p = p ? p + 1 : NULL;
		}
		if (!p)
			return -ENOENT;
		p += len;
	}
	errno = 0;
	v = strtoull(p, &end, 10);
	if (end == p || errno)
		return -EINVAL;
	*out = v;
	return 0;
}

static uint64_t oom_kills(int cgroup_fd)
{
	uint64_t n = 0;

	if (cgroup_fd >= 0)
		read_number(cgroup_fd, "memory.events", "oom_kill", &n);
	return n;
}

/* ---- in the child ---------------------------------------------------------------------------- */

static void set_signals(void)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		sigaction(s, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int set_files(const struct hand *w)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int out = w->seat.shared->has_output ? w->seat.output_fd : null;

	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		return -errno;
	return 0;
}

static int set_user(const struct pool_shared *s)
{
	if (!s->as_other)
		return 0;
	if (setgroups(0, NULL) || setresgid(s->gid, s->gid, s->gid) ||
	    setresuid(s->uid, s->uid, s->uid))
		return -errno;
	if (setenv("HOME", s->workdir, 1)) /* root's is closed to it */
		return -errno;
	return 0;
}

static int run_shell(struct hand *w, uint64_t at, uint32_t len)
{
	char *command = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char sh[] = "sh", c[] = "-c";

	if (command == MAP_FAILED)
		return -errno;
	worker_data(w, command, len, at);
	execve("/bin/sh", (char *[]){sh, c, command, NULL}, environ);
	return -errno;
}

_Noreturn static void child(struct hand *w, pid_t parent, int err, uint64_t at, uint32_t len)
{
	setpgid(0, 0);
	prctl(PR_SET_TIMERSLACK, DEFAULT_SLACK_NS, 0, 0, 0);
	if (!err)
		err = set_files(w);
	if (!err && chdir(w->seat.shared->workdir))
		err = -errno;
	if (!err)
		err = set_user(w->seat.shared);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* a change of user has cleared it */
	if (getppid() != parent)
		_exit(127);
	set_signals();
	if (!err)
		err = run_shell(w, at, len);
	atomic_store(&w->slot->command_err, err);
	_exit(127);
}

/* ---- in the worker --------------------------------------------------------------------------- */

static int make_cgroup(struct hand *w)
{
	struct worker_command *c = &w->command;
	uint64_t unused;

	snprintf(c->cgroup, sizeof c->cgroup, "command-%d-%u", (int)getpid(), w->ncommands);
	if (mkdirat(w->seat.own_fd, c->cgroup, 0755))
		return -errno;
	c->cgroup_fd = openat(w->seat.own_fd, c->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->cgroup_fd < 0) {
		int err = -errno;

		unlinkat(w->seat.own_fd, c->cgroup, AT_REMOVEDIR);
		return err;
	}
	c->poll_peak = read_number(c->cgroup_fd, "memory.peak", NULL, &unused);
	return 0;
}

/* What is killed leaves its cgroup a little later. */
static void remove_cgroup(struct hand *w)
{
	struct worker_command *c = &w->command;
	uint64_t until = shared_now() + CLEAR_NS;

	if (c->cgroup_fd < 0)
		return;
	close(c->cgroup_fd);
	c->cgroup_fd = -1;
	while (unlinkat(w->seat.own_fd, c->cgroup, AT_REMOVEDIR) && errno == EBUSY) {
		uint64_t now = shared_now();

		if (now > until)
			break; /* left to whoever removes the subtree */
		worker_until(now + NS_PER_MS);
	}
}

int worker_command_begin(struct hand *w, uint64_t at, uint32_t len, uint64_t timeout_ns, bool own)
{
	struct worker_command *c = &w->command;
	pid_t self = getpid(), pid;
	int err;

	*c = (struct worker_command){.cgroup_fd = -1};
	atomic_store(&w->seat.shared->commands, 1);
	atomic_store(&w->slot->command_err, 0);
	w->ncommands++;
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (own) {
		err = make_cgroup(w);
		if (err)
			return err;
	}
	c->oom_kills = oom_kills(w->seat.cgroup_fd);
	c->start_ns = shared_now();
	c->deadline_ns = worker_plus(c->start_ns, timeout_ns);
	pid = spawn_into(c->cgroup_fd, &err);
	if (!pid)
		child(w, self, err, at, len);
	if (pid < 0) {
		remove_cgroup(w);
		return pid;
	}
	setpgid(pid, pid); /* whichever comes first: now it can be killed by its group */
	c->pid = pid;
	return 0;
}

static void kill_command(struct worker_command *c)
{
	if (c->cgroup_fd >= 0)
		spawn_write_at(c->cgroup_fd, "cgroup.kill", "1");
	kill(-c->pid, SIGKILL);
}

static void note_peak(struct worker_command *c, const char *name)
{
	uint64_t bytes;

	if (!read_number(c->cgroup_fd, name, NULL, &bytes) && bytes > c->peak_bytes)
		c->peak_bytes = bytes;
}

void worker_command_look(struct hand *w)
{
	struct worker_command *c = &w->command;
	siginfo_t si = {0};

	if (c->ended)
		return;
	if (c->poll_peak && c->cgroup_fd >= 0)
		note_peak(c, "memory.current");
	if (!waitid(P_PID, (id_t)c->pid, &si, WEXITED | WNOHANG | WNOWAIT) && si.si_pid) {
		c->end_ns = shared_now();
		kill_command(c); /* before its number is free for somebody else */
		waitpid(c->pid, &c->status, 0);
		c->ended = true;
	} else if (!c->timed_out && shared_now() >= c->deadline_ns) {
		c->timed_out = true;
		kill_command(c);
	}
}

uint64_t worker_command_wait(struct hand *w, uint64_t until_ns)
{
	struct worker_command *c = &w->command;
	sigset_t child_ended;

	sigemptyset(&child_ended);
	sigaddset(&child_ended, SIGCHLD);
	for (;;) {
		uint64_t now, wake = until_ns, ns;
		struct timespec t;

		worker_command_look(w);
		now = shared_now();
		if (c->ended || now >= until_ns)
			return now;
		if (!c->timed_out && c->deadline_ns < wake)
			wake = c->deadline_ns;
		if (c->poll_peak && now + PEAK_POLL_NS < wake)
			wake = now + PEAK_POLL_NS;
		ns = wake > now ? wake - now : 0;
		t = (struct timespec){.tv_sec = (time_t)(ns / NS_PER_SEC),
				      .tv_nsec = (long)(ns % NS_PER_SEC)};
		if (wake == NEVER)
			t.tv_sec = INT32_MAX;
		sigtimedwait(&child_ended, NULL, &t);
	}
}

/* Kill and reap what the command left behind. */
static void clear_up(void)
{
	uint64_t until = shared_now() + CLEAR_NS;

	for (;;) {
		pid_t pid;
		uint64_t now;

		do
			pid = waitpid(-1, NULL, WNOHANG);
		while (pid > 0);
		if (pid < 0 && errno != EINTR)
			return;
		spawn_kill_children(NULL, NULL);
		now = shared_now();
		if (now > until) /* not ours to kill: it runs as somebody else */
			return;
		worker_until(now + NS_PER_MS / 4);
	}
}

/* A shell says of a command that a signal ended: 128 + signal. */
static int32_t exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

enum done_status worker_command_end(struct hand *w, uint32_t call)
{
	struct worker_command *c = &w->command;
	struct pool_event e = {.kind = POOL_COMMAND, .t_ns = c->end_ns};
	bool oom = oom_kills(w->seat.cgroup_fd) > c->oom_kills;
	int err = atomic_load(&w->slot->command_err);

	if (c->cgroup_fd >= 0) {
		oom |= oom_kills(c->cgroup_fd) > 0;
		note_peak(c, c->poll_peak ? "memory.current" : "memory.peak");
	}
	clear_up();
	remove_cgroup(w);
	e.command.start_ns = c->start_ns;
	e.command.peak_bytes = c->peak_bytes;
	e.command.call = call;
	e.command.code = err ? err : exit_code(c->status);
	if (c->timed_out)
		e.command.status = DONE_TIMEOUT;
	else if (e.command.code == 128 + SIGKILL && oom)
		e.command.status = DONE_KILLED;
	else
		e.command.status = e.command.code ? DONE_FAILED : DONE_OK;
	c->pid = 0;
	c->ended = false;
	worker_emit(w, &e);
	if (e.command.status == DONE_KILLED) {
		atomic_store(&w->slot->by_command, 1);
		kill(getpid(), SIGKILL);
	}
	w->code = e.command.code;
	return e.command.status;
}

enum done_status worker_exec(struct hand *w)
{
	w->code = worker_command_begin(w, w->op.at, w->op.n, w->op.timeout_ns, w->op.own_cgroup);
	if (w->code)
		return DONE_FAILED;
	worker_command_wait(w, NEVER);
	return worker_command_end(w, 0);
}
