/* SPDX-License-Identifier: GPL-2.0-or-later */
/* child.c - other programs, run to their end (child.h) */
#include "vm/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STOP_LOOK_MS 200

int child_find(const char *name, struct buf *path)
{
	const char *dirs = getenv("PATH");
	struct buf b = {0};
	struct stat st;

	if (strchr(name, '/')) {
		if (access(name, X_OK))
			return -ENOENT;
		buf_clear(path);
		buf_puts(path, name);
		return 0;
	}
	/* Debian keeps administrators' programs out of everybody's PATH; they run all the same. */
	buf_printf(&b, "%s:/usr/sbin:/sbin", dirs && *dirs ? dirs : "/usr/bin:/bin");
	for (const char *p = buf_str(&b); *p;) {
		size_t n = strcspn(p, ":");

		buf_clear(path);
		buf_put(path, n ? p : ".", n ? n : 1);
		buf_printf(path, "/%s", name);
		if (!access(buf_str(path), X_OK) && !stat(buf_str(path), &st) &&
		    S_ISREG(st.st_mode)) {
			buf_free(&b);
			return 0;
		}
		p += n + (p[n] == ':');
	}
	buf_free(&b);
	return -ENOENT;
}

static _Noreturn void become(const char *path, const char *const *argv, pid_t parent, int out,
			     int err)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	/* Not the terminal's signals: agentcg passes on what it is asked. */
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	setenv("LC_ALL", "C", 1);
	execv(path, (char *const *)(uintptr_t)argv);
	_exit(127);
}

int child_start(const char *const *argv, struct child *c)
{
	int out[2], err[2];
	struct buf path = {0};
	pid_t parent = getpid(), pid;
	int ret = child_find(argv[0], &path);

	if (ret)
		goto out;
	if (pipe2(out, O_CLOEXEC)) {
		ret = -errno;
		goto out;
	}
	if (pipe2(err, O_CLOEXEC)) {
		ret = -errno;
		close(out[0]);
		close(out[1]);
		goto out;
	}
	pid = fork();
	if (!pid)
		become(buf_str(&path), argv, parent, out[1], err[1]);
	ret = pid < 0 ? -errno : 0;
	close(out[1]);
	close(err[1]);
	if (ret) {
		close(out[0]);
		close(err[0]);
		goto out;
	}
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	*c = (struct child){.pid = pid, .out = out[0], .err = err[0]};
out:
	buf_free(&path);
	return ret;
}

/* Append what is there; false at the end. */
static bool drain(int fd, struct buf *to)
{
	char text[4096];
	ssize_t n = read(fd, text, sizeof text);

	if (n > 0 && to)
		buf_put(to, text, (size_t)n);
	return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

static int reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int child_end(struct child *c, struct buf *errors)
{
	int ret;

	close(c->out);
	/* It has said all there is once it has ended. */
	ret = reap(c->pid);
	for (ssize_t n = 1; n > 0;) {
		char text[4096];

		n = read(c->err, text, sizeof text);
		if (n > 0 && errors)
			buf_put(errors, text, (size_t)n);
	}
	close(c->err);
	return ret;
}

int child_run(const char *const *argv, const volatile sig_atomic_t *stop, struct buf *out,
	      struct buf *errors)
{
	struct child c;
	struct pollfd p[2];
	bool asked = false;
	int ret = child_start(argv, &c);

	if (ret)
		return ret;
	p[0] = (struct pollfd){.fd = c.out, .events = POLLIN};
	p[1] = (struct pollfd){.fd = c.err, .events = POLLIN};
	while (p[0].fd >= 0 || p[1].fd >= 0) {
		if (stop && *stop && !asked) {
			kill(c.pid, SIGINT);
			asked = true;
		}
		if (poll(p, 2, STOP_LOOK_MS) <= 0)
			continue;
		if (p[0].revents && !drain(c.out, out))
			p[0].fd = -1;
		if (p[1].revents && !drain(c.err, errors))
			p[1].fd = -1;
	}
	ret = child_end(&c, errors);
	return asked ? -EINTR : ret;
}
