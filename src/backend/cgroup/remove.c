/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "backend/cgroup/cgfs.h"
#include "backend/cgroup/host.h"
#include "base/units.h"

/* Call each(ctx, dirfd, name) for the cgroups directly below; its first failure ends it. */
static int each_child(int dirfd, int (*each)(void *ctx, int dirfd, const char *name), void *ctx)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	DIR *dir;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	for (struct dirent *e; !err && (e = readdir(dir));)
		if (e->d_type == DT_DIR && e->d_name[0] != '.')
			err = each(ctx, dirfd, e->d_name);
	closedir(dir);
	return err;
}

/* ---- processes ------------------------------------------------------------------------------- */

static bool kill_one(void *ctx, pid_t pid)
{
	(void)ctx;
	if (pid > 0)
		kill(pid, SIGKILL);
	return true;
}

static int kill_below(void *ctx, int dirfd, const char *name)
{
	int fd = name ? cgfs_open(dirfd, name) : dirfd, err;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	err = cgfs_each_pid(fd, kill_one, NULL);
	if (!err)
		err = each_child(fd, kill_below, ctx);
	if (name)
		close(fd);
	return err;
}

int remove_processes(int dirfd)
{
	int err = cgfs_write(dirfd, "cgroup.kill", "1");

	/* A new file in a plain folder is no cgroup.kill: openat does not make one. */
	if (err != -ENOENT)
		return err;
	/* What forks meanwhile is caught by the next round of whoever waits. */
	return kill_below(NULL, dirfd, NULL);
}

static bool populated(int dirfd)
{
	char text[256];
	uint64_t n;

	return !cgfs_read(dirfd, "cgroup.events", text, sizeof text) &&
	       cgfs_key(text, "populated", &n) && n;
}

/* ---- directories ----------------------------------------------------------------------------- */

static int remove_one(void *ctx, int dirfd, const char *name)
{
	int fd = cgfs_open(dirfd, name), err;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	err = each_child(fd, remove_one, ctx);
	close(fd);
	if (!err)
		err = cgfs_rmdir(dirfd, name);
	return err == -ENOENT ? 0 : err;
}

static int explain(int dirfd, const char *name, int err, char *why, size_t size)
{
	char pids[256] = "";
	int fd = cgfs_open(dirfd, name);

	if (fd >= 0) {
		cgfs_name_pids(fd, pids, sizeof pids);
		close(fd);
	}
	if (err == -EBUSY && pids[0])
		snprintf(why, size, "there are still processes in it: %s", pids);
	else
		snprintf(why, size, "%s", cgfs_why(CGFS_RMDIR, name, err));
	return err;
}

int remove_subtree(int dirfd, const char *name, uint64_t patience_ns, char *why, size_t why_size)
{
	uint64_t end = host_now_ns() + patience_ns, pause = NS_PER_MS;
	int fd = cgfs_open(dirfd, name), err;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return explain(dirfd, name, fd, why, why_size);
	for (;;) {
		struct timespec t = {.tv_nsec = (long)pause};

		err = populated(fd) ? remove_processes(fd) : 0;
		if (!err)
			err = remove_one(NULL, dirfd, name);
		/* A killed process is in its cgroup until it has given its memory back. */
		if (err != -EBUSY || host_now_ns() >= end)
			break;
		nanosleep(&t, NULL);
		if (pause < 50 * NS_PER_MS)
			pause *= 2;
	}
	close(fd);
	return err ? explain(dirfd, name, err, why, why_size) : 0;
}
