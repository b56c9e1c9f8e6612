/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/build_run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "vm/child.h"

#define STOP_LOOK_MS 200
#define LONGEST_LINE 4096

struct listener {
	int log; /* -1: cannot be written, which is no reason not to build */
	void (*line)(void *ctx, const char *line);
	void *ctx;
	char begun[LONGEST_LINE]; /* a line that has no end yet */
	size_t n;
};

static void hear(struct listener *l, const char *text, size_t n)
{
	for (size_t i = 0; i < n && l->line; i++) {
		if (text[i] != '\n') {
			if (l->n < sizeof l->begun - 1)
				l->begun[l->n++] = text[i];
			continue;
		}
		l->begun[l->n] = '\0';
		l->n = 0;
		l->line(l->ctx, l->begun);
	}
}

/* false at the end */
static bool take(struct listener *l, int fd, bool is_errors, struct buf *errors)
{
	char text[4096];
	ssize_t n = read(fd, text, sizeof text);

	if (n <= 0)
		return n < 0 && (errno == EINTR || errno == EAGAIN);
	if (l->log >= 0 && write(l->log, text, (size_t)n) != n) {
		close(l->log);
		l->log = -1;
	}
	if (is_errors)
		buf_put(errors, text, (size_t)n);
	else
		hear(l, text, (size_t)n);
	return true;
}

int build_run(const char *const *argv, const char *log, const volatile sig_atomic_t *stop,
	      void (*line)(void *ctx, const char *line), void *ctx, struct buf *errors)
{
	struct listener l = {.line = line, .ctx = ctx};
	struct pollfd p[2];
	struct child c;
	bool asked = false;
	int ret = child_start(argv, &c);

	if (ret)
		return ret;
	l.log = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	p[0] = (struct pollfd){.fd = c.out, .events = POLLIN};
	p[1] = (struct pollfd){.fd = c.err, .events = POLLIN};
	while (p[0].fd >= 0 || p[1].fd >= 0) {
		if (stop && *stop && !asked) {
			kill(-c.pid, SIGINT); /* make and its compilers: a group of their own */
			asked = true;
		}
		if (poll(p, 2, STOP_LOOK_MS) <= 0)
			continue;
		if (p[0].revents && !take(&l, c.out, false, errors))
			p[0].fd = -1;
		if (p[1].revents && !take(&l, c.err, true, errors))
			p[1].fd = -1;
	}
	if (l.log >= 0)
		close(l.log);
	ret = child_end(&c, errors);
	return asked ? -EINTR : ret;
}

int build_read(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[4096];
	ssize_t n;

	if (fd < 0)
		return -errno;
	buf_putc(out, '\n');
	while ((n = read(fd, text, sizeof text)) > 0)
		buf_put(out, text, (size_t)n);
	n = n < 0 ? -errno : 0;
	close(fd);
	return (int)n;
}
