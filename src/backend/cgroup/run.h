/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run.h - one live run: what the files of the backend share.
 *
 * live.c has the contract's functions and the waiting, tell.c turns what workers, mechanism and
 * kernel did into observations, blame.c says what held an allocation.
 */
#ifndef AGENTCG_BACKEND_CGROUP_RUN_H
#define AGENTCG_BACKEND_CGROUP_RUN_H

#include "backend/cgroup/session.h"
#include "backend/cgroup/tree.h"
#include "base/vec.h"

/* Where a level's events stood when they were last looked at, and when they were seen to rise. */
struct level {
	struct level_events seen;
	uint64_t high_ns, max_ns, oom_ns; /* CLOCK_MONOTONIC; 0: never */
};

struct live_worker {
	uint64_t start_ns;	 /* of the op in flight, CLOCK_MONOTONIC */
	struct obs_held held;	 /* since the last step: what chunks were held by */
	struct obs_held op_held; /* since the op began: the same */
	/* The latest time in the freezer by OP_FREEZE, CLOCK_MONOTONIC; 0: none, it goes on. */
	uint64_t frozen_ns, thawed_ns;
	bool busy, dead, ordered; /* ordered: killed by OP_KILL */
};

/* A policy delay, for blame. */
struct past_delay {
	uint32_t cgroup;
	uint64_t from_ns, to_ns; /* CLOCK_MONOTONIC */
};
#define PAST_DELAYS 256

struct live_run {
	struct live_session *session;
	struct world world;
	struct obs_sink sink;
	struct diags *d;
	uint64_t origin_ns; /* CLOCK_MONOTONIC when the world was complete */
	struct tree tree;
	struct level *levels;	     /* [ncgroups] */
	uint64_t *throttled_ns;	     /* [ncgroups], of the subtree */
	struct live_worker *workers; /* [nworkers] */
	uint32_t busy;		     /* workers with an op in flight */
	struct pool *pool;
	const struct mechanism *mech;
	void *mech_run;
	struct mech_host host;
	struct mech_cgroup *mech_cgroups;
	struct past_delay past[PAST_DELAYS]; /* a ring, newest at npast - 1 */
	uint64_t npast;
	/*
	 * Ends of ops that wait because an OOM killer was at work and whom it took is not known
	 * yet: so a run does not end before it is told of its last kill.
	 */
	VEC(struct pool_event) ends;
	uint64_t ends_ns;   /* CLOCK_MONOTONIC: how long they wait at most; NEVER: none does */
	uint64_t oom_kills; /* of the root's memory.events, that have been explained */
	uint64_t check_ns;  /* CLOCK_MONOTONIC: when limits are looked at next */
	int timer;	    /* timerfd */
	int slack;	    /* the thread's timer slack before */
	bool told;	    /* something that the engine may react to */
};

/* tell.c: observe.  Times are CLOCK_MONOTONIC. */
void tell(struct live_run *r, uint64_t mono_ns, struct obs o);
/* All that workers have to say.  0 or -errno. */
int tell_pool(struct live_run *r);
/* The ends that wait, if they need not wait any longer. */
void tell_ends(struct live_run *r, uint64_t now_ns);
/* Look at the levels from a cgroup upwards; OOM killers that were invoked there are told. */
void tell_levels(struct live_run *r, uint32_t cgroup, uint64_t now_ns);
/* Limits that others have changed. */
void tell_limits(struct live_run *r, uint64_t now_ns);
/* One sample.  0 or -errno. */
int tell_sample(struct live_run *r, uint32_t cgroup);

/* blame.c */
void blame_delay(struct live_run *r, uint32_t cgroup, uint64_t from_ns, uint64_t to_ns);
/* A chunk of latency_ns, of which cpu_ns on a CPU, ended at end_ns: into the worker's held. */
void blame_chunk(struct live_run *r, uint32_t worker, uint64_t end_ns, uint64_t latency_ns,
		 uint64_t cpu_ns);
/* OP_FREEZE or OP_THAW was carried out. */
void blame_freezer(struct live_run *r, uint64_t now_ns);
/* The worker's op ended, having been on a CPU for cpu_ns and asleep by its own will for pace_ns. */
struct obs_held blame_op(struct live_run *r, uint32_t worker, uint64_t end_ns, uint64_t cpu_ns,
			 uint64_t pace_ns);

#endif
