/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mechanisms.h - the mechanisms that there are; a new one is a line here and in mech.c. */
#ifndef AGENTCG_BACKEND_CGROUP_MECHANISMS_H
#define AGENTCG_BACKEND_CGROUP_MECHANISMS_H

#include "backend/cgroup/mech.h"

extern const struct mechanism mech_memcg_bpf;
extern const struct mechanism mech_freeze;
extern const struct mechanism mech_high;
extern const struct mechanism mech_sched_ext;
extern const struct mechanism mech_poll;

#endif
