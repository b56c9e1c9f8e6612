/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clean.c - remove what killed runs left (live.h), by their state files (state.h) */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "backend/cgroup/cgfs.h"
#include "backend/cgroup/remove.h"
#include "backend/cgroup/session.h"

#define PATIENCE_NS (10 * NS_PER_SEC)

struct cleaning {
	void (*each)(void *ctx, const struct live_left *l);
	void *ctx;
	int err;
};

static int remove_left(const struct state *s, bool *there, char *why, size_t why_size)
{
	int parent = cgfs_open(AT_FDCWD, s->parent), fd, err;

	*there = false;
	if (parent < 0)
		return parent == -ENOENT ? 0 : parent;
	fd = cgfs_open(parent, s->cgroup);
	*there = fd >= 0;
	if (fd >= 0)
		close(fd);
	err = remove_subtree(parent, s->cgroup, PATIENCE_NS, why, why_size);
	flock(parent, LOCK_EX);
	session_disable(parent, s->enabled);
	flock(parent, LOCK_UN);
	close(parent);
	return err;
}

static bool clean_one(void *ctx, const struct state *s, enum state_owner owner)
{
	struct cleaning *c = ctx;
	char path[STATE_PATH + 64], why[320] = "";
	struct live_left l = {.cgroup = path, .pid = s->pid, .alive = owner == STATE_ALIVE};
	int err = 0;

	snprintf(path, sizeof path, "%s/%s", s->parent, s->cgroup);
	if (owner == STATE_DEAD)
		err = remove_left(s, &l.there, why, sizeof why);
	if (err) {
		if (!why[0])
			snprintf(why, sizeof why, "%s", strerror(-err));
		l.why = why;
		c->err = err;
	}
	if (c->each)
		c->each(c->ctx, &l);
	return !err;
}

int live_clean(void (*each)(void *ctx, const struct live_left *l), void *ctx)
{
	struct cleaning c = {.each = each, .ctx = ctx};
	int err = state_each(clean_one, &c);

	return err ? err : c.err;
}
