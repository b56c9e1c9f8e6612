/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spawn.h - make a process in a cgroup, and find the children that nobody waits for.
 */
#ifndef AGENTCG_BACKEND_CGROUP_SPAWN_H
#define AGENTCG_BACKEND_CGROUP_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * fork() into the cgroup of this directory; -1: into one's own.  Returns as fork does, but -errno.
 * In the child *err is 0, or -errno: it could not be moved.  Kernels before 5.7 and those that do
 * not permit CLONE_INTO_CGROUP get a fork and a write to cgroup.procs.
 */
pid_t spawn_into(int cgroup_dirfd, int *err);

/*
 * SIGKILL to all children of this process, which has one thread, except those that `keep` knows;
 * how many there were that could be sent it.  They are not reaped.
 */
size_t spawn_kill_children(bool (*keep)(void *ctx, pid_t pid), void *ctx);

/* Write to, read from a file below dirfd. 0 or -errno. */
int spawn_write_at(int dirfd, const char *name, const char *text);

#endif
