/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/cgroup/cgfs.h"
#include "backend/cgroup/remove.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/mem.h"

#define PATIENCE_NS (10 * NS_PER_SEC)
#define INNER	    "worker"

/* ---- reports --------------------------------------------------------------------------------- */

static int refused(struct tree *t, enum cgfs_call call, const char *what, uint32_t cgroup,
		   const char *file, int err)
{
	diag_at(t->d, E_LIVE_KERNEL, (struct span){0}, "cannot %s cgroup `%s`: %s: %s", what,
		t->v[cgroup].spec->name, file, cgfs_why(call, file, err));
	return err;
}

static void put_value(struct buf *b, enum cg_attr attr, uint64_t v)
{
	if (attr == CGA_WEIGHT || attr == CGA_OOM)
		buf_printf(b, "%llu", (unsigned long long)v);
	else if (attr == CGA_CPU && v != NO_LIMIT)
		buf_printf(b, "%llu.%02llu%%", (unsigned long long)(v / 10000),
			   (unsigned long long)(v / 100 % 100));
	else
		fmt_size(b, v);
}

static int limit_missed(struct tree *t, uint32_t cgroup, const struct limit_miss *m)
{
	struct buf asked = {0}, found = {0};
	const char *file = limits_file(m->attr);

	put_value(&asked, m->attr, m->asked);
	put_value(&found, m->attr, m->found);
	if (m->err)
		diag_at(t->d, E_LIVE_LIMIT, (struct span){0},
			"%s of cgroup `%s` cannot be set to %s: %s", file, t->v[cgroup].spec->name,
			buf_str(&asked), cgfs_why(CGFS_WRITE, file, m->err));
	else
		diag_at(t->d, E_LIVE_LIMIT, (struct span){0},
			"%s of cgroup `%s` is %s after %s was written", file,
			t->v[cgroup].spec->name, buf_str(&found), buf_str(&asked));
	buf_free(&asked);
	buf_free(&found);
	return m->err ? m->err : -EIO;
}

/* ---- making ---------------------------------------------------------------------------------- */

/* The last part of "team[0].dev"; a name cannot hold a dot. */
static const char *own_name(const struct cg_spec *s)
{
	const char *dot = strrchr(s->name, '.');

	return dot ? dot + 1 : s->name;
}

static int give_controllers(struct tree *t, uint32_t cgroup)
{
	const char *what = t->cpu ? "+memory +cpu" : "+memory";
	int err = cgfs_write(t->v[cgroup].dirfd, "cgroup.subtree_control", what);

	return err ? refused(t, CGFS_WRITE, "enable controllers below", cgroup,
			     "cgroup.subtree_control", err)
		   : 0;
}

static int make_inner(struct tree *t, uint32_t i)
{
	struct tree_cgroup *c = &t->v[i];
	int err = give_controllers(t, i);

	if (err)
		return err;
	err = cgfs_mkdir(c->dirfd, INNER);
	if (err)
		return refused(t, CGFS_MKDIR, "make the inner leaf of", i, INNER, err);
	c->homefd = cgfs_open(c->dirfd, INNER);
	if (c->homefd < 0) {
		err = c->homefd;
		c->homefd = c->dirfd;
		return refused(t, CGFS_OPEN, "open the inner leaf of", i, INNER, err);
	}
	err = sampler_open(&c->home, c->homefd);
	return err ? refused(t, CGFS_READ, "measure", i, "memory.current", err) : 0;
}

static int make_one(struct tree *t, uint32_t i, const struct cg_attrs *attrs)
{
	struct tree_cgroup *c = &t->v[i];
	int parent = i ? t->v[c->spec->parent].dirfd : t->parentfd;
	const char *name = i ? own_name(c->spec) : t->name;
	struct limit_miss miss;
	struct stat st;
	int err;

	err = cgfs_mkdir(parent, name);
	if (err)
		return refused(t, CGFS_MKDIR, "make", i, name, err);
	c->dirfd = c->homefd = cgfs_open(parent, name);
	if (c->dirfd < 0)
		return refused(t, CGFS_OPEN, "open", i, name, c->dirfd);
	if (fstat(c->dirfd, &st))
		return refused(t, CGFS_OPEN, "open", i, name, -errno);
	c->id = st.st_ino;
	err = sampler_open(&c->sampler, c->dirfd);
	if (err)
		return refused(t, CGFS_READ, "measure", i, "memory.current", err);
	err = limits_begin(&c->limits, c->dirfd);
	if (err)
		return refused(t, CGFS_READ, "read the limits of", i, "memory.max", err);
	c->attrs = *attrs;
	err = limits_write(&c->limits, c->dirfd, attrs, attrs->set, &miss);
	if (err)
		return limit_missed(t, i, &miss);
	if (!c->spec->leaf)
		return give_controllers(t, i);
	return c->spec->nests ? make_inner(t, i) : 0;
}

