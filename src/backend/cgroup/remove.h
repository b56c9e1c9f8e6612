/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * remove.h - take a subtree of cgroups away, with whatever still runs in it.
 */
#ifndef AGENTCG_BACKEND_CGROUP_REMOVE_H
#define AGENTCG_BACKEND_CGROUP_REMOVE_H

#include <stddef.h>
#include <stdint.h>

/* Kill all processes of the subtree: cgroup.kill (5.14), else one by one.  0 or -errno. */
int remove_processes(int dirfd);

/*
 * Kill everything below dirfd/name and remove the directories, waiting up to patience_ns for
 * processes to be gone.  0, also when there is no such directory, or -errno with why[], one phrase
 * that names what is in the way.
 */
int remove_subtree(int dirfd, const char *name, uint64_t patience_ns, char *why, size_t why_size);

#endif
