/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shield.h - `protect` where the kernel has no hook: memory.low or memory.min is `max` while the
 * cgroup is active.
 *
 * What is protected is the smaller of usage and setting, so `max` is "all of it" however it grows;
 * its usage at the start would leave out the very pages that it faults in.  It holds against
 * reclaim on behalf of a limit of the scenario's root, for the root's children; a cgroup further
 * down gets no more than its parents' own memory.low or .min hand down.
 */
#ifndef AGENTCG_BACKEND_CGROUP_SHIELD_H
#define AGENTCG_BACKEND_CGROUP_SHIELD_H

#include "backend/cgroup/watch.h"

struct shield;

struct shield *shield_open(const struct mech_host *h, const struct watch *watch, void *watching);
/* Warn about protection that a parent does not hand down. */
void shield_warn(const struct mech_host *h, struct diags *d);
/* CGA_PROTECT or CGA_PRIORITY of a cgroup have changed.  0 or -errno. */
int shield_set(struct shield *p, uint32_t cgroup);
/* Raise and give back what is due.  0 or -errno. */
int shield_step(struct shield *p, uint64_t now_ns);
uint64_t shield_due(const struct shield *p);
uint64_t shield_count(const struct shield *p, uint32_t cgroup); /* how often it was raised */
void shield_close(struct shield *p); /* gives everything back; NULL is fine */

#endif
