/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mech.h - what carries out `delay` and `protect` on a running kernel.
 *
 * A mechanism finds out when a priority-high cgroup is active and a cgroup with a delay is over its
 * memory.high, and makes the latter wait.  Mechanisms differ, so results name the one that was in
 * force and unlike ones are never pooled:
 *
 *   name       waits                owes                                at most
 *   memcg_bpf  the task, asleep     every batch                         2 s (kernel)
 *   freeze     the whole cgroup     every event; others' overlap        no bound
 *   high       the task, asleep     growth, batch by batch              2 s (kernel)
 *   sched_ext  the task, off CPU    every batch                         25 s (watchdog)
 *   poll       the whole cgroup     growth, as far as seen              no bound
 *
 * It lives for one run, is driven by the coordinator's loop and has no thread.  What it does to a
 * cgroup goes through the host, which owns the files: so a cgroup that the scenario froze stays
 * frozen when a delay ends, and a limit that the mechanism moved is not taken for one that somebody
 * else changed.  Times are CLOCK_MONOTONIC nanoseconds.
 */
#ifndef AGENTCG_BACKEND_CGROUP_MECH_H
#define AGENTCG_BACKEND_CGROUP_MECH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "backend/backend.h"

/* A cgroup of the run, by its index in the world; 0 is the scenario's root. */
struct mech_cgroup {
	const char *name;
	int dirfd;		      /* its directory */
	uint64_t id;		      /* inode number of the directory, which BPF knows it by */
	uint32_t parent;	      /* index; of 0: 0 */
	const struct cg_attrs *attrs; /* in force now; the host changes them, then calls set() */
};

struct mech_host {
	void *ctx;
	const struct mech_cgroup *cgroups; /* [n] */
	uint32_t n;
	/* Hold or let go all tasks of the subtree (cgroup.freeze).  0 or -errno. */
	int (*freeze)(void *ctx, uint32_t cgroup, bool on);
	/*
	 * Write another value than the scenario's to memory.high, .low or .min (CGA_HIGH, CGA_LOW,
	 * CGA_MIN), or give the scenario's back with restore.  0 or -errno.
	 */
	int (*limit)(void *ctx, uint32_t cgroup, enum cg_attr attr, uint64_t bytes);
	int (*restore)(void *ctx, uint32_t cgroup, enum cg_attr attr);
	/* A delay of ns began at t_ns in this cgroup: becomes OBS_DELAY. */
	void (*delayed)(void *ctx, uint32_t cgroup, uint64_t t_ns, uint64_t ns);
	/*
	 * Delays are not carried out any more, why: one plain sentence without a full stop.  The
	 * run goes on, and is VOID.
	 */
	void (*lost)(void *ctx, const char *why);
	/*
	 * The same, where the task ran on until at_ns; 0: it has been stopped just now.  NULL: as
	 * delayed.
	 */
	void (*stopped)(void *ctx, uint32_t cgroup, uint64_t t_ns, uint64_t ns, uint64_t at_ns);
};

struct mechanism {
	const char *name; /* "freeze": as in --mechanism, `require` and results */
	uint32_t caps;	  /* CAP_DELAY, CAP_DELAY_ALWAYS, CAP_PROTECT: what it can carry out */
	/*
	 * Does it work here?  By trying it on a cgroup made for that below `parent_dirfd` and
	 * removed again.  1, or 0 with the reason, one plain sentence without a full stop, in
	 * why[].
	 */
	int (*probe)(int parent_dirfd, char *why, size_t why_size);
	/*
	 * The cgroups exist, with workers that do nothing yet: what these faulted in to be there
	 * makes nobody active.  0 or -errno, reported; then *m is NULL.
	 */
	int (*open)(const struct mech_host *h, struct diags *d, void **m);
	/* The workers exist now, and have done nothing yet; NULL: it does not matter.  0 or -errno.
	 */
	int (*workers)(void *m);
	/* Attributes of a cgroup have changed: CGA_BIT()s in mask. */
	int (*set)(void *m, uint32_t cgroup, uint32_t mask);
	int (*fd)(void *m);	  /* readable when step has something to do; -1: none */
	uint64_t (*due)(void *m); /* when step has something to do at the latest; NEVER */
	int (*step)(void *m, uint64_t now_ns); /* look at events, begin and end delays */
	/*
	 * Fill in what it knows of a cgroup and its descendants, from open until now_ns: delays,
	 * delayed_ns, protections (on a kernel without a hook: how often protection was raised);
	 * asked, given, given_ns, throttled_ns and faults where it counts them better than the
	 * files do, else they stay.
	 */
	void (*count)(void *m, uint32_t cgroup, uint64_t now_ns, struct cg_counters *c);
	/* Undo everything, also in a half-open state; m may be NULL.  Workers may be alive. */
	void (*close)(void *m);
};

/* Where to write the last lines of the verifier when BPF programs are refused; NULL: nowhere. */
extern FILE *mech_verbose;

/* In the order in which they are tried; NULL past the last. */
const struct mechanism *mech_nth(size_t i);
const struct mechanism *mech_find(const char *name); /* NULL: none of that name */

#endif
