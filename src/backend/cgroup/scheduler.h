/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scheduler.h - the scheduler of bpf/hold.bpf.c in the kernel, and tasks that are its own.
 */
#ifndef AGENTCG_BACKEND_CGROUP_SCHEDULER_H
#define AGENTCG_BACKEND_CGROUP_SCHEDULER_H

#include <stddef.h>

struct bpf_object;

/* Can it be here?  0, or -errno with the reason, one plain sentence without a full stop. */
int scheduler_find(char *why, size_t why_size);

/*
 * Begin to schedule tasks of policy SCHED_EXT with the programs of a loaded object.  The fd of a
 * link, with which it ends, or -errno with the reason.
 */
int scheduler_attach(struct bpf_object *o, char *why, size_t why_size);

/*
 * Give all tasks in a cgroup and below it the policy SCHED_EXT or, with `normal`, take it back.
 * Those that they make later inherit it.  How many were changed, or -errno.
 */
int scheduler_adopt(int cgroup_dirfd);
int scheduler_release(int cgroup_dirfd);

#endif
