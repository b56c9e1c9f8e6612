/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend.h - the contract between the engine and what carries out a plan.
 *
 * A backend is one const struct of mandatory functions.  The clock belongs to it: the simulator
 * jumps, a live backend waits, and the engine cannot tell.  Optional abilities are a capability
 * mask that the plan is tested against before open.
 */
#ifndef AGENTCG_BACKEND_BACKEND_H
#define AGENTCG_BACKEND_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/obs.h"
#include "backend/op.h"

struct diags;

enum backend_cap {
	CAP_MEMORY = 1 << 0, /* the allocator ops, memory limits: every backend */
	CAP_EXEC = 1 << 1,   /* exec without `like`, replay tools without `simulated` */
	CAP_LIKE = 1 << 2,   /* exec by its `like` profile, simulated tool calls */
	CAP_DELAY = 1 << 3,  /* policy delays */
	CAP_DELAY_ALWAYS = 1 << 4,
	CAP_PROTECT = 1 << 5,
	CAP_CPU = 1 << 6, /* cpu.weight, cpu.max */
};
const char *backend_cap_name(enum backend_cap one); /* "policy delays" */

/* One thing that `require` asks for: a feature's name, or kernel with a comparison. */
struct requirement {
	const char *feature; /* "psi", "memcg_bpf", "kernel" */
	int cmp; /* kernel: one of <, <=, >, >=, =, != as '<','l','>','g','=','!'; else 0 */
	uint32_t version[3];
};

/* The names that `require` may use, in alphabetical order; NULL past the last. */
const char *backend_feature(size_t i);
bool backend_feature_known(const char *name);
/*
 * The mechanisms that a scenario may name, each a feature too; NULL past the last.  In the order
 * in which live runs try them.
 */
const char *backend_mechanism(size_t i);
bool backend_mechanism_known(const char *name);
/* Does a kernel of this version meet r (feature "kernel")? */
bool backend_version_holds(const uint32_t have[3], const struct requirement *r);

struct backend {
	const char *name;      /* "sim" */
	const char *mechanism; /* what carries out delay and protect: "memcg_bpf (modelled)" */
	const char *kernel;    /* modelled or running: "7.2 (modelled)"; or NULL */
	uint32_t caps;	       /* enum backend_cap */
	uint32_t clock;	       /* enum obs_clock */
	bool modelled;	       /* what it is told to use it models: "freeze (modelled)" */

	/*
	 * Is this there?  1 yes, 0 no with the reason in why[], -EINVAL when the feature's name is
	 * not known to any backend.
	 */
	int (*probe)(const struct requirement *r, char *why, size_t why_size);
	/*
	 * Make the world.  The run's random numbers come from (seed, rep).  Observations go to
	 * `sink` from apply and advance only.  On failure *run may still be set, and close must
	 * then be called with it.
	 */
	int (*open)(const struct world *w, uint64_t seed, uint32_t rep, struct obs_sink sink,
		    struct diags *d, void **run);
	/* Nanoseconds since the world was complete. */
	uint64_t (*now)(void *run);
	/*
	 * Carry out one op at now.  A worker must be idle and alive.  Worker ops only begin here
	 * and end in advance, with OBS_DONE.  `due_ns` <= now is when the op should have begun:
	 * paced ops count their lateness from there.  0 or -errno (then nothing was begun).
	 * -ESRCH: the worker has died meanwhile, and advance is about to say so with OBS_KILL.
	 */
	int (*apply)(void *run, const struct op *op, uint64_t due_ns);
	/*
	 * Let time pass until `until_ns`, or return earlier, at the time of the observation, after
	 * one that the engine may react to (OBS_DONE, OBS_KILL).  until_ns may be NEVER: then it
	 * returns 1 when nothing will ever happen again by itself.  0 or -errno (-EINTR: a signal
	 * asked to stop).  With another until_ns 1 says the same, at until_ns: a backend that knows
	 * lets a run with periodic samples be recognised as stuck.  An until_ns that has passed
	 * only brings what is observed already.
	 */
	int (*advance)(void *run, uint64_t until_ns);
	/* Undo everything, in reverse, also a half-open world; always runs.  run may be NULL. */
	void (*close)(void *run);
};

extern const struct backend backend_sim;
extern const struct backend
    backend_recorder; /* wall clock, no memory: tests drive the engine with it */

#endif
