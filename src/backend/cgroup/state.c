/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/cgroup/cgfs.h"
#include "backend/cgroup/host.h"

#define HEADER "agentcg run 1"

/* ---- this process ---------------------------------------------------------------------------- */

static void read_boot(char *out, size_t size)
{
	if (cgfs_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", out, size))
		snprintf(out, size, "unknown");
}

/* Field 22 of /proc/PID/stat; what stands before it may hold blanks and brackets.  0: no such. */
static uint64_t start_of(pid_t pid)
{
	char path[64], text[1024], *s;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (cgfs_read(AT_FDCWD, path, text, sizeof text))
		return 0;
	s = strrchr(text, ')');
	for (int field = 2; s && field < 22; field++)
		s = strchr(s + 1, ' ');
	return s ? strtoull(s + 1, NULL, 10) : 0;
}

void state_init(struct state *s)
{
	uint64_t id;

	*s = (struct state){.pid = getpid()};
	if (getrandom(&id, sizeof id, 0) != (ssize_t)sizeof id)
		id = host_now_ns() ^ (uint64_t)s->pid << 40;
	snprintf(s->id, sizeof s->id, "%016" PRIx64, id);
	snprintf(s->cgroup, sizeof s->cgroup, "agentcg-%s", s->id);
	s->start_ticks = start_of(s->pid);
	read_boot(s->boot, sizeof s->boot);
}

/* ---- the file -------------------------------------------------------------------------------- */

static int own_folder(const char *path)
{
	struct stat st;

	/* In /tmp anybody could have made it first. */
	if (lstat(path, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return st.st_uid == geteuid() && !(st.st_mode & 022) ? 0 : -EPERM;
}

const char *state_folder_instead;

int state_folder(char *path, size_t size, bool make)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (state_folder_instead)
		snprintf(path, size, "%s", state_folder_instead);
	else if (!geteuid() && !access("/run", W_OK))
		snprintf(path, size, "/run/agentcg");
	else if (geteuid() && runtime && *runtime == '/')
		snprintf(path, size, "%s/agentcg", runtime);
	else
		snprintf(path, size, "/tmp/agentcg-%u", (unsigned)geteuid());
	if (make && mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	return own_folder(path);
}

void state_print(const struct state *s, char *text, size_t size)
{
	snprintf(text, size,
		 HEADER "\nid %s\npid %d\nstart %" PRIu64
			"\nboot %s\nparent %s\ncgroup %s\nenabled %s\n",
		 s->id, (int)s->pid, s->start_ticks, s->boot, s->parent, s->cgroup, s->enabled);
}

static bool field(const char *text, const char *key, char *out, size_t size)
{
	size_t n = strlen(key), len;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, n) || line[n] != ' ')
			continue;
		len = strcspn(line + n + 1, "\n");
		if (len >= size)
			return false;
		memcpy(out, line + n + 1, len);
		out[len] = '\0';
		return true;
	}
	return false;
}

bool state_parse(const char *text, struct state *out)
{
	char pid[32], start[32], *end;
	struct state s = {0};
	long n;

	if (strncmp(text, HEADER "\n", sizeof HEADER))
		return false;
	if (!field(text, "id", s.id, sizeof s.id) || !field(text, "pid", pid, sizeof pid) ||
	    !field(text, "start", start, sizeof start) ||
	    !field(text, "boot", s.boot, sizeof s.boot) ||
	    !field(text, "parent", s.parent, sizeof s.parent) ||
	    !field(text, "cgroup", s.cgroup, sizeof s.cgroup) ||
	    !field(text, "enabled", s.enabled, sizeof s.enabled))
		return false;
	n = strtol(pid, &end, 10);
	s.start_ticks = strtoull(start, NULL, 10);
	/* What is removed is one folder, of the run's name, below an absolute path. */
	if (*end || n <= 0 || n > INT32_MAX || strlen(s.id) != 16 || s.parent[0] != '/' ||
	    strncmp(s.cgroup, "agentcg-", 8) || strcmp(s.cgroup + 8, s.id))
		return false;
	s.pid = (pid_t)n;
	*out = s;
	return true;
}

int state_write(const struct state *s, int *fd)
{
	char folder[STATE_PATH], path[STATE_PATH + 32], text[STATE_PATH + 512];
	int err, to = *fd;
	size_t len;

	if (to < 0) {
		err = state_folder(folder, sizeof folder, true);
		if (err)
			return err;
		snprintf(path, sizeof path, "%s/%s", folder, s->id);
		to = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (to < 0)
			return -errno;
		if (flock(to, LOCK_EX)) { /* who looks for the dead holds it for a moment */
			err = -errno;
			close(to);
			return err;
		}
	}
	state_print(s, text, sizeof text);
	len = strlen(text);
	if (pwrite(to, text, len, 0) != (ssize_t)len || ftruncate(to, (off_t)len)) {
		err = errno ? -errno : -EIO;
		if (*fd < 0) {
			unlink(path);
			close(to);
		}
		return err;
	}
	*fd = to;
	return 0;
}

void state_drop(const struct state *s, int fd)
{
	char folder[STATE_PATH], path[STATE_PATH + 32];

	if (fd < 0)
		return;
	if (!state_folder(folder, sizeof folder, false)) {
		snprintf(path, sizeof path, "%s/%s", folder, s->id);
		unlink(path);
	}
	close(fd);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static enum state_owner owner_of(const struct state *s)
{
	char boot[40];

	read_boot(boot, sizeof boot);
	if (strcmp(boot, s->boot))
		return STATE_GONE;
	return s->start_ticks && start_of(s->pid) == s->start_ticks ? STATE_ALIVE : STATE_DEAD;
}

int state_each(bool (*each)(void *ctx, const struct state *s, enum state_owner owner), void *ctx)
{
	char folder[STATE_PATH], text[STATE_PATH + 512];
	struct dirent *e;
	int err = state_folder(folder, sizeof folder, false);
	DIR *dir;

	if (err)
		return err == -ENOENT ? 0 : err;
	dir = opendir(folder);
	if (!dir)
		return -errno;
	while ((e = readdir(dir))) {
		int fd = openat(dirfd(dir), e->d_name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		enum state_owner owner;
		struct state s;
		bool held;

		if (fd < 0)
			continue;
		held = flock(fd, LOCK_EX | LOCK_NB) != 0;
		if (cgfs_pread(fd, text, sizeof text) > 0 && state_parse(text, &s) &&
		    !strcmp(s.id, e->d_name)) {
			owner = held ? STATE_ALIVE : owner_of(&s);
			if (each(ctx, &s, owner) && owner != STATE_ALIVE)
				unlinkat(dirfd(dir), e->d_name, 0);
		}
		close(fd);
	}
	closedir(dir);
	return 0;
}
