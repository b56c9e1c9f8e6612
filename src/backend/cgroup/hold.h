/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hold.h - when a frozen cgroup has to be let go, and what that counts for.
 *
 * A delay is owed by one task from the moment of its charge.  Holding the whole cgroup for it is
 * what a stock kernel offers, so:
 * - what other tasks of the cgroup charge until they are held too is paid by the same hold: charges
 *   at the same time overlap, as they would if each task slept on its own;
 * - what the same task charges before it is held (it may be inside one system call that charges
 *   many batches) it owes on top: it would have slept once for each.
 *
 * No clock, no files: the caller freezes when hold_event() says so, and thaws at due_ns.
 */
#ifndef AGENTCG_BACKEND_CGROUP_HOLD_H
#define AGENTCG_BACKEND_CGROUP_HOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/cgroup/watch.h"

/* All-zero: nobody is held, nothing was. */
struct hold {
	bool on;
	uint32_t task;
	uint64_t since_ns, due_ns;
	uint64_t delays;   /* begun */
	uint64_t ended_ns; /* time of those that have ended */
};

/*
 * Take an event into account at now_ns.  Returns the time that is owed for it, 0 if it counts for
 * nothing: it overlaps, or is over already.
 */
uint64_t hold_event(struct hold *h, const struct watch_event *e, uint64_t now_ns);

/* It is let go, at due_ns or before (then now_ns is what counts). */
void hold_end(struct hold *h, uint64_t now_ns);

/* Time in delays, those included that last until later than now_ns. */
uint64_t hold_ns(const struct hold *h, uint64_t now_ns);

#endif
