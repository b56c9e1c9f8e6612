/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * place.h - where on this host a live run's cgroups can be.
 *
 * Root makes them at the top of the cgroup2 tree.  Others, and root in a container, need a cgroup
 * that was delegated to them: the one they are in, when nobody else is in it (the coordinator then
 * moves to a leaf of its own, as a cgroup with processes cannot give controllers to others), or one
 * above it that is empty and is marked as delegated, or that no systemd manages.
 */
#ifndef AGENTCG_BACKEND_CGROUP_PLACE_H
#define AGENTCG_BACKEND_CGROUP_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct diags;

#define PLACE_PATH 4096

struct live_place {
	char parent[PLACE_PATH]; /* folder in which cgroups are made */
	int fd;			 /* of it; -1 before place_find */
	bool top;		 /* the tree's real root: processes may be in it */
	bool inside;		 /* this process is in it and has to leave it */
	bool cpu;		 /* it can give the cpu controller to cgroups below */
};

/*
 * Find it, without touching anything.  wanted: the folder of a cgroup to use, or NULL.  0 or
 * -errno, reported with what is missing and how to get it.  place_close in any case.
 */
int place_find(const char *wanted, struct live_place *out, struct diags *d);
void place_close(struct live_place *p);

/* ---- for tests and doctor -------------------------------------------------------------------- */

/*
 * The mount point of the first cgroup2 in the text of /proc/self/mountinfo, and which cgroup is
 * mounted there ("/" unless a part of the tree is).  False: none.
 */
bool place_mount(const char *mountinfo, char *point, size_t size, char *root, size_t root_size);
/* The path of this process's cgroup in the text of /proc/self/cgroup; false: none. */
bool place_own(const char *cgroup, char *path, size_t size);
/* Is cgroup2 mounted with this option? */
bool place_mounted_with(const char *option);
/* cgroup2 is mounted, but memory is not among its controllers: why, and how to change it. */
void place_why_no_memory(char *why, size_t why_size, char *how, size_t how_size);
/* Both from this process's files; 0 or -ENOENT. own may lie outside of what is mounted: then "". */
int place_tree(char *mount, size_t mount_size, char *own, size_t own_size);

#endif
