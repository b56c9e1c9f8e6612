/* SPDX-License-Identifier: GPL-2.0-or-later */
/* buf_write.c - a buf into a descriptor or a file (buf.h) */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"

#define NAME_ATTEMPTS 100

int buf_write_fd(const struct buf *b, int fd)
{
	size_t done = 0;

	while (done < b->n) {
		ssize_t n = write(fd, b->s + done, b->n - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

/* close() too may report that bytes were lost. */
static int close_checked(int fd, int err)
{
	/* Linux has released fd even when close says EINTR, and has lost nothing. */
	if (close(fd) && !err && errno != EINTR)
		return -errno;
	return err;
}

static int write_special(const struct buf *b, const char *path)
{
	int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return close_checked(fd, buf_write_fd(b, fd));
}

/*
 * Not mkstemp: its files have mode 0600, and what the user's umask would have given cannot be asked
 * for without changing it.
 */
static int open_beside(struct arena *a, const char *path, char **name)
{
	for (int i = 0; i < NAME_ATTEMPTS; i++) {
		*name = arena_printf(a, "%s.%ld-%d.tmp", path, (long)getpid(), i);
		int fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);

		if (fd >= 0)
			return fd;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static int keep_mode_and_owner(int fd, const struct stat *old)
{
	struct stat now;

	if (fstat(fd, &now))
		return -errno;
	/* Only root may give files away; everyone else goes on as their owner. */
	if ((now.st_uid != old->st_uid || now.st_gid != old->st_gid) &&
	    fchown(fd, old->st_uid, old->st_gid) && errno != EPERM)
		return -errno;
	return fchmod(fd, old->st_mode & 07777) ? -errno : 0;
}

static int replace(const struct buf *b, struct arena *a, const char *path, const struct stat *old)
{
	char *name;
	int fd = open_beside(a, path, &name);
	int err;

	if (fd < 0)
		return fd;
	err = old ? keep_mode_and_owner(fd, old) : 0;
	if (!err)
		err = buf_write_fd(b, fd);
	if (!err && fsync(fd))
		err = -errno;
	err = close_checked(fd, err);
	if (!err && rename(name, path))
		err = -errno;
	if (err)
		unlink(name);
	return err;
}

int buf_write_file(const struct buf *b, const char *path)
{
	struct arena a = {0};
	struct stat st;
	char *real = NULL;
	int err;

	if (stat(path, &st)) {
		err = errno == ENOENT ? replace(b, &a, path, NULL) : -errno;
	} else if (S_ISDIR(st.st_mode)) {
		err = -EISDIR;
	} else if (!S_ISREG(st.st_mode)) {
		err = write_special(b, path);
	} else if (access(path, W_OK)) {
		/* rename asks only the directory; a file made read-only was meant to stay */
		err = -errno;
	} else if (!(real = realpath(path, NULL))) {
		err = -errno;
	} else {
		err = replace(b, &a, real, &st);
	}
	free(real);
	arena_free(&a);
	return err;
}
