/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qemu.c - one QEMU process (qemu.h) */
#include "vm/qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/units.h"
#include "base/vec.h"

#define KEPT_BYTES (16u << 10)

/* ---- the command line -------------------------------------------------------------------------
 */

struct words {
	VEC(const char *) list;
	struct arena a;
};

static void add(struct words *w, const char *option, const char *value)
{
	vec_push(&w->list, option);
	if (value)
		vec_push(&w->list, value);
}

/* A comma ends an option's value and is doubled inside of one. */
static const char *doubled(struct words *w, const char *path)
{
	struct buf b = {0};
	const char *kept;

	for (; *path; path++) {
		buf_putc(&b, *path);
		if (*path == ',')
			buf_putc(&b, ',');
	}
	kept = arena_strndup(&w->a, buf_str(&b), b.n);
	buf_free(&b);
	return kept;
}

static void serial(struct words *w, const char *name, int fd)
{
	add(w, "-chardev", arena_printf(&w->a, "socket,id=%s,fd=%d", name, fd));
	add(w, "-serial", arena_printf(&w->a, "chardev:%s", name));
}

static void compose(const struct qemu_config *c, struct words *w, int console, int channel)
{
	add(w, c->program, NULL);
	add(w, "-nodefaults", NULL);
	add(w, "-no-user-config", NULL);
	add(w, "-no-reboot", NULL);
	add(w, "-display", "none");
	add(w, "-name", "agentcg");
	if (c->kvm) {
		add(w, "-accel", "kvm");
		add(w, "-cpu", "host");
	} else {
		/* Without cmpxchg16b: 6.12 fails half its boots at it under emulation. */
		add(w, "-accel", c->in_turn ? "tcg,thread=single" : "tcg,thread=multi");
		add(w, "-cpu", "max,-cx16");
	}
	add(w, "-smp", arena_printf(&w->a, "%" PRIu32, c->cpus));
	add(w, "-m", arena_printf(&w->a, "%" PRIu64, (c->memory_bytes + MIB - 1) / MIB));
	add(w, "-kernel", c->kernel);
	add(w, "-initrd", arena_printf(&w->a, "/proc/self/fd/%d", c->initrd));
	add(w, "-append", c->append);
	serial(w, "console", console);
	serial(w, "channel", channel);
	if (c->disk >= 0) {
		/* The one kind of disk that Debian's cloud kernels drive without a module. */
		add(w, "-drive",
		    arena_printf(&w->a, "if=none,id=disk,format=raw,cache=unsafe,file=%s",
				 doubled(w, arena_printf(&w->a, "/proc/self/fd/%d", c->disk))));
		add(w, "-device", "nvme,drive=disk,serial=agentcg");
	}
	vec_push(&w->list, NULL);
}

/* ---- starting ---------------------------------------------------------------------------------
 */

static void keep_over_exec(int fd)
{
	if (fd >= 0)
		fcntl(fd, F_SETFD, 0);
}

static _Noreturn void become(const struct qemu_config *c, const struct words *w, pid_t parent,
			     int console, int channel, int errors)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(null, STDIN_FILENO);
	dup2(errors, STDOUT_FILENO);
	dup2(errors, STDERR_FILENO);
	keep_over_exec(console);
	keep_over_exec(channel);
	keep_over_exec(c->initrd);
	keep_over_exec(c->disk);
	execv(c->program, (char *const *)(uintptr_t)w->list.v);
	_exit(127);
}

static void close_both(int fd[2])
{
	for (int i = 0; i < 2; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

int qemu_start(const struct qemu_config *c, struct qemu *q)
{
	int console[2] = {-1, -1}, channel[2] = {-1, -1}, errors[2] = {-1, -1}, err = 0;
	struct words w = {0};
	pid_t parent = getpid(), pid = -1;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, console) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) || pipe2(errors, O_CLOEXEC))
		err = -errno;
	if (!err) {
		compose(c, &w, console[1], channel[1]);
		pid = fork();
		if (!pid)
			become(c, &w, parent, console[1], channel[1], errors[1]);
		if (pid < 0)
			err = -errno;
	}
	vec_free(&w.list);
	arena_free(&w.a);
	if (err) {
		close_both(console);
		close_both(channel);
		close_both(errors);
		return err;
	}
	close(console[1]);
	close(channel[1]);
	close(errors[1]);
	fcntl(console[0], F_SETFL, O_NONBLOCK);
	fcntl(channel[0], F_SETFL, O_NONBLOCK);
	fcntl(errors[0], F_SETFL, O_NONBLOCK);
	*q = (struct qemu){
	    .pid = pid, .console = console[0], .channel = channel[0], .errors = errors[0]};
	return 0;
}

/* ---- while it runs ----------------------------------------------------------------------------
 */

/* Append what is there, and forget the oldest. */
static bool take(int fd, struct buf *to)
{
	char text[4096];
	bool some = false;

	for (ssize_t n; (n = read(fd, text, sizeof text)) > 0; some = true)
		buf_put(to, text, (size_t)n);
	if (to->n > KEPT_BYTES) {
		size_t old = to->n - KEPT_BYTES / 2;

		memmove(to->s, to->s + old, to->n - old + 1);
		to->n -= old;
	}
	return some;
}

bool qemu_look(struct qemu *q)
{
	bool some;

	if (!q->ended && waitpid(q->pid, &q->status, WNOHANG) == q->pid)
		q->ended = true;
	/* After that, so that a dead one's last words are all there. */
	some = take(q->console, &q->said);
	some |= take(q->errors, &q->complaint);
	return some;
}

void qemu_wait(const struct qemu *q, int timeout_ms, bool want_write)
{
	struct pollfd p[3] = {{.fd = q->console, .events = POLLIN},
			      {.fd = q->channel, .events = POLLIN},
			      {.fd = q->errors, .events = POLLIN}};

	if (want_write)
		p[1].events |= POLLOUT;
	(void)poll(p, 3, timeout_ms);
}

void qemu_stop(struct qemu *q)
{
	if (!q->pid)
		return;
	if (!q->ended) {
		kill(q->pid, SIGKILL);
		while (waitpid(q->pid, &q->status, 0) < 0 && errno == EINTR)
			;
	}
	close(q->console);
	close(q->channel);
	close(q->errors);
	buf_free(&q->said);
	buf_free(&q->complaint);
	*q = (struct qemu){0};
}
