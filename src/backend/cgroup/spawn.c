/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/spawn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int spawn_write_at(int dirfd, const char *name, const char *text)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC), err = 0;
	size_t len = strlen(text);

	if (fd < 0)
		return -errno;

	ssize_t n = write(fd, text, len);

	if (n != (ssize_t)len)
		err = n < 0 ? -errno : -EIO;
	close(fd);
	return err;
}

static pid_t clone_into(int cgroup_dirfd)
{
	struct clone_args a = {
	    .flags = CLONE_INTO_CGROUP,
	    .exit_signal = SIGCHLD,
	    .cgroup = (__u64)cgroup_dirfd,
	};

	return (pid_t)syscall(SYS_clone3, &a, sizeof a);
}

pid_t spawn_into(int cgroup_dirfd, int *err)
{
	pid_t pid;

	*err = 0;
	if (cgroup_dirfd >= 0) {
		pid = clone_into(cgroup_dirfd);
		if (pid >= 0)
			return pid;
		if (errno == EAGAIN || errno == ENOMEM)
			return -errno;
	}
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid && cgroup_dirfd >= 0)
		*err = spawn_write_at(cgroup_dirfd, "cgroup.procs", "0");
	return pid;
}

struct killer {
	bool (*keep)(void *ctx, pid_t pid);
	void *ctx;
	size_t n;
};

static void kill_one(struct killer *k, pid_t pid)
{
	if (pid > 0 && !(k->keep && k->keep(k->ctx, pid)) && !kill(pid, SIGKILL))
		k->n++;
}

/* The parent of a process, 0 where that cannot be told. */
static pid_t parent_of(const char *pid)
{
	char path[64], line[512];
	FILE *f;
	long ppid = 0;

	snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fgets(line, sizeof line, f)) {
		char *p = strrchr(line, ')'); /* the name before it may hold anything */

		if (p && strlen(p) > 4)
			ppid = strtol(p + 4, NULL, 10);
	}
	fclose(f);
	return (pid_t)ppid;
}

/* Kernels without CONFIG_PROC_CHILDREN. */
static void scan_proc(struct killer *k)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	pid_t self = getpid();

	if (!d)
		return;
	while ((e = readdir(d)))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && parent_of(e->d_name) == self)
			kill_one(k, (pid_t)strtol(e->d_name, NULL, 10));
	closedir(d);
}

size_t spawn_kill_children(bool (*keep)(void *ctx, pid_t pid), void *ctx)
{
	struct killer k = {.keep = keep, .ctx = ctx};
	FILE *f = fopen("/proc/thread-self/children", "re");
	int pid;

	if (!f) {
		scan_proc(&k);
		return k.n;
	}
	while (fscanf(f, "%d", &pid) == 1)
		kill_one(&k, pid);
	fclose(f);
	return k.n;
}
