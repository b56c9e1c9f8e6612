/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disk.h - a disk for `read`.
 *
 * A machine's files lie in a tmpfs, whose pages cannot be reclaimed without swap.  What `read`
 * reads must be page cache of a disk: where the plan reads, the machine gets one, an ext4 without a
 * journal in a file that has no name and is gone with agentcg.
 */
#ifndef AGENTCG_VM_DISK_H
#define AGENTCG_VM_DISK_H

#include "base/diag.h"
#include "plan/plan.h"

/* One for commands: as large as `bytes`. */
int disk_make(const char *cache, uint64_t bytes, struct diags *d, int *fd);
/* 0 with a descriptor in *fd, -1 where the plan reads nothing; or -errno, reported. */
int disk_for(const struct plan *p, const char *cache, struct diags *d, int *fd);

#endif
