/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "backend/cgroup/cgfs.h"
#include "base/diag.h"

#define HOW_DELEGATE "without root: `systemd-run --user --scope -p Delegate=yes agentcg --live ...`"

/* ---- the tree -------------------------------------------------------------------------------- */

/* One field of a mountinfo line, in which blanks are written \040. */
static const char *take_field(const char *s, char *out, size_t size)
{
	size_t n = 0;

	while (*s == ' ')
		s++;
	for (; *s && *s != ' ' && *s != '\n'; s++) {
		char c = *s;

		if (c == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
			c = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		}
		if (n + 1 < size)
			out[n++] = c;
	}
	out[n] = '\0';
	return s;
}

bool place_mount(const char *mountinfo, char *point, size_t size, char *root, size_t root_size)
{
	char skipped[64], type[64];

	for (const char *line = mountinfo; line && *line; line = strchr(line, '\n')) {
		const char *s = line + (*line == '\n'), *dash;

		if (!*s)
			break;
		dash = strstr(s, " - ");
		if (!dash || dash > s + strcspn(s, "\n")) {
			line = s;
			continue;
		}
		take_field(dash + 3, type, sizeof type);
		for (int i = 0; i < 3; i++)
			s = take_field(s, skipped, sizeof skipped);
		s = take_field(s, root, root_size);
		take_field(s, point, size);
		if (!strcmp(type, "cgroup2"))
			return true;
		line = dash;
	}
	return false;
}

bool place_own(const char *cgroup, char *path, size_t size)
{
	for (const char *line = cgroup; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, "0::/", 4)) {
			snprintf(path, size, "%.*s", (int)strcspn(line + 3, "\n"), line + 3);
			return true;
		}
	}
	return false;
}

int place_tree(char *mount, size_t mount_size, char *own, size_t own_size)
{
	static char text[1 << 17];
	char root[PLACE_PATH], path[PLACE_PATH];
	size_t n;

	if (cgfs_read(AT_FDCWD, "/proc/self/mountinfo", text, sizeof text) ||
	    !place_mount(text, mount, mount_size, root, sizeof root))
		return -ENOENT;
	own[0] = '\0';
	if (cgfs_read(AT_FDCWD, "/proc/self/cgroup", text, sizeof text) ||
	    !place_own(text, path, sizeof path))
		return 0;
	/* Only a part of the tree may be mounted: the path of what is there begins with its root.
	 */
	n = strcmp(root, "/") ? strlen(root) : 0;
	if (strncmp(path, root, n) || (path[n] && path[n] != '/') || strstr(path, "/.."))
		return 0;
	snprintf(own, own_size, "%s%s", mount, strcmp(path + n, "/") ? path + n : "");
	return 0;
}

bool place_mounted_with(const char *option)
{
	char line[4096];
	FILE *f = fopen("/proc/self/mountinfo", "re");
	bool with = false;

	while (f && !with && fgets(line, sizeof line, f))
		with = strstr(line, " - cgroup2 ") && strstr(strstr(line, " - cgroup2 "), option);
	if (f)
		fclose(f);
	return with;
}

/* The line of /proc/cgroups: name, hierarchy, cgroups, enabled. */
static bool memory_line(unsigned *hierarchy, unsigned *enabled)
{
	char text[4096];
	const char *line;
	unsigned cgroups;

	if (cgfs_read(AT_FDCWD, "/proc/cgroups", text, sizeof text))
		return false;
	line = strstr(text, "\nmemory\t");
	return line && sscanf(line, "\nmemory %u %u %u", hierarchy, &cgroups, enabled) == 3;
}

void place_why_no_memory(char *why, size_t why_size, char *how, size_t how_size)
{
	unsigned hierarchy, enabled;

	if (!memory_line(&hierarchy, &enabled)) {
		snprintf(why, why_size, "the memory controller is not there");
		snprintf(how, how_size, "a kernel with CONFIG_MEMCG has it; or use `--vm`");
	} else if (!enabled) {
		snprintf(why, why_size, "the memory controller was switched off at boot");
		snprintf(how, how_size,
			 "boot without cgroup_disable=memory, or with cgroup_enable=memory");
	} else if (hierarchy) {
		snprintf(why, why_size, "the memory controller is bound to cgroup v1");
		snprintf(how, how_size,
			 "boot with systemd.unified_cgroup_hierarchy=1 or "
			 "cgroup_no_v1=memory, or use `--vm`");
	} else {
		snprintf(why, why_size, "the memory controller was not passed down to here");
		snprintf(how, how_size,
			 "write +memory to cgroup.subtree_control of each cgroup above");
	}
}

