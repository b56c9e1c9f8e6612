/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trial.h - does a mechanism work here?  By having it delay a process.
 */
#ifndef AGENTCG_BACKEND_CGROUP_TRIAL_H
#define AGENTCG_BACKEND_CGROUP_TRIAL_H

#include <stddef.h>

#include "backend/cgroup/mech.h"

/*
 * Make a cgroup below parent_dirfd that is of priority high, has a delay and little memory; put a
 * process there that faults, and see whether the mechanism delays it.  Takes milliseconds, at the
 * most TRIAL_NS; nothing is left behind.  1, or 0 with the reason in why[], as in struct mechanism.
 */
int mech_trial(const struct mechanism *m, int parent_dirfd, char *why, size_t why_size);
#define TRIAL_NS (5 * NS_PER_SEC)

#endif
