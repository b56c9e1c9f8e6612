/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * freezer.h - delays by freezing the cgroup until they are over: what `freeze` and `poll` share.
 */
#ifndef AGENTCG_BACKEND_CGROUP_FREEZER_H
#define AGENTCG_BACKEND_CGROUP_FREEZER_H

#include "backend/cgroup/watch.h"

/* As the functions of struct mechanism. */
int freezer_open(const struct watch *watch, const char *name, const struct mech_host *h,
		 struct diags *d, void **m);
int freezer_set(void *m, uint32_t cgroup, uint32_t mask);
int freezer_fd(void *m);
uint64_t freezer_due(void *m);
int freezer_step(void *m, uint64_t now_ns);
void freezer_count(void *m, uint32_t cgroup, uint64_t now_ns, struct cg_counters *c);
void freezer_close(void *m);

#endif