/* ---- is this one fit? ------------------------------------------------------------------------ */

struct foreign {
	pid_t own;
	unsigned n;
	char first[96];
};

static bool note_foreign(void *ctx, pid_t pid)
{
	struct foreign *f = ctx;

	if (pid == f->own)
		return true;
	if (!f->n++)
		cgfs_name_pid(pid, f->first, sizeof f->first);
	return true;
}

enum fitness {
	FIT,
	FIT_NO_PERMISSION, /* .err */
	FIT_NO_MEMORY,
	FIT_OCCUPIED, /* .foreign */
	FIT_FAILED,   /* .err, .call on .file */
};

struct candidate {
	char path[PLACE_PATH];
	int fd;
	bool top, cpu, holds_us;
	int err;
	const char *file;
	struct foreign foreign;
};

static bool may_write(struct candidate *c, const char *file)
{
	if (!faccessat(c->fd, file, W_OK, AT_EACCESS))
		return true;
	c->err = -errno;
	c->file = file;
	return false;
}

static bool holds_us(const char *own, const char *path)
{
	return !strcmp(own, path);
}

static enum fitness judge(struct candidate *c, const char *own)
{
	char text[1024];

	c->fd = cgfs_open(AT_FDCWD, c->path);
	if (c->fd < 0) {
		c->err = c->fd;
		c->file = c->path;
		return FIT_FAILED;
	}
	/* Only the real root is without a type, and may have processes beside children. */
	c->top = !cgfs_there(c->fd, "cgroup.type");
	if (!may_write(c, ".") || !may_write(c, "cgroup.procs") ||
	    !may_write(c, "cgroup.subtree_control"))
		return FIT_NO_PERMISSION;
	c->err = cgfs_read(c->fd, "cgroup.controllers", text, sizeof text);
	c->file = "cgroup.controllers";
	if (c->err)
		return FIT_FAILED;
	if (!cgfs_has_word(text, "memory"))
		return FIT_NO_MEMORY;
	c->cpu = cgfs_has_word(text, "cpu");
	if (c->top)
		return FIT;
	c->holds_us = holds_us(own, c->path);
	c->foreign = (struct foreign){.own = getpid()};
	c->err = cgfs_each_pid(c->fd, note_foreign, &c->foreign);
	c->file = "cgroup.procs";
	if (c->err)
		return FIT_FAILED;
	return c->foreign.n ? FIT_OCCUPIED : FIT;
}

static int refuse(const struct candidate *c, enum fitness f, struct diags *d)
{
	char why[160], how[160];

	switch (f) {
	case FIT_NO_PERMISSION:
		diag_at(d, E_LIVE_PERMISSION, (struct span){0},
			"agentcg may not make cgroups in `%s`: %s", c->path,
			cgfs_why(CGFS_WRITE, c->file, c->err));
		if (c->err == -EROFS)
			diag_hint(d,
				  "of a container: run it with a writable cgroup2, or privileged");
		else
			diag_hint(d, HOW_DELEGATE "; or as root");
		return c->err;
	case FIT_NO_MEMORY:
		place_why_no_memory(why, sizeof why, how, sizeof how);
		diag_at(d, E_LIVE_CGROUP2, (struct span){0},
			"cgroup v2 has no memory controller in `%s`: %s", c->path, why);
		diag_hint(d, "%s", how);
		return -EOPNOTSUPP;
	case FIT_OCCUPIED:
		diag_at(d, E_LIVE_OCCUPIED, (struct span){0},
			"there are other processes in the cgroup `%s`: %s%s", c->path,
			c->foreign.first, c->foreign.n > 1 ? " and others" : "");
		diag_hint(
		    d, "no cgroup can have both processes and children with limits; give agentcg "
		       "one of its own: `systemd-run --user --scope -p Delegate=yes agentcg "
		       "--live ...`");
		return -EBUSY;
	case FIT_FAILED:
	case FIT:
		break;
	}
	diag_at(d, E_LIVE_KERNEL, (struct span){0}, "`%s` in cgroup `%s` cannot be read: %s",
		c->file, c->path, cgfs_why(CGFS_READ, c->file, c->err));
	return c->err;
}

/* ---- which one ------------------------------------------------------------------------------- */

static bool marked_delegated(int fd)
{
	char v[8];

	return fgetxattr(fd, "user.delegate", v, sizeof v) > 0 ||
	       fgetxattr(fd, "trusted.delegate", v, sizeof v) > 0;
}

