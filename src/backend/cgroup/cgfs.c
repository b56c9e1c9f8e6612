/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/cgfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/units.h"

int (*cgfs_fault)(enum cgfs_call call, int dirfd, const char *name);

static int fault(enum cgfs_call call, int dirfd, const char *name)
{
	return cgfs_fault ? cgfs_fault(call, dirfd, name) : 0;
}

/* ---- files ----------------------------------------------------------------------------------- */

ssize_t cgfs_pread(int fd, char *text, size_t size)
{
	size_t n = 0;

	/* A seq_file hands out at most a page a read. */
	while (n < size - 1) {
		ssize_t got = pread(fd, text + n, size - 1 - n, (off_t)n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		n += (size_t)got;
	}
	text[n] = '\0';
	return (ssize_t)n;
}

int cgfs_read(int dirfd, const char *file, char *text, size_t size)
{
	int err = fault(CGFS_READ, dirfd, file), fd;
	ssize_t n;

	if (err)
		return err;
	fd = openat(dirfd, file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = cgfs_pread(fd, text, size);
	close(fd);
	if (n < 0)
		return (int)n;
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	return 0;
}

static bool parse_number(const char *s, uint64_t *out)
{
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	*out = strtoull(s, &end, 10);
	return !errno && (!*end || *end == ' ' || *end == '\n');
}

int cgfs_read_value(int dirfd, const char *file, uint64_t *out)
{
	char text[64];
	uint64_t v;
	int err = cgfs_read(dirfd, file, text, sizeof text);

	if (err)
		return err;
	if (!strcmp(text, "max"))
		v = NO_LIMIT;
	else if (!parse_number(text, &v))
		return -EINVAL;
	*out = v;
	return 0;
}

int cgfs_write(int dirfd, const char *file, const char *text)
{
	int err = fault(CGFS_WRITE, dirfd, file), fd;
	size_t len = strlen(text);
	ssize_t n;

	if (err)
		return err;
	fd = openat(dirfd, file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/*
	 * One write is one order.  An interrupted one was not carried out, or, of memory.max and
	 * .reclaim, only in part, and can be given again.
	 */
	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	err = n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
	close(fd);
	return err;
}

int cgfs_write_value(int dirfd, const char *file, uint64_t value)
{
	char text[32];

	if (value == NO_LIMIT)
		return cgfs_write(dirfd, file, "max");
	snprintf(text, sizeof text, "%" PRIu64, value);
	return cgfs_write(dirfd, file, text);
}

bool cgfs_there(int dirfd, const char *file)
{
	return !faccessat(dirfd, file, F_OK, 0);
}

/* ---- directories ----------------------------------------------------------------------------- */

int cgfs_open(int dirfd, const char *path)
{
	int err = fault(CGFS_OPEN, dirfd, path), fd;

	if (err)
		return err;
	fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int cgfs_mkdir(int dirfd, const char *name)
{
	int err = fault(CGFS_MKDIR, dirfd, name);

	if (err)
		return err;
	return mkdirat(dirfd, name, 0755) ? -errno : 0;
}

int cgfs_rmdir(int dirfd, const char *name)
{
	int err = fault(CGFS_RMDIR, dirfd, name);

	if (err)
		return err;
	return unlinkat(dirfd, name, AT_REMOVEDIR) ? -errno : 0;
}

/* ---- texts ----------------------------------------------------------------------------------- */

bool cgfs_key(const char *text, const char *key, uint64_t *out)
{
	size_t n = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, n) && line[n] == ' ')
			return parse_number(line + n + 1, out);
	}
	return false;
}

bool cgfs_has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = text; (p = strstr(p, word)); p += n)
		if ((p == text || p[-1] == ' ') && (!p[n] || p[n] == ' ' || p[n] == '\n'))
			return true;
	return false;
}

/* ---- processes ------------------------------------------------------------------------------- */

