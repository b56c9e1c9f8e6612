/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command_run.c - a shell command in a machine (guest.h) */
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vm/channel.h"
#include "vm/guest.h"

static _Noreturn void become(const char *command, int out)
{
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

int guest_command(struct guest_host *h, const char *command)
{
	int out[2], status;
	char text[2048];
	struct buf b = {0};
	pid_t pid;

	if (pipe2(out, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		become(command, out[1]);
	close(out[1]);
	/* Until the last that holds the pipe has gone: all that was said is sent. */
	for (ssize_t n; (n = read(out[0], text, sizeof text)) > 0 || (n < 0 && errno == EINTR);) {
		if (n <= 0)
			continue;
		buf_clear(&b);
		buf_put(&b, text, (size_t)n);
		channel_send(h, MSG_OUTPUT, &b);
	}
	close(out[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	buf_clear(&b);
	wire_put(&b, (uint64_t)(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)));
	channel_send(h, MSG_EXITED, &b);
	buf_free(&b);
	return 0;
}