static int take(const struct candidate *c, struct live_place *out)
{
	snprintf(out->parent, sizeof out->parent, "%s", c->path);
	out->fd = c->fd;
	out->top = c->top;
	out->inside = c->holds_us && !c->top;
	out->cpu = c->cpu;
	return 0;
}

static int find_wanted(const char *wanted, const char *own, struct live_place *out, struct diags *d)
{
	struct candidate c = {.fd = -1};
	struct statfs fs;
	enum fitness f;
	int err;

	if (!realpath(wanted, c.path) || statfs(c.path, &fs)) {
		err = -errno;
		diag_at(d, E_LIVE_CGROUP2, (struct span){0}, "`--cgroup %s`: %s", wanted,
			strerror(-err));
		return err;
	}
	if (fs.f_type != CGROUP2_SUPER_MAGIC) {
		diag_at(d, E_LIVE_CGROUP2, (struct span){0},
			"`--cgroup %s`: this is no folder of a cgroup v2 tree", wanted);
		return -EINVAL;
	}
	f = judge(&c, own);
	if (f == FIT)
		return take(&c, out);
	err = refuse(&c, f, d);
	if (c.fd >= 0)
		close(c.fd);
	return err;
}

/* Upwards from our own; what is said is what is wrong with the nearest. */
static int find_above(const char *mount, const char *own, struct live_place *out, struct diags *d)
{
	struct candidate first = {.fd = -1}, c;
	enum fitness why = FIT, f;
	bool systemd = !access("/run/systemd/system", F_OK);
	char *slash;
	int err;

	snprintf(first.path, sizeof first.path, "%s", own);
	why = judge(&first, own);
	if (why == FIT)
		return take(&first, out);
	c = first;
	while (strlen(c.path) > strlen(mount) && (slash = strrchr(c.path, '/'))) {
		*slash = '\0';
		f = judge(&c, own);
		if (f == FIT && (c.top || !systemd || marked_delegated(c.fd))) {
			if (first.fd >= 0)
				close(first.fd);
			return take(&c, out);
		}
		if (c.fd >= 0)
			close(c.fd);
		if (f == FIT_NO_PERMISSION)
			break;
	}
	err = refuse(&first, why, d);
	if (first.fd >= 0)
		close(first.fd);
	return err;
}

static int find_top(const char *mount, const char *own, struct live_place *out, bool *found)
{
	struct candidate c = {.fd = -1};

	snprintf(c.path, sizeof c.path, "%s", mount);
	*found = judge(&c, own) == FIT && c.top;
	if (*found)
		return take(&c, out);
	if (c.fd >= 0)
		close(c.fd);
	return 0;
}

int place_find(const char *wanted, struct live_place *out, struct diags *d)
{
	char mount[PLACE_PATH], own[PLACE_PATH], text[1024], why[160], how[160];
	bool found = false;
	int fd, err;

	*out = (struct live_place){.fd = -1};
	if (place_tree(mount, sizeof mount, own, sizeof own)) {
		diag_at(d, E_LIVE_CGROUP2, (struct span){0}, "no cgroup v2 tree is mounted here");
		diag_hint(d, "boot with systemd.unified_cgroup_hierarchy=1, or use `--vm`");
		return -ENOENT;
	}
	if (wanted)
		return find_wanted(wanted, own, out, d);
	/* Said of the whole tree first: without memory at its top, no place in it will do. */
	fd = cgfs_open(AT_FDCWD, mount);
	err = fd < 0 ? fd : cgfs_read(fd, "cgroup.controllers", text, sizeof text);
	if (fd >= 0)
		close(fd);
	if (!err && !cgfs_has_word(text, "memory")) {
		place_why_no_memory(why, sizeof why, how, sizeof how);
		diag_at(d, E_LIVE_CGROUP2, (struct span){0},
			"cgroup v2 is mounted at `%s`, but without memory: %s", mount, why);
		diag_hint(d, "%s", how);
		return -EOPNOTSUPP;
	}
	if (!geteuid()) {
		err = find_top(mount, own, out, &found);
		if (err || found)
			return err;
	}
	if (!own[0]) {
		diag_at(d, E_LIVE_CGROUP2, (struct span){0},
			"this process is in no cgroup below `%s`, where cgroup v2 is mounted",
			mount);
		diag_hint(d, "`--cgroup DIR` names one to use");
		return -ENOENT;
	}
	return find_above(mount, own, out, d);
}

void place_close(struct live_place *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}