int cgfs_each_pid(int dirfd, bool (*each)(void *ctx, pid_t pid), void *ctx)
{
	int err = fault(CGFS_READ, dirfd, "cgroup.procs"), fd;
	char line[32];
	FILE *f;

	if (err)
		return err;
	fd = openat(dirfd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	f = fdopen(fd, "r");
	if (!f) {
		close(fd);
		return -ENOMEM;
	}
	errno = 0;
	while (fgets(line, sizeof line, f))
		if (!each(ctx, (pid_t)strtol(line, NULL, 10)))
			break;
	err = ferror(f) ? -errno : 0;
	fclose(f);
	return err;
}

void cgfs_name_pid(pid_t pid, char *text, size_t size)
{
	char path[64], comm[64];

	snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	if (!pid) /* of another pid namespace */
		snprintf(text, size, "a process outside of this container");
	else if (cgfs_read(AT_FDCWD, path, comm, sizeof comm))
		snprintf(text, size, "pid %d", (int)pid);
	else
		snprintf(text, size, "%s (pid %d)", comm, (int)pid);
}

#define NAMED_PIDS 3

struct naming {
	char *text;
	size_t size, len;
	unsigned n;
};

static bool name_one(void *ctx, pid_t pid)
{
	struct naming *g = ctx;
	char name[96];
	int n;

	if (g->n++ >= NAMED_PIDS)
		return true;
	cgfs_name_pid(pid, name, sizeof name);
	n = snprintf(g->text + g->len, g->size - g->len, "%s%s", g->len ? ", " : "", name);
	if (n > 0)
		g->len += (size_t)n < g->size - g->len ? (size_t)n : g->size - g->len - 1;
	return true;
}

static void name_below(int dirfd, struct naming *g)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	(void)cgfs_each_pid(dirfd, name_one, g);
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (struct dirent *e; (e = readdir(dir));) {
		int child;

		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		child = cgfs_open(dirfd, e->d_name);
		if (child < 0)
			continue;
		name_below(child, g);
		close(child);
	}
	closedir(dir);
}

void cgfs_name_pids(int dirfd, char *text, size_t size)
{
	struct naming g = {.text = text, .size = size};

	text[0] = '\0';
	name_below(dirfd, &g);
	if (g.n > NAMED_PIDS)
		snprintf(text + g.len, size - g.len, " and %u more", g.n - NAMED_PIDS);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static bool is(const char *name, const char *file)
{
	return name && !strcmp(name, file);
}

const char *cgfs_why(enum cgfs_call call, const char *name, int err)
{
	bool control = is(name, "cgroup.subtree_control");

	switch (-err) {
	case EROFS:
		return "cgroup v2 is mounted read-only here, as in a container: mount it writable";
	case EACCES:
	case EPERM:
		return "no permission: the cgroup is not delegated to this user";
	case EBUSY:
		if (control)
			return "there are processes in it, and only a cgroup without processes of "
			       "its own can give controllers to those below";
		if (call == CGFS_RMDIR)
			return "there are still processes or cgroups in it";
		if (is(name, "cgroup.procs"))
			return "it gives controllers to cgroups below, so that no process can be "
			       "in it";
		break;
	case ENOENT:
		if (control)
			return "the controller is not available there";
		if (call == CGFS_READ || call == CGFS_WRITE)
			return "the kernel has no such file there: the controller is not enabled, "
			       "or the kernel is too old";
		return "it is gone: somebody else has removed it";
	case ENODEV:
		return "it is gone: somebody else has removed it";
	case ENOSPC:
		if (call == CGFS_MKDIR)
			return "the kernel has no number left for one more cgroup with memory "
			       "(65535 at most, dying ones included)";
		break;
	case EAGAIN:
		if (call == CGFS_MKDIR)
			return "cgroup.max.descendants or cgroup.max.depth of a cgroup above is "
			       "reached";
		break;
	case EOPNOTSUPP:
		return "it is a threaded cgroup, in which there is no memory to control";
	default:
		break;
	}
	return strerror(-err);
}