int tree_make(struct tree *t, int parentfd, const char *name, const struct world *w, bool cpu,
	      struct diags *d)
{
	*t = (struct tree){.n = w->ncgroups, .parentfd = parentfd, .cpu = cpu, .d = d};
	snprintf(t->name, sizeof t->name, "%s", name);
	t->v = mem_alloc(w->ncgroups * sizeof *t->v);
	for (uint32_t i = 0; i < t->n; i++) {
		t->v[i].spec = &w->cgroups[i];
		t->v[i].dirfd = t->v[i].homefd = -1;
		t->v[i].sampler = t->v[i].home = SAMPLER_NONE;
	}
	for (uint32_t i = 0; i < t->n; i++) {
		int err = make_one(t, i, &w->attrs[i]);

		if (err)
			return err;
	}
	return 0;
}

int tree_remove(struct tree *t)
{
	char why[320];
	int err;

	if (!t->v)
		return 0;
	for (uint32_t i = 0; i < t->n; i++) {
		struct tree_cgroup *c = &t->v[i];

		sampler_close(&c->sampler);
		sampler_close(&c->home);
		if (c->homefd >= 0 && c->homefd != c->dirfd)
			close(c->homefd);
		if (c->dirfd >= 0)
			close(c->dirfd);
	}
	free(t->v);
	t->v = NULL;
	t->n = 0;
	err = remove_subtree(t->parentfd, t->name, PATIENCE_NS, why, sizeof why);
	if (err) {
		diag_at(t->d, E_LIVE_LEFT, (struct span){0},
			"the run's cgroups cannot be removed: %s", why);
		diag_hint(t->d, "`agentcg clean` tries again");
	}
	return err;
}

/* ---- changing -------------------------------------------------------------------------------- */

int tree_set(struct tree *t, uint32_t cgroup, const struct cg_attrs *set)
{
	struct tree_cgroup *c = &t->v[cgroup];
	struct limit_miss miss;
	int err;

	cg_attrs_overlay(&c->attrs, set, set->set);
	err = limits_write(&c->limits, c->dirfd, &c->attrs, set->set, &miss);
	return err ? limit_missed(t, cgroup, &miss) : 0;
}

int tree_move_limit(struct tree *t, uint32_t cgroup, enum cg_attr attr, uint64_t bytes)
{
	struct tree_cgroup *c = &t->v[cgroup];
	struct limit_miss miss;

	if (attr != CGA_HIGH && attr != CGA_LOW && attr != CGA_MIN)
		return -EINVAL;
	if (bytes != NO_LIMIT)
		bytes = bytes / PAGE_BYTES * PAGE_BYTES;
	return limits_write_value(&c->limits, c->dirfd, attr, bytes, &miss);
}

int tree_restore_limit(struct tree *t, uint32_t cgroup, enum cg_attr attr)
{
	return tree_move_limit(t, cgroup, attr, limits_of(&t->v[cgroup].attrs, attr));
}

static int write_freeze(struct tree_cgroup *c, bool frozen, bool held)
{
	bool was = c->frozen || c->held, now = frozen || held;
	int err = was == now ? 0 : cgfs_write(c->dirfd, "cgroup.freeze", now ? "1" : "0");

	if (err)
		return err;
	c->frozen = frozen;
	c->held = held;
	return 0;
}

int tree_freeze(struct tree *t, uint32_t cgroup, bool on)
{
	return write_freeze(&t->v[cgroup], on, t->v[cgroup].held);
}

int tree_hold(struct tree *t, uint32_t cgroup, bool on)
{
	return write_freeze(&t->v[cgroup], t->v[cgroup].frozen, on);
}

bool tree_is_frozen(const struct tree *t, uint32_t cgroup)
{
	for (uint32_t c = cgroup;; c = t->v[c].spec->parent) {
		if (t->v[c].frozen)
			return true;
		if (!c)
			return false;
	}
}
