/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.h - the cgroups of one run: made, limited, measured, frozen.
 *
 * The scenario's root is a directory below the session's, its cgroups are below it as the scenario
 * nests them.  A cgroup in which commands get cgroups of their own has an inner leaf, `worker`, for
 * its workers, as no cgroup can have both processes and children with controllers.
 */
#ifndef AGENTCG_BACKEND_CGROUP_TREE_H
#define AGENTCG_BACKEND_CGROUP_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/cgroup/limits.h"
#include "backend/cgroup/sample.h"
#include "backend/op.h"

struct diags;

struct tree_cgroup {
	const struct cg_spec *spec;
	struct cg_attrs attrs; /* the scenario's, in force now */
	int dirfd;
	int homefd;  /* where its workers live: dirfd, or its inner leaf */
	uint64_t id; /* inode number of the directory */
	struct limits limits;
	struct sampler sampler; /* of dirfd */
	struct sampler home;	/* of the inner leaf; only its level is read */
	bool frozen;		/* by the scenario */
	bool held;		/* by the mechanism */
};

struct tree {
	struct tree_cgroup *v; /* [n] */
	uint32_t n;
	int parentfd;  /* the session's directory */
	char name[32]; /* of the scenario's root below it */
	bool cpu;      /* the cpu controller is enabled */
	struct diags *d;
};

/*
 * Make the world's cgroups below parentfd, limits written and read back.  0 or -errno, reported;
 * tree_remove in any case.
 */
int tree_make(struct tree *t, int parentfd, const char *name, const struct world *w, bool cpu,
	      struct diags *d);
/* Kill what is in them, remove them, close everything.  Reported.  0 or -errno. */
int tree_remove(struct tree *t);

/* Write attributes of one cgroup that are in set->set.  0 or -errno, reported. */
int tree_set(struct tree *t, uint32_t cgroup, const struct cg_attrs *set);
/* Another value than the scenario's, and back; not reported. */
int tree_move_limit(struct tree *t, uint32_t cgroup, enum cg_attr attr, uint64_t bytes);
int tree_restore_limit(struct tree *t, uint32_t cgroup, enum cg_attr attr);

/* Frozen is what the scenario or the mechanism holds. 0 or -errno, not reported. */
int tree_freeze(struct tree *t, uint32_t cgroup, bool on);  /* the scenario */
int tree_hold(struct tree *t, uint32_t cgroup, bool on);    /* the mechanism */
bool tree_is_frozen(const struct tree *t, uint32_t cgroup); /* by the scenario, or above */

#endif
